"""Refuse media that cannot be stored: times that are not valid, sound that is not finite."""

from __future__ import annotations

import math

import numpy as np

from cautery.errors import InputError
from cautery.model.media import Decoded

MOST_TIME_S = 1e11
"""Reference times lie within; the year 5138."""
LONGEST_WORK_S = 16_000.0
"""Of a recording, 4.4 h: longer than films and matches are."""


def checked(reference_id: str, decoded: Decoded, at_s: float) -> None:
    """Raise an input error for media of a reference that no track can hold."""
    if not math.isfinite(at_s) or not abs(at_s) <= MOST_TIME_S:
        raise InputError(f"{reference_id}: at_s must be finite and a time of our age")
    if not math.isfinite(decoded.duration_s) or not math.isfinite(decoded.audio_s):
        raise InputError(f"{reference_id}: the media's times are not finite")
    if len(decoded.audio) and not np.isfinite(decoded.audio.sum()):
        raise InputError(f"{reference_id}: its sound is not finite")
    times = decoded.luma_s
    if len(times) != len(decoded.luma) or not (
        np.isfinite(times).all() and (np.diff(times) > 0).all()
    ):
        raise InputError(f"{reference_id}: its pictures' times do not rise")
