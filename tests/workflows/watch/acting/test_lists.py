"""The standing lists of a watch: sent at each change, renewed without one, and after a fault."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.lists import NOW, ORDER, CaseKey, approved, entry, envelope, referral

from cautery.act import Approved, Envelope
from cautery.act.read_answer import AnswerOfAgent
from cautery.errors import ApprovalError, SourceError, StorageError
from cautery.model import (
    Acknowledgement,
    CourtOrder,
    Digest,
    Effect,
    Intermediary,
    ListAnswer,
    Referral,
    RefusedEntry,
    iso,
)
from cautery.model.records import ListAnswered, ListSent
from cautery.workflows.case.public_lists import ListFiles, PublicLists
from cautery.workflows.watch.acting.lists import AGAIN_S, RENEWED_S, Lists

Handed = tuple[Approved[Referral], CourtOrder]
ISP = Intermediary(name="isp-fr", territory="FR", list_url="https://isp.example/list")


class Journal:
    def __init__(self) -> None:
        self.moment = NOW
        self.written: list[Any] = []
        self.failures: list[str] = []
        self.sealed: list[bytes] = []

    def now(self) -> datetime:
        return self.moment

    def write(self, content: object) -> None:
        self.written.append(content)

    def seal(self, data: bytes, **_: Any) -> str:
        self.sealed.append(data)
        return "sha256:" + "1" * 64

    def fail(self, what: str, where: str, error: Exception) -> None:
        self.failures.append(f"{what} {where}: {error}")


class Provider:
    """An access provider that answers, or does not."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.deaf = False
        self.refused: tuple[RefusedEntry, ...] = ()
        self.meanwhile: Callable[[], object] = lambda: None

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        if self.deaf:
            raise SourceError("no answer")
        self.bodies.append(json.loads(envelope.body(held=held)))
        self.meanwhile()
        return ListAnswer(
            intermediary=envelope.to.name,
            version=envelope.version.version,
            effect=Effect.APPLIED,
            received_at=now,
            refused=self.refused,
        )

    @property
    def versions(self) -> list[int]:
        return [json.loads(body["version"])["version"] for body in self.bodies]


class Seat:
    def __init__(self) -> None:
        self.journal, self.provider, self.key = Journal(), Provider(), CaseKey()
        self.lists = Lists(
            [ISP],
            signer=self.key,  # type: ignore[arg-type]
            publisher=self.provider,
            journal=self.journal,  # type: ignore[arg-type]
        )

    async def after(self, seconds: float) -> None:
        self.journal.moment += timedelta(seconds=seconds)
        await self.lists.send()


@pytest.fixture
def seat() -> Seat:
    return Seat()


@pytest.fixture
def listed() -> Handed:
    """Return a referral that two people have approved, with its order."""
    return approved(referral(entry("a.example"), entry("b.example")), CaseKey()), ORDER


async def test_nothing_is_sent_before_something_is_approved(seat: Seat) -> None:
    await seat.after(RENEWED_S * 2)
    assert seat.provider.bodies == []


async def test_a_list_is_renewed_without_a_change_and_recorded_with_one(
    seat: Seat, listed: Handed
) -> None:
    seat.lists.add(*listed, ISP)
    for seconds in (0.0, 1.0, RENEWED_S, RENEWED_S):
        await seat.after(seconds)
    assert seat.provider.versions == [1, 2, 3]
    assert [len(body["referrals"]) for body in seat.provider.bodies] == [1, 0, 0]
    [sent] = seat.journal.written
    assert (sent.version, sent.effect, len(seat.journal.sealed)) == (1, Effect.APPLIED, 1)


async def test_a_clock_that_is_set_back_ends_no_list_and_holds_no_withdrawal_up(
    seat: Seat, listed: Handed
) -> None:
    referral, order = listed
    seat.lists.add(referral, order, ISP)
    await seat.after(0)
    await seat.after(-3_600)
    await seat.after(RENEWED_S)
    seat.lists.withdraw(referral.subject.id, "a.example")
    await seat.after(1)
    versions = [json.loads(body["version"]) for body in seat.provider.bodies]
    assert [version["version"] for version in versions] == [1, 2, 3, 4]
    dates = [version["made_at"] for version in versions]
    assert dates == sorted(dates)  # a receiver refuses a version that is older than the last


async def test_a_withdrawal_is_sent_at_once(seat: Seat, listed: Handed) -> None:
    referral, order = listed
    seat.lists.add(referral, order, ISP)
    await seat.after(0)
    seat.lists.withdraw(referral.subject.id, "a.example")
    await seat.after(1)
    withdrawn = json.loads(seat.provider.bodies[-1]["version"])["withdrawn"]
    assert [place["target"] for place in withdrawn] == ["a.example"]
    assert [sent.withdrawn for sent in seat.journal.written] == [(), ("a.example",)]


async def test_what_comes_off_while_an_answer_is_awaited_is_sent_next(
    seat: Seat, listed: Handed
) -> None:
    referral, order = listed
    seat.lists.add(referral, order, ISP)
    seat.provider.meanwhile = lambda: seat.lists.withdraw(referral.subject.id, "a.example")
    await seat.after(0)
    await seat.after(0)
    assert [sent.withdrawn for sent in seat.journal.written] == [(), ("a.example",)]


async def test_a_provider_that_hangs_delays_no_unblocking_at_another(
    seat: Seat, listed: Handed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was waited for, for up to twenty seconds, before anybody else was sent anything."""
    monkeypatch.setattr("cautery.workflows.watch.acting.lists.PATIENCE_S", 0.01)
    slow, hangs = replace(ISP, name="slow"), asyncio.Event()
    answer = seat.provider.publish

    async def publish(envelope: Envelope, **more: Any) -> ListAnswer:
        if envelope.to is slow:
            await hangs.wait()
        return await answer(envelope, **more)

    monkeypatch.setattr(seat.provider, "publish", publish)
    seat.lists = Lists(
        [slow, ISP],
        signer=seat.key,  # type: ignore[arg-type]
        publisher=seat.provider,
        journal=seat.journal,  # type: ignore[arg-type]
    )
    referral, order = listed
    for to in (slow, ISP):
        seat.lists.add(referral, order, to)
    [first] = await seat.lists.send(patience_s=0.01)
    assert (first.to, len(first.targets)) == (ISP, 2)
    seat.lists.withdraw(referral.subject.id, "a.example")
    [second] = await seat.lists.send(patience_s=0.01)
    assert (second.to, second.targets) == (ISP, {"b.example"})
    hangs.set()
    late = await seat.lists.send(patience_s=None)
    assert [(taken.to, len(taken.targets)) for taken in late] == [(slow, 2)]
    [last] = await seat.lists.send(patience_s=None)
    assert (last.to, last.targets) == (slow, {"b.example"})


async def test_a_provider_that_did_not_answer_is_sent_everything_again(
    seat: Seat, listed: Handed
) -> None:
    seat.lists.add(*listed, ISP)
    await seat.after(0)
    seat.provider.deaf = True
    await seat.after(RENEWED_S)
    seat.provider.deaf = False
    await seat.after(AGAIN_S - 1)
    assert seat.provider.versions == [1]
    await seat.after(1)
    assert seat.provider.versions == [1, 3]
    assert len(seat.provider.bodies[-1]["referrals"]) == 1
    assert seat.journal.failures == ["publish isp-fr: no answer"]


async def test_what_a_provider_refuses_is_recorded(seat: Seat, listed: Handed) -> None:
    seat.provider.refused = (RefusedEntry(target="a.example", rule="never-block", reason="ours"),)
    seat.lists.add(*listed, ISP)
    await seat.after(0)
    [sent] = seat.journal.written
    assert isinstance(sent, ListSent)
    assert sent.refused == seat.provider.refused


async def test_a_watch_that_goes_on_counts_versions_on(seat: Seat, listed: Handed) -> None:
    seat.lists.add(*listed, ISP)
    await seat.after(0)
    second = Seat()
    second.key = seat.key
    second.lists = Lists(
        [ISP],
        signer=seat.key,  # type: ignore[arg-type]
        publisher=second.provider,
        journal=second.journal,  # type: ignore[arg-type]
    )
    second.lists.add(*listed, ISP)
    await second.after(60)
    assert second.provider.versions == [2]
    previous = json.loads(second.provider.bodies[0]["version"])["previous"]
    assert previous == seat.journal.written[0].digest


def resumed(seat: Seat, provider: Provider, *, after_s: float) -> Seat:
    """Go on with the case of a seat, by a clock that stands elsewhere."""
    later = Seat()
    later.key, later.provider = seat.key, provider
    later.journal.moment = seat.journal.moment + timedelta(seconds=after_s)
    later.lists = Lists(
        [ISP],
        signer=seat.key,  # type: ignore[arg-type]
        publisher=provider,
        journal=later.journal,  # type: ignore[arg-type]
    )
    return later


class Strict(Provider):
    """Refuses what a receiver refuses for its date, by a clock that is right."""

    def __init__(self, clock: Journal) -> None:
        super().__init__()
        self.clock, self.last = clock, NOW - timedelta(days=999)

    async def publish(self, envelope: Envelope, **more: Any) -> ListAnswer:
        made_at = datetime.fromisoformat(json.loads(envelope.version.text)["made_at"])
        if not self.last <= made_at <= self.clock.now() + timedelta(seconds=120):
            raise SourceError("409: time")
        self.last = made_at
        return await super().publish(envelope, **more)


async def test_after_a_restart_with_a_clock_behind_a_withdrawal_still_arrives(
    listed: Handed,
) -> None:
    """It was dated before the last version, and refused until the clock had caught up."""
    right = Journal()
    provider = Strict(right)
    seat = resumed(Seat(), provider, after_s=0)
    seat.lists.add(*listed, ISP)
    await seat.after(0)
    behind = resumed(seat, provider, after_s=-86_400)
    behind.lists.add(*listed, ISP)
    behind.lists.withdraw(listed[0].subject.id, "a.example")
    await behind.after(0)
    assert json.loads(provider.bodies[-1]["version"])["withdrawn"] != []
    assert behind.journal.failures == []
    await behind.after(RENEWED_S)
    assert provider.versions == [1, 2, 3]


async def test_a_version_that_was_signed_by_a_clock_ahead_holds_no_later_one_up(
    listed: Handed,
) -> None:
    right = Journal()
    provider = Strict(right)
    ahead = resumed(Seat(), provider, after_s=86_400)
    ahead.lists.add(*listed, ISP)
    await ahead.after(0)
    assert provider.versions == []
    seat = resumed(ahead, provider, after_s=-86_400)
    seat.lists.add(*listed, ISP)
    await seat.after(0)
    assert provider.versions == []  # nobody knows yet which clock was right
    await seat.after(AGAIN_S)
    await seat.after(RENEWED_S)
    assert provider.versions == [3, 4]
    assert json.loads(provider.bodies[0]["version"])["referrals"] != []
    assert seat.journal.failures == ["publish isp-fr: 409: time"]


async def test_a_provider_that_fetches_says_that_a_version_is_dated_ahead(
    seat: Seat, listed: Handed
) -> None:
    seat.lists.add(*listed, ISP)
    await seat.after(600)
    await seat.after(-600)  # the clock is set right
    said = AnswerOfAgent(
        list_id=seat.lists._courses[ISP.name].list.id,
        version=1,
        digest=None,
        effect=Effect.REJECTED,
        applied_at=None,
        reason="time",
        refused=(),
    )
    await seat.lists.hear(said)
    await seat.after(0)
    dates = [json.loads(body["version"])["made_at"] for body in seat.provider.bodies]
    assert dates[-1] == iso(seat.journal.now()) < dates[0]


async def test_a_list_of_another_territory_is_not_made(seat: Seat, listed: Handed) -> None:
    italian = replace(ISP, name="isp-it", territory="IT")
    lists = Lists(
        [italian],
        signer=seat.key,  # type: ignore[arg-type]
        publisher=seat.provider,
        journal=seat.journal,  # type: ignore[arg-type]
    )
    with pytest.raises(Exception, match="serves IT"):
        lists.add(*listed, italian)
    await lists.send()
    assert seat.provider.bodies == []


# -- lists that are fetched ----------------------------------------------------------------------


class Folder:
    """A public folder in memory, or one that cannot be written."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.full = False

    def write(self, name: str, content: bytes, *, lasting: bool = True) -> None:
        if self.full:
            raise StorageError("no space left")
        self.held[name] = content


def fetched(effect: Effect = Effect.APPLIED, **more: Any) -> AnswerOfAgent:
    given = {"version": 1, "digest": None, "applied_at": NOW, "reason": None, "refused": ()} | more
    return AnswerOfAgent(list_id=more.pop("list_id", LIST_ID), effect=effect, **given)


LIST_ID = Seat().lists._courses[ISP.name].list.id


async def test_what_a_provider_that_fetches_says_is_recorded_once(
    seat: Seat, listed: Handed
) -> None:
    seat.lists.add(*listed, ISP)
    await seat.after(0)
    await seat.lists.hear(fetched(Effect.PENDING))
    for _ in range(3):
        await seat.lists.hear(fetched())
    told = [each for each in seat.journal.written if isinstance(each, ListAnswered)]
    assert [each.effect for each in told] == [Effect.PENDING, Effect.APPLIED]
    claims = [each for each in seat.journal.written if isinstance(each, Acknowledgement)]
    assert [(each.referral, each.effect) for each in claims] == [
        (listed[0].subject.id, Effect.APPLIED)
    ]
    await seat.lists.hear(fetched(Effect.REJECTED, reason="two-people"))
    assert seat.journal.written[-1].reason == "two-people"
    before = len(seat.journal.written)
    await seat.lists.hear(replace(fetched(), list_id="L-000000000000"))
    assert len(seat.journal.written) == before


async def test_an_answer_about_an_older_version_acknowledges_nothing(
    seat: Seat, listed: Handed
) -> None:
    seat.lists.add(*listed, ISP)
    await seat.after(0)
    await seat.lists.hear(fetched(version=None))
    assert not any(isinstance(each, Acknowledgement) for each in seat.journal.written)


def by_both(folder: Folder, provider: Provider, to: Intermediary) -> tuple[PublicLists, Envelope]:
    made = envelope(CaseKey(), to, approved(referral(entry("a.example")), CaseKey()))
    return PublicLists(ListFiles(folder), by_put=provider), made  # type: ignore[arg-type]


async def test_a_list_goes_both_ways_and_one_that_fails_stops_no_other() -> None:
    folder, provider = Folder(), Provider()
    lists, made = by_both(folder, provider, ISP)
    answer = await lists.publish(made, now=NOW)
    assert (answer.effect, len(provider.bodies), len(folder.held)) == (Effect.APPLIED, 1, 2)
    provider.deaf = True
    folder.held.clear()
    with pytest.raises(SourceError, match="no answer"):
        await lists.publish(made, now=NOW)
    assert f"lists/{made.version.list_id}.json" in folder.held
    provider.deaf, folder.full = False, True
    lists, made = by_both(folder, provider, ISP)
    with pytest.raises(SourceError, match="no space left"):
        await lists.publish(made, now=NOW)
    assert len(provider.bodies) == 2


async def test_who_has_no_list_url_only_fetches() -> None:
    folder, provider = Folder(), Provider()
    lists, made = by_both(folder, provider, replace(ISP, list_url=None))
    assert (await lists.publish(made, now=NOW)).effect is Effect.PENDING
    assert provider.bodies == []
    with pytest.raises(ApprovalError):
        await lists.publish("list", now=NOW)  # type: ignore[arg-type]
