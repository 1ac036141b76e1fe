"""A desk that stays open reads on where it stopped, and shows what a desk opened anew shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from cautery.model import (
    Entry,
    HandlingCode,
    Marking,
    Pap,
    Statement,
    StatementKind,
    Tlp,
    digest_of,
)
from cautery.model.message import as_written
from cautery.model.records import BundleReceived, OutsideEvent
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.operation_table import releases, table_view
from cautery.workflows.browse.operations import AtTable, Operations
from cautery.workflows.operation.course import record_joined
from cautery.workflows.operation.desk import Desk, desk_in
from cautery.workflows.operation.holdings import held, holdings, standing
from cautery.workflows.operation.letter import MEDIA_TYPE
from cautery.workflows.operation.partners import register_partner
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.released import released, told_to
from cautery.workflows.operation.share import add_statements, correct, permit, share

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Desks = Callable[..., Desk]


def said(text: str, by: str, *, tlp: Tlp = Tlp.GREEN, **more: Any) -> Statement:
    return Statement(
        id="given",
        by=by,
        subject=f"host:{text}.example",
        about="asset",
        text=text,
        kind=StatementKind.FACT,
        marking=Marking(tlp=tlp, pap=Pap.AMBER, **more),
        at=NOON,
    )


def happened(text: str) -> OutsideEvent:
    return OutsideEvent(at=NOON, kind="other", text=as_written(text))


class OneTable:
    """Lends one desk, as the operations of a room do."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @contextmanager
    def table(self, cases: object, id: str, seat: str | None) -> Iterator[AtTable]:
        agency = None if seat is None else self.desk.operation.agency(seat)
        yield AtTable(id=id, desk=self.desk, seat=agency, closed=False)


def shown(desk: Desk) -> tuple[Any, ...]:
    """Return all that a desk makes of its records."""
    agencies = [agency for agency in desk.operation.agencies if agency.id != desk.agency.id]
    lent = cast("Operations", OneTable(desk))
    return (
        holdings(desk),
        held(desk),
        standing(desk),
        told_to(desk),
        releases(desk),
        [released(desk, agency) for agency in agencies],
        [
            table_view(cast("Cases", None), lent, "x", seat=seat)
            for seat in (None, *(agency.id for agency in agencies))
        ],
    )


def course_of(rome: Desk, sofia: Desk, hague: Desk) -> Iterator[None]:
    """Let one thing after another come to Rome's desk, each more than one reader of it hears."""

    def send(sender: Desk, to: Desk) -> None:
        raw = share(sender, to.agency.id, why="asked", at=NOON)
        receive(to, raw, key=sender.case.verifier, at=NOON)

    yield
    record_joined(rome, "bg-gdbop", at=NOON)
    yield
    (first,) = add_statements(rome, [said("first", "it-postal")])
    yield
    add_statements(rome, [said("strict", "it-postal", tlp=Tlp.RED)])
    yield
    rome.record_all([happened("a raid elsewhere")], at=NOON)
    yield
    send(rome, sofia)
    yield
    add_statements(sofia, [said("second", "bg-gdbop"), said("amber", "bg-gdbop", tlp=Tlp.AMBER)])
    send(sofia, rome)
    yield
    correct(rome, first.id, text="it is the other panel", at=NOON)
    yield
    (guarded,) = add_statements(
        hague, [said("guarded", "nl-fiod", handling=frozenset({HandlingCode.H2}))]
    )
    register_partner(sofia, "nl-fiod", hague.case.verifier, at=NOON)
    register_partner(rome, "nl-fiod", hague.case.verifier, at=NOON)
    yield
    send(hague, rome)
    yield
    permit(hague, guarded.id, by="it-postal", to="bg-gdbop", why="asked", at=NOON)
    send(hague, rome)
    yield
    send(rome, sofia)
    yield


def test_a_desk_that_goes_on_shows_what_one_opened_anew_shows(agency_desk: Desks) -> None:
    rome, sofia, hague = (agency_desk(name) for name in ("it-postal", "bg-gdbop", "nl-fiod"))
    seen = []
    for _ in course_of(rome, sofia, hague):
        anew = desk_in(rome.case)
        seen.append(shown(rome))
        assert seen[-1] == shown(anew)
        assert rome.passed_over == anew.passed_over
    assert len({repr(state) for state in seen}) >= len(seen) - 2  # no step is for nothing


def test_a_key_that_comes_late_opens_a_bundle_in_its_place(agency_desk: Desks) -> None:
    rome, sofia, hague = (agency_desk(name) for name in ("it-postal", "bg-gdbop", "nl-fiod"))
    add_statements(sofia, [said("second", "bg-gdbop")])
    add_statements(hague, [said("third", "nl-fiod")])
    raw = share(sofia, "it-postal", at=NOON)
    exhibit = rome.case.vault.seal(
        raw, media_type=MEDIA_TYPE, at=NOON, clock=rome.case.clock.offset()
    )
    early = BundleReceived(
        from_="bg-gdbop",
        at=NOON,
        digest=digest_of(raw),
        exhibit=exhibit.id,
        key=str(sofia.case.verifier),
        who="",
    )
    rome.record(early)
    receive(rome, share(hague, "it-postal", at=NOON), key=hague.case.verifier, at=NOON)
    assert [row.statement.by for row in held(rome)] == ["nl-fiod"]
    register_partner(rome, "bg-gdbop", sofia.case.verifier, at=NOON)
    assert [row.statement.by for row in held(rome)] == ["bg-gdbop", "nl-fiod"]
    assert shown(rome) == shown(desk_in(rome.case))


class Noting:
    """A ledger that notes from where on it is read."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.read_since: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def read(self, *, since: int = 0, kinds: Any = ()) -> Iterator[Entry]:
        self.read_since.append(since)
        yield from self._ledger.read(since=since, kinds=kinds)


def test_no_record_is_read_twice_for_what_a_desk_shows(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, [said(f"number-{number}", "it-postal") for number in range(5)])
    ledger = Noting(rome.case.ledger)
    desk = Desk(case=replace(rome.case, ledger=cast("Any", ledger)), opening=rome.opening)
    shown(desk)
    ledger.read_since.clear()
    shown(desk)
    assert ledger.read_since == []
    size = desk.size()
    rome.record(happened("a raid elsewhere"))
    assert "a raid elsewhere" in repr(shown(desk)[-1])
    assert min(ledger.read_since) == size


def test_what_no_new_record_speaks_of_is_not_made_anew(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, [said("first", "it-postal")])
    before = holdings(rome), standing(rome), releases(rome)
    rome.record(happened("a raid elsewhere"))
    assert all(
        now is then
        for now, then in zip((holdings(rome), standing(rome), releases(rome)), before, strict=True)
    )
    add_statements(rome, [said("second", "it-postal")])
    assert [row.statement.text for row in standing(rome)] == ["first", "second"]


def test_what_is_recorded_while_records_are_read_is_read_the_next_time(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    rome.record(happened("one"))
    for number, (_, event) in enumerate(rome.contents(OutsideEvent)):
        rome.record(happened(f"{event.text.plain()} and more"))
        assert number == 0
    assert len([*rome.contents(OutsideEvent)]) == 2
