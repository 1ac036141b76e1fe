"""An edit in one of two places is refused or told; a partner's other spelling is neither."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.exchange.packages import sample_package

from cautery.errors import InputError
from cautery.exchange.catalogue import format_named
from cautery.exchange.copies import MISSING, differences, is_alike

Change = Callable[[Any], object]


def changed(name: str, change: Change) -> bytes:
    whole = json.loads(b"".join(format_named(name).write(sample_package())))
    change(whole)
    return json.dumps(whole).encode()


def _object(whole: Any, name: str) -> Any:
    return next(one for one in whole["Event"]["Object"] if one["name"] == name)


def _thing(whole: Any, kind: str) -> Any:
    return next(one for one in whole["objects"] if one["type"] == kind)


def _act(whole: Any) -> Any:
    return next(one for one in whole["@graph"] if "cautery:Sealing" in one["@type"])


@pytest.mark.parametrize(
    ("name", "change", "place"),
    [
        (
            "misp",
            lambda whole: _object(whole, "block-order")["Attribute"][0].update(to_ids=True),
            "Attribute.to_ids: True stands where False follows",
        ),
        (
            "misp",
            lambda whole: _object(whole, "block-order").update(last_seen="2027-01-01T00:00:00Z"),
            "last_seen: 2027-01-01T00:00:00Z stands where",
        ),
        (
            "stix",
            lambda whole: _thing(whole, "indicator").update(pattern_type="snort"),
            "pattern_type: snort stands where stix follows",
        ),
        (
            "case",
            lambda whole: _act(whole)["uco-action:endTime"].update(
                {"@value": "2026-12-24T00:00:00Z"}
            ),
            "uco-action:endTime.@value: 2026-12-24",
        ),
    ],
)
def test_a_fact_that_was_changed_in_one_of_two_places_is_refused(
    name: str, change: Change, place: str
) -> None:
    with pytest.raises(InputError) as refused:
        format_named(name).read(changed(name, change), "theirs")

    assert place in str(refused.value)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("misp", lambda whole: whole["Event"].update(published=True), ("Event", "published")),
        (
            "misp",
            lambda whole: _object(whole, "iptv-stream")["Attribute"][0].pop("Sighting"),
            ("url", "Attribute.Sighting"),
        ),
        (
            "stix",
            lambda whole: _thing(whole, "sighting").pop("object_marking_refs"),
            ("sighting", "object_marking_refs"),
        ),
        (
            "stix",
            lambda whole: whole["objects"].remove(_thing(whole, "domain-name")),
            ("domain-name", "*"),
        ),
        (
            "case",
            lambda whole: _act(whole).update({"uco-core:name": "taken"}),
            ("cautery:Sealing", "uco-core:name"),
        ),
    ],
)
def test_what_else_was_changed_is_told(name: str, change: Change, told: tuple[str, str]) -> None:
    reading = format_named(name).read(changed(name, change), "theirs")

    assert reading.package == sample_package()
    assert told in [(loss.noun, loss.field) for loss in reading.left_out]


def test_objects_in_another_order_are_compared_with_their_own() -> None:
    ours = [("a", {"id": "a", "refs": ["x", "y"]}), ("b", {"id": "b"}), ("c", {"id": "c"})]
    theirs = [
        ("c", {"id": "c"}),
        ("nobody's", {"id": "nobody's"}),
        ("a", {"id": "a", "refs": ["y", "x"], "odd": 1}),
    ]

    found = {(one.name, one.field): one.found for one in differences(ours, theirs)}

    assert found == {("a", "odd"): 1, ("b", "*"): MISSING}


def test_a_shifted_zone_says_the_same_and_a_year_9999_is_no_error() -> None:
    assert is_alike("2026-11-30T12:00:00Z", "2026-11-30T13:00:00+01:00")
    assert not is_alike("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00")
    assert not is_alike("2026-11-30T12:00:00Z", "2026-11-30T12:00:00")
