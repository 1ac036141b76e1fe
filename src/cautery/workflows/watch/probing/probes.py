"""Have suspect streams looked at, judge what was seen, and claim what two probes confirm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from cautery.errors import CauteryError, DecodeError, LimitError, SourceError, StorageError
from cautery.formats.open_redirect import only_sends_on, parted
from cautery.formats.shapes import shapes_of
from cautery.messages import message
from cautery.model import ExhibitId, Fault, Finding, Mandate, Verdict, host_of
from cautery.model.records import HostShown, LookStep, ProbeDone
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.failing import failed_with, hindered_by
from cautery.workflows.watch.pace import Pace
from cautery.workflows.watch.probing.asking import asked_of
from cautery.workflows.watch.probing.faults import keep_faults, marks_due
from cautery.workflows.watch.probing.judged import Judged, judge, to_show
from cautery.workflows.watch.probing.leads import Leads
from cautery.workflows.watch.probing.looks import differs
from cautery.workflows.watch.probing.questions import (
    JudgedError,
    Look,
    LookQuestion,
    Looks,
    UnderWay,
)
from cautery.workflows.watch.probing.serving import serving_of
from cautery.workflows.watch.probing.turns import Turns
from cautery.workflows.watch.sources.offered import tell
from cautery.workflows.watch.streams import Stream

PROBE_TIME_S = 25.0
"""A stream that gives no 12 s of media in twice that time serves nobody."""
QUEUED = 60
"""Requests that may wait for one host's turn before ours: that is our manners, not its stall."""
ENDED_AGAIN_S = 60.0
"""Media that has ended says the same again: soon enough to see it go, and seldom."""


async def _as_listed(url: str, _: list[ExhibitId]) -> str:
    return url


class Prober:
    """Has streams looked at in the order of their need, several at once.

    Parameters
    ----------
    looks : Looks
        Does the looks.
    recipe : str
        Name of the fingerprint recipe that compares.
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
        looks: Looks,
        *,
        recipe: str,
        journal: Journal,
        on_verdict: Callable[[Stream], None],
        pace: Pace,
        playable: Callable[[str, list[ExhibitId]], Awaitable[str]] = _as_listed,
    ) -> None:
        self._mandate = mandate
        self._of_events = {event.id for event in mandate.events} | {
            channel.id for channel in mandate.channels if channel.event is not None
        }
        self._looks = looks
        self._recipe = recipe
        self._journal = journal
        self._on_verdict = on_verdict
        self._pace = pace
        self._turns = Turns(streams, pace, journal.now)
        self._leads = Leads(mandate, streams, journal)
        self._playable = playable

    async def work(self, has_room: Callable[[], bool] = lambda: True) -> None:
        """Have looked at whatever is due, while there is room; several run side by side."""
        while has_room():
            stream = await self._turns.wait()
            stream.in_hand = True
            try:
                await self._probe(stream)
            finally:
                stream.in_hand = False
            # A look that is refused at once never waits; twenty thousand of them would keep all
            # else, and the window's end, from being noticed.
            await asyncio.sleep(0)

    async def _probe(self, stream: Stream) -> None:
        stream.probes += 1
        stream.doing = None
        tell([stream], self._journal)
        under_way = UnderWay(
            spends=partial(self._pace.spends, stream), took=self._pace.took, anchor=stream.anchor
        )
        again_s = 0.0
        try:
            again_s = await self._looked_at(stream, under_way)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - what a stream holds costs that look alone
            await self._failed(stream, error, under_way)
        now = self._journal.now()
        stream.schedule(now)
        stream.due = max(stream.due, now + timedelta(seconds=again_s))

    async def _looked_at(self, stream: Stream, under_way: UnderWay) -> float:
        """Look at a stream and record what was seen; return how long to leave it alone."""
        since_s, patience_s = self._pace.now_s, self._patience_s
        try:
            async with asyncio.timeout(patience_s + self._looks.grace_s):
                question, look = await self._look(stream, under_way, within_s=patience_s)
        except StorageError:
            raise
        except JudgedError as error:
            if error.hindered is None:
                await self._failed(stream, error.error, under_way)
            else:
                await self._broken_off(stream, error.hindered, under_way, error.error)
            return 0.0
        except (TimeoutError, CauteryError) as error:
            hindered = self._pace.hindered(stream, error, since_s)
            if hindered is None and under_way.unsealed:
                hindered = LookStep.OWN_LOOP
            if hindered is not None:
                await self._broken_off(stream, hindered, under_way, error)
            elif isinstance(error, CauteryError):
                await self._failed(stream, error, under_way)
            else:
                stalls = LimitError(f"it stalls: no probe in {patience_s:.0f} s")
                await self._failed(stream, stalls, under_way)
            return 0.0
        until = 0
        try:
            judged = self._judged(stream, look)
            until = judged.until
            await self._seen(stream, question, judged, under_way)
        finally:
            await self._looks.let_go(question, look, until=until)
        return 0.0 if look.fetched.live else ENDED_AGAIN_S

    @property
    def _patience_s(self) -> float:
        """How long a look may take, where machines share the pace at which a host is asked."""
        rate_hz = self._mandate.network.rate_per_host / self._looks.machines
        return PROBE_TIME_S + QUEUED / rate_hz

    async def _look(
        self, stream: Stream, under_way: UnderWay, *, within_s: float
    ) -> tuple[LookQuestion, Look]:
        stream.played = await self._playable(stream.url, under_way.exhibits)
        question = asked_of(stream, self._of_events, now=self._journal.now(), within_s=within_s)
        try:
            return question, await self._looks.look(question, under_way)
        finally:
            stream.anchor = under_way.anchor
            stream.pictured = under_way.pictured or stream.pictured
            if under_way.anew:
                stream.observations.clear()

    async def _broken_off(
        self, stream: Stream, step: LookStep, under_way: UnderWay, error: Exception
    ) -> None:
        """Record that this side, not the stream, kept a look from its end: nobody has looked."""
        stream.probes -= 1
        stream.hindered += 1
        await self._journal.write_aside(
            ProbeDone(
                url=stream.key,
                at=self._journal.now(),
                observation=None,
                failed=hindered_by(error, step, under_way.node, self._journal),
                hindered=step,
                exhibits=tuple(under_way.exhibits),
                node=under_way.node,
            )
        )

    async def _failed(self, stream: Stream, error: Exception, under_way: UnderWay) -> None:
        self._pace.looked(stream)
        stream.failures += 1
        now = self._journal.now()
        await self._journal.write_aside(
            ProbeDone(
                url=stream.key,
                at=now,
                observation=None,
                failed=failed_with(error, self._journal),
                exhibits=tuple(under_way.exhibits),
                node=under_way.node,
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

    async def _seen(
        self, stream: Stream, question: LookQuestion, judged: Judged, under_way: UnderWay
    ) -> None:
        look, verdict, window = judged.look, judged.verdict, judged.window
        fetched = look.fetched
        # What the sound alone left open is open at the next look: both are then decoded at once.
        stream.by_sound = window.settled
        serving = serving_of(fetched, window.observation)
        looked = (serving.hosts, serving.led_to_host, serving.named_hosts)
        stream.sent_on, serving_hosts = parted(*looked)
        stream.open_redirect = only_sends_on(stream.host, *looked)
        if fetched.asked_at and host_of(fetched.hops[0]) == stream.host:
            stream.answered_at.add(fetched.asked_at)
        proven = verdict.finding is Finding.PROVEN
        if proven:  # where it leads at other times says nothing of who serves what is proven
            stream.via |= serving_hosts - {"", stream.host}
        self._leads.follow(stream, serving, proven=proven)
        urls = (*fetched.hops, serving.media)
        stream.places = tuple(dict.fromkeys(self._journal.redact(url).text for url in urls if url))
        marks: tuple[Fault, ...] = ()
        licensee = marks_due(stream, verdict, window.observation.at)
        if licensee is not None and window.pictures:
            marks = await self._looks.marks(question, look, window=judged.until, licensee=licensee)
            stream.marked += [window.observation.at] * len(marks)
        probe = ProbeDone(
            url=stream.key,
            at=fetched.at,
            observation=window.observation,
            failed=None,
            hosts=serving.hosts,
            shown=tuple(
                HostShown(host=host_of(place), shows=shapes_of(place)) for place in stream.places
            ),
            faults=(*window.faults, *marks),
            exhibits=tuple(under_way.exhibits),
            redirected_to=serving.led_to_host,
            named=serving.named_hosts,
            node=under_way.node,
        )
        (entry,) = await self._journal.write_aside(probe)
        keep_faults(stream, window.faults, probe, record=entry.index)
        if proven:
            stream.shown_at = probe.at
            if window.pictures:
                stream.pictured = probe.at
        if stream.verdict is None or differs(stream.verdict, verdict):
            if stream.proven and not proven:
                return  # what two sealed probes bore stays true of their time
            shown = to_show(stream, window, verdict)
            if await self._looks.show(question, look, until=judged.until, shown=shown):
                stream.aligned = True
            await self._claim(stream, verdict)
            # If its own host only hands on, the act is where all media came from.
            if proven and stream.open_redirect:
                media = self._leads.media(verdict, serving.media, stream)
                if media is not None:
                    tell(media[:1], self._journal)
                    await self._claim(*media)

    def _judged(self, stream: Stream, look: Look) -> Judged:
        self._pace.looked(stream)
        return judge(
            stream,
            look,
            url=self._journal.redact(stream.url),
            mandate=self._mandate,
            recipe=self._recipe,
            now=self._journal.now,
        )

    async def _claim(self, stream: Stream, verdict: Verdict) -> None:
        # Recorded before anybody can act on it.
        await self._journal.write_aside(verdict)
        stream.verdict = verdict
        self._on_verdict(stream)
