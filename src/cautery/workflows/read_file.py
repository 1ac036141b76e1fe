"""Show what a file in any known format says, credentials replaced before anybody sees them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.model import to_json
from cautery.watch import ReadWarning, guess, reader, redacted_text, redacted_warning

CHUNK_BYTES = 1 << 20
HEAD_BYTES = 8192


def read_file(path: Path, *, kind: str | None = None) -> Iterator[dict[str, Any] | ReadWarning]:
    """Yield one JSON object for each value of the file, and a warning for each broken record.

    Parameters
    ----------
    kind : str or None
        A reader's name; ``None``: chosen by the first bytes.

    Raises
    ------
    InputError
        If there is no such file or reader.
    SourceError
        If the file is none of the known formats.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    key = secrets.token_bytes(32)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        chosen = reader(kind) if kind is not None else guess(head)
        for value in chosen.values(iter(lambda: file.read(CHUNK_BYTES), b""), ""):
            if isinstance(value, ReadWarning):
                yield redacted_warning(value, key)
            else:
                yield _shown(to_json(value), key)


def _shown(value: Any, key: bytes) -> Any:
    if isinstance(value, dict):
        return {name: _shown(one, key) for name, one in value.items()}
    if isinstance(value, list):
        return [_shown(one, key) for one in value]
    return redacted_text(value, key) if isinstance(value, str) else value
