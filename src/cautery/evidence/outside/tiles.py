"""A log as static files of hashes, and proofs made from them (c2sp.org/tlog-tiles).

A tile is 256 hashes of one level; each hash of level ``l`` is the root of a full tile of level
``l - 1``. Any inclusion or consistency proof needs a few tiles, whatever the size of the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import islice

from cautery.errors import EvidenceError, InputError
from cautery.evidence.merkle import Frontier

WIDTH = 256
"""Hashes of a full tile (c2sp.org/tlog-tiles)."""
HASH_BYTES = 32
"""SHA-256."""
_HEIGHT = 8
"""A full tile has 2^8 hashes (C2SP tlog-tiles)."""
_CACHED_TILES = 64

Read = Callable[[str], bytes]
"""Returns the bytes of a tile by its path, such as ``tile/0/x001/067``."""


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Return the path of a tile, ``tile/L/N[.p/W]``.

    Parameters
    ----------
    level : int
        0: the hashes of leaves.
    number : int
        Its place in the level, from 0.
    width : int
        Hashes in it; below 256 it is partial.
    """
    digits = f"{number:d}"
    # Groups of three digits, all but the last marked: no folder has more than a thousand entries
    # (c2sp.org/tlog-tiles).
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{path}" + ("" if width == WIDTH else f".p/{width}")


def partial_paths(size: int) -> tuple[str, ...]:
    """Return the paths of the partial tiles of a log, level 0 first.

    Parameters
    ----------
    size : int
        Leaves of the log.
    """
    paths = []
    for level in range(_levels(size)):
        count = size >> (_HEIGHT * level)
        if count % WIDTH:
            paths.append(tile_path(level, count // WIDTH, count % WIDTH))
    return tuple(paths)


class Tiling:
    """Makes the tiles of a growing log; it keeps one partial tile a level.

    Parameters
    ----------
    size : int
        Leaves so far.
    read : callable, optional
        Reads the partial tiles of that size; not needed for an empty log.

    Raises
    ------
    EvidenceError
        If a partial tile does not have its width.
    """

    def __init__(self, size: int = 0, read: Read | None = None) -> None:
        self._counts: list[int] = []
        self._rows: list[list[bytes]] = []
        for level in range(_levels(size)):
            count = size >> (_HEIGHT * level)
            width = count % WIDTH
            row: list[bytes] = []
            if width and read is not None:
                row = _hashes(read(tile_path(level, count // WIDTH, width)), width)
            self._counts.append(count - width)
            self._rows.append(row)

    def extend(self, leaves: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
        """Take leaf *hashes* and yield path and bytes of each tile that they fill."""
        pending = iter(leaves)
        while True:
            row = self._row(0)
            row.extend(islice(pending, WIDTH - len(row)))
            if len(row) < WIDTH:
                return
            level = 0
            while len(row) == WIDTH:
                yield tile_path(level, self._counts[level] // WIDTH), b"".join(row)
                node = _root_of_full(row)
                self._counts[level] += WIDTH
                row.clear()
                level += 1
                row = self._row(level)
                row.append(node)

    def _row(self, level: int) -> list[bytes]:
        while level >= len(self._rows):
            self._rows.append([])
            self._counts.append(0)
        return self._rows[level]

    def partials(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and bytes of each partial tile as the log stands."""
        for level, row in enumerate(self._rows):
            if row:
                yield tile_path(level, self._counts[level] // WIDTH, len(row)), b"".join(row)


class Tiles:
    """Proofs over a log of which the tiles can be read.

    Parameters
    ----------
    size : int
        Leaves of the log; its partial tiles are those of this size.
    read : callable
        Reads a tile by its path.
    """

    def __init__(self, size: int, read: Read) -> None:
        self.size = size
        self._read = read
        self._tile = lru_cache(maxsize=_CACHED_TILES)(self._fetch)

    def root(self) -> bytes:
        """Return the root of the whole log."""
        return self._range(0, self.size)

    def leaf(self, index: int) -> bytes:
        """Return the hash of one leaf.

        Raises
        ------
        InputError
            If there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise InputError(f"the log of {self.size} leaves has no leaf {index}")
        return self._range(index, index + 1)

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the audit path of a leaf (RFC 9162, section 2.1.3.1).

        Raises
        ------
        InputError
            If there is no such leaf.
        EvidenceError
            If a tile is missing or has another width.
        """
        if not 0 <= index < self.size:
            raise InputError(f"the log of {self.size} leaves has no leaf {index}")
        path: list[bytes] = []
        start, end = 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, earlier: int) -> tuple[bytes, ...]:
        """Return the proof that the log begins with its first leaves (RFC 9162, 2.1.4.1).

        Parameters
        ----------
        earlier : int
            How many leaves; 0 needs no proof.

        Raises
        ------
        InputError
            If the log has fewer.
        EvidenceError
            If a tile is missing or has another width.
        """
        if not 0 <= earlier <= self.size:
            raise InputError(f"no consistency proof exists from size {earlier} to {self.size}")
        path: list[bytes] = []
        start, end, is_known = 0, self.size, True
        while earlier and earlier != end:
            middle = start + _split(end - start)
            if earlier <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start, is_known = middle, False
        if not is_known:
            path.append(self._range(start, end))
        return tuple(reversed(path))

    def _range(self, start: int, end: int) -> bytes:
        """Return the root of some leaves; ``start`` is the edge of a subtree as large as them."""
        peaks = []
        place, left = start, end - start
        while left:
            step = 1 << (left.bit_length() - 1)
            peaks.append(self._subtree(place, step))
            place, left = place + step, left - step
        return Frontier(end - start, tuple(peaks)).root()

    def _subtree(self, start: int, width: int) -> bytes:
        """Return the root of a complete subtree from the tile that holds its hashes."""
        height = width.bit_length() - 1
        # A full tile's own root stands in the level above it: fewer tiles are read.
        level = height // _HEIGHT
        unit = 1 << (_HEIGHT * level)
        first = start // unit
        tile = self._tile(level, first // WIDTH)
        at, count = first % WIDTH, width // unit
        if at + count > len(tile):
            raise EvidenceError(f"tile {level}/{first // WIDTH} has only {len(tile)} hashes")
        return Frontier().extend(tile[at : at + count]).root()

    def _fetch(self, level: int, number: int) -> list[bytes]:
        count = self.size >> (_HEIGHT * level)
        width = min(WIDTH, count - number * WIDTH)
        if width < 1:
            raise EvidenceError(f"a log of {self.size} leaves has no tile {level}/{number}")
        return _hashes(self._read(tile_path(level, number, width)), width)


def _hashes(tile: bytes, width: int) -> list[bytes]:
    if len(tile) != width * HASH_BYTES:
        raise EvidenceError(f"a tile of {width} hashes has {len(tile)} bytes")
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def _root_of_full(tile: list[bytes]) -> bytes:
    """Return the root of 256 hashes, level by level: a million leaves have four thousand tiles."""
    nodes = tile
    while len(nodes) > 1:
        pairs = zip(nodes[::2], nodes[1::2], strict=True)
        nodes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return nodes[0]


def _levels(size: int) -> int:
    return max(1, -(-size.bit_length() // _HEIGHT)) if size else 0


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
