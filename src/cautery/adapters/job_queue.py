"""Jobs for the nodes of a watch, in the organisation's database: the driver's side, and the node's.

Reaches: the database that was named, which we run.
Lawful basis: the mandate of the case, which every node gets sealed before its first job.
Manners: jobs are filed and answers taken in batches; a job that nobody needs any more is ended.
Format: docs/reference/server-format.md; procrastinate 3 (ADR 0093).

No code travels: a job is a name and JSON, sealed under the nodes' key.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self

from cautery.adapters import _job_statements as sql
from cautery.adapters._job_book import BookedJob, JobBook
from cautery.adapters._job_database import PATIENCE_S, JobDatabase
from cautery.adapters._job_nights import (
    STALLED_S,
    answers_of,
    begin_night,
    end_night,
    no_driver,
    replace_dead,
)
from cautery.adapters._job_sealing import NightKey, deadly, late
from cautery.adapters._job_worker import JobWorker
from cautery.adapters._servers import server_package
from cautery.adapters.node_register import seen_of
from cautery.adapters.server_place import Server
from cautery.errors import CauteryError, ConflictError, EvidenceError, InputError, StorageError
from cautery.model.evidence import Json
from cautery.model.nodes import JobCounts
from cautery.model.ports.jobs import JobAnswer, NodeSeen
from cautery.projections.presence import GONE_S

if TYPE_CHECKING:
    from procrastinate import App

__all__ = ["JobQueue", "JobWorker", "job_counts"]

_BATCH_S = 0.01
"""How long a question waits for others: one statement files them all."""
_TICK_S = 1.0
_MISSED_S = 5.0
"""When the database is asked whether it still has a job that was not answered."""
_KEPT_S = 600.0
"""How long an answer stays: a night of 3,000 looks a minute would keep 20 GB."""


class JobQueue:
    """The :class:`~cautery.model.ports.Jobs` of one watch; a context in which its night lasts.

    Whoever drove this case in an earlier epoch gets no answer any more, and what it asked is void.

    Parameters
    ----------
    server : Server
        Of the organisation.
    key : bytes
        The nodes' key.
    case : str
        Its id.
    epoch : int
        Of the lease on the case.
    driver : str
        Who drives the watch, for people.
    fit : str
        What a node must be to get its jobs: version and recipe.
    night : Json
        What every job needs: :attr:`~cautery.model.ports.JobAsked.night`.
    refused : callable, optional
        Told the key of a job that lasts, and why a node ended it; it is begun again.
    patience_s : float
        How long the database may be away.

    Raises
    ------
    StorageError
        If it cannot be reached, or the role has no rights.
    ConflictError
        If a later epoch has begun.
    InputError
        If the database was not prepared, or a package is not installed.
    """

    def __init__(
        self,
        server: Server,
        *,
        key: bytes,
        case: str,
        epoch: int,
        driver: str,
        fit: str,
        night: Json,
        refused: Callable[[str, CauteryError], None] = lambda *_: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        if not re.fullmatch(r"[0-9a-f]{16}", case):
            raise InputError(f"{case!r} is not the id of a case")
        self._database = JobDatabase(server.database, connections=3, patience_s=patience_s)
        self._key = NightKey(key, case, epoch)
        self._fit, self._driver, self._package = fit, driver, night
        self._lasting_queue = sql.queue_name(fit, lasts=True)
        self._names = f"{case}/{epoch}/"
        self._book = JobBook(self._key, refused)
        self._redone = 0
        self._seen: tuple[NodeSeen, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        connector = server_package("cautery.adapters._job_connector", nodes=True)
        await self._database.open()
        try:
            self._night = await begin_night(self._database, self._key, self._driver, self._package)
            self._queue: App = await connector.queue_on(self._database)
            self._tasks = [
                asyncio.create_task(self._lasting(one))
                for one in (self._filing, self._taking, self._keeping)
            ]
        except BaseException:
            await self._database.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the night: what is under way is ended, and neither answers nor package stay."""
        was_ours = self._book.over is None
        self._book.end(ConflictError("the watch has ended"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if was_ours:
            self._database.is_leaving = True
            with contextlib.suppress(StorageError):
                await end_night(self._database, self._night)
        await self._database.close()

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
        """Have a job done (:meth:`cautery.model.ports.Jobs.ask`)."""
        queue = sql.queue_name(self._fit, shard=shard)
        job = self._book.ask(kind, question, key, queue, priority)
        job.askers += 1
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(job.answer)
        except TimeoutError:
            raise late(kind, key, within_s) from None
        finally:
            job.askers -= 1
            if not job.askers and not job.answer.done():
                self._book.withdraw(key)

    async def keep(self, kind: str, question: Json, *, key: str) -> None:
        """Have a job that lasts done (:meth:`cautery.model.ports.Jobs.keep`)."""
        self._book.keep(kind, question, key, self._lasting_queue)

    async def withdraw(self, key: str) -> None:
        """End a job (:meth:`cautery.model.ports.Jobs.withdraw`)."""
        self._book.withdraw(key)

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes as they were seen a moment ago; none that is gone."""
        return self._seen

    async def _lasting(self, do: Callable[[], Any]) -> None:
        """Run a part of this queue; whatever ends it ends the waiting of all."""
        try:
            await do()
        except CauteryError as error:
            self._book.end(error)

    async def _filing(self) -> None:
        """File what waits, and end what nobody wants, a batch at a time."""
        while True:
            await self._book.wake.wait()
            await asyncio.sleep(_BATCH_S)
            self._book.wake.clear()
            while any(batch := self._book.batch()):
                ended, jobs = batch
                if ended:
                    names = [self._names + key for key in ended]
                    await self._rows("withdraw jobs from", sql.WITHDRAW, names=names)
                if jobs:
                    await self._file_all(jobs)

    async def _file_all(self, batch: list[BookedJob]) -> None:
        rows = await self._rows(
            "file jobs in",
            sql.ASK,
            keys=[job.key for job in batch],
            kinds=[job.kind for job in batch],
            queues=[job.queue for job in batch],
            priorities=[job.priority for job in batch],
            questions=[job.question for job in batch],
            last=[job.lasts for job in batch],
        )
        for job in batch:
            job.filed_at = time.monotonic()
        known = rows[0][0]
        if known:  # asked and answered before
            self._book.take(await self._rows("read answers of", sql.TAKE_AGAIN, keys=known))

    async def _taking(self) -> None:
        """Take answers as they come."""
        async for rows in answers_of(self._database, self._night, self._book.keys):
            self._book.take(rows)

    async def _keeping(self) -> None:
        """Stay the driver, and see that no job is lost with its node."""
        looked_at = time.monotonic()
        while True:
            counts = {"done": self._book.done, "redone": self._redone}
            if not await self._rows("stay the driver in", sql.ALIVE, **counts):
                raise no_driver()
            self._seen = tuple(
                seen_of(name, about, seen_at.astimezone(UTC), draining=draining)
                for name, about, seen_at, draining in await self._rows(
                    "list the nodes of", sql.NODES, gone_s=GONE_S
                )
            )
            for (name,) in await self._rows("read jobs of", sql.REFUSED, begin=self._names):
                key = name.removeprefix(self._names)
                changed = EvidenceError(
                    f"no node could open the job {key}: somebody changed it on the database"
                )
                self._book.give_up(key, changed)
            if time.monotonic() - self._database.away_at > STALLED_S + _TICK_S:
                # Nodes need a moment, too, to be heard of again after the database was away.
                redone, given_up = await replace_dead(
                    self._queue, self._night, lasting=self._lasting_queue
                )
                self._redone += redone
                for key in given_up:
                    self._book.give_up(key, deadly(key))
            if time.monotonic() - looked_at > _MISSED_S:
                # What the database lost in a crash, and what lasts but was ended.
                if old := self._book.unanswered(for_s=_MISSED_S):
                    missing = await self._rows(
                        "look for jobs in",
                        sql.MISSING,
                        keys=[job.key for job in old],
                        last=[job.lasts for job in old],
                    )
                    self._book.file_again(key for (key,) in missing)
                await self._rows("forget answers in", sql.FORGET_OLD, kept_s=_KEPT_S)
                looked_at = time.monotonic()
            await asyncio.sleep(_TICK_S)

    async def _rows(self, doing: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        return await self._database.rows(doing, statement, {**self._night, **values})


def job_counts(connection: Any) -> JobCounts:
    """Count the jobs of all nights that last, over a connection of psycopg."""
    waiting, under_way, done, redone, oldest_s = connection.execute(sql.COUNTS).fetchone()
    return JobCounts(
        waiting=waiting,
        under_way=under_way,
        done=done,
        redone=redone,
        oldest_waiting_s=max(oldest_s or 0.0, 0.0),
    )
