"""STIX 2.1 in: what Cautery wrote comes back whole; of others' what a case knows, or a refusal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
import stix2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.exchange.packages import AMBER, NOON, packages, sample_package

from cautery.errors import InputError
from cautery.exchange import opencti, stix
from cautery.exchange.catalogue import format_named, format_of
from cautery.exchange.loss import losses
from cautery.exchange.shape import Assumed, Reading
from cautery.exchange.stix.markings import definitions_of
from cautery.json_text import parsed_json
from cautery.model.exchange import Item, ItemKind, Package, RelationKind
from cautery.model.marking import HandlingCode, Marking, Pap, Tlp

SLOW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
TLP1 = "marking-definition--{}"
WHITE, TLP1_GREEN, TLP1_AMBER, TLP1_RED = (
    f"marking-definition--{uuid}"
    for uuid in (
        "613f2e26-407d-48c7-9eca-b8e91df99dc9",
        "34098fce-860f-48ae-8e50-ebd3cc5e41da",
        "f88d31f6-486f-44da-b317-01333bde0b82",
        "5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
    )
)


def named(kind: str, name: str) -> str:
    """Return an id."""
    return f"{kind}--{uuid5(NAMESPACE_URL, name)}"


def thing(kind: str, seed: str = "a", **fields: Any) -> dict[str, Any]:
    """Return an object of somebody else's, marked TLP:GREEN; a field that is ``None`` is absent."""
    usual = {
        "type": kind,
        "spec_version": "2.1",
        "id": named(kind, seed),
        "created": "2026-11-30T12:00:00.000Z",
        "modified": "2026-11-30T12:00:00.000Z",
        "object_marking_refs": [GREEN],
    }
    return {name: value for name, value in (usual | fields).items() if value is not None}


def indicator(seed: str = "a", **fields: Any) -> dict[str, Any]:
    """Return an indicator of somebody else's."""
    usual = {
        "pattern": "[domain-name:value = 'a.example']",
        "pattern_type": "stix",
        "valid_from": "2026-11-30T12:00:00Z",
        "valid_until": "2026-12-30T12:00:00Z",
    }
    return thing("indicator", seed, **(usual | fields))


def bundle(*objects: dict[str, Any]) -> bytes:
    """Return a bundle of some objects."""
    whole = {"type": "bundle", "id": named("bundle", "whole"), "objects": list(objects)}
    return dumps(whole).encode()


def reading(*objects: dict[str, Any], assumed: Assumed | None = None) -> Reading:
    """Return what a bundle of some objects says."""
    return stix.read(bundle(*objects), "theirs.json", assumed or Assumed(by="partner"))


def refusal_of(objects: list[dict[str, Any]]) -> str:
    """Return why a bundle of some objects is refused, or that it is read."""
    try:
        reading(*objects)
    except InputError as error:
        return str(error)
    return "read"


def objects_of(package: Package) -> list[dict[str, Any]]:
    """Return the objects that a package becomes, as they stand in a file."""
    whole = parsed_json(b"".join(stix.write(package)))
    return list(whole["objects"])


# ---- what Cautery wrote


@pytest.mark.parametrize("name", ["stix", "opencti"])
@given(package=packages())
@SLOW
def test_everything_comes_back(name: str, package: Package) -> None:
    found = format_named(name)

    back = found.read(b"".join(found.write(package)), "ours.json")

    assert losses(package, back.package) == ()
    assert back.left_out == ()


@given(package=packages(most_items=4), order=st.randoms(use_true_random=False))
@SLOW
def test_the_order_of_objects_says_nothing(package: Package, order: Any) -> None:
    objects = objects_of(package)
    order.shuffle(objects)

    assert reading(*objects).package == package


@given(packages(most_items=4))
@SLOW
def test_everything_comes_back_through_the_upstream_library(package: Package) -> None:
    parsed = stix2.parse(b"".join(stix.write(package)).decode(), allow_custom=False)

    back = stix.read(parsed.serialize().encode(), "theirs.json")

    assert losses(package, back.package) == ()


@pytest.mark.parametrize("name", ["stix", "opencti"])
def test_a_file_is_known_by_its_head(name: str) -> None:
    found = format_named(name)
    head = b"".join(found.write(sample_package()))[: 1 << 16]

    assert format_of(head, "a.json").name == name


def test_what_a_partner_changed_in_the_place_of_the_standard_holds() -> None:
    objects = objects_of(sample_package())
    changed = next(o for o in objects if o["type"] == "indicator" and not o.get("revoked"))
    changed |= {"valid_until": "2026-11-30T13:00:00Z", "labels": ["seen here"]}

    back = reading(*objects)

    (found,) = losses(sample_package(), back.package)
    assert (found.noun, found.field, found.altered) == ("block", "valid_until", 1)
    told = [(loss.noun, loss.field) for loss in back.left_out]
    assert set(told) >= {("indicator", "labels")}


# ---- what others wrote


@pytest.mark.parametrize(
    ("observable", "kind", "name"),
    [
        ({"type": "domain-name", "value": "a.example"}, ItemKind.HOST, "a.example"),
        ({"type": "ipv4-addr", "value": "198.51.100.7"}, ItemKind.ADDRESS, "198.51.100.7"),
        ({"type": "ipv6-addr", "value": "2001:db8::7"}, ItemKind.ADDRESS, "2001:db8::7"),
        ({"type": "url", "value": "http://a.example/"}, ItemKind.ASSET, "url:http://a.example/"),
        ({"type": "autonomous-system", "number": 64500}, ItemKind.ASSET, "as:AS64500"),
        (
            {"type": "file", "hashes": {"SHA-256": "AB" * 32}},
            ItemKind.ASSET,
            f"file:sha256:{'ab' * 32}",
        ),
    ],
)
def test_an_observable_becomes_an_item(
    observable: dict[str, Any], kind: ItemKind, name: str
) -> None:
    body = thing(observable["type"], created=None, modified=None) | observable

    back = reading(body, assumed=Assumed(by="partner", at=NOON))

    (item,) = back.package.items
    assert (item.kind, item.id, item.by, item.at) == (kind, name, "partner", NOON)
    assert item.marking == Marking(tlp=Tlp.GREEN, pap=Pap.GREEN)
    assert back.left_out == ()


def test_an_indicator_is_no_block_and_keeps_its_end() -> None:
    found = indicator(confidence=70, revoked=True, name="bad", description="seen")

    (item,) = reading(found).package.items

    assert item == Item(
        kind=ItemKind.HOST,
        id="a.example",
        by="partner",
        marking=Marking(tlp=Tlp.GREEN, pap=Pap.GREEN),
        at=datetime(2026, 11, 30, 12, tzinfo=UTC),
        text="seen",
        name="bad",
        valid_from=datetime(2026, 11, 30, 12, tzinfo=UTC),
        valid_until=datetime(2026, 12, 30, 12, tzinfo=UTC),
        revoked=True,
        confidence=70,
    )


def test_an_observable_beside_an_indicator_takes_nothing_from_it() -> None:
    value = thing("domain-name", value="a.example", created=None, modified=None)
    value["object_marking_refs"] = [TLP1_RED]

    for objects in ([value, indicator()], [indicator(), value]):
        (item,) = reading(*objects, assumed=Assumed(by="partner", at=NOON)).package.items
        assert item.valid_until == datetime(2026, 12, 30, 12, tzinfo=UTC)
        assert item.marking.tlp is Tlp.RED


def test_of_two_indicators_of_one_value_the_newer_holds() -> None:
    older = indicator("b", modified="2026-11-30T11:00:00.000Z", valid_until="2030-01-01T00:00:00Z")

    for objects in ([older, indicator()], [indicator(), older]):
        back = reading(*objects)
        assert back.package.items[0].valid_until == datetime(2026, 12, 30, 12, tzinfo=UTC)
        assert [(loss.noun, loss.field, loss.count) for loss in back.left_out] == [
            ("indicator", "*", 1)
        ]


def test_the_name_of_a_person_does_not_come_in() -> None:
    person = thing("identity", name="Jane Roe", identity_class="individual")
    actor = thing("threat-actor", name="Jane Roe", labels=["crime"])

    back = reading(person, actor, indicator())

    assert "Jane" not in repr(back)
    assert {loss.noun for loss in back.left_out} == {"identity", "threat-actor"}


def test_what_has_no_place_is_counted_by_type_and_field() -> None:
    found = indicator(kill_chain_phases=[], labels=["x"])
    back = reading(found, thing("malware", name="m", is_family=False), thing("note", content="n"))

    assert [(loss.noun, loss.field) for loss in back.left_out] == [
        ("indicator", "kill_chain_phases"),
        ("indicator", "labels"),
        ("malware", "*"),
        ("note", "*"),
    ]


def test_relationships_of_what_became_items_come_in() -> None:
    host = thing("domain-name", value="a.example", created=None, modified=None)
    address = thing("ipv4-addr", value="198.51.100.7", created=None, modified=None)
    link = thing(
        "relationship",
        relationship_type="resolves-to",
        source_ref=host["id"],
        target_ref=address["id"],
    )

    (relation,) = reading(link, host, address).package.relations

    assert relation.kind is RelationKind.RESOLVES_TO
    assert (relation.source.id, relation.target.id) == ("a.example", "198.51.100.7")


def test_a_sighting_gives_its_times_and_its_marking() -> None:
    seen = thing(
        "sighting",
        sighting_of_ref=named("indicator", "a"),
        first_seen="2026-11-29T12:00:00Z",
        last_seen="2026-11-30T12:00:00Z",
        object_marking_refs=[TLP1_RED],
    )

    (item,) = reading(seen, indicator()).package.items

    assert item.first_seen == datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert item.marking.tlp is Tlp.RED


@pytest.mark.parametrize(
    ("ref", "tlp"),
    [
        (WHITE, Tlp.CLEAR),
        (TLP1_GREEN, Tlp.GREEN),
        (TLP1_AMBER, Tlp.AMBER_STRICT),
        (TLP1_RED, Tlp.RED),
    ],
)
def test_tlp_1_is_read_by_its_published_id(ref: str, tlp: Tlp) -> None:
    (item,) = reading(indicator(object_marking_refs=[ref])).package.items

    assert item.marking.tlp is tlp


def test_a_granular_marking_holds_for_the_whole() -> None:
    codes = Marking(tlp=Tlp.CLEAR, pap=Pap.RED, handling=frozenset({HandlingCode.H1}))
    definitions = definitions_of(codes)
    granular = [
        {"marking_ref": ref, "selectors": ["description"]} for ref in (*definitions, TLP1_RED)
    ]
    found = indicator(description="words", granular_markings=granular)

    (item,) = reading(found, *map(dict, definitions.values())).package.items

    assert item.marking == replace(codes, tlp=Tlp.RED)


def test_what_bears_no_marking_bears_the_assumed_one() -> None:
    found = indicator(object_marking_refs=None)

    (item,) = reading(found, assumed=Assumed(marking=AMBER, by="partner")).package.items

    assert item.marking == AMBER


def test_the_newest_version_of_an_id_holds_wherever_it_stands() -> None:
    newer = indicator(modified="2026-11-30T13:00:00.000Z", revoked=True)

    for objects in ([newer, indicator()], [indicator(), newer]):
        (item,) = reading(*objects).package.items
        assert item.revoked


def test_a_page_of_objects_without_its_report_is_read() -> None:
    objects = [o for o in objects_of(sample_package()) if o["type"] != "report"]

    back = reading(*objects).package

    assert back.items == sample_package().items
    assert back.relations == sample_package().relations


# ---- what is refused, or read without harm


def _ours(change: Callable[[dict[str, Any]], Any], kind: str = "indicator") -> bytes:
    objects = objects_of(sample_package())
    change(next(o for o in objects if o["type"] == kind and "extensions" in o))
    return bundle(*objects)


def _fields(found: dict[str, Any]) -> Any:
    (fields,) = found["extensions"].values()
    return fields


PAYLOAD = {"payload_bin": "AAAA", "hashes": {"SHA-256": "0" * 64}}
REFUSED: dict[str, tuple[bytes, str]] = {
    "not JSON": (b'{"type":"bundle","objects":[{]}', "no JSON"),
    "no bundle": (b'{"type":"report","objects":[]}', "not a bundle"),
    "cut off": (bundle(indicator())[:-20], "no JSON|comma is missing"),
    "more behind it": (bundle(indicator()) + b"{}", "after its end"),
    "not UTF-8": (b'{"type":"bundle","objects":[{"id":"\xff"}]}', "not UTF-8"),
    "NaN": (bundle(indicator(confidence=float("nan"))), "NaN"),
    "nested too deeply": (b'{"type":"bundle","objects":[' + b"[" * 100_000, "deep|no object"),
    "70 objects deep": (
        bundle(indicator()).replace(b'"stix"', b'{"a":' * 70 + b"1" + b"}" * 70),
        "objects deep",
    ),
    "a name twice": (bundle(indicator()).replace(b'"spec_version"', b'"pattern"'), "twice"),
    "objects twice": (b'{"type":"bundle","objects":[],"objects":[]}', "'objects' stands twice"),
    "an object of 9 MiB": (bundle(indicator(description="x" * (9 << 20))), "characters"),
    "no id": (bundle({"type": "indicator"}), "no id"),
    "an id of another type": (bundle(indicator(id=named("url", "a"))), "begin with its type"),
    "two contents": (bundle(indicator(), indicator(confidence=1)), "two contents"),
    "two observables": (
        bundle(*(thing("url", value=f"http://{x}.example/", modified=None) for x in "ab")),
        "two contents",
    ),
    "no marking": (bundle(indicator(object_marking_refs=None)), "bears no marking"),
    "a marking that is not there": (
        bundle(indicator(object_marking_refs=[named("marking-definition", "x")])),
        "not in the bundle",
    ),
    "a granular marking that is not there": (
        bundle(
            indicator(
                granular_markings=[
                    {"marking_ref": named("marking-definition", "x"), "selectors": ["pattern"]}
                ]
            )
        ),
        "not in the bundle",
    ),
    "an unknown marking": (
        bundle(
            thing(
                "marking-definition",
                definition_type="statement",
                definition={"statement": "Copyright"},
            ),
            indicator(object_marking_refs=[named("marking-definition", "a")]),
        ),
        "not known here",
    ),
    "a false TLP": (
        bundle(
            thing(
                "marking-definition",
                definition_type="tlp",
                definition={"tlp": "white"},
                id=TLP1_RED,
            ),
            indicator(),
        ),
        "does not say the same",
    ),
    "TLP 1 and 2": (bundle(indicator(object_marking_refs=[GREEN, TLP1_AMBER])), "contradict"),
    "an end before the beginning": (
        bundle(indicator(valid_until="2026-11-30T11:00:00Z")),
        "valid_until is before",
    ),
    "a time with an offset": (
        bundle(indicator(valid_until="9999-12-31T23:59:59-12:00")),
        "no time of STIX",
    ),
    "the 30th of February": (bundle(indicator(valid_until="2027-02-30T00:00:00Z")), "no time"),
    "a lone surrogate": (bundle(indicator(description="\ud800")), "half a character"),
    "a number too long": (bundle(indicator()).replace(b'"stix"', b"1" * 5000), "digits"),
    "a confidence of 101": (bundle(indicator(confidence=101)), "not a confidence"),
    "revoked in words": (bundle(indicator(revoked="yes")), "neither true nor false"),
    "bytes of another digest": (
        bundle(thing("artifact", created=None, modified=None) | PAYLOAD),
        f"{'0' * 64}, and of the bytes {sha256(bytes(3)).hexdigest()}",
    ),
    "a block of ours without an end": (
        _ours(lambda found: found.pop("valid_until")),
        "needs an end",
    ),
    "a pattern that is not the block's": (
        _ours(lambda found: found.update(pattern="[domain-name:value = 'lawful.example']")),
        "pattern is not that of its subject",
    ),
    "a relationship of another type": (
        _ours(lambda found: found.update(relationship_type="derived-from"), "relationship"),
        "relationship_type is not that of",
    ),
    "an observation at another time": (
        _ours(lambda found: found.update(first_observed="2020-01-01T00:00:00Z"), "observed-data"),
        "first_observed is not that of its extension",
    ),
    "an item of ours of no kind": (_ours(lambda found: _fields(found).pop("kind")), "no kind"),
    "an item of ours without its provider": (
        _ours(lambda found: found.update(created_by_ref=named("identity", "x"))),
        "created_by_ref is not in the bundle",
    ),
    "a relation of ours to nothing": (
        _ours(lambda found: found.update(target_ref=named("indicator", "x")), "relationship"),
        "no item of the bundle",
    ),
    "a finding that there is not": (
        _ours(lambda found: _fields(found).update(finding="sure"), "infrastructure"),
        "finding is 'sure', not one of",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_broken_bundle_is_refused_with_a_sentence(fault: str) -> None:
    raw, sentence = REFUSED[fault]

    with pytest.raises(InputError, match=sentence) as error:
        stix.read(raw, "theirs.json", Assumed(by="partner"))

    assert str(error.value).startswith("theirs.json: ")


def test_a_refusal_names_the_object() -> None:
    found = indicator(object_marking_refs=[named("marking-definition", "x")])

    with pytest.raises(InputError, match=found["id"]):
        reading(found)


READ: dict[str, bytes] = {
    "the year 9999": bundle(indicator(valid_until="9999-12-31T23:59:59.999999999Z")),
    "a pattern of 1 MB": bundle(indicator(pattern=f"[url:value = '{'a' * (1 << 20)}']")),
    "a pattern of 1 MB of signs": bundle(indicator(pattern="[url:value = '" + "\\\\" * (1 << 19))),
    "a pattern of brackets": bundle(indicator(pattern="[" * (1 << 20))),
    "a pattern of spaces": bundle(indicator(pattern="[" + " " * (1 << 20) + "x")),
    "a circle": bundle(
        indicator("a"),
        indicator("b", pattern="[url:value = 'http://a.example/']"),
        thing(
            "relationship",
            "there",
            relationship_type="related-to",
            source_ref=named("indicator", "a"),
            target_ref=named("indicator", "b"),
        ),
        thing(
            "relationship",
            "back",
            relationship_type="related-to",
            source_ref=named("indicator", "b"),
            target_ref=named("indicator", "a"),
        ),
    ),
    "a relationship to nothing": bundle(
        indicator(),
        thing(
            "relationship",
            relationship_type="related-to",
            source_ref=named("indicator", "a"),
            target_ref=named("indicator", "nothing"),
        ),
    ),
    "a relationship to itself": bundle(
        indicator(),
        thing(
            "relationship",
            relationship_type="related-to",
            source_ref=named("indicator", "a"),
            target_ref=named("indicator", "a"),
        ),
    ),
    "the same twice": bundle(indicator(), indicator()),
    "a byte order mark": b"\xef\xbb\xbf" + bundle(indicator()),
}


@pytest.mark.parametrize("oddity", READ)
def test_an_odd_bundle_is_read(oddity: str) -> None:
    back = stix.read(READ[oddity], "theirs.json", Assumed(by="partner"))

    assert back.package.items or back.left_out


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        stix.read(raw, "theirs.json")


@given(packages(most_items=3), st.data())
@SLOW
def test_a_mutated_bundle_is_refused_or_read(package: Package, data: Any) -> None:
    objects = objects_of(package)
    found = data.draw(st.sampled_from(objects))
    name = data.draw(st.sampled_from(sorted(found)))
    found[name] = data.draw(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.just([]), st.just({}))
        | st.sampled_from([[1], [{}], [None], {"a": []}, "2026-11-30T12:00:00Z"])
    )

    assert refusal_of(objects).startswith(("theirs.json: ", "read"))


def test_opencti_reads_what_opencti_writes() -> None:
    package = sample_package()

    back = opencti.FORMAT.read(b"".join(opencti.FORMAT.write(package)), "ours.json")

    assert back == Reading(package=package)


def test_an_end_before_now_is_kept_as_it_is() -> None:
    long_ago = NOON - timedelta(days=4000)
    found = indicator(valid_from="2010-01-01T00:00:00Z", valid_until="2011-01-01T00:00:00Z")

    (item,) = reading(found).package.items

    assert item.valid_until is not None
    assert item.valid_until < long_ago


@pytest.mark.parametrize("nameless", ['{"type":"indicator"}', '{"type":"indicator","id":5}'])
def test_an_object_without_an_id_is_named_by_its_place(nameless: str) -> None:
    raw = f'{{"type":"bundle","id":"bundle--x","objects":[{nameless}]}}'.encode()
    with pytest.raises(InputError) as refused:
        format_named("stix").read(raw, "a.json")
    assert str(refused.value) == "a.json: objects[0] has no id, or no type"
