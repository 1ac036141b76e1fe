"""procrastinate on our own connections: it waits while the database is away, and is fenced.

Reaches: the database that was named.
Lawful basis: that of :mod:`cautery.adapters.job_queue`.
Manners: those of :mod:`cautery.adapters._job_database`.
Format: procrastinate.readthedocs.io, "Connector"; docs/reference/server-format.md.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from procrastinate import App, exceptions
from procrastinate.connector import Notify
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from cautery.adapters._job_database import JobDatabase, is_away

_ANY_QUEUE = ("procrastinate_any_queue_v1",)
_FINISH = (
    "SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete)s) FROM procrastinate_jobs"
    " WHERE id = %(id)s AND worker_id = %(worker)s AND attempts = %(run)s AND status = 'doing'"
)
_AGAIN = (
    "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM procrastinate_jobs"
    " WHERE id = %(id)s AND worker_id IS NOT DISTINCT FROM %(worker)s"
    " AND attempts = %(run)s AND status = 'doing'"
)


class HandedOverError(Exception):
    """A job that its node leaves to another one."""


class Connector(PsycopgConnector):
    """A connector whose questions wait while the database is away."""

    def __init__(self, database: JobDatabase) -> None:
        super().__init__()
        self._database = database

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        """Run a statement."""
        ask = super().execute_query_async
        await self._database.patiently(lambda: ask(query, **arguments))

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        """Return the row of a query."""
        ask = super().execute_query_one_async
        return await self._database.patiently(lambda: ask(query, **arguments))

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        ask = super().execute_query_all_async
        return await self._database.patiently(lambda: ask(query, **arguments))

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Listen to all queues: which of them count changes while the worker works."""
        del channels
        listen = super().listen_notify
        while True:
            try:
                await listen(on_notification, _ANY_QUEUE)
            except exceptions.ConnectorException as error:
                await self._database.wait(error)


class FencedManager(JobManager):
    """Ends and returns only jobs that are still its worker's: others were begun anew."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 - theirs
        """End a job; one that failed stays, for the driver to see."""
        del delete_job
        await self.connector.execute_query_async(
            _FINISH,
            id=job.id,
            worker=job.worker_id,
            run=job.attempts,
            status=status.value,
            delete=status is not Status.FAILED,
        )

    async def retry_job(self, job: Job, *_: Any, **__: Any) -> None:
        """Let a job be begun again at once, by any worker."""
        told = {"id": job.id, "worker": job.worker_id, "run": job.attempts}
        await self.connector.execute_query_async(_AGAIN, **told)


class HandedOver(BaseRetryStrategy):
    """What a node leaves to another one is begun again; what failed is not."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when a job is done again."""
        del job
        is_left = isinstance(exception, HandedOverError)
        return RetryDecision(retry_at=datetime.now(UTC)) if is_left else None


async def queue_on(database: JobDatabase) -> App:
    """Return procrastinate on the connections of a database, which are open."""
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # it is told in our words
    app = App(connector=Connector(database))
    app.job_manager = FencedManager(app.connector)
    await app.open_async(database.pool)
    return app


async def stalled(app: App, *, after_s: float) -> list[Job]:
    """Return the jobs whose workers have not been heard of for so long."""
    return list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=after_s))


def is_of_queue(error: Exception) -> bool:
    """Tell whether procrastinate raised this, and not because the database is away."""
    return isinstance(error, exceptions.ProcrastinateException) and not is_away(error)
