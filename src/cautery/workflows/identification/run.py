"""Identify probes in their order, several at a time; broken probes also get a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cautery.errors import (
    CauteryError,
    DecodeError,
    InputError,
    MandateError,
    SourceError,
    WorkerError,
)
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.identify.confirm import named
from cautery.identify.places import Place, look_there, opened, place_of
from cautery.identify.windows import Look
from cautery.model import Decoded, Identification, Mandate, Partner, host_of
from cautery.model.ports import Clock, Decoder, Engine, Fetcher, Readers
from cautery.packed import STDIN
from cautery.workflows.identification.media import media_of
from cautery.workflows.identification.records import Answer
from cautery.workflows.identification.results import Results, Stamp
from cautery.workflows.media.fetching import fetch_newest

FETCHED_S = 20.0
"""Newest media of a stream: two windows of 10 s, which may confirm each other."""
_MOST_WARNINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How probes are to be judged.

    Parameters
    ----------
    hints : tuple of str
        References that a probe is said to be of: these are listened to most closely.
    base_rate : float
        For the probability alone, in (0, 1).
    mandate : Mandate or None
        For URLs.
    """

    hints: tuple[str, ...] = ()
    base_rate: float = 0.05
    mandate: Mandate | None = None


Drawer = Callable[[Answer, Decoded, Sequence[Look]], None]
"""Takes an answer, the first of its media, and all looks at it."""


class Prober:
    """Answers probes by one set of references.

    Parameters
    ----------
    references : Path
        A ``.ref`` file or a live folder. The engine's workers map it themselves, as it is when a
        probe is looked at.
    fetcher : Fetcher or None
        For URLs.
    readers : Readers or None
        Of their playlists.
    draw : callable or None
        Called for each probe that was read, on a thread.
    """

    def __init__(
        self,
        references: Path,
        asked: Asked,
        *,
        decoder: Decoder,
        engine: Engine,
        clock: Clock,
        fetcher: Fetcher | None = None,
        readers: Readers | None = None,
        draw: Drawer | None = None,
    ) -> None:
        self._place = place_of(references)
        library = opened(self._place, DEFAULT_RECIPE)
        ids = {info.id for info in library.infos}
        unknown = [hint for hint in asked.hints if hint not in ids]
        if unknown:
            raise InputError(
                f"--hint {unknown[0]}: no such reference",
                hint=f"The references are {', '.join(sorted(ids)[:10])}"
                + (", ..." if len(ids) > 10 else "."),
            )
        mandate = asked.mandate
        if mandate is not None and not mandate.window.holds(clock.now()):
            begins = mandate.window.start.isoformat()
            raise MandateError(
                f"the mandate's window is not open yet: it begins at {begins}",
                hint="Nothing is fetched outside the window.",
            )
        if not 0 < asked.base_rate < 1:
            raise InputError("--base-rate must be between 0 and 1")
        self._path = references
        self._references = library
        self._question = asked
        self._decoder = decoder
        self._engine = engine
        self._clock = clock
        self._fetcher = fetcher
        self._readers = readers
        self._draw = draw

    async def answers(
        self, probes: Sequence[Path | str], *, jobs: int, results: Results | None = None
    ) -> AsyncGenerator[Answer, None]:
        """Yield an answer for each probe, in order.

        Parameters
        ----------
        jobs : int
            Probes in hand at a time.
        results : Results or None
            Where answers are kept; what stands there of an unchanged file is not looked at again.

        Raises
        ------
        StorageError
            If an answer or a plot cannot be written.
        """
        ahead: asyncio.Queue[asyncio.Task[tuple[Answer, Stamp | None]] | None] = asyncio.Queue(
            2 * jobs
        )
        at_once = asyncio.Semaphore(jobs)
        begun: set[asyncio.Task[tuple[Answer, Stamp | None]]] = set()

        def ended(task: asyncio.Task[tuple[Answer, Stamp | None]]) -> None:
            begun.discard(task)
            if not task.cancelled():
                task.exception()  # the first to fail tells: asyncio need not tell of the others

        async def begin() -> None:
            for probe in probes:
                task = asyncio.create_task(self._kept_or_new(probe, at_once, results))
                begun.add(task)
                task.add_done_callback(ended)
                await ahead.put(task)
            await ahead.put(None)

        feeding = asyncio.create_task(begin())
        try:
            while (task := await ahead.get()) is not None:
                answer, stamp = await task
                if results is not None and answer.kept is None and stamp is not None:
                    results.add(answer.probe, stamp, answer.line)
                yield answer
        finally:
            # Decoder and engine are closed after us: nothing may use them any more.
            left = [feeding, *begun]
            for unfinished in left:
                unfinished.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _kept_or_new(
        self, probe: Path | str, at_once: asyncio.Semaphore, results: Results | None
    ) -> tuple[Answer, Stamp | None]:
        async with at_once:
            if isinstance(probe, str):
                return await self._answer(redacted(probe), self._of_url(probe)), Stamp(0, 0)
            name = str(probe)
            if probe == STDIN:
                return await self._answer(name, self._of_file(probe)), Stamp(0, 0)
            try:
                stamp = Stamp.of(probe)
            except InputError as error:  # a link to nothing, or gone since
                return self._unread(name, error), None
            earlier = None if results is None else results.answer(name, stamp)
            if earlier is not None:
                return Answer(probe=name, kept=earlier), stamp
            return await self._answer(name, self._of_file(probe)), stamp

    async def _answer(self, name: str, looking: Coroutine[Any, Any, Answer]) -> Answer:
        try:
            return await looking
        except (SourceError, WorkerError) as error:
            return self._unread(name, error)

    async def _media(self, path: Path) -> AsyncGenerator[Decoded, None]:
        """Yield a file's media; one that cannot be opened is no mistake in the question."""
        try:
            async with aclosing(media_of(path, self._decoder)) as parts:
                async for part in parts:
                    yield part
        except InputError as error:
            raise DecodeError(str(error)) from error

    async def _of_file(self, path: Path) -> Answer:
        """Look at a file part by part, so that its length does not matter."""
        looks: list[Look] = []
        found_before: tuple[str, ...] = ()
        first_part: Decoded | None = None
        warnings: tuple[str, ...] = ()
        start_s = 0.0
        broken = ""
        try:
            async with aclosing(self._media(path)) as parts:
                async for part in parts:
                    looks.append(await self._look(part, start_s=start_s, hints=found_before))
                    found_before = looks[-1].found
                    first_part = part if first_part is None else first_part
                    warnings = part.warnings  # a part repeats and counts what was met before
                    start_s += part.duration_s
        except (SourceError, WorkerError) as error:
            if not looks:
                raise
            broken = f"stopped after {start_s:.0f} s: {error}"
        identification = self._named(looks)
        notes = [*([broken] if broken else []), *warnings[:_MOST_WARNINGS]]
        answer = self._found(str(path), identification, notes)
        if self._draw is not None and first_part is not None:
            await asyncio.to_thread(self._draw, answer, first_part, looks)
        return answer

    async def _of_url(self, url: str) -> Answer:
        """Fetch the newest media of a stream under the mandate and look at them."""
        assert self._fetcher is not None
        assert self._readers is not None
        mandate = self._question.mandate
        assert mandate is not None
        fetched = await fetch_newest(
            url, fetcher=self._fetcher, readers=self._readers, seconds=FETCHED_S
        )
        decoded = await self._decoder.decode(fetched.data, pictures=True)
        if fetched.sound is not None:
            sound = await self._decoder.decode(fetched.sound, pictures=False)
            decoded = replace(
                decoded,
                audio=sound.audio,
                audio_s=sound.audio_s,
                codecs=decoded.codecs + sound.codecs,
                warnings=decoded.warnings + sound.warnings,
            )
        media_at_s = None
        if fetched.live:
            media_at_s = fetched.available_s
            if fetched.target_s == 0.0:  # a plain stream: what came last was at the live edge
                media_at_s -= decoded.duration_s
        look = await self._look(decoded, start_s=0.0, media_at_s=media_at_s)
        partner = mandate.partner_on(host_of(fetched.hops[-1]))
        identification = self._named([look], live=fetched.live, partner=partner)
        answer = self._found(redacted(url), identification, decoded.warnings[:_MOST_WARNINGS])
        if self._draw is not None:
            await asyncio.to_thread(self._draw, answer, decoded, [look])
        return answer

    async def _look(
        self,
        part: Decoded,
        *,
        start_s: float,
        media_at_s: float | None = None,
        hints: tuple[str, ...] = (),
    ) -> Look:
        return await self._engine.run(
            look_there,
            self._there(),
            part,
            self._clock.now(),
            media_at_s,
            (*hints, *self._question.hints),
            start_s,
        )

    def _there(self) -> Place:
        """Return where the references lie; a folder's grow, a file's are the same to the end."""
        place = place_of(self._path)
        if place != self._place:
            if not self._path.is_dir():
                raise InputError(
                    f"{self._path}: the references were replaced during the run, or appended to",
                    hint=(
                        "Run the command again. With -o, the answers by the old references stay, "
                        "and all probes get an answer by the new ones."
                    ),
                )
            self._place, self._references = place, opened(place, DEFAULT_RECIPE)
        return place

    def _named(
        self, looks: Sequence[Look], *, live: bool = False, partner: Partner | None = None
    ) -> Identification:
        return named(
            looks,
            self._references.infos,
            recipe=self._references.recipe.name,
            live=live,
            base_rate=self._question.base_rate,
            partner=partner,
        )

    def _found(self, name: str, identification: Identification, notes: Sequence[str]) -> Answer:
        whose = next(
            (
                info.licensee
                for info in self._references.infos
                if info.id == identification.licensee
            ),
            None,
        )
        return Answer(probe=name, found=identification, reason="; ".join(notes), licensee=whose)

    def _unread(self, name: str, error: CauteryError) -> Answer:
        reason = f"could not be read: {error}"
        return Answer(probe=name, reason=reason, recipe=self._references.recipe.name)


def redacted(url: str) -> str:
    """Return a URL as a line may show it: without user, password and query."""
    head, _, address = url.partition("://")
    return f"{head}://{address.partition('?')[0].rpartition('@')[2]}"
