"""Uses the analyst's own files in place of painted channels, cut and scaled to the lab's size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from cautery.errors import InputError
from cautery.lab.encode import Writer, frames_of, sound_of
from cautery.lab.encode_options import Coding
from cautery.lab.match import Graphics
from cautery.lab.pictures import FPS, HEIGHT, WIDTH, Canvas
from cautery.lab.sounds import RATE_HZ, Sound, Voice, speech
from cautery.lab.spec import ChannelSpec, Plan

SUFFIXES = frozenset({".mp4", ".mkv", ".mov", ".avi", ".ts", ".m2ts", ".webm", ".mpg", ".m4v"})


def own_files(media_dir: Path) -> list[Path]:
    """Return the media files of a folder, by name.

    Raises
    ------
    InputError
        If there is none.
    """
    if not media_dir.is_dir():
        raise InputError(f"{media_dir}: not a folder")
    files = sorted(path for path in media_dir.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(
            f"{media_dir}: it has no media files",
            hint=f"The lab reads {', '.join(sorted(SUFFIXES))}.",
        )
    return files


def render_own(
    plan: Plan, channel: ChannelSpec, media_dir: Path, folder: Path, span: tuple[float, float]
) -> None:
    """Render a channel from the analyst's files: its own one first, then the others in turn.

    The match's clean feed and its licensees share one file; a licensee adds its graphics and,
    over the file's sound, its commentary. When all files have been shown they start again.

    Raises
    ------
    InputError
        If a file cannot be decoded.
    """
    begin_s, end_s = span
    files = own_files(media_dir)
    groups = [channel.event or channel.id for channel in plan.channels]
    place = list(dict.fromkeys(groups)).index(channel.event or channel.id)
    turn = files[place % len(files) :] + files[: place % len(files)]
    sound = _sound(turn, end_s)
    graphics = None
    if channel.role == "licensee":
        rng = np.random.default_rng([channel.seed, 55])
        sound = (sound * 0.5 + speech(rng, len(sound) / RATE_HZ, Voice.of(rng))).astype(np.float32)
        graphics = Graphics(
            brand=channel.short,
            corner=channel.corner,
            colour=channel.colour,
            teams="HOM-AWY",
            seed=channel.seed,
        )
    canvas = Canvas()
    pictures = _pictures(turn)
    with Writer(folder, Coding()) as writer:
        for index in range(int(end_s * FPS)):
            canvas.planes[:] = next(pictures)
            if index < int(begin_s * FPS):
                continue
            if graphics is not None:
                graphics.paint(index, canvas)
            writer.picture(canvas.planes)
            if index % FPS == 0:
                at = index // FPS * RATE_HZ
                writer.sound(sound[at : at + RATE_HZ])


def _pictures(files: list[Path]) -> Iterator[np.ndarray]:
    """Yield pictures at :data:`FPS`, file after file, for ever; none for a file without any."""
    black = Canvas()
    black.box(0, 0, HEIGHT, WIDTH, (16, 128, 128))
    while True:
        for path in files:
            planes, count = black.planes, 0
            try:
                for at, frame in frames_of(str(path), 0.0):
                    while count / FPS < at:
                        yield planes
                        count += 1
                    small = frame.reformat(WIDTH, HEIGHT, format="yuv420p")
                    planes = small.to_ndarray()
            except (av.FFmpegError, IndexError) as error:
                raise InputError(
                    f"{path}: it has no pictures that can be decoded: {error}"
                ) from error
            yield planes


def _sound(files: list[Path], seconds: float) -> Sound:
    parts: list[Sound] = []
    missing = int(seconds * RATE_HZ) + 1
    while missing > 0:
        for path in files:
            try:
                samples, _ = sound_of(str(path))
            except (av.FFmpegError, IndexError) as error:
                raise InputError(f"{path}: it has no sound that can be decoded: {error}") from error
            parts.append(samples)
            missing -= len(samples)
            if missing <= 0:
                break
        if not sum(map(len, parts)):
            raise InputError(f"{files[0].parent}: the files have no sound")
    return np.concatenate(parts)
