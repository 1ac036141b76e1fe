import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pymisp import MISPEvent
from tests.exchange.packages import NOON, packages, sample_package

from cautery.exchange.catalogue import format_named, format_of
from cautery.exchange.loss import losses
from cautery.exchange.misp import FORMAT
from cautery.exchange.misp._fields import SUBJECTS
from cautery.model import Marking
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import HandlingCode, Pap, Tlp

HOUR = timedelta(hours=1)


def written(package: Package) -> bytes:
    return b"".join(FORMAT.write(package))


def event_of(package: Package) -> Any:
    return json.loads(written(package))["Event"]


def objects(package: Package, name: str) -> list[dict[str, Any]]:
    return [one for one in event_of(package)["Object"] if one["name"] == name]


def attributes(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["object_relation"]: one for one in found["Attribute"]}


@given(packages())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_leaves_comes_back_in_every_field(package: Package) -> None:
    reading = FORMAT.read(written(package), "event.json")

    assert (losses(package, reading.package), reading.left_out) == ((), ())


@given(packages())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_misps_own_library_makes_of_it_comes_back_in_every_field(package: Package) -> None:
    event = MISPEvent()
    event.load(written(package))

    again = FORMAT.read(event.to_json().encode(), "event.json")

    assert (losses(package, again.package), again.left_out) == ((), ())


def test_a_case_like_a_real_one_passes_through_misps_library() -> None:
    package = sample_package()
    event = MISPEvent()
    event.load(written(package))

    again = FORMAT.read(event.to_json().encode(), "event.json")

    assert losses(package, again.package) == ()
    assert len(event.objects) == 1 + len(package.items) + sum(
        relation.probability is not None
        or bool(relation.exhibits)
        or relation.revoked
        or relation.marking != next(i for i in package.items if i.key == relation.source).marking
        for relation in package.relations
    )


def test_misp_spells_truths_and_times_in_its_own_way_and_they_come_back() -> None:
    package = sample_package()
    event = json.loads(written(package))
    for found in event["Event"]["Object"]:
        found["id"], found["event_id"], found["comment"] = "1", "1", ""
        for attribute in found["Attribute"]:
            attribute["id"], attribute["deleted"] = "9", attribute.get("deleted", False)
            if attribute["type"] == "datetime":
                attribute["value"] = attribute["value"].replace("Z", "+0000")
        found["Attribute"].reverse()
    event["Event"]["Object"].reverse()

    again = FORMAT.read(json.dumps({"response": [event]}).encode(), "event.json")

    assert losses(package, again.package) == ()


def test_the_same_package_makes_the_same_bytes_in_whatever_order_it_was_gathered() -> None:
    package = sample_package()
    other = replace(package, items=package.items[::-1], relations=package.relations[::-1])

    assert written(package) == written(other)


def test_the_format_is_known_by_its_name_and_by_its_first_bytes() -> None:
    assert format_named("misp") is FORMAT
    assert format_of(written(sample_package())[: 64 << 10], "event.json") is FORMAT


def _block(**more: Any) -> Item:
    fields: dict[str, Any] = {
        "kind": ItemKind.BLOCK,
        "id": "edge-1.goals.example",
        "by": "example-league",
        "marking": Marking(tlp=Tlp.GREEN, pap=Pap.GREEN),
        "at": NOON - HOUR,
        "order": "agcom-2026-17",
        "territory": "IT",
        "valid_from": NOON - HOUR,
        "valid_until": NOON + HOUR,
    }
    return Item(**(fields | more))


def _package(*items: Item, **more: Any) -> Package:
    return replace(
        sample_package(),
        items=items,
        relations=(),
        marking=Marking(tlp=Tlp.GREEN, pap=Pap.GREEN),
        **more,
    )


def test_a_block_in_force_is_the_one_thing_that_a_consumer_may_act_on() -> None:
    package = replace(sample_package(), items=(*sample_package().items, _block(territory="ES")))

    acted_on = [
        attribute["value"]
        for found in event_of(package)["Object"]
        for attribute in found["Attribute"]
        if attribute["to_ids"]
    ]

    assert acted_on == ["edge-1.goals.example"]


@pytest.mark.parametrize(
    "block",
    [
        _block(valid_until=NOON),
        _block(valid_until=NOON - HOUR / 2),
        _block(revoked=True),
        _block(valid_from=NOON + HOUR / 2),
        _block(marking=Marking(tlp=Tlp.GREEN, pap=Pap.AMBER)),
    ],
    ids=["ends now", "ended", "withdrawn", "begins later", "not to be acted on"],
)
def test_nobody_is_told_to_act_on_a_block_that_is_not_in_force(block: Item) -> None:
    (found,) = objects(_package(block), "block-order")

    assert not any(attribute["to_ids"] for attribute in found["Attribute"])
    assert attributes(found)["valid-until"]["value"] == block.valid_until.isoformat(
        timespec="microseconds"
    ).replace("+00:00", "Z")


def test_the_end_of_a_block_is_last_seen_and_an_attribute() -> None:
    (found,) = objects(_package(_block()), "block-order")
    inside = attributes(found)

    end = "2026-11-30T13:00:00.250001Z"
    assert inside["hostname"]["last_seen"] == found["last_seen"] == end
    assert inside["valid-until"]["value"] == end


def test_a_withdrawal_deletes_the_same_attribute_later_and_leaves_a_text() -> None:
    before = _package(_block())
    after = _package(_block(revoked=True, at=NOON), made_at=NOON + HOUR / 4)

    (was,), (is_now,) = objects(before, "block-order"), objects(after, "block-order")
    old, new = attributes(was)["hostname"], attributes(is_now)["hostname"]

    assert (was["uuid"], old["uuid"]) == (is_now["uuid"], new["uuid"])
    assert int(old["timestamp"]) < int(new["timestamp"])
    assert int(was["timestamp"]) < int(is_now["timestamp"])
    assert (old["deleted"], new["deleted"]) == (False, True)
    assert attributes(is_now)["revoked"]["value"] == "1"
    assert attributes(is_now)["withdrawn-target"]["type"] == "text"
    assert new["last_seen"] == "2026-11-30T12:00:00.250001Z"
    assert [one["type"] for one in new["Sighting"]] == ["2"]


def test_a_block_that_stands_again_says_so_for_misp_keeps_what_a_file_lacks() -> None:
    inside = attributes(objects(_package(_block()), "block-order")[0])

    assert inside["revoked"]["value"] == "0"
    assert inside["hostname"]["deleted"] is False


def test_a_withdrawn_target_is_read_though_misp_shows_no_deleted_attributes() -> None:
    package = _package(_block(revoked=True))
    event = json.loads(written(package))
    for found in event["Event"]["Object"]:
        found["Attribute"] = [one for one in found["Attribute"] if not one.get("deleted")]

    assert losses(package, FORMAT.read(json.dumps(event).encode(), "e.json").package) == ()


def test_no_bare_attribute_stands_beside_an_object() -> None:
    assert event_of(sample_package())["Attribute"] == []


@pytest.mark.parametrize(
    ("tlp", "distribution"),
    [
        (Tlp.CLEAR, "3"),
        (Tlp.GREEN, "1"),
        (Tlp.AMBER, "0"),
        (Tlp.AMBER_STRICT, "0"),
        (Tlp.RED, "0"),
    ],
)
def test_an_event_goes_no_further_than_its_marking(tlp: Tlp, distribution: str) -> None:
    package = replace(
        sample_package(), items=(), relations=(), marking=Marking(tlp=tlp, pap=Pap.RED)
    )

    event = event_of(package)

    assert (event["distribution"], event["published"]) == (distribution, False)


def test_a_sighting_names_the_exhibit_that_shows_it() -> None:
    (stream,) = objects(sample_package(), "iptv-stream")

    (sighting,) = attributes(stream)["url"]["Sighting"]

    assert sighting["source"].startswith("exhibit sha256:")
    assert sighting["date_sighting"] == str(int(NOON.timestamp()))


def test_a_withdrawn_relation_deletes_the_reference_that_stood_for_it() -> None:
    package = sample_package()
    one = package.relations[0]
    gone = replace(package, relations=(replace(one, revoked=True),))

    def references(of: Package) -> dict[str, bool]:
        return {
            reference["uuid"]: reference.get("deleted", False)
            for found in event_of(of)["Object"]
            for reference in found.get("ObjectReference", ())
        }

    (uuid,) = references(replace(package, relations=(one,)))
    assert references(gone) == {uuid: True}


def test_handling_codes_survive_a_misp_that_makes_no_tags() -> None:
    marking = Marking(tlp=Tlp.AMBER, pap=Pap.RED, handling=frozenset({HandlingCode.H2}))
    package = replace(_package(_block(marking=marking)), marking=marking)
    event = json.loads(written(package))
    event["Event"]["Tag"] = [{"name": "tlp:amber"}]
    for found in event["Event"]["Object"]:
        for attribute in found["Attribute"]:
            attribute.pop("Tag", None)

    again = FORMAT.read(json.dumps(event).encode(), "e.json").package

    assert again.items[0].marking.handling == again.marking.handling == {HandlingCode.H2}


@pytest.mark.parametrize(
    ("tlp", "codes", "distribution"),
    [
        (Tlp.GREEN, {}, "1"),
        (Tlp.CLEAR, {HandlingCode.H0, HandlingCode.H1}, "3"),
        (Tlp.GREEN, {HandlingCode.H2}, "0"),
        (Tlp.CLEAR, {HandlingCode.H3}, "0"),
        (Tlp.AMBER, {}, "0"),
    ],
)
def test_what_may_not_be_passed_on_is_for_one_organisation(tlp, codes, distribution) -> None:
    words = "ask first" if HandlingCode.H3 in codes else None
    marking = Marking(tlp=tlp, pap=Pap.RED, handling=frozenset(codes), h3_text=words)
    package = replace(_package(_block(marking=marking)), marking=marking)

    assert json.loads(written(package))["Event"]["distribution"] == distribution


def test_a_target_that_a_partner_deleted_in_misp_is_revoked() -> None:
    event = json.loads(written(_package(_block())))
    subjects = [
        attribute
        for found in event["Event"]["Object"]
        for attribute in found["Attribute"]
        if attribute["object_relation"] in SUBJECTS
    ]
    for attribute in subjects:
        attribute["deleted"] = True

    (again,) = FORMAT.read(json.dumps(event).encode(), "e.json").package.items

    assert (again.id, again.revoked) == (_block().id, True)
