"""Inside the decoder's child: a capture becomes parts of sound and pictures on one media axis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from cautery.adapters._decoder_cells import Ahead, Cells
from cautery.adapters._decoder_sound import Sound
from cautery.adapters._decoder_source import Refusal, Source
from cautery.adapters._resampling import RATE_HZ

_JUMP_S = 10.0
"""A time stamp further than this from where the stream stood is a discontinuity, not a gap."""
_JITTER_S = 0.06
_PICTURES_UNASKED = 8
"""Packets of pictures after which it is asked whether a part is whole: asking after each cost as
much as reducing them."""
Part = tuple[dict[str, Any], bytes]


@dataclass
class Timeline:
    """Maps time stamps to one rising axis across wraps and discontinuities."""

    offsets: list[float] = field(default_factory=lambda: [0.0])
    jumps: int = 0

    def place(self, stamp_s: float, expected_s: float | None) -> float:
        """Return where ``stamp_s`` lies, given where its stream should go on."""
        latest = stamp_s + self.offsets[-1]
        if expected_s is None or abs(latest - expected_s) <= _JITTER_S:
            return latest
        best = min(self.offsets, key=lambda offset: abs(stamp_s + offset - expected_s))
        if abs(stamp_s + best - expected_s) <= _JUMP_S:
            return stamp_s + best
        self.jumps += 1
        # Bounded: a stream of nothing but jumps would make each stamp be tried against all of
        # them.
        if len(self.offsets) < 64:
            self.offsets.append(expected_s - stamp_s)
        return expected_s


def parts(
    data: BinaryIO, name: str, *, pictures: bool, part_s: float, most_s: float
) -> Iterator[Part]:
    """Yield (head, arrays as bytes) for every ``part_s`` of a capture, and for its rest.

    Raises
    ------
    Refusal
        If nothing could be decoded.
    """
    reading = _Reading(Source(data, name, pictures=pictures), part_s=part_s, most_s=most_s)
    has_part = False
    unasked = 0
    for is_sound, frames, tick in reading.source.frames():
        if is_sound:
            reading.hear(frames, tick)
        else:
            reading.see(frames, tick)
            unasked = (unasked + 1) % _PICTURES_UNASKED
            if unasked:
                continue
        while reading.is_ready():
            has_part = True
            yield reading.part()
        if reading.is_full():
            reading.source.damage.notes.append(f"cut after {most_s:g} s")
            break
    reading.sound.finish()
    while reading.is_ready():
        has_part = True
        yield reading.part()
    reading.last = True
    if not reading.is_empty() or not has_part:
        reading.check(has_part=has_part)
        yield reading.part()


class _Reading:
    """What was read and not yet given."""

    def __init__(self, source: Source, *, part_s: float, most_s: float) -> None:
        self.source = source
        self.sound = Sound(most_s=most_s)
        self.last = False
        self._part_s, self._most_s = part_s, most_s
        self._samples = math.ceil(min(part_s, most_s + 60) * RATE_HZ)
        self._cells, self._ahead, self._timeline = Cells(), Ahead(), Timeline()
        source.spares = self._spares
        self._first_s: float | None = None
        self._seen_s: float | None = None
        self._begin_s: float | None = None

    def hear(self, frames: list[Any], tick: float) -> None:
        """Put frames of sound where their time stamps say, filling gaps, dropping repeats."""
        if self._goes_on(frames, tick):
            self.sound.take(frames)
            return
        sound, timeline = self.sound, self._timeline
        for frame in frames:
            stamp, end_s, samples, rate_hz = (
                frame.pts,
                sound.end_s,
                frame.samples,
                frame.sample_rate,
            )
            if rate_hz <= 0 or samples <= 0:
                continue
            at_s = (end_s or 0.0) if stamp is None else timeline.place(stamp * tick, end_s)
            if end_s is None:
                sound.begin(at_s)
            else:
                gap_s = at_s - end_s
                if gap_s > _JITTER_S:
                    self.source.damage.gaps += 1
                    sound.silence(gap_s)
                elif gap_s < -_JITTER_S and gap_s < -samples / rate_hz:
                    continue
            sound.take([frame])

    def _goes_on(self, frames: list[Any], tick: float) -> bool:
        """Tell whether frames are alike and follow the sound so far and one another.

        The first and the last tell for those between them, which span less than a second.
        """
        first, last, end_s = frames[0], frames[-1], self.sound.end_s
        samples, rate_hz = first.samples, first.sample_rate
        if end_s is None or first.pts is None or last.pts is None or min(samples, rate_hz) <= 0:
            return False
        last_s = end_s + (len(frames) - 1) * samples / rate_hz
        offset_s = self._timeline.offsets[-1]
        return (
            abs(first.pts * tick + offset_s - end_s) <= _JITTER_S
            and abs(last.pts * tick + offset_s - last_s) <= _JITTER_S
            and rate_hz == last.sample_rate
            and first.format.name == last.format.name
            and all(
                frame.samples == samples and frame.layout.nb_channels == first.layout.nb_channels
                for frame in frames
            )
        )

    def see(self, frames: list[Any], tick: float) -> None:
        """Keep pictures whose slots are free."""
        for frame in frames:
            if frame.pts is None:
                continue
            before_s = self._seen_s
            expected_s = self.sound.end_s if before_s is None else before_s
            at_s = self._timeline.place(frame.pts * tick, expected_s)
            if self._first_s is None:
                self._first_s = at_s
            if before_s is None or at_s > before_s:
                self._seen_s = at_s
                if self._cells.wants(at_s):
                    self._cells.take(frame, at_s)

    def _spares(self, stamp_s: float) -> bool:
        """Tell of a picture to be decoded whether its slot will be taken by one before it."""
        return self._ahead.spares(stamp_s + self._timeline.offsets[-1])

    def is_full(self) -> bool:
        """Tell whether as much was read as may be."""
        seen_s = 0.0 if self._seen_s is None else self._seen_s - (self._first_s or 0.0)
        return self.sound.full or seen_s > self._most_s

    def is_empty(self) -> bool:
        """Tell whether nothing waits to be given."""
        return not self.sound.waiting and not self._cells.times

    def is_ready(self) -> bool:
        """Tell whether a whole part waits, its pictures too, or one of the two has run ahead."""
        begin_s = self._start_s()
        if begin_s is None:
            return False
        waiting = self.sound.waiting
        if waiting >= self._samples and (
            self._seen_s is None
            or self._seen_s >= begin_s + self._part_s
            or waiting >= 2 * self._samples
        ):
            return True
        ahead = 1 if self.sound.start_s is None else 2
        return self._seen_s is not None and self._seen_s >= begin_s + ahead * self._part_s

    def check(self, *, has_part: bool) -> None:
        """Refuse what gave nothing at all."""
        source = self.source
        if has_part or not self.is_empty():
            return
        codecs = ", ".join(source.codecs) or "the container"
        if source.damage.sealed:
            raise Refusal(f"encrypted: {codecs} under common encryption (CENC)", encrypted=True)
        if source.has_sound or source.damage.packets:
            problems = "; ".join(source.damage.said(self._timeline.jumps)) or "no frame came out"
            raise Refusal(f"nothing could be decoded of {codecs}: {problems}")

    def part(self) -> Part:
        """Take out the next part; if it is the last, all there is."""
        begin_s = self._start_s() or 0.0
        popped_s = self.sound.popped_s
        samples = self.sound.pop(self.sound.waiting if self.last else self._samples)
        end_s = begin_s + self._part_s
        luma, times, count = self._cells.pop(math.inf if self.last else end_s)
        audio_s = begin_s if popped_s is None else popped_s
        if self.last:
            heard_s = audio_s + len(samples) / RATE_HZ
            end_s = max(begin_s, heard_s, begin_s if self._seen_s is None else self._seen_s)
        whole_s = end_s - begin_s
        if self._begin_s is None and self._first_s is not None:
            whole_s += max(0.0, begin_s - self._first_s)
        self._begin_s = end_s
        damage = self.source.damage
        notes = [] if self.source.has_sound else ["no sound"]
        head = {
            "samples": len(samples),
            "audio_s": audio_s,
            "pictures": count,
            "duration_s": whole_s,
            "codecs": list(self.source.codecs),
            "warnings": notes + damage.said(self._timeline.jumps),
        }
        return head, samples.tobytes() + luma + times

    def _start_s(self) -> float | None:
        if self._begin_s is not None:
            return self._begin_s
        return self._first_s if self.sound.start_s is None else self.sound.start_s
