"""What a reader sees of a match: the suspect's and the reference's picture at one instant."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cautery.errors import SourceError
from cautery.identify.observe import alignment
from cautery.identify.references.volumes import AnyReferences
from cautery.model import ExhibitId
from cautery.model.ports import Decoder, Engine
from cautery.model.records import AlignmentShown
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.pump import media_start_s
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.probing.bases import Probed
from cautery.workflows.watch.probing.questions import LookQuestion, Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceMedia:
    """Bytes of a reference around one moment, sealed.

    Parameters
    ----------
    moment_s : float
        That moment in the time of these bytes, seconds.
    """

    data: bytes
    exhibit: ExhibitId
    moment_s: float


PieceAt = Callable[[str, float, datetime], Awaitable[ReferenceMedia | None]]
"""Seals the bytes of a reference around one of its times, as captured then; ``None``: gone."""


class Alignments:
    """Keeps what a reader sees of a stream's match.

    Parameters
    ----------
    piece_at : callable
        Has the reference's bytes.
    """

    def __init__(
        self,
        references: AnyReferences,
        piece_at: PieceAt,
        *,
        decoder: Decoder,
        engine: Engine,
        journal: Journal,
    ) -> None:
        self._references = references
        self._piece_at = piece_at
        self._decoder = decoder
        self._engine = engine
        self._journal = journal

    async def keep(self, question: LookQuestion, probed: Probed, shown: Shown) -> None:
        """Record both pictures at one instant, and the alignment."""
        witness, pictures_of = shown.witness, shown.pictures_of
        lags_s, strength = await self._engine.run(
            partial(
                alignment,
                probed.decoded,
                self._references,
                witness,
                media_at_s=probed.media_at_s,
            )
        )
        suspect_s, reference_s = instant(
            media_start_s(probed.decoded),
            probed.decoded.duration_s,
            probed.media_at_s,
            witness.delay_s,
        )
        at = probed.fetched.at
        suspect_still = await self._still(probed.fetched.data, suspect_s, at, question.listed)
        reference_still = None
        piece = await self._piece_at(pictures_of, reference_s, at)
        if piece is not None:
            reference_still = await self._still(piece.data, piece.moment_s, at, None)
        await self._journal.write_aside(
            AlignmentShown(
                url=question.key,
                reference=witness.reference,
                shown=pictures_of,
                kind=witness.kind,
                delay_s=witness.delay_s,
                suspect_still=suspect_still,
                reference_still=reference_still,
                suspect_at_s=suspect_s,
                reference_at_s=reference_s,
                reference_media=None if piece is None else piece.exhibit,
                reference_media_s=None if piece is None else piece.moment_s,
                lags_s=tuple(round(float(lag), 3) for lag in lags_s),
                strength=tuple(round(float(value), 4) for value in strength),
            )
        )

    async def _still(
        self, data: bytes, at_s: float, at: datetime, url: str | None
    ) -> ExhibitId | None:
        try:
            # A still is for people; the alignment holds without it.
            png = await self._decoder.still(data, at_s=at_s)
        except SourceError:
            return None
        return await self._journal.seal_aside(
            png, what="still", media_type="image/png", at=at, url=url
        )


def instant(
    starts_s: float, duration_s: float, media_at_s: float, delay_s: float
) -> tuple[float, float]:
    """Choose a moment of a probe: its media time, and the reference time of the same, seconds."""
    into_s = duration_s / 2
    return starts_s + into_s, media_at_s + into_s - delay_s


def piece_from(tape: Tape, journal: Journal) -> PieceAt:
    """Return what seals a reference's bytes from a tape of this machine."""

    async def piece_at(reference: str, reference_s: float, at: datetime) -> ReferenceMedia | None:
        piece = tape.at(reference, reference_s)
        if piece is None:
            return None
        data = await asyncio.to_thread(piece.path.read_bytes)
        exhibit = await journal.seal_aside(
            data,
            what=f"reference {reference}",
            media_type="application/octet-stream",
            at=at,
        )
        moment_s = reference_s - piece.start_s + piece.media_s
        return ReferenceMedia(data=data, exhibit=exhibit, moment_s=moment_s)

    return piece_at


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceOnTape:
    """Bytes of a reference that were sealed from a tape; ``media_s`` is their time at ``start_s``.

    Both are in seconds.
    """

    exhibit: ExhibitId
    start_s: float
    media_s: float


def sealed_from(
    tape: Tape, journal: Journal
) -> Callable[[str, float], Awaitable[PieceOnTape | None]]:
    """Return what seals a reference's bytes from a tape, for a node that shows them."""
    piece_at = piece_from(tape, journal)

    async def sealed(reference: str, reference_s: float) -> PieceOnTape | None:
        media = await piece_at(reference, reference_s, journal.now())
        if media is None:
            return None
        return PieceOnTape(exhibit=media.exhibit, start_s=reference_s, media_s=media.moment_s)

    return sealed
