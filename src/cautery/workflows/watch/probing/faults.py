"""Which faults a probe shows, for the record: what a feed carries from service to service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from cautery.graph.faults import MOST_FAULTS, Carried, hosts_of
from cautery.identify.faults import faults_of, foreign_sound
from cautery.identify.logos import logo_of
from cautery.identify.picture import watched
from cautery.identify.references.held import References
from cautery.model import (
    Decoded,
    Fault,
    FaultKind,
    Finding,
    Observation,
    Verdict,
)
from cautery.model.ports import Engine
from cautery.model.records import ProbeDone
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.fetching import Fetched
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.streams import Stream

OWN_STAMPS_S = 0.1
"""Who shows the licensee's own stamps so nearly passes its stream on: 50 ms each way, as two feeds
may differ."""

PICTURES_AGAIN = timedelta(minutes=30)
"""A channel's stream is heard alone; once it is proven, so often its pictures are looked at, for
marks and freezes: they cost some fifty times as much."""
EVENT_PICTURES_AGAIN = timedelta(minutes=1)
"""The same of an event's, whose pictures were looked at until it was proven: its feed's marks and
freezes are asked for during two hours, not for days."""
MARKS_KEPT = 3
"""Of one stream, sealed in that time: each probe shows other cells of a mark, where the programme
beneath moves."""


def pictures_due(stream: Stream, references: References, now: datetime) -> bool:
    """Tell whether a proven stream's pictures are to be looked at now, and take note of it."""
    if not stream.proven or not watched(references):
        return False
    event = stream.verdict is not None and stream.verdict.event is not None
    interval = EVENT_PICTURES_AGAIN if event else PICTURES_AGAIN
    if stream.pictured is not None and now - stream.pictured < interval:
        return False
    stream.pictured = now
    return True


def keep_faults(stream: Stream, faults: Sequence[Fault], probe: ProbeDone, *, record: int) -> None:
    """Keep what a probe showed with its stream, for the map; adverts are compared afterwards.

    Parameters
    ----------
    record : int
        The number of the probe's record.
    """
    if probe.named:  # whose faults they are is not known
        return
    host, server = hosts_of(stream.key, probe.hosts, probe.redirected_to)
    stream.carried += [
        Carried(
            host=host,
            server=server,
            stream=stream.key,
            fault=fault,
            at=probe.at,
            record=record,
        )
        for fault in faults
        if fault.exhibit is None
    ]
    del stream.carried[:-MOST_FAULTS]  # the newest stay


class FaultFinder:
    """Looks for faults in what was probed."""

    def __init__(
        self, references: References, tape: Tape, *, engine: Engine, journal: Journal
    ) -> None:
        self._references = references
        self._tape = tape
        self._engine = engine
        self._journal = journal

    async def of(
        self,
        stream: Stream,
        fetched: Fetched,
        decoded: Decoded,
        observation: Observation,
        *,
        media_at_s: float,
    ) -> tuple[Fault, ...]:
        """Return the faults of one probe; media that has ended has no clock, and none."""
        if not fetched.live:
            return ()
        faults = await self._engine.run(
            partial(faults_of, decoded, observation, self._references, media_at_s=media_at_s)
        )
        if faults:
            return tuple(fault for fault in faults if not self._passed_on(fault))
        advert = await self._advert(stream, fetched, decoded, observation, media_at_s)
        return () if advert is None else (advert,)

    async def _advert(
        self,
        stream: Stream,
        fetched: Fetched,
        decoded: Decoded,
        observation: Observation,
        media_at_s: float,
    ) -> Fault | None:
        """Return what a stream that was proven plays in place of the programme."""
        if not stream.proven or stream.verdict is None:
            return None
        sound = await self._engine.run(
            partial(foreign_sound, decoded, observation, self._references)
        )
        if sound is None:
            return None
        sealed = self._journal.seal(
            tables.numbers({"word": sound.words, "frame": sound.frames}),
            what="foreign sound",
            media_type=tables.MEDIA_TYPE,
            at=fetched.at,
        )
        return Fault(
            kind=FaultKind.ADVERT,
            reference=stream.verdict.event or stream.verdict.channels[0],
            at_s=round(media_at_s, 3),
            seconds=round(decoded.duration_s, 3),
            exhibit=sealed,
        )

    async def marks(
        self,
        stream: Stream,
        verdict: Verdict,
        decoded: Decoded,
        observation: Observation,
        *,
        media_at_s: float,
    ) -> tuple[Fault, ...]:
        """Return the mark over the pictures of a stream, if there is one, and its licensee known.

        Of another's pictures nobody can say whether a mark in them is the licensee's own.
        """
        licensee, at = verdict.licensee, observation.at
        if verdict.finding is not Finding.PROVEN or licensee is None or not len(decoded.luma):
            return ()
        stream.marked = [moment for moment in stream.marked if at - moment < PICTURES_AGAIN]
        if len(stream.marked) >= MARKS_KEPT:
            return ()
        logo = await self._engine.run(
            partial(
                logo_of, decoded, observation, self._references, licensee, media_at_s=media_at_s
            )
        )
        if logo is None:
            return ()
        stream.marked.append(at)
        sealed = self._journal.seal(
            tables.of_logo(logo), what="logo", media_type=tables.MEDIA_TYPE, at=at
        )
        fault = Fault(
            kind=FaultKind.LOGO,
            reference=licensee,
            at_s=round(media_at_s, 3),
            seconds=round(decoded.duration_s, 3),
            exhibit=sealed,
        )
        return (fault,)

    def _passed_on(self, fault: Fault) -> bool:
        """Tell whether stamps are the reference's own: whoever taps the licensee has the same."""
        if fault.kind is not FaultKind.DELAY:
            return False
        own_s = self._tape.stamps_s(fault.reference)
        return own_s is not None and abs(own_s - fault.at_s) <= OWN_STAMPS_S
