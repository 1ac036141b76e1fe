"""What every projection can do, and the net under what it hears.

Whoever can append a record can give it the shape of its kind and figures with which no projection
reckoned: years that end, numbers without measure, words that are no address. It costs itself alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from cautery.model import MISSHAPEN, Entry


class Projection(Protocol):
    """Hears the entries of a ledger in their order, and keeps what it shows."""

    def hear(self, entry: Entry) -> None:
        """Take one entry up; one that says nothing of this, or is misshapen, changes nothing."""
        ...


P = TypeVar("P", bound=Projection)
_NO_RECKONING = (*MISSHAPEN, ArithmeticError)


def heard(hearers: Iterable[Callable[[Entry], object]], entry: Entry) -> bool:
    """Let hearers take an entry up, each for itself; tell whether none of them failed at it."""
    sound = True
    for hear in hearers:
        try:
            hear(entry)
        except _NO_RECKONING:
            sound = False
    return sound


def folded(projection: P, entries: Iterable[Entry]) -> P:
    """Return a projection that has heard some entries; one that it fails at is passed over."""
    for entry in entries:
        heard((projection.hear,), entry)
    return projection
