"""The lease on a case of an organisation: who holds it drives the case, and nobody else does.

Reaches: the table ``cautery.drivers`` of the database that was named.
Lawful basis: the mandates of the cases.
Manners: one connection of its own, one short statement a second; both sides let go of a connection
that is cut.
Format: docs/reference/server-format.md.

The lease itself keeps nobody from writing: each transaction of a driver looks at its epoch. So a
driver that was only asleep adds nothing after another one took the case (ADR 0096).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cautery.adapters._ledger_failures import failures
from cautery.adapters._ledger_postgresql import BEGIN_WRITING, SILENCE_S, driver_of
from cautery.adapters._servers import (
    connected,
    is_of_psycopg,
    options_of,
    server_name,
    server_package,
)
from cautery.adapters.server_place import Server
from cautery.errors import LeaseError, StorageError
from cautery.evidence.lease import BEAT_S, Drive, DroveBefore, Silence

LOOK_S = 0.25
_COLUMNS = "epoch, driver, machine, pid, beat, ended"
_TAKE = (
    "INSERT INTO cautery.drivers AS held (case_id, epoch, driver, machine, pid, beat, ended)"
    " VALUES (%s, 1, %s, %s, %s, 0, false) ON CONFLICT (case_id) DO UPDATE SET"
    " epoch = held.epoch + 1, driver = EXCLUDED.driver, machine = EXCLUDED.machine,"
    " pid = EXCLUDED.pid, beat = 0, ended = false"
    " WHERE held.epoch = %s AND held.beat = %s RETURNING epoch"
)
_BEAT = (
    "UPDATE cautery.drivers SET beat = beat + 1"
    " WHERE case_id = %s AND epoch = %s AND NOT ended RETURNING beat"
)
_END = "UPDATE cautery.drivers SET ended = true WHERE case_id = %s AND epoch = %s"
_HANG_UP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()"
)


class ServerLease:
    """The lease on one case (port :class:`~cautery.evidence.lease.Lease`).

    A thread of its own counts up, so that a busy watch is no silent one.

    Parameters
    ----------
    case : str
        Id of the case.
    epoch : int
        The number under which it was taken.
    """

    def __init__(
        self, server: Server, case: str, *, epoch: int, before: DroveBefore | None
    ) -> None:
        self._server, self._case = server, case
        self.epoch, self.before = epoch, before
        self.driver = this_driver()[0]
        self._lock = threading.Lock()
        self._tell: Callable[[str], None] | None = None
        self._lost_to: str | None = None
        self._ends = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._beat()), name="lease", daemon=True
        )
        self._thread.start()

    def when_lost(self, tell: Callable[[str], None]) -> None:
        """Have somebody told, on the lease's thread, that another process has the case."""
        with self._lock:
            self._tell = tell
            lost_to = self._lost_to
        if lost_to is not None:
            tell(lost_to)

    def release(self) -> None:
        """Give the case back; whoever stands by takes it at once."""
        if self._ends.is_set():
            return
        self._ends.set()
        self._thread.join(2 * SILENCE_S)
        # Who stands by takes the case all the same, a few seconds later.
        with (
            contextlib.suppress(StorageError),
            failures("the lease", "give back"),
            connected(self._server.database, silence_s=SILENCE_S) as connection,
        ):
            connection.execute(_END, [self._case, self.epoch])

    async def _beat(self) -> None:
        """Count up until the lease is given back or lost; a database that is away is waited for."""
        connection: Any = None
        while not self._ends.is_set() and self._lost_to is None:
            begun_s = time.monotonic()
            try:
                async with asyncio.timeout(SILENCE_S / 2):
                    if connection is None:
                        connection = await self._connected()
                    await self._once(connection)
            except Exception as error:
                if not isinstance(error, TimeoutError) and not is_of_psycopg(error, "Error"):
                    raise
                if connection is not None:
                    await connection.close()
                connection = None
            next_s = begun_s + BEAT_S - time.monotonic()
            while next_s > 0 and not self._ends.is_set():
                await asyncio.sleep(min(next_s, LOOK_S))
                next_s = begun_s + BEAT_S - time.monotonic()
        if connection is not None:
            await connection.close()

    async def _connected(self) -> Any:
        url = self._server.database
        connection = await server_package("psycopg").AsyncConnection.connect(
            url, **options_of(url, silence_s=SILENCE_S, called=driver_of(self._case))
        )
        # A number that is lost with a database is counted up again; it need not wait for a copy.
        await connection.execute("SET synchronous_commit = local")
        return connection

    async def _once(self, connection: Any) -> None:
        answer = await connection.execute(_BEAT, [self._case, self.epoch])
        if await answer.fetchone() is not None:
            return
        row = await connection.execute(
            "SELECT driver FROM cautery.drivers WHERE case_id = %s", [self._case]
        )
        other = await row.fetchone()
        with self._lock:
            self._lost_to = "nobody" if other is None else str(other[0])
            tell = self._tell
        if tell is not None:
            tell(self._lost_to)


class LeaseDesk:
    """Where a process asks for the lease on a case.

    Parameters
    ----------
    case : str
        Id of the case.
    name : str
        What the case is called, for messages.
    """

    def __init__(self, server: Server, case: str, name: str) -> None:
        self._server, self._case, self._name = server, case, name
        self._silence = Silence(is_alive)
        self._connection: Any = None

    def close(self) -> None:
        """Let go of the server."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def silent_s(self) -> float:
        """For how long the driver has been seen to be silent."""
        return self._silence.silent_s

    def seen(self) -> Drive | None:
        """Return the lease as it stands; ``None``: nobody ever had it.

        Raises
        ------
        StorageError
            If the database does not answer.
        """
        with self._asking("ask who drives") as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM cautery.drivers WHERE case_id = %s",  # noqa: S608 - ours
                [self._case],
            ).fetchone()
        return None if row is None else Drive(**dict(zip(_COLUMNS.split(", "), row, strict=True)))

    def try_to_take(self) -> tuple[ServerLease | None, Drive | None]:
        """Take the lease if nobody has it, or who has it is silent; return it, and who had it.

        Raises
        ------
        StorageError
            If the database does not answer, or a writer holds its turn all the time.
        """
        drive = self.seen()
        if not self._silence.may_follow(drive, time.monotonic()):
            return None, drive
        epoch = self._taken(drive)
        if epoch is None:  # another process was faster, or its driver has woken
            return None, drive
        before = None
        if drive is not None:
            before = DroveBefore(
                driver=drive.driver, ended=drive.ended, silent_s=self._silence.silent_s
            )
        return ServerLease(self._server, self._case, epoch=epoch, before=before), drive

    def take(self) -> ServerLease:
        """Take the lease, or refuse: who has it is given the time to show that it is there.

        Raises
        ------
        LeaseError
            If another process drives the case.
        StorageError
            As :meth:`try_to_take`.
        """
        beats: set[tuple[int, int]] = set()
        while True:
            lease, drive = self.try_to_take()
            if lease is not None:
                return lease
            assert drive is not None
            beats.add((drive.epoch, drive.beat))
            if len(beats) > 1:
                raise LeaseError(
                    f"{self._name}: another process drives this case: {drive.driver}",
                    hint="To stand by for it: cautery watch ... --standby. To take its place: end "
                    "it first.",
                )
            time.sleep(LOOK_S)

    def _taken(self, drive: Drive | None) -> int | None:
        driver, machine, pid = this_driver()
        with self._asking("drive") as connection:
            if drive is not None and not drive.ended:
                self._hang_up(connection)
            # In the turn of a writer: what a former driver has begun to write stands before this
            # or never does.
            with connection.transaction():
                connection.execute(f"SET LOCAL search_path = case_{self._case}")
                connection.execute(BEGIN_WRITING, [f"{SILENCE_S * 1000}"])
                row = connection.execute(
                    _TAKE,
                    [
                        *(self._case, driver, machine, pid),
                        *((-1, -1) if drive is None else (drive.epoch, drive.beat)),
                    ],
                ).fetchone()
        return None if row is None else int(row[0])

    def _hang_up(self, connection: Any) -> None:
        """End what connections a silent driver has: it may sleep in its turn, or hold the case."""
        try:
            connection.execute(_HANG_UP, [driver_of(self._case)])
        except Exception as error:  # another user of the database: its turn ends by itself
            if not is_of_psycopg(error, "InsufficientPrivilege"):
                raise

    @contextlib.contextmanager
    def _asking(self, doing: str) -> Any:
        with failures(server_name(self._server.database), doing):
            if self._connection is None or self._connection.closed:
                self._connection = connected(self._server.database, silence_s=SILENCE_S)
            try:
                yield self._connection
            except Exception:
                self.close()
                raise


def require_driver(connection: Any, case: str, epoch: int, what: str) -> None:
    """Refuse a change by a driver whose case another one drives, in the transaction of the change.

    Parameters
    ----------
    epoch : int
        Under which it drives; 0: it does not drive it, as a person at a desk does not.
    what : str
        What would be changed, for the error.

    Raises
    ------
    LeaseError
        If another process drives the case.
    """
    statement = "SELECT 1 FROM cautery.drivers WHERE case_id = %s AND epoch = %s FOR SHARE"
    if epoch and connection.execute(statement, [case, epoch]).fetchone() is None:
        raise LeaseError(f"{what}: another process drives this case now; nothing was written")


def this_driver() -> tuple[str, str, int]:
    """Return this process in words, the run of its machine, and its number there."""
    pid = os.getpid()
    return f"{socket.gethostname()[:80]}, process {pid}", _machine(), pid


def is_alive(drive: Drive) -> bool | None:
    """Tell whether the process of a driver still runs; ``None``: it is on another machine."""
    if drive.machine != _machine() or drive.pid <= 0:
        return None
    try:
        os.kill(drive.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _machine() -> str:
    # With the namespace: the numbers of processes in a container are its own.
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
