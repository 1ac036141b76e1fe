"""What another agency may look at of a desk: what it said itself, and what was shared with it.

A bundle is the act by which something is released, with who did it and why; what the markings
would allow is not released by that alone. So what an agency sees here it has been sent, and what is
hidden from it changes no byte (ADR 0007).
"""

from __future__ import annotations

from collections.abc import Iterable

from cautery.model import Agency
from cautery.model.records import BundleShared
from cautery.operation.sharing import displaced_by
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import Held, Row, holdings


def released(desk: Desk, agency: Agency) -> tuple[Held, ...]:
    """Return the statements that an agency said itself or was sent by this desk, by their time.

    Whom else a statement is for, by whom it came here and whether it is signed are the desk's own
    knowledge. What was corrected says so where the correction was released as well.
    """
    known = told_to(desk).get(agency.id, frozenset())
    rows = _once_each(
        row
        for row in holdings(desk).rows
        if row.noted.statement.by == agency.id or row.noted.key in known
    )
    weights = {row.noted.key: row.weight for row in rows}
    newer = {
        old: row.noted.statement.id
        for row in rows
        for old in displaced_by(row.noted.statement)
        if row.weight >= weights.get(old, 0)
    }
    return tuple(
        Held(
            statement=row.noted.statement,
            received_from=None,
            corrected_by=newer.get(row.noted.key),
            signed=True,
        )
        for row in sorted(rows, key=lambda row: (row.noted.statement.at, *row.noted.key))
    )


def told_to(desk: Desk) -> dict[str, frozenset[tuple[str, str]]]:
    """Return which statements each agency was sent, as provider and id."""
    return desk.once(_told_to, BundleShared)


def _told_to(desk: Desk) -> dict[str, frozenset[tuple[str, str]]]:
    told: dict[str, set[tuple[str, str]]] = {}
    for _, shared in desk.contents(BundleShared):
        told.setdefault(shared.to, set()).update(shared.statements)
    return {agency: frozenset(keys) for agency, keys in told.items()}


def _once_each(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return one row of each statement: it stands once more for each further agency named."""
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        first.setdefault(row.noted.key, row)
    return tuple(first.values())
