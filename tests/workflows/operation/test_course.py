"""The course of an operation: what is recorded of it is whole, at the table, and read back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from cautery.errors import InputError, StorageError
from cautery.messages import message
from cautery.model.message import as_written
from cautery.model.records import (
    AgencyJoined,
    CutChosen,
    GrewBack,
    OutsideEvent,
    ServedShare,
)
from cautery.model.records.action_day import RefusedActs, ServedBasis
from cautery.model.records.inquiry import SizingOccasion
from cautery.plan import Act, Node, cut
from cautery.workflows.operation.course import (
    record_cut,
    record_joined,
    sized_network,
)
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.picture import Picture, picture_of
from cautery.workflows.sizing.size import size_network

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Desks = Callable[..., Desk]


def empty() -> Picture:
    return picture_of([])


def test_only_those_at_the_table_join(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    record_joined(rome, "bg-gdbop", at=NOON)
    with pytest.raises(InputError, match="'us-hsi' is not an agency"):
        record_joined(rome, "us-hsi", at=NOON)
    assert [joined.agency for _, joined in rome.contents(AgencyJoined)] == ["bg-gdbop"]


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_share_is_between_nothing_and_all(share: float) -> None:
    with pytest.raises(InputError, match="not between 0 and 1"):
        ServedShare(at=NOON, share=share, by=ServedBasis.PLAN)


@pytest.mark.parametrize(
    "measured",
    [
        {"probes": -1},
        {"low": 0.4},
        {"high": 0.6},
        {"low": 0.6, "high": 0.7},
        {"low": -0.1, "high": 0.7},
        {"low": 0.4, "high": 1.1},
        {"low": float("nan"), "high": 0.7},
    ],
)
def test_a_measured_share_lies_in_its_interval(measured: dict[str, float]) -> None:
    with pytest.raises(InputError, match="served share"):
        ServedShare(at=NOON, share=0.5, by=ServedBasis.PROBE, **measured)  # type: ignore[arg-type]


def test_times_of_the_course_are_utc() -> None:
    naive = datetime(2026, 11, 24, 12)  # noqa: DTZ001 - what is refused
    for made in (
        lambda: ServedShare(at=naive, share=0.5, by=ServedBasis.PLAN),
        lambda: OutsideEvent(at=naive, kind="raid", text=as_written("a raid")),
        lambda: GrewBack(
            at=naive, asset="host:b", like="host:a", country=None, traits=(), probability=0.5
        ),
    ):
        with pytest.raises(InputError, match="not an aware UTC time"):
            made()


def test_what_is_recorded_together_is_recorded_whole_and_reads_back(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    shares = [
        ServedShare(at=NOON + timedelta(hours=n), share=1 - n / 4, by=ServedBasis.PLAN)
        for n in (0, 1)
    ]
    shares.append(
        ServedShare(
            at=NOON + timedelta(days=1),
            share=0.5,
            by=ServedBasis.PROBE,
            probes=120,
            low=0.41,
            high=0.59,
            vantage="lab, IT",
        )
    )
    rome.record_all(shares, at=NOON)
    assert [share for _, share in rome.contents(ServedShare)] == shares
    event = OutsideEvent(
        at=NOON, kind="event", text=as_written("the games"), until=date(2026, 12, 1)
    )
    rome.record_all([event], at=NOON)
    assert [read for _, read in rome.contents(OutsideEvent)] == [event]


def test_of_several_that_cannot_all_be_written_none_is(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    before = rome.case.ledger.size()
    with pytest.raises((InputError, StorageError)):
        rome.record_all(
            [
                OutsideEvent(at=NOON, kind="raid", text=as_written("one")),
                OutsideEvent(at=NOON, kind="raid", text=as_written("\ud800")),
            ],
            at=NOON,
        )
    assert rome.case.ledger.size() == before


def test_a_cut_is_recorded_with_what_was_refused_and_why(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    nodes = (Node(id="demand:IT", groups=((("host:a",), 1),), weight=1), Node(id="host:a"),
             Node(id="host:b"), Node(id="host:c"))  # fmt: skip
    acts = [
        Act(id="act:a", nodes=("host:a",), cost=2.0, country="IT"),
        Act(id="act:b", nodes=("host:b",), cost=1.0, allowed=False, why=as_written("a hospital")),
        Act(id="act:c", nodes=("host:c",), cost=1.0, allowed=False),
    ]
    record_cut(rome, cut(nodes, acts, served_at_most=0.0), empty(), at=NOON)
    ((_, chosen),) = rome.contents(CutChosen)
    assert [act.act for act in chosen.chosen] == ["act:a"]
    assert chosen.refused == (
        RefusedActs(why=as_written("a hospital"), acts=1),
        RefusedActs(why=message("act.not-allowed"), acts=1),
    )
    assert (chosen.served_before, chosen.served_after) == (1.0, 0.0)


def test_a_sizing_of_claims_alone_is_none_of_a_network() -> None:
    with pytest.raises(InputError, match="without sources"):
        sized_network(size_network(None), occasion=SizingOccasion.BEFORE_DAY)
