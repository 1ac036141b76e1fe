"""The nodes of an organisation as they say of themselves, and the wish that one takes nothing new.

Reaches: the table ``cautery.nodes`` of the database that was named.
Lawful basis: none needed; a row holds what a machine says of itself, and of no case and no person.
Manners: one connection, one statement every two seconds; a silent server is given up after ten.
Format: docs/reference/server-format.md.

Whoever may write the table may write anything into it: each row is read with limits, and one that
does not have its shape is a node of an unknown version.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from threading import RLock
from typing import Any, NamedTuple

from cautery.adapters._ledger_failures import failures
from cautery.adapters._servers import connected, is_of_psycopg, server_name, server_package
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import require_prepared
from cautery.errors import InputError
from cautery.model.nodes import JobCounts, NodesSeen
from cautery.model.ports import NodeSeen
from cautery.model.ports.jobs import NameTakenError
from cautery.model.wire import MISSHAPEN, from_json, to_json
from cautery.projections.presence import GONE_S, MOST_NODES, node_name

SILENCE_S = 10
MOST_BYTES = 1 << 15
"""Of a row: sixty moments of history take 4 kB."""
_UNREADABLE = "?"
_SAY = (
    "INSERT INTO cautery.nodes AS stands (name, about, seen_at)"
    " VALUES (%(name)s, %(about)s, clock_timestamp())"
    " ON CONFLICT (name) DO UPDATE SET about = EXCLUDED.about, seen_at = EXCLUDED.seen_at"
    " WHERE stands.about->>'holder' IN (%(holder)s, '')"
    " OR stands.seen_at < clock_timestamp() - %(gone_s)s * interval '1 s'"
    " RETURNING draining, clock_timestamp(), (SELECT ARRAY[count(*), count(*) FILTER (WHERE"
    " NOT others.draining AND others.about->>'refused' = '' AND"
    " others.about->>'version' = %(version)s AND others.about->>'recipe' = %(recipe)s)]"
    " FROM cautery.nodes AS others WHERE others.name <> %(name)s"
    " AND others.seen_at > clock_timestamp() - %(gone_s)s * interval '1 s')"
)
_LEAVE = (
    "DELETE FROM cautery.nodes WHERE name = %(name)s AND about->>'holder' = %(holder)s"
    " AND NOT draining"
)
_LEAVE_DRAINED = (
    'UPDATE cautery.nodes SET about = about || \'{"holder": "", "at_work": 0, "shards": []}\''
    " WHERE name = %(name)s AND about->>'holder' = %(holder)s"
)
# A moment that a stranger wrote is brought to where there are years with four digits.
_ROWS = (
    "SELECT name, about, least(greatest(seen_at, 'epoch'), clock_timestamp()), draining"
    " FROM cautery.nodes"
    " WHERE length(about::text) <= %(bytes)s AND length(name) <= 40 ORDER BY name LIMIT %(nodes)s"
)
_SEEN = (
    "SELECT least(greatest(seen_at, 'epoch'), clock_timestamp()), clock_timestamp()"
    " FROM cautery.nodes WHERE name = %s"
)


class Told(NamedTuple):
    """What a node hears when it says that it is there.

    Parameters
    ----------
    draining : bool
        Whether somebody wants it to take nothing new.
    clock_late_s : float
        How far its clock is behind the database's.
    among : int
        How many nodes there are, with this one.
    well : int
        How many others of its version and recipe are at work, and nothing is wrong with them.
    """

    draining: bool
    clock_late_s: float
    among: int = 1
    well: int = 0


class NodeRegister:
    """The table of nodes.

    Parameters
    ----------
    now : callable
        This machine's clock.
    counts : callable
        Counts the jobs, over a connection.
    """

    def __init__(
        self,
        server: Server,
        now: Callable[[], datetime],
        *,
        counts: Callable[[Any], JobCounts],
    ) -> None:
        self._counts = counts
        self._url = server.database
        self._now = now
        self._lock = RLock()
        self._open: Any = None
        self.name = server_name(server.database)

    def say(self, node: NodeSeen, *, holder: str) -> Told:
        """Write what a node says of itself.

        Parameters
        ----------
        holder : str
            Of the process: no other one has the same name at the same time.

        Raises
        ------
        NameTakenError
            If another process has this name, or had it until a moment ago.
        StorageError
            If the database cannot be reached.
        """
        json = server_package("psycopg.types.json").Jsonb
        about = to_json(node) | {"holder": holder}
        with self._asking("write to") as connection:
            before = self._now()
            said = {
                "name": node.name,
                "about": json(about),
                "holder": holder,
                "gone_s": GONE_S,
                "version": node.version,
                "recipe": node.recipe,
            }
            row = connection.execute(_SAY, said).fetchone()
            after = self._now()
            if row is None:
                raise self._taken(connection, node.name)
        middle = before + (after - before) / 2
        late_s = (row[1].astimezone(UTC) - middle).total_seconds()
        others, well = row[2]
        return Told(bool(row[0]), late_s, 1 + int(others), int(well))

    def _taken(self, connection: Any, name: str) -> NameTakenError:
        row = connection.execute(_SEEN, [name]).fetchone()
        # It may have left since.
        seen_at, now = (self._now(), self._now()) if row is None else row
        return NameTakenError(
            f"another node is called {name}, and was at work "
            f"{max((now - seen_at).total_seconds(), 0):.0f} s ago",
            seen_at=seen_at.astimezone(UTC),
        )

    def leave(self, name: str, *, holder: str) -> None:
        """Take the row of a node away that ends; the wish that it drains stays."""
        with self._asking("write to") as connection:
            for statement in (_LEAVE, _LEAVE_DRAINED):
                connection.execute(statement, {"name": name, "holder": holder})

    def drain(self, name: str, *, draining: bool) -> None:
        """Wish that a node takes nothing new, or that it does again.

        Raises
        ------
        InputError
            If there is no such node.
        """
        with self._asking("write to") as connection:
            changed = connection.execute(
                "UPDATE cautery.nodes SET draining = %s WHERE name = %s", [draining, name]
            ).rowcount
        if not changed:
            raise InputError(f"there is no node {name!r}", hint="cautery node list shows all.")

    def seen(self) -> NodesSeen:
        """Return all nodes, by name, and how many jobs there are."""
        with self._asking("read") as connection:
            (now,) = connection.execute("SELECT clock_timestamp()").fetchone()
            rows = connection.execute(_ROWS, {"bytes": MOST_BYTES, "nodes": MOST_NODES}).fetchall()
            jobs = self._counts(connection)
        return NodesSeen(now=now.astimezone(UTC), nodes=nodes_of(rows), jobs=jobs)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    @contextlib.contextmanager
    def _asking(self, doing: str) -> Iterator[Any]:
        """Lend the connection; one that failed is made anew at the next call."""
        with self._lock, failures(self.name, doing):
            if self._open is None or self._open.closed:
                opened = connected(self._url, silence_s=SILENCE_S)
                require_prepared(opened)
                self._open = opened
            try:
                yield self._open
            except Exception as error:
                if is_of_psycopg(error, "OperationalError"):
                    self._open.close()
                raise


def nodes_of(rows: Iterable[tuple[Any, ...]]) -> tuple[NodeSeen, ...]:
    """Return the nodes of rows; one whose name no node has is left out."""
    return tuple(_nodes(rows))


def _nodes(rows: Iterable[tuple[Any, ...]]) -> Iterator[NodeSeen]:
    for name, about, seen_at, draining in rows:
        try:
            node_name(name)
        except InputError:
            continue  # no node of ours wrote it
        yield seen_of(name, about, seen_at.astimezone(UTC), draining=draining)


def seen_of(name: str, about: Any, seen_at: datetime, *, draining: bool) -> NodeSeen:
    """Return what a row says of a node, whoever wrote it."""
    try:
        body = {key: value for key, value in about.items() if key != "holder"}
        node = from_json(NodeSeen, body)
    except MISSHAPEN:
        node = NodeSeen(
            name=name,
            version=_UNREADABLE,
            recipe=_UNREADABLE,
            clock_late_s=0.0,
            free_bytes=0,
            capacity=0,
            at_work=0,
            shards=(),
            seen_at=seen_at,
        )
    return replace(node, name=name, seen_at=seen_at, draining=draining)
