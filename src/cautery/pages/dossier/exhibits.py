"""The exhibits of a claim: how many of each kind, and the file that lists them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from cautery.cells import table_of
from cautery.messages import say, tr
from cautery.model.times import iso
from cautery.pages.case_report.view import SealedLine, StreamView

EXHIBITS = "exhibits.csv"
_COLUMNS = ("claim", "url", "what", "sha256", "bytes", "sealed_by_this_clock", "not_after",
            "encrypted", "in_bag")  # fmt: skip
_ANSWERS = {None: "", True: "yes", False: "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitLine:
    """One exhibit of a claim.

    Bytes have a *not after* only: by then others had seen a root over the record that seals them.
    When they were captured is a claim of the machine's clock.

    Parameters
    ----------
    claim : int
        Number of the claim.
    url : str
        Its stream.
    what : str
        What it is, in the language in use.
    digest : str
        SHA-256, 64 hex digits.
    size : int or None
        Its bytes, where a record says so.
    sealed_at, not_after : datetime or None
        When it was sealed by this machine's clock; by when others had seen it.
    encrypted : bool or None
        Whether only a holder of the case's keys can open it.
    in_bag : bool
        Whether the reader is handed it.
    """

    claim: int
    url: str
    what: str
    digest: str
    size: int | None
    sealed_at: datetime | None
    not_after: datetime | None
    encrypted: bool | None
    in_bag: bool


def exhibit_lines(
    proven: Iterable[StreamView], *, in_bag: Container[str] | None
) -> tuple[ExhibitLine, ...]:
    """Return a line for each exhibit of some streams, in the order of their claims.

    Parameters
    ----------
    in_bag : container of str or None
        Exhibits that the bag holds; ``None``: all.
    """
    return tuple(
        ExhibitLine(
            claim=number,
            url=stream.url,
            what=say(line.what),
            digest=line.exhibit.removeprefix("sha256:"),
            size=line.size,
            sealed_at=line.sealed_at,
            not_after=line.not_after,
            encrypted=line.encrypted,
            in_bag=in_bag is None or line.exhibit in in_bag,
        )
        for number, stream in enumerate(proven, start=1)
        for line in stream.sealed
    )


def exhibit_list(lines: Iterable[ExhibitLine]) -> bytes:
    """Return the lines of the exhibits as CSV (RFC 4180); without a line, nothing."""
    rows = [
        (
            line.claim,
            line.url,
            line.what,
            line.digest,
            "" if line.size is None else line.size,
            "" if line.sealed_at is None else iso(line.sealed_at),
            "" if line.not_after is None else iso(line.not_after),
            _ANSWERS[line.encrypted],
            _ANSWERS[line.in_bag],
        )
        for line in lines
    ]
    return table_of([_COLUMNS, *rows]) if rows else b""


def counted(
    lines: tuple[SealedLine, ...], in_bag: Container[str] | None
) -> tuple[tuple[str, str], ...]:
    """Return how many exhibits there are of each kind, marked where a reader cannot open them."""
    counts: Counter[str] = Counter()
    for line in lines:
        marks = (
            *((tr("encrypted"),) if line.encrypted else ()),
            *(() if in_bag is None or line.exhibit in in_bag else (tr("not in this bag"),)),
        )
        what = say(line.what)
        counts[f"{what} ({', '.join(marks)})" if marks else what] += 1
    return tuple((what, str(count)) for what, count in sorted(counts.items()))
