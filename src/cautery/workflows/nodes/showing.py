"""What a node shows of the looks behind a verdict: what scores rest on, marks, and stills."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import AwayError, CauteryError
from cautery.identify.references.volumes import AnyReferences
from cautery.model import Fault
from cautery.workflows.case.journal import Journal
from cautery.workflows.nodes.reach import StoreReach
from cautery.workflows.nodes.remembered import RememberedLooks, looked_again
from cautery.workflows.nodes.sealing import NodeCase
from cautery.workflows.watch.probing.alignments import Alignments, PieceAt, ReferenceMedia
from cautery.workflows.watch.probing.bases import Bases, Probed
from cautery.workflows.watch.probing.faults import FaultFinder
from cautery.workflows.watch.probing.looker import LookPorts
from cautery.workflows.watch.probing.wire import (
    Failed,
    LookShown,
    ReferencePiece,
    ShowAnswer,
    ShowJob,
)

LONGEST = 500
"""Characters of an error's text in an answer."""


async def show(
    job: ShowJob,
    references: AnyReferences,
    ports: LookPorts,
    *,
    case: NodeCase,
    remembered: RememberedLooks,
    reach: StoreReach,
) -> ShowAnswer:
    """Do a job of kind ``show``; what was sealed until it failed is in the answer, too."""
    sheet = case.sheet()
    journal = sheet.journal()
    looks_again = _Again(references, ports, case, remembered, journal)
    faults, is_shown, failed = tuple[Fault, ...](), False, None
    try:
        *earlier, newest = job.looks
        windows = await looks_again.windows(newest)
        probed = windows[newest.until]
        if job.marks_of is not None:
            finder = FaultFinder(references, ports.stamps_s, engine=ports.engine, journal=journal)
            faults = await finder.marks(
                job.marks_of, probed.decoded, probed.observation, media_at_s=probed.media_at_s
            )
        if job.bases:
            bases = Bases(journal)
            for look in earlier:
                await looks_again.hold(look, bases)
            await bases.hold(newest.question.key, windows, until=probed)
            await bases.seal(newest.question.key)
        if job.shown is not None:
            alignments = Alignments(
                references,
                _piece_at(job.piece, case),
                decoder=ports.decoder,
                engine=ports.engine,
                journal=journal,
            )
            await alignments.keep(newest.question, probed, job.shown)
            is_shown = True
    except (CauteryError, IndexError, ValueError) as error:
        if isinstance(error, AwayError):
            reach.failed(error)
        failed = Failed(error=type(error).__name__, text=journal.message(error)[:LONGEST])
    return ShowAnswer(faults=faults, shown=is_shown, failed=failed, sealings=sheet.sealings())


@dataclass(frozen=True, slots=True)
class _Again:
    """Looks of before, from memory or from what was sealed."""

    references: AnyReferences
    ports: LookPorts
    case: NodeCase
    remembered: RememberedLooks
    journal: Journal

    async def windows(self, look: LookShown) -> Sequence[Probed]:
        """Return what a look gave.

        Raises
        ------
        SourceError, EvidenceError
            If it is not remembered, and cannot be done again from what was sealed.
        """
        windows = self.remembered.of(look.question.id)
        if windows is None:
            windows = await looked_again(
                look,
                self.references,
                vault=self.case.vault,
                decoder=self.ports.decoder,
                engine=self.ports.engine,
                journal=self.journal,
            )
            self.remembered.keep(look.question.id, windows)
        return windows

    async def hold(self, look: LookShown, bases: Bases) -> None:
        """Hold what a look's scores rest on, if it can still be had."""
        try:
            windows = await self.windows(look)
        except CauteryError:
            return  # an older probe's: the newest one bears the verdict, too
        await bases.hold(look.question.key, windows, until=windows[look.until])


def _piece_at(piece: ReferencePiece | None, case: NodeCase) -> PieceAt:
    """Return what has the bytes of the reference that its home sealed."""

    async def piece_at(reference: str, reference_s: float, at: datetime) -> ReferenceMedia | None:
        del reference, reference_s, at
        if piece is None:
            return None
        data = await asyncio.to_thread(case.vault.read, piece.exhibit)
        return ReferenceMedia(data=data, exhibit=piece.exhibit, moment_s=piece.moment_s)

    return piece_at
