"""Synthesises the lab's sounds: crowds, voices, music, jingles; each driven by its seed.

All sounds are mono float32 at :data:`RATE_HZ`, full scale 1.0, for a whole timeline at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16000
"""Nothing above 8 kHz is needed: identification listens at 8 kHz."""

Sound = NDArray[np.float32]

_VOWELS = np.array(
    [
        (730, 1090, 2440),
        (530, 1840, 2480),
        (270, 2290, 3010),
        (570, 840, 2410),
        (300, 870, 2240),
        (660, 1720, 2410),
        (490, 1350, 1690),
        (440, 1020, 2240),
    ],
    dtype=np.float64,
)
"""First three formants, Hz, of eight vowels: Peterson and Barney, JASA 24 (1952), men's means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks: pitch, size of the vocal tract, tempo and habit of pausing."""

    pitch_hz: float
    tract: float
    syllables_per_s: float
    pause: float

    @classmethod
    def of(cls, rng: np.random.Generator) -> Voice:
        """Draw a voice."""
        return cls(
            pitch_hz=float(rng.uniform(95, 230)),
            tract=float(rng.uniform(0.88, 1.2)),
            syllables_per_s=float(rng.uniform(4.2, 6.6)),
            pause=float(rng.uniform(0.06, 0.14)),
        )


def level(sound: Sound, rms: float) -> Sound:
    """Return the sound at a given root mean square."""
    now = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if sound.size else 0.0
    return (sound * np.float32(rms / now)).astype(np.float32) if now > 0 else sound


def noise(rng: np.random.Generator, count: int, low_hz: float, high_hz: float) -> Sound:
    """Return band-limited noise."""
    from scipy import signal  # noqa: PLC0415 - heavy: only renderers need it

    sos = signal.butter(2, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos")
    white = rng.standard_normal(count, dtype=np.float32)
    return np.asarray(signal.sosfilt(sos, white), np.float32)


def contour(rng: np.random.Generator, count: int, every_s: float, low: float, high: float) -> Sound:
    """Return a slow random curve between ``low`` and ``high``."""
    knots = max(2, int(count / RATE_HZ / every_s) + 2)
    x = np.linspace(0, knots - 1, count, dtype=np.float32)
    return np.interp(x, np.arange(knots), rng.uniform(low, high, knots)).astype(np.float32)


def crowd(rng: np.random.Generator, seconds: float) -> Sound:
    """Return a stadium: murmur with swells, shouts, claps, whistles, thumps of the ball."""
    count = int(seconds * RATE_HZ)
    out = noise(rng, count, 180, 1500) * contour(rng, count, 2.7, 0.25, 1.0)
    out += noise(rng, count, 900, 3200) * contour(rng, count, 1.3, 0.05, 0.6)
    for _ in range(int(seconds * 9)):
        length = int(rng.uniform(0.12, 0.6) * RATE_HZ)
        t = np.arange(length, dtype=np.float32) / RATE_HZ
        start_hz, end_hz = rng.uniform(280, 1900), rng.uniform(0.8, 1.25)
        glide = start_hz * (1 + (end_hz - 1) * t / t[-1])
        shout = np.sin(2 * np.pi * np.cumsum(glide) / RATE_HZ) + 0.5 * np.sin(
            4 * np.pi * np.cumsum(glide) / RATE_HZ
        )
        _add(out, shout * np.hanning(length) * rng.uniform(0.2, 0.9), rng.integers(count))
    for _ in range(int(seconds * 5)):
        length = int(0.03 * RATE_HZ)
        clap = rng.standard_normal(length) * np.exp(-np.arange(length) / 90)
        _add(out, clap * rng.uniform(0.3, 1.2), rng.integers(count))
    for _ in range(int(seconds / 14) + 1):
        length = int(rng.uniform(0.25, 1.1) * RATE_HZ)
        t = np.arange(length) / RATE_HZ
        trill = 1 + 0.5 * np.sin(2 * np.pi * rng.uniform(25, 40) * t)
        _add(
            out, 1.1 * trill * np.sin(2 * np.pi * rng.uniform(2500, 3300) * t), rng.integers(count)
        )
    for _ in range(int(seconds / 1.7)):
        length = int(0.09 * RATE_HZ)
        t = np.arange(length) / RATE_HZ
        thump = np.sin(2 * np.pi * rng.uniform(90, 170) * t) * np.exp(-t * 40)
        _add(out, thump * rng.uniform(0.8, 2.2), rng.integers(count))
    return level(out, 0.1)


def speech(rng: np.random.Generator, seconds: float, voice: Voice) -> Sound:
    """Return talk without words: a pulse train and hiss through moving formants."""
    from scipy import signal  # noqa: PLC0415 - heavy: only renderers need it

    count = int(seconds * RATE_HZ)
    pitch = (
        voice.pitch_hz * contour(rng, count, 0.35, 0.8, 1.3) * contour(rng, count, 3.0, 0.9, 1.2)
    )
    phase = np.cumsum(pitch, dtype=np.float64) / RATE_HZ
    pulses = np.diff(np.floor(phase), prepend=0.0).astype(np.float32) * 6
    breath = rng.standard_normal(count, dtype=np.float32) * 0.12
    out = np.zeros(count, np.float32)
    place, states = 0, [np.zeros(2) for _ in range(3)]
    while place < count:
        if rng.random() < voice.pause:
            place += int(rng.uniform(0.15, 0.7) * RATE_HZ)
            continue
        length = int(RATE_HZ / voice.syllables_per_s * rng.uniform(0.6, 1.5))
        end = min(place + length, count)
        if end - place < 200:
            break
        formants = _VOWELS[rng.integers(len(_VOWELS))] * voice.tract * rng.uniform(0.94, 1.06, 3)
        hiss = int((end - place) * rng.uniform(0.1, 0.35))
        piece = pulses[place:end] + breath[place:end]
        piece[:hiss] = breath[place : place + hiss] * rng.uniform(1, 9)
        total = np.zeros(end - place)
        for i, centre in enumerate(formants):
            # A digital resonator (Klatt, JASA 67, 1980) with bandwidths of 60, 100 and 140 Hz.
            radius = np.exp(-np.pi * (60 + 40 * i) / RATE_HZ)
            poles = [1, -2 * radius * np.cos(2 * np.pi * centre / RATE_HZ), radius * radius]
            voiced, states[i] = signal.lfilter([1 - radius], poles, piece, zi=states[i])
            total += voiced * (1.0, 0.7, 0.4)[i]
        edge = np.minimum(np.linspace(0, 8, end - place), np.linspace(8, 0, end - place)).clip(0, 1)
        out[place:end] = total * edge * rng.uniform(0.6, 1.1)
        place = end
    return level(out, 0.14)


def music(rng: np.random.Generator, seconds: float, *, beat_s: float, bright: float) -> Sound:
    """Return music that wanders through chords and never repeats a bar."""
    count = int((seconds + 3) * RATE_HZ)
    out = np.zeros(count, np.float32)
    scale = np.array([0, 2, 3, 5, 7, 8, 10] if rng.random() < 0.5 else [0, 2, 4, 5, 7, 9, 11])
    root = int(rng.integers(40, 52))
    degree, melody, t = 0, 7, 0.0
    while t < seconds:
        if rng.random() < 0.05:
            root = int(np.clip(root + rng.choice([-5, -2, 2, 5]), 38, 55))
        degree = int((degree + rng.choice([-3, -2, -1, 1, 2, 3, 4])) % 7)
        notes = [(t, beat_s * 2, degree - 7, 0.5)]
        notes += [(t, beat_s * 3.6, degree + step, 0.22) for step in (0, 2, 4)]
        for beat in range(4):
            for part in range(int(rng.integers(0, 3))):
                melody = int(np.clip(melody + rng.integers(-3, 4), 3, 20))
                when = t + beat * beat_s + part * beat_s / 2
                notes.append((when, beat_s * rng.uniform(0.4, 1.4), melody, 0.4))
        for when, length, step, loud in notes:
            midi = root + 12 * (step // 7) + scale[step % 7] + 12
            tone = _note(440 * 2 ** ((midi - 69) / 12), length, bright)
            _add(out, tone * loud * rng.uniform(0.7, 1.1), int(when * RATE_HZ))
        for half in range(8):
            hit = rng.random()
            if hit < 0.75:
                size = int(0.05 * RATE_HZ)
                drum = rng.standard_normal(size) * np.exp(
                    -np.arange(size) / (60 + 200 * (half % 4 == 2))
                )
                _add(
                    out,
                    drum * (0.45 if half % 4 == 2 else 0.16),
                    int((t + half * beat_s / 2) * RATE_HZ),
                )
        t += 4 * beat_s
    return level(out[: int(seconds * RATE_HZ)], 0.13)


def jingle(seed: int) -> Sound:
    """Return a three-second signature tune, the same wherever the seed is."""
    return music(np.random.default_rng([seed, 31]), 3.0, beat_s=0.24, bright=0.8)


def advert(seed: int, seconds: float) -> Sound:
    """Return an advert: its own music under its own voice."""
    rng = np.random.default_rng([seed, 32])
    tune = music(
        rng, seconds, beat_s=float(rng.uniform(0.28, 0.5)), bright=float(rng.uniform(0.3, 0.9))
    )
    return (tune * 0.6 + speech(rng, seconds, Voice.of(rng))).astype(np.float32)


def _note(hz: float, seconds: float, bright: float) -> Sound:
    count = max(8, int(seconds * RATE_HZ))
    t = np.arange(count, dtype=np.float32) / np.float32(RATE_HZ)
    base = np.float32(2 * np.pi * hz) * t
    tone = np.sin(base)
    for k in (2, 3, 4):
        if hz * k < 3800:
            tone += np.float32(bright**k) * np.sin(base * np.float32(k))
    attack = np.minimum(t * 80, 1)
    shaped: Sound = (tone * attack * np.exp(-t * np.float32(2.2 / max(seconds, 0.05)))).astype(
        np.float32
    )
    return shaped


def _add(out: Sound, piece: NDArray[np.floating], at: int | np.integer) -> None:
    end = min(int(at) + len(piece), len(out))
    if end > at:
        out[int(at) : end] += piece[: end - int(at)].astype(np.float32)
