"""The nights of a case: who drives, what is void, and what dead nodes left undone.

Reaches: the database that was named.
Lawful basis, manners: those of :mod:`cautery.adapters.job_queue`.
Format: docs/reference/server-format.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from cautery.adapters import _job_statements as sql
from cautery.adapters._job_database import JobDatabase
from cautery.adapters._job_sealing import TRIES, NightKey
from cautery.adapters._ledger_failures import failures
from cautery.adapters._servers import server_package
from cautery.model.evidence import Json

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job

STALLED_S = 4.0
"""How long a node may be silent until its jobs are done elsewhere; it says something each second.
With the tick of the driver and that of the other nodes: about 6 s."""

_LOOK_S = 1.0
"""How often the answers are looked at if nothing says that there are any."""
_BATCH_S = 0.01
"""How long an answer waits for others."""


async def begin_night(
    database: JobDatabase, nodes_key: bytes, case: str, driver: str, package: Json
) -> tuple[int, NightKey]:
    """Take the next epoch of a case, and file what every job needs; all before it is void."""

    async def begin() -> tuple[int, NightKey]:
        async with database.pool.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = on")
            told = {"case": case, "driver": driver}
            cursor = await connection.execute(sql.BEGIN, told)
            (epoch,) = await cursor.fetchone()
            key = NightKey(nodes_key, case, epoch)
            sealed = key.seal("night", "", "", package)
            await connection.execute(sql.PACKAGE, {**told, "package": sealed})
            for statement in (sql.FORGET_JOBS, sql.END_JOBS, sql.FORGET_ANSWERS):
                await connection.execute(statement, told)
            await connection.execute(sql.FORGET_NODES)
        return epoch, key

    with failures(database.name, "begin a night in"):
        return await database.patiently(begin)


async def end_night(database: JobDatabase, case: str, epoch: int) -> None:
    """End what is under way, and forget answers and package, unless another driver has begun."""

    async def end() -> None:
        async with database.pool.connection() as connection, connection.transaction():
            told = {"case": case, "epoch": epoch}
            cursor = await connection.execute(sql.STANDS, told)
            if await cursor.fetchone() is None:
                return
            await connection.execute(sql.PACKAGE, {**told, "package": None})
            for statement in (sql.FORGET_JOBS, sql.END_JOBS, sql.FORGET_ANSWERS):
                await connection.execute(statement, told)

    with failures(database.name, "end a night in"):
        await database.patiently(end)


async def answers_of(
    database: JobDatabase, case: str, epoch: int
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yield answers, many at once, as soon as the database says that there are some.

    Raises
    ------
    StorageError
        If it refuses.
    """
    told = {"case": case, "epoch": epoch}
    while True:
        try:
            async with await database.alone() as connection:
                await connection.execute(f"LISTEN cautery_answers_{case}")
                while True:
                    async with connection.transaction():
                        # Read before the commit: what is taken arrived here.
                        cursor = await connection.execute(sql.TAKE, told, binary=True)
                        rows = await cursor.fetchall()
                    yield rows
                    async for _ in connection.notifies(timeout=_LOOK_S, stop_after=1):
                        pass
                    await asyncio.sleep(_BATCH_S)
        except Exception as error:  # noqa: BLE001 - told apart below
            with failures(database.name, "read answers of"):
                await database.wait(error)


async def replace_dead(app: App, case: str, epoch: int) -> list[str]:
    """Have the jobs of silent nodes done by others; return the keys of those that are given up."""
    connector = server_package("cautery.adapters._job_connector", nodes=True)
    given_up = []
    for job in await connector.stalled(app, after_s=STALLED_S):
        stated = job.task_kwargs
        if stated.get("case") != case:
            continue  # its own driver sees to it
        is_ours = stated.get("epoch") == epoch
        try:
            if is_ours and (job.queue == sql.LASTING or job.attempts + 1 < TRIES):
                await app.job_manager.retry_job(job)
            else:
                await _forget(app, job)
                given_up += [str(stated.get("key"))] if is_ours else []
        except Exception as error:
            if not connector.is_of_queue(error):
                raise
            # its node was heard of again, and ended it
    return given_up


async def _forget(app: App, job: Job) -> None:
    failed = server_package("procrastinate.jobs").Status.FAILED
    assert job.id is not None
    await app.job_manager.finish_job_by_id_async(job.id, failed, delete_job=True)
