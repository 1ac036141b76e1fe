"""What tests of jobs share: a prepared database, and nodes on it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import psycopg
from tests.servers import database_of_its_own

from cautery.adapters.job_queue import JobQueue, JobWorker
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.lab.jobs import LabQueue
from cautery.model import Regime
from cautery.model.ports.jobs import Handler, Jobs, JobServer

CASE, OTHER = "ab" * 8, "cd" * 8
KEY = b"k" * 32
FIT = "1.0.0/landmarks"


class InMemory:
    """Drivers and nodes of the lab."""

    def __init__(self) -> None:
        self._queue = LabQueue()

    @contextlib.asynccontextmanager
    async def driver(self, epoch: int = 1, **how: Any) -> AsyncIterator[Jobs]:
        """Drive a case as another machine would."""
        jobs = self._queue.jobs(CASE, epoch=epoch, fit=FIT, **how)
        try:
            yield jobs
        finally:
            jobs.end()

    def node(self, name: str, fit: str = FIT) -> JobServer:
        """A node."""
        return self._queue.server(name, fit=fit)


class InDatabase:
    """Drivers and nodes that meet in a database."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @contextlib.asynccontextmanager
    async def driver(
        self,
        epoch: int = 1,
        *,
        url: str = "",
        key: bytes = KEY,
        patience_s: float = 30.0,
        night: Any = None,
        **how: Any,
    ) -> AsyncIterator[Jobs]:
        """Drive a case as another machine would."""
        server = Server(database=url or self.server.database, vault=self.server.vault)
        async with JobQueue(
            server,
            key=key,
            case=CASE,
            epoch=epoch,
            driver="driver-a",
            fit=FIT,
            night=night or {},
            patience_s=patience_s,
            **how,
        ) as jobs:
            yield jobs

    def node(self, name: str, fit: str = FIT, *, url: str = "", key: bytes = KEY) -> JobServer:
        """A node."""
        server = Server(database=url or self.server.database, vault=self.server.vault)
        return JobWorker(server, key=key, name=name, fit=fit, patience_s=30.0)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What somebody does who has the database."""
        schemas = "-csearch_path=cautery_jobs,public"
        with psycopg.connect(self.server.database, autocommit=True, options=schemas) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def prepared_database(bucket: str) -> Iterator[InDatabase]:
    """A database with two cases in its registry."""
    with database_of_its_own() as url:
        server = Server(database=url, vault=bucket)
        prepare(server, Regime.GDPR)
        there = InDatabase(server)
        for case in (CASE, OTHER):
            there.sql(
                "INSERT INTO cautery.cases (id, name, state) VALUES (%s, %s, 'open')", case, case
            )
        yield there


@contextlib.asynccontextmanager
async def serving(
    node: JobServer, handlers: Mapping[str, Handler], capacity: int = 4
) -> AsyncIterator[asyncio.Task[None]]:
    """Have a node do jobs; at the end it is cancelled."""
    task = asyncio.ensure_future(node.serve(handlers, capacity=capacity))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(true: Any, within_s: float = 90.0) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what changes is on no event
            await asyncio.sleep(0.02)
