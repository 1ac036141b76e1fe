"""The live board's figures, counted from records alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.model import (
    Channel,
    Entry,
    Event,
    Finding,
    Mandate,
    Record,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
    Work,
    to_json,
)
from cautery.workflows.watch.tally import Tally, middle

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


def at(seconds: float) -> str:
    return str(to_json(NOON + timedelta(seconds=seconds)))


def verdict(url: str, finding: Finding, seconds: float, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = to_json(
        Verdict(
            url=RedactedUrl(url),
            finding=finding,
            at=NOON + timedelta(seconds=seconds),
            **({"channels": ("fr",), "event": "match"} | more),
        )
    )
    return body


NIGHT: list[tuple[str, dict[str, Any]]] = [
    ("stream.appeared", {"url": A, "at": at(0)}),
    ("stream.appeared", {"url": B, "at": at(10)}),
    ("probe.done", {"url": A, "at": at(3), "failed": None}),
    ("probe.done", {"url": B, "at": at(12), "failed": "LimitError: it never ends"}),
    ("verdict", verdict(B, Finding.UNREACHABLE, 12, channels=(), event=None)),
    ("verdict", verdict(A, Finding.PROVEN, 12)),
    ("graph.mapped", {"networks": [{}, {}]}),
    (
        "guard.decided",
        {
            "target": "104.16.0.1",
            "decision": "refuse",
            "collateral": {"names": ["hospital.example", "shop.example"]},
        },
    ),
    (
        "guard.decided",
        {"target": "p.example", "decision": "narrow", "collateral": {"names": ["shop.example"]}},
    ),
    ("plan.made", {"chosen": [{"target": "p.example", "streams": [A]}]}),
    ("approval.given", {"referral": "R"}),
    ("referral.published", {"referral": "R", "targets": ["p.example"], "at": at(20)}),
    ("dark.probed", {"url": A, "dark": False, "at": at(22)}),
    ("dark.probed", {"url": A, "dark": True, "at": at(25)}),
    ("dark.probed", {"url": A, "dark": True, "at": at(40)}),
    ("stream.vanished", {"url": A, "at": at(50)}),
    ("entry.expired", {"target": "p.example", "at": at(60)}),
    (
        "failure",
        {"error": "StorageError", "what": "storage", "where": "case", "message": "disk full"},
    ),
    ("source.read", {"source": "list", "failed": "SourceError: nobody answers"}),
    ("exhibit.sealed", {}),
    ("a.kind.of.tomorrow", {}),
]


def heard(records: list[tuple[str, dict[str, Any]]]) -> Tally:
    tally = Tally(MANDATE)
    for index, (kind, body) in enumerate(records):
        tally.hear(Entry(index=index, record=Record(kind=kind, at=NOON, body=body), leaf=b""))
    return tally


def test_times_run_from_a_streams_first_appearance() -> None:
    row = heard(NIGHT).rows(NOON + timedelta(seconds=600))[0]
    assert row.right == "match"
    assert (row.proven, row.detected_s, row.referred_s, row.dark_s) == ({A}, [12], [20], [25])


@pytest.mark.parametrize(
    ("without", "exposed_s"), [("stream.vanished", 25), ("dark.probed", 50), ("", 25)]
)
def test_exposure_ends_when_the_stream_goes_dark_or_vanishes(
    without: str, exposed_s: float
) -> None:
    tally = heard([one for one in NIGHT if one[0] != without])
    assert tally.rows(NOON + timedelta(seconds=600))[0].exposed_s == exposed_s


def test_exposure_of_what_is_still_there_grows_with_the_clock() -> None:
    tally = heard([one for one in NIGHT if one[0] not in ("stream.vanished", "dark.probed")])
    assert [tally.rows(NOON + timedelta(seconds=s))[0].exposed_s for s in (30, 90)] == [30, 90]


def test_there_is_a_row_for_each_event_linear_channel_and_work_from_the_start() -> None:
    assert [row.right for row in Tally(MANDATE).rows(NOON)] == ["match", "cinema", "film"]


@pytest.mark.parametrize(
    ("figure", "wanted"),
    [
        (lambda one: len(one.appeared), 2),
        (lambda one: len(one.checked), 2),
        (lambda one: one.probes, 2),
        (lambda one: one.count(Finding.PROVEN), 1),
        (lambda one: one.count(Finding.UNREACHABLE), 1),
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
    until_disk_full = NIGHT[: [kind for kind, _ in NIGHT].index("failure") + 1]
    assert heard(until_disk_full).last == "storage case: disk full"


def test_a_partners_stream_is_licensed_and_never_counted_as_detected() -> None:
    tally = heard(
        [
            ("stream.appeared", {"url": A, "at": at(0)}),
            ("verdict", verdict(A, Finding.LICENSED, 9, partner="Lawful Partner")),
        ]
    )
    row = tally.rows(NOON)[0]
    assert (row.licensed, row.proven, row.detected_s) == ({A}, set(), [])


def test_a_second_proven_verdict_does_not_move_the_time_of_the_first() -> None:
    again = [*NIGHT, ("verdict", verdict(A, Finding.PROVEN, 55, licensee="fr"))]
    assert heard(again).rows(NOON)[0].detected_s == [12]


@given(st.integers(0, len(NIGHT)))
def test_a_stopped_watch_counts_on_as_if_it_had_heard_all_at_once(cut: int) -> None:
    tally = heard(NIGHT[:cut])
    for kind, body in NIGHT[cut:]:
        tally.hear(Entry(index=0, record=Record(kind=kind, at=NOON, body=body), leaf=b""))
    assert tally == heard(NIGHT)


def test_the_middle_of_nothing_is_unknown_and_not_zero() -> None:
    assert middle([]) is None
    assert middle([3.0, 1.0, 2.0]) == 2.0


PACE = {
    "at": at(30), "offered": 57, "unseen": 57, "unseen_by_right": {"event": 57}, "late": True,
    "references_late_s": None, "references_silent": ["fr"], "probes_late_s": 60.0,
    "loop_late_s": 0.0, "why": "looks late by 60 s: they hang, 10 at decoding",
}  # fmt: skip


def test_what_was_not_looked_at_has_no_figures_and_is_counted() -> None:
    tally = heard(
        [
            *[("stream.appeared", {"url": f"{A}{n}", "at": at(0)}) for n in range(57)],
            ("probe.done", {"url": f"{A}0", "failed": "not looked at", "hindered": "decoding"}),
            ("watch.pace", PACE),
        ]
    )
    row = tally.rows(NOON + timedelta(seconds=60))[0]
    assert (row.exposed_s, middle(row.detected_s)) == (None, None)
    assert (tally.checked, tally.offered, tally.pace) == (set(), 57, PACE)


def test_looks_that_were_put_off_are_counted() -> None:
    shed = {"looks": [{"right": "event", "look": "again", "count": 3}] * 2}
    assert heard([("work.shed", shed)]).shed == 6
