"""What the tests of seizure pages and press sheets put into a desk's case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cautery.model import (
    ClockOffset,
    ExhibitKind,
    Marking,
    Money,
    Pap,
    SeizedExhibit,
    Statement,
    StatementKind,
    Step,
    StepKind,
    StepReport,
    StepState,
    Tlp,
)
from cautery.operation.schedule import schedule
from cautery.workflows.operation.day_records import record_day
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_exhibits import register_exhibits

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLEAR = Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR)
AMBER = Marking(tlp=Tlp.AMBER, pap=Pap.AMBER)


def seize(desk: Desk, number: str, kind: ExhibitKind, **more: Any) -> None:
    """Enter a thing that was taken."""
    exhibit = SeizedExhibit(
        **{
            "number": number,
            "kind": kind,
            "search": "search-1",
            "agency": "nl-fiod",
            "description": f"{kind.value} {number}",
            "place": "rack 4",
            "finder": "it-postal/4471",
            "seal": f"SEAL-{number}",
            "seized_at": NOON,
            **more,
        }
    )
    register_exhibits(desk, [(exhibit, None, None)])


def seize_domain(desk: Desk, name: str, number: str = "IT-0001", **more: Any) -> None:
    """Enter a domain that was taken over."""
    details = {"name": name, "measure": "splash-page"}
    seize(desk, number, ExhibitKind.DOMAIN, details=details, **more)


def seize_cash(desk: Desk, number: str, amount: str, currency: str) -> None:
    """Enter money that was found."""
    value = Money(amount=Decimal(amount), currency=currency)
    seize(desk, number, ExhibitKind.CASH, value=value, valued_at=NOON)


def said(subject: str, about: str = "asset", **more: Any) -> Statement:
    """Return a statement of Rome's that everybody may read."""
    return Statement(
        **{
            "id": "x",
            "by": "it-postal",
            "subject": subject,
            "about": about,
            "text": "it is",
            "kind": StatementKind.FACT,
            "marking": CLEAR,
            "at": NOON,
            **more,
        }
    )


def take_down(desk: Desk, *nodes: str, kind: StepKind = StepKind.SEARCH) -> None:
    """Plan a step that removes nodes, and report it as done."""
    step = Step(
        id="s1",
        kind=kind,
        agency="it-postal",
        country="IT",
        target=nodes[0],
        text="Take it",
        team="blue",
        place="rack 4",
        lasts=timedelta(minutes=30),
        removes=nodes,
    )
    day = schedule(
        [step], moment=NOON + timedelta(hours=9), operation=desk.operation, clocks=_clocks(desk),
        now=NOON,
    )  # fmt: skip
    record_day(desk, day, at=NOON)
    done = StepReport(
        step="s1", state=StepState.DONE, at=NOON + timedelta(hours=10), by="blue", text=""
    )
    desk.record(done, at=done.at)


def _clocks(desk: Desk) -> dict[str, Any]:
    return {
        agency.id: ClockOffset(seconds=0, uncertainty_s=0.1, method="ntp")
        for agency in desk.operation.agencies
    }
