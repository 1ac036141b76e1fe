"""Show what a file in any known format says, credentials replaced before anybody sees them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.model import KeyedPseudonyms, to_json
from cautery.packed import chunks_of
from cautery.watch import READERS, ReadWarning, guess, reader, redacted_json, redacted_warning

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
    chosen = reader(kind) if kind is not None else guess(head[:HEAD_BYTES])
    for value in chosen.values(chain((head,), chunks), ""):
        if isinstance(value, ReadWarning):
            yield redacted_warning(value, pseudonyms)
        else:
            yield redacted_json(_shown(to_json(value)), pseudonyms)


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        # A file does not say when it was seen.
        return {name: _shown(one) for name, one in value.items() if name != "seen_at"}
    return [_shown(one) for one in value] if isinstance(value, list) else value


def schema(kind: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema of a line: of one reader's, or of all of them by their names.

    Raises
    ------
    InputError
        If there is no such reader, or it says nothing here.
    """
    chosen = [reader(kind)] if kind is not None else [one for one in READERS.values() if one.nouns]
    if not chosen[0].nouns:
        raise InputError(f"{kind}: cautery read shows nothing of it", hint="cautery seized take")
    from pydantic import TypeAdapter  # noqa: PLC0415 - heavy: 0.2 s of CPU

    nouns = {noun.__name__: noun for one in chosen for noun in one.nouns}
    shapes: dict[str, Any] = {}
    for name, noun in nouns.items():
        shape = TypeAdapter(noun).json_schema(mode="serialization", ref_template="#/$defs/{model}")
        shapes |= shape.pop("$defs", {})
        shapes[name] = {"title": name, **shape}
    kinds = {
        one.kind: {
            "title": one.format,
            "anyOf": [{"$ref": f"#/$defs/{noun.__name__}"} for noun in one.nouns],
        }
        for one in chosen
    }
    defs: dict[str, Any] = _as_written({**shapes, **kinds})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of cautery read --json",
        "anyOf": [{"$ref": f"#/$defs/{one.kind}"} for one in chosen],
        "$defs": defs,
    }


def _as_written(shape: Any) -> Any:
    """Mend what our JSON writes otherwise: spans are seconds, and nobody says when it was seen."""
    if isinstance(shape, list):
        return [_as_written(one) for one in shape]
    if not isinstance(shape, dict):
        return shape
    if shape.get("format") == "duration":
        return {"type": "number"}
    kept = {name: _as_written(one) for name, one in shape.items()}
    if isinstance(kept.get("properties"), dict):
        kept["properties"].pop("seen_at", None)
    if isinstance(kept.get("required"), list):
        kept["required"] = [one for one in kept["required"] if one != "seen_at"]
    return kept
