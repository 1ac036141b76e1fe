"""A probe's signature slid along a reference's: where it may lie.

All lags at once, by Fourier transforms that the reference keeps; several views of a probe share
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from cautery.fingerprint.video import LONGEST, SHORT, Floats, Signature, Slides, Times


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
        self, reference: Signature, *, low_s: float, high_s: float, most: int
    ) -> list[tuple[float, float, int]]:
        """Return the strongest local maxima of each view, in no order: (strength, lag, view).

        Parameters
        ----------
        low_s, high_s : float
            As in :func:`correlate`.
        most : int
            Of each view.
        """
        from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

        if reference.change.shape[1] < 4:
            return []
        slides = reference.slides(_longest(self.views))
        if slides.block not in self._transforms:
            self._transforms[slides.block] = _together(self.views, slides.block)
        spans = [_places(view, reference, low_s, high_s) for view in self.views]
        first, last = min(begin for begin, _ in spans), max(end for _, end in spans)
        if last < first:
            return []
        dots = _products(self._transforms[slides.block], slides, first, last)
        strength, place = np.zeros(most, np.float32), np.zeros(most, np.int64)
        maxima = []
        for number, (view, (begin, end)) in enumerate(zip(self.views, spans, strict=True)):
            count = min(LONGEST, view.change.shape[1])
            if count < 8 or end < begin:
                continue
            dot = dots[number, begin - first : end - first + 1]
            tops = _video_kernels.strongest(
                dot, begin, reference.energy, view.energy, count, strength, place
            )
            for k in range(tops):
                theirs_s = reference.start_s + float(place[k]) / view.rate_hz
                maxima.append((float(strength[k]), view.start_s - theirs_s, number))
        return maxima


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

    Shape (frequencies, views, rows), as a reference's ``spectra`` have them.
    """
    longest = max(view.change.shape[1] for view in views)
    stacked = np.zeros((min(longest, LONGEST), len(views), len(views[0].change)), np.float32)
    for number, view in enumerate(views):
        change = view.change[:, :LONGEST]
        stacked[: change.shape[1], number] = change.T
    transforms: NDArray[np.complex64] = scipy.fft.rfft(stacked, block, axis=0)
    return np.conj(transforms, out=transforms)


def _longest(views: Sequence[Signature]) -> int:
    longest = max(view.change.shape[1] for view in views)
    return SHORT if longest <= SHORT else LONGEST


def _products(patterns: NDArray[np.complex64], slides: Slides, first: int, last: int) -> Floats:
    """Return the sum of products at each place from first to last, shape (patterns, places)."""
    hop, shift = slides.hop, slides.longest // 2
    begin, end = (first + shift) // hop, (last + shift) // hop + 1
    parts = []
    for spectrum in slides.spectra[begin:end]:
        product = np.matmul(patterns, spectrum[:, :, None])[:, :, 0].T
        parts.append(scipy.fft.irfft(product, slides.block)[:, :hop])
    dots: Floats = np.concatenate(parts, axis=1)
    return dots[:, first + shift - begin * hop : last + shift - begin * hop + 1]
