"""What every projection can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from cautery.model import Entry


class Projection(Protocol):
    """Hears the entries of a ledger in their order, and keeps what it shows."""

    def hear(self, entry: Entry) -> None:
        """Take one entry up; one that says nothing of this, or is misshapen, changes nothing."""
        ...


P = TypeVar("P", bound=Projection)


def folded(projection: P, entries: Iterable[Entry]) -> P:
    """Return a projection that has heard some entries."""
    for entry in entries:
        projection.hear(entry)
    return projection
