"""Show what a file in any known format says, credentials replaced before anybody sees them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.formats import READERS, ReadWarning, guess, reader, redacted_warning, redaction
from cautery.model import KeyedPseudonyms, to_json
from cautery.packed import chunks_of

HEAD_BYTES = 8192


def read_file(path: Path, *, kind: str | None = None) -> Iterator[dict[str, Any] | ReadWarning]:
    """Yield one JSON object for each value of the file, and a warning for each broken record.

    Parameters
    ----------
    path : Path
        Also packed as ``.gz``, ``.xz`` or ``.zst``; archives are refused. ``-`` is stdin.
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
    pseudonyms = KeyedPseudonyms(secrets.token_bytes(32))
    chunks = (chunk for chunk in chunks_of(path) if chunk)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break
    file_reader = reader(kind) if kind is not None else guess(head[:HEAD_BYTES])
    redacted = redaction(pseudonyms)
    for value in file_reader.values(chain((head,), chunks), ""):
        if isinstance(value, ReadWarning):
            yield redacted_warning(value, pseudonyms)
        else:
            yield redacted(_shown(to_json(value)))


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        # A file does not say when it was seen.
        return {name: _shown(item) for name, item in value.items() if name != "seen_at"}
    if not isinstance(value, list):
        return value
    return [_shown(item) if isinstance(item, dict | list) else item for item in value]


def schema(kind: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema of a line: of one reader's, or of all of them by their names.

    Raises
    ------
    InputError
        If there is no such reader, or it says nothing here.
    """
    readers = (
        [reader(kind)] if kind is not None else [item for item in READERS.values() if item.nouns]
    )
    if not readers[0].nouns:
        raise InputError(
            f"{kind}: cautery read cannot show this format", hint="cautery seized take"
        )
    from pydantic import TypeAdapter  # noqa: PLC0415 - heavy: 0.2 s of CPU

    nouns = {noun.__name__: noun for item in readers for noun in item.nouns}
    shapes: dict[str, Any] = {}
    for name, noun in nouns.items():
        shape = TypeAdapter(noun).json_schema(mode="serialization", ref_template="#/$defs/{model}")
        shapes |= shape.pop("$defs", {})
        shapes[name] = {"title": name, **shape}
    kinds = {
        item.kind: {
            "title": item.format,
            "anyOf": [{"$ref": f"#/$defs/{noun.__name__}"} for noun in item.nouns],
        }
        for item in readers
    }
    defs: dict[str, Any] = _as_written({**shapes, **kinds})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of cautery read --json",
        "anyOf": [{"$ref": f"#/$defs/{item.kind}"} for item in readers],
        "$defs": defs,
    }


def _as_written(shape: Any) -> Any:
    """Mend what our JSON writes otherwise: spans are seconds, and nobody says when it was seen."""
    if isinstance(shape, list):
        return [_as_written(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    if shape.get("format") == "duration":
        return {"type": "number"}
    amended = {name: _as_written(item) for name, item in shape.items()}
    if isinstance(amended.get("properties"), dict):
        amended["properties"].pop("seen_at", None)
    if isinstance(amended.get("required"), list):
        amended["required"] = [name for name in amended["required"] if name != "seen_at"]
    return amended
