"""The exhibits of a claim: how many of each kind, and the file that lists them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable

from cautery.cells import table_of
from cautery.messages import say, tr
from cautery.model.times import iso
from cautery.pages.case_report.view import SealedLine, StreamView

EXHIBITS = "exhibits.csv"
_COLUMNS = ("claim", "url", "what", "sha256", "bytes", "sealed_by_this_clock", "not_after",
            "encrypted", "in_bag")  # fmt: skip
_ANSWERS = {None: "", True: "yes", False: "no"}


def exhibit_list(proven: Iterable[StreamView], *, in_bag: Container[str] | None) -> bytes:
    """Return a line for each exhibit of some streams, in the order of their claims; CSV (RFC 4180).

    Bytes have a *not after* only: by then others had seen a root over the record that seals them.
    When they were captured is a claim of the machine's clock.

    Parameters
    ----------
    in_bag : container of str or None
        Exhibits that the bag holds; ``None``: all.
    """
    lines = [
        (
            number,
            stream.url,
            say(line.what),
            line.exhibit.removeprefix("sha256:"),
            "" if line.size is None else line.size,
            "" if line.sealed_at is None else iso(line.sealed_at),
            "" if line.not_after is None else iso(line.not_after),
            _ANSWERS[line.encrypted],
            _ANSWERS[in_bag is None or line.exhibit in in_bag],
        )
        for number, stream in enumerate(proven, start=1)
        for line in stream.sealed
    ]
    return table_of([_COLUMNS, *lines]) if lines else b""


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
