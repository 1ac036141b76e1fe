"""A noun is rebuilt from JSON, or refused at the cost of its first fault."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from tests.lists import entry, referral

from cautery.errors import InputError
from cautery.evidence.leaf import leaf_of, record_of
from cautery.model import Referral, to_json, wire
from cautery.model.decoys import KeeperQuestion
from cautery.model.ledger import filed
from cautery.model.records import CaseClosed
from cautery.model.records.kinds import KINDS, MisshapenRecord
from cautery.model.wire import from_json

_MANY = 2_000
_WRONG: tuple[Any, ...] = (
    [{}] * _MANY,
    [[]] * _MANY,
    [{"": 0}] * _MANY,
    {str(number): {} for number in range(_MANY)},
    {str(number): [{}] * 2 for number in range(_MANY)},
)


def _faults(noun: Any, body: Any) -> int:
    """Return how many faults were written down until the body was refused."""
    with pytest.raises(InputError) as refused:
        from_json(noun, body)
    cause = refused.value.__cause__
    assert isinstance(cause, ValidationError)
    return cause.error_count()


@pytest.mark.parametrize("noun", [Referral, KeeperQuestion])
def test_a_list_of_wrong_values_costs_as_much_as_its_first(noun: Any) -> None:
    name = "entries" if noun is Referral else "approvals"
    few, many = (_faults(noun, {name: [{}] * count}) for count in (1, _MANY))
    assert few == many


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_record_names_a_fault_for_each_of_many_values(kind: str) -> None:
    noun = KINDS[kind]
    names = getattr(noun, "__dataclass_fields__", {})
    for wrong in _WRONG:
        body = {name.rstrip("_"): wrong for name in names}
        try:
            from_json(noun, body)
        except InputError as error:
            cause = error.__cause__
            assert not isinstance(cause, ValidationError) or cause.error_count() < 200


def test_the_first_fault_is_named_with_its_place() -> None:
    with pytest.raises(InputError, match=r"^Referral\.id: Field required$"):
        from_json(Referral, {})


def test_no_more_values_are_built_than_a_noun_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    body = to_json(referral(entry("a.example")))
    held = body["entries"]
    while True:  # a text within a list within a list: each counts
        monkeypatch.setattr(wire, "MOST_VALUES", _values(body))
        assert from_json(Referral, body).entries
        monkeypatch.setattr(wire, "MOST_VALUES", _values(body) - 1)
        with pytest.raises(InputError, match="more than"):
            from_json(Referral, body)
        assert from_json(Referral, body, size=1).entries  # a text of a byte has no two values
        if len(held) > 3:
            break
        held.append(held[0])


def _values(body: Any) -> int:
    """Return how many values stand within a body."""
    inner = list(body.values()) if isinstance(body, dict) else body
    return len(inner) + sum(_values(part) for part in inner if isinstance(part, dict | list))


def test_a_record_of_too_many_values_is_misshapen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_VALUES", 50)
    kind, body = filed(referral(entry("a.example"), entry("b.example")))
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    content = record_of(leaf_of(kind, body, at)).content
    assert isinstance(content, MisshapenRecord)
    assert content.why == "Referral: it has more than 50 values"


@pytest.mark.parametrize(
    "at", ["2026-01-01T00:00:00", "2026-01-01T00:00:00+05:00", "0001-01-01T00:00:00+14:00"]
)
def test_no_time_is_read_that_is_not_in_utc(at: str) -> None:
    """A naive time among aware ones would end whatever sorts them."""
    body = {"at": at, "records": 1}
    with pytest.raises(InputError, match=r"^CaseClosed\.at: expected a time in UTC"):
        from_json(CaseClosed, body)
    body["at"] = "2026-01-01T00:00:00.000000Z"
    assert to_json(from_json(CaseClosed, body))["at"] == body["at"]
