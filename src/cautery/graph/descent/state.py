"""A follower as bytes: written after a day, and gone on with on the next.

What is read back is believed no more than any file: its size is bounded, and whatever does not fit
is refused. The days themselves are the record; a follower that took them in again is the same.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.graph.descent.online import Follower
from cautery.graph.descent.own import Own
from cautery.graph.descent.weights import Weights, learnt_weights
from cautery.json_text import parsed_json
from cautery.model.descent import Trait, TraitKind, TraitSet
from cautery.model.evidence import digest_of
from cautery.model.ids import check_id
from cautery.model.wire import from_json, to_json

MAGIC = b"cautery-follower/1\n"
MOST_JSON = 2 << 30
"""Bytes of all but the filters, unpacked; a million entities take some 150 MB."""
MOST_BITS = 1 << 32
_LENGTH = 8


def state_of(follower: Follower) -> bytes:
    """Return a follower's state, compressed."""
    background = follower.background
    saved = {
        "weights": _weights_digest(follower.odds.weights),
        "threshold": follower.threshold,
        "bits": background.bits,
        "last": None if follower.last is None else follower.last.isoformat(),
        "newcomers": follower.scales.newcomers,
        "later": follower.later,
        "turned": follower.memory.turned,
        "sets": [to_json(traits) for traits in follower.sets],
        "marks": [
            [network, to_json(trait), since] for network, trait, since in follower.marks.traits
        ],
        "lately": _listed(follower.memory.lately),
        "earlier": _listed(follower.memory.earlier),
        "own": {
            entity: [entry.network, entry.probability, entry.pairs.tolist()]
            for entity, entry in follower.owned.by_entity.items()
        },
        "rejected": {entity: sorted(of) for entity, of in follower.scales.rejected.items()},
        "confirmed": sorted(follower.confirmed),
        "taught": [[*place, count] for place, count in follower.odds.taught.items()],
        "words": [follower.odds.confirmed, follower.odds.rejected],
        "entities": background.entities,
        "filled": background.filled,
        "by_kind": {kind.value: count for kind, count in background.by_kind.items()},
        "by_value": {str(key): count for key, count in background.by_value.items()},
    }
    parts = [
        json.dumps(saved, separators=(",", ":")).encode(),
        background.younger.tobytes(),
        background.older.tobytes(),
    ]
    packed = [zlib.compress(part, 1) for part in parts]
    lengths = b"".join(len(part).to_bytes(_LENGTH, "big") for part in packed)
    return MAGIC + lengths + b"".join(packed)


def resumed(state: bytes, *, weights: Weights | None = None) -> Follower:
    """Return the follower whose state it is.

    Raises
    ------
    InputError
        If it is no such state, or of other weights.
    """
    weights = weights or learnt_weights()
    try:
        text, younger, older = _parts(state)
        return _follower(parsed_json(text), weights, younger, older)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, AttributeError) as error:
        raise InputError(
            f"no state of a follower ({error})", hint="Take the days in again."
        ) from error


def _parts(state: bytes) -> tuple[bytes, bytes, bytes]:
    if not state.startswith(MAGIC):
        raise ValueError("it begins with other bytes")
    at = len(MAGIC) + 3 * _LENGTH
    lengths = [int.from_bytes(state[len(MAGIC) + n * _LENGTH :][:_LENGTH], "big") for n in range(3)]
    if at + sum(lengths) != len(state):
        raise ValueError("it is cut off")
    parts = []
    for length, limit in zip(lengths, (MOST_JSON, MOST_BITS // 8, MOST_BITS // 8), strict=True):
        unpacker = zlib.decompressobj()
        try:
            part = unpacker.decompress(state[at : at + length], limit)
        except zlib.error as error:
            raise ValueError(f"it cannot be unpacked: {error}") from error
        if not unpacker.eof:
            raise ValueError("it is cut off or too large")
        parts.append(part)
        at += length
    return parts[0], parts[1], parts[2]


def _follower(saved: Mapping[str, Any], weights: Weights, younger: bytes, older: bytes) -> Follower:
    if saved["weights"] != _weights_digest(weights):
        raise ValueError("it is of other weights")
    bits = _count(saved["bits"])
    if bits & (bits - 1) or len(younger) != bits // 8 or len(older) != bits // 8:
        raise ValueError("filters of another size")
    follower = Follower((), threshold=float(saved["threshold"]), weights=weights, bits=bits)
    for row in saved["sets"]:
        follower.enrol(from_json(TraitSet, row))
    for network, trait, since in saved["marks"]:
        if not 0 <= _count(network) < len(follower.sets):
            raise ValueError("a mark of no network")
        follower.marks.add(network, from_json(Trait, trait), since=_count(since))
    follower.last = None if saved["last"] is None else date.fromisoformat(saved["last"])
    follower.scales.newcomers = float(saved["newcomers"])
    follower.later, follower.memory.turned = _count(saved["later"]), _count(saved["turned"])
    count = len(follower.marks.all)
    follower.memory.lately = _arrays(saved["lately"], count)
    follower.memory.earlier = _arrays(saved["earlier"], count)
    for entity, (network, probability, pairs) in saved["own"].items():
        if not (0 <= _count(network) < len(follower.sets) and 0 <= probability <= 1):
            raise ValueError("an entity of no network")
        follower.owned.take(entity, Own(network, float(probability), _pairs(pairs, count)))
    follower.scales.rejected = {
        entity: {_count(network) for network in networks}
        for entity, networks in saved["rejected"].items()
    }
    follower.confirmed = {str(entity) for entity in saved["confirmed"]}
    for what, kind, level, count in saved["taught"]:
        check_id("kind of entity", what)
        follower.odds.taught[what, TraitKind(kind).value, _count(level)] = float(count)
    follower.odds.confirmed, follower.odds.rejected = map(_count, saved["words"])
    background = follower.background
    background.younger, background.older = _bytes(younger), _bytes(older)
    background.entities, background.filled = _count(saved["entities"]), _count(saved["filled"])
    background.by_kind = {kind: _count(saved["by_kind"][kind.value]) for kind in TraitKind}
    background.by_value = {int(key): _count(n) for key, n in saved["by_value"].items()}
    return follower


def _listed(entities: Mapping[str, array[int]]) -> dict[str, list[int]]:
    return {entity: pairs.tolist() for entity, pairs in entities.items()}


def _arrays(saved: Mapping[str, list[int]], count: int) -> dict[str, array[int]]:
    return {entity: _pairs(pairs, count) for entity, pairs in saved.items()}


def _pairs(pairs: list[int], count: int) -> array[int]:
    numbers = pairs[::2]
    if not pairs or len(pairs) % 2 or not -len(TraitKind) <= min(numbers) <= max(numbers) < count:
        raise ValueError("an entity that shows no such mark")
    days = pairs[1::2]
    if not 1 <= min(days) <= max(days) <= date.max.toordinal():
        raise ValueError("a day that is none")
    return array("i", pairs)


def _count(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError("a count that is none")
    return number


def _bytes(raw: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(raw, np.uint8).copy()


def _weights_digest(weights: Weights) -> str:
    return digest_of(repr(asdict(weights)).encode())
