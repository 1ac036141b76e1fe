"""Answers to probes as JSON lines in a file, so that a run that was stopped goes on.

Beside ``results.jsonl`` stands ``results.jsonl.seen``: for each line the probe's size and time of
change, and where the line ends. The lines themselves hold the answer and nothing else.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cautery.errors import InputError, StorageError
from cautery.json_text import parsed_json
from cautery.workflows.identification.records import KEYS

SEEN_SUFFIX = ".seen"
_MOST_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Stamp:
    """What says that a file is the same: its size, and when it was changed."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        """Return a file's.

        Raises
        ------
        InputError
            If it is not there.
        """
        try:
            status = path.stat()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}") from error
        return cls(status.st_size, status.st_mtime_ns)


class Results:
    """One file of answers that grows; use it as a context manager.

    Parameters
    ----------
    path : Path
        Made, or gone on with.
    asked : str
        What an answer depends on beside the probe (references, hints, base rate). Answers to
        another question are not taken for this one's.

    Raises
    ------
    InputError
        If the file holds lines that no such run has written.
    StorageError
        If it cannot be written.
    """

    def __init__(self, path: Path, *, asked: str) -> None:
        self._path = path
        self._seen_path = path.with_name(path.name + SEEN_SUFFIX)
        self._question = asked
        self._answers: dict[tuple[str, Stamp], int] = {}
        self._file: io.FileIO | None = None
        self._seen_file: io.FileIO | None = None

    def __enter__(self) -> Self:
        if self._holds_else():
            raise InputError(
                f"{self._path}: it holds other content",
                hint="Name another file: this one has no list of processed probes next to it.",
            )
        try:
            self._seen_file = io.FileIO(self._seen_path, "a+")
            fcntl.flock(self._seen_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end = self._known()
            self._file = io.FileIO(self._path, "a+")
            self._nothing_else(self._file, end)
            # A line that was cut short, or was not noted any more, is written again.
            self._file.truncate(end)
        except BaseException as error:
            self._close()
            if isinstance(error, BlockingIOError):
                raise InputError(
                    f"{self._path}: another run is writing there",
                    hint="Wait until it ends, or name another file.",
                ) from error
            if isinstance(error, OSError):
                raise StorageError(f"{self._path}: {error.strerror or error}") from error
            raise
        return self

    def _holds_else(self) -> bool:
        """Tell whether the file was there before any such run."""
        try:
            return not self._seen_path.exists() and self._path.stat().st_size > 0
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror or error}") from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def answer(self, probe: str, stamp: Stamp) -> dict[str, Any] | None:
        """Return the line of a probe that was answered and has not changed since."""
        end = self._answers.get((probe, stamp))
        if end is None or self._file is None:
            return None
        start = end
        tail = b""
        while b"\n" not in tail[:-1] and start > 0:
            start = max(0, start - 4096)
            self._file.seek(start)
            tail = self._file.read(end - start)
        try:
            answer: dict[str, Any] = parsed_json(tail.rstrip(b"\n").rpartition(b"\n")[2])
        except ValueError:
            return None
        return answer

    def add(self, probe: str, stamp: Stamp, line: Mapping[str, Any]) -> None:
        """Append an answer; it is on its way to the disk when this returns.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        assert self._file is not None
        assert self._seen_file is not None
        try:
            # A name's bytes that are no UTF-8 become the escapes that JSON has for them.
            encoded = (
                json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
            )
            self._file.seek(0, os.SEEK_END)
            _write(self._file, encoded)
            end = self._file.tell()
            note = [probe, stamp.size, stamp.mtime_ns, self._question, end]
            _write(self._seen_file, json.dumps(note).encode() + b"\n")
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror or error}") from error
        self._answers[probe, stamp] = end

    def _nothing_else(self, file: io.FileIO, end: int) -> None:
        """Refuse a file that goes on for more than the one answer that may not be noted yet."""
        file.seek(end)
        if file.readall()[:-1].count(b"\n"):
            raise InputError(
                f"{self._path}: another program has written to this file in the meantime",
                hint=f"Remove everything after the first {end:,} bytes, or name another file.",
            )

    def _known(self) -> int:
        """Read the list of what was seen, as far as it is whole and the answers are there.

        Returns
        -------
        int
            Where the last of those answers ends.
        """
        if self._seen_path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{self._seen_path}: too large to be a list of probes")
        size = self._path.stat().st_size if self._path.exists() else 0
        last = whole = 0
        with self._seen_path.open("rb") as lines:
            for line in lines:
                note = _note(line)
                if note is None or not last < note[4] <= size:
                    break
                probe, length, mtime_ns, question, last = note
                whole += len(line)
                if question == self._question:
                    self._answers[probe, Stamp(length, mtime_ns)] = last
        os.truncate(self._seen_path, whole)
        return last

    def _close(self) -> None:
        for file in (self._file, self._seen_file):
            if file is not None:
                file.close()
        self._file = self._seen_file = None


def _write(file: io.FileIO, data: bytes) -> None:
    while data:
        data = data[file.write(data) or 0 :]


def _note(line: bytes) -> tuple[str, int, int, str, int] | None:
    try:
        probe, size, mtime_ns, question, end = parsed_json(line)
    except (ValueError, TypeError):
        return None
    if not line.endswith(b"\n") or not isinstance(probe, str) or not isinstance(question, str):
        return None
    if not all(isinstance(number, int) for number in (size, mtime_ns, end)):
        return None
    return probe, size, mtime_ns, question, end


def same_question(
    references: Path, stamp: Stamp | None, hints: Sequence[str], base_rate: float
) -> str:
    """Return what an answer depends on beside the probe; live references change all the time.

    The keys are part of it: a line that an earlier version wrote would lack some.
    """
    stamped = None if stamp is None else [stamp.size, stamp.mtime_ns]
    question = json.dumps([str(references.resolve()), stamped, sorted(hints), base_rate, KEYS])
    return hashlib.sha256(question.encode()).hexdigest()[:16]
