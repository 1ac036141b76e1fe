"""A call sheet names no target that its agency may not be told of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.model import (
    DayPlan,
    Marking,
    Pap,
    ScheduledStep,
    Statement,
    StatementKind,
    Step,
    StepKind,
    Tlp,
)
from cautery.model.message import as_written
from cautery.operation.calendar import calendar
from cautery.pages.call_sheet import call_sheet, call_sheet_html, call_sheet_typst
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import add_statements, share
from cautery.workflows.operation.withhold import WITHHELD, day_for

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Desks = Callable[..., Desk]


def step(name: str, target: str, *, after: tuple[str, ...] = (), **more: Any) -> ScheduledStep:
    return ScheduledStep(
        step=Step(
            id=name,
            kind=StepKind.SEIZE,
            agency="nl-fiod",
            country="NL",
            target=target,
            text=f"Seize {target}",
            team=f"nl-fiod {target}",
            place=f"premises of {target}",
            lasts=timedelta(hours=1),
            after=frozenset(after),
            removes=(target,),
        ),
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=1),
        why=as_written(f"at the moment, because of {target}"),
        **more,
    )


DAY = DayPlan(
    operation="op-1",
    moment=NOON,
    steps=(
        step("seize-host:secret.example", "host:secret.example"),
        step("seize-2", "host:known.example", after=("seize-host:secret.example",)),
    ),
)


def told(desk: Desk, subject: str, tlp: Tlp) -> Statement:
    return Statement(
        id="x",
        by=desk.agency.id,
        subject=subject,
        about="asset",
        text="it is",
        kind=StatementKind.FACT,
        marking=Marking(tlp=tlp, pap=Pap.RED),
        at=NOON,
    )


def rome(desks: Desks) -> Desk:
    desk = desks("it-postal")
    add_statements(
        desk,
        [told(desk, "host:secret.example", Tlp.RED), told(desk, "host:known.example", Tlp.AMBER)],
    )
    return desk


def test_a_sheet_in_every_form_names_no_target_that_is_withheld(agency_desk: Desks) -> None:
    desk = rome(agency_desk)
    operation = desk.operation
    day, counts = day_for(desk, DAY, operation.agency("nl-fiod"))
    sheet = call_sheet(day, "nl-fiod", operation)
    book = calendar(day, "nl-fiod", operation=operation, made_at=NOON)
    forms = (call_sheet_html(sheet), call_sheet_typst(sheet), book.decode())
    assert counts == (("TLP:RED PAP:RED", 1),)
    assert not any("secret" in one for one in forms)
    assert all("known.example" in one for one in forms)
    assert all("TLP:RED" in one for one in forms)


@pytest.mark.parametrize(
    "written",
    [
        "host:Secret.Example",
        "domain:secret.example.",
        "secret.example",
        "url:http://secret.example/x",
    ],
)
def test_a_target_is_withheld_however_it_is_written(agency_desk: Desks, written: str) -> None:
    desk = rome(agency_desk)
    other = step("seize-2", "host:known.example", after=("seize-1",))
    warned = replace(other, step=replace(other.step, tips_off=frozenset({written})))
    day = replace(DAY, steps=(step("seize-1", written), warned))
    shown, counts = day_for(desk, day, desk.operation.agency("nl-fiod"))
    sheet = call_sheet(shown, "nl-fiod", desk.operation)
    assert counts == (("TLP:RED PAP:RED", 1),)
    assert "secret" not in call_sheet_html(sheet).lower()


def test_a_target_is_withheld_however_its_statement_writes_it(agency_desk: Desks) -> None:
    desk = agency_desk("it-postal")
    add_statements(desk, [told(desk, "domain:SECRET.example", Tlp.RED)])
    day, counts = day_for(desk, DAY, desk.operation.agency("nl-fiod"))
    assert counts == (("TLP:RED PAP:RED", 1),)
    assert day.steps[0].step.target == WITHHELD


def test_what_waits_for_a_withheld_step_still_waits_for_it(agency_desk: Desks) -> None:
    desk = rome(agency_desk)
    day, _ = day_for(desk, DAY, desk.operation.agency("nl-fiod"))
    first, second = day.steps
    assert second.step.after == {first.step.id}
    assert (first.starts_at, first.ends_at) == (NOON, NOON + timedelta(hours=1))


def test_the_agency_that_leads_reads_all_of_its_own_day(agency_desk: Desks) -> None:
    desk = rome(agency_desk)
    own = replace(
        DAY,
        steps=tuple(
            replace(one, step=replace(one.step, agency="it-postal", country="IT"))
            for one in DAY.steps
        ),
    )
    assert day_for(desk, own, desk.agency) == (own, ())


def guessed(desk: Desk, by: Desk, subject: str) -> None:
    add_statements(by, [told(by, subject, Tlp.GREEN)])
    raw = share(by, desk.agency.id, at=NOON)
    receive(desk, raw, key=by.case.verifier, at=NOON)


@pytest.mark.parametrize("by", ["nl-fiod", "bg-gdbop"])
def test_a_guess_reads_nothing_from_a_sheet(agency_desk: Desks, by: str) -> None:
    desk = rome(agency_desk)
    before = day_for(desk, DAY, desk.operation.agency("nl-fiod"))
    guessed(desk, agency_desk(by), "host:secret.example")
    assert day_for(desk, DAY, desk.operation.agency("nl-fiod")) == before
    assert before[0].steps[0].step.target == WITHHELD


def test_a_target_that_only_its_agency_has_stated_is_told_to_it(agency_desk: Desks) -> None:
    desk = agency_desk("it-postal")
    guessed(desk, agency_desk("nl-fiod"), "host:secret.example")
    assert day_for(desk, DAY, desk.operation.agency("nl-fiod"))[1] == ()


@pytest.mark.parametrize(
    "subject",
    [
        "panel:secret.example",
        "server:Secret.example.",
        "storefront:secret.example:8080",
        "url:http://secret.example/a",
        "playlist:http://secret.example/get.php",
        "panel:secret.example/c/",
        "panel://secret.example/c/",
        "rtmp://secret.example/live",
        "edge:secret\N{IDEOGRAPHIC FULL STOP}example",
    ],
)
@pytest.mark.parametrize(
    "target",
    ["host:secret.example", "edge:secret.example", "url:http://secret.example/x"],
)
def test_a_target_is_withheld_whatever_kind_of_thing_its_statement_calls_it(
    agency_desk: Desks, subject: str, target: str
) -> None:
    desk = agency_desk("it-postal")
    add_statements(desk, [told(desk, subject, Tlp.RED)])
    day = replace(DAY, steps=(step("seize-1", target),))
    shown, counts = day_for(desk, day, desk.operation.agency("nl-fiod"))
    assert counts == (("TLP:RED PAP:RED", 1),)
    sheet = call_sheet_html(call_sheet(shown, "nl-fiod", desk.operation))
    assert "secret" not in sheet.lower()


def test_a_guess_at_another_kind_opens_nothing(agency_desk: Desks) -> None:
    desk, guesses = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(desk, [told(desk, "panel:secret.example", Tlp.RED)])
    add_statements(guesses, [told(guesses, "host:secret.example", Tlp.GREEN)])
    receive(desk, share(guesses, "it-postal", at=NOON), key=guesses.case.verifier, at=NOON)
    day, _ = day_for(desk, DAY, desk.operation.agency("nl-fiod"))
    assert day.steps[0].step.target == WITHHELD


def test_of_a_host_that_may_be_named_another_kind_may_be_withheld(agency_desk: Desks) -> None:
    desk = agency_desk("it-postal")
    add_statements(
        desk,
        [told(desk, "host:known.example", Tlp.AMBER), told(desk, "panel:known.example", Tlp.RED)],
    )
    steps = (step("seize-1", "host:known.example"), step("seize-2", "panel:known.example"))
    day, _ = day_for(desk, replace(DAY, steps=steps), desk.operation.agency("nl-fiod"))
    assert [one.step.target for one in day.steps] == ["host:known.example", WITHHELD]
