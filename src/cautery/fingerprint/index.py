"""The landmark index: sealed runs in slices of time, dropped whole when they expire.

Segments wait until someone asks; then they become a small run, sixteen runs of a size become one
of the next, and a slice that no longer grows becomes one run: each posting moves three times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cautery.errors import InputError
from cautery.fingerprint import _index_kernels as _kernels
from cautery.fingerprint import _run_kernels as _making
from cautery.fingerprint._run_kernels import FRAME_BITS, HASH_BITS, POSTING_BITS, START
from cautery.fingerprint.audio import Ints, Landmarks, Words
from cautery.fingerprint.run import MOST_REFERENCES, Longs, Run

__all__ = ["MOST_REFERENCES", "SLICE_FRAMES", "Index", "Peak", "Run", "Snapshot"]
SLICE_FRAMES = 1 << FRAME_BITS
"""65.5 s: what a posting's 12 bits hold; ten slices hold the usual window
(docs/reference/sources.md, F35)."""
_PER_WORD = 64
"""Postings followed per landmark, on average: 2,500 channels have 100 to 220. Beyond it the
commonest hashes are left out, which say least: a tenth of a true place's votes goes with two
thirds of the work. Where all are common, as with one feed on many channels, the rarest still
speak."""
# Two bins short of what BIN_BITS can number: a vote in the last bin counts in the one after it.
_MOST_WINDOW = (1 << _kernels.BIN_BITS) * _kernels.BIN_FRAMES - 2 * _kernels.BIN_FRAMES
_FAN = 16
"""Runs merged at a time: at a second's worth a run three moves of a posting, at four, two."""
_MOST_WAITING = 1 << 20


class Peak(NamedTuple):
    """A reference and offset with many votes.

    ``offset`` is the reference's frame minus the probe's, less the ``base`` of the search.
    """

    reference: int
    offset: int
    votes: int


class Snapshot:
    """The runs of one moment, searchable by any thread."""

    def __init__(self, slices: Mapping[int, Sequence[Run]]) -> None:
        self._runs = [(number, run) for number in sorted(slices) for run in slices[number]]
        # Rows hold bare addresses of the runs' arrays: ``_runs`` keeps these alive as long as a
        # search may read them, also when the index drops the slice meanwhile.
        self._rows = np.array([run.row for _, run in self._runs], np.int64).reshape(-1, 8)
        self._rows[:, START] = [number * SLICE_FRAMES for number, _ in self._runs]

    @property
    def runs(self) -> list[tuple[int, Run]]:
        """Each run, and the frame at which it begins."""
        return [(number * SLICE_FRAMES, run) for number, run in self._runs]

    def candidates(
        self, landmarks: Landmarks, *, base: int, low: int, high: int, least: int, most: int = 64
    ) -> list[Peak]:
        """Return the references and offsets that most of a probe's landmarks speak for.

        Parameters
        ----------
        base : int
            Frame of the reference axis that probe frame 0 is compared with.
        low, high : int
            Offsets searched, frames, ``high`` excluded, relative to ``base``; at most 18 h.
        least : int
            Votes under which an offset is not told, at least 1.
        most : int
            How many are told.

        Returns
        -------
        list of Peak
            Best first. A landmark votes once for an offset; offsets are counted in windows of
            128 ms every 64 ms. Where hashes have over 64 postings each on average, only the
            rarest vote.

        Raises
        ------
        InputError
            If the search spans too much.
        """
        if high - low > _MOST_WINDOW:
            raise InputError(f"offsets: at most {_MOST_WINDOW} frames at once")
        if not len(self._rows) or not len(landmarks.words) or high <= low:
            return []
        reference, window, votes = _kernels.voted(
            self._rows, landmarks.words, landmarks.frames,
            base=base, low=low, high=high, least=least, per_word=_PER_WORD,
        )  # fmt: skip
        order = np.lexsort((window, reference, -votes))[:most]
        offset = window[order] * _kernels.BIN_FRAMES + low
        peaks = zip(reference[order].tolist(), offset.tolist(), votes[order].tolist(), strict=True)
        return [Peak(*peak) for peak in peaks]


class _Scratch(NamedTuple):
    """Room to seal in, kept from seal to seal: fresh memory costs as much as what is done in it."""

    words: Words
    frames: Ints
    items: Longs
    spare: Longs

    @classmethod
    def of(cls, size: int) -> _Scratch:
        return cls(
            np.empty(size, np.uint32), np.empty(size, np.int32),
            np.empty(size, np.int64), np.empty(size, np.int64),
        )  # fmt: skip


class Index:
    """Live insertion, expiry by slice. The owner locks; snapshots need no lock."""

    def __init__(self) -> None:
        self._slices: dict[int, list[Run]] = {}
        self._waiting: list[tuple[int, Landmarks, int]] = []
        self._count = 0
        self._expired: int | None = None
        self._closed = 0
        self._scratch = _Scratch.of(0)

    def add(self, reference: int, landmarks: Landmarks, *, start: int) -> None:
        """Add landmarks of a reference; their arrays must not change afterwards.

        Parameters
        ----------
        start : int
            Reference frame of the landmarks' frame 0.

        Raises
        ------
        InputError
            If there are too many references.
        """
        if not 0 <= reference < MOST_REFERENCES:
            raise InputError(f"an index holds {MOST_REFERENCES} references")
        self._waiting.append((reference, landmarks, start))
        self._count += len(landmarks.words)
        if self._count >= _MOST_WAITING:
            self._seal()

    def expire(self, before: int) -> None:
        """Drop slices that end at or before frame ``before``; what is older is not taken again."""
        expired = before // SLICE_FRAMES
        self._expired = expired if self._expired is None else max(expired, self._expired)
        for number in [number for number in self._slices if number < expired]:
            del self._slices[number]

    def snapshot(self) -> Snapshot:
        """Seal what waits and return all that is held."""
        return Snapshot(self.runs())

    def runs(self) -> dict[int, tuple[Run, ...]]:
        """Seal what waits and return the runs of slices; ``k`` starts at ``k * SLICE_FRAMES``."""
        self._seal()
        return {number: tuple(self._slices[number]) for number in sorted(self._slices)}

    def adopt_runs(self, number: int, runs: Sequence[Run]) -> None:
        """Take over runs of slice ``number``, as ``runs`` gave them."""
        self._slices.setdefault(number, []).extend(runs)

    def compact(self, *, spared: float = 0.0) -> None:
        """Make each slice one run, the smallest form and the quickest to search.

        Parameters
        ----------
        spared : float
            Share of a slice that may lie in further runs: while more comes in, to merge all each
            time would cost the square of what is held.
        """
        self._seal()
        for number, runs in self._slices.items():
            sizes = [len(run) for run in runs]
            if len(runs) > 1 and sum(sizes) - max(sizes) >= spared * sum(sizes):
                self._slices[number] = [Run.merged(runs)]
        self._scratch = _Scratch.of(0)

    def everything(self) -> tuple[Words, Words, Longs]:
        """Return (hash, reference, frame) of every posting."""
        parts = [(number, run.items()) for number, runs in self.runs().items() for run in runs]
        items = np.concatenate([postings for _, postings in parts] or [np.empty(0, np.int64)])
        starts = np.repeat(
            np.array([number * SLICE_FRAMES for number, _ in parts], np.int64),
            [len(postings) for _, postings in parts],
        )
        references = items >> FRAME_BITS & (MOST_REFERENCES - 1)
        return (
            (items >> POSTING_BITS).astype(np.uint32),
            references.astype(np.uint32),
            starts + (items & (SLICE_FRAMES - 1)),
        )

    @property
    def nbytes(self) -> int:
        """Bytes held in sealed runs."""
        return sum(run.nbytes for runs in self._slices.values() for run in runs)

    def _seal(self) -> None:
        """Make runs of what waits, by slice, and merge runs of a size."""
        waiting, self._waiting, self._count = self._waiting, [], 0
        if not waiting:
            return
        ends = np.cumsum([len(landmarks.words) for _, landmarks, _ in waiting])
        references = np.array([reference for reference, _, _ in waiting], np.int64)
        starts = np.array([start for _, _, start in waiting], np.int64)
        scratch = self._scratch
        if ends[-1] > len(scratch.items):
            scratch = self._scratch = _Scratch.of(int(ends[-1]))
        words = np.concatenate(
            [landmarks.words for _, landmarks, _ in waiting], out=scratch.words[: ends[-1]]
        )
        frames = np.concatenate(
            [landmarks.frames for _, landmarks, _ in waiting], out=scratch.frames[: ends[-1]]
        )
        for number in sorted({*_making.slices_of(frames, ends, starts).tolist()}):
            if self._expired is None or number >= self._expired:
                count = _making.items_of(
                    words, frames, ends, references, starts, number, scratch.items
                )
                runs = self._slices.setdefault(number, [])
                runs.append(Run.of(scratch.items[:count], scratch.spare[:count]))
                _tidy(runs)
        # The newest slice and the one before still grow: feeds lag behind each other.
        closing = max(self._slices, default=0) - 1
        for number, runs in self._slices.items():
            largest = max(map(len, runs))
            # A slice is merged once, when it closes. What still comes into it waits until it weighs
            # half of the largest run: merged each time, every late segment would have the whole
            # slice written again.
            late = 2 * (sum(map(len, runs)) - largest) > largest
            if number < closing and len(runs) > 1 and (late or number >= self._closed):
                self._slices[number] = [Run.merged(runs)]
        self._closed = max(closing, self._closed)


def _level(run: Run) -> int:
    return len(run).bit_length() // 4


def _tidy(runs: list[Run]) -> None:
    """Merge sixteen runs of a level, and a factor of sixteen parts levels, to one above."""
    level = _level(runs[-1])
    while len(same := [run for run in runs if _level(run) == level]) >= _FAN:
        runs[:] = [*(run for run in runs if _level(run) != level), Run.merged(same)]
        level += 1


def warm() -> None:
    """Compile and cache the kernels."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 1 << HASH_BITS, 300).astype(np.uint32)
    landmarks = Landmarks(words, np.arange(300, dtype=np.int32))
    index = Index()
    index.add(0, landmarks, start=0)
    snapshot = index.snapshot()
    snapshot.candidates(landmarks, base=0, low=-100, high=100, least=5)
    index.add(1, landmarks, start=0)
    index.compact()
    for run in index.runs()[0]:
        Run.of_arrays(run.arrays()).items()
