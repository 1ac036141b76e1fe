"""Builds a world: its plan from the seed, its media in the cache, its truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cautery.errors import InputError
from cautery.lab.cast import draw_cast
from cautery.lab.feeds import share_feeds
from cautery.lab.names import Names
from cautery.lab.offers import draw_streams
from cautery.lab.spec import Plan, Timing
from cautery.lab.truth import Truth, truth_of
from cautery.lab.underworld import Addresses, draw_underworld

Size = Literal["demo", "small", "long"]
Progress = Callable[[int, int, str], None]

TIMINGS = {
    "demo": Timing(edge_s=245.0, after_s=90.0),
    "small": Timing(edge_s=52.0, after_s=42.0),
    "long": Timing(edge_s=52.0, after_s=150.0),
}


@dataclass(frozen=True, slots=True)
class World:
    """A finished world: its parts, the folder of its media, and its truth."""

    plan: Plan
    media: Path
    truth: Truth


def plan_world(seed: int, size: Size = "demo", *, shared_feeds: bool = False) -> Plan:
    """Draw a world without its media; the same seed gives the same world.

    Parameters
    ----------
    shared_feeds : bool
        Whether services of one network carry one feed, with its faults, too.

    Raises
    ------
    InputError
        If the seed is negative or the size unknown.
    """
    if seed < 0:
        raise InputError(f"seed {seed}: a seed must not be negative")
    if size not in TIMINGS:
        raise InputError(f"size {size!r}: a world must be {' or '.join(TIMINGS)}")
    timing = TIMINGS[size]
    names = Names(seed)
    cast = draw_cast(seed, size, names)
    under = draw_underworld(seed, size, names, Addresses(seed))
    streams = draw_streams(seed, size, timing, cast, under)
    plan = Plan(
        seed=seed,
        size=size,
        timing=timing,
        channels=cast.channels,
        hosts=tuple(under.hosts),
        streams=streams,
        networks=tuple(under.networks),
        sources=tuple(under.sources),
        past=tuple(under.past),
        dedicated=tuple(under.dedicated),
        event=cast.event,
        event_name=cast.event_name,
        work_title=cast.work_title,
        popular=tuple(under.popular),
        protected=tuple(under.protected),
        feeds=cast.broadcaster,
    )
    return share_feeds(plan) if shared_feeds else plan


def build_world(
    seed: int,
    cache: Path,
    *,
    size: Size = "demo",
    media_dir: Path | None = None,
    shared_feeds: bool = False,
    progress: Progress | None = None,
) -> World:
    """Draw a world and render what the cache does not hold yet.

    Parameters
    ----------
    seed : int
        Everything follows from it.
    cache : Path
        Where media are kept from run to run, one folder a world.
    size : {"demo", "small", "long"}
        The world of the demonstration, or a few streams for tests, for 40 s or for two minutes.
    media_dir : Path or None
        The analyst's own files, shown in place of the painted channels.
    shared_feeds : bool
        As for :func:`plan_world`.
    progress : callable or None
        Called with ``(done, total, what)``, from zero on.

    Raises
    ------
    InputError
        If the seed or size is not one, or ``media_dir`` holds no media.
    StorageError
        If the cache cannot be written.
    """
    from cautery.lab.render import media_folder, render  # noqa: PLC0415 - heavy: multiprocessing

    plan = plan_world(seed, size, shared_feeds=shared_feeds)
    if media_dir is not None:
        from cautery.lab.own_media import own_files  # noqa: PLC0415 - heavy: PyAV

        own_files(media_dir)
    folder = media_folder(cache, plan, media_dir)
    render(plan, folder, media_dir=media_dir, progress=progress)
    return World(plan, folder, truth_of(plan))
