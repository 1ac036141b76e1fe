"""A case that is moved from or to the server of an organisation.

Reaches: its rows of the database, and its objects in the vault.
Lawful basis: the mandate's; a server takes cases of its own regime alone.
Manners: it stands as a whole or not at all: both changes are one transaction.
Format: docs/reference/server-format.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cautery.adapters.case_server import ServerStore, is_object
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import make_case
from cautery.errors import ConflictError, InputError
from cautery.evidence.case_names import name_on_server
from cautery.evidence.manifest import LEDGER, NOTE
from cautery.evidence.ports import CaseLedger, FileSeen
from cautery.model import Regime


class ServerCase:
    """A case on a server (port :class:`~cautery.evidence.ports.CasePlace`).

    Parameters
    ----------
    path : Path
        Its name.
    server : Server
        Where.
    keys : KeyFolder or None
        With the keys of an open case, which is moved; who copies it needs none.
    """

    def __init__(self, path: Path, server: Server, keys: KeyFolder | None) -> None:
        self.path = self.at = path
        self.store = ServerStore(server, keys, moves=True)

    def standing(self) -> str | None:
        """Return the id of the case that stands there; ``None``: none does."""
        case = self.store.find(self.path)
        return None if case is None or case.state == "arriving" else case.id

    def left(self) -> str | None:
        """Return nothing: until all of it is removed it stands."""
        return None

    def allow(self, regime: Regime | None) -> None:
        """Refuse a case of another regime than that of this server."""
        self.store.allow(self.path, regime)

    def hold(self) -> None:
        """Keep all others from writing to it until :meth:`release`."""
        self.store.hold(self.path, alone=True)

    def release(self) -> None:
        """Let go of it, and of the server."""
        self.store.close()

    def leave(self) -> None:
        """Let nobody write to it any more, also after a crash."""
        case = self.store.row(self.path)
        with self.store.alone_writing(case, "move a case from") as connection:
            connection.execute(
                "UPDATE cautery.cases SET state = 'leaving' WHERE id = %s", [case.id]
            )

    def stay(self) -> None:
        """Undo :meth:`leave`."""
        self._stand("leaving")

    def files(self) -> tuple[FileSeen, ...]:
        """List the files that belong to the case; the ledger's only once it is closed."""
        files = self.store.files(self.path)
        if self.store.exists(self.path, NOTE):
            return files
        return tuple(file for file in files if file.name != LEDGER)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of one of them."""
        return self.store.pieces(self.path, name)

    def ledger(self) -> CaseLedger:
        """Open the ledger to be read."""
        return self.store.ledger(self.path, read_only=True)

    def custody(self) -> bytes:
        """Return the chain of custody beside it."""
        with self.store.transaction("read") as connection:
            rows = connection.execute(
                "SELECT line FROM cautery.custody WHERE case_id = %s ORDER BY number",
                [self.store.row(self.path).id],
            ).fetchall()
        return b"".join(bytes(line) + b"\n" for (line,) in rows)

    def expect(self, case: str) -> None:
        """Register it as one that arrives, or go on with what came of it."""
        stored = self.store.find(self.path)
        if stored is not None and stored.id != case:
            self._remove()  # of another move, which was given up
            stored = None
        if stored is None:
            self.store.require_vault()
            with self.store.transaction("begin a case in") as connection:
                make_case(connection, case, name_on_server(self.path), state="arriving")
        self.store.hold(self.path, alone=True)

    def take(self, file: FileSeen, pieces: Callable[[], Iterator[bytes]]) -> None:
        """Take up a file, unless it is there."""
        if not is_object(file.name):
            self.store.write(self.path, file.name, b"".join(pieces()))
            return
        name = f"{self.store.row(self.path).id}/{file.name}"
        stored = self.store.objects.find(name)
        is_stored = stored is not None and stored.size == file.size
        if not is_stored or _digest(self.store.objects.get(name)[1]) != _digest(pieces()):
            self.store.objects.put(name, pieces())

    def take_ledger(self, ledger: CaseLedger) -> None:
        """Take up the records and checkpoints that are not there."""
        target = SqlLedger(self.store.place(self.path, state="arriving"))
        try:
            target.take(ledger.leaves(since=target.size()), ledger.filed_checkpoints())
        finally:
            target.close()

    def take_custody(self, chain: bytes) -> None:
        """Take up the chain of custody."""
        case = self.store.row(self.path).id
        with self.store.transaction("write to") as connection:
            connection.execute("SELECT 1 FROM cautery.cases WHERE id = %s FOR UPDATE", [case])
            stored = connection.execute(
                "SELECT line FROM cautery.custody WHERE case_id = %s ORDER BY number", [case]
            ).fetchall()
            lines = chain.splitlines()
            if [bytes(line) for (line,) in stored] != lines[: len(stored)]:
                raise InputError(
                    f"{self.path}: another chain of custody lies there", hint="Name a new place."
                )
            for number, line in list(enumerate(lines))[len(stored) :]:
                connection.execute(
                    "INSERT INTO cautery.custody (case_id, number, line) VALUES (%s, %s, %s)",
                    [case, number, line],
                )

    def admit(self) -> None:
        """Let what came stand as the case, in one step."""
        self._stand("arriving")

    def forget(self) -> None:
        """Remove what came and does not stand yet."""
        self._remove()

    def remove(self, custody: bytes) -> None:
        """Remove it; no line is added to the chain of a case that leaves."""
        if self.custody() != custody:
            raise ConflictError(
                f"{self.path}: a line was added to its chain of custody while it was moved",
                hint="Nothing was removed. Finish the move: run the command again.",
            )
        self._remove()

    def _remove(self) -> None:
        """Remove it: exhibits first, since without its row nobody would know whose they are."""
        case = self.store.row(self.path)
        if case.state not in {"arriving", "leaving"}:
            raise InputError(f"{self.path}: this case is not being moved")
        self.store.objects.remove(stored.name for stored in self.store.objects.below(case.id))
        with self.store.transaction("remove a case from") as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS case_{case.id} CASCADE")
            connection.execute("DELETE FROM cautery.cases WHERE id = %s", [case.id])

    def _stand(self, now: str) -> None:
        case = self.store.row(self.path)
        state = "closed" if self.store.exists(self.path, NOTE) else "open"
        with self.store.transaction("write to") as connection:
            connection.execute(
                "UPDATE cautery.cases SET state = %s WHERE id = %s AND state = %s",
                [state, case.id, now],
            )


def _digest(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
