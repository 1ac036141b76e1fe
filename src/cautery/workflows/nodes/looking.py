"""What a node does with jobs of kind ``look`` and ``show``: it looks at a stream for a watch.

Media are fetched, sealed, decoded and compared here, and never leave: what goes back is what was
observed, and the records of what was sealed.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cautery.errors import AwayError, LimitError, StorageError
from cautery.evidence.ports import CaseVault
from cautery.identify.references.volumes import AnyReferences
from cautery.model import Json, Pseudonyms, from_json
from cautery.model.own_secrets import OwnSecrets
from cautery.model.ports import Clock, Decoder, Engine, Fetcher, Readers
from cautery.model.ports.jobs import Handler, JobAsked, JobLeftError
from cautery.model.records import LookStep
from cautery.workflows.nodes.reach import StoreReach
from cautery.workflows.nodes.remembered import RememberedLooks
from cautery.workflows.nodes.sealing import NodeCase, NodeKeys, Sheet
from cautery.workflows.nodes.showing import show
from cautery.workflows.watch.pace import hindrance
from cautery.workflows.watch.probing.looker import Looker, LookPorts
from cautery.workflows.watch.probing.questions import LookQuestion, UnderWay
from cautery.workflows.watch.probing.wire import (
    Failed,
    LookAnswer,
    LookJob,
    Sealings,
    ShowJob,
    as_answered,
)

LONGEST = 500
"""Characters of an error's text in an answer."""
MOST_LEFT = 2
"""A look is left to another node so often; where none can seal it, the case shall say so."""


@dataclass(frozen=True, kw_only=True)
class NightPorts:
    """The world as a node meets it in one night of one case.

    Parameters
    ----------
    vault : CaseVault
        Of the case, encrypting under ``keys``.
    pseudonyms : Pseudonyms
        Under the case's redaction key.
    secrets : OwnSecrets
        Those of the mandate.
    references : callable
        The references of all shards, as they are now.
    stamps_s : callable
        The reference time that a reference's own stamp 0 has; ``None``: not known.
    behind : callable
        Whether a shard's references are missing for the moment.
    was_slow : callable
        Whether this node's loop was late since a moment of ``timer``.
    reach : StoreReach
        Is told how the store answers.
    timer : callable
        Monotonic seconds.
    """

    fetcher: Fetcher
    readers: Readers
    decoder: Decoder
    engine: Engine
    clock: Clock
    vault: CaseVault
    keys: NodeKeys
    pseudonyms: Pseudonyms
    secrets: OwnSecrets
    references: Callable[[], AnyReferences]
    stamps_s: Callable[[str], float | None]
    behind: Callable[[], bool] = lambda: False
    was_slow: Callable[[float], bool]
    reach: StoreReach
    timer: Callable[[], float] = time.monotonic


class NightLooks:
    """Looks at streams for one night of one case, and shows what was seen."""

    def __init__(self, ports: NightPorts) -> None:
        self._ports = ports
        self._case = NodeCase(
            ports.vault,
            ports.clock,
            keys=ports.keys,
            pseudonyms=ports.pseudonyms,
            secrets=ports.secrets,
        )
        self._look_ports = LookPorts(
            fetcher=ports.fetcher,
            readers=ports.readers,
            decoder=ports.decoder,
            engine=ports.engine,
            stamps_s=ports.stamps_s,
            behind=ports.behind,
        )
        self._remembered = RememberedLooks()

    async def look(self, question: Json, *, run: int = 0) -> Json:
        """Do a job of kind ``look``.

        Parameters
        ----------
        run : int
            How often it was begun before.

        Raises
        ------
        InputError
            If it is none.
        JobLeftError
            If the store is away, and another node may reach it.
        """
        job = from_json(LookJob, question)
        self._case.told(job.told.secrets, job.told.erased)
        sheet, steps = self._case.sheet(), _Steps(timer=self._ports.timer)
        under_way = UnderWay(spends=steps.spends, anchor=job.question.anchor)
        looker = Looker(self._ports.references, self._look_ports, sheet.journal())
        look, failed = None, None
        try:
            async with asyncio.timeout(job.question.within_s):
                probed = await looker.look(job.question, under_way)
            look = looker.summed_up(job.question, probed)
        except Exception as error:
            if isinstance(error, TimeoutError) and under_way.unsealed:
                error = AwayError("the store has not taken what was fetched in time")
            # What a stream holds costs that look alone; the store, all looks of this node.
            if isinstance(error, AwayError):
                self._ports.reach.failed(error)
                if run < MOST_LEFT:
                    raise JobLeftError(f"it is left to another node: {error}") from error
            failed = self._failed(error, job.question, steps)
        else:
            self._ports.reach.worked()
            if job.question.proven or any(one.observation.witnesses for one in probed):
                self._remembered.keep(job.question.id, probed)
        return as_answered(
            LookAnswer(
                exhibits=tuple(under_way.exhibits),
                anchor=under_way.anchor,
                anew=under_way.anew,
                pictured=under_way.pictured,
                spent=dict(steps.spent),
                look=look,
                failed=failed,
                sealings=await self._sealings(sheet, under_way),
            )
        )

    async def show(self, question: Json) -> Json:
        """Do a job of kind ``show``.

        Raises
        ------
        InputError
            If it is none.
        """
        job = from_json(ShowJob, question)
        self._case.told(job.told.secrets, job.told.erased)
        return as_answered(
            await show(
                job,
                self._ports.references(),
                self._look_ports,
                case=self._case,
                remembered=self._remembered,
                reach=self._ports.reach,
            )
        )

    async def _sealings(self, sheet: Sheet, under_way: UnderWay) -> Sealings:
        return await asyncio.to_thread(sheet.sealings, under_way.exhibits)

    def _failed(self, error: Exception, question: LookQuestion, steps: _Steps) -> Failed:
        """Say what a look met, and whether that was the stream's fault or ours."""
        if isinstance(error, StorageError):
            hindered: LookStep | None = LookStep.NODE
        else:
            hindered = hindrance(
                error,
                steps.doing,
                took_s=self._ports.timer() - steps.begun,
                overloaded=self._ports.was_slow(steps.begun),
                loop_late=self._ports.was_slow(steps.begun),
            )
        if isinstance(error, TimeoutError):
            error = LimitError(f"it stalls: no probe in {question.within_s:.0f} s")
        text = str(error).encode("utf-8", "replace").decode()
        return Failed(error=type(error).__name__, text=text[:LONGEST], hindered=hindered)


class _Steps:
    """Which step of a look is under way, and how long each took."""

    def __init__(self, *, timer: Callable[[], float]) -> None:
        self._timer = timer
        self.begun = timer()
        self.doing: LookStep | None = None
        self.spent: defaultdict[LookStep, float] = defaultdict(float)

    @contextmanager
    def spends(self, step: LookStep) -> Iterator[None]:
        """Take note of a step; one that fails stays the one under way."""
        before, self.doing = self.doing, step
        begun = self._timer()
        try:
            yield
            self.doing = before
        finally:
            self.spent[step] += self._timer() - begun


def look_handlers(night: Callable[[JobAsked], Awaitable[NightLooks]]) -> Mapping[str, Handler]:
    """Return what does jobs of the kinds ``look`` and ``show``.

    Parameters
    ----------
    night : callable
        Returns the looks of a job's case and epoch, the same for all of its jobs.
    """

    async def look(asked: JobAsked) -> Json:
        return await (await night(asked)).look(asked.question, run=asked.run)

    async def show_seen(asked: JobAsked) -> Json:
        return await (await night(asked)).show(asked.question)

    return {"look": look, "show": show_seen}
