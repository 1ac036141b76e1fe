"""Show what a file in any known format says, credentials replaced before anybody sees them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from cautery.model import to_json
from cautery.packed import chunks_of
from cautery.watch import ReadWarning, guess, reader, redacted_text, redacted_warning

HEAD_BYTES = 8192


def read_file(path: Path, *, kind: str | None = None) -> Iterator[dict[str, Any] | ReadWarning]:
    """Yield one JSON object for each value of the file, and a warning for each broken record.

    Parameters
    ----------
    path : Path
        Also packed as ``.gz``, ``.xz`` or ``.zst``; archives are refused.
    kind : str or None
        A reader's name; ``None``: chosen by the first bytes.

    Raises
    ------
    InputError
        If there is no such file or reader, or it is not packed as its ending says.
    SourceError
        If the file is none of the known formats, or breaks off: what stands before has been
        yielded.
    """
    key = secrets.token_bytes(32)
    chunks = (chunk for chunk in chunks_of(path) if chunk)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    chosen = reader(kind) if kind is not None else guess(head[:HEAD_BYTES])
    for value in chosen.values(chain((head,), chunks), ""):
        if isinstance(value, ReadWarning):
            yield redacted_warning(value, key)
        else:
            yield _shown(to_json(value), key)


def _shown(value: Any, key: bytes) -> Any:
    if isinstance(value, dict):
        # A file does not say when it was seen.
        return {name: _shown(one, key) for name, one in value.items() if name != "seen_at"}
    if isinstance(value, list):
        return [_shown(one, key) for one in value]
    return redacted_text(value, key) if isinstance(value, str) else value
