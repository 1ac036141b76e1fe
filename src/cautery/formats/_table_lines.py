"""The numbered lines of a seized table: empty lines are skipped, too long ones reported."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.formats._buffer import Buffer
from cautery.formats._seized import unread
from cautery.formats._tally import Tally
from cautery.formats._text import decode_line
from cautery.formats._values import ReadWarning
from cautery.messages import message

LONGEST_LINE = 65_536
"""Bytes; judgement: a line of such a table has some hundreds."""


def table_lines(buffer: Buffer, tally: Tally) -> Iterator[tuple[int, str] | ReadWarning]:
    """Yield each line with its number and without its end, the last one also where it has none."""
    number = 0
    while (raw := _line(buffer)) is not None:
        number += 1
        if len(raw) > LONGEST_LINE:
            yield from unread(
                tally, number, message("unread.long-line", most_bytes=LONGEST_LINE), raw
            )
        elif raw.strip():
            yield number, decode_line(raw).strip("\r\n")


def _line(buffer: Buffer) -> bytes | None:
    line = buffer.take_line(most_bytes=LONGEST_LINE)
    if line is not None:
        return line
    tail = buffer.data[buffer.at :]
    buffer.at = len(buffer.data)
    return tail or None
