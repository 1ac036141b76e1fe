"""Which faults a probe shows, for the record: what a feed carries from service to service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from cautery.graph.faults import MOST_FAULTS, Carried, hosts_of
from cautery.identify.faults import faults_of, foreign_sound
from cautery.identify.logos import logo_of
from cautery.identify.picture import watched
from cautery.identify.references.volumes import AnyReferences
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
from cautery.workflows.watch.probing.questions import LookQuestion
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


def pictures_due(question: LookQuestion, references: AnyReferences, now: datetime) -> bool:
    """Tell whether a proven stream's pictures are to be looked at now."""
    if not question.proven or not watched(references):
        return False
    interval = EVENT_PICTURES_AGAIN if question.of_event else PICTURES_AGAIN
    return question.pictured is None or now - question.pictured >= interval


def marks_due(stream: Stream, verdict: Verdict, at: datetime) -> str | None:
    """Return the licensee whose pictures a mark may lie over, if one more is to be sealed.

    Of another's pictures nobody can say whether a mark in them is the licensee's own.
    """
    if verdict.finding is not Finding.PROVEN or verdict.licensee is None:
        return None
    stream.marked = [moment for moment in stream.marked if at - moment < PICTURES_AGAIN]
    return verdict.licensee if len(stream.marked) < MARKS_KEPT else None


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
    """Looks for faults in what was probed.

    Parameters
    ----------
    stamps_s : callable
        The reference time that a reference's own stamp 0 has; ``None``: not known.
    """

    def __init__(
        self,
        references: AnyReferences,
        stamps_s: Callable[[str], float | None],
        *,
        engine: Engine,
        journal: Journal,
    ) -> None:
        self._references = references
        self._stamps_s = stamps_s
        self._engine = engine
        self._journal = journal

    async def of(
        self,
        work: str | None,
        fetched: Fetched,
        decoded: Decoded,
        observation: Observation,
        *,
        media_at_s: float,
    ) -> tuple[Fault, ...]:
        """Return the faults of one probe; media that has ended has no clock, and none.

        Parameters
        ----------
        work : str or None
            What the stream is proven to carry, if it is.
        """
        if not fetched.live:
            return ()
        faults = await self._engine.run(
            partial(faults_of, decoded, observation, self._references, media_at_s=media_at_s)
        )
        if faults:
            return tuple(fault for fault in faults if not self._passed_on(fault))
        if work is None:
            return ()
        advert = await self._advert(work, fetched, decoded, observation, media_at_s)
        return () if advert is None else (advert,)

    async def _advert(
        self,
        work: str,
        fetched: Fetched,
        decoded: Decoded,
        observation: Observation,
        media_at_s: float,
    ) -> Fault | None:
        """Return what a stream that was proven plays in place of the programme."""
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
            reference=work,
            at_s=round(media_at_s, 3),
            seconds=round(decoded.duration_s, 3),
            exhibit=sealed,
        )

    async def marks(
        self, licensee: str, decoded: Decoded, observation: Observation, *, media_at_s: float
    ) -> tuple[Fault, ...]:
        """Return the mark over the pictures of a licensee's stream, sealed, if there is one."""
        if not len(decoded.luma):
            return ()
        logo = await self._engine.run(
            partial(
                logo_of, decoded, observation, self._references, licensee, media_at_s=media_at_s
            )
        )
        if logo is None:
            return ()
        sealed = self._journal.seal(
            tables.of_logo(logo), what="logo", media_type=tables.MEDIA_TYPE, at=observation.at
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
        own_s = self._stamps_s(fault.reference)
        return own_s is not None and abs(own_s - fault.at_s) <= OWN_STAMPS_S
