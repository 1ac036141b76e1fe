"""The nights of a case: who drives, what is void, and what dead nodes left undone.

Reaches: the database that was named.
Lawful basis, manners: those of :mod:`cautery.adapters.job_queue`.
Format: docs/reference/server-format.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from cautery.adapters import _job_statements as sql
from cautery.adapters._job_database import JobDatabase
from cautery.adapters._job_sealing import TRIES, NightKey
from cautery.adapters._ledger_failures import failures
from cautery.adapters._servers import server_package
from cautery.errors import ConflictError
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
_LEFT = sql.FORGET_NIGHTS, sql.FORGET_LEFT_JOBS, sql.FORGET_LEFT_ANSWERS, sql.FORGET_NODES


async def begin_night(
    database: JobDatabase, key: NightKey, driver: str, package: Json
) -> dict[str, Any]:
    """File what every job of a night needs; all that was asked for its case before is void.

    Raises
    ------
    ConflictError
        If a later night has begun.
    """
    night: dict[str, Any] = {"case": key.case, "epoch": key.epoch}
    sealed = key.seal("night", "", "", package)

    async def begin() -> None:
        async with database.pool.connection() as connection, connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = on")
            told = {**night, "driver": driver, "package": sealed}
            if await (await connection.execute(sql.BEGIN, told)).fetchone() is None:
                raise no_driver()
            await _forget_all(connection, night)
            for statement in _LEFT:
                await connection.execute(statement)

    with failures(database.name, "begin a night in"):
        await database.patiently(begin)
    return night


async def end_night(database: JobDatabase, night: dict[str, Any]) -> None:
    """End what is under way, and forget answers and package, unless another driver has begun."""

    async def end() -> None:
        async with database.pool.connection() as connection, connection.transaction():
            if await (await connection.execute(sql.END, night)).fetchone() is not None:
                await _forget_all(connection, night)

    with failures(database.name, "end a night in"):
        await database.patiently(end)


async def _forget_all(connection: Any, night: dict[str, Any]) -> None:
    for statement in (sql.FORGET_JOBS, sql.END_JOBS, sql.FORGET_ANSWERS):
        await connection.execute(statement, night)


def no_driver() -> ConflictError:
    """Return what a driver is told that another one has taken the place of."""
    return ConflictError(
        "another machine drives the watch of this case now",
        hint="What this one recorded until then is kept.",
    )


async def answers_of(
    database: JobDatabase, night: dict[str, Any], asked: Callable[[], list[str]]
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yield answers, many at once, as soon as the database says that there are some.

    Parameters
    ----------
    asked : callable
        Returns the keys of the jobs that are not over.

    Raises
    ------
    StorageError
        If it refuses.
    """
    while True:
        try:
            async with await database.alone() as connection:
                await connection.execute(f"LISTEN cautery_answers_{night['case']}")
                while True:
                    async with connection.transaction():
                        # Given on before the commit: should its answer be lost with the line, what
                        # is taken has arrived, or it is taken again.
                        wanted = {**night, "asked": asked()}
                        cursor = await connection.execute(sql.TAKE, wanted, binary=True)
                        yield await cursor.fetchall()
                    async for _ in connection.notifies(timeout=_LOOK_S, stop_after=1):
                        pass
                    await asyncio.sleep(_BATCH_S)
        except Exception as error:  # noqa: BLE001 - told apart below
            with failures(database.name, "read answers of"):
                await database.wait(error)


async def replace_dead(app: App, night: dict[str, Any], *, lasting: str) -> tuple[int, list[str]]:
    """Have the jobs of silent nodes done by others.

    Parameters
    ----------
    lasting : str
        The queue of jobs that are never given up.

    Returns
    -------
    redone : int
        How many are done anew.
    given_up : list of str
        Keys of those that are not.
    """
    connector = server_package("cautery.adapters._job_connector", nodes=True)
    redone, given_up = 0, []
    for job in await connector.stalled(app, after_s=STALLED_S):
        stated = job.task_kwargs
        if stated.get("case") != night["case"]:
            continue  # its own driver sees to it
        is_ours = stated.get("epoch") == night["epoch"]
        try:
            if is_ours and (job.queue == lasting or job.attempts + 1 < TRIES):
                await app.job_manager.retry_job(job)
                redone += 1
            else:
                await _forget(app, job)
                given_up += [str(stated.get("key"))] if is_ours else []
        except Exception as error:
            if not connector.is_of_queue(error):
                raise
            # its node was heard of again, and ended it
    return redone, given_up


async def _forget(app: App, job: Job) -> None:
    failed = server_package("procrastinate.jobs").Status.FAILED
    assert job.id is not None
    await app.job_manager.finish_job_by_id_async(job.id, failed, delete_job=True)
