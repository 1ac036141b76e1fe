from datetime import UTC, datetime
from typing import Any

import pytest
from tests.exchange.misp.events import attribute, event, raw, uuid_of

from cautery.errors import InputError
from cautery.exchange.misp import FORMAT
from cautery.exchange.shape import Assumed, Reading
from cautery.model import Marking
from cautery.model.exchange import ItemKind, RelationKind
from cautery.model.marking import HandlingCode, Pap, Tlp

DIGEST = "ab" * 32


def read(value: Any, assumed: Assumed = Assumed()) -> Reading:  # noqa: B008 - frozen
    return FORMAT.read(raw(value), "may.json", assumed)


def things(reading: Reading) -> set[tuple[str, str]]:
    return {(str(item.kind), item.id) for item in reading.package.items}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("domain", "Pirate.Example.", {("host", "pirate.example")}),
        ("hostname", "bücher.example", {("host", "xn--bcher-kva.example")}),
        ("ip-dst", "198.51.100.7", {("address", "198.51.100.7")}),
        ("ip-src", "2001:DB8::1", {("address", "2001:db8::1")}),
        ("ip-dst", "198.51.100.0/24", {("asset", "range:198.51.100.0/24")}),
        ("ip-dst", "198.51.100.7/32", {("address", "198.51.100.7")}),
        ("ip-dst|port", "198.51.100.7|8080", {("address", "198.51.100.7")}),
        ("hostname|port", "a.example|8080", {("host", "a.example")}),
        ("url", "http://a.example/1.m3u8", {("asset", "url:http://a.example/1.m3u8")}),
        ("sha256", DIGEST.upper(), {("asset", f"file:sha256:{DIGEST}")}),
        (
            "domain|ip",
            "a.example|198.51.100.7",
            {("host", "a.example"), ("address", "198.51.100.7")},
        ),
    ],
)
def test_what_names_a_thing_of_the_net_is_read(
    kind: str, value: str, expected: set[tuple[str, str]]
) -> None:
    assert things(read(event(attribute(kind, value)))) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email-dst", "anna@mail.example"),
        ("full-name", "Anna Bauer"),
        ("phone-number", "+390612345"),
        ("threat-actor", "Anna"),
        ("text", "seen in May"),
        ("md5", "ab" * 16),
    ],
)
def test_all_else_is_counted_and_nobodys_name_is_told(kind: str, value: str) -> None:
    reading = read(event(attribute(kind, value)))

    (loss,) = reading.left_out
    assert (reading.package.items, loss.noun, loss.count) == ((), kind, 1)
    assert value not in repr(reading)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("domain", "no name at all"), ("ip-dst", "999.1.1.1"), ("sha256", "abc"), ("url", "a\nb")],
)
def test_a_value_that_is_not_what_its_type_says_is_counted(kind: str, value: str) -> None:
    reading = read(event(attribute(kind, value)))

    assert [(loss.noun, loss.field) for loss in reading.left_out] == [(kind, "value")]


def test_a_name_and_its_address_belong_together() -> None:
    in_object = {
        "name": "domain-ip",
        "uuid": uuid_of("pair"),
        "timestamp": "1780000000",
        "Attribute": [
            attribute("domain", "b.example", object_relation="domain"),
            attribute("ip-dst", "198.51.100.8", object_relation="ip"),
        ],
    }

    package = read(
        event(attribute("domain|ip", "a.example|198.51.100.7"), Object=[in_object])
    ).package

    assert [(one.kind, one.source.id, one.target.id) for one in package.relations] == [
        (RelationKind.RESOLVES_TO, "a.example", "198.51.100.7"),
        (RelationKind.RESOLVES_TO, "b.example", "198.51.100.8"),
    ]


def test_who_when_and_why_come_from_the_event() -> None:
    package = read(
        event(
            attribute(
                "domain",
                "a.example",
                comment="seen by us",
                first_seen="2026-05-01T10:00:00.250001+02:00",
                last_seen="2026-05-02T10:00:00+00:00",
            )
        )
    ).package

    (item,) = package.items
    assert (package.by, package.name, package.id) == (
        "CERT-X",
        "Streams of May",
        f"misp:{uuid_of('event')}",
    )
    assert (item.by, item.text) == ("CERT-X", "seen by us")
    assert item.at == datetime.fromtimestamp(1780000000, UTC)
    assert item.first_seen == datetime(2026, 5, 1, 8, 0, 0, 250001, tzinfo=UTC)
    assert (item.valid_until, item.finding, item.exhibits) == (None, None, ())


def test_a_deleted_attribute_is_read_as_revoked() -> None:
    (item,) = read(event(attribute("domain", "a.example", deleted=True))).package.items

    assert item.revoked


@pytest.mark.parametrize(
    ("tags", "tlp"),
    [
        (("tlp:clear",), Tlp.CLEAR),
        (("tlp:white",), Tlp.CLEAR),
        (("TLP:GREEN",), Tlp.GREEN),
        (("tlp:amber",), Tlp.AMBER),
        (("tlp:amber+strict",), Tlp.AMBER_STRICT),
        (("tlp:red",), Tlp.RED),
        (("tlp:white", "tlp:clear"), Tlp.CLEAR),
    ],
)
def test_a_tlp_tag_marks_what_is_in_the_event(tags: tuple[str, ...], tlp: Tlp) -> None:
    package = read(event(attribute("domain", "a.example"), tags=tags)).package

    assert (package.marking.tlp, package.items[0].marking.tlp) == (tlp, tlp)


def test_amber_in_an_event_of_tlp_1_is_read_as_the_stricter() -> None:
    found = attribute("domain", "a.example", Tag=[{"name": "tlp:amber"}])

    package = read(event(found, tags=("tlp:white",))).package

    assert package.items[0].marking.tlp is package.marking.tlp is Tlp.AMBER_STRICT


def test_of_the_marking_of_event_and_attribute_the_stricter_holds_each_way() -> None:
    stricter = attribute("domain", "a.example", Tag=[{"name": "tlp:red"}])
    looser = attribute("domain", "b.example", Tag=[{"name": "tlp:green"}])
    tags = ("tlp:amber", "PAP:GREEN", 'le-handling:handling-code="H1"')

    package = read(event(stricter, looser, tags=tags)).package

    assert [item.marking.tlp for item in package.items] == [Tlp.RED, Tlp.AMBER]
    assert {item.marking.handling for item in package.items} == {frozenset({HandlingCode.H1})}
    assert package.marking.tlp is Tlp.RED


def test_the_letters_of_a_marking_may_be_large() -> None:
    tags = ("TLP:Green", "pap:Green", 'LE-Handling:Handling-Code="h2"')
    tags += ('le-handling:Source-Evaluation="b"', 'Le-Handling:information-evaluation="3"')
    package = read(event(attribute("domain", "a.example"), tags=tags)).package

    marking = package.items[0].marking
    assert marking.words == "TLP:GREEN PAP:GREEN H2"
    assert (marking.source, marking.accuracy) == ("B", 3)


def test_without_a_pap_what_may_be_done_follows_from_who_may_know() -> None:
    package = read(event(attribute("domain", "a.example"), tags=("tlp:red",))).package

    assert package.items[0].marking.pap is Pap.RED


@pytest.mark.parametrize(
    "tags",
    [
        ("tlp:purple",),
        ("tlp:ex:chr",),
        ("tlp:amber", "PAP:BLUE"),
        ("tlp:amber", "tlp:red"),
        ("tlp:white", "tlp:green"),
        ("tlp:amber", "PAP:RED", "PAP:GREEN"),
        ("tlp:amber", 'le-handling:handling-code="H9"'),
        ("tlp:amber", "le-handling:H2"),
        ("tlp:amber", 'LE-Handling:code="H2"'),
        ("tlp:amber", 'le-handling:handling-code="H2'),
        ("tlp:amber", "tlp:red="),
        ("tlp:amber", "tlp:"),
    ],
)
def test_a_marking_that_is_unknown_or_double_is_refused(tags: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"may\.json.*(unknown|disagree)"):
        read(event(attribute("domain", "a.example"), tags=tags))


def test_an_event_without_a_tlp_is_refused_and_the_hint_says_what_to_do() -> None:
    with pytest.raises(InputError, match="nothing marks it") as refusal:
        read(event(attribute("domain", "a.example"), tags=("osint:certainty",)))

    assert "--marking" in str(refusal.value.hint)


def test_an_event_without_a_tlp_is_read_under_a_marking_that_the_user_states() -> None:
    marking = Marking(tlp=Tlp.RED, pap=Pap.AMBER, source="B", accuracy=2)

    package = read(
        event(attribute("domain", "a.example"), tags=()), Assumed(marking=marking)
    ).package

    assert package.marking.tlp is Tlp.RED
    assert package.items[0].marking == marking


def test_tags_and_galaxies_that_have_no_place_are_counted() -> None:
    found = attribute("domain", "a.example", Galaxy=[{"name": "country"}])

    reading = read(
        event(found, tags=("tlp:amber", "osint:x", "osint:y"), Galaxy=[{"a": 1}], EventReport=[{}])
    )

    assert {(loss.noun, loss.field): loss.count for loss in reading.left_out} == {
        ("Attribute", "Galaxy"): 1,
        ("Event", "EventReport"): 1,
        ("Event", "Galaxy"): 1,
        ("Tag", "osint"): 2,
    }


def test_one_thing_in_two_attributes_is_joined_under_the_stricter_marking() -> None:
    one = attribute("domain", "a.example", Tag=[{"name": "tlp:red"}], timestamp="1770000000")
    other = attribute("hostname", "a.example", comment="newer")

    reading = read(event(one, other))

    (item,) = reading.package.items
    assert (item.marking.tlp, item.text) == (Tlp.RED, "newer")
    assert [(loss.noun, loss.count) for loss in reading.left_out] == [("host", 1)]


def test_references_between_objects_are_read_in_any_order() -> None:
    def pair(name: str, target: str, words: str) -> dict[str, Any]:
        return {
            "name": "url",
            "uuid": uuid_of(name),
            "Attribute": [attribute("url", f"http://{name}.example/")],
            "ObjectReference": [{"referenced_uuid": uuid_of(target), "relationship_type": words}],
        }

    reading = read(
        event(
            Object=[pair("a", "b", "serves"), pair("b", "a", "redirects-to"), pair("c", "?", "x")]
        )
    )

    assert [(str(one.kind), one.source.id, one.text) for one in reading.package.relations] == [
        ("related-to", "url:http://b.example/", "redirects-to"),
        ("serves", "url:http://a.example/", ""),
    ]
    assert [loss.noun for loss in reading.left_out] == ["ObjectReference"]


def test_several_events_of_one_file_make_one_package() -> None:
    second = event(attribute("domain", "b.example"), tags=("tlp:red",), uuid=uuid_of("second"))

    package = read({"response": [event(attribute("domain", "a.example")), second]}).package

    assert [item.marking.tlp for item in package.items] == [Tlp.AMBER, Tlp.RED]
    assert package.marking.tlp is Tlp.RED


def test_what_a_search_for_attributes_gives_is_read_too() -> None:
    found = attribute("domain", "a.example", Tag=[{"name": "tlp:green"}])

    package = read(
        {"response": {"Attribute": [found]}},
        Assumed(by="CERT-X", at=datetime(2026, 6, 1, tzinfo=UTC)),
    ).package

    assert (package.items[0].id, package.items[0].by) == ("a.example", "CERT-X")


def test_an_object_of_our_template_in_anybodys_event_is_read() -> None:
    found = {
        "name": "block-order",
        "uuid": uuid_of("block"),
        "timestamp": "1780000000",
        "Attribute": [
            attribute("hostname", "a.example", object_relation="hostname"),
            attribute("datetime", "2026-06-01T00:00:00+0000", object_relation="valid-until"),
            attribute("text", "IT", object_relation="territory"),
            attribute("text", "x", object_relation="of-their-own"),
        ],
    }

    reading = read(event(Object=[found]))

    (item,) = reading.package.items
    assert (item.kind, item.id, item.territory, item.by) == (
        ItemKind.BLOCK,
        "a.example",
        "IT",
        "CERT-X",
    )
    assert [(loss.noun, loss.field) for loss in reading.left_out] == [
        ("block-order", "of-their-own")
    ]
