"""What a probe gave, and what its scores rest on, sealed so that others can compute them again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cautery.identify.basis import Basis, packed
from cautery.model import Decoded, ExhibitId, Fault, Observation
from cautery.model.media import AUDIO_RATE_HZ
from cautery.model.records.scoring import ScoreBasis, SensePlace
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.fetching import Fetched

MEDIA_TYPE = "application/x-npz"
MOST_HELD = 4
"""Probes of one stream: a proof takes two, a film four."""
MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One probe's result, before it is judged.

    Parameters
    ----------
    kept : tuple of Basis
        What its scores rest on; empty: nothing was asked for.
    within : Decoded
        All that was decoded; the probe is a window of it, or the whole.
    """

    fetched: Fetched
    decoded: Decoded
    observation: Observation
    media_at_s: float
    faults: tuple[Fault, ...] = ()
    kept: tuple[Basis, ...] = ()
    within: Decoded


@dataclass(frozen=True, slots=True)
class _Pending:
    """What one probe's scores rest on, packed and not sealed yet."""

    record: ScoreBasis
    arrays: bytes


class Bases:
    """What the newest probes' scores rest on, sealed once a verdict rests on these probes.

    Most probes change no verdict: to seal each of them would fill a disk with what nobody asks for.

    Parameters
    ----------
    most_bytes : int
        Held of all streams together; beyond it the stream that waits longest is forgotten.
    """

    def __init__(self, journal: Journal, *, most_bytes: int = MOST_BYTES) -> None:
        self._journal = journal
        self._most = most_bytes
        self._held: OrderedDict[str, list[_Pending]] = OrderedDict()
        self._size = 0

    async def hold(self, url: str, windows: Sequence[Probed], *, until: Probed) -> None:
        """Hold what a look's scores rest on, up to the window that decided."""
        for probed in windows:
            if probed.kept:
                senses, arrays = await asyncio.to_thread(packed, probed.kept)
                self._add(url, _Pending(_record(url, probed, senses), arrays))
            if probed is until:
                break

    async def seal(self, url: str) -> None:
        """Seal and record the bases of a stream that are in memory."""
        records: list[ScoreBasis] = []
        for pending in self._taken(url):
            sealed = await self._journal.seal_aside(
                pending.arrays,
                what="fingerprints of references",
                media_type=MEDIA_TYPE,
                at=pending.record.at,
            )
            records.append(replace(pending.record, exhibit=sealed))
        await self._journal.write_aside(*records)

    def _add(self, url: str, pending: _Pending) -> None:
        # Taken out and put in again: the stream moves to the end, and the one that waits longest
        # is first.
        bases = [*self._taken(url), pending][-MOST_HELD:]
        self._held[url] = bases
        self._size += sum(len(basis.arrays) for basis in bases)
        while self._size > self._most and len(self._held) > 1:
            self._taken(next(iter(self._held)))

    def _taken(self, url: str) -> list[_Pending]:
        bases = self._held.pop(url, [])
        self._size -= sum(len(basis.arrays) for basis in bases)
        return bases


def _record(url: str, probed: Probed, senses: tuple[SensePlace, ...]) -> ScoreBasis:
    """Return the record but for its exhibit, which has no id before it is sealed."""
    decoded, whole = probed.decoded, probed.within
    return ScoreBasis(
        at=probed.fetched.at,
        url=url,
        media_start_s=probed.observation.media_start_s,
        media=probed.fetched.pieces,
        sound=probed.fetched.sound_pieces,
        first_sample=round((decoded.audio_s - whole.audio_s) * AUDIO_RATE_HZ),
        samples=len(decoded.audio),
        first_picture=_first_picture(decoded, whole),
        pictures=len(decoded.luma),
        senses=senses,
        exhibit=ExhibitId(""),
    )


def _first_picture(decoded: Decoded, whole: Decoded) -> int:
    if not len(decoded.luma_s):
        return 0
    return int(np.searchsorted(whole.luma_s, decoded.luma_s[0]))
