"""Fingerprint feeds once, or follow them continuously with their newest media."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import InputError, MandateError, StorageError
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.container import refuse_to_replace
from cautery.identify.references.held import References
from cautery.identify.references.info import Kind, ReferenceInfo
from cautery.identify.references.live_folder import LiveFolder
from cautery.identify.references.saved import save
from cautery.model import Mandate, OwnLocation
from cautery.model.ports import Clock, Decoder, Engine, Readers, Streams, VerifiedFetcher
from cautery.workflows.identification.sources import Source
from cautery.workflows.media.pump import Feed, Pump

ROLL_S = 5.0
"""How often what came in is written: so much a crash loses, and a reader lags."""
_SAID_S = 30.0
LEAST_WINDOW_S, MOST_WINDOW_S = 30.0, 4 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePorts:
    """What feeds come through."""

    fetcher: VerifiedFetcher
    readers: Readers
    streams: Streams
    decoder: Decoder
    engine: Engine
    clock: Clock


async def build_live(
    sources: Sequence[Source],
    out: Path,
    mandate: Mandate,
    ports: LivePorts,
    *,
    recipe: Recipe,
    window_s: float,
    rolling: bool,
    told: Callable[[str], None],
) -> tuple[str, ...]:
    """Fingerprint feeds under a mandate.

    Parameters
    ----------
    out : Path
        A ``.ref`` file; if ``rolling``, a folder, which is gone on with.
    rolling : bool
        Go on until cancelled or the mandate's window ends. Else an HLS feed gives what its
        playlist holds, and one that is sent is listened to for ``window_s``.
    told : callable
        Hears, in words, how it goes.

    Returns
    -------
    tuple of str
        References of which nothing came.

    Raises
    ------
    MandateError
        If the mandate's window is not open.
    InputError
        If the window is too long or short, or ``out`` holds something else.
    """
    if not LEAST_WINDOW_S <= window_s <= MOST_WINDOW_S:
        raise InputError("--window must be between 30s and 4h")
    if not mandate.window.holds(ports.clock.now()):
        raise MandateError(
            "the mandate's window is not open yet: it begins at "
            f"{mandate.window.start.isoformat()}",
            hint="Nothing is fetched outside the window.",
        )
    infos = tuple(_info(source, rolling=rolling) for source in sources)
    if not rolling:
        refuse_to_replace(out)
        return await _once(
            sources, infos, out, ports, recipe=recipe, window_s=window_s, progress=told
        )
    with LiveFolder(out, recipe, infos, window_s) as folder:

        def note(name: str, text: str) -> None:
            told(f"{name}: {text}")
            folder.note(name, ports.clock.now().timestamp(), text)

        pump = _pump(folder.references, ports, note)
        work = [pump.follow(_feed(*pair)) for pair in zip(sources, infos, strict=True)]
        left_s = (mandate.window.end - ports.clock.now()).total_seconds()
        try:
            async with asyncio.timeout(left_s), asyncio.TaskGroup() as tasks:
                for coroutine in work:
                    tasks.create_task(coroutine)
                tasks.create_task(_rolled(folder, pump, infos, told))
        except TimeoutError:
            told("the mandate's window has ended")
        finally:
            # What came in since the last time is written, whatever ended this.
            folder.roll()
        return tuple(info.id for info in infos if not pump.heard_s.get(info.id))


async def _once(
    sources: Sequence[Source],
    infos: tuple[ReferenceInfo, ...],
    out: Path,
    ports: LivePorts,
    *,
    recipe: Recipe,
    window_s: float,
    progress: Callable[[str], None],
) -> tuple[str, ...]:
    references = References(recipe, infos, window_s)
    pump = _pump(references, ports, lambda name, text: progress(f"{name}: {text}"))
    feeds = [_feed(*pair) for pair in zip(sources, infos, strict=True)]
    sent_feeds = [feed for feed in feeds if not feed.fetched]
    if sent_feeds:
        progress(
            f"listening for {window_s:.0f} s to {', '.join(feed.info.id for feed in sent_feeds)}"
        )
    with contextlib.suppress(TimeoutError):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(pump.fill(feeds))
            if sent_feeds:
                tasks.create_task(_for_a_while(pump, sent_feeds, window_s))
    for info in infos:
        progress(f"{info.id}: {pump.heard_s.get(info.id, 0.0) / 60:.1f} min")
    if not any(pump.heard_s.values()):
        raise InputError("no media were received from any feed; nothing is written")
    await ports.engine.run(save, references, out)
    return tuple(info.id for info in infos if not pump.heard_s.get(info.id))


async def _for_a_while(pump: Pump, feeds: Sequence[Feed], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for feed in feeds:
                tasks.create_task(pump.follow(feed))


async def _rolled(
    folder: LiveFolder,
    pump: Pump,
    infos: Sequence[ReferenceInfo],
    progress: Callable[[str], None],
) -> None:
    """Write every few seconds, and say now and then how it goes; a full disk is not the end."""
    since_s = _SAID_S
    async for _ in _ticks(ROLL_S):
        try:
            await asyncio.to_thread(folder.roll)
        except StorageError as error:
            progress(f"{error}; trying again")
        since_s += ROLL_S
        if since_s >= _SAID_S:
            since_s = 0.0
            progress(_state(pump, infos))


async def _ticks(seconds: float) -> AsyncIterator[None]:
    while True:
        await asyncio.sleep(seconds)
        yield


def _state(pump: Pump, infos: Sequence[ReferenceInfo]) -> str:
    durations = {info.id: pump.heard_s.get(info.id, 0.0) for info in infos}
    silent = [name for name, seconds in durations.items() if not seconds]
    total = sum(durations.values()) / 60
    summary = f"{len(infos) - len(silent)} of {len(infos)} feeds, {total:.1f} min received so far"
    return summary + (f"; nothing yet from {', '.join(silent[:8])}" if silent else "")


def _pump(references: References, ports: LivePorts, told: Callable[[str, str], None]) -> Pump:
    complaints = Complaints(told)
    pump = Pump(
        references,
        None,
        fetcher=ports.fetcher,
        readers=ports.readers,
        streams=ports.streams,
        decoder=ports.decoder,
        engine=ports.engine,
        fail=lambda _, name, error: complaints.told(name, error, pump.heard_s.get(name, 0.0)),
    )
    return pump


class Complaints:
    """Tells what ails a feed once, until more of it was heard or something else ails it.

    A feed is tried again every few seconds, so that a dead one would drown all others.

    Parameters
    ----------
    told : callable
        Takes the feed's id, and what ails it with its remedy.
    """

    def __init__(self, told: Callable[[str, str], None]) -> None:
        self._report = told
        self._last_words: dict[str, tuple[str, float]] = {}

    def told(self, name: str, error: Exception, heard_s: float) -> None:
        """Tell it, with its remedy, if it is new."""
        if self._last_words.get(name) == (str(error), heard_s):
            return
        self._last_words[name] = str(error), heard_s
        hint = getattr(error, "hint", None)
        self._report(name, f"{error}" + (f" ({hint})" if hint else ""))


def _info(source: Source, *, rolling: bool) -> ReferenceInfo:
    if source.work and rolling:
        raise InputError(
            f"{source.id}: a work is a recording and has no live edge",
            hint="Build it into a separate .ref file, without --live.",
        )
    kind: Kind = "work" if source.work else "event" if source.clean else "channel"
    return ReferenceInfo(
        id=source.id,
        event=source.event,
        clean=source.clean,
        territory=source.territory,
        licensee=source.licensee,
        kind=kind,
    )


def _feed(source: Source, info: ReferenceInfo) -> Feed:
    assert source.url is not None
    # As in a watch: a linear channel is recognised by its sound.
    return Feed(
        info=info,
        location=OwnLocation(source.url),
        pictures=source.event is not None or info.kind == "work",
    )
