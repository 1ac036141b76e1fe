"""The ledger in SQLite or PostgreSQL.

Reaches: one database file and the small files beside it, or one server that we run.
Lawful basis: it keeps what the mandate's own watch saw; personal data stand in no record in clear.
Manners: one connection, short transactions, a writer waits at most half a minute for another.
Format: docs/reference/case-format.md; leaves are RFC 8785 JSON, checkpoints C2SP signed notes.

An append is on disk on return. A thread that appends while another thread's records are being
flushed waits for that, and is then written together with all who wait: one flush for all of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

from cautery.adapters._ledger_appends import Batch, append_batches, stand
from cautery.adapters._ledger_failures import failures
from cautery.adapters._ledger_postgresql import LedgerPlace, PostgresqlDatabase
from cautery.adapters._ledger_reading import Database, LedgerReader, place_of, size_of
from cautery.adapters._ledger_signing import Signing
from cautery.adapters._ledger_sqlite import SqliteDatabase
from cautery.errors import CauteryError, ConflictError, EvidenceError, StorageError
from cautery.evidence.in_groups import InGroups
from cautery.evidence.leaf import leaf_of, record_of
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import NoteVerifier, open_checkpoint
from cautery.model.evidence import Checkpoint, Json, digest_of
from cautery.model.ledger import filed
from cautery.model.ports import Signer
from cautery.model.records import Entry, RowReplaced
from cautery.model.times import iso

_WAIT_S = 30.0
_SHOWN_BYTES = 256
"""Of such a row, kept in the record: enough to see what somebody tried. Judgement."""
_TRIES = 5
_TAKEN_AT_ONCE = 5_000
"""Rows of a copy in one transaction: some MB. Judgement."""


class SqlLedger(LedgerReader):
    """The append-only log of records (port :class:`~cautery.model.ports.Ledger`).

    Parameters
    ----------
    place : str, Path or LedgerPlace
        A SQLite file by its path, whatever characters that has; a URL: ``sqlite:///path`` or
        ``postgresql://user@host/database``; or a schema in a database.
    read_only : bool
        Write nothing, make nothing: a settled SQLite ledger gets no ``-wal`` nor ``-shm`` beside.
    immutable : bool
        Nobody writes any more, so take no lock either, and heed no file beside (SQLite).

    Raises
    ------
    InputError
        If the URL names no database that a ledger can live in.
    StorageError
        If it cannot be opened.
    EvidenceError
        If the file is no ledger.
    """

    def __init__(
        self, place: str | Path | LedgerPlace, *, read_only: bool = False, immutable: bool = False
    ) -> None:
        self._read_only = read_only or immutable
        self._lock, self._signs = Lock(), Lock()
        self._frontier = Frontier()
        self._signing = Signing()
        self._unsigned_from: int | None = None
        self._now: Callable[[], datetime] | None = None
        self._appends: InGroups[Batch, tuple[Entry, ...]] = InGroups(self._append_group)
        if isinstance(place, str):
            place = place_of(place)
        if isinstance(place, Path):
            with failures(str(place), "open"):
                database: Database = SqliteDatabase(
                    place, read_only=self._read_only, immutable=immutable, patience_s=_WAIT_S
                )
        else:
            with failures(place.name, "open"):
                database = PostgresqlDatabase(place, read_only=self._read_only, patience_s=_WAIT_S)
        super().__init__(database, str(place) if isinstance(place, Path) else place.name)

    @classmethod
    def at(cls, path: Path, *, read_only: bool = False, immutable: bool = False) -> SqlLedger:
        """Open a SQLite ledger by its path."""
        return cls(path, read_only=read_only, immutable=immutable)

    def append(
        self,
        kind: str,
        body: Json,
        *,
        at: datetime,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Entry:
        """Append one record durably (it is on disk on return).

        Parameters
        ----------
        if_unchanged_since : int, optional
            A size that this ledger had: append only if nothing came in since.
        kinds : sequence of str
            With it: only records of these kinds count, or all.

        Raises
        ------
        ConflictError
            If another record came in since; nothing is written then.
        StorageError
            If it cannot be written; nothing is half-written then.
        InputError
            If the record has no RFC 8785 form.
        """
        return self.append_all(
            [(kind, body, at)], if_unchanged_since=if_unchanged_since, kinds=kinds
        )[0]

    def append_all(
        self,
        records: Sequence[tuple[str, Json, datetime]],
        *,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> tuple[Entry, ...]:
        """Append several records in one transaction, for the price of one flush.

        Raises
        ------
        ConflictError
            As for :meth:`append`.
        StorageError
            If they cannot be written; none of them is then.
        InputError
            If one has no RFC 8785 form; none is written then.
        """
        leaves = [leaf_of(kind, body, at) for kind, body, at in records]
        if not leaves:
            return ()
        return self._appends.ask(
            Batch(records=records, leaves=leaves, since=if_unchanged_since, kinds=tuple(kinds))
        )

    def set_right(self, *, since: int, now: Callable[[], datetime]) -> None:
        """Replace each row from ``since`` on that is no record by a record that says so.

        Somebody wrote it past :meth:`append`. No root covers it yet, and none ever will: signed, it
        would make the case one that nobody can verify; left there, one that nobody can go on with.
        From now on the same is done to what comes in, as soon as it is read or would be signed.

        Parameters
        ----------
        since : int
            How many records a signed root covers: those are not touched.
        now : callable
            The clock of the replacing records.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        self._unsigned_from, self._now = since, now
        for index, kind, leaf in self._pages.rows(since, self.size(), ()):
            self._right(index, kind, leaf)

    def checkpoint(self, signer: Signer, *, at: datetime, size: int | None = None) -> Checkpoint:
        """Sign the ledger's size and root, as what follows the last root signed; keep the note.

        Parameters
        ----------
        size : int, optional
            Sign its first so many records, whatever came in after them.

        Raises
        ------
        EvidenceError
            If the ledger does not go on from the last root, or its records are not those appended.
        StorageError
            If it cannot be written.
        """
        with self._signs:
            # Whoever appends meanwhile does not wait for the signer.
            with self._lock:
                appended = self._frontier
            checkpoint, signed = self._signing.checkpoint(
                signer,
                appended=appended,
                size=self.size if size is None else lambda: size,
                hashes=self._hashes,
            )
            with self._lock:
                if self._frontier.size < signed.size:
                    self._frontier = signed
        with self._writing() as cursor:
            # Another process may have signed a longer log since; checkpoints stand by size.
            number, longest = cursor.execute(
                "SELECT COALESCE(MAX(number) + 1, 0), COALESCE(MAX(size), 0) FROM checkpoints"
            ).fetchone()
            if checkpoint.size >= longest:
                cursor.execute(
                    "INSERT INTO checkpoints (number, size, at, note) VALUES (?, ?, ?, ?)",
                    (number, checkpoint.size, iso(at), checkpoint.note),
                )
        if self._unsigned_from is not None:
            self._unsigned_from = max(self._unsigned_from, checkpoint.size)
        return checkpoint

    def take_up(self, signer: Signer, verifier: NoteVerifier) -> Frontier | None:
        """Take the newest checkpoint up as the last root, if the case's key signed it elsewhere.

        The signer of a machine that stands by then refuses what does not go on from it, as the one
        that signed it would.

        Returns
        -------
        Frontier or None
            Of the records that this ledger has compared with a root; ``None``: of none.

        Raises
        ------
        EvidenceError
            If the key did not sign it, or it does not go on from the last root known here.
        StorageError
            If it cannot be read, or the root cannot be written down.
        """
        note = self.newest_checkpoint()
        with self._signs:
            if note is not None:
                newest, last = open_checkpoint(note, verifier), signer.last()
                if last is None or newest.size > last.size:
                    self._signing.take_up(signer, last, newest, self._hashes)
            return self._signing.compared

    def _hashes(self, since: int, until: int) -> list[bytes]:
        return [
            leaf_hash(self._right(index, kind, leaf)[1])
            for index, kind, leaf in self._pages.rows(since, until, ())
        ]

    def _right(self, index: int, kind: str, leaf: bytes) -> tuple[str, bytes]:
        """Return a row as it is, or as the record that is put in its place."""
        if self._unsigned_from is None or self._now is None:
            return kind, leaf
        if index < max(self._unsigned_from, self._frontier.size):  # signed, or appended by us
            return kind, leaf
        try:
            # A row that is no record is replaced like one of a wrong kind (ADR 0023).
            if record_of(leaf).kind == kind:
                return kind, leaf
        except EvidenceError:
            pass
        replaced = RowReplaced(
            row=index,
            filed_as=kind[:80],
            sha256=digest_of(leaf),
            size=len(leaf),
            begins=leaf[:_SHOWN_BYTES].hex(),
        )
        replaced_kind, body = filed(replaced)
        instead = leaf_of(replaced_kind, body, self._now())
        with self._writing() as cursor:
            cursor.execute(
                # ``AND leaf``: of two processes that set the row right at once, the second
                # changes nothing.
                "UPDATE entries SET kind = ?, leaf = ? WHERE idx = ? AND leaf = ?",
                (replaced_kind, instead, index, leaf),
            )
            row = cursor.execute(
                "SELECT kind, leaf FROM entries WHERE idx = ?", (index,)
            ).fetchone()
        return str(row[0]), bytes(row[1])  # another process may have been faster

    def take(
        self,
        rows: Iterable[tuple[int, str, bytes]],
        checkpoints: Iterable[tuple[int, int, str, str]],
    ) -> None:
        """Take up rows of another ledger, as they are filed there: the copy of a case.

        Parameters
        ----------
        rows : iterable of (int, str, bytes)
            Index, kind and leaf of those that follow what stands here.
        checkpoints : iterable of (int, int, str, str)
            Number, size, time and note of all of them; those that stand here are passed over.

        Raises
        ------
        ConflictError
            If the rows do not follow.
        StorageError
            If they cannot be written; those before stay, and the next call goes on.
        """
        rows = iter(rows)
        while batch := list(islice(rows, _TAKEN_AT_ONCE)):
            with self._writing() as cursor:
                if size_of(cursor) != batch[0][0]:
                    raise ConflictError(f"{self._name}: another process copies into it")
                self._database.insert(cursor, batch)
        with self._writing() as cursor:
            numbers_known = {
                number for (number,) in cursor.execute("SELECT number FROM checkpoints")
            }
            for number, size, at, note in checkpoints:
                if number not in numbers_known:
                    cursor.execute(
                        "INSERT INTO checkpoints (number, size, at, note) VALUES (?, ?, ?, ?)",
                        (number, size, at, note),
                    )

    def refuse_writers(self) -> None:
        """Make sure that no other process writes, now and until this ledger is closed.

        Raises
        ------
        StorageError
            If another process has it open for writing.
        """
        with self._failures("settle"):
            self._database.refuse_writers()

    def settle(self) -> None:
        """Leave SQLite as one plain file that reads from a read-only disk, and close.

        Who reads it goes on with what there was.

        Raises
        ------
        StorageError
            If another process has it open for writing, or the disk is full.
        """
        with self._failures("settle"):
            self._database.settle()
        self._closed = True

    def close(self) -> None:
        """Let go of the database; the last process to do so takes SQLite out of WAL."""
        if self._closed:
            return
        self._closed = True
        self._database.close()

    def _append_group(self, batches: Sequence[Batch]) -> Sequence[tuple[Entry, ...] | Exception]:
        """Append what several threads wait for, in one transaction.

        What the database refuses costs only who asked for it; what goes wrong as the group is
        flushed costs all of it. Where a server hangs up, it is asked what it still wrote.
        """
        appended: list[tuple[Entry, ...] | Exception] = []
        flushing, tries = False, _TRIES
        while True:
            try:
                with self._writing() as cursor:
                    # Asked again, as the server hung up: it may have written them before.
                    if not (flushing and stand(cursor, appended)):
                        flushing = False
                        appended = append_batches(cursor, self._database, self._name, batches)
                        flushing = True
                break
            except CauteryError:
                tries -= 1
                if tries and self._database.hung_up():
                    continue
                if flushing or len(batches) == 1:
                    raise
                return [self._append_one(batch) for batch in batches]
        leaves = [
            entry.leaf for entries in appended if isinstance(entries, tuple) for entry in entries
        ]
        first = next((entries[0].index for entries in appended if isinstance(entries, tuple)), None)
        with self._lock:
            # Only where no other process appended in between. Else the frontier stays behind, and
            # the next checkpoint hashes anew what this process has not seen.
            if self._frontier.size == first:
                self._frontier = self._frontier.extend(map(leaf_hash, leaves))
        return appended

    def _append_one(self, batch: Batch) -> tuple[Entry, ...] | Exception:
        try:
            return self._append_group([batch])[0]
        except CauteryError as error:
            return error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Any]:
        if self._read_only:
            raise StorageError(f"{self._name} was opened read-only", hint="")
        with self._failures("append to"), self._database.writing() as cursor:
            yield cursor
