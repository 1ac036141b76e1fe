"""Runs of entries as nearly all lists write them, many at once.

Each means what the reader of single lines makes of it, which is ten times slower and takes whatever
is written otherwise.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cautery.formats import _m3u_kernels as kernels
from cautery.formats._values import PlaylistEntry, made_entries

MOST_RUN = 512
"""Of a piece of 64 KB about all; so many entries lie in memory at once."""
HEADERS = {"referrer": "Referer", "user-agent": "User-Agent"}


class Runs:
    """One block of a list, read run by run.

    Parameters
    ----------
    block : bytes
        Whole lines of UTF-8, each ended by LF but maybe the last.
    """

    def __init__(self, block: bytes) -> None:
        self._data = np.frombuffer(block, np.uint8)
        room = len(block) + 4 * MOST_RUN
        self._main, self._attributes, self._headers = (np.empty(room, np.uint8) for _ in range(3))
        self._shape = np.empty((MOST_RUN, 4), np.int32)

    def read(self, at: int, number: int, *, most: int) -> tuple[list[PlaylistEntry], int]:
        """Return the usual entries from a place on, and where reading goes on.

        Parameters
        ----------
        number : int
            Lines before that place.
        """
        count, after, _, sizes = kernels.usual(
            self._data, at, self._shape[:most], self._main, self._attributes, self._headers
        )
        if count == 0:
            return [], at
        titles, urls = _texts(self._main, sizes[0])
        attributes = tuple(zip(*_texts(self._attributes, sizes[1]), strict=True))
        headers = tuple(
            (HEADERS.get(name) or name.title(), value.strip())
            for name, value in zip(*_texts(self._headers, sizes[2]), strict=True)
        )
        seconds, pair_ends, header_ends, lines = self._shape[:count].T.tolist()
        pairs = [attributes[start:end] for start, end in pairwise([0, *pair_ends])]
        entries = made_entries(
            urls=urls,
            titles=(
                title.strip() or _named(pair) for title, pair in zip(titles, pairs, strict=True)
            ),
            durations=(float(claimed) if claimed else None for claimed in seconds),
            attributes=pairs,
            headers=(headers[start:end] for start, end in pairwise([0, *header_ends])),
            lines=(number + line for line in lines),
        )
        return list(entries), after


def _texts(buffer: np.ndarray, size: int) -> tuple[list[str], list[str]]:
    texts = buffer[:size].tobytes().decode().split("\0")
    return texts[0:-1:2], texts[1::2]


def _named(pairs: tuple[tuple[str, str], ...]) -> str | None:
    return next((value for name, value in pairs if name == "tvg-name"), "") or None
