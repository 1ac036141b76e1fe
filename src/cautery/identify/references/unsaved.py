"""What came in since a live folder was last written, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import Landmarks
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.fingerprint.index import SLICE_FRAMES, Index, Run
from cautery.identify.references.rolling import Array

Held = dict[str, list[tuple[int, list[tuple[int, Array]]]]]
"""By kind: (reference, its pieces), references rising."""
_CODES = SLICE_FRAMES // WORD_FRAMES


@dataclass
class Unsaved:
    """Collects; whoever uses it holds the references' lock."""

    marks: Index = field(default_factory=Index)
    pieces: dict[int, list[tuple[str, int, int, Array]]] = field(default_factory=dict)
    """By slice: kind, reference, grid number and values, as they came."""

    def add(self, number: int, marks: Landmarks, start: int) -> None:
        """Note landmarks."""
        self.marks.add(number, marks, start=start)

    def see(
        self, number: int, slices: NDArray[np.int64], kinds: Mapping[str, Array | None]
    ) -> None:
        """Note pictures, given each one's slice."""
        for slice_ in np.unique(slices).tolist():
            inside = slices == slice_
            for kind, values in kinds.items():
                if values is not None:
                    self.pieces.setdefault(slice_, []).append((kind, number, 0, values[inside]))

    def code(self, number: int, first: int, words: NDArray[np.uint32]) -> None:
        """Note bit-error codes from a number of their grid on."""
        while len(words):
            slice_ = first // _CODES
            left = (slice_ + 1) * _CODES - first
            self.pieces.setdefault(slice_, []).append(("codes", number, first, words[:left]))
            first, words = first + left, words[left:]

    def expire(self, before: int) -> None:
        """Forget slices that end at or before a frame."""
        self.marks.expire(before)
        for slice_ in [key for key in self.pieces if (key + 1) * SLICE_FRAMES <= before]:
            del self.pieces[slice_]

    def only(self, last: int) -> None:
        """Forget slices after ``last``."""
        self.marks = only(self.marks, last)
        for slice_ in [key for key in self.pieces if key > last]:
            del self.pieces[slice_]

    def take(self) -> tuple[dict[int, tuple[Run, ...]], dict[int, Held]]:
        """Return runs and pieces by slice."""
        return self.marks.runs(), {
            slice_: by_reference(parts) for slice_, parts in self.pieces.items()
        }

    def before(self, older: Unsaved) -> None:
        """Take back what could not be written."""
        for number, runs in older.marks.runs().items():
            self.marks.adopt_runs(number, runs)
        newer, self.pieces = self.pieces, older.pieces
        for slice_, parts in newer.items():
            self.pieces.setdefault(slice_, []).extend(parts)


def by_reference(parts: Iterable[tuple[str, int, int, Array]]) -> Held:
    """Order pieces by kind and reference; those of one reference stay as they came."""
    by_kind: dict[str, dict[int, list[tuple[int, Array]]]] = {}
    for kind, number, first, values in parts:
        by_kind.setdefault(kind, {}).setdefault(number, []).append((first, values))
    return {kind: sorted(by_number.items()) for kind, by_number in by_kind.items()}


def only(index: Index, last: int) -> Index:
    """Return an index without the slices after ``last``."""
    remaining = Index()
    for number, runs in index.runs().items():
        if number <= last:
            remaining.adopt_runs(number, runs)
    return remaining
