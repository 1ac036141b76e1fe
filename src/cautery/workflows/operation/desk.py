"""An agency's desk: its own case of an operation, opened to be written or only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from cautery import __version__
from cautery.errors import BrokenSealError, InputError
from cautery.evidence.leaf import record_of
from cautery.evidence.ports import CaseStore
from cautery.model import MISSHAPEN, Agency, Operation
from cautery.model.ledger import append, filed
from cautery.model.ports import Clock
from cautery.model.records import Entry, OperationOpened, kinds_of
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.open import Case, open_case

T = TypeVar("T")


@dataclass(slots=True)
class _Heard:
    """The records of a type among the first ``size`` of a ledger."""

    size: int = 0
    pairs: list[tuple[Entry, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One agency's open case of one operation."""

    case: Case
    opening: OperationOpened
    """The record that opened it."""
    passed_over: dict[int, str] = field(default_factory=dict)
    """Records read so far that do not say what their kind says: their kinds, by number."""
    _read: dict[Callable[[Any], Any], tuple[int, Any]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What functions made of the records, and how many there were."""
    _heard: dict[type, _Heard] = field(default_factory=dict, repr=False, compare=False)
    """The records of a type that were read so far."""
    _keepers: dict[type, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def operation(self) -> Operation:
        """The operation, as its table was when the case was opened."""
        return self.opening.operation

    @property
    def agency(self) -> Agency:
        """Whose case it is."""
        return self.operation.agency(self.opening.agency)

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
        content: object,
        *,
        at: datetime | None = None,
        if_unchanged_since: int | None = None,
        unless: Sequence[type] = (),
    ) -> Entry:
        """Append a typed record; ``at`` defaults to the clock's now.

        Raises
        ------
        ConflictError
            If a record of the types in ``unless`` came in since the ledger had that size.
        """
        return append(
            self.case.ledger,
            content,
            at=at or self.case.clock.now(),
            if_unchanged_since=if_unchanged_since,
            unless=unless,
        )

    def record_all(
        self,
        contents: Sequence[object],
        *,
        at: datetime | None = None,
        if_unchanged_since: int | None = None,
        unless: Sequence[type] = (),
    ) -> tuple[Entry, ...]:
        """Append several typed records at once, all of them or none, as :meth:`record`."""
        moment = at or self.case.clock.now()
        return self.case.ledger.append_all(
            [(*filed(content), moment) for content in contents],
            if_unchanged_since=if_unchanged_since,
            kinds=kinds_of(*unless),
        )

    def size(self) -> int:
        """Return the number of records: what a decision that is made now rests on."""
        return self.case.ledger.size()

    def once(self, read: Callable[[Self], T], *shapes: type) -> T:
        """Return what a function makes of the records, which it reads anew once there are more.

        Parameters
        ----------
        shapes : type
            Types of the records that the function reads; none: of all.
        """
        # Counted before the records are read: what another process appends meanwhile is new.
        count = sum(len(self._pairs(shape)) for shape in shapes) if shapes else self.size()
        before = self._read.get(read)
        if before is None or before[0] != count:
            before = self._read[read] = count, read(self)
        return cast("T", before[1])

    def keeper(self, made: type[T]) -> T:
        """Return this desk's one object of a type, for what a function keeps from call to call."""
        if made not in self._keepers:
            self._keepers[made] = made()
        return cast("T", self._keepers[made])

    def contents(self, *shapes: type[T]) -> Iterator[tuple[Entry, T]]:
        """Yield the records of some types in order, each with its entry.

        Each is read once: a desk goes on from the last one that it read. One that does not have
        the shape of its kind is passed over and noted in :attr:`passed_over`: whoever has the file
        can append one, and it costs itself alone.
        """
        if len(shapes) == 1:
            yield from (*self._pairs(shapes[0]),)
            return
        pairs = [pair for shape in shapes for pair in self._pairs(shape)]
        yield from sorted(pairs, key=lambda pair: pair[0].index)

    def _pairs(self, shape: type[T]) -> list[tuple[Entry, T]]:
        """Return the records of a type, having read those that came since the last call."""
        size, heard = self.size(), self._heard.get(shape)
        if heard is None or heard.size > size:
            heard = self._heard[shape] = _Heard()
        if heard.size < size:
            for entry in self.case.ledger.read(since=heard.size, kinds=kinds_of(shape)):
                content = _content_of(entry.leaf)
                if isinstance(content, shape):
                    heard.pairs.append((entry, content))
                else:
                    self.pass_over(entry)
                heard.size = entry.index + 1
            # The size was taken before: what another process appended meanwhile is new.
            heard.size = max(heard.size, size)
        return heard.pairs

    def pass_over(self, entry: Entry) -> None:
        """Note a record that counts for nothing."""
        self.passed_over[entry.index] = entry.record.kind

    @contextmanager
    def passing_over(self, entry: Entry) -> Iterator[None]:
        """Pass over a record that turns out, while it is looked at, not to hold what it says."""
        try:
            yield
        except BrokenSealError:
            raise  # the record is right: what it names is no longer what was sealed
        except MISSHAPEN:
            self.pass_over(entry)

    def leave(self) -> None:
        """Let go of the case without closing it."""
        self.case.leave()


@lru_cache(maxsize=1 << 14)
def _content_of(leaf: bytes) -> object:
    """Return what a record says; a desk is read often, and its leaves never change."""
    return record_of(leaf, canonical=False).content


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
            f"{path}: not the case of an operation",
            hint="Begin one: cautery operation open OPERATION.toml --agency ID --case DIR",
        )
    regime = None if operation is None else operation.regime
    case = open_case(path, store=store, clock=clock, read_only=read_only, regime=regime)
    try:
        opening = _opening_of(case, operation, agency)
    except BaseException:
        case.leave()
        raise
    return Desk(case=case, opening=opening)


def desk_in(case: Case) -> Desk:
    """Return the desk whose case is open already.

    Raises
    ------
    InputError
        If it is not of an operation.
    """
    return Desk(case=case, opening=_opening_of(case, None, None))


@again_if_passed
def _opening_of(case: Case, operation: Operation | None, agency: str | None) -> OperationOpened:
    """Return the record that opened a case, having begun the case if it is empty."""
    first = next(iter(case.ledger.read(kinds=kinds_of(OperationOpened))), None)
    if first is not None:
        if not isinstance(first.content, OperationOpened):
            raise InputError(f"{case.path}: its record {first.index} does not open a desk")
        _check_opening(case, first.content, operation, agency)
        return first.content
    if operation is None or agency is None or case.ledger.size():
        raise InputError(
            f"{case.path}: this case does not belong to an operation",
            hint=(
                "An operation has regime led: only a competent authority opens its case, by "
                "cautery operation open."
            ),
        )
    opening = OperationOpened(
        operation=operation,
        agency=operation.agency(agency).id,
        version=__version__,
        lab=operation.lab,
        key=str(case.verifier),
        partners_signed=True,
    )
    append(case.ledger, opening, at=case.clock.now(), if_unchanged_since=0)
    return opening


def _check_opening(
    case: Case, opening: OperationOpened, operation: Operation | None, agency: str | None
) -> None:
    """Refuse a case that another agency, or another table, was expected to have begun."""
    table = opening.operation
    own_agency = table.agency(opening.agency)
    if (operation is not None and operation.id != table.id) or agency not in {None, own_agency.id}:
        raise InputError(
            f"{case.path}: this is the case of {own_agency.id} in operation {table.id}"
        )
    if operation is not None and operation != table:
        raise InputError(
            f"{case.path}: the case was begun with a table of {table.id} that differs from this "
            "file",
            hint=(
                "A case keeps the table with which it was begun. For a new table, begin a new case."
            ),
        )
