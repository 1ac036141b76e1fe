import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.exchange.misp.events import attribute, event, raw, uuid_of
from tests.exchange.packages import sample_package

from cautery.errors import InputError
from cautery.exchange.json_walk import LONGEST_VALUE
from cautery.exchange.misp import FORMAT
from cautery.exchange.shape import MOST_ITEMS

ONE = attribute("domain", "a.example")
OURS = b"".join(FORMAT.write(sample_package()))


def own(change: Callable[[dict[str, Any], dict[str, dict[str, Any]]], None], name: str) -> bytes:
    """Return the sample's event after a change to its first object of a name."""
    whole = json.loads(OURS)
    for found in whole["Event"]["Object"]:
        if found["name"] == name:
            change(found, {one["object_relation"]: one for one in found["Attribute"]})
            break
    return raw(whole)


def put(relation: str, value: Any, name: str = "block-order") -> bytes:
    def change(_: dict[str, Any], inside: dict[str, dict[str, Any]]) -> None:
        inside[relation]["value"] = value

    return own(change, name)


def without(relation: str, name: str = "block-order") -> bytes:
    def change(found: dict[str, Any], _: dict[str, dict[str, Any]]) -> None:
        found["Attribute"] = [
            one for one in found["Attribute"] if one["object_relation"] != relation
        ]

    return own(change, name)


def copied(name: str, value: str) -> bytes:
    whole = json.loads(OURS)
    for found in list(whole["Event"]["Object"]):
        if found["name"] == name:
            other = json.loads(json.dumps(found))
            other["Attribute"][1]["value"] = value
            whole["Event"]["Object"].append(other)
            break
    return raw(whole)


def led_to_nothing(found: dict[str, Any], _: dict[str, dict[str, Any]]) -> None:
    found["ObjectReference"] = [
        {"uuid": uuid_of("x"), "referenced_uuid": uuid_of("y"), "relationship_type": "serves"}
    ]


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no JSON"),
    "no JSON": (b'{"Event": nonsense}', "no JSON"),
    "cut off": (OURS[:-20], "no JSON"),
    "two values": (OURS + b"{}", "after its end"),
    "not UTF-8": (b'{"Event":{"info":"\xff"}}', "not UTF-8"),
    "not a number": (b'{"Event":{"info":NaN}}', "NaN is no number"),
    "no event": (b'{"objects": []}', "no event"),
    "a list of numbers": (b"[1, 2]", "no event"),
    "a name twice": (b'{"Event":{"info":"a","info":"b"}}', "'info' stands twice"),
    "70 lists deep": (b'{"Event":{"info":' + b"[" * 70 + b"]" * 70 + b"}}", "objects deep"),
    "deep": (b'{"Event":{"info":' + b"[" * 100_000, "deeply"),
    "a long number": (b'{"Event":{"info":' + b"1" * 10_000 + b"}}", "no JSON"),
    "one long value": (
        b'{"Event":{"info":"' + b"x" * (LONGEST_VALUE + 10) + b'"}}',
        "characters in one value",
    ),
    "an attribute that is none": (raw(event(1)), "no attribute"),
    "an object that is none": (raw(event(Object=["x"])), "no object"),
    "a tag without a name": (raw(event(ONE, Tag=[{"id": 1}])), "tag has no name"),
    "a long tag": (raw(event(ONE, tags=("tlp:amber", "x" * 2_000))), "over 1000 letters"),
    "one uuid, two contents": (
        raw(event(ONE, {**ONE, "value": "b.example"})),
        "another thing in the file has this uuid",
    ),
    "one uuid of ours, two contents": (
        copied("iptv-host", "2026-01-01T00:00:00Z"),
        "another thing in the file has this uuid",
    ),
    "last seen before first seen": (
        raw(event({**ONE, "first_seen": "2026-05-02", "last_seen": "2026-05-01"})),
        "last_seen is before",
    ),
    "a time that is none": (
        raw(event({**ONE, "first_seen": "May"})),
        "may.json.*Isoformat|Invalid",
    ),
    "a timestamp beyond the calendar": (raw(event({**ONE, "timestamp": "9" * 30})), "calendar"),
    "neither true nor false": (raw(event({**ONE, "deleted": "perhaps"})), "neither true nor false"),
    "no time at all": (
        raw({"Event": {"info": "x", "Tag": [{"name": "tlp:red"}], "Attribute": [ONE]}}),
        "no timestamp",
    ),
    "valid until before valid from": (put("valid-until", "2020-01-01T00:00:00Z"), "valid_until is"),
    "a block without an end": (without("valid-until"), "a block needs an end"),
    "a host of nothing": (without("hostname", "iptv-host"), "names nothing"),
    "a person without a category": (without("person-category", "iptv-person"), "needs a category"),
    "a category that is none": (put("person-category", "rich", "iptv-person"), "person-category"),
    "half a letter": (put("text", '"\\ud800"', "iptv-stream"), "surrogate"),
    "half an interval": (without("interval-mid", "interval-estimate"), "interval-mid is missing"),
    "an interval turned round": (put("interval-low", "1e300", "interval-estimate"), "interval"),
    "a number that is none": (put("log10-likelihood-ratio", "inf", "iptv-stream"), "not a number"),
    "a confidence of 200": (put("confidence", "200", "iptv-stream"), "confidence"),
    "a digest that is none": (put("exhibit", "abc", "iptv-stream"), "exhibit"),
    "a relation to nothing": (own(led_to_nothing, "iptv-host"), "which no item of the file is"),
    "a further relation to nothing": (
        put("target", uuid_of("y"), "supply-relation"),
        "which no item of it is",
    ),
    "no package": (without("package", "exchange-package"), "package or made-at is missing"),
    "two values for one": (
        own(
            lambda found, inside: found["Attribute"].append({**inside["lever"], "value": "url"}),
            "block-order",
        ),
        "stands there twice",
    ),
}


@pytest.mark.parametrize(("file", "rule"), REFUSED.values(), ids=REFUSED.keys())
def test_a_broken_file_is_refused_with_its_name_the_place_and_the_rule(
    file: bytes, rule: str
) -> None:
    with pytest.raises(InputError, match=rule) as refusal:
        FORMAT.read(file, "may.json")

    assert str(refusal.value).startswith("may.json: ")
    assert len(str(refusal.value)) < 1_000


def test_what_is_wrong_in_an_object_of_ours_names_its_uuid_and_its_place() -> None:
    with pytest.raises(InputError, match=r"Event\.Object\[\d+\] [0-9a-f-]{36}: its lever"):
        FORMAT.read(put("lever", "sledgehammer"), "may.json")


READ: dict[str, bytes] = {
    "the year 9999 in another zone": raw(event({**ONE, "last_seen": "9999-12-31T23:59:59-11:00"})),
    "the year 1 in another zone": raw(event({**ONE, "first_seen": "0001-01-01T00:00:00+11:00"})),
    "a URL of 1 MB": raw(event(attribute("text", "x" * 1_000_000), ONE)),
    "a circle of references": raw(
        event(
            Object=[
                {
                    "name": "url",
                    "uuid": uuid_of(name),
                    "Attribute": [attribute("url", f"http://{name}.example")],
                    "ObjectReference": [{"referenced_uuid": uuid_of(other)}],
                }
                for name, other in (("a", "b"), ("b", "a"), ("c", "c"))
            ]
        )
    ),
    "one thing twice, letter by letter": raw(event(ONE, ONE)),
    "a byte order mark": b"\xef\xbb\xbf" + raw(event(ONE)),
    "words in quotation marks": put("text", '"so" they say', "iptv-stream"),
    "half a letter in what is left out": raw(event(ONE, attribute("text", "\ud800"))),
}


@pytest.mark.parametrize("file", READ.values(), ids=READ.keys())
def test_what_is_strange_but_whole_is_read(file: bytes) -> None:
    assert FORMAT.read(file, "may.json").package.items


def test_a_url_of_a_megabyte_is_refused() -> None:
    with pytest.raises(InputError, match="over 4096 characters"):
        FORMAT.read(raw(event(attribute("url", "http://a.example/" + "x" * 1_000_000))), "m.json")


def test_more_items_than_a_package_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cautery.exchange.misp._read.MOST_ITEMS", 3)
    many = [attribute("domain", f"host-{number}.example") for number in range(4)]

    with pytest.raises(InputError, match="over 3 items and relations") as refusal:
        FORMAT.read(raw(event(*many)), "may.json")

    assert refusal.value.hint
    assert MOST_ITEMS == 250_000
