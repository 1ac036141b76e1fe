"""A sealed run of the landmark index: sorted postings of one slice of time, packed.

A posting is 3 bytes, 12 bits reference and 12 bits frame of a slice of 4,096 frames; a table
gives each key's postings in one look at 16 bytes (1.3 bytes a key).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint import _run_kernels as _kernels
from cautery.fingerprint.audio import Words

Longs = NDArray[np.int64]
Bytes = NDArray[np.uint8]
MOST_REFERENCES = 1 << (_kernels.POSTING_BITS - _kernels.FRAME_BITS)
_LEAST_BITS = 14
"""What a key leaves of the hash's 22 bits fits a byte."""


@dataclass(frozen=True, slots=True)
class Run:
    """Sorted postings of one slice; immutable, so that a search may read while others are added.

    Parameters
    ----------
    bits : int
        Of the hash that are the key, 14 to 22.
    table : ndarray, shape (2 * records,), uint64
        A record of 12 keys: where its postings start (32 bits) and their number by key (8 bits
        each).
    rests : ndarray, shape (postings under plain keys,), uint8
        Low bits of the hash; empty if the key is all of it.
    postings : ndarray, shape (3 * postings + 1,), uint8
        ``reference << 12 | frame``, little-endian; the spare byte lets four be read at once.
        Those of hot keys, over 255 postings, come last.
    hot : ndarray, shape (postings under hot keys,), uint32
        Their hashes, rising.
    """

    bits: int
    table: NDArray[np.uint64]
    rests: Bytes
    postings: Bytes
    hot: Words
    row: Longs = field(init=False, repr=False, compare=False)
    """What the kernels need of this run."""
    tops: list[Words] = field(default_factory=list, init=False, repr=False, compare=False)
    """Kept for ``tops.tops_of``: the run's peaks, once they were asked for."""

    def __post_init__(self) -> None:
        row = np.zeros(8, np.int64)
        for column, array in (
            (_kernels.TABLE, self.table),
            (_kernels.RESTS, self.rests),
            (_kernels.POSTINGS, self.postings),
            (_kernels.HOT, self.hot),
        ):
            row[column] = array.ctypes.data
        row[_kernels.BITS], row[_kernels.HOTS] = self.bits, len(self.hot)
        row[_kernels.PLAIN] = len(self) - len(self.hot)
        object.__setattr__(self, "row", row)

    @classmethod
    def of(cls, items: Longs, spare: Longs) -> Run:
        """Sort items, in place and with a spare array of their size, and pack them."""
        _kernels.sort(items, spare)
        return cls.packed(items, _bits_for(len(items)))

    @classmethod
    def packed(cls, items: Longs, bits: int) -> Run:
        """Pack sorted items under keys of so many bits."""
        return cls(bits, *_kernels.packed(items, bits, *_room(len(items), bits)))

    @classmethod
    def merged(cls, runs: Sequence[Run]) -> Run:
        """Make one of several runs of one slice."""
        size = sum(map(len, runs))
        bits = _bits_for(size)
        rows = np.array([run.row for run in runs])
        return cls(bits, *_kernels.merged(rows, bits, *_room(size, bits)))

    @classmethod
    def of_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], *, references: int = MOST_REFERENCES
    ) -> Run:
        """Take back what ``arrays`` gave, whoever kept it; read-only memory maps will do.

        Parameters
        ----------
        references : int
            Postings may speak of fewer than that.

        Raises
        ------
        InputError
            If they are none that a run of so many references could have given.
        """
        try:
            columns = {name: np.asarray(arrays[name]) for name in _DTYPES}
        except KeyError as error:
            raise InputError("a run's arrays are not all there") from error
        for name, dtype in _DTYPES.items():
            if columns[name].dtype != dtype or columns[name].ndim != 1:
                raise InputError(f"a run's {name} are of another type")
        bits = int(columns["bits"][0]) if len(columns["bits"]) == 1 else 0
        postings, hot = (len(columns["postings"]) - 1) // 3, len(columns["hot"])
        well = (
            _LEAST_BITS <= bits <= _kernels.HASH_BITS
            and len(columns["table"]) == 2 * ((1 << bits) // _kernels.LANES + 1)
            and len(columns["postings"]) == 3 * postings + 1
            and hot <= postings < 1 << 31
            and len(columns["rests"]) == (postings - hot if bits < _kernels.HASH_BITS else 0)
        )
        if not well:
            raise InputError("a run's arrays do not fit each other")
        del columns["bits"]
        run = cls(bits, **{name: np.ascontiguousarray(column) for name, column in columns.items()})
        if not _makes_sense(run, references):
            raise InputError("a run's arrays make no sense")
        return run

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what to keep of this run, by name."""
        return {
            "bits": np.array([self.bits], np.int32),
            "table": self.table,
            "rests": self.rests,
            "postings": self.postings,
            "hot": self.hot,
        }

    def renumbered(self, first: int) -> Run:
        """Return the run with ``first`` added to the number of each reference.

        Raises
        ------
        InputError
            If a number becomes too large.
        """
        if not first or not len(self):
            return self
        postings = self.postings.copy()
        # A posting is 12 bits of the reference above 12 of the frame: its high byte, and half of
        # the byte in the middle. All numbers grow by the same, so the order stays.
        middle, high = postings[1:-1:3], postings[2:-1:3]
        numbers = (high.astype(np.int32) << 4 | middle >> 4) + first
        if numbers.max() >= MOST_REFERENCES:
            raise InputError(f"an index holds {MOST_REFERENCES} references")
        middle[:] = (middle & 15) | (numbers & 15) << 4
        high[:] = numbers >> 4
        return replace(self, postings=postings)

    def items(self) -> Longs:
        """Return hash, reference and frame of every posting, ``hash << 24 | posting``."""
        items = np.empty(len(self), np.int64)
        _kernels.unpacked(self.row, items)
        return items

    def __len__(self) -> int:
        """Return the number of postings."""
        return (len(self.postings) - 1) // 3

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(array.nbytes for array in (self.table, self.rests, self.postings, self.hot))


_DTYPES = {
    "bits": np.dtype("<i4"),
    "table": np.dtype("<u8"),
    "rests": np.dtype("u1"),
    "postings": np.dtype("u1"),
    "hot": np.dtype("<u4"),
}
FIELDS = tuple(_DTYPES)
"""Names of the arrays that make up a run."""


def _makes_sense(run: Run, references: int) -> bool:
    """Tell whether a run's arrays are such as ``packed`` gives, of no more references."""
    plain, shift = len(run) - len(run.hot), _kernels.HASH_BITS - run.bits
    # A record's first four bytes are its start, the others the counts of its keys.
    counts = run.table.view(np.uint8).reshape(-1, 16)[:, 4:].ravel()
    ends = np.cumsum(counts, dtype=np.int32)
    starts = (run.table[::2] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    if ends[-1] != plain or counts[1 << run.bits :].any():
        return False
    if starts[0] != 0 or (starts[1:] != ends[_kernels.LANES - 1 : -1 : _kernels.LANES]).any():
        return False
    if shift:
        # Rests rise but where another key begins.
        begins = np.zeros(plain + 1, np.bool_)
        begins[ends] = True
        rises = begins[1:plain] | (run.rests[1:] >= run.rests[:-1])
        if (run.rests >> shift).any() or not rises.all():
            return False
    if (run.hot >> _kernels.HASH_BITS).any() or (run.hot[1:] < run.hot[:-1]).any():
        return False
    middle, high = run.postings[1:-1:3], run.postings[2:-1:3]
    return not ((high.astype(np.uint16) << 4 | middle >> 4) >= references).any()


def _room(postings: int, bits: int) -> tuple[NDArray[np.uint64], Bytes, Bytes]:
    """Return where a run's table, rests and postings go.

    Made by NumPy, which asks for huge pages where much is held: a search jumps about in a run, and
    to look up small pages takes a quarter of its time.
    """
    return (
        np.empty(2 * ((1 << bits) // _kernels.LANES + 1), np.uint64),
        np.empty(postings if bits < _kernels.HASH_BITS else 0, np.uint8),
        np.empty(3 * postings + 1, np.uint8),
    )


def _bits_for(postings: int) -> int:
    """Return a key's bits: about four postings a key until the key is all of the hash."""
    size = postings.bit_length()
    return _kernels.HASH_BITS if size > _kernels.HASH_BITS else max(_LEAST_BITS, size - 2)
