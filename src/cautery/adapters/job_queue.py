"""Jobs for the nodes of a watch, in the organisation's database: the driver's side, and the node's.

Reaches: the database that was named, which we run.
Lawful basis: the mandate of the case, which every node gets sealed before its first job.
Manners: jobs are filed and answers taken in batches; a job that nobody needs any more is ended.
Format: docs/reference/server-format.md; procrastinate 3 (ADR 0093).

No code travels: a job is a name and JSON, sealed under the nodes' key.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from cautery.adapters import _job_statements as sql
from cautery.adapters._job_database import PATIENCE_S, JobDatabase
from cautery.adapters._job_nights import STALLED_S, answers_of, begin_night, end_night, replace_dead
from cautery.adapters._job_presence import nodes_of, seen_nodes
from cautery.adapters._job_sealing import MOST_KEY, answer_of, deadly, late
from cautery.adapters._job_worker import JobWorker
from cautery.adapters._servers import server_package
from cautery.errors import CauteryError, ConflictError, EvidenceError, InputError, StorageError
from cautery.model.evidence import Json
from cautery.model.ports.jobs import JobAnswer, NodeSeen

if TYPE_CHECKING:
    from procrastinate import App

__all__ = ["JobQueue", "JobWorker", "seen_nodes"]

_BATCH_S = 0.01
"""How long a question waits for others: one statement files them all."""
_MOST_AT_ONCE = 500
_TICK_S = 1.0
_MISSED_S = 5.0
"""When the database is asked whether it still has a job that was not answered."""


@dataclass(slots=True)
class _Job:
    """A job of this night that is not over."""

    kind: str
    key: str
    queue: str
    priority: int
    question: str
    answer: asyncio.Future[JobAnswer]
    filed_at: float = field(default_factory=time.monotonic)
    askers: int = 0


class JobQueue:
    """The :class:`~cautery.model.ports.Jobs` of one watch; a context in which its night lasts.

    Entering takes the case's next epoch: whoever drove this case before gets no answer any more,
    and what it asked is void.

    Parameters
    ----------
    url : str
        Of the organisation's database.
    key : bytes
        The nodes' key.
    case : str
        Its id.
    driver : str
        Who drives the watch, for people.
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
    InputError
        If the database was not prepared, or a package is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        key: bytes,
        case: str,
        driver: str,
        night: Json,
        refused: Callable[[str, CauteryError], None] = lambda *_: None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        if not re.fullmatch(r"[0-9a-f]{16}", case):
            raise InputError(f"{case!r} is not the id of a case")
        self.case, self.epoch = case, 0
        self._database = JobDatabase(url, connections=3, patience_s=patience_s)
        self._nodes_key, self._driver, self._package = key, driver, night
        self._told = refused
        self._jobs: dict[str, _Job] = {}
        self._kept: dict[str, _Job] = {}
        self._to_file: dict[str, _Job] = {}
        self._to_end: list[str] = []
        self._wake = asyncio.Event()
        self._seen: tuple[NodeSeen, ...] = ()
        self._over: CauteryError | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        connector = server_package("cautery.adapters._job_connector", nodes=True)
        await self._database.open()
        try:
            self.epoch, self._key = await begin_night(
                self._database, self._nodes_key, self.case, self._driver, self._package
            )
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
        was_ours = self._over is None
        self._end(ConflictError("the watch has ended"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if was_ours:
            self._database.is_leaving = True
            with contextlib.suppress(StorageError):
                await end_night(self._database, self.case, self.epoch)
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
        job = self._jobs.get(key)
        if job is None:
            queue = sql.SHARD + shard if shard else sql.ANY
            job = self._jobs[key] = self._file(kind, question, key, queue, priority)
        job.askers += 1
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.shield(job.answer)
        except TimeoutError:
            raise late(kind, key, within_s) from None
        finally:
            job.askers -= 1
            if not job.askers and not job.answer.done():
                self._withdraw(key)

    async def keep(self, kind: str, question: Json, *, key: str) -> None:
        """Have a job that lasts done (:meth:`cautery.model.ports.Jobs.keep`)."""
        if key not in self._kept:
            self._kept[key] = self._file(kind, question, key, sql.LASTING, 0)

    async def withdraw(self, key: str) -> None:
        """End a job (:meth:`cautery.model.ports.Jobs.withdraw`)."""
        self._withdraw(key)

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes as they were seen a moment ago."""
        return self._seen

    @property
    def _night(self) -> dict[str, Any]:
        return {"case": self.case, "epoch": self.epoch}

    def _file(self, kind: str, question: Json, key: str, queue: str, priority: int) -> _Job:
        if self._over is not None:
            raise self._over
        if not 0 < len(key) <= MOST_KEY or "\0" in key + kind + queue or len(queue) > 128:
            raise InputError(f"{key[:50]!r} cannot be the key of a job, nor {queue[:50]!r} a shard")
        sealed = self._key.seal("question", kind, key, question)
        future = asyncio.get_running_loop().create_future()
        job = _Job(kind, key, queue, priority, base64.b64encode(sealed).decode(), future)
        self._to_file[key] = job
        self._wake.set()
        return job

    def _withdraw(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        asked = self._jobs.pop(key, None)
        if asked is not None and not asked.answer.done():
            asked.answer.set_exception(ConflictError(f"the job {key} was withdrawn"))
            asked.answer.exception()  # whoever asked may be gone
        if kept is not None or asked is not None:
            self._to_file.pop(key, None)
            self._to_end.append(f"{self.case}/{self.epoch}/{key}")
            self._wake.set()

    def _end(self, error: CauteryError) -> None:
        """Let nobody wait any more."""
        self._over = self._over or error
        for job in self._jobs.values():
            _refuse(job, self._over)
        self._jobs.clear()

    async def _lasting(self, do: Callable[[], Any]) -> None:
        """Run a part of this queue; whatever ends it ends the waiting of all."""
        try:
            await do()
        except CauteryError as error:
            self._end(error)

    async def _filing(self) -> None:
        """File what waits, and end what nobody wants, a batch at a time."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_BATCH_S)
            self._wake.clear()
            while self._to_file or self._to_end:
                ended, self._to_end = self._to_end, []
                if ended:
                    await self._rows("withdraw jobs from", sql.WITHDRAW, names=ended)
                batch = [self._to_file.pop(key) for key in list(self._to_file)[:_MOST_AT_ONCE]]
                if batch:
                    await self._file_all(batch)

    async def _file_all(self, batch: list[_Job]) -> None:
        rows = await self._rows(
            "file jobs in",
            sql.ASK,
            keys=[job.key for job in batch],
            kinds=[job.kind for job in batch],
            queues=[job.queue for job in batch],
            priorities=[job.priority for job in batch],
            questions=[job.question for job in batch],
        )
        for job in batch:
            job.filed_at = time.monotonic()
        known = rows[0][0]
        if known:  # asked and answered before
            self._take(await self._rows("read answers of", sql.TAKE_AGAIN, keys=known))

    async def _taking(self) -> None:
        """Take answers as they come."""
        async for rows in answers_of(self._database, self.case, self.epoch):
            self._take(rows)

    def _take(self, rows: Iterable[tuple[str, bytes]]) -> None:
        for key, sealed in rows:
            job = self._jobs.get(key) or self._kept.get(key)
            if job is None:
                continue
            try:
                said = answer_of(self._key.open("answer", job.kind, key, sealed))
            except EvidenceError as error:
                said = error
            if self._jobs.pop(key, None) is None:
                if isinstance(said, CauteryError):
                    self._told(key, said)
            elif isinstance(said, CauteryError):
                _refuse(job, said)
            elif not job.answer.done():
                job.answer.set_result(said)

    async def _keeping(self) -> None:
        """Stay the driver, and see that no job is lost with its node."""
        looked_at = time.monotonic()
        while True:
            if not await self._rows("stay the driver in", sql.ALIVE):
                raise ConflictError(
                    "another machine drives the watch of this case now",
                    hint="What this one recorded until then is kept.",
                )
            self._seen = nodes_of(await self._rows("list the nodes of", sql.NODES))
            begin = f"{self.case}/{self.epoch}/"
            for (name,) in await self._rows("read jobs of", sql.REFUSED, begin=begin):
                key = name.removeprefix(begin)
                if (job := self._jobs.pop(key, None)) is not None:
                    _refuse(job, EvidenceError(f"the job {key} was changed on the database"))
            if time.monotonic() - self._database.away_at > STALLED_S + _TICK_S:
                # Nodes need a moment, too, to be heard of again after the database was away.
                for key in await replace_dead(self._queue, self.case, self.epoch):
                    if (job := self._jobs.pop(key, None)) is not None:
                        _refuse(job, deadly(key))
            if time.monotonic() - looked_at > _MISSED_S:
                await self._file_missed()
                looked_at = time.monotonic()
            await asyncio.sleep(_TICK_S)

    async def _file_missed(self) -> None:
        """File again what the database lost, and what lasts but was ended."""
        limit = time.monotonic() - _MISSED_S
        old = {
            job.key: job
            for jobs in (self._jobs, self._kept)
            for job in jobs.values()
            if job.filed_at < limit and job.key not in self._to_file
        }
        if old:
            for (key,) in await self._rows("look for jobs in", sql.MISSING, keys=list(old)):
                if key in self._jobs or key in self._kept:
                    self._to_file[key] = old[key]
                    self._wake.set()

    async def _rows(self, doing: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        return await self._database.rows(doing, statement, {**self._night, **values})


def _refuse(job: _Job, error: CauteryError) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)
        job.answer.exception()  # whoever asked may be gone
