"""XML is made of elements: whatever a text holds, it is read back as that text and no markup."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model.forms import Filled, fill, form_of
from cautery.workflows.forms.as_xml import xml_of

FIELDS: list[dict[str, Any]] = [
    {"name": "number", "kind": "text", "path": "head/@number"},
    {"name": "court", "kind": "text", "path": "head/court"},
    {"name": "names", "kind": "names", "path": "list/x:name"},
    {"name": "urgent", "kind": "yes-no", "path": "list/urgent"},
    {"name": "note", "kind": "text", "mandatory": False},
    {
        "name": "persons",
        "kind": "table",
        "path": "persons/person",
        "mandatory": False,
        "columns": [
            {"name": "role", "label": {"en": "Role"}, "path": "@role"},
            {"name": "name", "label": {"en": "Name"}, "path": "name/full"},
            {"name": "words", "label": {"en": "Words"}, "path": "."},
        ],
    },
]
ANSWERS = {
    "number": "7",
    "court": "C",
    "names": ["a.example", "b.example"],
    "urgent": True,
    "persons": [{"role": "suspect", "name": "A"}, {"role": "witness", "name": "B"}],
}


def filled(answers: dict[str, Any], **xml: Any) -> Filled:
    tables = {
        "title": {"en": "Ticket"},
        "country": "IT",
        "body": "Office",
        "purpose": {"en": "to tell"},
        "issued_by": "police",
        "regimes": ["led"],
        "formats": ["xml"],
        "verified": False,
        "source": {"text": "a text", "read": "2026-11-30"},
        "xml": {
            "root": "message",
            "namespace": "urn:example",
            "prefixes": {"x": "urn:extra"},
            "attributes": {"version": "1.0"},
        }
        | xml,
        "field": [{"label": {"en": field["name"]}, "from": "answers"} | field for field in FIELDS],
    }
    return fill(form_of(tables, id_="it/xml"), {}, answers)


def test_each_field_stands_at_its_path_in_its_namespace() -> None:
    root = ET.fromstring(xml_of(filled(ANSWERS)))
    assert root.tag == "{urn:example}message"
    assert root.get("version") == "1.0"
    assert [child.tag.partition("}")[2] for child in root] == ["head", "list", "persons"]
    assert root[0].get("number") == "7"
    assert root.findtext("{urn:example}head/{urn:example}court") == "C"
    assert [name.text for name in root[1].findall("{urn:extra}name")] == ["a.example", "b.example"]
    assert root[1].findtext("{urn:example}urgent") == "true"
    assert [person.get("role") for person in root[2]] == ["suspect", "witness"]
    assert root[2][1].findtext("{urn:example}name/{urn:example}full") == "B"


def test_the_namespace_of_the_form_is_the_default_of_the_document() -> None:
    lines = xml_of(filled(ANSWERS)).decode().splitlines()
    assert lines[0] == "<?xml version='1.0' encoding='utf-8'?>"
    assert lines[1] == '<message xmlns="urn:example" xmlns:x="urn:extra" version="1.0">'


def test_a_form_without_a_namespace_has_plain_names() -> None:
    root = ET.fromstring(xml_of(filled(ANSWERS, namespace=None)))
    assert root.tag == "message"


def test_a_draft_says_so_in_a_comment_that_no_text_can_end() -> None:
    text = xml_of(filled(ANSWERS | {"court": ""})).decode()
    assert "<!-- DRAFT, not to be used: 1 field is missing or wrong: court -->" in text
    assert "DRAFT" not in xml_of(filled(ANSWERS)).decode()


def test_a_prefix_without_a_namespace_is_refused() -> None:
    with pytest.raises(InputError, match="prefix 'x' has no namespace"):
        xml_of(filled(ANSWERS, prefixes={}))


@given(court=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_whatever_is_answered_is_text_and_no_markup(court: str) -> None:
    document = xml_of(filled(ANSWERS | {"court": court}))
    root = ET.fromstring(document)
    assert len(root) <= 3
    assert [child.tag for child in root[0]] in ([], ["{urn:example}court"])


def test_markup_and_entities_come_back_as_they_were() -> None:
    evil = '</court><court>&amp;"]]><!ENTITY x SYSTEM "file:///etc/passwd">'
    root = ET.fromstring(xml_of(filled(ANSWERS | {"court": evil})))
    assert root.findtext("{urn:example}head/{urn:example}court") == evil
