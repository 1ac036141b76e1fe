"""What a case's ledger says of seized material, and whose keys are destroyed to forget it."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.errors import InputError
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import Entry, MaterialTaken

CUSTOMERS = "customers of seized material"
"""The subject under whose key all customers of a case are hashed: the same one, the same hash."""


def subject_of(id: str) -> str:
    """Return the subject under whose key an original and its accounts' names are sealed."""
    return f"seized material {id}"


def readings(ledger: Ledger) -> dict[str, tuple[Entry, MaterialTaken]]:
    """Return all that a case has taken, by its id; of what was read again, the last reading."""
    return {material.id: (entry, material) for entry, material in contents(ledger, MaterialTaken)}


def taken(ledger: Ledger) -> Iterator[MaterialTaken]:
    """Yield all that a case has taken, in order; of what was read again, the last reading."""
    for _, material in readings(ledger).values():
        yield material


def taken_by_id(ledger: Ledger, id: str) -> MaterialTaken:
    """Return one.

    Raises
    ------
    InputError
        If there is none.
    """
    for dump in taken(ledger):
        if dump.id == id:
            return dump
    raise InputError(f"this case has no seized material {id!r}", hint="cautery seized show")
