"""Small real media, made by PyAV; the sounds are noise with a tune, seeded."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

RATE = 48_000


def tune(seed: int, seconds: float) -> np.ndarray:
    """Return tones that change every quarter second, with a little noise: rich in landmarks."""
    chance = np.random.default_rng(seed)
    at = np.arange(round(seconds * RATE)) / RATE
    steps = np.minimum((at * 4).astype(int), int(seconds * 4))
    sound = 0.01 * chance.standard_normal(len(at))
    for _ in range(4):
        tones = chance.uniform(250, 3200, int(seconds * 4) + 1)[steps]
        sound += 0.15 * np.sin(2 * np.pi * np.cumsum(tones) / RATE)
    return sound.astype(np.float32)


def write(path: Path, sound: np.ndarray, codec: str = "aac", *, start_s: float = 0.0) -> Path:
    container = {".ts": "mpegts", ".m4a": "mp4"}.get(path.suffix)
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE, layout="mono")
        for at in range(0, len(sound) - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(sound[None, at : at + 1024], "fltp", "mono")
            frame.sample_rate = RATE
            frame.pts = at + round(start_s * RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
