"""Files of JSON lines that people have signed, beside a mandate."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Sequence
from pathlib import Path

from cautery.appending import add_line
from cautery.errors import MandateError, StorageError
from cautery.packed import require_file

MAX_BYTES = 1 << 16


def lines_beside(path: Path, *, remedy: str) -> Sequence[bytes]:
    """Return the lines of a file beside a mandate; none if there is no such file.

    Raises
    ------
    MandateError
        If it cannot be read, or is too large.
    """
    if path.exists():
        require_file(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise MandateError(f"{path}: cannot be read ({error.strerror})") from error
    if len(raw) > MAX_BYTES:
        raise MandateError(f"{path}: larger than {MAX_BYTES:,} bytes", hint=remedy)
    return [line for line in raw.split(b"\n") if line.strip()]


def append_beside(path: Path, body: dict[str, object]) -> None:
    """Add a JSON line to a file beside a mandate, and wait until it is on the disk.

    Raises
    ------
    StorageError
        If it cannot be written; the file is then as it was.
    """
    line = json.dumps(body, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    try:
        with path.open("ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # another person may sign at the same time
            add_line(file.fileno(), line)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
