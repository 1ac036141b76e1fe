"""What is left out of a file counts for the marking of the whole: the file is sealed with it."""

import json
from datetime import UTC, datetime

import pytest

from cautery.errors import InputError
from cautery.exchange.case.terms import NAMESPACES
from cautery.exchange.catalogue import format_named
from cautery.exchange.shape import Assumed
from cautery.exchange.stix.markings import _TLP2
from cautery.model.marking import Marking, Pap, Tlp

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
RED = Marking(tlp=Tlp.RED, pap=Pap.RED)
GREEN = Marking(tlp=Tlp.GREEN, pap=Pap.GREEN)


def read(name, content, marking=None):
    raw = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    reading = format_named(name).read(raw, "a file", Assumed(marking=marking, at=NOON))
    assert reading.left_out
    return reading.package


def bundle(*refs, kind="malware", **fields):
    """Return a bundle of an indicator under TLP:GREEN and an object that becomes no item."""
    green = f"marking-definition--{_TLP2[Tlp.GREEN]}"
    indicator = {
        "type": "indicator", "id": "indicator--1", "modified": "2026-11-30T11:00:00Z",
        "pattern": "[domain-name:value='a.example']", "pattern_type": "stix",
        "valid_from": "2026-11-30T11:00:00Z", "object_marking_refs": [green],
    }  # fmt: skip
    other = {"type": kind, "id": f"{kind}--2", "object_marking_refs": list(refs), **fields}
    words = {
        "type": "marking-definition", "id": "marking-definition--3",
        "definition_type": "statement", "definition": {"statement": "ask our lawyer"},
    }  # fmt: skip
    return {"type": "bundle", "id": "bundle--1", "objects": [other, indicator, words]}


@pytest.mark.parametrize(
    ("content", "whole"),
    [
        (bundle(f"marking-definition--{_TLP2[Tlp.RED]}"), RED),
        (bundle(f"marking-definition--{_TLP2[Tlp.RED]}", kind="threat-actor"), RED),
        (bundle(f"marking-definition--{_TLP2[Tlp.RED]}", kind="sighting"), RED),
        (bundle(f"marking-definition--{_TLP2[Tlp.CLEAR]}"), GREEN),
        (bundle(), GREEN),
        (bundle("marking-definition--3"), RED),
        (bundle("marking-definition--4"), RED),
        (bundle(f"marking-definition--{_TLP2[Tlp.RED]}", f"marking-definition--{_TLP2[Tlp.GREEN]}"), RED),
        (bundle(granular_markings=[{"marking_ref": 7, "selectors": ["name"]}]), RED),
        (bundle(granular_markings=7), RED),
    ],
)  # fmt: skip
def test_of_a_bundle(content, whole):
    content["objects"][0].setdefault("sighting_of_ref", "malware--9")
    package = read("stix", content)

    assert package.marking == whole
    assert [item.marking for item in package.items] == [GREEN]


def test_what_bears_no_marking_in_a_bundle_bears_the_assumed_one():
    assert read("stix", bundle(), marking=RED).marking == RED


def event(*attributes, **more):
    tags = [{"name": "tlp:green"}]
    known = {"type": "hostname", "value": "a.example", "uuid": "1"}
    body = {"uuid": "0", "info": "i", "timestamp": "1764504000", "Tag": tags, **more}
    return {"Event": {**body, "Attribute": [known, *attributes]}}


@pytest.mark.parametrize(
    "content",
    [
        event({"type": "email", "value": "x", "uuid": "2", "Tag": [{"name": "tlp:red"}]}),
        event({"type": "hostname", "value": "no host", "uuid": "2", "Tag": [{"name": "tlp:red"}]}),
        event(EventReport=[{"name": "n", "Tag": [{"name": "tlp:red"}]}]),
        event(Object=[{
            "name": "person", "uuid": "3",
            "Attribute": [{"type": "full-name", "value": "x", "Tag": [{"name": "tlp:red"}]}],
        }]),
    ],
)  # fmt: skip
def test_of_an_event(content):
    assert read("misp", content).marking == RED


def test_an_unknown_marking_of_what_is_left_out_refuses_an_event():
    with pytest.raises(InputError, match=r"a file: .*'tlp:violet' is unknown"):
        read("misp", event({"type": "email", "value": "x", "Tag": [{"name": "tlp:violet"}]}))


def graph(statement):
    def definition(name, words):
        return {
            "@id": f"kb:{name}", "@type": "uco-marking:MarkingDefinition",
            "uco-marking:definitionType": "statement",
            "uco-marking:definition": [
                {"@type": "uco-marking:StatementMarking", "uco-marking:statement": words}
            ],
        }  # fmt: skip

    return {
        "@context": NAMESPACES,
        "@graph": [
            definition("green", "TLP:GREEN"),
            definition("other", statement),
            {
                "@id": "kb:host", "@type": "uco-observable:DomainName",
                "uco-core:objectMarking": [{"@id": "kb:green"}],
                "uco-core:hasFacet": [
                    {"@type": "uco-observable:DomainNameFacet", "uco-observable:value": "a.example"}
                ],
            },
            {
                "@id": "kb:tool", "@type": "uco-tool:Tool", "uco-core:name": "x",
                "uco-core:objectMarking": [{"@id": "kb:other"}],
            },
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "whole"), [("TLP:RED", RED), ("TLP:CLEAR", GREEN), ("ask our lawyer", RED)]
)
def test_of_a_graph(statement, whole):
    package = read("case", graph(statement))

    assert package.marking == whole
    assert [item.marking for item in package.items] == [GREEN]


@pytest.mark.parametrize("row", ["b.example;person;red", ";;TLP:RED"])
def test_of_a_table(row):
    assert read("csv", f"Domain;Kind;TLP\na.example;;green\n{row}\n").marking == RED


def test_an_unknown_marking_of_a_row_that_is_left_out_refuses_a_table():
    with pytest.raises(InputError, match="'violet' is no marking"):
        read("csv", "Domain;Kind;TLP\na.example;;green\nb.example;person;violet\n")
