"""Turn chunks of bytes into lines of text, in bounded memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from cautery.cells import require_few_columns
from cautery.errors import InputError

SEPARATORS = (",", ";", "\t")


def separator_of(head: str) -> str:
    """Return what parts the cells of a table's first line; a comma where nothing does."""
    return max(
        SEPARATORS, key=lambda separator: (head.count(separator), -SEPARATORS.index(separator))
    )


def as_utf8(chunks: Iterable[bytes], named: str) -> Iterator[bytes]:
    """Yield a file's bytes as they are; UTF-16 that says so, as UTF-8.

    Raises
    ------
    InputError
        If it says so, and is not.
    """
    pieces = iter(chunks)
    first = next(pieces, b"")
    pieces = chain((first,), pieces)
    if not first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from pieces
        return
    try:
        yield from (text.encode() for text in codecs.iterdecode(pieces, "utf-16"))
    except UnicodeError as error:
        raise InputError(f"{named}: it begins as UTF-16 text, but is not valid UTF-16") from error


def lines_of(chunks: Iterable[bytes], *, longest: int) -> Iterator[str]:
    r"""Yield lines with their ends, as UTF-8; other bytes become the replacement character.

    Parameters
    ----------
    longest : int
        Bytes of a line that are read; the rest of a longer one is skipped.

    Examples
    --------
    >>> list(lines_of([b"a\nb", b"bbbb\r\nc"], longest=3))
    ['a\n', 'bbb\n', 'c\n']
    """
    partial = bytearray()
    for chunk in chunks:
        *ended, tail = chunk.split(b"\n")
        if ended:
            partial += ended[0][: longest - len(partial)]
            yield _text(bytes(partial))
            partial.clear()
            yield from _texts(ended[1:], longest)
        partial += tail[: longest - len(partial)]
    if partial:
        yield _text(bytes(partial))


def rows_of(lines: Iterable[str], named: str = "the table") -> csv.DictReader[str]:
    r"""Read a table by the names of its columns, in small letters, whatever parts its cells.

    Raises
    ------
    InputError
        If it has thousands of columns.

    Examples
    --------
    >>> list(rows_of(["Title;Country\n", "Arena 1;ES\n"]))
    [{'title': 'Arena 1', 'country': 'ES'}]
    """
    waiting = iter(lines)
    head = next(waiting, "")
    rows = csv.DictReader(
        chain((head,), waiting), delimiter=separator_of(head), skipinitialspace=True
    )
    require_few_columns(rows, named)
    rows.fieldnames = [fieldname.strip().lower() for fieldname in rows.fieldnames or ()]
    return rows


def _texts(lines: list[bytes], longest: int) -> Iterator[str]:
    """Yield whole lines; lists of millions of short ones are decoded at once."""
    if any(len(line) > longest for line in lines):
        lines = [line[:longest] for line in lines]
    for line in b"\n".join(lines).decode("utf-8", "replace").split("\n") if lines else ():
        yield line.removesuffix("\r").removeprefix("\ufeff") + "\n"


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff") + "\n"
