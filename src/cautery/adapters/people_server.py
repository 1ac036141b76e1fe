"""Accounts of the operations room in the database of an organisation: one for all of its rooms.

Reaches: the schema ``cautery_people`` of the database that was named.
Lawful basis: that of :mod:`cautery.adapters.people_sql`.
Manners: one connection, short transactions; it waits seconds for a lock, and never for a person.
Format: docs/reference/server-format.md; postgresql.org/docs, "Explicit Locking".

What was erased is gone from the tables; the pages of the database, its write-ahead log and its own
backups keep it until they are written anew (ADR 0077).
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any, TypeVar

from cautery.adapters._ledger_failures import failures
from cautery.adapters._people_tables import COLUMNS
from cautery.adapters._servers import connected, is_of_psycopg, server_name
from cautery.adapters.people_sql import Do, SqlPeople, fill
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import require_prepared
from cautery.errors import InputError, StorageError

_SCHEMA = "cautery_people"
_SILENCE_S = 5
"""How long a database may be silent, and a lock be waited for. Judgement: a login waits so long."""
_PATIENCE_S = 10.0
"""How long a request waits for those before it."""
_SETTINGS = (
    "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),"
    " set_config('synchronous_commit', 'on', false)"
)
_COUNTED = (
    "INSERT INTO tries VALUES (?, 1, clock_timestamp(), clock_timestamp())"
    " ON CONFLICT (who) DO UPDATE SET at = clock_timestamp(), failed = CASE"
    " WHEN tries.at < clock_timestamp() - interval '1 day' THEN 1"
    " ELSE tries.failed + 1 END RETURNING failed"
)
_SWEEP = (
    "DELETE FROM tries WHERE who IN (SELECT who FROM tries"
    " WHERE at < clock_timestamp() - interval '1 day' LIMIT 10 FOR UPDATE SKIP LOCKED)"
)

T = TypeVar("T")


class ServerTables:
    """The tables of accounts in a database (:class:`~cautery.adapters.people_sql.PeopleDatabase`).

    Who finds the connection closed begins anew before anything is written; what was written and not
    acknowledged may stand.

    Parameters
    ----------
    server : Server
        Where.

    Raises
    ------
    StorageError
        If it cannot be reached.
    InputError
        If it was not prepared for this version.
    """

    share, skip = " FOR SHARE", " FOR UPDATE SKIP LOCKED"

    def __init__(self, server: Server) -> None:
        self._url, self.name = server.database, server_name(server.database)
        self._lock = RLock()
        with failures(self.name, "open"):
            self._open = self._connected()

    @property
    def id(self) -> str:
        """The server's id."""
        ((id_,),) = self.rows("SELECT id::text FROM cautery.server")
        return str(id_)

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        spelled = statement.replace("?", "%s")
        with self._turn("read"):
            return self._again(lambda: self._open.execute(spelled, values).fetchall())

    @contextlib.contextmanager
    def writing(self) -> Iterator[Do]:
        """Lend what executes statements in one transaction: all of it is on disk, or nothing."""
        with self._turn("write to"), contextlib.ExitStack() as undo:
            self._again(lambda: undo.enter_context(self._open.transaction()))
            yield lambda statement, *values: self._open.execute(
                statement.replace("?", "%s"), values
            )

    def forget(self) -> None:
        """Let the pages of the database be written anew where something was erased."""
        with contextlib.suppress(StorageError), self._turn("tidy"):
            for table in COLUMNS:
                self._open.execute(f"VACUUM {_SCHEMA}.{table}")

    def close(self) -> None:
        """Let go of the server."""
        with self._lock:
            self._open.close()

    @contextlib.contextmanager
    def _turn(self, doing: str) -> Iterator[None]:
        if not self._lock.acquire(timeout=_PATIENCE_S):
            raise StorageError(f"{self.name}: it does not answer", hint="Try again in a moment.")
        try:
            with failures(self.name, doing):
                if self._open.closed:
                    self._open = self._connected()
                yield
        finally:
            self._lock.release()

    def _again(self, do: Callable[[], T]) -> T:
        """Do what writes nothing, once more if the server had hung up."""
        try:
            return do()
        except Exception as error:
            if not self._open.closed or not is_of_psycopg(error, "OperationalError"):
                raise
        self._open = self._connected()
        return do()

    def _connected(self) -> Any:
        opened = connected(self._url, schema=_SCHEMA, silence_s=_SILENCE_S)
        try:
            opened.execute(_SETTINGS, [f"{_SILENCE_S}s", f"{_SILENCE_S}s"])
            require_prepared(opened)
        except BaseException:
            opened.close()
            raise
        return opened


class ServerPeople(SqlPeople):
    """The accounts of all rooms of a database, which share one room's key.

    Parameters
    ----------
    key : bytes or None
        The rooms' own, of which the database knows a digest alone; ``None``: whoever reads what
        needs none, as a backup does.

    Raises
    ------
    InputError
        If the rooms of this database have another key.
    StorageError
        If it cannot be reached.
    """

    def __init__(self, server: Server, key: bytes | None) -> None:
        self.tables = ServerTables(server)
        super().__init__(self.tables)
        self._key = key
        try:
            self.id = self.tables.id
            if key is not None:
                self._require_key()
        except BaseException:
            self.close()
            raise

    def begun(self) -> bool:
        """Tell whether rooms have their people here."""
        return bool(self.tables.rows("SELECT 1 FROM room"))

    def begin(self) -> None:
        """Have this room's people here from now on.

        Raises
        ------
        InputError
            If other rooms have theirs here, under another key.
        """
        with self.tables.writing() as do:
            self._begin(do)
        self._require_key()

    def take(self, everything: dict[str, list[tuple[Any, ...]]]) -> None:
        """Take all rows of a room, whole or not at all.

        Raises
        ------
        InputError
            If people are here already.
        """
        if self.begun():
            raise _other_people(self.tables.name)
        with self.tables.writing() as do:
            self._begin(do)
            fill(do, everything)

    @contextlib.contextmanager
    def leaving(self) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        """Lend all rows, which are erased when the block ends well; nobody changes them."""
        with self.tables.writing() as do:
            do(f"LOCK TABLE room, {', '.join(COLUMNS)} IN ACCESS EXCLUSIVE MODE")
            yield {
                table: do(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names
                for table in COLUMNS
            }
            for table in (*reversed(COLUMNS), "room", "tries"):
                do(f"DELETE FROM {table}")  # noqa: S608 - our own names
        self.tables.forget()

    def tries(self, key: bytes) -> ServerTries:
        """Return where wrong logins are counted for all rooms."""
        return ServerTries(self.tables, key)

    def _begin(self, do: Do) -> None:
        do("INSERT INTO room VALUES (1, ?) ON CONFLICT DO NOTHING", self._digest)

    @property
    def _digest(self) -> str:
        return hmac.digest(
            self._key or b"", f"cautery people of {self.id}".encode(), "sha256"
        ).hex()

    def _require_key(self) -> None:
        rows = self.tables.rows("SELECT key FROM room")
        if rows and not hmac.compare_digest(rows[0][0], self._digest):
            raise _other_people(self.tables.name)


class ServerTries:
    """Wrong logins, counted for all rooms (:class:`~cautery.workflows.people.throttle.Tries`).

    Times are those of the database, whatever clocks the rooms have.

    Parameters
    ----------
    key : bytes
        The rooms' own: what somebody typed as a name is kept as a keyed digest.
    """

    def __init__(self, tables: ServerTables, key: bytes) -> None:
        self._tables, self._key = tables, key

    def wait_s(self, who: str) -> float:
        """Return how long somebody must wait; 0.0: no time."""
        rows = self._tables.rows(
            "SELECT extract(epoch FROM until - clock_timestamp())::float8 FROM tries WHERE who = ?",
            self._digest(who),
        )
        return max(rows[0][0], 0.0) if rows else 0.0

    def failed(self, who: str, wait_s: Callable[[int], float]) -> int:
        """Count a wrong login; return how many there were within a day.

        Parameters
        ----------
        wait_s : callable
            Returns how long one waits after so many.
        """
        digest = self._digest(who)
        with self._tables.writing() as do:
            ((count,),) = do(_COUNTED, digest).fetchall()
            do(
                "UPDATE tries SET until = clock_timestamp() + ? * interval '1 second'"
                " WHERE who = ?",
                wait_s(count),
                digest,
            )
            do(_SWEEP)
        return int(count)

    def came_in(self, who: str) -> None:
        """Forget what went wrong before."""
        with self._tables.writing() as do:
            do("DELETE FROM tries WHERE who = ?", self._digest(who))

    def _digest(self, who: str) -> bytes:
        return hmac.digest(self._key, b"tries\n" + who.encode("utf-8", "replace"), "sha256")


def _other_people(name: str) -> InputError:
    return InputError(
        f"{name}: the people of other rooms are in this database",
        hint="To open another room on it, bring the key of theirs: cautery people join FILE",
    )
