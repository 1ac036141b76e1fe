"""Bundles of STIX as bytes: written piece by piece, and read object by object.

A bundle of a hundred thousand indicators is a quarter of a gigabyte and would be three as values
of Python, so no more than one object of it is held at a time; it is walked twice instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cautery.errors import InputError
from cautery.exchange.json_walk import Path, shown, walk

_SPLIT: dict[Path, str] = {(): "{", ("objects",): "["}
_PIECE = 1 << 16
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), allow_nan=False
)


def written(bundle_id: str, objects: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield the bytes of a bundle, one object a line."""
    pieces = [f'{{"type":"bundle","id":"{bundle_id}","objects":[\n']
    size = 0
    separator = ""
    for thing in objects:
        line = f"{separator}{_ENCODER.encode(thing)}"
        separator = ",\n"
        pieces.append(line)
        size += len(line)
        if size > _PIECE:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    pieces.append("\n]}\n")
    yield "".join(pieces).encode()


def objects_in(raw: bytes, file: str, *, is_checked: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the objects of a bundle in their order; ``is_checked``: they were walked before.

    Raises
    ------
    InputError
        If the bytes are no bundle, or an object is too long, too deep or has one name twice.
    """
    is_bundle = False
    for path, value in walk(raw, file, _is_open, is_checked=is_checked):
        if path == ("type",):
            is_bundle = value == "bundle"
        elif path[:1] == ("objects",):
            if not isinstance(value, dict):
                raise InputError(f"{file}: {shown(path)} is no object")
            if len(path) == 1:
                raise InputError(f"{file}: objects is no list")
            yield value
    if not is_bundle:
        raise InputError(f'{file}: it is not a bundle: its type is not "bundle"')


def _is_open(path: Path, sign: str) -> bool:
    return _SPLIT.get(path) == sign
