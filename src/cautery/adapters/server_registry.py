"""The registry of an organisation's cases, and what a process holds of them.

Reaches: the database that was named.
Lawful basis: the mandates of the cases.
Manners: one connection, short transactions; what a case is held by ends with its connection.
Format: docs/reference/server-format.md; postgresql.org/docs, "Advisory Locks".
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

from cautery.adapters._ledger_failures import failures
from cautery.adapters._ledger_postgresql import SILENCE_S, driver_of
from cautery.adapters._servers import connected, is_of_psycopg, server_name
from cautery.adapters.server_lease import LeaseDesk, ServerLease
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import require_prepared
from cautery.errors import EvidenceError, StorageError
from cautery.evidence.case_names import case_path, is_on_server, name_on_server
from cautery.model import Regime

_LOOK_S = 0.05


class Row(NamedTuple):
    """A case in the registry."""

    id: str
    name: str
    state: str


class ServerRegistry:
    """The cases that there are, and locks of them.

    Parameters
    ----------
    server : Server
        Where they lie.
    patience_s : float
        How long to wait for others who hold a case: an approval takes a moment.
    moves : bool
        See cases, too, whose move here is not over, and hold those that leave.
    """

    def __init__(
        self,
        server: Server,
        *,
        patience_s: float = 10.0,
        moves: bool = False,
    ) -> None:
        self._server = server
        self._patience_s = patience_s
        self._moves = moves
        self._lock = RLock()
        self._open: Any = None
        self._held: dict[str, set[str]] = {}
        self._epochs: dict[str, int] = {}
        self.name = server_name(server.database)

    def cases(self) -> dict[str, Path]:
        """Return the cases that there are, by name."""
        with self._asking("list the cases of") as connection:
            rows = connection.execute(
                "SELECT name FROM cautery.cases WHERE state <> 'arriving' ORDER BY name"
            ).fetchall()
        return {name: case_path(name) for (name,) in rows}

    def identity(self, path: Path) -> str:
        """Return what this case alone is called, wherever one reaches its server from."""
        return f"{self.about[0]}/{self.row(path).id}"

    def gone(self, identity: str) -> bool:
        """Tell whether the case of an identity was on this server and is not any more."""
        server, _, case = identity.partition("/")
        if server != self.about[0]:
            return False
        with self._asking("read") as connection:
            answer = connection.execute("SELECT 1 FROM cautery.cases WHERE id = %s", [case])
            return answer.fetchone() is None

    def hold(self, path: Path, *, alone: bool) -> None:
        """Lock a case, shared with other writers or alone, until :meth:`release`.

        Raises
        ------
        StorageError
            If another process is writing (``alone``) or closing it, or it is being moved.
        """
        case = self.row(path)
        if case.state == "leaving" and not self._moves:
            raise StorageError(
                f"{path}: this case is being moved away",
                hint=f"Finish it: cautery case move {path} FOLDER, as it was begun.",
            )
        limit = time.monotonic() + self._patience_s
        while not self._take(case.id, alone=alone):
            if time.monotonic() > limit:
                doing = "writing to" if alone else "closing"
                raise StorageError(
                    f"{path}: another process is {doing} this case", hint="Wait until it is done."
                )
            time.sleep(_LOOK_S)

    def shares(self, path: Path) -> bool:
        """Tell whether another process holds the case too."""
        with self._asking("read") as connection:
            (other_regimes,) = connection.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database"
                " WHERE datname = current_database() AND locktype = 'advisory' AND granted"
                " AND objsubid = 1 AND (classid::bigint << 32 | objid::bigint) = %s"
                " AND pid <> pg_backend_pid()",
                [_lock_of("hold", self.row(path).id)],
            ).fetchone()
        return bool(other_regimes)

    def release(self, path: Path) -> None:
        """Let go of the case."""
        case = self.find(path)
        lock_kinds = set() if case is None else self._held.pop(case.id, set())
        with contextlib.suppress(StorageError), self._asking("read") as connection:
            for kind in lock_kinds:
                connection.execute(
                    f"SELECT pg_advisory_unlock{kind}(%s)",
                    [_lock_of("hold", case.id if case else "")],
                )

    def drive(self, path: Path) -> ServerLease:
        """Take the lease on a case: from now on its records are added under that.

        Raises
        ------
        LeaseError
            If another process drives it.
        StorageError
            If the database does not answer.
        """
        desk = self.desk(path)
        try:
            return self.driven(path, desk.take())
        finally:
            desk.close()

    def desk(self, path: Path) -> LeaseDesk:
        """Return where the lease on a case is asked for."""
        return LeaseDesk(self._server, self.row(path).id, str(path))

    def driven(self, path: Path, lease: ServerLease) -> ServerLease:
        """Add the records of a case under a lease from now on."""
        case = self.row(path).id
        with self._asking("drive") as connection:
            self._epochs[case] = lease.epoch
            _call(connection, self._epochs)
        return lease

    @contextlib.contextmanager
    def alone_with(self, path: Path, *, doing: str) -> Iterator[None]:
        """Keep other processes away from the same piece of work on a case.

        Raises
        ------
        StorageError
            If another process is at it.
        """
        key = [_lock_of("work", self.row(path).id)]
        with self._asking("write to") as connection:
            if connection.execute("SELECT pg_try_advisory_lock(%s)", key).fetchone() != (True,):
                raise StorageError(
                    f"another process is {doing}", hint="Wait until it is done, then look again."
                )
        try:
            yield
        finally:
            with contextlib.suppress(StorageError), self._asking("write to") as connection:
                connection.execute("SELECT pg_advisory_unlock(%s)", key)

    def close(self) -> None:
        """Let go of the server, and of all that is held."""
        with self._lock:
            if self._open is not None:
                self._open.close()
            self._held.clear()

    @cached_property
    def about(self) -> tuple[str, Regime]:
        """The server's id, and the regime of all its cases."""
        with self._asking("read") as connection:
            server, regime = connection.execute(
                "SELECT id::text, regime FROM cautery.server"
            ).fetchone()
        return str(server), Regime(regime)

    def find(self, path: Path) -> Row | None:
        """Return the case of a name; ``None``: there is none."""
        if not is_on_server(path):
            return None
        with self._asking("read") as connection:
            row = connection.execute(
                "SELECT id, name, state FROM cautery.cases WHERE name = %s", [name_on_server(path)]
            ).fetchone()
        if row is None or (row[2] == "arriving" and not self._moves):
            return None
        return Row(*row)

    def row(self, path: Path) -> Row:
        """Return the case of a name.

        Raises
        ------
        EvidenceError
            If there is none.
        """
        case = self.find(path)
        if case is None:
            raise EvidenceError(f"{path}: there is no such case on the server")
        return case

    @contextlib.contextmanager
    def transaction(self, doing: str) -> Iterator[Any]:
        """Lend the connection for statements that are done together or not at all."""
        with self._asking(doing) as connection, connection.transaction():
            yield connection

    def _take(self, case: str, *, alone: bool) -> bool:
        kind = "" if alone else "_shared"
        with self._asking("write to") as connection:
            lock_kinds = self._held.setdefault(case, set())
            if not lock_kinds or (alone and kind not in lock_kinds):
                answer = connection.execute(
                    f"SELECT pg_try_advisory_lock{kind}(%s)",
                    [_lock_of("hold", case)],
                )
                if answer.fetchone() == (True,):
                    lock_kinds.add(kind)
                elif not lock_kinds:
                    del self._held[case]
                    return False
                else:
                    return False
        return True

    @contextlib.contextmanager
    def _asking(self, doing: str) -> Iterator[Any]:
        """Lend the connection, or a new one if the server hung up.

        What the old one held is taken again if it was held with others; who was alone with a case
        cannot know what others did meanwhile.
        """
        with self._lock, failures(self.name, doing):
            if self._open is None or not _answers(self._open):
                self._open = None
                opened = connected(
                    self._server.database, silence_s=SILENCE_S if self._epochs else None
                )
                require_prepared(opened)
                _call(opened, self._epochs)
                for case, kinds in self._held.items():
                    key = [_lock_of("hold", case)]
                    answer = opened.execute("SELECT pg_try_advisory_lock_shared(%s)", key)
                    if "" in kinds or answer.fetchone() != (True,):
                        opened.close()
                        raise StorageError(
                            f"{self.name}: the server hung up while a case was held alone, or "
                            "another process is closing it now",
                            hint="Nothing is half done. Run the command again.",
                        )
                self._open = opened
            yield self._open


def _call(connection: Any, cases: Collection[str]) -> None:
    """Give the connection the name of a driver's: whoever follows it ends what it holds."""
    if cases:
        connection.execute(
            "SELECT set_config('application_name', %s, false)", [driver_of(next(iter(cases)))]
        )


def _answers(connection: Any) -> bool:
    """Tell whether the server still listens, before what cannot be asked twice is asked."""
    try:
        connection.execute("SELECT 1")
    except Exception as error:
        if connection.closed and is_of_psycopg(error, "OperationalError"):
            return False
        raise
    return True


def _lock_of(what: str, id: str) -> int:
    """Return the number of a lock: 63 bits, whose halves PostgreSQL shows as unsigned."""
    digest = hashlib.sha256(f"cautery {what} {id}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1
