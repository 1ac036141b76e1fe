"""The landmark index: sealed runs in slices of time, dropped whole when they expire.

A posting is 4 bytes: 12 bits reference, 20 bits frame (wraps after 4.6 h; searches look at a
window far shorter). A run is a counting sort by the top bits of the hash. The newest slice is a
few runs that merge as they grow, so insertion is live and costs O(log n) moves per posting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint import _kernels
from cautery.fingerprint.audio import Ints, Landmarks, Words

MOST_REFERENCES = 1 << 12
SLICE_FRAMES = 3750
"""60 s: ten slices hold the usual window (section 3)."""
_MOST_HITS = 4_000_000
_HOT_HITS = 512
"""A hash with more hits in one run says nothing; a typical one has 92 at 2,500 channels."""


@dataclass(frozen=True, slots=True)
class Run:
    """Sorted postings; immutable, so that a search may read while others are added."""

    bits: int
    offsets: Ints
    words: Words
    postings: Words

    @classmethod
    def of(cls, words: Words, postings: Words) -> Run:
        """Sort postings."""
        bits = int(min(_kernels.HASH_BITS, max(8, len(words).bit_length())))
        return cls(bits, *_kernels.sealed(words, postings, bits))

    def unsorted(self) -> tuple[Words, Words]:
        """Return hashes and postings."""
        if self.bits < _kernels.HASH_BITS:
            return self.words, self.postings
        keys = np.arange(1 << self.bits, dtype=np.uint32)
        return np.repeat(keys, np.diff(self.offsets)), self.postings

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.offsets.nbytes + self.words.nbytes + self.postings.nbytes


@dataclass(frozen=True, slots=True)
class Peak:
    """A reference and offset with many votes; ``offset`` is reference minus probe frames."""

    reference: int
    offset: int
    votes: int


@dataclass(frozen=True, slots=True)
class Hits:
    """Which probe landmarks met which reference frames."""

    probe: Ints
    postings: Words

    def of(self, reference: int) -> tuple[Ints, NDArray[np.int64]]:
        """Return (probe landmark, frame mod 2^20) of one reference."""
        mine = (self.postings >> _kernels.FRAME_BITS) == reference
        return self.probe[mine], (self.postings[mine] & _kernels.FRAME_MASK).astype(np.int64)


class Snapshot:
    """The runs of one moment, searchable by any thread."""

    def __init__(self, runs: tuple[Run, ...]) -> None:
        self._runs = runs

    def hits(self, landmarks: Landmarks) -> Hits:
        """Return all hits of a probe, by rising probe landmark."""
        most = 0
        for run in self._runs:
            keys = landmarks.words >> (_kernels.HASH_BITS - run.bits)
            most += int((run.offsets[keys + 1] - run.offsets[keys]).sum())
        room = min(most, _MOST_HITS)
        probe, postings = np.empty(room, np.int32), np.empty(room, np.uint32)
        at = 0
        for run in self._runs:
            at = _kernels.gathered(
                landmarks.words, run.offsets, run.bits, run.words, run.postings,
                _HOT_HITS, probe, postings, at,
            )  # fmt: skip
        order = np.argsort(probe[:at], kind="stable")
        return Hits(probe[:at][order], postings[:at][order])

    def peaks(
        self, landmarks: Landmarks, hits: Hits, *, base: int, low: int, high: int, least: int
    ) -> list[Peak]:
        """Return offsets with at least ``least`` votes, best first.

        Parameters
        ----------
        base : int
            Frame of the reference axis that probe frame 0 is compared with.
        low, high : int
            Offsets searched, frames, ``high`` excluded, relative to ``base``.
        """
        size = 1 << max(10, (4 * len(hits.probe)).bit_length())
        reference, bins, votes = _kernels.voted(
            hits.probe, hits.postings, landmarks.frames, base, low, high, least, size
        )
        order = np.lexsort((bins, reference, -votes))[:4096]
        return [
            Peak(int(reference[k]), int(bins[k]) * _kernels.BIN_FRAMES + low, int(votes[k]))
            for k in order
        ]


class Index:
    """Live insertion, expiry by slice. The owner locks; snapshots need no lock."""

    def __init__(self) -> None:
        self._slices: dict[int, list[Run]] = {}
        self._waiting: dict[int, list[tuple[Words, Words]]] = {}

    def add(self, reference: int, landmarks: Landmarks, *, start: int) -> None:
        """Add landmarks whose frame 0 is frame ``start`` of the reference axis.

        Raises
        ------
        InputError
            If there are too many references.
        """
        if not 0 <= reference < MOST_REFERENCES:
            raise InputError(f"an index holds {MOST_REFERENCES} references")
        if not len(landmarks.words):
            return
        frames = landmarks.frames.astype(np.int64) + start
        postings = np.int64(reference) << _kernels.FRAME_BITS | frames & _kernels.FRAME_MASK
        slices = frames // SLICE_FRAMES
        for one in np.unique(slices):
            mine = slices == one
            self._waiting.setdefault(int(one), []).append(
                (landmarks.words[mine], postings[mine].astype(np.uint32))
            )

    def expire(self, before: int) -> None:
        """Drop slices that end at or before frame ``before``."""
        for held in (self._slices, self._waiting):
            for one in [key for key in held if (key + 1) * SLICE_FRAMES <= before]:
                del held[one]

    def snapshot(self) -> Snapshot:
        """Seal what waits and return all runs."""
        for one, parts in self._waiting.items():
            runs = self._slices.setdefault(one, [])
            runs.append(
                Run.of(
                    np.concatenate([words for words, _ in parts]),
                    np.concatenate([postings for _, postings in parts]),
                )
            )
            while len(runs) > 1 and 2 * len(runs[-1].postings) >= len(runs[-2].postings):
                pairs = [runs.pop().unsorted(), runs.pop().unsorted()]
                runs.append(
                    Run.of(
                        np.concatenate([words for words, _ in pairs]),
                        np.concatenate([postings for _, postings in pairs]),
                    )
                )
        self._waiting.clear()
        return Snapshot(tuple(run for key in sorted(self._slices) for run in self._slices[key]))

    def everything(self) -> tuple[Words, Words, NDArray[np.int64]]:
        """Return (hash, reference, frame) of every posting."""
        self.snapshot()
        parts = [
            (*run.unsorted(), key) for key in sorted(self._slices) for run in self._slices[key]
        ]
        if not parts:
            empty = np.empty(0, np.uint32)
            return empty, empty, np.empty(0, np.int64)
        words: Words = np.concatenate([one for one, _, _ in parts])
        postings: Words = np.concatenate([one for _, one, _ in parts])
        start = np.concatenate(
            [np.full(len(one), key * SLICE_FRAMES, np.int64) for one, _, key in parts]
        )
        frames = start + ((postings.astype(np.int64) - start) & _kernels.FRAME_MASK)
        numbers: Words = (postings >> _kernels.FRAME_BITS).astype(np.uint32)
        return words, numbers, frames.astype(np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes held in sealed runs."""
        return sum(run.nbytes for runs in self._slices.values() for run in runs)
