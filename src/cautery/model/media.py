"""Decoded media as plain arrays, the only thing that identification ever sees."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
TimeArray = NDArray[np.float64]

AUDIO_RATE_HZ = 8000
"""Everything is heard at 8 kHz mono (docs/reference/sources.md, F34)."""
LUMA_RATE_HZ = 12.5
"""At most this many pictures a second are kept, chosen by time stamp."""
STRIP_SHAPE = (180, 320)
"""Rows and columns of the pictures of a strip, which people look at."""
LUMA_SHAPE = (36, 64)
"""Rows and columns of a kept picture: cell means of luma, whatever the source's size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a decoder made of some bytes.

    Parameters
    ----------
    audio : ndarray, shape (samples,), float32
        Mono at :data:`AUDIO_RATE_HZ`, full scale 1.0; empty when there is no sound.
    audio_s : float
        Media time of the first sample, seconds; gaps in the stream are filled with silence, so
        sample ``i`` lies at ``audio_s + i / AUDIO_RATE_HZ``.
    luma : ndarray, shape (pictures, 36, 64), uint8
        Small luma pictures in order; empty when no picture was asked for or there is none.
    luma_s : ndarray, shape (pictures,), float64
        Their media times, seconds, on the same axis as the sound.
    duration_s : float
        Media seconds covered.
    codecs : tuple of str
        Such as ``("h264 320x180 25.00", "aac 48000/2")``.
    warnings : tuple of str
        Damage that was met and survived.
    """

    audio: FloatArray
    audio_s: float
    luma: ByteArray
    luma_s: TimeArray
    duration_s: float
    codecs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())
