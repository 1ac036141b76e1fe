"""Score a probe's sound again at one place: by the reference's code words and spectral peaks there.

rerun.py asks this program; both lie in the bag. Chance is measured with other references' words and
peaks (sample.*), and with the probe turned round in time.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def spectrogram(sound):
    frames = sliding_window_view(sound, 1024)[::128] * np.hanning(1025)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)[:, 25:488]) ** 2 * (np.arange(25, 488) / 25)
    return power.astype(np.float32)


def words_of(power, pitch, tempo, phase):
    """Return (code words that say something, their numbers) on one phase of the grid."""
    edges = np.clip(np.geomspace(200, 3000, 34) * pitch * 1024 / 8000 - 25, 0, 463 - 1e-3)
    low, high, bins = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1e-3), np.arange(463)[:, None]
    share = np.clip(np.minimum(bins + 1, high) - np.maximum(bins, low), 0, None)
    bands = power @ share.astype(np.float32)
    number = np.arange(1, max(0, int((len(bands) - 1) * tempo) // 4 - 1) + 1)
    at = (phase + 4 * number) / tempo
    inside = (at - 4 / tempo >= 0) & (at <= len(bands) - 1)
    number, both = number[inside], []
    for when in (at[inside], at[inside] - 4 / tempo):
        i, last = when.astype(int), len(bands) - 1
        both.append(bands[i] + (when - i)[:, None] * (bands[np.minimum(i + 1, last)] - bands[i]))
    change, energy = both[0] - both[1], (both[0] + both[1]).sum(axis=1)
    moved = np.abs(np.diff(change, axis=1)).sum(axis=1)
    bits = np.packbits(change[:, :-1] > change[:, 1:], axis=1, bitorder="little").view("<u4")[:, 0]
    says = (energy > 2e-3) & (moved > 1e-3 * energy) & (bits != 0)
    return bits[says], number[says]


def averaged(cells, size):
    """Return the mean of so many rows around each row, of fewer at both ends."""
    sums, at = np.cumsum(np.pad(cells, ((1, 0), (0, 0))), axis=0), np.arange(len(cells))
    low, high = np.maximum(at - size // 2, 0), np.minimum(at + size // 2 + 1, len(cells))
    return (sums[high] - sums[low]) / (high - low)[:, None]


def relief_of(power):
    """Return how far each step of 1/60 octave of each frame stands out of what is around it."""
    low, high = 25.6 * 2 ** ((np.arange(256) + np.array([[-0.75], [0.75]])) / 60) - 24.5
    middle, half, bins = (low + high) / 2, np.maximum(0.5, (high - low) / 2), np.arange(463)
    share = np.minimum(bins[:, None] + 1, middle + half) - np.maximum(bins[:, None], middle - half)
    share = np.clip(share, 1e-9, None)
    level = averaged(np.log(power @ (share / share.sum(axis=0)) + 1e-4), 3)
    out = level - averaged(averaged(level, 125).T, 21).T
    out -= 0.175 * (np.roll(out, 3, axis=1) + np.roll(out, -3, axis=1))
    out = np.clip(out / (out.std() + 1e-6), 0, 2.5)
    out -= out.mean(axis=0)
    return out - out.mean(axis=1, keepdims=True)


def score_of_peaks(relief, peaks, sample, tempo, pitch):
    """Return (score, each peak's frame and part of the score before its root, the deviation)."""
    window, at, step = sample >> 24, sample >> 8 & 65535, sample & 255
    met = np.where(at < len(relief), relief[np.minimum(at, len(relief) - 1), step], 0)
    sums = np.bincount(window, met) / np.sqrt(np.maximum(np.bincount(window), 16))
    middle = float(np.median(sums)) if len(sums) else 0.0
    off = 1.4826 * float(np.median(np.abs(sums - middle))) if len(sums) else 0.0
    off = max(off, float(relief.std()), 1e-6)
    at = np.rint((peaks >> 8 & 65535) / tempo).astype(int)
    step = (peaks & 255) + round(60 * math.log2(pitch))
    inside = (at < len(relief)) & (step >= 0) & (step < 256)
    at, step = at[inside], step[inside]
    root = math.sqrt(max(len(at), 16))
    turns = np.arange(24, len(relief) - 23, 8)[:, None]  # chance: the probe turned round in time
    chance = relief[(at + turns) % len(relief), step].sum(axis=1) / root
    turned = max(1.0, float(np.mean(((chance - middle) / off) ** 2))) if len(turns) else 1.0
    each = relief[at, step]
    bursts = np.bincount(at // 15, each)  # a quarter of a second is one event
    burst = max(1.0, float((bursts**2).sum()) / root**2 / off**2)
    alike = (turned**2 * burst) ** (1 / 8)
    score = (each.sum() / root - middle) / off / alike
    # Hundreds of speeds are tried: the best of them counts less.
    return score - 2.5 * (max(abs(tempo - 1), abs(pitch - 1)) > 1e-6), at, each, off * alike


def score_of_sound(sound, sense, arrays, k):
    power = spectrogram(sound)
    plain, where = words_of(power, 1.0, 1.0, 0)
    count, least = len(plain), 1.05 * math.sqrt(8 * max(1, len(plain)))
    mean, sigma = 16.0 * count, least
    sample, step = arrays[f"sample.{sense['sample']}"], int(arrays[f"step.{sense['sample']}"])
    if len(sample):
        met = sample[np.arange(2048)[:, None] * step + np.minimum(where, 2047)]
        bits = np.bitwise_count(met ^ plain).sum(axis=1, dtype=int)
        mean = float(np.median(bits))
        sigma = max(least, 1.4826 * float(np.median(np.abs(bits - mean))))
    words, at = words_of(power, sense["pitch"], sense["tempo"], sense["phase"])
    bits, share = np.bitwise_count(arrays[f"{k}.words"][at] ^ words), len(words) / max(1, count)
    score = (mean * share - float(bits.sum())) / (sigma * math.sqrt(max(share, 1e-3)))
    heard = f"{k}.tops" in arrays  # peaks counted as well
    if heard:
        tops = (arrays[f"{k}.tops"], arrays[f"sample.tops.{sense['sample']}"])
        peaks, frames, each, deviation = score_of_peaks(
            relief_of(power), *(one.astype(int) for one in tops), sense["tempo"], sense["pitch"]
        )
        score = 0.8 * score + peaks
    if sense["shared_s"]:  # such seconds are no evidence for one reference
        size = max(1, int(len(sound) / 8000))
        block = np.clip((sense["phase"] + 4 * at) / sense["tempo"] / 62.5, 0, size - 1).astype(int)
        words_in = np.bincount(block, minlength=size)
        strength = mean / max(1, count) * words_in - np.bincount(block, bits, minlength=size)
        strength /= sigma * np.sqrt(np.maximum(words_in, 1) / max(1, count))
        if heard:
            block = np.clip(frames / 62.5, 0, size - 1).astype(int)
            peaks_in = np.sqrt(np.maximum(np.bincount(block, minlength=size), 4))
            stood = np.bincount(block, each, minlength=size) / peaks_in / deviation
            strength += stood
        own = np.delete(strength, [s for s in sense["shared_s"] if s < size])
        total = strength.sum() / (math.sqrt(2) if heard else 1)
        own = own.sum() / (math.sqrt(2) if heard else 1)
        score *= min(1.0, max(0.0, own / max(1, total)))
    return score, len(sound) / 8000
