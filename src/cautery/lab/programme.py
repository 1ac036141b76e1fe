"""Turns a channel of the plan into its pictures and its sound over the whole timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cautery.lab import sounds
from cautery.lab.encode import Writer
from cautery.lab.encode_options import Coding
from cautery.lab.match import Graphics, Match
from cautery.lab.pictures import FPS, STYLES, Canvas, Painter, Scenes, Slate
from cautery.lab.sounds import RATE_HZ, Sound
from cautery.lab.spec import ChannelSpec, Plan

CLIP_S = 10.0
"""A news programme shows this much of the match."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Something of another programme shown from ``at_s`` on: an advert, a clip."""

    at_s: float
    seconds: float
    seed: int
    kind: str
    from_s: float = 0.0


def inserts_of(plan: Plan, channel: ChannelSpec) -> tuple[Insert, ...]:
    """Return a channel's adverts and clips.

    Two channels, one mandated and one not, show the same advert twelve seconds apart; the news
    shows ten seconds of the match.
    """
    shared = plan.seed * 1009 + 7
    begin = plan.timing.edge_s + 11.0
    if channel.style == "film" and channel.role == "linear":
        early = Insert(max(begin - 150.0, 20.0), 28.0, channel.seed + 5, "advert")
        return early, Insert(begin, 22.0, shared, "advert")
    if channel.style == "talk":
        return (Insert(begin + 12.0, 22.0, shared, "advert"),)
    if channel.style == "music":
        return (Insert(max(begin - 90.0, 15.0), 24.0, channel.seed + 5, "advert"),)
    if channel.style == "news":
        at = plan.timing.edge_s + 30.0
        return (Insert(at, CLIP_S, 0, "clip", at - 25.0),)
    return ()


def render_channel(
    plan: Plan, channel: ChannelSpec, folder: Path, begin_s: float, end_s: float
) -> None:
    """Paint and encode a channel's media from ``begin_s`` to ``end_s`` into a folder."""
    sound = channel_sound(plan, channel, end_s)
    painter = channel_painter(plan, channel, end_s)
    canvas = Canvas()
    with Writer(folder, Coding()) as writer:
        for index in range(int(begin_s * FPS), int(end_s * FPS)):
            painter.paint(index, canvas)
            writer.picture(canvas.planes)
            if index % FPS == 0:
                place = index // FPS * RATE_HZ
                writer.sound(sound[place : place + RATE_HZ])


def channel_painter(plan: Plan, channel: ChannelSpec, end_s: float) -> Painter:
    """Return what paints a channel: its scenes, with its inserts."""
    frames = int(end_s * FPS) + 1
    if channel.style in ("match", "other-match"):
        return _Feed(channel, frames)
    if channel.style in ("slate", "black"):
        return Slate(channel.seed, black=channel.style == "black")
    look = replace(STYLES[channel.style], caption=channel.short)
    return _Broken(plan, Scenes(channel.seed, look, frames), inserts_of(plan, channel), frames)


def channel_sound(plan: Plan, channel: ChannelSpec, end_s: float) -> Sound:
    """Return a channel's sound from media time zero to ``end_s``."""
    rng = np.random.default_rng([channel.seed, 51])
    sound = _base_sound(channel, rng, end_s)
    for insert in inserts_of(plan, channel):
        place = int(insert.at_s * RATE_HZ)
        count = min(int(insert.seconds * RATE_HZ), len(sound) - place)
        if count <= 0:
            continue
        if insert.kind == "advert":
            inside = sounds.advert(insert.seed, insert.seconds)
            sound[place : place + count] = inside[:count]
            tune = sounds.jingle(insert.seed // 3)
            sound[max(place - len(tune), 0) : place] = tune[-min(place, len(tune)) :]
        else:
            clean = channel_sound(plan, _clean(plan), insert.from_s + insert.seconds)
            source = int(insert.from_s * RATE_HZ)
            talk = sound[place : place + count] * 0.5
            sound[place : place + count] = clean[source : source + count] + talk
    return np.clip(sound, -1, 1)


def _base_sound(channel: ChannelSpec, rng: np.random.Generator, end_s: float) -> Sound:
    def talk() -> Sound:
        return sounds.speech(rng, end_s, sounds.Voice.of(rng))

    if channel.style in ("match", "other-match"):
        stadium = _match_seed(channel)
        crowd = sounds.crowd(np.random.default_rng([stadium, 52]), end_s)
        if channel.role == "clean":
            return crowd
        mixed = crowd * 0.45 + talk()
        tune = sounds.jingle(channel.seed)
        for at in np.arange(8.0, end_s - 4, 53.0) + channel.seed % 23:
            place = int(at * RATE_HZ)
            room = mixed[place : place + len(tune)]
            room *= 0.3
            room += tune[: len(room)]
        return mixed.astype(np.float32)
    if channel.style == "black":
        return np.zeros(int(end_s * RATE_HZ), np.float32)
    if channel.style == "slate":
        return sounds.level(sounds.noise(rng, int(end_s * RATE_HZ), 100, 400), 0.002)
    beat, bright = float(rng.uniform(0.26, 0.55)), float(rng.uniform(0.3, 0.8))
    if channel.style in ("talk", "sport-talk", "room"):
        first, second = talk(), talk()
        turns = sounds.contour(rng, len(first), 4.0, -2, 2)
        duet = np.where(turns > 0, first, second * 0.9) + 0.08 * np.where(turns > 0, second, first)
        return duet.astype(np.float32)
    tune = sounds.music(rng, end_s, beat_s=beat, bright=bright)
    if channel.style == "music":
        return tune
    share = {
        "film": (0.8, 0.6),
        "documentary": (0.35, 0.9),
        "kids": (0.7, 0.6),
        "news": (0.12, 1.0),
    }
    under, over = share[channel.style]
    return (tune * under + talk() * over).astype(np.float32)


def _match_seed(channel: ChannelSpec) -> int:
    return channel.seed // 100 * 100


def _clean(plan: Plan) -> ChannelSpec:
    return next(channel for channel in plan.channels if channel.role == "clean")


class _Feed:
    """The match, with a licensee's graphics unless it is the clean feed."""

    def __init__(self, channel: ChannelSpec, frames: int) -> None:
        self._match = Match(_match_seed(channel), frames)
        self._graphics = None
        if channel.role != "clean":
            self._graphics = Graphics(
                brand=channel.short,
                corner=channel.corner,
                colour=channel.colour,
                teams="HOM-AWY",
                seed=channel.seed,
            )

    def paint(self, index: int, canvas: Canvas) -> None:
        self._match.paint(index, canvas)
        if self._graphics is not None:
            self._graphics.paint(index, canvas)


class _Broken:
    """A programme with adverts and clips in it."""

    def __init__(self, plan: Plan, base: Painter, inserts: tuple[Insert, ...], frames: int) -> None:
        self._base, self._inserts = base, inserts
        self._painters: list[Painter] = [
            Scenes(insert.seed, STYLES["advert"], frames)
            if insert.kind == "advert"
            else Match(_match_seed(_clean(plan)), frames)
            for insert in inserts
        ]

    def paint(self, index: int, canvas: Canvas) -> None:
        t = index / FPS
        for insert, painter in zip(self._inserts, self._painters, strict=True):
            if insert.at_s <= t < insert.at_s + insert.seconds:
                painter.paint(round((t - insert.at_s + insert.from_s) * FPS), canvas)
                return
        self._base.paint(index, canvas)
