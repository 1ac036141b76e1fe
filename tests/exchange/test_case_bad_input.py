"""What is wrong with a graph of CASE is said, with file, object, place and rule; nothing hangs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.exchange.packages import AMBER, sample_package

from cautery.errors import InputError
from cautery.exchange.case import FORMAT
from cautery.exchange.case.terms import NAMESPACES
from cautery.exchange.shape import Assumed, Reading
from cautery.model.exchange import ItemKind, RelationKind
from cautery.model.marking import Marking, Pap, Tlp

Graph = dict[str, Any]
_UCO = {name: address for name, address in NAMESPACES.items() if name != "cautery"}
_ASSUMED = Assumed(marking=AMBER, by="partner", at=datetime(2026, 12, 1, tzinfo=UTC))
_TIME = {"@type": "xsd:dateTime", "@value": "2026-11-30T12:00:00Z"}
_NAME = {
    "@id": "kb:name-1",
    "@type": "uco-observable:ObservableObject",
    "uco-core:hasFacet": [
        {
            "@id": "kb:facet-1",
            "@type": "uco-observable:DomainNameFacet",
            "uco-observable:value": "Edge.Example",
        }
    ],
}
_ADDRESS = {
    "@id": "kb:address-1",
    "@type": "uco-observable:IPv4Address",
    "uco-core:hasFacet": {
        "@id": "kb:facet-2",
        "@type": "uco-observable:IPv4AddressFacet",
        "uco-observable:addressValue": "198.51.100.7",
    },
}
_JOINED = {
    "@id": "kb:joined-1",
    "@type": "uco-core:Relationship",
    "uco-core:source": {"@id": "kb:name-1"},
    "uco-core:target": {"@id": "kb:address-1"},
    "uco-core:kindOfRelationship": "Resolves_To",
    "uco-core:isDirectional": True,
}


def _read(graph: object, assumed: Assumed = _ASSUMED) -> Reading:
    raw = graph if isinstance(graph, bytes) else json.dumps(graph).encode()
    return FORMAT.read(raw, "partner.jsonld", assumed)


def _foreign(*nodes: Graph, context: object = _UCO) -> Graph:
    return {"@context": context, "@graph": list(nodes)}


def _ours() -> Graph:
    raw = b"".join(FORMAT.write(sample_package()))
    graph: Graph = json.loads(raw)
    return graph


def _node(graph: Graph, kind: str) -> Graph:
    found: Graph = next(node for node in graph["@graph"] if kind in node["@type"])
    return found


def _saying(node: Graph) -> Graph:
    found: Graph = node["uco-core:hasFacet"][0]
    return found


def _marked(*statements: str, **more: object) -> tuple[Graph, Graph]:
    models = [
        {
            "@id": f"kb:statement-{number}",
            "@type": "uco-marking:StatementMarking",
            "uco-marking:definitionType": "statement",
            "uco-marking:statement": statement,
        }
        for number, statement in enumerate(statements)
    ]
    definition = {
        "@id": "kb:marking-1",
        "@type": "uco-marking:MarkingDefinition",
        "uco-marking:definitionType": "statement",
        "uco-marking:definition": models,
        **more,
    }
    return definition, _NAME | {"uco-core:objectMarking": {"@id": "kb:marking-1"}}


def test_what_a_partner_says_of_names_and_addresses_is_read() -> None:
    package = _read(_foreign(_JOINED, _ADDRESS, _NAME)).package
    assert {(item.kind, item.id) for item in package.items} == {
        (ItemKind.HOST, "edge.example"),
        (ItemKind.ADDRESS, "198.51.100.7"),
    }
    (relation,) = package.relations
    assert relation.kind is RelationKind.RESOLVES_TO
    assert {item.by for item in package.items} == {"partner"}
    assert {item.marking for item in package.items} == {AMBER}


def test_the_order_of_the_objects_says_nothing() -> None:
    nodes = [_JOINED, _ADDRESS, _NAME]
    assert _read(_foreign(*nodes)).package.items == _read(_foreign(*nodes[::-1])).package.items


def test_facets_that_stand_apart_are_read_too() -> None:
    name = {**_NAME, "uco-core:hasFacet": {"@id": "kb:facet-1"}}
    (facet,) = _NAME["uco-core:hasFacet"]
    assert _read(_foreign(name, facet)).package.items == _read(_foreign(_NAME)).package.items


def test_other_prefixes_and_terms_are_read_by_the_context() -> None:
    context = {
        "obs": NAMESPACES["uco-observable"],
        "core": NAMESPACES["uco-core"],
        "ex": "http://example.org/kb/",
        "facet": {"@id": "core:hasFacet", "@type": "@id"},
        "@vocab": NAMESPACES["uco-observable"],
    }
    node = {
        "@id": "ex:1",
        "@type": "obs:ObservableObject",
        "facet": [{"@id": "ex:2", "@type": "URLFacet", "fullValue": "https://shop.example/"}],
    }
    (item,) = _read({"@context": [context], **node}).package.items
    assert (item.kind, item.id) == (ItemKind.ASSET, "url:https://shop.example/")


def test_digests_become_exhibits_and_other_hashes_are_counted() -> None:
    hashes = [
        {
            "@id": f"kb:hash-{method}",
            "@type": "uco-types:Hash",
            "uco-types:hashMethod": method,
            "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": value},
        }
        for method, value in (("SHA256", "AB" * 32), ("MD5", "cd" * 16))
    ]
    file = {
        "@id": "kb:file-1",
        "@type": "uco-observable:File",
        "uco-core:hasFacet": [
            {
                "@id": "kb:facet-3",
                "@type": "uco-observable:ContentDataFacet",
                "uco-observable:hash": hashes,
                "uco-observable:sizeInBytes": 12,
            }
        ],
    }
    reading = _read(_foreign(file))
    (item,) = reading.package.items
    assert (item.kind, item.id) == (ItemKind.EXHIBIT, "sha256:" + "ab" * 32)
    left = {(loss.noun, loss.field): loss.count for loss in reading.left_out}
    assert left == {
        ("uco-types:Hash", "MD5"): 1,
        ("uco-observable:ContentDataFacet", "uco-observable:sizeInBytes"): 1,
    }


def test_a_person_of_a_partner_is_counted_and_never_named() -> None:
    person = {"@id": "kb:p", "@type": "uco-identity:Person", "uco-core:name": "Jane Doe"}
    name = _NAME | {"uco-core:createdBy": {"@id": "kb:p"}}
    reading = _read(_foreign(person, name))
    assert [loss.noun for loss in reading.left_out] == ["uco-identity:Person"]
    assert "Jane Doe" not in repr(reading.package)


def test_what_is_not_known_is_counted() -> None:
    account = {"@id": "kb:a", "@type": "uco-observable:EmailAccount", "uco-core:name": "x"}
    name = _NAME | {"uco-observable:state": "up"}
    joined = _JOINED | {"@id": "kb:joined-2", "uco-core:target": {"@id": "kb:a"}}
    reading = _read(_foreign(account, name, joined))
    assert {(loss.noun, loss.field) for loss in reading.left_out} == {
        ("uco-observable:EmailAccount", "*"),
        ("uco-observable:ObservableObject", "uco-observable:state"),
        ("uco-core:Relationship", "of what is left out"),
    }
    assert reading.package.relations == ()


def test_relations_may_form_a_circle() -> None:
    back = _JOINED | {
        "@id": "kb:joined-2",
        "uco-core:source": {"@id": "kb:address-1"},
        "uco-core:target": {"@id": "kb:name-1"},
    }
    assert len(_read(_foreign(_NAME, _ADDRESS, _JOINED, back)).package.relations) == 2


def test_facets_that_contain_each_other_end() -> None:
    one, other = ({**_NAME, "@id": f"kb:{name}"} for name in ("one", "other"))
    one["uco-core:hasFacet"], other["uco-core:hasFacet"] = {"@id": "kb:other"}, {"@id": "kb:one"}
    with pytest.raises(InputError, match="kb/other is not defined"):
        _read(_foreign(one, other))


@pytest.mark.parametrize(
    ("statement", "tlp"),
    [
        ("TLP:WHITE", Tlp.CLEAR),
        ("TLP:GREEN", Tlp.GREEN),
        ("TLP:AMBER", Tlp.AMBER_STRICT),
        ("tlp:amber+strict", Tlp.AMBER_STRICT),
        ("TLP:RED", Tlp.RED),
    ],
)
def test_a_partners_tlp_is_read_as_the_stricter_version(statement: str, tlp: Tlp) -> None:
    (item,) = _read(_foreign(*_marked(statement))).package.items
    assert item.marking.tlp is tlp


def test_the_pap_of_a_partner_follows_from_the_tlp_or_from_the_import() -> None:
    graph = _foreign(*_marked("TLP:RED"))
    (item,) = _read(graph, Assumed(by="partner", at=_ASSUMED.at)).package.items
    assert item.marking == Marking(tlp=Tlp.RED, pap=Pap.RED)


def _set(kind: str, name: str, value: object) -> Callable[[Graph], None]:
    def alter(graph: Graph) -> None:
        _node(graph, kind)[name] = value

    return alter


def _say(kind: str, name: str, value: object) -> Callable[[Graph], None]:
    def alter(graph: Graph) -> None:
        _saying(_node(graph, kind))[name] = value

    return alter


def _twice(graph: Graph) -> None:
    graph["@graph"].append(_node(graph, "cautery:Host") | {"uco-core:name": "another"})


def _other_bytes(graph: Graph) -> None:
    content = _node(graph, "cautery:ExhibitContent")
    _saying(content)["uco-observable:dataPayload"] = "b3RoZXI="


def _other_digest(graph: Graph) -> None:
    first, second = (n for n in graph["@graph"] if "cautery:ExhibitContent" in n["@type"])
    _node(graph, "cautery:Exhibit")["uco-core:object"] = [{"@id": first["@id"]}]
    if _saying(first)["uco-observable:hash"][0]["uco-types:hashValue"]["@value"] in str(
        _node(graph, "cautery:Exhibit")["case-investigation:exhibitNumber"]
    ):
        _node(graph, "cautery:Exhibit")["uco-core:object"] = [{"@id": second["@id"]}]


def _without_pap(graph: Graph) -> None:
    for node in graph["@graph"]:
        if "cautery:Marking" in node["@type"]:
            node["uco-marking:definition"] = node["uco-marking:definition"][:1]


@pytest.mark.parametrize(
    ("alter", "sentence"),
    [
        (_without_pap, "its statement is missing"),
        (_set("cautery:Relation", "uco-core:target", {"@id": "kb:gone"}), "not in the file"),
        (_twice, "defined twice, in two ways"),
        (
            _set(
                "cautery:Block",
                "uco-action:endTime",
                {"@type": "xsd:dateTime", "@value": "2020-01-01T00:00:00Z"},
            ),
            "its valid_until is before its valid_from",
        ),
        (_set("cautery:Block", "uco-action:endTime", None), "a block needs an end"),
        (_set("cautery:Host", "uco-core:objectMarking", {"@id": "kb:gone"}), "is not defined"),
        (_set("cautery:Host", "uco-core:objectMarking", None), "objectMarking: it is missing"),
        (_set("cautery:Host", "uco-core:objectMarking", {"@id": "kb:facet"}), "is not defined"),
        (
            _set("cautery:Host", "uco-core:objectCreatedTime", "9999-12-31T23:59:59-05:00"),
            "outside of the calendar",
        ),
        (_set("cautery:Host", "uco-core:objectCreatedTime", "2026-01-01T00:00:00"), "no time zone"),
        (_set("cautery:Host", "uco-core:objectCreatedTime", "31.01.2026"), "is not a time"),
        (_set("cautery:Host", "uco-core:name", "\ud800"), "half a character"),
        (_set("cautery:Host", "uco-core:name", ["a", "b"]), "it has several values"),
        (_set("cautery:Panel", "cautery:subject", "x" * 1_000_000), "has over 4096 characters"),
        (_say("cautery:Stream", "cautery:finding", "guilty"), "is none of proven"),
        (_say("cautery:Stream", "cautery:log10LikelihoodRatio", "INF"), "inf is not"),
        (_say("cautery:CriminalNetwork", "cautery:probability", 1.5), "not a probability"),
        (_say("cautery:PersonOfInterest", "cautery:personCategory", None), "needs a category"),
        (_say("cautery:Block", "cautery:revoked", "perhaps"), "neither true nor false"),
        (_set("cautery:Block", "cautery:subject", "198.51.100.10"), "and the object 198.51.100.10"),
        (_other_bytes, "its bytes are sha256:"),
        (_other_digest, "its SHA-256 is sha256:"),
        (_set("cautery:Package", "cautery:packageId", None), "packageId: it is missing"),
    ],
)
def test_a_graph_of_ours_that_was_altered_is_refused(
    alter: Callable[[Graph], None], sentence: str
) -> None:
    graph = _ours()
    alter(graph)
    with pytest.raises(InputError, match=f"^partner.jsonld: .*{sentence}"):
        _read(graph)


@pytest.mark.parametrize(
    ("graph", "sentence"),
    [
        (_foreign(_NAME, context="https://evil.example/context.json"), "its @context is at"),
        (_foreign(_NAME, context=[_UCO, "https://evil.example/"]), "its @context is at"),
        (_foreign(_NAME, context={"x": {"@id": "y:z", "@container": "@list"}}), "is not read"),
        (_foreign(_NAME, context={"@import": "https://evil.example/"}), "is not read"),
        ({"@graph": [_NAME]}, "it has no @context"),
        ([_NAME], "expanded form"),
        (_foreign(_NAME | {"uco-core:name": {"@list": ["a"]}}), "an ordered list"),
        (_foreign(_NAME | {"@graph": []}), "a graph in a graph"),
        (_foreign(_NAME | {"@reverse": {}}), "a reversed property"),
        (_foreign(_NAME, {**_NAME, "@type": "uco-observable:DomainName"}), "defined twice"),
        (_foreign(_NAME, _JOINED), "not in the file"),
        (_foreign(*_marked("TLP:AMBER", "TLP:RED")), "one TLP, not AMBER and RED"),
        (_foreign(*_marked("TLP:MAUVE")), "no level of TLP"),
        (_foreign(*_marked("for eyes of the board")), "does not know the marking"),
        (_foreign(*_marked("TLP:RED", **{"uco-marking:x": 1})), "does not know what"),
        (_foreign(_marked("TLP:RED")[1]), "kb/marking-1 is not defined"),
        (b'{"@context": {}, "@graph": [', "no JSON at character"),
        (b'{"@context": {}, "@context": {}}', "stands twice"),
        (b'{"@context": {}, "@graph": [{"@id": "a", "@id": "b"}]}', "stands twice"),
        (b'{"@context": {}, "@graph": [{"a": NaN}]}', "no JSON"),
        (b'{"@context": {}, "@graph": [' + b'{"a":' * 90_000, "nested too deeply|no JSON"),
        (b'{"@context": {}, "@graph": [' + b'{"a":' * 80 + b"1" + b"}" * 80 + b"]}", "deep"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"", "no JSON"),
    ],
)
def test_a_partners_graph_that_cannot_be_read_is_refused(graph: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        _read(graph)
    assert str(refused.value).startswith("partner.jsonld: ")


def test_without_a_marking_nothing_is_read() -> None:
    with pytest.raises(InputError, match="it bears no marking"):
        _read(_foreign(_NAME), Assumed(by="partner", at=_ASSUMED.at))


def test_one_object_with_two_markings_that_disagree_is_refused() -> None:
    red, name = _marked("TLP:RED")
    green = {**_marked("TLP:GREEN")[0], "@id": "kb:marking-2"}
    green["uco-marking:definition"] = [
        {**green["uco-marking:definition"][0], "@id": "kb:statement-9"}
    ]
    name["uco-core:objectMarking"] = [{"@id": "kb:marking-1"}, {"@id": "kb:marking-2"}]
    with pytest.raises(InputError, match="one object has one TLP"):
        _read(_foreign(red, green, name))


def test_two_objects_of_one_name_are_one_item_under_the_stricter_marking() -> None:
    red, marked = _marked("TLP:RED")
    plain = {**_NAME, "@id": "kb:name-2", "uco-core:hasFacet": [
        {**_NAME["uco-core:hasFacet"][0], "@id": "kb:facet-9"}
    ]}  # fmt: skip
    reading = _read(_foreign(plain, red, marked))
    (item,) = reading.package.items
    assert item.marking.tlp is Tlp.RED
    assert [(loss.noun, loss.field) for loss in reading.left_out] == [
        ("uco-observable:ObservableObject", "said again")
    ]


def test_a_graph_of_ours_with_what_we_do_not_know_says_so() -> None:
    graph = _ours()
    _node(graph, "cautery:Host")["uco-core:tag"] = "new"
    _saying(_node(graph, "cautery:Host"))["cautery:unheardOf"] = "x"
    reading = _read(graph)
    assert reading.package == sample_package()
    assert {(loss.noun, loss.field) for loss in reading.left_out} == {
        ("cautery:Host", "uco-core:tag"),
        ("cautery:Host", "cautery:unheardOf"),
    }


def test_a_time_at_the_end_of_the_calendar_is_read() -> None:
    graph = _ours()
    end = {"@type": "xsd:dateTime", "@value": "9999-12-31T23:59:59.999999Z"}
    for block in (node for node in graph["@graph"] if "cautery:Block" in node["@type"]):
        block["uco-action:endTime"] = end
    blocks = [item for item in _read(graph).package.items if item.kind is ItemKind.BLOCK]
    assert {block.valid_until for block in blocks} == {datetime.max.replace(tzinfo=UTC)}
