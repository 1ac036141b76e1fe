"""The schedule of unused material: a numbered line for each record and exhibit not in the bag.

So has the Crown Prosecution Service's schedule of non-sensitive material, form MG6C: each item is
described and consecutively numbered (docs/reference/sources.md, F65; the form was not read,
``[M]``). Here the code writes it, and what is withheld for a reason stands in the same list, so
that its count is never hidden. Who checks the bag counts it again (:func:`check_schedule`).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cautery.cells import plain_cell, table_of
from cautery.errors import EvidenceError
from cautery.model import ExhibitId
from cautery.model.records import KINDS, StatementRecorded, kind_of_type
from cautery.workflows.dossier.accused import Accused, Unused
from cautery.workflows.dossier.withholding import IN_PARTS, NEVER_HELD, Reason, Withheld

SCHEDULE = "schedule.csv"
MAX_SCHEDULE_BYTES = 256 << 20
"""Two million lines."""
COLUMNS = ("line", "item", "number", "what", "reason", "agency", "decided_by", "decided_on")
_MOST_CELL = 2_000
_STATEMENT = kind_of_type(StatementRecorded)


class Item(StrEnum):
    """What a line of the schedule is about."""

    RECORD = "record"
    """``number`` is its number in the case's ledger, ``what`` its kind."""
    EXHIBIT = "exhibit"
    """``number`` is its SHA-256, ``what`` the word under which it was sealed."""
    MISSING = "missing"
    """An exhibit that a record of the bag names, and that the case did not hold."""
    FILE = "file"
    """Another file of the case; ``what`` is its name."""
    STATEMENT = "statement"
    """A statement that another agency made of the person; it has no number in this ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLine:
    """One thing that is not in the bag."""

    item: Item
    number: str
    what: str
    why: Withheld


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleCount:
    """How many things of one kind are not in the bag for one reason.

    Parameters
    ----------
    count : int
        Number of lines of the schedule.
    """

    item: Item
    what: str
    why: Withheld
    count: int


def schedule_of(unused: Unused, accused: Accused) -> tuple[ScheduleLine, ...]:
    """Return the lines of the schedule: records, exhibits, files, then statements."""
    records = [
        ScheduleLine(item=Item.RECORD, number=str(index), what=kind, why=why)
        for index, (kind, why) in sorted(unused.records.items())
    ]
    exhibits = [
        ScheduleLine(item=Item.EXHIBIT, number=exhibit.removeprefix("sha256:"), what=word, why=why)
        for exhibit, (word, why) in sorted(unused.exhibits.items())
    ]
    statements = [
        ScheduleLine(item=Item.STATEMENT, number="", what=_STATEMENT, why=_of_statement(*key))
        for key, count in accused.statements.items()
        for _ in range(count)
    ]
    files = [
        ScheduleLine(item=Item.FILE, number="", what=name, why=IN_PARTS) for name in unused.files
    ]
    missing = [
        ScheduleLine(
            item=Item.MISSING, number=exhibit.removeprefix("sha256:"), what="", why=NEVER_HELD
        )
        for exhibit in unused.missing
    ]
    return (*records, *exhibits, *missing, *files, *statements)


def _of_statement(reason: str, agency: str) -> Withheld:
    if reason == Reason.ANOTHER_PERSON:
        return Withheld(reason=Reason.ANOTHER_PERSON, agency=agency)
    return Withheld(reason=Reason.HANDLING, agency=f"{reason} of {agency}")


def counts_of(lines: Iterable[ScheduleLine]) -> tuple[ScheduleCount, ...]:
    """Return how many lines there are of each kind and reason, in the order of the items."""
    counted = Counter((line.item, line.what, line.why) for line in lines)
    order = list(Item)
    return tuple(
        ScheduleCount(item=item, what=what, why=why, count=count)
        for (item, what, why), count in sorted(
            counted.items(),
            key=lambda each: (order.index(each[0][0]), each[0][1], str(each[0][2])),
        )
    )


def schedule_bytes(lines: Iterable[ScheduleLine]) -> bytes:
    """Return the schedule as CSV (RFC 4180)."""
    rows = (
        (number, line.item.value, line.number, line.what, line.why.reason.value, line.why.agency,
         line.why.by, line.why.on)
        for number, line in enumerate(lines, start=1)
    )  # fmt: skip
    return table_of([COLUMNS, *rows])


def read_schedule(raw: bytes) -> tuple[ScheduleLine, ...]:
    """Read a schedule that anybody may have written.

    Raises
    ------
    EvidenceError
        Naming the first line that is wrong.
    """
    try:
        rows = csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)
        head = next(rows, [])
        if tuple(head) != COLUMNS:
            raise EvidenceError("it does not have the columns of a schedule")
        return tuple(_line(number, row) for number, row in enumerate(rows, start=1))
    except (csv.Error, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(f"not a schedule: {error}") from error


def _line(number: int, row: list[str]) -> ScheduleLine:
    if len(row) != len(COLUMNS) or any(len(cell) > _MOST_CELL for cell in row):
        raise EvidenceError(f"line {number}: it does not have {len(COLUMNS)} short cells")
    if row[0] != str(number):
        raise EvidenceError(f"line {number}: its number is {row[0][:20]!r}")
    try:
        item, reason = Item(row[1]), Reason(row[4])
    except ValueError as error:
        raise EvidenceError(f"line {number}: {str(error)[:100]}") from error
    if item in {Item.RECORD, Item.STATEMENT} and row[3] not in KINDS:
        raise EvidenceError(f"line {number}: {row[3][:60]!r} is not a kind of record")
    why = Withheld(
        reason=reason, agency=plain_cell(row[5]), by=plain_cell(row[6]), on=plain_cell(row[7])
    )
    return ScheduleLine(item=item, number=row[2], what=plain_cell(row[3]), why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSchedule:
    """What was counted again of a schedule.

    Parameters
    ----------
    records, exhibits, statements : int
        How many lines of each it has.
    reasons : mapping of str to int
        By reason, how many.
    """

    records: int
    exhibits: int
    statements: int
    reasons: Mapping[str, int]


def check_schedule(
    raw: bytes,
    *,
    withheld: Collection[int],
    in_bag: Collection[ExhibitId],
    named: Collection[ExhibitId],
    files: int,
    stated: Mapping[str, str],
) -> CheckedSchedule:
    """Count a schedule again against the bag that it is in.

    Every record that the extract withholds must have its line, and no other record; every exhibit
    that a record of the bag names must be in the bag or have its line, and none both. Exhibits in
    the bag and lines of exhibits and files together are as many as the files that the case's key
    signed.

    Parameters
    ----------
    withheld : collection of int
        Numbers of the records that the extract commits to and does not show.
    in_bag : collection of ExhibitId
        Exhibits that lie in the bag.
    named : collection of ExhibitId
        Exhibits that the bag's records name.
    files : int
        How many files the case has, as its key signed it.
    stated : mapping of str to str
        What ``bag-info.txt`` says of the numbers: ``Cautery-Records-Withheld`` and
        ``Cautery-Exhibits-Withheld``.

    Raises
    ------
    EvidenceError
        Naming the first thing that is missing or too much.
    """
    lines = read_schedule(raw)
    records: set[int] = set()
    exhibits: set[str] = set()
    for line in lines:
        if line.item is Item.RECORD:
            number = _record_number(line.number)
            if number in records:
                raise EvidenceError(f"record {number} has two lines")
            records.add(number)
        elif line.item is Item.EXHIBIT:
            if line.number in exhibits:
                raise EvidenceError(f"exhibit {line.number[:64]} has two lines")
            exhibits.add(line.number)
    for number in sorted(set(withheld) - records):
        raise EvidenceError(f"record {number} is withheld, and the schedule hides it")
    for number in sorted(records - set(withheld)):
        raise EvidenceError(f"record {number} has a line, but is not withheld")
    bagged = {exhibit.removeprefix("sha256:") for exhibit in in_bag}
    # Who calls an exhibit missing that the case has, has one file too few below.
    listed = exhibits | {line.number for line in lines if line.item is Item.MISSING}
    for exhibit in sorted({each.removeprefix("sha256:") for each in named} - bagged - listed):
        raise EvidenceError(
            f"exhibit {exhibit} is named and not in the bag, and the schedule hides it"
        )
    for exhibit in sorted(exhibits & bagged):
        raise EvidenceError(f"exhibit {exhibit} has a line, but is in the bag")
    files_listed = {line.what for line in lines if line.item is Item.FILE}
    if len(bagged) + len(exhibits) + len(files_listed) != files:
        raise EvidenceError(
            f"{len(bagged)} exhibits in the bag, {len(exhibits)} lines of exhibits and "
            f"{len(files_listed)} of files are not the {files} files of the case that was signed"
        )
    for name, count in (
        ("Cautery-Records-Withheld", len(records)),
        ("Cautery-Exhibits-Withheld", len(exhibits)),
    ):
        if stated.get(name) != str(count):
            raise EvidenceError(f"it has {count} such lines, but bag-info.txt says {name}: "
                                f"{stated.get(name, 'nothing')[:20]}")  # fmt: skip
    return CheckedSchedule(
        records=len(records),
        exhibits=len(exhibits),
        statements=sum(line.item is Item.STATEMENT for line in lines),
        reasons=dict(sorted(Counter(line.why.reason.value for line in lines).items())),
    )


def _record_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise EvidenceError(f"{text[:20]!r} is not the number of a record")
    return int(text)
