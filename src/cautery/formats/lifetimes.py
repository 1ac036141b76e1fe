"""Lifetimes of domains, addresses, panels and brands as CSV.

::

    lifetimes.csv   entity,kind,born,died,last_seen[,group]

An empty ``died`` means that it was alive when somebody last looked (censored).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cautery.cells import table_of
from cautery.errors import InputError
from cautery.formats._day_rows import Row, day_of, each_row
from cautery.model.lifetimes import EntityKind, Lifetime

COLUMNS = ("entity", "kind", "born", "died", "last_seen")
MOST_ROWS = 2_000_000


def read_lifetimes(chunks: Iterable[bytes]) -> tuple[Lifetime, ...]:
    """Read lifetimes, in the order of the file.

    Raises
    ------
    InputError
        With line and rule: an end before the birth, an unknown kind, or an entity twice.
    """
    lifetimes: dict[tuple[EntityKind, str, date], tuple[int, Lifetime]] = {}

    def keep(row: Row, line: int) -> None:
        try:
            kind = EntityKind(row["kind"])
        except ValueError as error:
            raise InputError(
                f"kind {row['kind'][:40]!r}: must be one of {', '.join(EntityKind)}"
            ) from error
        lifetime = Lifetime(
            entity=row["entity"],
            kind=kind,
            born=day_of("born", row["born"]),
            died=day_of("died", row["died"]) if row["died"] else None,
            last_seen=day_of("last_seen", row["last_seen"]),
            group=row.get("group", ""),
        )
        key = (kind, lifetime.entity, lifetime.born)
        if key in lifetimes:
            raise InputError(f"{lifetime.entity}: it stands on line {lifetimes[key][0]} too")
        lifetimes[key] = (line, lifetime)

    each_row(chunks, COLUMNS, MOST_ROWS, keep, may_have=("group",))
    return tuple(lifetime for _, lifetime in lifetimes.values())


def lifetimes_table(lifetimes: Iterable[Lifetime]) -> bytes:
    """Return lifetimes as CSV, with their groups."""
    rows = (
        (life.entity, life.kind, life.born, life.died or "", life.last_seen, life.group)
        for life in lifetimes
    )
    return table_of([(*COLUMNS, "group"), *rows])
