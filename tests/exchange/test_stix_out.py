"""STIX 2.1 out: what the upstream library and validator say of it, and what never changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Any

import pytest
import stix2
from hypothesis import HealthCheck, given, settings
from tests.exchange.packages import AMBER, ME, NOON, packages, sample_package
from tests.exchange.validators import STIX_SCHEMAS, stix_faults

from cautery.exchange.opencti import OPENCTI, opencti_objects
from cautery.exchange.stix import FORMAT, stix_objects
from cautery.exchange.stix.extension import EXTENSIONS
from cautery.model import Lever
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Tlp

WRITERS = [stix_objects, opencti_objects]
SLOW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def block(**fields: Any) -> Item:
    """Return a block of a name for three hours from noon, or as the fields say."""
    usual: dict[str, Any] = {
        "id": "edge-1.goals.example",
        "by": ME,
        "marking": AMBER,
        "at": NOON,
        "lever": Lever.NAME,
        "order": "agcom-2026-17",
        "territory": "IT",
        "valid_from": NOON,
        "valid_until": NOON + timedelta(hours=3),
    }
    return Item(kind=ItemKind.BLOCK, **(usual | fields))


def package_of(*items: Item) -> Package:
    """Return a package of some items."""
    return replace(sample_package(), items=items, relations=())


def indicator_of(item: Item) -> dict[str, Any]:
    """Return the indicator that a block becomes."""
    (found,) = (o for o in stix_objects(package_of(item)) if o["type"] == "indicator")
    return found


def faults(objects: list[dict[str, Any]]) -> list[str]:
    """Return what the validator of OASIS finds with all its recommendations as rules."""
    bundle = {
        "type": "bundle",
        "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
        "objects": objects,
    }
    return stix_faults(dumps(bundle).encode())


@pytest.mark.parametrize("objects_of", WRITERS)
def test_the_sample_has_no_fault_for_the_strict_validator(objects_of: Any) -> None:
    assert faults(list(objects_of(sample_package()))) == []


@pytest.mark.parametrize("objects_of", WRITERS)
@given(package=packages(most_items=4))
@SLOW
def test_no_package_has_a_fault_for_the_strict_validator(objects_of: Any, package: Package) -> None:
    assert faults(list(objects_of(package))) == []


def test_the_validator_knows_our_schemas() -> None:
    objects = list(stix_objects(package_of(block())))
    (indicator,) = (thing for thing in objects if thing["type"] == "indicator")
    (fields,) = indicator["extensions"].values()
    fields["lever"] = "everything"

    assert any("everything" in fault for fault in faults(objects))


@given(packages(most_items=4))
@SLOW
def test_the_upstream_library_reads_each_object_and_its_names(package: Package) -> None:
    for thing in opencti_objects(package):
        parsed = stix2.parse(thing, allow_custom=False)
        if thing["type"] in ("url", "domain-name", "ipv4-addr", "ipv6-addr", "file"):
            del thing["id"]
            assert stix2.parse(thing)["id"] == parsed["id"]  # its own deterministic id


@given(packages())
@SLOW
def test_each_reference_stands_in_the_bundle_and_each_id_once(package: Package) -> None:
    objects = list(stix_objects(package))
    ids = {thing["id"] for thing in objects}

    assert len(ids) == len(objects)
    for thing in objects:
        refs = [thing[name] for name in thing if name.endswith("_ref")]
        refs += [ref for name in thing if name.endswith("_refs") for ref in thing[name]]
        assert set(refs) <= ids
        if thing["type"] not in ("marking-definition", "extension-definition"):
            assert thing.get("object_marking_refs") or thing["name"] == "Cautery"


@given(packages())
@SLOW
def test_one_package_makes_the_same_bytes(package: Package) -> None:
    again = replace(package, items=package.items[::-1], relations=package.relations[::-1])

    assert b"".join(FORMAT.write(again)) == b"".join(FORMAT.write(package))


@given(packages())
@SLOW
def test_each_indicator_has_an_end_after_its_beginning(package: Package) -> None:
    for thing in stix_objects(package):
        if thing["type"] == "indicator":
            assert thing["valid_from"] < thing["valid_until"]
            assert thing["created"] <= thing["modified"]


@pytest.mark.parametrize("kind", [kind for kind in ItemKind if kind is not ItemKind.BLOCK])
def test_nothing_but_a_block_is_an_indicator(kind: ItemKind) -> None:
    items = [item for item in sample_package().items if item.kind is kind]

    types = {thing["type"] for thing in stix_objects(package_of(*items))}

    assert "indicator" not in types


@pytest.mark.parametrize(
    ("lever", "target", "pattern"),
    [
        (Lever.NAME, "a.example", "[domain-name:value = 'a.example']"),
        (Lever.URL, "https://a.example/x'y", "[url:value = 'https://a.example/x\\'y']"),
        (Lever.ADDRESS, "198.51.100.7", "[ipv4-addr:value = '198.51.100.7']"),
        (Lever.ADDRESS, "198.51.100.0/24", "[ipv4-addr:value = '198.51.100.0/24']"),
        (Lever.ADDRESS, "2001:db8::7", "[ipv6-addr:value = '2001:db8::7']"),
        (None, "2001:db8::7", "[ipv6-addr:value = '2001:db8::7']"),
        (None, "b.example", "[domain-name:value = 'b.example']"),
    ],
)
def test_a_pattern_is_as_wide_as_the_lever(lever: Lever | None, target: str, pattern: str) -> None:
    assert indicator_of(block(id=target, lever=lever))["pattern"] == pattern


def test_a_withdrawn_block_is_a_later_version_of_the_same_indicator() -> None:
    before = indicator_of(block())
    after = indicator_of(block(revoked=True, at=NOON + timedelta(hours=1)))
    at_once = indicator_of(block(revoked=True))

    assert before["id"] == after["id"] == at_once["id"]
    assert before["created"] == after["created"] == at_once["created"]
    assert "revoked" not in before
    assert after["revoked"] is at_once["revoked"] is True
    assert before["modified"] < at_once["modified"] < after["modified"]


def test_two_orders_make_two_indicators_of_one_target() -> None:
    italian, french = block(), block(territory="FR", order="arcom-4")

    objects = list(stix_objects(package_of(italian, french)))

    assert len({thing["id"] for thing in objects if thing["type"] == "indicator"}) == 2


def test_tlp_is_the_published_object() -> None:
    item = block(marking=replace(AMBER, tlp=Tlp.AMBER_STRICT))

    (tlp,) = (o for o in stix_objects(package_of(item)) if o.get("name") == "TLP:AMBER+STRICT")

    assert tlp == {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:AMBER+STRICT",
        "extensions": {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                "extension_type": "property-extension",
                "tlp_2_0": "amber+strict",
            }
        },
    }


def test_a_sighting_names_the_exhibits_by_their_digests() -> None:
    package = sample_package()
    (stream,) = (item for item in package.items if item.kind is ItemKind.STREAM)

    sightings = [thing for thing in stix_objects(package) if thing["type"] == "sighting"]

    digests = [reference["external_id"] for reference in sightings[-1]["external_references"]]
    assert digests == list(stream.exhibits)
    assert sightings[-1]["last_seen"] == "2026-11-30T12:00:00.250001Z"


def test_each_extension_has_its_schema_and_each_schema_its_extension() -> None:
    names = {f"{extension.id}.json" for extension in EXTENSIONS}

    assert {path.name for path in STIX_SCHEMAS.iterdir()} == names | {"cautery-item.json"}


def test_opencti_gets_an_observable_a_score_and_a_type() -> None:
    objects = list(opencti_objects(package_of(block(confidence=80))))

    (indicator,) = (thing for thing in objects if thing["type"] == "indicator")
    assert indicator["extensions"][OPENCTI] == {
        "extension_type": "property-extension",
        "score": 80,
        "main_observable_type": "Domain-Name",
        "detection": False,
    }
    assert indicator["labels"] == ["block"]
    (observable,) = (o for o in objects if o.get("value") == "edge-1.goals.example")
    (link,) = (thing for thing in objects if thing["type"] == "relationship")
    assert (link["relationship_type"], link["source_ref"], link["target_ref"]) == (
        "based-on",
        indicator["id"],
        observable["id"],
    )


def test_opencti_scores_a_withdrawn_block_nothing() -> None:
    objects = list(opencti_objects(package_of(block(confidence=80, revoked=True))))

    (indicator,) = (thing for thing in objects if thing["type"] == "indicator")
    assert indicator["extensions"][OPENCTI]["score"] == 0


def test_no_observable_stands_beside_an_indicator_for_others_than_opencti() -> None:
    objects = list(stix_objects(package_of(block())))

    assert not any(thing.get("value") for thing in objects)


def test_the_last_moment_of_the_calendar_is_written() -> None:
    last = datetime.max.replace(tzinfo=UTC)

    indicator = indicator_of(block(valid_from=last, valid_until=last, at=last, revoked=True))

    assert indicator["valid_until"] == "9999-12-31T23:59:59.999999Z"
    assert indicator["valid_from"] < indicator["valid_until"]
