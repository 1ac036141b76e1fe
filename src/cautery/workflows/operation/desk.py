"""An agency's desk: its own case of an operation, opened to be written or only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from cautery import __version__
from cautery.errors import InputError
from cautery.evidence.ports import CaseStore
from cautery.model import MISSHAPEN, Agency, Entry, Operation, from_json, to_json
from cautery.model.ports import Clock
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.operation.shapes import check_shape

OPENED = "operation.opened"
SIGNS_PARTNERS = "partners_signed"
"""Member of the first record: this desk signs whose key is whose; older ones did not."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One agency's open case of one operation."""

    case: Case
    operation: Operation
    agency: Agency
    passed_over: dict[int, str] = field(default_factory=dict)
    """Records read so far that have not the shape of their kind: their kinds, by number."""

    def sign(self, text: str) -> str:
        """Return a text as a note signed by this case's key: statements, permissions, letters.

        Raises
        ------
        InputError
            If the case is only read, or the text is no lines.
        """
        return self.case.signer.sign(text)

    def record(
        self,
        kind: str,
        noun: object,
        *,
        at: datetime | None = None,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Entry:
        """Append a noun (or a plain mapping) as a record; ``at`` defaults to the clock's now.

        Raises
        ------
        ConflictError
            If a record of these kinds came in since the ledger had that size.
        """
        return self.case.ledger.append(
            kind,
            to_json(noun),
            at=at or self.case.clock.now(),
            if_unchanged_since=if_unchanged_since,
            kinds=kinds,
        )

    def size(self) -> int:
        """Return the number of records: what a decision that is made now rests on."""
        return self.case.ledger.size()

    def nouns(self, kind: str, noun: type[T]) -> Iterator[T]:
        """Yield the records of one kind, rebuilt; one that does not fit is passed over."""
        return self.each(lambda entry: from_json(noun, entry.record.body), kind)

    def bodies(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield the bodies of one kind of record, in order, that have the shape of their kind."""
        return self.each(body_of, kind)

    def each(self, read: Callable[[Entry], T], *kinds: str) -> Iterator[T]:
        """Yield what each record of these kinds says, in order.

        One that cannot be read is passed over and noted in :attr:`passed_over`: whoever has the
        file can append one, and it costs itself alone.
        """
        for entry in self.case.ledger.read(kinds=kinds):
            try:
                value = read(entry)
            except MISSHAPEN:
                self.passed_over[entry.index] = entry.record.kind
                continue
            yield value

    def leave(self) -> None:
        """Let go of the case without closing it."""
        self.case.leave()


def body_of(entry: Entry) -> dict[str, Any]:
    """Return what a record says.

    Raises
    ------
    InputError, KeyError
        If it has not the shape of its kind.
    """
    check_shape(entry.record.kind, entry.record.body)
    return dict(entry.record.body)


def open_desk(
    path: Path,
    *,
    store: CaseStore,
    clock: Clock,
    operation: Operation | None = None,
    agency: str | None = None,
    read_only: bool = False,
) -> Desk:
    """Open an agency's case of an operation; with ``operation`` and ``agency``, begin one.

    Parameters
    ----------
    path : Path
        The case.
    operation, agency
        Given when the case is begun; on a case that stands they must agree with it.

    Raises
    ------
    InputError
        If there is no such case, it is not of an operation, it is another agency's, or the
        agency is not at the table.
    """
    if not store.exists(path, "ledger.sqlite") and operation is None:
        raise InputError(
            f"{path}: no case of an operation",
            hint="Begin one: cautery operation open OPERATION.toml --agency ID --case DIR",
        )
    case = open_case(path, store=store, clock=clock, read_only=read_only)
    try:
        table, own_agency = _of(case, operation, agency)
    except BaseException:
        case.leave()
        raise
    return Desk(case=case, operation=table, agency=own_agency)


@again_if_passed
def _of(case: Case, operation: Operation | None, agency: str | None) -> tuple[Operation, Agency]:
    """Return whose case this is, having begun it if it is empty."""
    opened = next(iter(case.ledger.read(kinds=(OPENED,))), None)
    if opened is not None:
        body = opened.record.body
        table = from_json(Operation, body["operation"])
        own_agency = table.agency(str(body["agency"]))
        if (operation is not None and operation.id != table.id) or agency not in {
            None,
            own_agency.id,
        }:
            raise InputError(f"{case.path}: the case of {own_agency.id} in operation {table.id}")
        if operation is not None and operation != table:
            raise InputError(
                f"{case.path}: begun with another table of {table.id} than this file has",
                hint="A case keeps the table it was begun with; begin a new one for a new table.",
            )
        return table, own_agency
    if operation is None or agency is None or case.ledger.size():
        raise InputError(f"{case.path}: this case is not an operation's")
    begun = operation.agency(agency)
    case.ledger.append(
        OPENED,
        {
            "operation": to_json(operation),
            "agency": agency,
            "version": __version__,
            "lab": operation.lab,
            "key": str(case.verifier),
            SIGNS_PARTNERS: True,
        },
        at=case.clock.now(),
        if_unchanged_since=0,
    )
    return operation, begun
