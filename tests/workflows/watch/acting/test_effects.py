"""What published entries did, as a watch that goes on knows it from the records."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cautery.model import (
    BlockEntry,
    DarkProbe,
    Decision,
    Digest,
    Effect,
    Entry,
    GuardVerdict,
    Intermediary,
    Lever,
    ListAnswer,
    OwnLocation,
    Reason,
    Record,
    Referral,
    SignedFor,
    Window,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import (
    ApprovalGiven,
    BlockLifted,
    ComplaintDecided,
    EntryExpired,
    EntryWithdrawn,
    ReferralPublished,
)
from cautery.projections import Acts, Lists, folded
from cautery.projections.lists import BY_COMPLAINT
from cautery.workflows.watch.acting.effects import EffectWatch, Watched

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
ISP, OTHER = (
    Intermediary(name=name, territory="FR", list_url=OwnLocation(f"http://{name}.example/list"))
    for name in ("isp", "other")
)


def blocked(target: str) -> BlockEntry:
    verdict = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        reasons=(Reason(code="name", text=as_written("a name of its own")),),
        valid_until=END,
    )
    return BlockEntry(target=target, lever=Lever.NAME, valid_until=END, guard=verdict, exhibits=())


REFERRAL = Referral(
    id="R-1",
    order="o",
    event=None,
    territory="FR",
    window=Window(start=NOW, end=END),
    entries=(blocked("a.example"), blocked("b.example")),
    statement="why",
)


class Journal:
    def now(self) -> datetime:
        return NOW


def probe(url: str, *, dark: bool) -> DarkProbe:
    return DarkProbe(
        url=url,
        target="a.example",
        intermediary="isp",
        at=NOW,
        dark=dark,
        why=as_written("answered"),
    )


def restored(*contents: object) -> dict[tuple[str, str], Watched]:
    effects = EffectWatch(
        {},
        cuts=lambda _target, _stream: True,
        fetcher=None,  # type: ignore[arg-type]
        journal=Journal(),  # type: ignore[arg-type]
    )
    for intermediary in (ISP, OTHER):
        effects.add(REFERRAL, intermediary)
    records = [Record(kind=kind, at=NOW, body=body) for kind, body in map(filed, contents)]
    entries = (Entry(index=0, record=record, leaf=b"") for record in records)
    known = list(entries)
    effects.restore(folded(Acts(), known), folded(Lists(), known))
    return {
        (watched.entry.target, watched.intermediary.name): watched for watched in effects._watched
    }


def test_a_stream_is_dark_where_its_newest_probe_says_so() -> None:
    watched = restored(probe("1", dark=True), probe("2", dark=True), probe("2", dark=False))
    assert {place: each.dark for place, each in watched.items() if each.dark} == {
        ("a.example", "isp"): {"1"}
    }


def test_an_entry_that_ended_is_not_said_to_end_twice() -> None:
    watched = restored(
        EntryExpired(referral="R-1", target="b.example", intermediary="other", at=END),
        EntryExpired(referral="R-2", target="a.example", intermediary="isp", at=END),
    )
    assert [place for place, each in watched.items() if each.expired] == [("b.example", "other")]


class World:
    """A stream, and an intermediary that blocks it or not."""

    def __init__(self) -> None:
        self.moment, self.blocked, self.written = NOW, True, list[object]()

    def now(self) -> datetime:
        return self.moment

    def write(self, content: object) -> None:
        self.written.append(content)

    async def write_aside(self, *contents: object) -> None:
        self.written += contents

    async def fetch(self, url: str, *, proxy: str | None = None, **_: Any) -> Any:
        return SimpleNamespace(
            status=451 if proxy and self.blocked else 200, url=url, hops=(url,), exchanges=()
        )


async def test_a_withdrawn_target_is_looked_at_until_it_is_reachable_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    monkeypatch.setattr(
        "cautery.workflows.watch.acting.effects.Capturing", lambda fetcher, *_, **__: fetcher
    )
    stream = SimpleNamespace(proven=True, url="http://a.example/1", played="")
    effects = EffectWatch(
        {"s": stream},  # type: ignore[dict-item]
        cuts=lambda target, _stream: target == "a.example",
        fetcher=world,  # type: ignore[arg-type]
        journal=world,  # type: ignore[arg-type]
    )
    vantage = replace(ISP, proxy=OwnLocation("http://isp.example:80"))
    effects.add(REFERRAL, vantage)

    async def after(seconds: float) -> None:
        world.moment += timedelta(seconds=seconds)
        effects.look(world.moment)
        await asyncio.gather(*effects._looking)

    await after(2)
    effects.withdraw("R-1", "a.example")
    withdrawn_at = world.moment
    stream.proven = False  # the verdict that led to the withdrawal
    await after(2)
    assert not any(isinstance(content, BlockLifted) for content in world.written)
    world.blocked = False
    await after(2)
    [lifted] = [content for content in world.written if isinstance(content, BlockLifted)]
    assert (lifted.target, lifted.intermediary) == ("a.example", "isp")
    assert (lifted.withdrawn_at, lifted.at) == (withdrawn_at, withdrawn_at + timedelta(seconds=4))


async def test_a_withdrawn_target_is_looked_at_when_its_provider_says_that_it_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    monkeypatch.setattr(
        "cautery.workflows.watch.acting.effects.Capturing", lambda fetcher, *_, **__: fetcher
    )
    effects = EffectWatch(
        {"s": SimpleNamespace(proven=True, url="http://a.example/1", played="")},  # type: ignore[dict-item]
        cuts=lambda target, _stream: target == "a.example",
        fetcher=world,  # type: ignore[arg-type]
        journal=world,  # type: ignore[arg-type]
    )
    vantage = replace(ISP, proxy=OwnLocation("http://isp.example:80"))
    effects.add(REFERRAL, vantage)

    async def at(seconds: float) -> None:
        world.moment = NOW + timedelta(seconds=seconds)
        effects.look(world.moment)
        await asyncio.gather(*effects._looking)

    def says(seconds: float) -> None:
        answer = ListAnswer(
            intermediary="isp",
            version=2,
            effect=Effect.PENDING,
            received_at=world.moment,
            applied_at=NOW + timedelta(seconds=seconds),
        )
        effects.answered(SimpleNamespace(to=vantage, answer=answer))  # type: ignore[arg-type]

    await at(2)
    effects.withdraw("R-1", "a.example")
    says(10.3)
    await at(10)
    world.blocked = False
    await at(10.2)
    assert not any(isinstance(content, BlockLifted) for content in world.written)
    await at(10.3)  # and not half a second after the last look
    [lifted] = [content for content in world.written if isinstance(content, BlockLifted)]
    assert lifted.at == NOW + timedelta(seconds=10.3)


async def test_what_a_provider_says_of_the_far_future_delays_no_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    monkeypatch.setattr(
        "cautery.workflows.watch.acting.effects.Capturing", lambda fetcher, *_, **__: fetcher
    )
    effects = EffectWatch({}, cuts=lambda *_: True, fetcher=world, journal=world)  # type: ignore[arg-type]
    effects.add(REFERRAL, ISP)
    effects.withdraw("R-1", "a.example")
    for at in (NOW + timedelta(days=400), NOW - timedelta(days=400), None):
        answer = SimpleNamespace(applied_at=at)
        effects.answered(SimpleNamespace(to=ISP, answer=answer))  # type: ignore[arg-type]
        assert min(watched.due for watched in effects._watched) == NOW


def approval(by: str, after_s: float) -> tuple[float, object]:
    digest = Digest("sha256:" + "0" * 64)
    here = SignedFor(case="0" * 16, mandate=digest)
    given = ApprovalGiven(
        referral="R-1", approver=by, role="counsel", at=NOW, subject=digest, signed_for=here,
        signature="",
    )  # fmt: skip
    return after_s, given


def published(after_s: float) -> tuple[float, object]:
    at = NOW + timedelta(seconds=after_s)
    return after_s, ReferralPublished(
        referral="R-1", intermediary="isp", exhibit=None, at=at, targets=("a.example",), streams={}
    )


def at(after_s: float, content: Any) -> tuple[float, object]:
    return after_s, replace(content, at=NOW + timedelta(seconds=after_s))


def heard(*rows: tuple[float, object]) -> Lists:
    lists = Lists()
    for after_s, content in rows:
        kind, body = filed(content)
        record = Record(kind=kind, at=NOW + timedelta(seconds=after_s), body=body)
        lists.hear(Entry(index=0, record=record, leaf=b""))
    return lists


def test_a_block_counts_from_the_approval_by_a_second_person() -> None:
    lists = heard(
        approval("A", 0), approval("A", 1), approval("B", 3), published(4), approval("C", 4.5),
        at(6, probe("1", dark=True)), at(9, probe("1", dark=True)),
    )  # fmt: skip
    assert lists.block_s == [3.0]


def test_a_block_of_which_nobody_knows_the_approvals_counts_from_its_list() -> None:
    assert heard(approval("A", 0), published(4), at(6, probe("1", dark=True))).block_s == [2.0]


@pytest.mark.parametrize(("code", "seconds"), [("popular", 5.0), (BY_COMPLAINT, 7.0)])
def test_an_unblocking_counts_from_the_verdict_or_from_the_decision_about_a_complaint(
    code: str, seconds: float
) -> None:
    decided = ComplaintDecided(
        complaint="K-1", granted=True, by="A", why="x", target="a.example", at=NOW
    )
    why = (Reason(code=code, text=as_written("why")),)
    withdrawn = EntryWithdrawn(
        referral="R-1", target="a.example", reasons=why, published=("isp",), at=NOW
    )
    lifted = BlockLifted(
        referral="R-1", target="a.example", intermediary="isp", at=NOW,
        withdrawn_at=NOW + timedelta(seconds=12), seen=as_written("served"),
    )  # fmt: skip
    lists = heard(
        published(0), at(2, probe("1", dark=True)), (10, decided), at(12, withdrawn), at(17, lifted)
    )
    assert lists.unblock_s == [seconds]


def test_a_block_that_was_lifted_is_not_watched_again_and_one_that_was_not_is() -> None:
    withdrawn = EntryWithdrawn(
        referral="R-1", target="a.example", reasons=(), published=("isp", "other"), at=NOW
    )
    lifted = BlockLifted(
        referral="R-1",
        target="a.example",
        intermediary="isp",
        withdrawn_at=NOW,
        seen=as_written("served"),
        at=END,
    )
    dark = (probe("1", dark=True), replace(probe("1", dark=True), intermediary="other"))
    watched = restored(*dark, withdrawn, lifted)
    assert [place for place, each in watched.items() if each.expired] == [("a.example", "isp")]
    assert watched["a.example", "other"].withdrawn_at == NOW
