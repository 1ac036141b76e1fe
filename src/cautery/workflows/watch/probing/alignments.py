"""What a reader sees of a match: the suspect's and the reference's picture at one instant."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial

from cautery.errors import SourceError
from cautery.identify.observe import alignment
from cautery.identify.references.held import References
from cautery.model import ExhibitId, Verdict, Witness
from cautery.model.ports import Decoder, Engine
from cautery.model.records import AlignmentShown
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.pump import media_start_s
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.probing.bases import Probed
from cautery.workflows.watch.probing.looks import best
from cautery.workflows.watch.streams import Stream


class Alignments:
    """Keeps what a reader sees of a stream's match.

    Parameters
    ----------
    tape : Tape
        Has the reference's bytes.
    """

    def __init__(
        self,
        references: References,
        tape: Tape,
        *,
        decoder: Decoder,
        engine: Engine,
        journal: Journal,
    ) -> None:
        self._references = references
        self._tape = tape
        self._decoder = decoder
        self._engine = engine
        self._journal = journal

    async def keep(self, stream: Stream, probed: Probed, verdict: Verdict) -> bool:
        """Record both pictures at one instant, and the alignment; tell whether there is one."""
        witness = best(probed.observation)
        if witness is None:
            return False
        lags_s, strength = await self._engine.run(
            partial(
                alignment,
                probed.decoded,
                self._references,
                witness,
                media_at_s=probed.media_at_s,
            )
        )
        suspect_s, reference_s = self._instant(probed, witness)
        suspect_still = await self._still(
            probed.fetched.data, suspect_s, probed.fetched.at, stream.url
        )
        reference_still, media, media_s = None, None, None
        picture_reference = self._picture_reference(witness, verdict)
        piece = self._tape.at(picture_reference, reference_s)
        if piece is not None:
            data = await asyncio.to_thread(piece.path.read_bytes)
            media_s = reference_s - piece.start_s + piece.media_s
            media = await self._journal.seal_aside(
                data,
                what=f"reference {picture_reference}",
                media_type="application/octet-stream",
                at=probed.fetched.at,
            )
            reference_still = await self._still(data, media_s, probed.fetched.at, None)
        await self._journal.write_aside(
            AlignmentShown(
                url=stream.key,
                reference=witness.reference,
                shown=picture_reference,
                kind=witness.kind,
                delay_s=witness.delay_s,
                suspect_still=suspect_still,
                reference_still=reference_still,
                suspect_at_s=suspect_s,
                reference_at_s=reference_s,
                reference_media=media,
                reference_media_s=media_s,
                lags_s=tuple(round(float(lag), 3) for lag in lags_s),
                strength=tuple(round(float(value), 4) for value in strength),
            )
        )
        return True

    def _instant(self, probed: Probed, witness: Witness) -> tuple[float, float]:
        """Choose a moment of the probe: its media time, and the reference time of the same."""
        start_s = media_start_s(probed.decoded)
        into_s = probed.decoded.duration_s / 2
        reference_s = probed.media_at_s + into_s - witness.delay_s
        return start_s + into_s, reference_s

    def _picture_reference(self, witness: Witness, verdict: Verdict) -> str:
        """Show the licensee's own pictures if it is known, else the reference that matched."""
        return verdict.licensee or witness.reference

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
