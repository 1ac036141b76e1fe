"""The node's side of the jobs of a watch.

Reaches: the database that was named.
Lawful basis: that of :mod:`cautery.adapters.job_queue`.
Manners: so many jobs side by side as the node says; one that nobody needs any more is ended.
Format: docs/reference/server-format.md; procrastinate.readthedocs.io, "Worker".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cautery.adapters import _job_statements as sql
from cautery.adapters._job_answering import Answering, Stated, WrongKeyError
from cautery.adapters._job_database import PATIENCE_S, JobDatabase
from cautery.adapters._servers import server_package
from cautery.adapters.server_place import Server
from cautery.model.ports.jobs import Handler, JobLeftError

if TYPE_CHECKING:
    from procrastinate.worker import Worker

_TICK_S = 1.0
_SILENT_S = 600.0
"""Jobs of a driver that has been silent for so long are ended."""
_SPREAD_S = 3.0
"""How long a node that took a job that lasts leaves the next one to others."""
_PRUNED_S = 120.0


@dataclass(slots=True)
class _AtWork:
    """A job that this node does."""

    case: str
    epoch: int
    lasts: bool
    task: asyncio.Task[Any]
    is_left: bool = False
    misses: int = 0


class JobWorker:
    """The :class:`~cautery.model.ports.JobServer` of a node.

    Parameters
    ----------
    server : Server
        Of the organisation.
    key : bytes
        The nodes' key.
    name : str
        Of the node; no two have the same.
    fit : str
        Its version and recipe: it gets no job of a driver that states another one.
    lasting : int
        Most jobs that last at once, besides the others.
    patience_s : float
        How long the database may be away.
    """

    def __init__(
        self,
        server: Server,
        *,
        key: bytes,
        name: str,
        fit: str,
        lasting: int = 4,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._url, self._patience_s = server.database, patience_s
        self._answering = Answering(key, name)
        self._name, self._fit, self._most_lasting = name, fit, lasting
        sql.queue_name(fit)
        self._homes: set[str] = set()
        self._at_work: dict[int, _AtWork] = {}
        self._workers: list[Worker] = []
        self._is_draining = self._is_ending = self._is_held = False
        self._lasting_at = -_SPREAD_S

    async def serve(self, handlers: Mapping[str, Handler], *, capacity: int) -> None:
        """Do jobs (:meth:`cautery.model.ports.JobServer.serve`).

        Raises
        ------
        StorageError
            If the database stays away, or refuses.
        EvidenceError
            If the driver of a watch has another nodes' key.
        InputError
            If it was not prepared, or a package is not installed.
        """
        connector = server_package("cautery.adapters._job_connector", nodes=True)
        worker = server_package("procrastinate.worker").Worker
        self._database = JobDatabase(self._url, connections=4, patience_s=self._patience_s)
        self._looked_at = self._database.away_at
        self._is_draining = self._is_ending = False
        self._fault: WrongKeyError | None = None
        await self._database.open()
        try:
            app = await connector.queue_on(self._database)
            self._answering.begin(self._database, handlers)
            app.task(name="job", pass_context=True, retry=connector.HandedOver())(self._do)
            self._workers = [
                worker(
                    app=app,
                    queues=[sql.IDLE],
                    name=self._name,
                    concurrency=most,
                    fetch_job_polling_interval=_TICK_S,
                    abort_job_polling_interval=2 * _TICK_S,
                    shutdown_graceful_timeout=5.0,
                    listen_notify=listens,
                    install_signal_handlers=False,
                    update_heartbeat_interval=_TICK_S,
                    stalled_worker_timeout=_PRUNED_S,
                )
                for most, listens in ((capacity, True), (self._most_lasting, False))
            ]
            self._open_queues()
            await self._run(connector.is_of_queue, connector.HandedOverError)
        finally:
            self._workers = []
            await self._database.close()

    async def home(self, shard: str, *, here: bool) -> None:
        """Say whether a shard is at home here (:meth:`cautery.model.ports.JobServer.home`)."""
        sql.queue_name(self._fit, shard=shard)
        (self._homes.add if here else self._homes.discard)(shard)
        self._open_queues()

    def hold(self, *, held: bool) -> None:
        """Begin nothing for a while (:meth:`cautery.model.ports.JobServer.hold`)."""
        self._is_held = held
        self._open_queues()

    def drain(self) -> None:
        """Take no further job (:meth:`cautery.model.ports.JobServer.drain`).

        Jobs that last are left to other nodes.
        """
        self._is_draining = True
        self._open_queues()
        self._leave(lasting=True)

    async def _run(self, is_of_queue: Callable[[Exception], bool], left: type[Exception]) -> None:
        self._left = left
        running = [asyncio.create_task(self._work(one, is_of_queue)) for one in self._workers]
        looking = asyncio.create_task(self._looking())
        try:
            await asyncio.wait([looking, *running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Whatever is still at work is left to others, unless the database is gone, too.
            self._is_draining = self._is_ending = True
            self._open_queues()
            self._leave(lasting=False)
            for worker in self._workers:
                worker.stop()  # type: ignore[no-untyped-call]
            looking.cancel()
            self._database.is_leaving = self._database.is_away
            _, late = await asyncio.wait(running, timeout=10.0)
            self._database.is_leaving = True
            for task in late:
                task.cancel()
            ended = await asyncio.gather(looking, *running, return_exceptions=True)
        for error in (*ended, self._fault):
            if isinstance(error, Exception):
                raise error

    async def _work(self, worker: Worker, is_of_queue: Callable[[Exception], bool]) -> None:
        """Run a worker until it shall end; its database may have forgotten it meanwhile."""
        while True:
            try:
                await worker.run()  # type: ignore[no-untyped-call]
            except Exception as error:
                if not is_of_queue(error):
                    raise
            if self._is_draining and not self._at_work:
                return
            await asyncio.sleep(_TICK_S)

    def _open_queues(self) -> None:
        """Say from which queues jobs are taken from now on."""
        if not self._workers:
            return
        shares = time.monotonic() - self._lasting_at > _SPREAD_S
        shards = [sql.queue_name(self._fit, shard=shard) for shard in sorted(self._homes)]
        lasting = sql.queue_name(self._fit, lasts=True)
        idle = [sql.IDLE]
        takes = not self._is_draining
        begins = takes and not self._is_held
        looks = [sql.queue_name(self._fit)] if begins else idle
        # What only this node can do is answered at once, even if by why it cannot.
        self._workers[0].queues = [*looks, *shards] if takes else idle
        self._workers[1].queues = [lasting] if begins and shares else idle

    def _leave(self, *, lasting: bool) -> None:
        """Leave jobs to other nodes: those that last, or all."""
        for job in self._at_work.values():
            if (job.lasts or not lasting) and not job.is_left:
                job.is_left = True
                job.task.cancel()

    async def _looking(self) -> None:
        """End each second what is not this node's any more, until all has ended."""
        while not (self._is_draining and not self._at_work):
            await self._end_lost()
            self._open_queues()
            await asyncio.sleep(_TICK_S)

    async def _end_lost(self) -> None:
        """End jobs that are void or were begun elsewhere; give back what was lost on the way."""
        workers = [one.worker_id for one in self._workers if one.worker_id is not None]
        before = set(self._at_work)
        rows = await self._rows("look for jobs in", sql.OURS, {"workers": workers})
        ours = {number for (number,) in rows}
        cases = sorted({job.case for job in self._at_work.values()})
        epochs = dict(
            await self._rows(
                "look for nights in", sql.EPOCHS, {"cases": cases, "silent_s": _SILENT_S}
            )
            if cases
            else []
        )
        for number in before & self._at_work.keys():
            job = self._at_work[number]
            job.misses = 0 if number in ours else job.misses + 1
            # Twice: the first look may have been just before the end of the job.
            if job.misses > 1 or epochs.get(job.case) != job.epoch:
                job.task.cancel()
        # A job may be given to this worker in an answer that the network lost.
        if self._database.away_at > self._looked_at and not before ^ self._at_work.keys():
            self._looked_at = time.monotonic()
            if lost := sorted(ours - before):
                told = {"ids": lost, "workers": workers}
                await self._rows("give jobs back in", sql.AGAIN, told)

    async def _do(self, context: Any, **stated: Any) -> None:
        """Do a job, as procrastinate gives it; what it says is believed if the seal is whole."""
        job = context.job
        asked = Stated.of(stated)
        task = asyncio.current_task()
        assert task is not None
        at_work = _AtWork(asked.case, asked.epoch, job.lock is not None, task)
        before = self._at_work.get(job.id)
        self._at_work[job.id] = at_work
        if before is not None:  # this node was thought dead, and got its own job again
            before.task.cancel()
            await asyncio.wait([before.task])
        if at_work.lasts:
            self._lasting_at = time.monotonic()
            self._open_queues()
        try:
            await self._answering.answer(asked, job.attempts, lasts=at_work.lasts)
        except WrongKeyError as error:
            self._fault = error
            self.drain()
            raise self._left from error
        except JobLeftError as error:
            raise self._left from error
        except asyncio.CancelledError:
            if at_work.is_left or self._is_ending:
                raise self._left from None
            raise
        finally:
            if self._at_work.get(job.id) is at_work:
                del self._at_work[job.id]

    async def _rows(self, doing: str, statement: str, told: Any) -> list[tuple[Any, ...]]:
        return await self._database.rows(doing, statement, told)
