"""What is held of one reference: its sound's newest end, its pictures and its bit-error codes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.video import Signature, signature
from cautery.identify.references.hearing import Hearing
from cautery.identify.references.rolling import Array, Rolling
from cautery.model.media import LUMA_SHAPE
from cautery.model.picture_part import WHOLE, Part


@dataclass(frozen=True)
class Pictures:
    """The pictures of a reference that are held, on the reference's axis."""

    times: NDArray[np.float64]
    cells: NDArray[np.float16]
    recipe: Recipe

    @cached_property
    def signature(self) -> Signature:
        """What is searched by for every probe."""
        return signature(self.cells, self.times, self.recipe)

    def part(self, part: Part) -> Signature:
        """Return what probes are searched by that show a part of the picture; kept."""
        if part == WHOLE:
            return self.signature
        if part not in self._parts:
            self._parts[part] = signature(self.cells, self.times, self.recipe, part=part)
        return self._parts[part]

    @cached_property
    def _parts(self) -> dict[Part, Signature]:
        return {}


@dataclass
class Track:
    """One reference. Whoever reads or changes it holds ``lock``, and takes no other track's.

    Parameters
    ----------
    hearing : Hearing or None
        The run of sound that the next segment may join.
    first_s, end_s : float or None
        Reference times between which sound is held.
    times, cells, luma : list of ndarray
        Pictures by segment; ``luma`` is empty where none is kept.
    codes : Rolling
        Bit-error code words (uint32); word ``i`` of the grid lies at frame ``i * WORD_FRAMES``.
    """

    hearing: Hearing | None = None
    first_s: float | None = None
    end_s: float | None = None
    times: list[NDArray[np.float64]] = field(default_factory=list)
    cells: list[NDArray[np.float16]] = field(default_factory=list)
    luma: list[NDArray[np.uint8]] = field(default_factory=list)
    codes: Rolling = field(default_factory=Rolling)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _pictures: Pictures | None = None

    @property
    def empty(self) -> bool:
        """Tell whether nothing was ever held."""
        return self.first_s is None and not self.times

    @property
    def newest_s(self) -> float | None:
        """Return the newest reference time of sound or picture."""
        ends = [self.end_s] if self.end_s is not None else []
        ends += [float(self.times[-1][-1])] if self.times else []
        return max(ends, default=None)

    def see(
        self,
        times: NDArray[np.float64],
        cells: NDArray[np.float16],
        luma: NDArray[np.uint8] | None,
        *,
        apart_s: float,
        window_s: float,
    ) -> dict[str, Array | None]:
        """Add pictures that are newer than those held by at least ``apart_s``.

        Times further from the newest ones than the window, either way, begin anew.

        Returns
        -------
        dict
            What was new, by kind.
        """
        fresh = np.ones(len(times), np.bool_)
        if self.times:
            last_s = float(self.times[-1][-1])
            if last_s - window_s < times[-1] and times[0] < last_s + window_s:
                fresh = times > last_s + apart_s
            else:  # the axis was moved: the media in memory have no place on it
                self.times, self.cells, self.luma = [], [], []
        times, cells = times[fresh], cells[fresh]
        luma = luma[fresh] if luma is not None else None
        if len(times):
            self.times.append(times)
            self.cells.append(cells)
            if luma is not None:
                self.luma.append(luma)
            self._pictures = None
        return {"times": times, "cells": cells, "luma": luma}

    def pictures(self, recipe: Recipe) -> Pictures | None:
        """Return the pictures that are held, ``None`` without any."""
        with self.lock:
            if not self.times:
                return None
            if self._pictures is None:
                times, cells = np.concatenate(self.times), np.concatenate(self.cells)
                self._pictures = Pictures(times, cells, recipe)
            return self._pictures

    def luma_between(
        self, start_s: float, end_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return times and 36x64 pictures of a stretch; empty where none are kept."""
        with self.lock:
            parts = [
                (times, luma)
                for times, luma in zip(self.times, self.luma, strict=False)
                if times[-1] >= start_s and times[0] <= end_s
            ]
        if not parts:
            return np.empty(0), np.empty((0, *LUMA_SHAPE), np.uint8)
        times = np.concatenate([part_times for part_times, _ in parts])
        inside = (times >= start_s) & (times <= end_s)
        return times[inside], np.concatenate([part_luma for _, part_luma in parts])[inside]

    def expire(self, before_s: float, before_code: int) -> None:
        """Forget what lies wholly before a reference time."""
        expired = 0
        while expired < len(self.times) and self.times[expired][-1] < before_s:
            expired += 1
        if expired:
            self.times, self.cells = self.times[expired:], self.cells[expired:]
            self.luma = self.luma[expired:]
            self._pictures = None
        self.codes.drop(before_code)
        if self.first_s is not None and self.end_s is not None:
            self.first_s = max(self.first_s, min(before_s, self.end_s))

    def pieces(self, kind: str) -> list[tuple[int, Array]]:
        """Return the media of a kind of ``_packed.KINDS``, in order, with their grid numbers."""
        if kind == "codes":
            return self.codes.pieces()
        arrays: list[Array] = getattr(self, kind)
        return [(0, array) for array in arrays]


def joined(
    pieces: Sequence[tuple[int, NDArray[np.uint32]]],
) -> list[tuple[int, NDArray[np.uint32]]]:
    """Put pieces that follow on one another into one: a probe may lie over their borders.

    A live folder's files hold a piece for each time that they were written.
    """
    runs: list[tuple[int, list[NDArray[np.uint32]]]] = []
    end: int | None = None
    for first, words in pieces:
        if runs and first == end:
            runs[-1][1].append(words)
        else:
            runs.append((first, [words]))
        end = first + len(words)
    return [
        (first, parts[0] if len(parts) == 1 else np.concatenate(parts)) for first, parts in runs
    ]
