"""Connections for jobs, which wait while the database is away.

Reaches: the database that was named.
Lawful basis: that of :mod:`cautery.adapters.job_queue`.
Manners: a few connections; while the database is away, it is asked again a few times a second.
Format: docs/reference/server-format.md; libpq's connection strings.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from cautery.adapters._ledger_failures import failures
from cautery.adapters._servers import (
    connected,
    connection_options,
    is_of_psycopg,
    server_name,
    server_package,
)
from cautery.adapters.server_schema import require_prepared
from cautery.errors import StorageError

PATIENCE_S = 180.0
"""How long a database may be away: a restart and a fail-over take less."""
_SILENCE_S = 5
"""How long a machine may take nothing of what was sent, until the connection is over."""
_AGAIN_S = 0.3
_KEEP_ALIVE = {"keepalives_idle": 3, "keepalives_interval": 1, "keepalives_count": 3}
"""A connection that only listens must notice, too, that its server is gone."""

T = TypeVar("T")
Values = Sequence[Any] | Mapping[str, Any]


class JobDatabase:
    """A few connections to the database of an organisation.

    Commits are not waited for on the disk: an answer that a crash of the server takes along is
    missed by the driver, which asks again.

    Parameters
    ----------
    url : str
        Of the database, which proves its name if it is on another machine.
    connections : int
        At most so many at once.
    patience_s : float
        How long it may be away.
    """

    def __init__(self, url: str, *, connections: int, patience_s: float = PATIENCE_S) -> None:
        self.name = server_name(url)
        self.url = url
        self._patience_s = patience_s
        options = connection_options(url, schema="cautery_jobs", silence_s=_SILENCE_S)
        options["options"] += " -csynchronous_commit=off"
        self._options = {**options, **_KEEP_ALIVE}
        self.away_at = time.monotonic()
        """When it was last away; at first: now, for who knows."""
        self.is_away = False
        """Whether the last question found it away."""
        self.is_leaving = False
        """Whether this process ends, and waits for nothing any more."""
        logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # it is told in our words
        self.pool = server_package("psycopg_pool", nodes=True).AsyncConnectionPool(
            url,
            kwargs=self._options,
            configure=_each_statement_alone,
            min_size=1,
            max_size=connections,
            timeout=3.0,
            reconnect_timeout=1.0,
            open=False,
        )

    async def open(self) -> None:
        """Open the connections.

        Raises
        ------
        StorageError
            If it cannot be reached, or the role has no rights.
        InputError
            If it was not prepared for this version.
        """

        def look() -> None:
            with failures(self.name, "open"), connected(self.url, silence_s=_SILENCE_S) as one:
                require_prepared(one)
                one.execute("SELECT FROM cautery.nights, cautery.answers, cautery.nodes LIMIT 0")
                one.execute("SELECT FROM cautery_jobs.procrastinate_jobs LIMIT 0")

        await asyncio.to_thread(look)  # a pool would not say why it gets no connection
        await self.pool.open()

    async def close(self) -> None:
        """Let go of the server."""
        self.is_leaving = True
        await self.pool.close(timeout=2.0)

    async def rows(self, doing: str, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, which may be run twice if the database goes away.

        Raises
        ------
        StorageError
            If it refuses, or stays away.
        """

        async def ask() -> list[tuple[Any, ...]]:
            async with self.pool.connection() as connection:
                cursor = await connection.execute(statement, values, binary=True)
                return list(await cursor.fetchall()) if cursor.description else []

        with failures(self.name, doing):
            return await self.patiently(ask)

    async def alone(self) -> Any:
        """Return a connection for one use, as one that listens is."""
        connection = server_package("psycopg").AsyncConnection
        return await connection.connect(self.url, autocommit=True, **self._options)

    async def patiently(self, do: Callable[[], Awaitable[T]]) -> T:
        """Do what may be done twice, and again while the database is away.

        Raises
        ------
        StorageError
            If it stays away.
        """
        limit: float | None = None
        while True:
            try:
                done = await do()
            except Exception as error:
                self.is_away = is_away(error)
                if not self.is_away:
                    raise
                self.away_at = now = time.monotonic()
                limit = now + self._patience_s if limit is None else limit
                if self.is_leaving or now > limit:
                    raise StorageError(
                        f"{self.name}: the database has not answered for {self._patience_s:.0f} s",
                        hint="Start this again when it answers: nothing that it holds is lost.",
                    ) from error
            else:
                self.is_away = False
                return done
            await asyncio.sleep(_AGAIN_S)

    async def wait(self, error: Exception) -> None:
        """Wait a moment after an error of a connection that was open for long.

        Raises
        ------
        Exception
            The error, if the database is not simply away.
        """
        if not is_away(error):
            raise error
        self.away_at = time.monotonic()
        await asyncio.sleep(_AGAIN_S)


def is_away(error: BaseException | None) -> bool:
    """Tell whether an error of psycopg, or of what runs on it, says that the server is away."""
    if error is not None and type(error).__module__.startswith("procrastinate"):
        error = error.__cause__
    return (
        error is not None
        and is_of_psycopg(error, "OperationalError")
        and not is_of_psycopg(error, "DiskFull")
    )


async def _each_statement_alone(connection: Any) -> None:
    await connection.set_autocommit(True)
