"""The live board's figures, counted from records alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.messages import message
from cautery.model import (
    ActionPlan,
    Channel,
    ClockOffset,
    Collateral,
    ContentAtOnce,
    CriminalNetwork,
    DarkProbe,
    Decision,
    Digest,
    Entry,
    Event,
    Exhibit,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intervention,
    Lever,
    Mandate,
    Reason,
    Record,
    RedactedUrl,
    Regime,
    SupplyGraph,
    Verdict,
    Window,
    Work,
)
from cautery.model.ledger import filed
from cautery.model.message import Message, as_written
from cautery.model.records import (
    KINDS,
    ApprovalGiven,
    EntryExpired,
    ExhibitSealed,
    Failure,
    LooksShed,
    LookStep,
    MisshapenRecord,
    ProbeDone,
    ReferralPublished,
    SourceRead,
    StreamAppeared,
    StreamVanished,
    UnknownRecord,
    WatchPace,
    WorkShed,
)
from cautery.projections import MandateInForce, Tally, folded
from cautery.projections.tally import Row, middle

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    events=(Event(id="match", name="Home v Away", kick_off=NOON, legal_basis="rights"),),
    channels=(
        Channel(id="fr", names=("Sport",), event="match", legal_basis="rights"),
        Channel(id="cinema", names=("Cinema",), legal_basis="rights"),
    ),
    works=(Work(id="film", title="A Film", legal_basis="rights"),),
)
A, B = "http://p.example/a", "http://p.example/b"


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def verdict(url: str, finding: Finding, seconds: float, **more: Any) -> Verdict:
    return Verdict(
        url=RedactedUrl(url),
        finding=finding,
        at=at(seconds),
        **({"channels": ("fr",), "event": "match"} | more),
    )


def appeared(url: str, seconds: float) -> StreamAppeared:
    return StreamAppeared(
        url=url, title="Sport", source="list", host="p.example", at=at(seconds), offer=None
    )


def probed(url: str, seconds: float, failed: Message | None = None, **more: Any) -> ProbeDone:
    return ProbeDone(url=url, at=at(seconds), observation=None, failed=failed, **more)


def guarded(target: str, lever: Lever, decision: Decision, *names: str) -> GuardVerdict:
    return GuardVerdict(
        target=target,
        lever=lever,
        decision=decision,
        collateral=Collateral(names=names),
        reasons=(Reason(code="shared", text=as_written("others are behind it")),),
        valid_until=at(3600),
    )


def dark(seconds: float, *, is_dark: bool) -> DarkProbe:
    return DarkProbe(
        url=A, target="p.example", intermediary="isp", at=at(seconds), dark=is_dark, why="asked"
    )


PLAN = ActionPlan(
    chosen=(
        Intervention(
            target="p.example",
            lever=Lever.NAME,
            streams=(A,),
            cost=1.0,
            guard=guarded("p.example", Lever.NAME, Decision.ALLOW),
        ),
    ),
    refused=(),
    served_before=1,
    served_after=0,
    cost=1.0,
    bound=1.0,
    seed=1,
    method="exact",
)
SEALED = ExhibitSealed(
    exhibit=Exhibit(
        id=ExhibitId("sha256:" + "0" * 64),
        size=1,
        media_type="text/plain",
        sealed_at=NOON,
        clock=ClockOffset(seconds=0.0, uncertainty_s=0.1, method="asked"),
    ),
    what="page",
    url=None,
)
NIGHT: list[object] = [
    appeared(A, 0),
    appeared(B, 10),
    probed(A, 3),
    probed(B, 12, message("failed.with-error", error="LimitError", detail="it never ends")),
    verdict(B, Finding.UNREACHABLE, 12, channels=(), event=None),
    verdict(A, Finding.PROVEN, 12),
    SupplyGraph(networks=tuple(CriminalNetwork(id=name, members=()) for name in "NM")),
    guarded("104.16.0.1", Lever.ADDRESS, Decision.REFUSE, "hospital.example", "shop.example"),
    guarded("p.example", Lever.NAME, Decision.NARROW, "shop.example"),
    PLAN,
    ApprovalGiven(
        referral="R", subject=Digest("sha256:x"), approver="A", role="legal", at=NOON, signature=""
    ),
    ReferralPublished(referral="R", intermediary="isp", targets=("p.example",), at=at(20)),
    dark(22, is_dark=False),
    dark(25, is_dark=True),
    dark(40, is_dark=True),
    StreamVanished(url=A, source="list", at=at(50)),
    EntryExpired(referral="R", target="p.example", intermediary="isp", at=at(60)),
    Failure(what="storage", where="case", error="StorageError", message="disk full"),
    SourceRead(
        source="list", kind="m3u", at=at(61), failed=as_written("SourceError: nobody answers")
    ),
    SEALED,
    UnknownRecord(kind="a.kind.of.tomorrow", body={}),
]


def entry(content: object, index: int = 0) -> Entry:
    kind, body = filed(content)
    return Entry(index=index, record=Record(kind=kind, at=NOON, body=body), leaf=b"")


def heard(contents: list[object]) -> Tally:
    return folded(Tally(in_force=MandateInForce(MANDATE)), map(entry, contents))


def test_times_run_from_a_streams_first_appearance() -> None:
    row = heard(NIGHT).rows(NOON + timedelta(seconds=600))[0]
    assert row.right == "match"
    assert (row.proven, row.detected_s, row.referred_s, row.dark_s) == ({A}, [12], [20], [25])


@pytest.mark.parametrize(
    ("without", "exposed_s"), [(StreamVanished, 25), (DarkProbe, 50), (Row, 25)]
)
def test_exposure_ends_when_the_stream_goes_dark_or_vanishes(
    without: type, exposed_s: float
) -> None:
    tally = heard([content for content in NIGHT if not isinstance(content, without)])
    assert tally.rows(NOON + timedelta(seconds=600))[0].exposed_s == exposed_s


def test_exposure_of_what_is_still_there_grows_with_the_clock() -> None:
    tally = heard([one for one in NIGHT if not isinstance(one, StreamVanished | DarkProbe)])
    assert [tally.rows(NOON + timedelta(seconds=s))[0].exposed_s for s in (30, 90)] == [30, 90]


def test_there_is_a_row_for_each_event_linear_channel_and_work_from_the_start() -> None:
    assert [row.right for row in heard([]).rows(NOON)] == ["match", "cinema", "film"]


@pytest.mark.parametrize(
    ("figure", "wanted"),
    [
        (lambda one: one.offered, 2),
        (lambda one: one.looked_at, 2),
        (lambda one: one.probes, 2),
        (lambda one: one.streams.count(Finding.PROVEN), 1),
        (lambda one: one.streams.count(Finding.UNREACHABLE), 1),
        (lambda one: one.networks, 2),
        (lambda one: one.refused, {"104.16.0.1"}),
        (lambda one: one.narrowed, {"p.example"}),
        (lambda one: one.spared, {"hospital.example", "shop.example"}),
        (lambda one: one.approvals, 1),
        (lambda one: one.expired, 1),
        (lambda one: one.sealed, 1),
        (lambda one: one.errors, {"LimitError": 1, "StorageError": 1, "SourceError": 1}),
    ],
)
def test_each_figure_counts_its_records(figure: Callable[[Tally], Any], wanted: object) -> None:
    assert figure(heard(NIGHT)) == wanted


def test_the_last_failure_is_told_in_words() -> None:
    until_disk_full = next(at for at, content in enumerate(NIGHT) if isinstance(content, Failure))
    assert heard(NIGHT[: until_disk_full + 1]).last == "storage case: disk full"


def test_a_partners_stream_is_licensed_and_never_counted_as_detected() -> None:
    tally = heard(
        [
            appeared(A, 0),
            verdict(A, Finding.LICENSED, 9, partner="Lawful Partner"),
        ]
    )
    row = tally.rows(NOON)[0]
    assert (row.licensed, row.proven, row.detected_s) == ({A}, set(), [])


def test_a_content_shown_at_the_same_time_is_counted_beside_and_proves_nothing() -> None:
    inset = ContentAtOnce(
        kind="picture",
        reference="film",
        event=None,
        delay_s=3.0,
        log10_lr=1.6,
        part=(0, 0, 0.4, 0.4),
    )
    tally = heard([appeared(A, 0), verdict(A, Finding.PROVEN, 9, at_once=(inset,))])
    rows = {row.right: row for row in tally.rows(NOON)}
    assert (rows["match"].proven, rows["match"].at_once) == ({A}, set())
    assert (rows["film"].proven, rows["film"].at_once) == (set(), {A})


def test_a_second_proven_verdict_does_not_move_the_time_of_the_first() -> None:
    again = [*NIGHT, verdict(A, Finding.PROVEN, 55, licensee="fr")]
    assert heard(again).rows(NOON)[0].detected_s == [12]


@given(st.integers(0, len(NIGHT)))
def test_a_stopped_watch_counts_on_as_if_it_had_heard_all_at_once(cut: int) -> None:
    assert folded(heard(NIGHT[:cut]), map(entry, NIGHT[cut:])) == heard(NIGHT)


def test_the_middle_of_nothing_is_unknown_and_not_zero() -> None:
    assert middle([]) is None
    assert middle([3.0, 1.0, 2.0]) == 2.0


PACE = WatchPace(
    at=at(30),
    offered=57,
    unseen=57,
    unseen_by_right={"event": 57},
    late=True,
    references_late_s=None,
    references_silent=("fr",),
    probes_late_s=60.0,
    loop_late_s=0.0,
    why=message("pace.loop-late", late_s=3.0),
)


def test_what_was_not_looked_at_has_no_figures_and_is_counted() -> None:
    tally = heard(
        [
            *[appeared(f"{A}{n}", 0) for n in range(57)],
            probed(f"{A}0", 1, as_written("not looked at"), hindered=LookStep.DECODING),
            PACE,
        ]
    )
    row = tally.rows(NOON + timedelta(seconds=60))[0]
    assert (row.exposed_s, middle(row.detected_s)) == (None, None)
    assert (tally.looked_at, tally.offered, tally.pace.newest) == (0, 57, PACE)


def test_looks_that_were_put_off_are_counted() -> None:
    looks = (LooksShed(right="event", look="again", count=3),) * 2
    shed = WorkShed(at=at(1), until=at(2), looks=looks, order=message("pace.order"), why=None)
    assert heard([shed]).pace.shed == 6


def test_a_stream_that_comes_back_is_exposed_on() -> None:
    back = [*NIGHT[:6], StreamVanished(url=A, source="list", at=at(50)), appeared(A, 70)]
    assert heard(back).rows(at(90))[0].exposed_s == 90


@pytest.mark.parametrize(
    "body",
    [
        {"assets": 7},
        {"assets": None, "url": A},
        {"assets": "x", "url": 7, "at": "now", "dark": "yes"},
        {"assets": {}, "url": {"text": []}, "at": "2026-11-24T12:00:00", "finding": "proven"},
    ],
)
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"case.opened"}))
def test_a_record_without_the_shape_of_its_kind_changes_nothing(kind: str, body: Any) -> None:
    misshapen = Entry(index=0, record=Record(kind=kind, at=NOON, body=body), leaf=b"")
    assert isinstance(misshapen.content, MisshapenRecord)
    assert folded(heard(NIGHT), [misshapen]) == heard(NIGHT)
