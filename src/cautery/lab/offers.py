"""Draws the streams: re-broadcasts with their disguises, innocents, dead links and hostile ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from cautery.lab.cast import Cast
from cautery.lab.encode_options import Coding
from cautery.lab.spec import ChannelSpec, StreamSpec, Timing
from cautery.lab.underworld import Underworld

_RECIPES: tuple[tuple[str, ...], ...] = (
    (),
    ("crop",),
    ("logo", "mono-44k"),
    ("mirror",),
    ("rescale",),
    ("other-rate",),
    ("faster",),
    ("other-commentary",),
    ("aes-128", "ticker"),
    ("slower",),
    ("low-bitrate", "logo"),
    ("other-commentary", "covered-graphics"),
    ("crop", "ticker", "dark"),
    ("fmp4",),
    ("mirror", "logo", "mono-44k"),
    ("rescale", "low-bitrate"),
)
"""What pirates do to a feed (docs/reference/sources.md, F41), most common first by judgement."""


@dataclass(slots=True)
class _Desk:
    """Gives each new stream its number, its place and its time."""

    rng: np.random.Generator
    seed: int
    timing: Timing
    streams: list[StreamSpec]

    def add(self, spec: StreamSpec) -> None:
        """Add one stream, appearing at kick-off or in the first 25 s after it."""
        late = 0.0 if self.rng.random() < 0.5 else float(self.rng.uniform(2, 25))
        if self.timing.after_s < 60:
            late = min(late, 8.0)
        number = len(self.streams)
        seed = self.seed * 1000 + number
        self.streams.append(replace(spec, id=f"s{number:03d}", seed=seed, appears_s=round(late, 1)))


def draw_streams(
    seed: int, size: str, timing: Timing, cast: Cast, world: Underworld
) -> tuple[StreamSpec, ...]:
    """Draw all streams of a world."""
    # The second number keeps this draw apart from those of other parts of the same seed's world.
    desk = _Desk(np.random.default_rng([seed, 91]), seed, timing, [])
    _draw_pirates(desk, size, cast, world)
    _draw_innocents(desk, size, cast, world)
    _draw_hostile(desk, size, cast, world)
    listed = [_list(stream, desk.rng) for stream in desk.streams]
    return tuple(_vanish(listed, desk.rng))


def _draw_pirates(desk: _Desk, size: str, cast: Cast, world: Underworld) -> None:
    demo = size == "demo"
    places = cycle(_places(desk.rng, world))
    recipes = cycle(_RECIPES)
    delays = iter(_delays(desk.rng, desk.timing, 64))
    counts = {"licensee": (10, 8, 8) if demo else (3, 2), "linear": (3, 3, 3) if demo else (1,)}
    turns: list[ChannelSpec] = []
    for role, shares in counts.items():
        for channel, count in zip(cast.of(role), shares, strict=True):
            turns += [channel] * count
    waiting_recipes: list[tuple[str, ...]] = []
    for number in desk.rng.permutation(len(turns)):
        channel = turns[int(number)]
        waiting = channel.role == "licensee" and waiting_recipes
        recipe = waiting_recipes.pop(0) if waiting else next(recipes)
        if channel.role == "linear" and "other-commentary" in recipe:  # a match's disguise
            waiting_recipes.append(recipe)
            recipe = ("logo", "mono-44k")
        desk.add(_pirate(desk, channel, recipe, next(delays), next(places)))
    plain = [
        i
        for i, stream in enumerate(desk.streams)
        if stream.line is None and not {"aes-128", "fmp4"} & set(stream.disguise)
    ]
    for number in plain[1::4]:  # a transport stream without playlist, as panels' players ask for
        path = desk.streams[number].path.replace("index.m3u8", "stream.ts")
        desk.streams[number] = replace(desk.streams[number], delivery="progressive", path=path)
    bare = [host.name for host in world.hosts if host.role == "edge" and host.name[0].isdigit()]
    of_events = [
        i
        for i, stream in enumerate(desk.streams)
        if stream.event is not None and stream.line is None
    ]
    for number, name in zip(of_events, bare, strict=False):
        desk.streams[number] = replace(desk.streams[number], host=name)
    for number in of_events[len(bare) : len(bare) + 1]:
        platform = world.names("platform")[0]
        desk.streams[number] = replace(desk.streams[number], host=platform)
    for work in cast.of("work"):
        solo = world.names("solo")[0]
        spec = _pirate(desk, work, ("rescale", "logo"), None, (solo, None, None))
        desk.add(
            replace(
                spec,
                delivery="vod",
                path=f"/vod/{work.seed}/index.m3u8",
                title=work.name + " [MULTI]",
            )
        )


def _pirate(
    desk: _Desk,
    channel: ChannelSpec,
    recipe: tuple[str, ...],
    delay_s: float | None,
    place: tuple[str, int | None, str | None],
) -> StreamSpec:
    rng = desk.rng
    host, line, edge = place
    number = len(desk.streams)
    coding = Coding(
        segment_s=int(rng.choice([2, 3, 4])),
        crf=int(rng.integers(29, 35)),
        layout="mono" if rng.random() < 0.5 else "stereo",
        audio_bps=int(rng.choice([48000, 64000, 96000])),
    )
    if "mono-44k" in recipe:
        coding = replace(coding, layout="mono", audio_hz=44100)
    if "low-bitrate" in recipe:
        coding = replace(coding, layout="mono", audio_hz=22050, audio_bps=24000, crf=38)
    if "rescale" in recipe:
        wide, high = [(256, 144), (426, 240), (320, 240)][int(rng.integers(3))]
        coding = replace(coding, width=wide, height=high)
    if "other-rate" in recipe:
        coding = replace(coding, fps=int(rng.choice([15, 20, 30])))
    if "fmp4" in recipe:
        coding = replace(coding, fmp4=True)
    speed = 1.02 if "faster" in recipe else 0.98 if "slower" in recipe else 1.0
    keeps_sound = not {"other-commentary", "covered-graphics"} <= set(recipe)
    delivery = "hls" if rng.random() < 0.5 else "master"
    path = f"/hls/{channel.seed + number * 7}/index.m3u8"
    return StreamSpec(
        id="",
        host=host,
        path=path,
        title=_title(rng, channel),
        kind="rebroadcast",
        delivery=delivery,
        content=channel.id,
        event=channel.event,
        licensee=channel.id if channel.role == "licensee" and keeps_sound else None,
        mandated=True,
        delay_s=delay_s,
        speed=speed,
        disguise=(*recipe, "re-encode"),
        coding=coding,
        window=int(rng.integers(4, 7)),
        group=str(rng.choice(["SPORT", "FR| SPORTS", "UK| PPV", "VIP", ""])),
        line=None if line is None else 1000 + number * 3,
        edge=edge,
    )


def _places(
    rng: np.random.Generator, world: Underworld
) -> list[tuple[str, int | None, str | None]]:
    """Return where pirates' streams go in turn: a panel's line, an edge, a lone host."""
    places: list[tuple[str, int | None, str | None]] = []
    for network in world.networks:
        edges = [name for name in world.names("edge", network.id) if not name[0].isdigit()]
        for edge in edges:
            places.append((edge, None, None))
            places.append((network.panel, 1, edge if network.redirects else None))
    places += [(name, None, None) for name in world.names("solo")]
    return [places[int(i)] for i in rng.permutation(len(places))]


def _delays(rng: np.random.Generator, timing: Timing, count: int) -> list[float]:
    """Return delays, most below a minute, none alike (docs/reference/sources.md, F26)."""
    high = min(180.0, timing.edge_s - 30.0)
    draws = np.exp(rng.uniform(np.log(5.0), np.log(high), count * 2))
    apart: list[float] = []
    for delay in [high, 5.0, *draws.tolist()]:
        # Far enough apart that no two streams look like one feed: in this world none is (ADR 0032).
        if all(abs(delay - earlier) > 0.35 for earlier in apart):
            apart.append(round(float(delay), 2))
    return [apart[0], *apart[2:], apart[1]][:count]


def _title(rng: np.random.Generator, channel: ChannelSpec) -> str:
    name, territory = channel.name, channel.territory or "EN"
    forms = [
        f"|{territory}| {name.upper()} FHD [backup]",
        f"{'UK' if territory == 'GB' else territory}: {name} HD",
        f"{territory} - {name} 1080p ◉",
        f"{name} (720p) [Not 24/7]",
        f"[{territory}] {name.replace(' ', '.')}.HEVC",
        "",
        f"EVENT {rng.integers(1, 9)} | LIVE",
        f"VIP {rng.integers(100, 999)}",
    ]
    odds = np.array([3, 3, 2, 2, 1, 0.8, 1.2, 0.8])
    return forms[int(rng.choice(len(forms), p=odds / odds.sum()))]


def _draw_innocents(desk: _Desk, size: str, cast: Cast, world: Underworld) -> None:
    lawful = {channel.style: channel for channel in cast.of("lawful", "look-alike")}
    licensees = cast.of("licensee")
    club = world.names("lawful")[0]
    homes = cycle(world.names("broadcaster"))
    pirates = cycle(world.names("edge", "A")[2:3] + world.names("solo"))
    first = licensees[0]

    def innocent(
        channel: ChannelSpec, host: str, title: str, kind: str = "innocent", delay: float = 2.0
    ) -> None:
        desk.add(
            StreamSpec(
                id="",
                host=host,
                path=f"/tv/{len(desk.streams)}/index.m3u8",
                title=title,
                kind=kind,
                delivery="master",
                content=channel.id,
                event=channel.event if kind == "partner" else None,
                licensee=channel.id if kind == "partner" else None,
                mandated=kind == "partner",
                delay_s=delay,
                disguise=("re-encode",),
                coding=Coding(segment_s=3),
                group="TV",
            )
        )

    for style in ("talk", "news", "music", "sport-talk", "kids"):
        if style in lawful:
            innocent(lawful[style], next(homes), lawful[style].name)
    innocent(first, world.names("partner")[0], f"{first.name} (partner)", "partner", 6.4)
    innocent(lawful["other-match"], club, f"|{first.territory}| {first.name.upper()} FHD")
    if size == "demo":
        innocent(lawful["other-match"], next(pirates), f"UK: {licensees[-1].name} HD", delay=9.0)
        innocent(lawful["room"], club, f"WATCH ALONG {cast.event_name} LIVE")
        innocent(lawful["slate"], next(pirates), f"{first.territory}: {first.name} [event only]")
        innocent(lawful["black"], next(pirates), "EVENT 9 | LIVE")
        innocent(lawful["sport-talk"], next(pirates), f"{licensees[1].name} HD", delay=11.0)
        innocent(lawful["kids"], next(pirates), "KIDS 4 U", delay=17.0)


def _draw_hostile(desk: _Desk, size: str, cast: Cast, world: Underworld) -> None:
    hostile = world.names("hostile")[0]
    unknown_host, down = world.names("dead")
    name = cast.of("licensee")[0].name
    cases = [
        (hostile, "missing", "dead"),
        (unknown_host, "unresolved", "dead"),
        (down, "refused", "dead"),
        (hostile, "html", "dead"),
        (hostile, "redirect-loop", "hostile"),
        (hostile, "redirect-private", "hostile"),
        (hostile, "redirect-link-local", "hostile"),
        (hostile, "garbage", "hostile"),
        (hostile, "endless", "hostile"),
    ]
    for host, delivery, kind in cases if size == "demo" else cases[:2] + cases[4:6]:
        desk.add(
            StreamSpec(
                id="",
                host=host,
                path=f"/x/{delivery}/index.m3u8",
                title=f"{name} [{delivery[:3]}]",
                kind=kind,
                delivery=delivery,
                group="SPORT",
            )
        )
    if size == "demo":
        channel = cast.of("licensee")[0]
        spec = _pirate(desk, channel, (), 33.3, (hostile, None, None))
        desk.add(replace(spec, delivery="stall", kind="hostile", path="/x/stall/index.m3u8"))


def _list(stream: StreamSpec, rng: np.random.Generator) -> StreamSpec:
    """Say which public lists name it; what a panel offers is listed by the panel."""
    if stream.line is not None:
        return replace(stream, lists=("panel",))
    lists = ("list-1", "list-2") if rng.random() < 0.15 else (f"list-{rng.integers(1, 3)}",)
    return replace(stream, lists=lists)


def _vanish(streams: list[StreamSpec], rng: np.random.Generator) -> list[StreamSpec]:
    """Let three late streams vanish from their source, none before half a minute."""
    vanishing = set(rng.choice(len(streams), 3, replace=False).tolist())
    return [
        replace(stream, vanishes_s=round(stream.appears_s + float(rng.uniform(30, 40)), 1))
        if i in vanishing
        else stream
        for i, stream in enumerate(streams)
    ]
