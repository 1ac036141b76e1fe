"""Makes a pirate's copy of a rendered channel: cut, disguised, encoded again, perhaps encrypted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cautery.lab import sounds
from cautery.lab.encode import Rendered, Writer, frames_of, open_cut, sound_of
from cautery.lab.pictures import HEIGHT, WIDTH, Canvas
from cautery.lab.sounds import RATE_HZ, Sound
from cautery.lab.spec import StreamSpec, Timing
from cautery.model.media import ByteArray

KEY_BYTES = 16
"""AES-128 (RFC 8216, section 5)."""


def aes_key(stream: StreamSpec) -> bytes:
    """Return the key that a stream serves to any player in clear."""
    return np.random.default_rng([stream.seed, 61]).bytes(KEY_BYTES)


def content_at(stream: StreamSpec, timing: Timing, place_s: float) -> float:
    """Return the content time shown at ``place_s`` of a suspect's own media.

    A copy at another speed has its ``delay_s`` 44 s after T0 and drifts around it.
    """
    middle = timing.before_s + 44.0
    edge = timing.edge_s - timing.before_s - (stream.delay_s or 0.0)
    return edge + middle + stream.speed * (place_s - middle)


def length_of(stream: StreamSpec, timing: Timing, source: Rendered, source_begin_s: float) -> float:
    """Return how many seconds of a suspect's media are made."""
    if stream.delivery == "vod":
        return float(int(source.seconds))
    room = source_begin_s + source.seconds - content_at(stream, timing, 0.0)
    return min(timing.before_s + timing.after_s, float(int(room / max(stream.speed, 1.0))) - 1)


def render_copy(
    stream: StreamSpec, timing: Timing, source: Rendered, source_begin_s: float, folder: Path
) -> None:
    """Copy ``source``, whose first second is ``source_begin_s``, as ``stream`` disguises it."""
    length = length_of(stream, timing, source, source_begin_s)
    vod = stream.delivery == "vod"
    begin = 0.0 if vod else content_at(stream, timing, 0.0)
    end = begin + length * stream.speed
    data, first = open_cut(source, begin - source_begin_s, end - source_begin_s + 0.5)
    first += source_begin_s
    sound = _sound(stream, data, first, begin, length)
    pictures = _pictures(stream, data, first, begin)
    canvas = Canvas()
    coding = stream.coding
    key = aes_key(stream) if "aes-128" in stream.disguise else None
    with Writer(folder, coding, key=key) as writer:
        for index in range(int(length * coding.fps)):
            planes = next(pictures)
            canvas.planes[:] = planes
            at = index / coding.fps
            if not _advertised(stream, canvas, begin + stream.speed * at):
                _disguise(stream, canvas, at)
            writer.picture(canvas.planes)
            if index % coding.fps == 0:
                place = index // coding.fps * RATE_HZ
                writer.sound(sound[place : place + RATE_HZ])


def _pictures(stream: StreamSpec, data: bytes, first: float, begin: float) -> Iterator[ByteArray]:
    """Yield the source's picture at each of the copy's frame times, the last one for ever."""
    frames = frames_of(io.BytesIO(data), first)
    _, frame = next(frames)
    following = next(frames, None)
    planes: ByteArray | None = None
    index = 0
    while True:
        content_s = _shown_at(stream, begin + stream.speed * index / stream.coding.fps) + 1e-4
        while following is not None and following[0] <= content_s:
            frame, planes = following[1], None
            following = next(frames, None)
        if planes is None:
            planes = frame.to_ndarray(format="yuv420p")
        yield planes
        index += 1


def _shown_at(stream: StreamSpec, content_s: float) -> float:
    """Return which instant is shown: while a feed stands still, the one before."""
    if stream.feed is None or stream.feed.freeze is None:
        return content_s
    begin_s, length_s = stream.feed.freeze
    return begin_s if begin_s <= content_s < begin_s + length_s else content_s


def _sound(stream: StreamSpec, data: bytes, first: float, begin: float, length: float) -> Sound:
    count = int(length * RATE_HZ)
    rng = np.random.default_rng([stream.seed, 62])
    if "other-commentary" in stream.disguise:
        voice = sounds.speech(rng, length, sounds.Voice.of(rng))
        room = sounds.level(sounds.noise(rng, count, 150, 2500), 0.01)
        return (voice + room).astype(np.float32)
    source_sound, at = sound_of(io.BytesIO(data), first)
    positions = (begin - at) * RATE_HZ + np.arange(count, dtype=np.float64) * stream.speed
    if stream.speed == 1.0:
        start = max(round(float(positions[0])), 0)
        samples = source_sound[start : start + count]
    else:
        samples = np.interp(positions, np.arange(len(source_sound)), source_sound).astype(
            np.float32
        )
    if stream.feed is not None and stream.feed.advert is not None:
        begin_s, length_s = stream.feed.advert
        played = sounds.advert(stream.feed.seed, length_s)
        place = round((begin_s - begin) * RATE_HZ)
        first, last = max(place, 0), min(place + len(played), len(samples))
        if first < last:
            samples = samples.copy()
            samples[first:last] = played[first - place : last - place]
    gain = np.float32(rng.uniform(0.6, 1.15))
    return samples * gain


def _advertised(stream: StreamSpec, canvas: Canvas, content_s: float) -> bool:
    """Show the feed's advert in place of the programme, while it runs."""
    if stream.feed is None or stream.feed.advert is None:
        return False
    begin_s, length_s = stream.feed.advert
    if not begin_s <= content_s < begin_s + length_s:
        return False
    rng = np.random.default_rng([stream.feed.seed, 64])
    canvas.box(0, 0, HEIGHT, WIDTH, (int(rng.integers(40, 200)), 110, 140))
    into = (content_s - begin_s) * float(rng.uniform(20, 60))
    canvas.words(HEIGHT // 2, WIDTH - int(into) % WIDTH, "BET NOW", scale=4)
    return True


def _disguise(stream: StreamSpec, canvas: Canvas, t: float) -> None:
    """Apply the stream's picture disguises to one frame, in place; a feed's are in it already."""
    seed = stream.seed if stream.feed is None else stream.feed.seed
    rng = np.random.default_rng([seed, 63])
    colour = (int(rng.integers(30, 230)), int(rng.integers(60, 190)), int(rng.integers(60, 190)))
    if "covered-graphics" in stream.disguise:
        for top, left in ((4, 4), (4, WIDTH - 124), (HEIGHT - 38, 4), (HEIGHT - 38, WIDTH - 124)):
            canvas.box(top, left, 34, 120, (70, 128, 128))
        canvas.box(136, 56, 30, 206, (70, 128, 128))
    if "crop" in stream.disguise:
        _zoom(canvas, 1 + float(rng.uniform(0.05, 0.12)))
    if "mirror" in stream.disguise:
        for plane in (canvas.luma, canvas.blue, canvas.red):
            plane[:] = plane[:, ::-1].copy()
    if "logo" in stream.disguise:
        corner = int(rng.integers(4))
        top, left = (6 if corner < 2 else HEIGHT - 40), (6 if corner % 2 else WIDTH - 76)
        canvas.box(top, left, 32, 70, colour)
        canvas.words(top + 10, left + 6, f"TV{seed % 900 + 100}", scale=3)
    if "ticker" in stream.disguise:
        canvas.box(HEIGHT - 18, 0, 18, WIDTH, colour)
        canvas.words(
            HEIGHT - 14,
            WIDTH - int(t * 45) % (WIDTH + 300),
            "RENEW YOUR LINE TODAY - ASK YOUR SELLER",
        )
    if "dark" in stream.disguise:
        canvas.luma[:] = (canvas.luma.astype(np.uint16) * 190 // 256 + 6).astype(np.uint8)


def _zoom(canvas: Canvas, factor: float) -> None:
    """Show the middle of the picture only, by nearest pixels: what a cheap scaler does."""
    for plane in (canvas.luma, canvas.blue, canvas.red):
        rows, columns = plane.shape
        y = ((np.arange(rows) - rows / 2) / factor + rows / 2).astype(np.int64)
        x = ((np.arange(columns) - columns / 2) / factor + columns / 2).astype(np.int64)
        plane[:] = plane.take(y, axis=0).take(x, axis=1)
