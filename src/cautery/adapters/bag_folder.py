"""BagIt bags as folders, by the Library of Congress's own library.

Reaches: the local disk.
Lawful basis: it copies what a person who holds the case hands over.
Manners: a bag is there whole or not at all; nothing is written into a case.
Format: BagIt 1.0 (RFC 8493) with SHA-256; beside it ``tagmanifest-sha256.txt.sig``, an Ed25519
    signature that ``openssl pkeyutl`` checks, and ``tagmanifest-sha256.txt.tsr``, a time-stamp
    (RFC 3161) that ``openssl ts`` checks.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from cautery.adapters._files import TEMPORARY, real_path, regular, sync_folder
from cautery.adapters._sqlite_limits import connected, cpu_s
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.bag import EXTRACT_TABLES, TAG_MANIFEST, Copied, Instead
from cautery.evidence.leaf import record_of
from cautery.evidence.manifest import CASE_KEY, LEDGER

_CHUNK = 1 << 20
_MOST_LEAF = 64 << 20
"""Bytes of one value of an extract."""
_STEPS = 100_000
_LEAST_CPU_S = 10.0
"""What reading an extract may take, beside what its bytes may, with all that is done to a row."""


class BagFolder:
    """Fulfils :class:`cautery.evidence.bag.BagWriter`."""

    def write(
        self,
        out: Path,
        *,
        copied: Iterable[Copied],
        made: Mapping[str, bytes],
        tags: Mapping[str, bytes],
        info: Mapping[str, str],
        beside: Callable[[bytes], Mapping[str, bytes] | None],
        instead: Instead | None = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Write a bag beside its place, and move it there when it is whole.

        Raises
        ------
        InputError
            If something is there already, it lies in a case, or bagit is not installed.
        EvidenceError
            If a file of the case is not what its digest says.
        StorageError
            If it cannot be written.
        """
        try:
            import bagit  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise InputError(
                "a dossier needs the library bagit", hint="pip install 'cautery[dossier]'"
            ) from error
        out = _refuse_places(out)
        draft = out.parent / f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}"
        working_folder = Path.cwd()
        try:
            draft.mkdir(mode=0o700)
            for file in copied:
                _copy(file, draft / file.name)
            for name, content in made.items():
                _put(draft / name, content)
            bag = bagit.make_bag(str(draft), dict(info), checksums=["sha256"])
            for name, content in tags.items():
                _put(draft / name, content)
            bag.save()
            seals = beside((draft / TAG_MANIFEST).read_bytes())
            if seals is None and instead is not None:
                for name, content in instead.tags.items():
                    _put(draft / name, content)
                bag.info.update(instead.info)
                bag.save()
                seals = beside((draft / TAG_MANIFEST).read_bytes())
            for name, content in (seals or {}).items():
                _put(draft / name, content)
            # bagit flushes nothing that it writes, and all of it must be on disk before the name
            # is.
            os.sync()
            before()
            draft.rename(out)
            sync_folder(out.parent)
        except (OSError, bagit.BagError) as error:
            raise StorageError(f"{out}: {getattr(error, 'strerror', None) or error}") from error
        finally:
            os.chdir(working_folder)  # bagit goes into the bag
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(draft)

    def table(self, statements: Iterable[tuple[str, tuple[object, ...]]]) -> bytes:
        """Return the bytes of an SQLite file that some statements make."""
        with tempfile.TemporaryDirectory(prefix="cautery-extract-") as folder:
            path = Path(folder) / "ledger.sqlite"
            with contextlib.closing(sqlite3.connect(path)) as database, database:
                for statement, values in statements:
                    database.execute(statement, values)
            return path.read_bytes()


class ExtractFile:
    """Fulfils :class:`cautery.evidence.bag.ExtractReader` over SQLite files, hostile ones too."""

    def entries(self, path: Path) -> Iterator[tuple[int, bytes, tuple[bytes, ...]]]:
        """Yield number, leaf and way to the root of each record, in order.

        Raises
        ------
        EvidenceError
            If the file is no extract.
        """
        last = -1
        for index, kind, leaf, proof in _rows(path, "entries", "idx, kind, leaf, proof"):
            if not isinstance(index, int) or not isinstance(leaf, bytes) or index <= last:
                raise EvidenceError(f"{path}: not an extract: record {str(index)[:20]}")
            last = index
            if (
                own_kind := record_of(leaf, canonical=False).kind
            ) != kind:  # who asks by kind is misled
                raise EvidenceError(
                    f"{path}: record {index}: filed as another kind than {own_kind}"
                )
            try:
                yield index, leaf, tuple(bytes.fromhex(step) for step in str(proof).split())
            except ValueError as error:
                raise EvidenceError(f"{path}: record {index}: its proof is not hex") from error

    def withheld(self, path: Path) -> Iterator[int]:
        """Yield the number of each record that is held back, in order.

        Raises
        ------
        EvidenceError
            If the file is no extract.
        """
        for (index,) in _rows(path, "withheld", "idx"):
            if not isinstance(index, int):
                raise EvidenceError(f"{path}: not an extract: record {str(index)[:20]}")
            yield index

    def commitment(self, path: Path, index: int) -> str | None:
        """Return what a withheld record is committed to by; ``None``: it is not withheld.

        Raises
        ------
        EvidenceError
            If the file is no extract.
        """
        rows = _rows(path, "withheld", "idx, commitment")
        return next((str(promised) for number, promised in rows if number == index), None)


def _rows(path: Path, table: str, columns: str) -> Iterator[tuple[object, ...]]:
    uri = f"file:{urllib.parse.quote(str(path))}?mode=ro&immutable=1"
    try:
        with contextlib.closing(connected(uri, steps=_STEPS, longest=_MOST_LEAF)) as database:
            database.execute("PRAGMA cell_size_check = ON")
            # A view or a computed column would run whatever it says.
            schema = database.execute("SELECT sql FROM sqlite_schema LIMIT 9").fetchall()
            if sorted(schema, key=repr) != sorted((sql,) for sql in EXTRACT_TABLES):
                raise EvidenceError(f"{path}: not an extract: its tables are others")
            database.allow(cpu_s(path, least=_LEAST_CPU_S))
            query = f"SELECT {columns} FROM {table} ORDER BY idx"  # noqa: S608 - our words
            yield from database.execute(query)
    except (sqlite3.Error, OverflowError, OSError) as error:
        raise EvidenceError(f"{path}: not an extract: {error}") from error


def _refuse_places(out: Path) -> Path:
    if out.exists() or out.is_symlink():
        raise InputError(f"{out}: something is there already", hint="Name a new folder.")
    where = real_path(out.parent)
    if not where.is_dir():
        raise InputError(f"{out.parent}: no such folder", hint="Create it first.")
    for folder in (where, *where.parents):
        if (folder / LEDGER).exists() or (folder / CASE_KEY).exists():
            raise InputError(
                f"{out}: is inside the case {folder}, which may hold only its own files",
                hint="Write it outside the case.",
            )
    return where / out.name


def _copy(file: Copied, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with (
        regular(file.source) as handle,
        open(handle, "rb", closefd=False) as source,
        target.open("xb") as copy,
    ):
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    if digest.hexdigest() != file.sha256:
        raise EvidenceError(f"{file.source}: not the bytes that were signed")


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
