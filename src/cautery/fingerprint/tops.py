"""The references' own spectral peaks, and what a probe has where they lie.

Where another sound is louder than a programme, a probe's own peaks are mostly that sound's. The
reference's peaks are known: what the probe has in their cells is summed, at every place of all
references, so that a dozen cells a second that each stand out by a little name it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint import _run_kernels as _making
from cautery.fingerprint import _top_kernels as _kernels
from cautery.fingerprint.audio import Floats, Words
from cautery.fingerprint.relief import STEPS
from cautery.fingerprint.run import Longs, Run

SAMPLED = 256
"""Windows of a sample."""
FEW = 16
"""Peaks under which a sum counts as one of so many: a handful is no evidence."""
_ROOM = 1 << 16
"""Places that may be over what is asked for. Later ones are dropped."""
_SCALE = 24
"""Of relief in whole numbers, as the search adds it up."""
# Of a normal distribution, whose third quartile lies 0.6745 sigma above the mean.
_SIGMA_PER_MAD = 1.4826


class Cells(NamedTuple):
    """Peaks of a reference: frames from a beginning, steps of 1/60 octave, and whose they are."""

    frames: Longs
    steps: Longs
    window: Longs


class Found(NamedTuple):
    """A reference, an offset in frames, and by how much the probe stands out there."""

    reference: int
    offset: int
    sum: float


@dataclass(frozen=True, slots=True)
class Tops:
    """The peaks of many references.

    Parameters
    ----------
    keys : ndarray, shape (peaks,), uint32
        ``reference << 20 | frame << 8 | step``, rising in each run.
    bounds : ndarray, shape (runs, references + 1), int64
        Where those of each reference lie in ``keys``.
    begins : ndarray, shape (runs,), int64
        Frame from which a run's count.
    """

    keys: Words
    bounds: Longs
    begins: Longs
    _samples: dict[int, Cells] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, runs: Iterable[tuple[int, Run]], references: int, *, keep: bool = False) -> Tops:
        """Take the peaks out of an index's runs, each with the frame at which it begins.

        Parameters
        ----------
        keep : bool
            Keep them with each run, where this is asked again when others have come in.
        """
        by_begin: dict[int, list[Words]] = {}
        for begin, run in runs:
            by_begin.setdefault(begin, []).append(tops_of(run, keep=keep))
        numbers = np.arange(references + 1, dtype=np.uint64) << 20
        held = [
            (begin, keys, np.searchsorted(keys, numbers))
            for begin in sorted(by_begin)
            for keys in _apart(by_begin[begin], numbers)
        ]
        ends = np.cumsum([0, *(len(keys) for _, keys, _ in held)])
        bounds = [bound + end for (_, _, bound), end in zip(held, ends, strict=False)]
        return cls(
            np.concatenate([np.empty(0, np.uint32), *(keys for _, keys, _ in held)]),
            np.array(bounds, np.int64).reshape(len(held), references + 1),
            np.array([begin for begin, _, _ in held], np.int64),
        )

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.keys.nbytes + self.bounds.nbytes

    def within(self, reference: int, first: int, last: int) -> Cells:
        """Return a reference's peaks at frames from ``first`` to before ``last``."""
        frames, steps = _kernels.within(self.keys, self.bounds, self.begins, reference, first, last)
        return Cells(frames, steps, np.zeros(len(frames), np.int64))

    def sample(self, frames: int) -> Cells:
        """Return the peaks in 256 windows of so many frames, spread over all references."""
        if frames not in self._samples:
            size = SAMPLED if len(self.keys) else 0
            # By reference and time, so that the same is sampled however the runs are cut.
            starts = self.bounds[:, :-1].T.ravel()
            counts = np.diff(self.bounds, axis=1).T.ravel()
            before = np.cumsum(counts) - counts
            places = np.linspace(0, len(self.keys), size, endpoint=False).astype(np.int64)
            # The last that begins there is the one that is not empty.
            pieces = np.searchsorted(before, places, side="right") - 1
            begins = starts[pieces] + places - before[pieces]
            # A window is its first peak and those behind it, in its run and of its reference.
            ends = starts[pieces] + counts[pieces]
            parts = [self.keys[begin:end] for begin, end in zip(begins, ends, strict=True)]
            at = [((part >> 8 & 4095) - (part[:1] >> 8 & 4095)).astype(np.int64) for part in parts]
            sizes = [int(np.searchsorted(one, frames)) for one in at]
            nothing = np.empty(0, np.int64)
            self._samples[frames] = Cells(
                np.concatenate([nothing, *map(_cut, at, sizes)]),
                np.concatenate([nothing, *map(_cut, parts, sizes)]).astype(np.int64) & 255,
                np.repeat(np.arange(size), sizes),
            )
        return self._samples[frames]

    def found(
        self,
        relief: Floats,
        *,
        low: int,
        high: int,
        least: float,
        most: int,
        among: Collection[int] | None = None,
    ) -> list[Found]:
        """Return where the probe stands out most at the references' peaks.

        Parameters
        ----------
        relief : ndarray, shape (frames, 256), float32
            Of 5.12 s at most.
        low, high : int
            Offsets searched, frames, ``high`` excluded.
        least : float
            Relief over the root of the number of peaks, from which a place may be told.
        most : int
            How many are told.
        among : collection of int, optional
            References to look at; ``None``: all.
        """
        length = len(relief) // _kernels.GRID
        every = np.arange(self.bounds.shape[1] - 1)
        numbers = every if among is None else np.array(sorted(among), every.dtype)
        if not length or not len(self.keys) or not len(numbers):
            return []
        kept = relief[: length * _kernels.GRID].reshape(length, _kernels.GRID, STEPS).mean(axis=1)
        assert length <= _kernels.LENGTH
        filled = -(-length // _kernels.LANES) * _kernels.LANES
        rows = np.zeros((STEPS, _kernels.LENGTH), np.int16)
        # Backwards, and the places that fill it up are before the probe's first.
        rows[:, _kernels.LENGTH - length :] = np.rint(kept[::-1].T * _SCALE)
        sums, references, places = (
            np.empty(_ROOM, kind) for kind in (np.float32, np.int32, np.int64)
        )
        count = _kernels.stood(
            self.keys, self.bounds, self.begins, numbers, rows, filled,
            low // _kernels.GRID, -(-high // _kernels.GRID), FEW, np.float32(least * _SCALE),
            sums, references, places,
        )  # fmt: skip
        best = np.argsort(sums[:count], kind="stable")[::-1][:most]
        return [
            Found(int(references[k]), int(places[k]) * _kernels.GRID, float(sums[k]) / _SCALE)
            for k in best
        ]


def sums_near(
    relief: Floats, cells: Cells, offsets: Longs, *, tempo: float = 1.0, pitch_steps: int = 0
) -> NDArray[np.float64]:
    """Return a probe's relief at some peaks, over the root of their number, by offset."""
    sums: NDArray[np.float64] = _kernels.near(
        relief, cells.frames, cells.steps, offsets, tempo, pitch_steps, FEW
    )
    return sums


def chances_at(
    relief: Floats,
    cells: Cells,
    offset: int,
    mean: float,
    *,
    tempo: float = 1.0,
    pitch_steps: int = 0,
) -> tuple[float, float]:
    """Return two mean squares of such a sum, as these peaks have them by chance.

    Of the sums less ``mean`` of the probe turned in time; and, if what lies within a quarter of a
    second is one event, of what such events have.
    """
    by_turns, by_bursts = _kernels.by_chance(
        relief, cells.frames, cells.steps, offset, tempo, pitch_steps, FEW, mean
    )
    return float(by_turns), float(by_bursts)


def sums_at(
    relief: Floats, cells: Cells, offsets: Longs, *, tempo: float = 1.0, pitch_steps: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a probe's relief at some peaks, and which of them it has at each offset.

    Returns
    -------
    relief : ndarray, shape (offsets, peaks), float64
        0 where the probe does not reach.
    inside : ndarray, shape (offsets, peaks), bool
    """
    at = np.rint((cells.frames - offsets[:, None]) / tempo).astype(np.int64)
    steps = cells.steps + pitch_steps
    inside = (at >= 0) & (at < len(relief)) & (steps >= 0) & (steps < STEPS)
    return np.where(
        inside, relief[np.where(inside, at, 0), np.where(inside, steps, 0)], 0.0
    ), inside


def _apart(runs: list[Words], numbers: Longs) -> list[Words]:
    """Return the keys of one slice, so that no two runs of it speak of one reference.

    A peak next to where a segment ended is in two runs, and would count twice: what a probe scores
    would depend on when its references were written.
    """
    spoken = sum((np.diff(np.searchsorted(keys, numbers)) > 0).astype(np.int64) for keys in runs)
    if len(runs) == 1 or np.max(spoken, initial=0) <= 1:
        return runs
    keys = np.concatenate(runs)
    keys.sort()
    return [keys[np.append(True, keys[1:] != keys[:-1])]]


def _cut(part: NDArray[np.integer[Any]], size: int) -> NDArray[np.integer[Any]]:
    return part[:size]


def tops_of(run: Run, *, keep: bool = False) -> Words:
    """Return a run's peaks, ``reference << 20 | frame << 8 | step``, rising, each once.

    They are the first ones of its landmarks; what is alone in its band for two seconds is missed.
    """
    if run.tops:
        return run.tops[0]
    items = run.items()
    step = items >> (_making.POSTING_BITS + 14)  # the highest 8 bits of the hash
    posting = items & ((1 << _making.POSTING_BITS) - 1)
    keys = (posting << 8 | step).astype(np.uint32)
    keys.sort()
    # Not np.unique, which takes a hash of all of them.
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    if keep:
        run.tops.append(keys)
    return keys


def warm() -> None:
    """Compile the kernels."""
    keys = np.arange(0, 4096 << 8, 999, dtype=np.uint32)
    tops = Tops(keys, np.array([[0, len(keys)]]), np.zeros(1, np.int64))
    relief, cells = np.ones((40, STEPS), np.float32), tops.within(0, 0, 40)
    tops.found(relief, low=-400, high=400, least=0.0, most=1)
    sums_near(relief, cells, np.zeros(1, np.int64))
    chances_at(relief, cells, 0, 0.0)
