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
        for one in np.unique(slices).tolist():
            mine = slices == one
            for kind, values in kinds.items():
                if values is not None:
                    self.pieces.setdefault(one, []).append((kind, number, 0, values[mine]))

    def code(self, number: int, first: int, words: NDArray[np.uint32]) -> None:
        """Note bit-error codes from a number of their grid on."""
        while len(words):
            one = first // _CODES
            left = (one + 1) * _CODES - first
            self.pieces.setdefault(one, []).append(("codes", number, first, words[:left]))
            first, words = first + left, words[left:]

    def expire(self, before: int) -> None:
        """Forget slices that end at or before a frame."""
        self.marks.expire(before)
        for one in [key for key in self.pieces if (key + 1) * SLICE_FRAMES <= before]:
            del self.pieces[one]

    def only(self, last: int) -> None:
        """Forget slices after ``last``."""
        self.marks = only(self.marks, last)
        for one in [key for key in self.pieces if key > last]:
            del self.pieces[one]

    def take(self) -> tuple[dict[int, tuple[Run, ...]], dict[int, Held]]:
        """Return runs and pieces by slice."""
        return self.marks.runs(), {one: by_reference(parts) for one, parts in self.pieces.items()}

    def before(self, older: Unsaved) -> None:
        """Take back what could not be written."""
        for number, runs in older.marks.runs().items():
            self.marks.adopt_runs(number, runs)
        newer, self.pieces = self.pieces, older.pieces
        for one, parts in newer.items():
            self.pieces.setdefault(one, []).extend(parts)


def by_reference(parts: Iterable[tuple[str, int, int, Array]]) -> Held:
    """Order pieces by kind and reference; those of one reference stay as they came."""
    found: dict[str, dict[int, list[tuple[int, Array]]]] = {}
    for kind, number, first, values in parts:
        found.setdefault(kind, {}).setdefault(number, []).append((first, values))
    return {kind: sorted(mine.items()) for kind, mine in found.items()}


def only(index: Index, last: int) -> Index:
    """Return an index without the slices after ``last``."""
    kept = Index()
    for number, runs in index.runs().items():
        if number <= last:
            kept.adopt_runs(number, runs)
    return kept
