"""A probe's signature slid along a reference's: where it may lie.

All lags at once, by Fourier transforms that the reference keeps; several views of a probe share
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cautery.fingerprint.video import LONGEST, SHORT, Floats, Signature, Slides, Times

_BATCH = 32_768
"""Places that are transformed together; more no longer fit into a core's cache."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Normalised correlation of a probe at every lag of a reference.

    Parameters
    ----------
    lags_s : ndarray, shape (lags,), float64
        Probe start minus the reference time it was compared with, rising.
    strength : ndarray, shape (lags,), float32
        -1 to 1.
    """

    lags_s: Times
    strength: Floats

    def best(self) -> tuple[float, float, float]:
        """Return (lag in seconds, strength, largest strength over 1 s away)."""
        if not len(self.strength):
            return 0.0, 0.0, 0.0
        at = int(np.argmax(self.strength))
        peak = float(self.strength[at])
        lag_s = float(self.lags_s[at])
        if 0 < at < len(self.strength) - 1:
            left, right = float(self.strength[at - 1]), float(self.strength[at + 1])
            bend = left - 2 * peak + right
            if bend < 0:
                step_s = float(self.lags_s[1] - self.lags_s[0])
                lag_s += 0.5 * (left - right) / bend * step_s
        far = np.abs(self.lags_s - self.lags_s[at]) > 1.0
        return lag_s, peak, float(self.strength[far].max()) if far.any() else 0.0


def correlate(probe: Signature, reference: Signature, *, low_s: float, high_s: float) -> Alignment:
    """Slide a probe along a reference.

    Parameters
    ----------
    low_s, high_s : float
        Lags searched: probe start minus reference time, on the axes of the signatures.
    """
    count, length = min(LONGEST, probe.change.shape[1]), reference.change.shape[1]
    nothing = Alignment(np.empty(0), np.empty(0, np.float32))
    if count < 8 or length < count // 2:
        return nothing
    rate = probe.rate_hz
    first, last = _places(probe, reference, low_s, high_s)
    if last < first:
        return nothing
    slides = reference.slides(_longest([probe]))
    dot = _products(_together([probe], slides.block), slides, first, last)[0]
    places = np.arange(first, last + 1)
    energy = reference.energy
    reference_energy = (
        energy[np.clip(places + count, 0, length)] - energy[np.clip(places, 0, length)]
    )
    probe_energy = probe.energy
    covered = (
        probe_energy[np.clip(length - places, 0, count)] - probe_energy[np.clip(-places, 0, count)]
    )
    # A floor for both energies: where next to nothing moves, the quotient would turn a small
    # product into a match. ``_video_kernels.strongest`` has the same.
    least = 0.02 * float(probe_energy[count]) + 1e-6
    scale = np.sqrt(np.maximum(reference_energy, least) * np.maximum(covered, least))
    lags = probe.start_s - (reference.start_s + places / rate)
    return Alignment(lags[::-1], (dot / scale).astype(np.float32)[::-1])


@dataclass(frozen=True, slots=True)
class Peaks:
    """Local maxima of several views in several references, strongest first.

    Parameters
    ----------
    strength : ndarray, shape (peaks,), float32
        -1 to 1.
    lag_s : ndarray, shape (peaks,), float64
        As in :class:`Alignment`.
    view, reference : ndarray, shape (peaks,), int64
        Their numbers.
    """

    strength: Floats
    lag_s: Times
    view: NDArray[np.int64]
    reference: NDArray[np.int64]


class Patterns:
    """Several views of one probe, slid along references together.

    Parameters
    ----------
    views : sequence of Signature
        Parts of the picture, or speeds undone.
    """

    def __init__(self, views: Sequence[Signature]) -> None:
        self.views = tuple(views)
        self._transforms: dict[int, NDArray[np.complex64]] = {}

    def peaks(
        self,
        references: Sequence[Signature],
        spans: Sequence[tuple[float, float]],
        *,
        most: int,
    ) -> Peaks:
        """Return the strongest local maxima of each view in each reference.

        Parameters
        ----------
        spans : sequence of (float, float)
            Of each reference the lowest and the highest lag, as in :func:`correlate`.
        most : int
            Of each view in each reference.
        """
        longest = _longest(self.views)
        runs: dict[int, list[_Run]] = {}
        for number, (reference, span) in enumerate(zip(references, spans, strict=True)):
            if reference.change.shape[1] < 4:
                continue
            places = [_places(view, reference, *span) for view in self.views]
            first, last = min(begin for begin, _ in places), max(end for _, end in places)
            if last >= first:
                slides = reference.slides(longest)
                runs.setdefault(slides.block, []).append(
                    _Run(number, reference, slides, places, first, last)
                )
        tops = [
            self._tops(block, batch, most) for block, of_block in runs.items()
            for batch in _batches(of_block)
        ]  # fmt: skip
        strength = np.concatenate([top.strength for top in tops] or [np.empty(0, np.float32)])
        order = np.argsort(-strength, kind="stable")
        return Peaks(
            strength[order],
            np.concatenate([top.lag_s for top in tops] or [np.empty(0)])[order],
            np.concatenate([top.view for top in tops] or [np.empty(0, np.int64)])[order],
            np.concatenate([top.reference for top in tops] or [np.empty(0, np.int64)])[order],
        )

    def _tops(self, block: int, runs: Sequence[_Run], most: int) -> Peaks:
        """Return the strongest local maxima of each view along each of some runs."""
        from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

        if block not in self._transforms:
            self._transforms[block] = _together(self.views, block)
        sums, borders = _transformed(
            self._transforms[block], [(run.slides, run.first, run.last) for run in runs]
        )
        energies = [run.reference.energy for run in runs]
        energy_at = np.cumsum([0, *(len(energy) for energy in energies)])
        energy, hop = np.concatenate(energies), runs[0].slides.hop
        starts_s = np.array([run.reference.start_s for run in runs])
        shape = len(self.views), len(runs), most
        strength, place = np.zeros(shape, np.float32), np.zeros(shape, np.int64)
        counts = np.zeros(shape[:2], np.int64)
        for number, view in enumerate(self.views):
            count = min(LONGEST, view.change.shape[1])
            if count < 8:
                continue
            # Of each run: its first place, how many, and where the first one lies in ``sums``.
            where = np.array(
                [
                    (begin, end - begin + 1, at * hop + begin + run.slides.longest // 2 - skip)
                    for run, (at, skip), (begin, end) in zip(
                        runs, borders, (run.places[number] for run in runs), strict=True
                    )
                ]
            )
            _video_kernels.tops(
                sums[number], hop, where, energy, energy_at, view.energy, count,
                strength[number], place[number], counts[number],
            )  # fmt: skip
        lag_s = np.array([view.start_s for view in self.views])[:, None, None] - (
            starts_s[:, None] + place / self.views[0].rate_hz
        )
        is_peak = np.arange(most) < counts[:, :, None]
        views, references = np.nonzero(is_peak)[:2]
        numbers = np.array([run.number for run in runs])
        return Peaks(strength[is_peak], lag_s[is_peak], views, numbers[references])


@dataclass(frozen=True, slots=True)
class _Run:
    """Where the views of a probe are slid along one reference: places of each, and of all."""

    number: int
    reference: Signature
    slides: Slides
    places: list[tuple[int, int]]
    first: int
    last: int


def _batches(runs: Sequence[_Run]) -> Iterator[list[_Run]]:
    """Yield runs that are transformed together: short ones cost more by themselves."""
    batch: list[_Run] = []
    places = 0
    for run in runs:
        if batch and places + run.last - run.first > _BATCH:
            yield batch
            batch, places = [], 0
        batch.append(run)
        places += run.last - run.first
    if batch:
        yield batch


def _places(probe: Signature, reference: Signature, low_s: float, high_s: float) -> tuple[int, int]:
    """Return the first and the last instant of the reference that the probe may start at."""
    count, length = min(LONGEST, probe.change.shape[1]), reference.change.shape[1]
    # The probe may hang over either end of the reference by half its length.
    rate, over = probe.rate_hz, count // 2
    first, last = -over, length - count + over
    if np.isfinite(high_s):
        first = max(first, int(np.ceil((probe.start_s - high_s - reference.start_s) * rate)))
    if np.isfinite(low_s):
        last = min(last, int(np.floor((probe.start_s - low_s - reference.start_s) * rate)))
    return first, last


def _together(views: Sequence[Signature], block: int) -> NDArray[np.complex64]:
    """Return the conjugate transforms of the views' first :data:`LONGEST` instants.

    Shape (views, rows, frequencies), as a reference's ``spectra`` have them.
    """
    longest = max(view.change.shape[1] for view in views)
    stacked = np.zeros((len(views), len(views[0].change), min(longest, LONGEST)), np.float32)
    for number, view in enumerate(views):
        change = view.change[:, :LONGEST]
        stacked[number, :, : change.shape[1]] = change
    transforms: NDArray[np.complex64] = scipy.fft.rfft(stacked, block)
    return np.conj(transforms, out=transforms)


def _longest(views: Sequence[Signature]) -> int:
    longest = max(view.change.shape[1] for view in views)
    return SHORT if longest <= SHORT else LONGEST


def _products(patterns: NDArray[np.complex64], slides: Slides, first: int, last: int) -> Floats:
    """Return the sums of products from the first to the last place, shape (patterns, places)."""
    sums, ((_, skip),) = _transformed(patterns, [(slides, first, last)])
    shift = slides.longest // 2 - skip
    row = sums[:, :, : slides.hop].reshape(len(patterns), -1)
    return row[:, first + shift : last + shift + 1]


def _transformed(
    patterns: NDArray[np.complex64], runs: Sequence[tuple[Slides, int, int]]
) -> tuple[Floats, list[tuple[int, int]]]:
    """Return the sums of products over the blocks that hold the places of some runs.

    All runs' transforms have one length.

    Returns
    -------
    sums : ndarray, shape (patterns, blocks, instants of a block), float32
        Of each block the first ``hop`` are places.
    borders : list of (int, int)
        Of each run its first block in ``sums``, and the places before that block.
    """
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    spans, blocks = [], 0
    for slides, first, last in runs:
        hop, shift = slides.hop, slides.longest // 2
        begin, end = (first + shift) // hop, (last + shift) // hop + 1
        spans.append((blocks, begin, end))
        blocks += end - begin
    products = np.empty((len(patterns), blocks, patterns.shape[2]), np.complex64)
    for (slides, _, _), (at, begin, end) in zip(runs, spans, strict=True):
        _video_kernels.products(
            patterns, slides.spectra[begin:end], products[:, at : at + end - begin]
        )
    sums: Floats = scipy.fft.irfft(products, runs[0][0].block, overwrite_x=True)
    borders = [
        (at, begin * slides.hop)
        for (slides, _, _), (at, begin, _) in zip(runs, spans, strict=True)
    ]  # fmt: skip
    return sums, borders
