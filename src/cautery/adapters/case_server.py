"""The cases of an organisation: a registry and ledgers in PostgreSQL, exhibits in S3.

Reaches: the database and the bucket that were named, and the folder of keys.
Lawful basis: the mandates of the cases; all cases of a database have one regime, since data that a
private party gathered and data of the police must not be joined (ADR 0002).
Manners: one connection a process and a ledger; short transactions; what a case is held by ends with
its connection.
Format: docs/reference/server-format.md.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from cautery.adapters._ledger_postgresql import BEGIN_WRITING, LedgerPlace
from cautery.adapters.keys_file import FileCaseKeys, KeyFolder, case_id
from cautery.adapters.ledger_server import ServerLedger, require_same_rows, signed_file
from cautery.adapters.list_versions_server import keep_versions
from cautery.adapters.objects import Objects
from cautery.adapters.person_keys import load_public_key
from cautery.adapters.server_lease import require_driver
from cautery.adapters.server_place import Server
from cautery.adapters.server_registry import Row, ServerRegistry
from cautery.adapters.server_schema import MARK, make_case
from cautery.adapters.vault_s3 import S3Vault
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.case_names import name_on_server
from cautery.evidence.manifest import CASE_KEY, LEDGER, NOTE, VAULT, plain
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseKeys, CaseLedger, FileSeen
from cautery.model import Regime

_MOST_FILES = 1_000_000


class ServerStore(ServerRegistry):
    """The cases of an organisation (port :class:`~cautery.evidence.ports.CaseStore`).

    Parameters
    ----------
    server : Server
        Where they lie.
    keys : KeyFolder or None
        Needed to begin or to continue a case, not to verify one.
    patience_s, moves
        As for :class:`~cautery.adapters.server_registry.ServerRegistry`.
    """

    def __init__(
        self,
        server: Server,
        keys: KeyFolder | None = None,
        *,
        patience_s: float = 10.0,
        moves: bool = False,
    ) -> None:
        super().__init__(server, patience_s=patience_s, moves=moves)
        self._keys = keys
        self._checked_vault = False

    def stamp(self, path: Path) -> tuple[object, ...]:
        """Return what changes when a case does."""
        row = self.find(path)
        if row is None:
            return ()
        with self._asking("read") as connection:
            (size,) = connection.execute(
                f"SELECT MAX(idx) FROM {_schema(row.id)}.entries"  # noqa: S608 - hex
            ).fetchone()
        return row.id, row.state, size

    def allow(self, path: Path, regime: Regime | None) -> None:
        """Refuse a case of another regime than that of this server.

        Raises
        ------
        InputError
            If it is another one, or none was given and there is no such case yet.
        """
        _, own_regime = self.about
        if regime is None:
            if self.find(path) is None:
                raise InputError(
                    f"{path}: there is no such case on the server",
                    hint="A case is begun by a command that has a mandate, such as cautery watch.",
                )
        elif regime != own_regime:
            raise InputError(
                f"{path}: this server has cases of the regime {own_regime}, and this case is of "
                f"the regime {regime}: the two never share a database, a vault or a folder of keys",
                hint=f"Name the database and the vault of your {regime} cases.",
            )
        elif self._keys is not None:
            self._keys.keep_to(own_regime)

    def begin(self, path: Path) -> CaseKeys:
        """Make a new case, and its keys outside it.

        Raises
        ------
        StorageError
            If it cannot be written; there is no case then.
        """
        name, keys = name_on_server(path), self._folder()
        self.require_vault()
        case_keys = keys.create_case()
        # Keys first: without a case they harm nobody. All the rest at once, or nothing.
        with self.transaction("begin a case in") as connection:
            make_case(connection, case_keys.case, name, state="open")
            _put(connection, case_keys.case, CASE_KEY, f"{case_keys.signer.key}\n".encode())
        return keep_versions(case_keys, self.transaction, self._epochs)

    def keys(self, path: Path) -> FileCaseKeys:
        """Return the secrets of a case.

        Raises
        ------
        InputError
            If they are not in the folder of keys.
        EvidenceError
            If the case does not say whose it is.
        """
        verifier = case_verifier(self, path)
        if case_id(verifier) != self.row(path).id:
            raise EvidenceError(f"{path / CASE_KEY}: the key of another case")
        return keep_versions(self._folder().case(verifier), self.transaction, self._epochs)

    def ledger(self, path: Path, *, read_only: bool) -> ServerLedger:
        """Open the ledger."""
        case = self.row(path)
        if not read_only:  # a closing that was cut short: nobody who holds it alone is alive
            with self._asking("write to") as connection:
                connection.execute(
                    "UPDATE cautery.cases SET state = 'open' WHERE id = %s AND state = 'closing'",
                    [case.id],
                )
        return ServerLedger(
            self.place(path),
            read_only=read_only,
            keep=lambda pieces: self.objects.put(f"{case.id}/{LEDGER}", pieces),
        )

    @contextlib.contextmanager
    def signed_ledger(self, path: Path, *, digest: str) -> Iterator[CaseLedger]:
        """Lend the ledger of a closed case, from the file that was signed.

        Pages and searches read the tables, so these must hold the same rows.

        Raises
        ------
        EvidenceError
            If the file has another SHA-256, or the tables have other rows.
        """
        tables = self.ledger(path, read_only=True)
        try:
            with signed_file(self.pieces(path, LEDGER), digest, path / LEDGER) as signed:
                require_same_rows(signed, tables, path / LEDGER)
                yield signed
        finally:
            tables.close()

    def place(self, path: Path, *, state: str = "open") -> LedgerPlace:
        """Return where the ledger of a case lies."""
        case = self.row(path)
        return LedgerPlace(
            url=self._server.database,
            name=str(path),
            schema=_schema(case.id),
            case=case.id,
            state=state,
            epoch=self._epochs.get(case.id, 0),
        )

    def vault(self, path: Path, keys: CaseKeys | None) -> S3Vault:
        """Open the vault; without keys it is only read."""
        prefix = f"{self.row(path).id}/{VAULT}"
        if keys is None:
            return S3Vault(self.objects, prefix, read_only=True)
        assert isinstance(keys, FileCaseKeys)  # they come from :meth:`keys`
        self.require_vault()
        return S3Vault(self.objects, prefix, keys.subjects)

    def exists(self, path: Path, name: str) -> bool:
        """Tell whether a case has this file."""
        case = self.find(path)
        if case is None or name == LEDGER:
            return case is not None
        if is_object(name):
            return self._object(case, name) is not None
        with self._asking("read") as connection:
            stored = connection.execute(
                "SELECT 1 FROM cautery.files WHERE case_id = %s AND name = %s", [case.id, name]
            ).fetchone()
        return stored is not None

    def files(self, path: Path) -> tuple[FileSeen, ...]:
        """List every file, sorted; that of the ledger is there once the case is closed.

        Raises
        ------
        EvidenceError
            If one has a name that no case has.
        """
        case = self.row(path)
        with self._asking("read") as connection:
            files = [
                FileSeen(name=name, size=size)
                for name, size in connection.execute(
                    "SELECT name, length(content) FROM cautery.files WHERE case_id = %s", [case.id]
                )
            ]
        rows = len(files)
        for stored in self.objects.below(case.id):
            files.append(FileSeen(name=stored.name.partition("/")[2], size=stored.size))
            if len(files) > _MOST_FILES:
                raise EvidenceError(f"{path}: more files than a case can have")
        names_seen: set[str] = set()
        for number, file in enumerate(files):
            if not plain(file.name):
                raise EvidenceError(f"{str(path / file.name)!r}: a name that no case has")
            # What one of the two stores has under a name of the other would be read unchecked.
            if file.name in names_seen or is_object(file.name) is (number < rows):
                raise EvidenceError(f"{path / file.name}: it lies in the wrong place of the server")
            names_seen.add(file.name)
        return tuple(sorted(files, key=lambda file: file.name))

    def read(self, path: Path, name: str, *, limit: int) -> bytes:
        """Read a small file.

        Raises
        ------
        EvidenceError
            If it is not there, or larger.
        """
        if is_object(name):
            return self._object_read(path, name, limit=limit)
        with self._asking("read") as connection:
            row = connection.execute(
                "SELECT length(content), substring(content FOR %s) FROM cautery.files"
                " WHERE case_id = %s AND name = %s",
                [limit, self.row(path).id, name],
            ).fetchone()
        if row is None:
            raise EvidenceError(f"{path / name}: the file is missing")
        _require_small(path / name, row[0], limit)
        return bytes(row[1])

    def _object_read(self, path: Path, name: str, *, limit: int) -> bytes:
        object_found, pieces = self.objects.get(f"{self.row(path).id}/{name}")
        _require_small(path / name, object_found.size, limit)
        content = bytearray()
        for piece in pieces:
            content += piece
            _require_small(path / name, len(content), limit)
        return bytes(content)

    def pieces(self, path: Path, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file, a piece at a time."""
        case = self.row(path)
        if is_object(name):
            yield from self.objects.get(f"{case.id}/{name}")[1]
        else:
            yield self.read(path, name, limit=1 << 30)

    def digest(self, path: Path, name: str, *, size: int, flush: bool = False) -> str:  # noqa: ARG002 - it is flushed
        """Hash a file of ``size`` bytes.

        Raises
        ------
        EvidenceError
            If it is not there, or has another size.
        """
        digest, left = hashlib.sha256(), size
        for piece in self.pieces(path, name):
            left -= len(piece)
            digest.update(piece)
        if left:
            raise EvidenceError(f"{path / name}: its size changed while it was read")
        return digest.hexdigest()

    def write(self, path: Path, name: str, content: bytes) -> None:
        """Write a file whole or not at all; the note of the manifest closes the case with it.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        case = self.row(path)
        if name == NOTE and case.state != "arriving":
            with self.alone_writing(case, "close a case in") as connection:
                self._close(connection, path, case)
                _put(connection, case.id, name, content)
        else:
            with self.transaction("write to") as connection:
                require_driver(connection, case.id, self._epochs.get(case.id, 0), str(path))
                _put(connection, case.id, name, content)

    def remove(self, path: Path, name: str) -> None:
        """Remove a file if it is there."""
        case = self.row(path)
        with self.transaction("write to") as connection:
            require_driver(connection, case.id, self._epochs.get(case.id, 0), str(path))
            connection.execute(
                "DELETE FROM cautery.files WHERE case_id = %s AND name = %s", [case.id, name]
            )

    def make_room(self, path: Path) -> None:
        """Do nothing: no room is kept on a server, whose disk others watch over."""

    def tidy(self, path: Path) -> None:
        """Do nothing: nothing is half written here, and closing replaces the ledger's file."""

    def public_key(self, path: Path, *, name: str) -> NoteVerifier:
        """Read a public key that an analyst gave: a verifier key string, or PEM."""
        return load_public_key(path, name=name)

    @property
    def objects(self) -> Objects:
        """The store of exhibits; who drives a case waits for one that is away."""
        return self._objects_awaited if self._epochs else self._objects

    @cached_property
    def _objects(self) -> Objects:
        return Objects(self._server.vault)

    @cached_property
    def _objects_awaited(self) -> Objects:
        return Objects(self._server.vault, waits=True)

    @contextlib.contextmanager
    def alone_writing(self, case: Row, doing: str) -> Iterator[Any]:
        """Lend the connection for a change after which no ledger adds a record any more."""
        # On the connection that holds the case alone: had it hung up, another may have it by now.
        with self.transaction(doing) as connection:
            connection.execute(f"SET LOCAL search_path = {_schema(case.id)}")
            connection.execute(BEGIN_WRITING, [f"{self._patience_s * 1000:.0f}"])
            yield connection

    def _close(self, connection: Any, path: Path, case: Row) -> None:
        """Let nothing come after the last record, unless something came already."""
        closed = connection.execute(
            "UPDATE cautery.cases SET state = 'closed' WHERE id = %s AND state = 'closing'"
            " RETURNING id",
            [case.id],
        ).fetchone()
        if closed is None or "" not in self._held.get(case.id, ()):
            raise StorageError(
                f"{path}: another process took this case up while it was being closed",
                hint="Nothing was signed over. Close it again: cautery close CASE",
            )

    def require_vault(self) -> None:
        """Refuse a vault that is another server's, before anything is put into it.

        Raises
        ------
        InputError
            If it is.
        """
        if self._checked_vault:
            return
        stored = self.objects.find(MARK)
        mark = b"" if stored is None else b"".join(self.objects.get(MARK)[1])
        if mark != f"{self.about[0]} {self.about[1]}\n".encode():
            raise InputError(
                f"{self.objects.name}: this vault does not belong to the database {self.name}",
                hint="Name the two that belong together, or prepare them: cautery server prepare",
            )
        self._checked_vault = True

    def _object(self, case: Row, name: str) -> object:
        return self.objects.find(f"{case.id}/{name}")

    def _folder(self) -> KeyFolder:
        if self._keys is None:
            raise InputError("writing to a case needs the folder of its keys")
        return self._keys


def _schema(id: str) -> str:
    return f"case_{id}"


def _require_small(file: Path, size: int, limit: int) -> None:
    if size > limit:
        raise EvidenceError(f"{file}: it has {size} bytes; at most {limit} are allowed")


def is_object(name: str) -> bool:
    """Tell whether a file of a case lies in the vault's store, and not in the database."""
    return name == LEDGER or name.startswith(f"{VAULT}/")


def _put(connection: Any, id: str, name: str, content: bytes) -> None:
    connection.execute(
        "INSERT INTO cautery.files (case_id, name, content) VALUES (%s, %s, %s)"
        " ON CONFLICT (case_id, name) DO UPDATE SET content = EXCLUDED.content",
        [id, name, content],
    )
