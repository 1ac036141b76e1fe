"""Inside the decoder's child: frames of any codec, rate and layout become 8 kHz mono.

Some frames at a time are mixed down into the resampler's own buffer
(:mod:`cautery.adapters._resampling`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from av.audio.fifo import AudioFifo

from cautery.adapters._resampling import (
    MOST_AT_ONCE,
    RATE_HZ,
    FilterResampler,
    Floats,
    MatrixResampler,
)

_MOST_CHANNELS = 8
"""A damaged header announces more. FFmpeg keeps them apart from the first eight, and PyAV counts
planes beyond their end: nobody may look at these."""
_MOST_RATE_HZ = 768_000
"""A damaged header announces more; the filter of a rate grows with it, to seconds of CPU."""
_GAINS = {"LFE": 0.0, "FC": math.sqrt(2)}
_REAR_GAIN = math.sqrt(0.5)
"""Weights against left and right, after ITU-R BS.775: so a feed in 5.1 sounds in mono as its own
stereo downmix does, and speech, which sits in the centre, is not lost."""
_THINNED = 8
"""Every so many samples are looked at, to tell whether two channels are opposed."""
_REMEMBERED_S = 6.0
"""Time constant of what is known of that."""
_BEFORE_S = 0.4
"""Sound, as loud as the first and neither way, that counts as heard before it."""
_OPPOSED, _NO_LONGER = -0.2, -0.1
"""Correlation under which two channels are opposed, and over which no longer: so near each other
that what was heard long before does not matter, for a probe must be mixed as its reference was,
wherever it begins. Of 264 minutes of real stereo music two lie under the first; of the same with
one channel turned over 88 % do, where -0.5 left out two fifths."""


class Pair:
    """Tells whether the two channels of stereo are opposed, so that their sum is next to nothing.

    Nobody hears a channel that is turned over, and a sum of both would lose the programme: what
    opposed channels say is their difference. Wide stereo is not opposed, and its sum is kept: that
    is what everybody else makes of it, too.
    """

    def __init__(self) -> None:
        self.opposed = False
        self._alike = self._power = 0.0

    def look(self, left: Floats, right: Floats, rate_hz: int) -> None:
        """Take in the next lot of both, shape (frames, samples)."""
        seconds = left.size / rate_hz
        a, b = left[:, ::_THINNED].ravel(), right[:, ::_THINNED].ravel()
        alike = float(a @ b)
        power = float(a @ a + b @ b) / 2
        if not math.isfinite(alike + power):
            return
        weight = math.exp(-seconds / _REMEMBERED_S)
        self._power = self._power or power * _BEFORE_S / seconds
        self._alike = weight * self._alike + alike
        self._power = weight * self._power + power
        bound = _NO_LONGER if self.opposed else _OPPOSED
        self.opposed = self._alike < bound * self._power


class Mixer:
    """Mixes the channels of frames down to one."""

    def __init__(self) -> None:
        self._pair = Pair()
        self._queue, self._channels = AudioFifo(), 0

    def mix(self, frames: Sequence[Any], out: Floats) -> None:
        """Put the mix of frames that are alike into ``out``, one after another.

        Full scale is 1.0. Of stereo it is the mean, or where :class:`Pair` finds the channels
        opposed half their difference.
        """
        gains = _gains(frames[0].layout)
        size = len(out) // len(frames)
        if frames[0].format.name == "fltp":  # AAC, MP2, MP3, AC-3, Opus, Vorbis
            rows = self._planes(frames, len(gains), size)
        else:
            rows = _as_floats(frames, len(gains), size)
        mixed = out.reshape(len(frames), size)
        whole = sum(gains)
        if len(gains) == 2:  # nearly every stream
            left, right = rows
            self._pair.look(left, right, frames[0].sample_rate)
            (np.subtract if self._pair.opposed else np.add)(left, right, mixed)
            mixed *= np.float32(0.5)
            return
        np.multiply(rows[0], np.float32(gains[0] / whole), mixed)
        for row, gain in zip(rows[1:], gains[1:], strict=True):
            if gain:
                mixed += row * np.float32(gain / whole)

    def _planes(self, frames: Sequence[Any], channels: int, size: int) -> list[Floats]:
        """Return each channel of frames of planar floats, shape (frames, size).

        FFmpeg's own queue puts each channel's samples behind one another: to ask Python for every
        frame's planes costs as much as an eighth of their decoding.
        """
        if channels != self._channels:
            self._queue, self._channels = AudioFifo(), channels
        try:
            joined = self._joined(frames)
        except ValueError:  # of another rate or clock than those before
            self._queue = AudioFifo()
            joined = self._joined(frames)
        return [np.frombuffer(plane, np.float32).reshape(-1, size) for plane in joined.planes]

    def _joined(self, frames: Sequence[Any]) -> Any:
        for frame in frames:
            frame.pts = None  # else the queue holds it against a clock of its own
            self._queue.write(frame)
        return self._queue.read()


def _as_floats(frames: Sequence[Any], channels: int, size: int) -> list[Floats]:
    """Return each channel of frames of any format, shape (frames, size)."""
    raw = np.stack([frame.to_ndarray() for frame in frames])
    if not frames[0].format.is_planar:
        raw = raw.reshape(len(frames), -1, channels).transpose(0, 2, 1)
    rows = raw.astype(np.float32)
    if raw.dtype == np.uint8:
        rows = (rows - np.float32(128)) / np.float32(128)
    elif raw.dtype.kind in "iu":
        rows /= float(np.iinfo(raw.dtype).max) + 1
    return [rows[:, channel, :size] for channel in range(channels)]


def _gains(layout: Any) -> list[float]:
    count = layout.nb_channels or 1
    if count < 3:
        return [1.0] * count
    names = [channel.name for channel in layout.channels]
    if len(names) != count:
        return [1.0] * count
    return [_GAINS.get(name, 1.0 if name in {"FL", "FR"} else _REAR_GAIN) for name in names]


class Sound:
    """The sound of a capture on one axis: gaps filled, rates joined, length bounded.

    Parameters
    ----------
    most_s : float
        Seconds kept at most.
    """

    def __init__(self, *, most_s: float) -> None:
        self._most_samples = int(most_s * RATE_HZ)
        self._parts: list[Floats] = []
        self._resampler: MatrixResampler | FilterResampler | None = None
        self._rate = 0
        self._mixer = Mixer()
        self._samples_in = 0.0
        self._popped = 0
        self.made = 0
        self.start_s: float | None = None
        self.end_s: float | None = None
        """Media time after the last sample taken."""

    @property
    def full(self) -> bool:
        """Whether no more is kept."""
        return self.made >= self._most_samples or self._samples_in >= self._most_samples

    @property
    def waiting(self) -> int:
        """Samples made and not yet popped."""
        return self.made - self._popped

    @property
    def popped_s(self) -> float | None:
        """Media time of the next sample to be popped."""
        return None if self.start_s is None else self.start_s + self._popped / RATE_HZ

    def begin(self, at_s: float) -> None:
        """Say where the first sample lies."""
        self.start_s = self.end_s = at_s

    def silence(self, seconds: float) -> None:
        """Fill a gap."""
        self.finish()
        self._advance(seconds)
        self._keep(np.zeros(max(0, round(self._samples_in) - self.made), np.float32))

    def take(self, frames: Sequence[Any]) -> None:
        """Take frames that are alike and go on where the sound ends."""
        rate_hz, samples = frames[0].sample_rate, frames[0].samples * len(frames)
        if frames[0].layout.nb_channels > _MOST_CHANNELS or rate_hz > _MOST_RATE_HZ:
            self.silence(samples / rate_hz)
            return
        if rate_hz != self._rate:
            self.finish()
            fits = MatrixResampler.fits(rate_hz)
            self._resampler = MatrixResampler(rate_hz) if fits else FilterResampler(rate_hz)
            self._rate = rate_hz
        resampler = self._resampler
        assert resampler is not None
        if samples <= MOST_AT_ONCE:
            self._mixer.mix(frames, resampler.room(samples))
            self._drain(resampler)
        else:
            mixed = np.empty(samples, np.float32)
            self._mixer.mix(frames, mixed)
            for at in range(0, samples, MOST_AT_ONCE):
                part = mixed[at : at + MOST_AT_ONCE]
                resampler.room(len(part))[:] = part
                self._drain(resampler)
        self._advance(samples / rate_hz)

    def pop(self, most: int) -> Floats:
        """Take out up to ``most`` of the samples made."""
        whole = np.concatenate(self._parts) if self._parts else np.empty(0, np.float32)
        samples, remaining = whole[:most], whole[most:]
        self._parts = [remaining] if len(remaining) else []
        self._popped += len(samples)
        return samples

    def finish(self) -> None:
        """Make what is still in the resampler."""
        if self._resampler is not None:
            self._keep(self._resampler.flush())
        self._resampler, self._rate = None, 0

    def _advance(self, seconds: float) -> None:
        self._samples_in += seconds * RATE_HZ
        if self.start_s is not None:
            self.end_s = self.start_s + self._samples_in / RATE_HZ

    def _drain(self, resampler: MatrixResampler | FilterResampler) -> None:
        while (chunk := resampler.made()) is not None:
            self._keep(chunk)

    def _keep(self, samples: Floats) -> None:
        samples = samples[: self._most_samples - self.made].clip(-4.0, 4.0)
        self.made += len(samples)
        if len(samples):
            self._parts.append(samples)
