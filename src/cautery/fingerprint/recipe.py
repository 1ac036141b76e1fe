"""How a fingerprint is made. It travels with each one; two recipes never meet in one index."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from cautery.errors import InputError
from cautery.model.media import AUDIO_RATE_HZ, LUMA_RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Every number that shapes a fingerprint (docs/reference/sources.md, F34 and F40).

    Parameters
    ----------
    rate_hz : int
        Of the sound.
    window, hop : int
        STFT, samples: 128 ms every 16 ms.
    low_hz, high_hz : float
        Band in which peaks are sought.
    near_frames, near_bins : int
        A peak is the largest within this half-width.
    rank_frames, rank_limit : int
        A peak is kept if fewer than ``rank_limit`` stronger ones lie within ``rank_frames``.
    pairs : int
        Landmarks per peak.
    least_gap, most_gap : int
        Frames between the two peaks of a landmark; their difference fits 7 bits.
    steps_per_octave : int
        Frequency resolution of a landmark.
    code_low_hz, code_high_hz : float
        Band of the bit-error codes, in 33 parts of equal ratio.
    luma_rate_hz : float
        Of the pictures' signature.
    """

    version: int = 2
    rate_hz: int = AUDIO_RATE_HZ
    window: int = 1024
    hop: int = 128
    low_hz: float = 200.0
    high_hz: float = 3800.0
    near_frames: int = 8
    near_bins: int = 12
    rank_frames: int = 31
    rank_limit: int = 12
    pairs: int = 5
    least_gap: int = 20
    most_gap: int = 127
    steps_per_octave: int = 60
    code_low_hz: float = 200.0
    code_high_hz: float = 3000.0
    luma_rate_hz: float = LUMA_RATE_HZ

    def __post_init__(self) -> None:
        if not 0 < self.least_gap < self.most_gap <= self.least_gap + 127:
            raise InputError("a landmark's gap has 7 bits")
        if not 0 < self.low_hz < self.high_hz <= self.rate_hz / 2 or self.hop < 1:
            raise InputError("the band lies within the sound's")

    @property
    def frames_per_s(self) -> float:
        """STFT frames per second."""
        return self.rate_hz / self.hop

    @property
    def name(self) -> str:
        """One word that differs whenever any number does."""
        numbers = "-".join(f"{value:g}" for value in asdict(self).values())
        return f"cautery-landmarks-{numbers}"


DEFAULT_RECIPE = Recipe()
