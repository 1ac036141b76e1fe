"""Messages of records: read within bounds, and told apart by what they say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.model import from_json
from cautery.model.message import DEEPEST, Message, as_written
from cautery.model.records import ProofFollowed

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)


def nested(depth: int, *, in_messages: bool) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"id": "follow.no-host", "values": {"host": value}} if in_messages else [value]
    return value


@pytest.mark.parametrize("kind", ["lists", "messages"])
def test_a_record_with_a_message_nested_too_deep_is_misshapen(kind: str) -> None:
    def record(depth: int) -> ProofFollowed:
        values = {"host": nested(depth, in_messages=kind == "messages")}
        body = {
            "url": "http://p.example/",
            "referrals": [],
            "without": [{"id": "follow.ask-the-host", "values": values}],
            "at": "2026-11-24T21:00:00Z",
        }
        return from_json(ProofFollowed, body)

    assert record(DEEPEST // 2).without[0].id == "follow.ask-the-host"
    with pytest.raises(InputError, match="without"):
        record(460)


def test_messages_of_one_id_have_hashes_of_their_own() -> None:
    """Whoever appends thousands of records must not make a dictionary of messages a list."""
    texts = {hash(as_written(f"text {number}")) for number in range(1000)}
    values = {hash(Message("guard.own-name", {"name": number})) for number in range(1000)}
    assert min(len(texts), len(values)) > 990
    assert hash(Message("a", {"targets": ["x"]})) == hash(Message("a", {"targets": ["x"]}))


def test_messages_that_say_different_things_have_different_hashes_whatever_their_numbers() -> None:
    """Python's hash of -1 is that of -2, and that of a fraction of 2**61 - 1 anybody can know."""
    said = [
        Message("m", {f"v{at}": -1 - (number >> at & 1) for at in range(10)})
        for number in range(1 << 10)
    ]
    said += [Message("m", {"n": (number * (2**61 - 1),)}) for number in range(1_000)]
    assert len({hash(each) for each in said}) == len(said)


@pytest.mark.parametrize("values", [(1, 1.0, True), (0, -0.0, False), (2**70, 2.0**70)])
def test_equal_messages_have_equal_hashes(values: tuple[float, ...]) -> None:
    said = [Message("m", {"n": value, "m": (value,)}) for value in values]
    assert len({*said}) == 1
    assert hash(Message("m", {"n": float("nan")})) != hash(Message("m", {"n": float("inf")}))
