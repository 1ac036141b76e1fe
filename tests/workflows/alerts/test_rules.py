"""Each rule tells people once of what it is about, and of nothing that was there before."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act.descents import proposal_id, run_text
from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import InputError, RefusedError, SourceError, StorageError
from cautery.evidence.signing import signed_note, verifier_key
from cautery.model import (
    ExhibitId,
    Finding,
    FollowPolicy,
    LookedAt,
    Mandate,
    RedactedUrl,
    Verdict,
    Window,
)
from cautery.model.alert import Alert, AlertRule
from cautery.model.descent import Proposal
from cautery.model.ledger import append
from cautery.model.records import (
    AlertRaised,
    AlertSent,
    CaseOpened,
    DescendantProposed,
    FollowAdvanced,
    FollowBegun,
    ProofFollowed,
    WatchDied,
    WatchPace,
    WatchResumed,
    WatchStarted,
    WatchStopped,
)
from cautery.model.records.watching import WatchBegin, WatchEnd
from cautery.projections.following import leaf_digest
from cautery.projections.lines import ActKind, ActLine
from cautery.projections.mandate import case_id
from cautery.workflows.alerts.log import AlertLog
from cautery.workflows.alerts.looking import Looker
from cautery.workflows.alerts.rules import Found, Heard, found
from cautery.workflows.alerts.sending import send_due
from cautery.workflows.case.kept import KeptCase

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URLS = [f"http://edge-{number}.pirate.example/live.m3u8" for number in range(3)]
WAITS = {
    AlertRule.PROVEN: timedelta(0),
    AlertRule.NOTHING_DRAFTED: timedelta(minutes=10),
    AlertRule.BEHIND: timedelta(minutes=1),
    AlertRule.EXPIRING: timedelta(hours=1),
    AlertRule.WATCH_DIED: timedelta(seconds=30),
    AlertRule.GREW_BACK: timedelta(0),
    AlertRule.REVIEW_DUE: timedelta(days=7),
}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def proven(url: str, finding: Finding = Finding.PROVEN) -> Verdict:
    return Verdict(url=RedactedUrl(url), finding=finding, at=NOON, event="match")


def pace(*, late: bool) -> WatchPace:
    return WatchPace(
        at=NOON, offered=1, unseen=0, unseen_by_right={}, late=late, references_late_s=None,
        references_silent=(), probes_late_s=90.0 if late else 0.0, loop_late_s=0.0, why=None,
    )  # fmt: skip


class House:
    """One case, and the log of its alerts."""

    def __init__(self, folder: Path, mandate: Mandate, *, key: str = "k") -> None:
        self.folder, self.mandate = folder, mandate
        self.case = SqlLedger.at(folder / "case.sqlite")
        self.alerts = SqlLedger.at(folder / "alerts.sqlite")
        self.is_closed = False
        self.is_held = True
        self.open(key)

    def open(self, key: str) -> None:
        window = Window(start=at(-60), end=at(120))
        mandate = replace(self.mandate, window=window)
        self.write(-60, CaseOpened(mandate=mandate, version="1", lab=True, key=key))

    def replace_case(self, *records: object) -> None:
        """Let another case stand where this one stood, under its name."""
        self.case.close()
        for file in self.folder.glob("case.sqlite*"):
            file.unlink()
        shutil.rmtree(self.folder / "lists")
        (self.folder / "lists").mkdir()
        self.case = SqlLedger.at(self.folder / "case.sqlite")
        self.open("another")
        self.write(3, *records)

    def write(self, minutes: float, *records: object) -> None:
        for record in records:
            append(self.case, record, at=at(minutes))

    def log(self, minutes: float) -> AlertLog:
        return AlertLog(
            self.alerts, name="log", room="https://room.example/", by="owner:1", now=at(minutes)
        )

    def looker(self, log: AlertLog, *rules: AlertRule) -> Looker:
        waits = {rule: WAITS[rule] for rule in rules or WAITS}
        return Looker(self, waits, log, say=pytest.fail)

    def places(self) -> dict[str, Path]:
        return {"md34": self.folder}

    def closed(self, case: Path) -> bool:
        return self.is_closed

    @contextmanager
    def opened(self, case: Path) -> Iterator[KeptCase]:
        ledger = SqlLedger.at(self.folder / "case.sqlite", read_only=True)
        with closing(KeptCase(ledger, SqliteLists(self.folder / "lists"), verifier=None)) as kept:
            yield kept

    def held(self, case: Path) -> bool:
        return self.is_held


@pytest.fixture
def house(tmp_path: Path, mandated: Callable[..., Mandate]) -> Iterator[House]:
    (tmp_path / "lists").mkdir()
    made = House(tmp_path, mandated())
    yield made
    made.case.close()
    made.alerts.close()


def told(raised: tuple[AlertRaised, ...]) -> list[tuple[str, int]]:
    return [(str(alert.rule), alert.count) for alert in raised]


def test_proven_is_told_once_for_each_stream_and_not_of_what_was_before(house: House) -> None:
    house.write(-5, proven(URLS[0]))
    looker = house.looker(house.log(0), AlertRule.PROVEN)
    assert told(looker.look(at(1))) == []
    house.write(2, proven(URLS[1]), proven(URLS[2], Finding.UNDECIDED), proven(URLS[0]))
    assert told(looker.look(at(3))) == [("proven", 1)]
    assert told(looker.look(at(4))) == []
    house.write(5, proven(URLS[1]), proven(URLS[2]))
    assert told(looker.look(at(6))) == [("proven", 1)]


def test_nothing_drafted_is_told_after_a_while_unless_something_is(house: House) -> None:
    looker = house.looker(house.log(0), AlertRule.NOTHING_DRAFTED)
    house.write(1, proven(URLS[0]), proven(URLS[1]))
    house.write(2, ProofFollowed(at=at(2), url=URLS[0], referrals=("R-1",)))
    house.write(2, ProofFollowed(at=at(2), url=URLS[1], referrals=()))
    assert told(looker.look(at(10.9))) == []
    assert told(looker.look(at(11))) == [("nothing-drafted", 1)]
    assert told(looker.look(at(50))) == []
    house.write(51, proven(URLS[2]))
    house.write(52, ProofFollowed(at=at(52), url=URLS[2], referrals=(), notices=("N-1",)))
    assert told(looker.look(at(90))) == []


def test_records_of_the_last_second_that_there_is_end_nothing(house: House) -> None:
    last = datetime.max.replace(tzinfo=UTC)
    looker = house.looker(house.log(0), AlertRule.NOTHING_DRAFTED, AlertRule.BEHIND)
    for record in (proven(URLS[0]), pace(late=True)):
        append(house.case, record, at=last)
    house.write(1, proven(URLS[1]))
    assert told(looker.look(at(30))) == [("nothing-drafted", 1)]


def test_behind_is_told_once_for_each_time_that_a_watch_is(house: House) -> None:
    looker = house.looker(house.log(0), AlertRule.BEHIND)
    house.write(1, WatchStarted(at=at(1), why=WatchBegin.WINDOW_OPEN), pace(late=True))
    assert told(looker.look(at(1.9))) == []
    house.write(1.95, pace(late=True))
    assert told(looker.look(at(2))) == [("behind", 60)]
    house.write(3, pace(late=True))
    assert told(looker.look(at(4))) == []
    house.write(5, pace(late=False))
    assert told(looker.look(at(9))) == []
    house.write(10, pace(late=True))
    assert told(looker.look(at(11.5))) == [("behind", 90)]


def test_a_watch_that_died_is_told_once_and_one_that_stopped_or_is_over_is_not(
    house: House,
) -> None:
    looker = house.looker(house.log(0), AlertRule.WATCH_DIED)
    house.is_held = False
    assert told(looker.look(at(1))) == []  # it never began
    house.write(2, WatchStarted(at=at(2), why=WatchBegin.WINDOW_OPEN))
    assert told(looker.look(at(3))) == []  # perhaps it is started again at this moment
    house.is_held = True
    assert told(looker.look(at(4))) == []
    house.is_held = False
    assert told(looker.look(at(5))) == []
    assert told(looker.look(at(5.5))) == [("watch-died", 1)]
    assert told(looker.look(at(9))) == []
    house.write(10, WatchStarted(at=at(10), why=WatchBegin.WINDOW_OPEN))
    looker.look(at(11))
    assert told(looker.look(at(12))) == [("watch-died", 1)]
    house.write(13, WatchStarted(at=at(13), why=WatchBegin.WINDOW_OPEN))
    house.write(14, WatchStopped(at=at(14), why=next(iter(WatchEnd))))
    assert told(looker.look(at(15)) + looker.look(at(20))) == []
    house.write(21, WatchStarted(at=at(21), why=WatchBegin.WINDOW_OPEN))
    assert told(looker.look(at(121)) + looker.look(at(130))) == []  # its window is over


def line(id: str, due_at: datetime | None) -> ActLine:
    return ActLine(kind=ActKind.NOTICE, id=id, drafted=1, drafted_at=NOON, last=1, due_at=due_at)


def test_a_closed_case_is_looked_at_until_its_last_alert_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, faults = house.log(0), list[str]()
    looker = Looker(house, {AlertRule.PROVEN: timedelta(0)}, log, say=faults.append)
    looker.look(at(0))
    house.write(1, proven(URLS[0]))
    house.is_closed = True

    def full(*_: object, **__: object) -> None:
        raise StorageError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(house.alerts, "append", full)
        assert told(looker.look(at(1))) == []
    assert faults == ["md34: no space left on device"]
    assert told(looker.look(at(2))) == [("proven", 1)]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_case_of_an_earlier_ones_name_is_another_case(house: House, *, restarted: bool) -> None:
    waits = {AlertRule.PROVEN: timedelta(0)}
    looker = Looker(house, waits, house.log(0), say=pytest.fail)
    house.write(1, proven(URLS[0]))
    assert told(looker.look(at(1))) == [("proven", 1)]
    house.replace_case(proven(URLS[1]), proven(URLS[2]))
    if restarted:
        looker = Looker(house, waits, house.log(3), say=pytest.fail)
    assert told(looker.look(at(4))) == [("proven", 2)]
    assert told(looker.look(at(5))) == []


def test_expiring_is_told_once_for_each_act_and_time() -> None:
    waits = {AlertRule.EXPIRING: timedelta(hours=1)}
    lines = (line("N-1", at(50)), line("N-2", at(90)), line("N-3", None), line("N-4", at(-5)))
    [news] = found(Heard(), lines, waits, since=NOON, now=NOON)
    assert (news.rule, news.count) == (AlertRule.EXPIRING, 1)
    assert news.about == (f"N-1 {at(50):%Y-%m-%dT%H:%M:%SZ}",)  # N-4 is old news
    [later] = found(Heard(), lines, waits, since=NOON, now=at(31))
    assert set(later.about) - set(news.about) == {f"N-2 {at(90):%Y-%m-%dT%H:%M:%SZ}"}


def test_what_is_told_already_is_not_told_again_with_what_is_new(house: House) -> None:
    log = house.log(0)
    first = Found(rule=AlertRule.EXPIRING, about=("N-1 x", "N-2 y"), count=2)
    assert log.raise_alert("md34", first, now=NOON) is not None
    more = replace(first, about=("N-1 x", "N-2 y", "N-3 z"), count=3)
    raised = log.raise_alert("md34", more, now=NOON)
    assert raised is not None
    assert (raised.about, raised.count) == (("N-3 z",), 1)
    assert log.raise_alert("md34", more, now=NOON) is None
    assert log.raise_alert("other", first, now=NOON) is not None


def test_after_a_restart_nothing_is_told_twice_and_what_came_meanwhile_is(house: House) -> None:
    looker = house.looker(house.log(0), AlertRule.PROVEN)
    house.write(1, proven(URLS[0]))
    assert told(looker.look(at(2))) == [("proven", 1)]
    house.write(3, proven(URLS[1]))  # nobody looks
    again = house.looker(house.log(60), AlertRule.PROVEN)
    assert told(again.look(at(61))) == [("proven", 1)]


def test_a_case_that_is_closed_is_looked_at_once_more_and_then_left(house: House) -> None:
    looker = house.looker(house.log(0), AlertRule.PROVEN)
    looker.look(at(1))
    house.write(2, proven(URLS[0]))
    house.is_closed = True
    assert told(looker.look(at(3))) == [("proven", 1)]
    house.write(4, proven(URLS[1]))
    assert told(looker.look(at(5))) == []


def test_a_case_that_cannot_be_read_costs_itself_alone(house: House, tmp_path: Path) -> None:
    house.write(1, proven(URLS[0]))
    broken: list[str] = []
    opened = house.opened

    @contextmanager
    def sometimes(case: Path) -> Iterator[KeptCase]:
        if case == tmp_path / "broken":
            raise SourceError("gone")
        with opened(case) as kept:
            yield kept

    house.opened = sometimes  # type: ignore[method-assign]
    house.places = lambda: {"broken": tmp_path / "broken", "md34": tmp_path}  # type: ignore[method-assign]
    log = house.log(0)
    looker = Looker(house, {AlertRule.PROVEN: timedelta(0)}, log, say=broken.append)
    assert told(looker.look(at(2))) == [("proven", 1)]
    assert broken == ["broken: gone"]


class Receiver:
    """Takes alerts after some failures."""

    name = "duty"

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.alerts: list[Alert] = []

    async def send(self, alert: Alert) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.alerts.append(alert)


class Picky(Receiver):
    """Does not take alerts of one case."""

    def __init__(self, waited: list[float]) -> None:
        super().__init__()
        self.waited = waited
        self.taken: list[tuple[str, int]] = []
        """Each with how often somebody had waited before."""

    async def send(self, alert: Alert) -> None:
        if alert.case == "odd":
            raise SourceError("500")
        self.taken.append((alert.case, len(self.waited)))


async def sent(log: AlertLog, way: Any, waited: list[float]) -> tuple[AlertSent, ...]:
    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    return await send_due(log, way, now=lambda: NOON, waits_s=(5, 30), sleep=sleep)


def raised_log(house: House) -> AlertLog:
    log = house.log(0)
    log.raise_alert("md34", Found(rule=AlertRule.PROVEN, about=("1",), count=1), now=NOON)
    return log


async def test_what_is_not_taken_is_tried_again_after_longer_waits(house: House) -> None:
    log, waited = raised_log(house), []  # type: ignore[var-annotated]
    way = Receiver(SourceError("away"), SourceError("away"))
    [one] = await sent(log, way, waited)
    assert (one.tries, one.error, waited) == (3, "", [5, 30])
    assert way.alerts[0].link == "https://room.example/cases/md34/tonight"
    assert await sent(log, way, waited) == ()


async def test_what_no_try_brings_through_is_written_down_and_left(house: House) -> None:
    log = raised_log(house)
    [one] = await sent(log, Receiver(*[SourceError("away")] * 3), [])
    assert (one.tries, one.error) == (3, "SourceError")
    assert await sent(house.log(1), Receiver(), []) == ()
    [entry] = house.alerts.read(kinds=("alert.sent",))
    assert entry.content == one


async def test_what_is_refused_for_good_is_not_tried_again(house: House) -> None:
    waited: list[float] = []
    [one] = await sent(raised_log(house), Receiver(RefusedError("410")), waited)
    assert (one.tries, one.error, waited) == (1, "RefusedError", [])


async def test_one_that_is_not_taken_holds_up_no_other(house: House) -> None:
    log, waited = raised_log(house), []  # type: ignore[var-annotated]
    way = Picky(waited)
    log.raise_alert("odd", Found(rule=AlertRule.PROVEN, about=("2",), count=1), now=NOON)
    log.raise_alert("derby", Found(rule=AlertRule.PROVEN, about=("3",), count=1), now=NOON)
    await sent(log, way, waited)
    assert way.taken == [("md34", 0), ("derby", 0)]
    assert waited == [5, 30]


async def test_one_that_cannot_be_written_is_not_tried_again(house: House) -> None:
    waited: list[float] = []
    [one] = await sent(raised_log(house), Receiver(InputError("no mail")), waited)
    assert (one.error, waited) == ("InputError", [])


def test_the_name_of_a_case_breaks_no_line() -> None:
    for rule in AlertRule:
        alert = Alert(
            id="1", rule=rule, case="derby\r\nBcc: x@example\u202e", count=1, at=NOON, link="x"
        )
        assert alert.text.isprintable()


async def test_what_was_not_sent_before_a_kill_is_sent_after_it_with_the_same_id(
    house: House,
) -> None:
    raised_log(house)
    way, other = Receiver(), Receiver()
    other.name = "other"
    await sent(house.log(1), way, [])
    await sent(house.log(2), other, [])
    await sent(house.log(2), way, [])
    assert [alert.id for alert in way.alerts] == [alert.id for alert in other.alerts] == ["log-1"]


async def test_an_alert_of_yesterday_is_not_sent(house: House) -> None:
    log = house.log(0)
    log.raise_alert(
        "md34", Found(rule=AlertRule.PROVEN, about=("1",), count=1), now=NOON - timedelta(days=1)
    )
    assert await sent(log, Receiver(), []) == ()


def test_a_death_that_a_season_recorded_is_told_once_also_when_the_watch_runs_again(
    house: House,
) -> None:
    looker = house.looker(house.log(0), AlertRule.WATCH_DIED)
    house.write(-30, WatchStarted(why=WatchBegin.WINDOW_OPEN, at=at(-30)))
    died = WatchDied(at=at(1), exit_code=None, signal=9, deaths=1, again_at=at(1.1))
    house.write(1, died, WatchResumed(why=WatchBegin.WINDOW_OPEN, at=at(1.1)))
    assert told(looker.look(at(1.2))) == [("watch-died", 1)]
    assert told(looker.look(at(1.3))) == []
    house.write(2, replace(died, at=at(2), again_at=at(2.1), deaths=2))
    assert told(looker.look(at(2.2))) == [("watch-died", 1)]


@pytest.fixture
def following(tmp_path: Path, mandated: Callable[..., Mandate]) -> Iterator[House]:
    """A case that follows another one, reviewed by the end of the month."""
    (tmp_path / "lists").mkdir()
    policy = FollowPolicy(
        cases=("0" * 16,),
        purposes=("find what grows back",),
        look_at=(LookedAt.WATCH,),
        review=NOON.date(),
        end=NOON.date(),
    )
    made = House(tmp_path, mandated(follow=policy), key=KEY)
    yield made
    made.case.close()
    made.alerts.close()


PRIVATE = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
KEY = verifier_key("follow.example", PRIVATE.public_key().public_bytes_raw())


def begun() -> FollowBegun:
    return FollowBegun(
        at=NOON, case="0" * 16, name="md34", records=9, acted_on=NOON.date(), act="",
        traits=(), members=0, left_out=(), exhibit=ExhibitId(f"sha256:{0:064x}"),
    )  # fmt: skip


def proposed(number: int) -> DescendantProposed:
    proposal = Proposal(
        entity=f"new-{number}.example", of="0" * 16, log_odds=3.0, reasons=(),
        first_knowable=NOON.date(), proposed_on=NOON.date(),
    )  # fmt: skip
    return DescendantProposed(at=NOON, id=proposal_id(proposal), proposal=proposal)


def run(house: House, minutes: float, *proposals: DescendantProposed, day: date) -> None:
    """Record what a run proposes, and the run, signed by the case's key."""
    entries = [append(house.case, proposal, at=at(minutes)) for proposal in proposals]
    unsigned = FollowAdvanced(
        at=at(minutes), first=day, last=day, days=(), sources=(), left_out=(), decided=0,
        proposals=tuple(map(leaf_digest, entries)),
    )  # fmt: skip
    text = run_text(unsigned, case=case_id(KEY))
    note = signed_note(text, name="follow.example", private=PRIVATE)
    house.write(minutes, replace(unsigned, note=note))


def test_a_descendant_that_is_proposed_is_told_once_and_not_of_another_case(
    following: House,
) -> None:
    following.write(-2, begun())
    run(following, -2, proposed(0), day=NOON.date() - timedelta(days=1))
    looker = following.looker(following.log(0), AlertRule.GREW_BACK)
    assert told(looker.look(at(1))) == []  # it was there before
    following.write(1.5, proposed(3))
    assert told(looker.look(at(2))) == []  # no run names it
    run(following, 2, proposed(1), proposed(2), proposed(1), day=NOON.date())
    assert told(looker.look(at(3))) == [("grew-back", 2)]
    assert told(looker.look(at(4))) == []


def test_a_proposal_in_a_case_that_follows_nothing_is_told_to_nobody(house: House) -> None:
    looker = house.looker(house.log(0), AlertRule.GREW_BACK)
    house.write(1, begun(), proposed(1))
    assert told(looker.look(at(2))) == []


def test_a_review_that_is_due_is_told_once_and_only_where_something_is_followed(
    following: House,
) -> None:
    looker = following.looker(following.log(0), AlertRule.REVIEW_DUE)
    assert told(looker.look(at(1))) == []
    following.write(2, begun())
    assert told(looker.look(at(3))) == [("review-due", 1)]
    assert told(looker.look(at(4))) == []
    assert told(looker.look(at(60 * 24 * 3))) == []  # it is over


@pytest.mark.parametrize("rule", [AlertRule.GREW_BACK, AlertRule.REVIEW_DUE])
def test_what_is_told_of_a_following_names_no_host(rule: AlertRule) -> None:
    alert = Alert(id="1", rule=rule, case="md34-follow", count=2, at=NOON, link="")
    assert "md34-follow" in alert.text
    assert "example" not in alert.text
