"""What is recorded of persons after their case was closed: a closed case takes no record.

It stands in the chain of custody beside the case, as the kind and body that the record would have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from cautery.canonical import canonical
from cautery.errors import EvidenceError, InputError
from cautery.evidence.custody import CustodyAct, CustodyLine
from cautery.evidence.ports import CaseVault
from cautery.json_text import parsed_json
from cautery.model.ledger import filed
from cautery.model.records import KINDS, typed
from cautery.workflows.operation.desk import Desk

T = TypeVar("T")
Note = Callable[[Sequence[object], str, str, datetime], None]
"""Writes records into the chain of custody of a closed case: with who, why and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFile:
    """The persons of an agency's case, open or closed.

    Parameters
    ----------
    desk : Desk
        The case; a closed one is only read.
    vault : CaseVault
        Opens and erases names.
    chain : tuple of CustodyLine
        The chain of custody as it is.
    note : callable, optional
        Of a closed case, writes into its chain; ``None``: the case is open and takes records.
    keyed : callable, optional
        Opens the vault with its keys; ``None``: ``vault`` is all there is.
    """

    desk: Desk
    vault: CaseVault
    chain: tuple[CustodyLine, ...] = ()
    note: Note | None = None
    keyed: Callable[[], CaseVault] | None = None

    @classmethod
    def of(
        cls,
        desk: Desk,
        chain: tuple[CustodyLine, ...] = (),
        *,
        keyed: Callable[[], CaseVault] | None = None,
    ) -> PersonFile:
        """Return the persons of an open case, or of one that is only looked at."""
        return cls(desk=desk, vault=desk.case.vault, chain=chain, keyed=keyed)

    def reading_vault(self) -> CaseVault:
        """Return the vault with the keys of the case, if they are here."""
        if self.keyed is not None:
            with suppress(InputError):  # not in this folder of keys
                return self.keyed()
        return self.vault

    @property
    def closed(self) -> bool:
        """Whether the case takes no record any more."""
        return self.note is not None

    def record(self, contents: Sequence[object], *, by: str, why: str, at: datetime) -> None:
        """Record something, in the ledger or in the chain."""
        if self.note is not None:
            self.note(contents, by, why, at)
        elif contents:
            self.desk.record_all(contents, at=at)

    def contents(self, *shapes: type[T]) -> Iterator[tuple[datetime, T]]:
        """Yield the records of some types, those in the ledger first, each with its time."""
        for entry, content in self.desk.contents(*shapes):
            yield entry.record.at, content
        for noted_at, noted in noted_in(self.chain):
            if isinstance(noted, shapes):
                yield noted_at, noted


def noted_in(chain: Sequence[CustodyLine]) -> Iterator[tuple[datetime, object]]:
    """Yield what a chain of custody notes of a closed case, each with the time of its line."""
    for line in chain:
        at = line.moment
        if line.act is not CustodyAct.NOTED or at is None:
            continue
        try:
            note: Any = parsed_json(line.what.encode())
            if note["kind"] in KINDS:
                yield at, typed(note["kind"], note["body"])
        except (ValueError, KeyError, TypeError, RecursionError, EvidenceError):
            continue  # anybody who can write beside the case can add a line


def note_text(content: object) -> str:
    """Return what a line of custody says of a record."""
    kind, body = filed(content)
    return canonical({"kind": kind, "body": body}).decode()
