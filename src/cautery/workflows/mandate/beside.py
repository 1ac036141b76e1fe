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


def lines_beside(path: Path, *, remedy: str, most: int = MAX_BYTES) -> Sequence[bytes]:
    """Return the lines of a file beside a mandate; none if there is no such file.

    Parameters
    ----------
    most : int
        Most bytes of the file.

    Raises
    ------
    MandateError
        If it cannot be read, or is too large.
    """
    if path.exists():
        require_file(path)
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise MandateError(f"{path}: cannot be read ({error.strerror})") from error
    if len(raw) > most:
        raise MandateError(f"{path}: larger than {most:,} bytes", hint=remedy)
    return [line for line in raw.split(b"\n") if line.strip()]


def append_beside(path: Path, *bodies: dict[str, object]) -> None:
    """Add JSON lines to a file beside a mandate, all or none, and wait until they are on the disk.

    Raises
    ------
    StorageError
        If it cannot be written; the file is then as it was.
    """
    lines = b"".join(
        json.dumps(body, ensure_ascii=False, sort_keys=True).encode() + b"\n" for body in bodies
    )
    try:
        with path.open("ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # another person may sign at the same time
            add_line(file.fileno(), lines)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
