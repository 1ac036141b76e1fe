"""Bytes that come in chunks, held only as far as somebody may still look at them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BLANKS = re.compile(rb"\s*+")


class Buffer:
    """A window on a stream of bytes.

    ``data`` are the bytes in memory, and ``at`` is how far they are read; ``passed`` counts all
    bytes that lie before ``at``, from the beginning.
    """

    __slots__ = ("_bytes_dropped", "_chunks", "_counted", "_lines", "at", "data", "ended")

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._bytes_dropped = 0
        self._lines = 1
        self._counted = 0
        self.data = b""
        self.at = 0
        self.ended = False

    @property
    def passed(self) -> int:
        """Bytes read so far."""
        return self._bytes_dropped + self.at

    @property
    def line(self) -> int:
        """The number of the line that is read now, from 1."""
        if self.at > self._counted:
            self._lines += self.data.count(b"\n", self._counted, self.at)
            self._counted = self.at
        return self._lines

    def more(self) -> bool:
        """Take one chunk more, and let go of what has been read; False at the end."""
        chunk = next(self._chunks, None)
        if chunk is None:
            self.ended = True
            return False
        _ = self.line
        self._counted = 0
        self._bytes_dropped += self.at
        self.data = self.data[self.at :] + chunk
        self.at = 0
        return True

    def past_blanks(self) -> bytes:
        """Read blanks, and return the byte behind them without reading it; none at the end."""
        while True:
            self.at = _BLANKS.match(self.data, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.data) or not self.more():
                return self.data[self.at : self.at + 1]

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Read what matches here."""
        if match := pattern.match(self.data, self.at):
            self.at = match.end()
        return match

    def match_more(self, pattern: re.Pattern[bytes], *, most_bytes: int) -> re.Match[bytes] | None:
        """Read what matches here, taking more chunks while it does not, up to ``most_bytes``.

        The pattern says by its last letter that it is whole, for no more is then looked at.
        """
        while (match := self.match(pattern)) is None:
            tried = len(self.data) - self.at
            if tried > most_bytes or not self.more():
                return None
            # Tried again at every chunk, a long row would be looked at as often as it has chunks.
            while len(self.data) - self.at < 2 * tried and self.more():
                pass
        return match

    def seek(self, pattern: re.Pattern[bytes], *, keep: int) -> re.Match[bytes] | None:
        """Read up to the end of the next match; without one, to the end of everything.

        ``keep`` is how many bytes the longest match has, less one.
        """
        start = self.at
        while True:
            match = pattern.search(self.data, start)
            if match is not None and (match.end() < len(self.data) or self.ended):
                self.at = match.end()
                return match
            start = match.start() if match is not None else max(start, len(self.data) - keep)
            self.at = start
            if not self.more():
                if match is not None:
                    continue
                self.at = len(self.data)
                return None
            start = 0

    def take_line(self, *, most_bytes: int) -> bytes | None:
        """Read a line without its end; of one longer than ``most_bytes`` only so many and one.

        ``None`` at the end; a last line without an end is no whole line, and is not returned.
        """
        while (end := self.data.find(b"\n", self.at)) < 0:
            if len(self.data) - self.at > most_bytes:
                piece = self.data[self.at : self.at + most_bytes + 1]
                self.at = len(self.data)
                while self.more():
                    if (end := self.data.find(b"\n", self.at)) >= 0:
                        self.at = end + 1
                        break
                    self.at = len(self.data)
                return piece
            if not self.more():
                return None
        line = self.data[self.at : end]
        self.at = end + 1
        return line
