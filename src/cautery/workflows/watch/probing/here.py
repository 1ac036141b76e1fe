"""Looks at streams in this process, compared with the references that it holds."""

from __future__ import annotations

from cautery.identify.references.volumes import AnyReferences
from cautery.model import Fault
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.probing.alignments import Alignments, PieceAt
from cautery.workflows.watch.probing.bases import Bases, Probed
from cautery.workflows.watch.probing.faults import FaultFinder
from cautery.workflows.watch.probing.looker import Looker, LookPorts
from cautery.workflows.watch.probing.questions import Look, LookQuestion, Shown, UnderWay

CAPACITY = 10
"""Looks side by side: they wait for servers most of the time."""


class LooksHere:
    """Fulfils :class:`~cautery.workflows.watch.probing.questions.Looks` in this process.

    Parameters
    ----------
    piece_at : callable
        Has the references' bytes.
    """

    capacity = CAPACITY
    machines = 1
    grace_s = 0.0

    def __init__(
        self, references: AnyReferences, ports: LookPorts, piece_at: PieceAt, *, journal: Journal
    ) -> None:
        self._looker = Looker(lambda: references, ports, journal)
        self._bases = Bases(journal)
        self._faults = FaultFinder(references, ports.stamps_s, engine=ports.engine, journal=journal)
        self._alignments = Alignments(
            references, piece_at, decoder=ports.decoder, engine=ports.engine, journal=journal
        )
        self._seen: dict[str, list[Probed]] = {}

    async def look(self, question: LookQuestion, under_way: UnderWay) -> Look:
        """Look at a stream, and hold its media until they are let go."""
        probed = await self._looker.look(question, under_way)
        look = self._looker.summed_up(question, probed)
        self._seen[question.id] = probed
        return look

    async def marks(
        self, question: LookQuestion, look: Look, *, window: int, licensee: str
    ) -> tuple[Fault, ...]:
        """Return the mark over a window's pictures of a licensee, sealed, if there is one."""
        del look
        probed = self._seen[question.id][window]
        return await self._faults.marks(
            licensee, probed.decoded, probed.observation, media_at_s=probed.media_at_s
        )

    async def show(
        self, question: LookQuestion, look: Look, *, until: int, shown: Shown | None
    ) -> bool:
        """Seal what a verdict rests on, and record what a reader sees of the match."""
        probed = self._seen[question.id][until]
        await self.let_go(question, look, until=until)
        await self._bases.seal(question.key)
        if shown is not None:
            await self._alignments.keep(question, probed, shown)
        return shown is not None

    async def let_go(self, question: LookQuestion, look: Look, *, until: int) -> None:
        """Forget a look's media, and hold what its scores rest on up to the one that decided."""
        del look
        windows = self._seen.pop(question.id, [])
        if windows:
            await self._bases.hold(question.key, windows, until=windows[until])
