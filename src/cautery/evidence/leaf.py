"""Write a record as the bytes that are hashed: canonical JSON (RFC 8785)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cautery.canonical import canonical as spelt
from cautery.errors import EvidenceError, InputError
from cautery.model.evidence import Json
from cautery.model.records import Record
from cautery.model.times import iso

MAX_LEAF_BYTES = 16 << 20
"""A larger body belongs in the vault, named by its record (DESIGN.md, idea 1)."""

_SAFE_INTEGER = (1 << 53) - 1  # RFC 8785, section 3.2.2.3: numbers are IEEE 754 doubles


def leaf_of(kind: str, body: Json, at: datetime) -> bytes:
    """Return the leaf of a record: ``{"at":...,"body":...,"kind":...}`` in RFC 8785 JSON.

    Raises
    ------
    InputError
        If the body has no such form (an integer beyond 2^53, NaN, a lone surrogate, a value
        that is no JSON) or is larger than 16 MiB.
    """
    if not kind:
        raise InputError("a record needs a kind")
    try:
        leaf = spelt({"kind": kind, "at": iso(at), "body": dict(body)})
    except (ValueError, RecursionError) as error:
        raise InputError(f"record {kind}: {error}") from error
    if len(leaf) > MAX_LEAF_BYTES:
        raise InputError(
            f"record {kind}: {len(leaf)} bytes, but at most {MAX_LEAF_BYTES} are allowed",
            hint="Seal large content in the vault and name the exhibit in the record.",
        )
    return leaf


def record_of(leaf: bytes, *, canonical: bool = True) -> Record:
    """Read a leaf back.

    Parameters
    ----------
    leaf : bytes
        As the ledger keeps it.
    canonical : bool
        Refuse any spelling but RFC 8785's; a ledger that reads its own leaves need not ask twice.

    Raises
    ------
    EvidenceError
        If the bytes are not the RFC 8785 JSON of a record.
    """
    try:
        value = _DECODER.decode(leaf.decode())
        respelt = spelt(value) if canonical else leaf
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"not a record: {error}") from error
    if respelt != leaf:
        raise EvidenceError("not a record: its JSON is not in the RFC 8785 form")
    return _record(value, len(leaf))


def _record(value: Any, size: int) -> Record:
    if not isinstance(value, dict) or set(value) != {"kind", "at", "body"}:
        raise EvidenceError("not a record: it must have exactly the members kind, at and body")
    kind, at, body = value["kind"], value["at"], value["body"]
    if not (isinstance(kind, str) and kind and isinstance(at, str) and isinstance(body, dict)):
        raise EvidenceError("not a record: kind, at or body is of the wrong type")
    try:
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    except ValueError as error:
        raise EvidenceError(f"not a record: {error}") from error
    if iso(moment) != at:
        raise EvidenceError(f"not a record: {at} is not in the standard form of its time")
    return Record(kind=kind, at=moment, body=body, size=size)


def _number(digits: str) -> int | float:
    """Keep what a double holds exactly as an integer; larger ones were doubles when written."""
    value = int(digits)
    return value if abs(value) <= _SAFE_INTEGER else float(digits)


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is not valid JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Parsers differ in which of two equal members they keep, so two readers could see two records
    # in one leaf.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("an object has the same member twice")
    return members


_DECODER = json.JSONDecoder(parse_int=_number, parse_constant=_refused, object_pairs_hook=_object)
