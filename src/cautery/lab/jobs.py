"""Nodes and their queue in memory, for tests: what is asked and answered is sealed JSON here, too.

It keeps the contract of :mod:`cautery.adapters.job_queue` (tests/contract/test_jobs.py) without a
database, on one event loop.

Examples
--------
>>> import asyncio
>>> async def twice(job):
...     return {"n": 2 * job.question["n"]}
>>> async def night():
...     queue = LabQueue()
...     node = queue.server("node-a")
...     serving = asyncio.ensure_future(node.serve({"twice": twice}, capacity=1))
...     jobs = queue.jobs("ab" * 8, epoch=1)
...     answer = await jobs.ask("twice", {"n": 21}, key="1", within_s=5)
...     node.drain()
...     await serving
...     return answer.node, answer.content
>>> asyncio.run(night())
('node-a', {'n': 42})
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cautery.adapters._job_answering import content_of
from cautery.adapters._job_book import BookedJob, JobBook
from cautery.adapters._job_nights import no_driver
from cautery.adapters._job_sealing import TRIES, NightKey, deadly, late
from cautery.adapters._job_statements import queue_name
from cautery.errors import CauteryError, ConflictError
from cautery.model.evidence import Json
from cautery.model.ports.jobs import Handler, JobAnswer, JobAsked, JobLeftError, NodeSeen

_KEY = bytes(32)
_FIT = "0.0.0/lab"


@dataclass(slots=True, eq=False)
class _Filed:
    """A job as the queue has it."""

    jobs: LabJobs
    job: BookedJob
    run: int = 0
    node: LabServer | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class LabQueue:
    """The queue, the drivers and the nodes on it."""

    def __init__(self) -> None:
        self._filed: list[_Filed] = []
        self._drivers: dict[str, LabJobs] = {}
        self._nodes: list[LabServer] = []

    def jobs(
        self,
        case: str,
        *,
        epoch: int,
        night: Json | None = None,
        fit: str = _FIT,
        refused: Callable[[str, CauteryError], None] = lambda *_: None,
    ) -> LabJobs:
        """Begin a night of a case; what its earlier epochs asked is void.

        Raises
        ------
        ConflictError
            If a later one has begun.
        """
        before = self._drivers.get(case)
        if before is not None and before.epoch > epoch:
            raise no_driver()
        begun = LabJobs(self, NightKey(_KEY, case, epoch), night or {}, fit, refused)
        self._drivers[case] = begun
        if before is not None:
            before.end(no_driver())
        return begun

    def server(self, name: str, *, fit: str = _FIT) -> LabServer:
        """Return a node."""
        made = LabServer(self, name, fit)
        self._nodes.append(made)
        return made

    def turn(self) -> None:
        """File and end what drivers want, and give what waits to nodes that are free."""
        for driver in self._drivers.values():
            while any(batch := driver.book.batch()):
                self.end(driver, batch[0])
                for job in batch[1]:
                    if not driver.knows(job):
                        self._filed.append(_Filed(driver, job))
        for node in self._nodes:
            while (one := self._next(node)) is not None:
                one.node, one.task = node, asyncio.ensure_future(self._do(one, node))

    def end(self, driver: LabJobs, keys: Collection[str] | None = None) -> None:
        """End jobs of a driver, whether they wait or are under way; ``None``: all of them."""
        for one in [one for one in self._filed if one.jobs is driver]:
            if keys is not None and one.job.key not in keys:
                continue
            self._filed.remove(one)
            if one.task is not None:
                one.task.cancel()

    def at_work(self, node: LabServer, *, lasting: bool | None = None) -> list[_Filed]:
        """Return the jobs that a node does."""
        return [
            one
            for one in self._filed
            if one.node is node and (lasting is None or one.job.lasts == lasting)
        ]

    def leave(self, jobs: list[_Filed], *, died: bool = False) -> None:
        """Let other nodes do these jobs; one of which nodes died too often is given up."""
        for one in jobs:
            assert one.task is not None
            one.task.cancel()
            one.node = one.task = None
            one.run += 1
            if died and one.run >= TRIES and not one.job.lasts:
                self._filed.remove(one)
                one.jobs.book.give_up(one.job.key, deadly(one.job.key))
        self.turn()

    def seen(self) -> tuple[NodeSeen, ...]:
        """Return the nodes that serve."""
        return tuple(node.seen() for node in self._nodes if node.handlers is not None)

    def _next(self, node: LabServer) -> _Filed | None:
        if not node.takes():
            return None
        busy = len(self.at_work(node, lasting=False)) >= node.capacity
        queues = node.queues()
        waiting = [
            one
            for one in self._filed
            if one.node is None and one.job.queue in queues and (one.job.lasts or not busy)
        ]
        return max(waiting, key=lambda one: one.job.priority, default=None)

    async def _do(self, one: _Filed, node: LabServer) -> None:
        job, of = one.job, one.jobs
        asked = JobAsked(
            case=of.key.case,
            epoch=of.epoch,
            night=of.key.open("night", "", "", of.package),
            kind=job.kind,
            key=job.key,
            question=of.key.open(
                "question", job.kind, job.key, base64.b64decode(job.question, validate=True)
            ),
            run=one.run,
        )
        try:
            sealed = await content_of(asked, node.handlers or {}, node.name, of.key)
        except JobLeftError:
            one.node, one.task, one.run = None, None, one.run + 1
            self.turn()
            node.look()
            return
        self._filed.remove(one)
        of.file(job, sealed)
        self.turn()
        node.look()


class LabJobs:
    """The :class:`~cautery.model.ports.Jobs` of one night."""

    def __init__(
        self,
        queue: LabQueue,
        key: NightKey,
        night: Json,
        fit: str,
        refused: Callable[[str, CauteryError], None],
    ) -> None:
        self._queue, self.key, self.epoch, self._fit = queue, key, key.epoch, fit
        self.package = key.seal("night", "", "", night)
        self.book = JobBook(key, refused)
        self._answers: dict[str, bytes] = {}

    async def ask(
        self,
        kind: str,
        question: Json,
        *,
        key: str,
        shard: str = "",
        within_s: float,
        priority: int = 0,
    ) -> JobAnswer:
        """Have a job done."""
        queue = queue_name(self._fit, shard=shard)
        job = self.book.ask(kind, question, key, queue, priority)
        job.askers += 1
        self._queue.turn()
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(job.answer)
        except TimeoutError:
            raise late(kind, key, within_s) from None
        finally:
            job.askers -= 1
            if not job.askers and not job.answer.done():
                await self.withdraw(key)

    async def keep(self, kind: str, question: Json, *, key: str) -> None:
        """Have a job that lasts done."""
        self.book.keep(kind, question, key, queue_name(self._fit, lasts=True))
        self._queue.turn()

    async def withdraw(self, key: str) -> None:
        """End a job."""
        self.book.withdraw(key)
        self._queue.turn()

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes."""
        return self._queue.seen()

    def end(self, error: CauteryError | None = None) -> None:
        """End the night."""
        self.book.end(error or ConflictError("the watch has ended"))
        self._queue.end(self)

    def knows(self, job: BookedJob) -> bool:
        """Give the answer of a key that was asked before, if there is one."""
        if job.key in self._answers and not job.lasts:
            self.book.take([(job.key, self._answers[job.key])])
            return True
        return False

    def file(self, job: BookedJob, sealed: bytes) -> None:
        """Take an answer; what lasts and has ended is begun anew."""
        self._answers.setdefault(job.key, sealed)
        self.book.take([(job.key, sealed)])
        if job.lasts:
            self.book.file_again([job.key])


class LabServer:
    """The :class:`~cautery.model.ports.JobServer` of a node."""

    def __init__(self, queue: LabQueue, name: str, fit: str) -> None:
        self._queue, self.name, self._fit = queue, name, fit
        self.handlers: Mapping[str, Handler] | None = None
        self.capacity = 0
        self._homes: set[str] = set()
        self._is_draining = self._is_held = False
        self._over = asyncio.Event()

    async def serve(self, handlers: Mapping[str, Handler], *, capacity: int) -> None:
        """Do jobs."""
        self.handlers, self.capacity, self._is_draining = handlers, capacity, False
        self._over.clear()
        self._queue.turn()
        try:
            await self._over.wait()
        finally:
            self.handlers = None
            self._queue.leave(self._queue.at_work(self))

    async def home(self, shard: str, *, here: bool) -> None:
        """Say whether a shard is at home here."""
        (self._homes.add if here else self._homes.discard)(shard)
        self._queue.turn()

    def hold(self, *, held: bool) -> None:
        """Begin nothing for a while."""
        self._is_held = held
        self._queue.turn()

    def drain(self) -> None:
        """Take no further job."""
        self._is_draining = True
        self._queue.leave(self._queue.at_work(self, lasting=True))
        self.look()

    def die(self) -> None:
        """End as a process does that is killed: nothing is said, and nothing handed over."""
        self.handlers = None
        self._queue.leave(self._queue.at_work(self), died=True)
        self._over.set()

    def look(self) -> None:
        """End serving when there is nothing left to do."""
        if self._is_draining and not self._queue.at_work(self):
            self._over.set()

    def takes(self) -> bool:
        """Tell whether it does jobs."""
        return self.handlers is not None and not self._is_draining

    def queues(self) -> set[str]:
        """Return whence it takes jobs."""
        shards = {queue_name(self._fit, shard=shard) for shard in self._homes}
        if self._is_held:
            return shards
        return {queue_name(self._fit), queue_name(self._fit, lasts=True)} | shards

    def seen(self) -> NodeSeen:
        """Return how it stands."""
        version, _, recipe = self._fit.partition("/")
        return NodeSeen(
            name=self.name,
            version=version,
            recipe=recipe,
            clock_late_s=0.0,
            free_bytes=1 << 40,
            capacity=self.capacity,
            at_work=len(self._queue.at_work(self)),
            shards=tuple(sorted(self._homes)),
            seen_at=datetime.now(UTC),
            draining=self._is_draining,
        )
