"""Stadium crowds to lay over probes: recorded ones, and two synthetic recipes of 900 voices.

Nothing of them is in the references. What is tuned on and what is tested with share neither a
recording nor a recipe:

``recorded-crowd-tune``, ``recorded-crowd-test``
    crowd01 to 09 and crowd10 to 17 of Debian's etw-data, a football game: 22 kHz, 8 bit, 1 to 12 s
    each. They are joined in a drawn order, each at one loudness, and faded into one another.
``crowd-tune``
    Voices that talk: pulses through the formants of vowels, a breath now and then, swelling slowly.
``crowd-test``
    Voices that roar, shout and chant: noise and gliding pulses, a melody sung by a third of them,
    claps and whistles, all in a stadium's echo, swelling at goals.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from media import RATE_HZ, Sound, Source, as_pcm, cache, made_source
from numpy.typing import NDArray
from scipy.io import wavfile
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

VOICES = 900
BED_S = 60.0
"""Of each synthetic crowd; of a recorded one too, however often its recordings come."""
_RATE_HZ = 2 * RATE_HZ
_FADE_S = 0.25
_TUNED_ON = 9
"""Recordings 1 to 9; the others are for the test."""
_VOWELS = (
    (730, 1090, 2440), (660, 1720, 2410), (530, 1840, 2480), (390, 1990, 2550), (270, 2290, 3010),
    (570, 840, 2410), (440, 1020, 2240), (300, 870, 2240),
)  # fmt: skip
"""First three formants, Hz (Peterson & Barney, JASA 24, 1952)."""
_WIDTHS_HZ = (80.0, 110.0, 160.0)
_MELODY = (0, 0, 4, 2, 0, -3, 0, 0)
"""Semitones, a beat each."""


def sources(say: Callable[[str], None]) -> dict[str, Source]:
    """Return the crowds by id, made if they are not there; recorded ones only where installed."""
    recordings = _recordings()
    made: dict[str, Callable[[], Sound]] = {
        "crowd-tune": lambda: _talking(np.random.default_rng([11, 1])),
        "crowd-test": lambda: _roaring(np.random.default_rng([11, 2])),
    }
    if recordings:
        made["recorded-crowd-tune"] = lambda: _joined(recordings[:_TUNED_ON], 1)
        made["recorded-crowd-test"] = lambda: _joined(recordings[_TUNED_ON:], 2)
    found = {}
    for role, make in made.items():
        path = cache() / "made" / f"{role}.wav"
        if not path.exists():
            say(f"making {role}")
            made_source(
                role, as_pcm(make()), "etw-data" if "recorded" in role else "", "crowd", role
            )
        found[role] = Source(
            id=role, path=str(path), package="etw-data" if "recorded" in role else "",
            kind="crowd", role=role, seconds=BED_S,
        )  # fmt: skip
    return found


def _recordings() -> list[Path]:
    done = subprocess.run(["dpkg", "-L", "etw-data"], capture_output=True, text=True, check=False)
    paths = [Path(line) for line in done.stdout.splitlines()]
    return sorted(path for path in paths if path.match("crowd/crowd[0-9][0-9].wav"))


def _joined(recordings: list[Path], seed: int) -> Sound:
    """Lay recordings end to end in a drawn order, as often as it takes."""
    rng = np.random.default_rng([12, seed])
    fade = round(_FADE_S * RATE_HZ)
    whole = np.zeros(round(BED_S * RATE_HZ) + 20 * RATE_HZ, np.float32)
    end = fade
    while end < len(whole) - 14 * RATE_HZ:
        for number in rng.permutation(len(recordings)):
            rate_hz, samples = wavfile.read(recordings[number])
            sound = resample_poly(samples.astype(np.float32) - 128, RATE_HZ, rate_hz)
            sound = sound / (np.sqrt(np.mean(sound**2)) + 1e-9)
            ramp = np.sin(np.linspace(0, np.pi / 2, fade))
            sound[:fade] *= ramp
            sound[-fade:] *= ramp[::-1]
            if end - fade + len(sound) > len(whole):
                break
            whole[end - fade : end - fade + len(sound)] += sound.astype(np.float32)
            end += len(sound) - fade
    return _levelled(whole[fade : fade + round(BED_S * RATE_HZ)])


def _talking(rng: np.random.Generator) -> Sound:
    count = round(BED_S * _RATE_HZ)
    pulses = np.zeros((len(_VOWELS), count), np.float32)
    for _ in range(VOICES):
        pitch_hz, level = 160 * np.exp(rng.normal(0, 0.35)), np.exp(rng.normal(0, 0.5))
        lengths_s = rng.uniform(0.1, 0.35, round(BED_S / 0.2))
        silent = rng.random(len(lengths_s)) < 0.3
        starts_s = np.cumsum(lengths_s) - lengths_s + rng.uniform(-0.3, 0)
        pitches_hz = pitch_hz * np.exp(rng.normal(0, 0.12, len(lengths_s)))
        vowels = rng.integers(len(_VOWELS), size=len(lengths_s))
        _sung(pulses, starts_s[~silent], lengths_s[~silent], pitches_hz[~silent], vowels[~silent],
              level, rng)  # fmt: skip
    voices = _spoken(pulses)
    breath = _levelled(_shaped_noise(rng, count, 900, 3500)) * 0.3
    swell = _slow(rng, count, 0.25)
    return _levelled(_at_8k((_levelled(voices) + breath) * 10 ** (6 * swell / 20)))


def _roaring(rng: np.random.Generator) -> Sound:
    count = round(BED_S * _RATE_HZ)
    third = VOICES // 3
    pulses = np.zeros((len(_VOWELS), count), np.float32)
    beats_s = np.arange(0, BED_S, 0.55)
    melody = np.resize(np.array(_MELODY), len(beats_s))
    singing = np.repeat(rng.random(len(beats_s) // 16 + 1) < 0.6, 16)[: len(beats_s)]
    for _ in range(third):
        tune_hz = 196 * 2.0 ** (rng.integers(0, 2) + rng.normal(0, 0.03) + melody / 12)
        late_s = rng.normal(0, 0.08)
        _sung(pulses, beats_s[singing] + late_s, np.full(int(singing.sum()), 0.45),
              tune_hz[singing], np.full(int(singing.sum()), 5), np.exp(rng.normal(0, 0.4)),
              rng)  # fmt: skip
    for _ in range(third):
        starts_s = np.sort(rng.uniform(0, BED_S, 20))
        lengths_s = rng.uniform(0.3, 1.5, len(starts_s))
        pitches_hz = rng.uniform(200, 500, len(starts_s))
        vowels = rng.integers(len(_VOWELS), size=len(starts_s))
        _sung(pulses, starts_s, lengths_s, pitches_hz, vowels, np.exp(rng.normal(0, 0.6)), rng,
              glide=0.3)  # fmt: skip
    roar = np.zeros(count, np.float32)
    for _ in range(third // 10):  # ten hoarse voices at a time
        low_hz = rng.uniform(300, 1200)
        noise = _shaped_noise(rng, count, low_hz, 2.2 * low_hz)
        roar += noise * 10 ** (8 * _slow(rng, count, 0.8) / 20)
    claps = np.zeros(count, np.float32)
    at = (rng.uniform(0, BED_S, 60 * 150) * _RATE_HZ).astype(np.int64)
    np.add.at(claps, at, np.exp(rng.normal(0, 0.7, len(at))).astype(np.float32))
    claps = lfilter(*butter(2, [700, 2800], "band", fs=_RATE_HZ), claps)
    whistles = np.zeros(count, np.float32)
    for start in rng.uniform(0, BED_S - 2, 12):
        t = np.arange(round(rng.uniform(0.4, 1.5) * _RATE_HZ)) / _RATE_HZ
        sweep = np.sin(2 * np.pi * (rng.uniform(1800, 2800) * t + rng.uniform(-400, 400) * t**2))
        first = round(start * _RATE_HZ)
        whistles[first : first + len(t)] += (sweep * np.hanning(len(t))).astype(np.float32)
    together = _levelled(_spoken(pulses)) + 0.9 * _levelled(roar) + 0.25 * _levelled(claps)
    together += 0.15 * _levelled(whistles)
    echo = rng.standard_normal(2 * _RATE_HZ) * np.exp(-np.arange(2 * _RATE_HZ) / (0.3 * _RATE_HZ))
    echo[0] = 12.0
    together = fftconvolve(together, echo)[:count]
    # Goals: up in two seconds, down in ten.
    swell = np.zeros(count)
    for goal_s in np.arange(rng.uniform(0, 8), BED_S, 13.0):
        t = np.arange(count) / _RATE_HZ - goal_s
        swell = np.maximum(swell, np.where(t < 0, np.exp(t / 0.7), np.exp(-t / 4)))
    return _levelled(_at_8k(together * 10 ** (8 * swell / 20)))


def _sung(  # noqa: PLR0917 - one voice, in the order in which it is heard
    pulses: NDArray[np.float32],
    starts_s: NDArray[np.float64],
    lengths_s: NDArray[np.float64],
    pitches_hz: NDArray[np.float64],
    vowels: NDArray[np.int64],
    level: float,
    rng: np.random.Generator,
    glide: float = 0.08,
) -> None:
    """Add a voice's glottal pulses, each syllable's to its vowel's row."""
    each = np.maximum(1, (lengths_s * pitches_hz).astype(np.int64))
    ends = np.cumsum(each)
    nth = np.arange(int(ends[-1])) - np.repeat(ends - each, each)
    share = nth / np.repeat(each, each)
    drift = np.repeat(rng.normal(0, glide, len(each)), each)
    at_s = np.repeat(starts_s, each) + nth / np.repeat(pitches_hz, each) / (1 + drift * share / 2)
    at = np.rint(at_s * _RATE_HZ).astype(np.int64)
    inside = (at >= 0) & (at < pulses.shape[1])
    weight = (level * np.sin(np.pi * (share + 0.5 / np.repeat(each, each)))).astype(np.float32)
    where = np.repeat(vowels, each)[inside] * pulses.shape[1] + at[inside]
    np.add.at(pulses.reshape(-1), where, weight[inside])


def _spoken(pulses: NDArray[np.float32]) -> Sound:
    """Send each vowel's pulses through its formants, and all through a voice's slope."""
    spoken = np.zeros(pulses.shape[1])
    for row, formants in zip(pulses, _VOWELS, strict=True):
        for hertz, width_hz, gain in zip(formants, _WIDTHS_HZ, (1.0, 0.5, 0.25), strict=True):
            radius = np.exp(-np.pi * width_hz / _RATE_HZ)
            angle = 2 * np.pi * hertz / _RATE_HZ
            spoken += gain * lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], row)
    sloped: Sound = lfilter([1.0], [1.0, -0.7], spoken).astype(np.float32)
    return sloped


def _shaped_noise(rng: np.random.Generator, count: int, low_hz: float, high_hz: float) -> Sound:
    band = butter(2, [low_hz, min(high_hz, 0.49 * _RATE_HZ)], "band", fs=_RATE_HZ, output="sos")
    noise: Sound = sosfilt(band, rng.standard_normal(count)).astype(np.float32)
    return noise


def _slow(rng: np.random.Generator, count: int, rate_hz: float) -> NDArray[np.float64]:
    """Return a random curve of deviation 1 that turns about so often a second."""
    knots = rng.standard_normal(round(count / _RATE_HZ * 2 * rate_hz) + 3)
    at = np.linspace(0, len(knots) - 1, count)
    return np.interp(at, np.arange(len(knots)), knots)


def _at_8k(sound: NDArray[np.float64]) -> Sound:
    halved: Sound = resample_poly(sound, 1, 2).astype(np.float32)
    return halved


def _levelled(sound: NDArray[np.floating]) -> Sound:
    """Return a sound whose root mean square is 0.1."""
    level = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) + 1e-12
    levelled: Sound = (sound * (0.1 / level)).astype(np.float32)
    return levelled
