"""How a stream is coded; apart from the encoder, so that plans need no PyAV."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """What an encoder is set to. The world is painted at 320 x 180 and 25 frames a second."""

    fps: int = 25
    segment_s: int = 2
    width: int = 320
    height: int = 180
    crf: int = 30
    audio_hz: int = 48000
    layout: str = "stereo"
    audio_bps: int = 64000
    fmp4: bool = False
