"""Loops of ``identify.py``, compiled."""

# ruff: noqa: ANN001 - numba infers them

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def warped(power, first_bin, time, pitch, start):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Read a spectrogram at other times and frequencies, bilinearly; time goes round."""
    frames, bins = power.shape
    out = np.empty_like(power)
    low = np.empty(bins, np.int64)
    part = np.empty(bins, np.float32)
    for b in range(bins):
        at = (b + first_bin) * pitch - first_bin
        if at < 0:
            at = -at
        if at > bins - 2:
            at = 2 * (bins - 2) - at
        low[b] = int(at)
        part[b] = at - int(at)
    for i in range(frames):
        when = (start + i * time) % frames
        early = int(when)
        late = (early + 1) % frames
        w = np.float32(when - early)
        for b in range(bins):
            k, u = low[b], part[b]
            a = power[early, k] * (1 - u) + power[early, k + 1] * u
            c = power[late, k] * (1 - u) + power[late, k + 1] * u
            out[i, b] = a * (1 - w) + c * w
    return out


@njit(cache=True, nogil=True)
def least_bits(held, probe):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Return the place of fewest differing bits, every place looked at, and their number."""
    best, at = np.int64(1 << 30), 0
    for k in range(len(held) - len(probe) + 1):
        total = np.int64(0)
        for i in range(len(probe)):
            x = held[k + i] ^ probe[i]
            x = x - ((x >> np.uint32(1)) & np.uint32(0x55555555))
            x = (x & np.uint32(0x33333333)) + ((x >> np.uint32(2)) & np.uint32(0x33333333))
            x = (x + (x >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
            total += (np.int64(x) * 0x01010101 & 0xFFFFFFFF) >> 24
            if total >= best:
                break
        if total < best:
            best, at = total, k
    return best, at
