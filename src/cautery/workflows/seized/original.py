"""The original: sealed encrypted part by part, and read again from what was sealed."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from cautery.errors import EvidenceError, InputError, LimitError
from cautery.evidence.ports import CaseVault
from cautery.json_text import parsed_json
from cautery.model import ExhibitId
from cautery.model.ledger import append, contents
from cautery.model.records import OriginalPartSealed
from cautery.packed import require_file, unpacked
from cautery.workflows.case.open import Case
from cautery.workflows.seized.records import subject_of

PART_BYTES = 32 << 20
"""Of the original a part; sealing takes three times as much memory."""
MOST_PARTS = 1 << 15
"""A terabyte."""
LARGEST_UNPACKED = 1 << 30
LARGEST_RATIO = 250
"""Dumps and logs pack ten- to thirtyfold; more than this beyond a gigabyte is a bomb."""

Progress = Callable[[int], None]
"""Told how many bytes more were read."""


def digest_of_file(path: Path, told: Progress) -> tuple[str, int]:
    """Return a file's SHA-256 in hex, and its size.

    Raises
    ------
    InputError
        If it is no file that can be read.
    """
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(path):
        digest.update(chunk)
        size += len(chunk)
        told(len(chunk))
    if not size:
        raise InputError(f"{path}: the file is empty")
    if size > PART_BYTES * MOST_PARTS:
        raise InputError(
            f"{path}: larger than a terabyte", hint=("Split the file and take each part.")
        )
    return digest.hexdigest(), size


def id_of(sha256: str, case: Case) -> str:
    """Return by what a file is known in a case: nobody without its key can test a guess."""
    return case.pseudonyms.of(f"seized material {sha256}")


def seal_original(
    path: Path, id: str, sha256: str, *, case: Case, told: Progress
) -> tuple[ExhibitId, ...]:
    """Seal a file's parts; those that a run before this one has sealed are not sealed again.

    Raises
    ------
    EvidenceError
        If the file is another than the one whose digest was taken.
    StorageError
        If the case cannot be written.
    """
    sealed_parts = {
        part.index: part.exhibit.id
        for _, part in contents(case.ledger, OriginalPartSealed)
        if part.seized == id
    }
    digest = hashlib.sha256()
    sealed: list[ExhibitId] = []
    for index, part in enumerate(_parts(path)):
        digest.update(part)
        exhibit = sealed_parts.get(index)
        if exhibit is None or not case.vault.holds(exhibit):
            exhibit = _seal_part(part, id, index, case)
        sealed.append(exhibit)
        told(len(part))
    if digest.hexdigest() != sha256:
        raise EvidenceError(
            f"{path}: the file changed while it was read", hint="Take the file again."
        )
    return tuple(sealed)


def _seal_part(part: bytes, id: str, index: int, case: Case) -> ExhibitId:
    now = case.clock.now()
    exhibit = case.vault.seal(
        part,
        media_type="application/octet-stream",
        at=now,
        clock=case.clock.offset(),
        subject=subject_of(id),
    )
    append(case.ledger, OriginalPartSealed(seized=id, index=index, exhibit=exhibit), at=now)
    return exhibit.id


def seal_cover(
    path: Path, id: str, sha256: str, size: int, parts: tuple[ExhibitId, ...], *, case: Case
) -> ExhibitId:
    """Seal the original's name, size and digest, which a record in clear does not tell."""
    cover = {"name": path.name, "size": size, "sha256": sha256, "parts": list(parts)}
    return case.vault.seal(
        json.dumps(cover).encode("utf-8", "backslashreplace"),
        media_type="application/json",
        at=case.clock.now(),
        clock=case.clock.offset(),
        subject=subject_of(id),
    ).id


def read_cover(vault: CaseVault, cover: ExhibitId, id: str) -> tuple[str, str]:
    """Return the original's name and SHA-256.

    Raises
    ------
    ErasedError
        If its key was destroyed.
    """
    contents = parsed_json(vault.open(cover, subject=subject_of(id)))
    return str(contents["name"]), str(contents["sha256"])


def original_bytes(
    vault: CaseVault, parts: tuple[ExhibitId, ...], id: str, *, sha256: str | None = None
) -> Iterator[bytes]:
    """Yield the original, part by part, and compare it with its digest at the end.

    Raises
    ------
    ErasedError
        If its key was destroyed.
    EvidenceError
        If a part is not what was sealed.
    """
    digest = hashlib.sha256()
    for part in parts:
        clear = vault.open(part, subject=subject_of(id))
        digest.update(clear)
        yield clear
    if sha256 is not None and digest.hexdigest() != sha256:
        raise EvidenceError(f"seized material {id}: its parts do not add up to the original")


def unpacked_bytes(parts: Iterator[bytes], packing: str, size: int) -> Iterator[bytes]:
    """Yield what the original holds, unpacked by its name's ending.

    Raises
    ------
    LimitError
        If it is a bomb: all that came before has been yielded.
    """
    limit = max(LARGEST_UNPACKED, size * LARGEST_RATIO)
    total = 0
    for chunk in unpacked(cast("BinaryIO", io.BufferedReader(_Joined(parts))), packing):
        total += len(chunk)
        if packing and total > limit:
            raise LimitError(
                f"the file unpacks to more than {limit:,} bytes, {LARGEST_RATIO} times its size"
            )
        yield chunk


class _Joined(io.RawIOBase):
    """Parts as one file, read once from the beginning to the end."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._unread = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._unread:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._unread = memoryview(part)
        count = min(len(buffer), len(self._unread))
        buffer[:count] = self._unread[:count]
        self._unread = self._unread[count:]
        return count


def _chunks(path: Path, size: int = 1 << 20) -> Iterator[bytes]:
    require_file(path)
    try:
        with path.open("rb") as file:
            yield from iter(lambda: file.read(size), b"")
    except OSError as error:
        raise InputError(f"{path}: the file cannot be read: {error.strerror}") from error


def _parts(path: Path) -> Iterator[bytes]:
    return _chunks(path, PART_BYTES)
