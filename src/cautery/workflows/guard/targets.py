"""Read targets from lines or from a CSV with a ``target`` column, as a stream."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import DedicatedFact
from cautery.model.message import Message
from cautery.packed import chunks_of
from cautery.plan.guard.guard import echoed
from cautery.plan.guard.lawful import lawful_place
from cautery.plan.guard.targets import NoTargetError

MAX_LINE = 16_384
"""Longest line that is looked at: a URL of 4,096 letters with its evidence. Of a longer one the
rest is skipped, so a line of any length takes no memory."""
_LISTS = ";| \t"
_MARKS = ",;\t"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One target as asked for, with what the caller knows about it.

    Parameters
    ----------
    target : str
        As written, blanks around it aside; what cannot be a target is refused by the guard.
    suspects : tuple of str
        URLs and names with evidence against them.
    dedicated : DedicatedFact or None
        Evidence that an address is dedicated, as the caller states it.
    problem : Message or None
        Why the row cannot be used: the target is refused for it. ``None``: it can be used.
    """

    target: str
    suspects: tuple[str, ...] = ()
    lawful: tuple[str, ...] = ()
    second_approver: str | None = None
    dedicated: DedicatedFact | None = None
    problem: Message | None = None


def read_targets(path: Path) -> Iterator[Asked]:
    """Yield the targets of a file, also ``.xz``, ``.gz`` and ``.zst``, one a row, in order.

    Raises
    ------
    InputError
        If the file cannot be read, or is no text at all.
    """
    return targets_in(chunks_of(path), name=str(path))


def targets_in(chunks: Iterable[bytes], *, name: str) -> Iterator[Asked]:
    """Yield the targets in pieces of a file, in constant memory.

    The first line decides: with a cell ``target`` it heads a CSV (one row a line; commas,
    semicolons or tabs between cells; also
    ``dedicated_to``, ``evidence``, ``evidence_date``, ``suspects``, ``lawful``,
    ``second_approver``), else each line is a target. Empty lines and ``# ...`` are skipped.
    """
    lines = _lines(chunks)
    head = next(lines, b"")
    if head[:2] in _UTF16:
        raise InputError(f"{name}: UTF-16 text", hint="Save it as UTF-8.")
    head = head.removeprefix(b"\xef\xbb\xbf")
    header, mark = _header(head)
    for raw in lines if header is not None else chain((head,), lines):
        line = raw.decode("utf-8", "replace").strip(" \r\n")
        if not line.strip() or line.startswith("#"):
            continue
        if len(raw) > MAX_LINE:
            problem = message("guard.invalid-target.line", most_bytes=MAX_LINE)
            yield Asked(target=line[:80], problem=problem)
        elif header is None:
            yield Asked(target=line.strip())
        else:
            yield _row(header, line, mark)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines of at most one byte more than :data:`MAX_LINE`; what is longer is cut there."""
    tail = b""
    for chunk in chunks:
        *whole, unfinished = chunk.split(b"\n")
        for line in whole:
            yield (tail + line)[: MAX_LINE + 1]
            tail = b""
        if len(tail) <= MAX_LINE:
            tail = (tail + unfinished)[: MAX_LINE + 1]
    if tail:
        yield tail


def _header(raw: bytes) -> tuple[list[str] | None, str]:
    """Return the columns and what stands between them; of a list of lines, no columns."""
    line = raw.decode("utf-8", "replace").strip()
    for mark in _MARKS:
        cells = [cell.strip().lower() for cell in _cells(line, mark)]
        if "target" in cells:
            return cells, mark
    return None, ""


def _cells(line: str, mark: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=mark), [])
    except csv.Error:
        return []


def _row(header: list[str], line: str, mark: str) -> Asked:
    # A row is a line: an open quote must not swallow the targets that follow.
    cells = dict(zip(header, (cell.strip() for cell in _cells(line, mark)), strict=False))
    target = cells.get("target", "")
    if not target:
        return Asked(target=target, problem=message("guard.invalid-target.row"))
    try:
        dedicated = _dedicated(target, cells)
    except ValueError:
        date_text = repr(cells["evidence_date"][:40])
        problem = message("guard.invalid-target.evidence-date", written=date_text)
        return Asked(target=target, problem=problem)
    lawful = _split(cells.get("lawful", ""))
    for place in lawful:
        try:
            lawful_place(place)
        except NoTargetError:
            problem = message("guard.invalid-target.lawful", written=repr(echoed(place)[:80]))
            return Asked(target=target, problem=problem)
    return Asked(
        target=target,
        suspects=_split(cells.get("suspects", "")),
        lawful=lawful,
        second_approver=cells.get("second_approver") or None,
        dedicated=dedicated,
    )


def _dedicated(target: str, cells: dict[str, str]) -> DedicatedFact | None:
    """Return the evidence of a row; a row without customer, source or day is not evidence.

    Raises
    ------
    ValueError
        If its day is no date.
    """
    to, evidence = cells.get("dedicated_to", ""), cells.get("evidence", "")
    dated = cells.get("evidence_date", "")
    if not (to and evidence and dated):
        return None
    day = datetime.fromisoformat(dated).date() if len(dated) > 10 else date.fromisoformat(dated)
    return DedicatedFact(address=target, dedicated_to=to, evidence=evidence, evidence_date=day)


def _split(text: str) -> tuple[str, ...]:
    for mark in _LISTS[1:]:
        text = text.replace(mark, _LISTS[0])
    return tuple(part for part in text.split(_LISTS[0]) if part)
