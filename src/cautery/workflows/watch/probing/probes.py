"""Probe suspect streams, compare them with all references, and claim what two probes confirm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from cautery.errors import CauteryError, DecodeError, LimitError, SourceError, StorageError
from cautery.formats.open_redirect import only_sends_on, parted
from cautery.formats.shapes import shapes_of
from cautery.identify.decide import decide
from cautery.identify.ladder import Effort
from cautery.identify.observe import observe_and_keep
from cautery.identify.picture import watched
from cautery.identify.references.held import References
from cautery.messages import message, term
from cautery.model import (
    Decoded,
    ExhibitId,
    Finding,
    Mandate,
    Observation,
    Verdict,
    host_of,
)
from cautery.model.ports import Decoder, Engine, Fetcher, Readers
from cautery.model.records import HostShown, LookStep, ProbeDone
from cautery.workflows.case.capturing import CapturingMedia
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.fetching import Fetched, fetch_newest, media
from cautery.workflows.media.pump import media_start_s
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.failing import failed_with
from cautery.workflows.watch.pace import Pace
from cautery.workflows.watch.probing.alignments import Alignments
from cautery.workflows.watch.probing.bases import Bases, Probed
from cautery.workflows.watch.probing.faults import FaultFinder, keep_faults, pictures_due
from cautery.workflows.watch.probing.leads import Leads
from cautery.workflows.watch.probing.looks import PROBE_S, differs, settled, windows_of
from cautery.workflows.watch.probing.serving import media_of, partner_leading, serving_of
from cautery.workflows.watch.sources.offered import tell
from cautery.workflows.watch.streams import Stream

OVERLAP_S = 3.0
MOST_PROBE_S = 36.0
IDLE_S = 0.1
ORDER_TIMES = 10.0
"""What is due is put in order anew after so many times as long as that took."""
PROBE_TIME_S = 25.0
"""A stream that gives no 12 s of media in twice that time serves nobody."""
QUEUED = 60
"""Requests that may wait for one host's turn before ours: that is our manners, not its stall."""
ENDED_AGAIN_S = 60.0
"""Media that has ended says the same again: soon enough to see it go, and seldom."""
KEPT_OBSERVATIONS = 12


async def _as_listed(url: str, _: list[ExhibitId]) -> str:
    return url


def _pictured(observations: Sequence[Observation]) -> Observation | None:
    """Return the newest observation that names a reference by its pictures."""
    return next(
        (seen for seen in reversed(observations)
         if any(witness.kind == "picture" for witness in seen.witnesses)),
        None,
    )  # fmt: skip


class Prober:
    """Looks at streams in the order of their need, several at once.

    Parameters
    ----------
    pace : Pace
        Says which stream comes first, and hears what each look costs.
    playable : callable
        Where a stream plays, asked of its portal where that makes a link for each playing; what
        it sealed goes into the list.
    """

    def __init__(
        self,
        mandate: Mandate,
        streams: dict[str, Stream],
        references: References,
        tape: Tape,
        *,
        fetcher: Fetcher,
        readers: Readers,
        decoder: Decoder,
        engine: Engine,
        journal: Journal,
        on_verdict: Callable[[Stream], None],
        pace: Pace,
        playable: Callable[[str, list[ExhibitId]], Awaitable[str]] = _as_listed,
    ) -> None:
        self._mandate = mandate
        self._of_events = {event.id for event in mandate.events} | {
            channel.id for channel in mandate.channels if channel.event is not None
        }
        self._streams = streams
        self._references = references
        self._fetcher = fetcher
        self._readers = readers
        self._decoder = decoder
        self._engine = engine
        self._journal = journal
        self._on_verdict = on_verdict
        self._pace = pace
        self._bases = Bases(journal)
        self._leads = Leads(mandate, streams, journal)
        self._alignments = Alignments(
            references, tape, decoder=decoder, engine=engine, journal=journal
        )
        self._faults = FaultFinder(references, tape, engine=engine, journal=journal)
        self._playable = playable
        self._turn = asyncio.Lock()
        self._due: list[Stream] = []
        self._due_until_s = 0.0
        self._patience_s = PROBE_TIME_S + QUEUED / mandate.network.rate_per_host

    async def work(self) -> None:
        """Probe whatever is due, for ever; several of these run side by side."""
        while True:
            stream = await self._wait_for_next()
            stream.in_hand = True
            try:
                await self._probe(stream)
            finally:
                stream.in_hand = False
            # A look that is refused at once never waits; twenty thousand of them would keep all
            # else, and the window's end, from being noticed.
            await asyncio.sleep(0)

    async def _wait_for_next(self) -> Stream:
        """Return what is to be looked at next, once there is something.

        One looks for it on behalf of all that are idle.
        """
        async with self._turn:
            stream = self._next()
            while stream is None:
                await asyncio.sleep(IDLE_S)
                stream = self._next()
            return stream

    def _next(self) -> Stream | None:
        """Return what is to be looked at first, of what was put in order a moment ago."""
        now = self._journal.now()
        if not self._due or self._pace.now_s > self._due_until_s:
            began_s = self._pace.now_s
            due = (
                stream
                for stream in self._streams.values()
                if not stream.in_hand and stream.wanted(now)
            )
            self._due = sorted(due, key=self._pace.order, reverse=True)
            took_s = self._pace.now_s - began_s
            # A list of fifty thousand takes a while to be put in order: never most of the time.
            self._due_until_s = self._pace.now_s + (ORDER_TIMES * took_s if self._due else 0.0)
        while self._due:
            stream = self._due.pop()
            if not stream.in_hand and stream.wanted(now):
                return stream
        return None

    async def _probe(self, stream: Stream) -> None:
        stream.probes += 1
        stream.doing = None
        tell([stream], self._journal)
        again_s, exhibits = 0.0, list[ExhibitId]()
        try:
            again_s = await self._looked_at(stream, exhibits)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - what a stream holds costs that look alone
            await self._failed(stream, error, exhibits)
        now = self._journal.now()
        stream.schedule(now)
        stream.due = max(stream.due, now + timedelta(seconds=again_s))

    async def _looked_at(self, stream: Stream, exhibits: list[ExhibitId]) -> float:
        """Look at a stream and record what was seen; return how long to leave it alone."""
        since_s = self._pace.now_s
        try:
            async with asyncio.timeout(self._patience_s):
                windows = await self._look(stream, exhibits)
        except StorageError:
            raise
        except (TimeoutError, CauteryError) as error:
            if (hindered := self._pace.hindered(stream, error, since_s)) is not None:
                await self._broken_off(stream, hindered, exhibits)
            elif isinstance(error, CauteryError):
                await self._failed(stream, error, exhibits)
            else:
                stalls = LimitError(f"it stalls: no probe in {self._patience_s:.0f} s")
                await self._failed(stream, stalls, exhibits)
            return 0.0
        await self._seen(stream, windows, exhibits)
        return 0.0 if windows[0].fetched.live else ENDED_AGAIN_S

    async def _look(self, stream: Stream, sealed: list[ExhibitId]) -> list[Probed]:
        """Return one probe of a live stream, or several of media that has ended."""
        fetcher = CapturingMedia(self._fetcher, self._journal, media, into=sealed)
        stream.played = await self._playable(stream.url, sealed)
        with self._pace.spends(stream, LookStep.FETCHING):
            try:
                fetched = await fetch_newest(
                    stream.played,
                    fetcher=fetcher,
                    readers=self._readers,
                    seconds=self._span_s(stream),
                )
            finally:  # what came of a look that breaks off is evidence, too
                await fetcher.seal_held()
        exhibits = tuple(sealed)
        due = pictures_due(stream, self._references, self._journal.now())
        if fetched.live and self._may_sound_settle(stream) and not due:
            probed = await self._heard(stream, fetched, exhibits)
            if probed is not None:
                return [probed]
        with self._pace.spends(stream, LookStep.DECODING):
            whole = await self._decode(fetched)
        windows = (whole,) if fetched.live else windows_of(whole)
        return [
            await self._observed(stream, fetched, window, exhibits, within=whole)
            for window in windows
        ]

    async def _heard(
        self, stream: Stream, fetched: Fetched, exhibits: tuple[ExhibitId, ...]
    ) -> Probed | None:
        """Listen alone; ``None``: the pictures are to be looked at too.

        At 720p they cost some fifty times as much CPU as the sound.
        """
        data = fetched.data if fetched.sound is None else fetched.sound
        effort: Effort = "quick" if watched(self._references) else "full"
        try:
            with self._pace.spends(stream, LookStep.DECODING):
                sound = await self._decoder.decode(data, pictures=False)
        except DecodeError:
            return None  # the pictures may be sound, or the whole decoding says what it is
        probed = await self._observed(stream, fetched, sound, exhibits, effort=effort)
        return probed if self._settled(stream, probed.observation) else None

    def _may_sound_settle(self, stream: Stream) -> bool:
        """Tell whether the sound alone may be enough: by the last look, or by what is offered."""
        if stream.looked or stream.offer is None or not watched(self._references):
            return stream.by_sound
        return stream.offer.right not in self._of_events

    def _settled(self, stream: Stream, seen: Observation) -> bool:
        """Tell whether the sound of a look says all that its pictures could."""
        verdict = stream.verdict if stream.proven else None
        pictured = bool(watched(self._references))
        return not pictured or settled(seen, self._references, verdict=verdict)

    async def _observed(
        self,
        stream: Stream,
        fetched: Fetched,
        decoded: Decoded,
        exhibits: tuple[ExhibitId, ...],
        *,
        effort: Effort = "full",
        within: Decoded | None = None,
    ) -> Probed:
        media_at_s = self._media_clock(stream, fetched, decoded)
        with self._pace.spends(stream, LookStep.COMPARING):
            observation, kept = await self._engine.run(
                partial(
                    observe_and_keep,
                    decoded,
                    self._references,
                    media_at_s=media_at_s,
                    at=fetched.at,
                    exhibits=exhibits,
                    effort=effort,
                    earlier=_pictured(stream.observations),
                    keep=not stream.proven,
                )
            )
            faults = await self._faults.of(
                stream, fetched, decoded, observation, media_at_s=media_at_s
            )
        served = media_of(fetched, observation)
        if host_of(served) not in ("", stream.host):
            observation = replace(observation, served=self._journal.redact(served).text)
        return Probed(
            fetched=fetched,
            decoded=decoded,
            observation=observation,
            media_at_s=media_at_s,
            faults=faults,
            kept=kept,
            within=within or decoded,
        )

    async def _decode(self, fetched: Fetched) -> Decoded:
        decoded = await self._decoder.decode(fetched.data, pictures=True)
        if fetched.sound is None:
            return decoded
        sound = await self._decoder.decode(fetched.sound, pictures=False)
        return replace(
            decoded,
            audio=sound.audio,
            audio_s=sound.audio_s,
            codecs=decoded.codecs + sound.codecs,
            warnings=decoded.warnings + sound.warnings,
        )

    def _span_s(self, stream: Stream) -> float:
        """Return how much media to ask for: all since the last look, if that spoke for a match.

        A machine that is late with its second look must not lose the run of media between.
        """
        if not stream.pending:
            return PROBE_S
        since_s = (self._journal.now() - stream.observations[-1].at).total_seconds()
        return min(max(PROBE_S, since_s + OVERLAP_S), MOST_PROBE_S)

    def _media_clock(self, stream: Stream, fetched: Fetched, decoded: Decoded) -> float:
        """Return when the probe's first media became available, on the stream's own clock.

        Media time stamps tick more evenly than playlists do, so the first probe ties the two
        together and later ones follow the stamps, unless the stream has started anew.
        """
        start_s = media_start_s(decoded)
        available_s = fetched.available_s
        if not fetched.live:
            stream.anchor = available_s - start_s if stream.anchor is None else stream.anchor
            return stream.anchor + start_s
        if fetched.target_s == 0.0:  # a plain stream: what came last was at the live edge
            available_s -= decoded.duration_s
        slack_s = max(2.0 * fetched.target_s, 4.0)
        if stream.anchor is None or abs(stream.anchor + start_s - available_s) > slack_s:
            stream.anchor = available_s - start_s
            stream.observations.clear()
        return stream.anchor + start_s

    async def _broken_off(self, stream: Stream, step: LookStep, exhibits: list[ExhibitId]) -> None:
        """Record that this machine, not the stream, kept a look from its end: nobody has looked."""
        stream.probes -= 1
        stream.hindered += 1
        await self._journal.write_aside(
            ProbeDone(
                url=stream.key,
                at=self._journal.now(),
                observation=None,
                failed=message("failed.too-slow", step=term("look-step", step)),
                hindered=step,
                exhibits=tuple(exhibits),
            )
        )

    async def _failed(self, stream: Stream, error: Exception, exhibits: list[ExhibitId]) -> None:
        self._pace.looked(stream)
        stream.failures += 1
        now = self._journal.now()
        await self._journal.write_aside(
            ProbeDone(
                url=stream.key,
                at=now,
                observation=None,
                failed=failed_with(error, self._journal),
                exhibits=tuple(exhibits),
            )
        )
        if stream.verdict is None and isinstance(error, SourceError):
            detail = str(error)[:300]
            verdict = Verdict(
                url=self._journal.redact(stream.url),
                finding=Finding.UNREACHABLE,
                at=now,
                reasons=(
                    message("verdict.undecodable", detail=detail)
                    if isinstance(error, DecodeError)
                    else message("verdict.unreachable", detail=detail),
                ),
            )
            await self._claim(stream, verdict)

    async def _seen(self, stream: Stream, windows: list[Probed], exhibits: list[ExhibitId]) -> None:
        self._pace.looked(stream)
        if not windows[0].fetched.live:
            stream.observations.clear()  # the same media again
        probed, verdict = self._judged(stream, windows)
        # What the sound alone left open is open at the next look: both are then decoded at once.
        stream.by_sound = self._settled(stream, probed.observation)
        serving = serving_of(probed.fetched, probed.observation)
        looked = (serving.hosts, serving.led_to_host, serving.named_hosts)
        stream.sent_on, serving_hosts = parted(*looked)
        stream.open_redirect = only_sends_on(stream.host, *looked)
        if probed.fetched.asked_at and host_of(probed.fetched.hops[0]) == stream.host:
            stream.answered_at.add(probed.fetched.asked_at)
        proven = verdict.finding is Finding.PROVEN
        if proven:  # where it leads at other times says nothing of who serves what is proven
            stream.via |= serving_hosts - {"", stream.host}
        self._leads.follow(stream, serving, proven=proven)
        urls = (*probed.fetched.hops, serving.media)
        stream.places = tuple(dict.fromkeys(self._journal.redact(url).text for url in urls if url))
        marks = await self._faults.marks(
            stream, verdict, probed.decoded, probed.observation, media_at_s=probed.media_at_s
        )
        probe = ProbeDone(
            url=stream.key,
            at=probed.fetched.at,
            observation=probed.observation,
            failed=None,
            hosts=serving.hosts,
            shown=tuple(
                HostShown(host=host_of(place), shows=shapes_of(place)) for place in stream.places
            ),
            faults=(*probed.faults, *marks),
            exhibits=tuple(exhibits),
            redirected_to=serving.led_to_host,
            named=serving.named_hosts,
        )
        await self._bases.hold(stream.key, windows, until=probed)
        (entry,) = await self._journal.write_aside(probe)
        keep_faults(stream, probed.faults, probe, record=entry.index)
        if proven:
            stream.shown_at = probe.at
            if len(probed.decoded.luma):
                stream.pictured = probe.at
        if stream.verdict is None or differs(stream.verdict, verdict):
            if stream.proven and not proven:
                return  # what two sealed probes bore stays true of their time
            await self._bases.seal(stream.key)
            if proven and verdict.observations and not stream.aligned:
                stream.aligned = await self._alignments.keep(stream, probed, verdict)
            await self._claim(stream, verdict)
            # If its own host only hands on, the act is where all media came from.
            if proven and stream.open_redirect:
                media = self._leads.media(verdict, serving.media, stream)
                if media is not None:
                    tell(media[:1], self._journal)
                    await self._claim(*media)

    def _judged(self, stream: Stream, windows: list[Probed]) -> tuple[Probed, Verdict]:
        """Judge after each window, as of a live stream; what was borne out by then is enough."""
        for probed in windows:
            stream.observations.append(probed.observation)
            del stream.observations[:-KEPT_OBSERVATIONS]
            verdict = decide(
                self._journal.redact(stream.url),
                tuple(stream.observations),
                mandate=self._mandate,
                host=host_of(probed.fetched.hops[-1]) or stream.host,
                at=self._journal.now(),
                recipe=self._references.recipe.name,
            )
            if verdict.finding in (Finding.PROVEN, Finding.LICENSED):
                break
        partner = partner_leading(probed.fetched, self._mandate)
        stream.left_open = verdict.finding is Finding.PROVEN and partner is not None
        if partner is not None and stream.left_open:
            why = message(
                "verdict.partner-leads",
                partner=partner.name,
                host=host_of(probed.fetched.hops[-1]),
            )
            verdict = replace(
                verdict,
                finding=Finding.UNDECIDED,
                partner=partner.name,
                reasons=(why, *verdict.reasons),
            )
        return probed, verdict

    async def _claim(self, stream: Stream, verdict: Verdict) -> None:
        # Recorded before anybody can act on it.
        await self._journal.write_aside(verdict)
        stream.verdict = verdict
        self._on_verdict(stream)
