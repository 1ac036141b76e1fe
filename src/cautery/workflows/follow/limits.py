"""How much one run reads and holds, whatever its files unpack to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from sys import getsizeof

from cautery.model.descent import TraitSeen

MOST_TRAITS_AT_ONCE = 100_000
"""Traits of one run: to seal, sort and follow them takes five seconds. Judgement."""
MOST_BYTES_HELD = 200_000_000
"""Memory of their hosts and values, of which a catalogue's order may be eight thousand letters."""
MOST_BYTES_READ = 100_000_000
"""Unpacked bytes of all files of one run: rows that bring nothing take as long to read."""
MOST_LINES_READ = 100_000
"""Lines or objects of all files of one run, which take three seconds however short they are."""


class Limits:
    """Counts what one run reads and holds.

    Parameters
    ----------
    warnings : list of str
        Takes a sentence on each file of which a part was not read.
    """

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings
        self._read = self._lines = self._held = self._traits = 0

    def may_read(self, path: Path) -> bool:
        """Tell whether a run may read more; if not, the file is told of."""
        if self._read < MOST_BYTES_READ and self._lines < MOST_LINES_READ:
            return True
        self._warn(path)
        return False

    def within(self, chunks: Iterable[bytes], path: Path) -> Iterator[bytes]:
        """Yield a file's chunks, as long as a run may read more."""
        for chunk in chunks:
            part = _of_lines(chunk[: MOST_BYTES_READ - self._read], MOST_LINES_READ - self._lines)
            self._read += len(part)
            self._lines += max(part.count(b"\n"), part.count(b"{"))
            yield part
            if len(part) < len(chunk):
                self._read = MOST_BYTES_READ
                self._warn(path)
                return

    def hold(self, trait: TraitSeen) -> bool:
        """Tell whether a run may hold a further trait, and count it if so."""
        size = getsizeof(trait.entity) + getsizeof(trait.value)
        if self._traits >= MOST_TRAITS_AT_ONCE or self._held + size > MOST_BYTES_HELD:
            return False
        self._traits += 1
        self._held += size
        return True

    def _warn(self, path: Path) -> None:
        self._warnings.append(
            f"{path}: not read to its end: one run reads {MOST_BYTES_READ:,} bytes, unpacked, "
            f"and {MOST_LINES_READ:,} lines; give the rest to a later run, in files of its own"
        )


def _of_lines(chunk: bytes, most: int) -> bytes:
    """Return as much of a chunk as has no more than so many lines or objects."""
    for sign in (b"\n", b"{"):  # an export of a log may be one line
        if chunk.count(sign) > most:
            chunk = b"".join(line + sign for line in chunk.split(sign, most)[:most])
    return chunk
