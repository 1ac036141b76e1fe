"""Desks of several agencies, each with its own case and keys, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import Agency, AgencyRole, Competence, Operation
from cautery.workflows.operation.desk import Desk, open_desk

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def agency_table() -> Operation:
    """Four authorities and one helper at a table, led from Italy."""
    rows = [
        ("it-postal", "IT", AgencyRole.LEAD, {"investigate", "search", "preserve", "freeze"}),
        ("bg-gdbop", "BG", AgencyRole.PARTICIPANT, {"investigate", "search", "arrest"}),
        ("nl-fiod", "NL", AgencyRole.PARTICIPANT, {"investigate", "seize"}),
        ("eurojust", "EU", AgencyRole.COORDINATION, {"coordinate"}),
        ("league", "IT", AgencyRole.INDUSTRY, {"advise"}),
    ]
    return Operation(
        id="op-1",
        name="Test",
        legal_basis="a court's order",
        opened_at=NOON,
        lab=True,
        agencies=tuple(
            Agency(
                id=name,
                name=name,
                country=country,
                role=role,
                competence=frozenset(Competence(one) for one in may),
                contact=f"desk@{name}.example",
                zone="Europe/Rome",
            )
            for name, country, role, may in rows
        ),
    )


@pytest.fixture
def agency_desk(tmp_path: Path, agency_table: Operation) -> Iterator[Callable[..., Desk]]:
    """Open the desk of an agency; the same one when asked again under the same name."""
    opened: dict[str, Desk] = {}

    def desk(agency: str, *, name: str | None = None) -> Desk:
        name = name or agency
        if name not in opened:
            opened[name] = open_desk(
                tmp_path / f"case-{name}",
                store=FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1),
                clock=FixedClock(NOON),
                operation=agency_table,
                agency=agency,
            )
        return opened[name]

    yield desk
    for one in opened.values():
        one.leave()
