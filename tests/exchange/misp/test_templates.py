import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pymisp
import pytest
from hypothesis import HealthCheck, given, settings
from pymisp import MISPEvent
from tests.exchange.packages import packages, sample_package
from tests.exchange.validators import MISP_SCHEMA, MISP_TYPES, misp_faults

from cautery.exchange.misp import FORMAT
from cautery.model.exchange import Package
from cautery.model.graph import Role

HERE = Path(str(files("cautery.exchange.misp")))
UPSTREAM = Path(pymisp.__file__).parent / "data"
OBJECTS = sorted((HERE / "objects").glob("*/definition.json"))
TAXONOMIES = sorted((HERE / "taxonomies").glob("*/machinetag.json"))

_TEXT = {"type": "string", "minLength": 1}
_WORD = {
    "value": _TEXT,
    "expanded": _TEXT,
    "description": _TEXT,
    "colour": _TEXT,
    "uuid": _TEXT,
    "numerical_value": {"type": "number"},
}


def _table(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": of}


TAXONOMY = _table(
    {
        "namespace": _TEXT,
        "expanded": _TEXT,
        "description": _TEXT,
        "version": {"type": "integer"},
        "uuid": _TEXT,
        "exclusive": {"type": "boolean"},
        "type": _list({"enum": ["org", "user", "attribute", "event"]}),
        "refs": _list(_TEXT),
        "predicates": _list(_table({**_WORD, "exclusive": {"type": "boolean"}}, "value")),
        "values": _list(
            _table(
                {"predicate": _TEXT, "uuid": _TEXT, "entry": _list(_table(_WORD, "value"))},
                "predicate",
            )
        ),
    },
    *("namespace", "description", "version", "predicates"),
)
"""As misp-taxonomies' ``schema.json`` of August 2026, where ``required`` is meant."""


def test_there_are_templates_and_taxonomies() -> None:
    assert (len(OBJECTS), len(TAXONOMIES)) == (18, 2)


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.parent.name)
def test_a_template_passes_the_check_of_misp_objects(path: Path) -> None:
    definition = json.loads(path.read_text())

    jsonschema.Draft4Validator(MISP_SCHEMA).validate(definition)

    assert definition["name"] == path.parent.name
    assert UUID(definition["uuid"]).version == 5
    named = {*definition.get("required", ()), *definition.get("requiredOneOf", ())}
    assert named
    assert named <= definition["attributes"].keys()


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.parent.name)
def test_a_template_has_types_and_categories_that_misp_knows(path: Path) -> None:
    for attribute in json.loads(path.read_text())["attributes"].values():
        kind = attribute["misp-attribute"]
        assert kind in MISP_TYPES["types"]
        for category in attribute.get("categories", ()):
            assert kind in MISP_TYPES["category_type_mappings"][category]


def test_no_template_has_the_name_or_uuid_of_one_of_misps() -> None:
    upstream = list((UPSTREAM / "misp-objects" / "objects").glob("*/definition.json"))
    names = {path.parent.name for path in upstream}
    uuids = {json.loads(path.read_text())["uuid"] for path in (*upstream, *OBJECTS)}

    assert names.isdisjoint(path.parent.name for path in OBJECTS)
    assert len(uuids) == len(upstream) + len(OBJECTS)


@pytest.mark.parametrize("path", TAXONOMIES, ids=lambda path: path.parent.name)
def test_a_taxonomy_keeps_the_rules_of_misp_taxonomies(path: Path) -> None:
    taxonomy = json.loads(path.read_text())

    jsonschema.Draft4Validator(TAXONOMY).validate(taxonomy)

    assert taxonomy["namespace"] == path.parent.name
    predicates = {predicate["value"] for predicate in taxonomy["predicates"]}
    assert {value["predicate"] for value in taxonomy["values"]} <= predicates


def test_each_role_of_the_supply_is_in_the_taxonomy() -> None:
    taxonomy = json.loads((HERE / "taxonomies" / "iptv-supply" / "machinetag.json").read_text())

    (roles,) = taxonomy["values"]

    assert {entry["value"] for entry in roles["entry"]} == {str(role) for role in Role}


def test_every_object_of_a_case_passes_the_check_of_its_template() -> None:
    raw = b"".join(FORMAT.write(sample_package()))

    assert misp_faults(raw) == []
    named = {found["name"] for found in json.loads(raw)["Event"]["Object"]}
    assert named == {path.parent.name for path in OBJECTS}


@given(packages())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_object_of_any_package_passes_the_check_of_its_template(package: Package) -> None:
    assert misp_faults(b"".join(FORMAT.write(package))) == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("value", "of no list"),
        ("type", "domain"),
        ("category", "Targeting data"),
        ("object_relation", "x"),
    ],
)
def test_the_check_notices_what_no_template_has(member: str, value: str) -> None:
    event = json.loads(b"".join(FORMAT.write(sample_package())))
    listed = (
        attribute
        for found in event["Event"]["Object"]
        for attribute in found["Attribute"]
        if attribute["object_relation"] == "lever"
    )
    next(listed)[member] = value

    assert misp_faults(json.dumps(event).encode())


def test_each_attribute_has_a_value_that_misp_takes_as_it_is() -> None:
    event = MISPEvent()
    event.load(b"".join(FORMAT.write(sample_package())))

    for found in event.objects:
        for attribute in found.attributes:
            value = attribute.value
            assert not isinstance(value, str) or (value and value == value.strip())
            assert not isinstance(value, str) or not re.search("[\U00010000-\U0010ffff]", value)
