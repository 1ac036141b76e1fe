"""Tests of the page that explains a mandate file."""

from __future__ import annotations

import re

import pytest

import docs
from cautery.workflows.mandate.read import mandate_schema

KEYS = [
    (table, key, value.get("description", ""))
    for table, shape in mandate_schema()["$defs"].items()
    for key, value in shape.get("properties", {}).items()
]


@pytest.mark.parametrize(("table", "key", "sentence"), KEYS)
def test_each_key_has_one_sentence(table: str, key: str, sentence: str) -> None:
    assert sentence.endswith("."), f"{table}.{key} has no sentence"
    assert len(sentence.split()) > 3, f"{table}.{key}: {sentence!r} explains nothing"
    assert not re.search(r"[.!?] [A-Z]", sentence), f"{table}.{key} has two sentences"


def test_each_table_says_what_it_is_and_each_key_what_it_means() -> None:
    page = docs.mandate_page()
    rows = re.findall(r"^\| `\w+` \|(.*)\|$", page, re.MULTILINE)
    assert len(rows) == len(KEYS)
    assert all(row.rsplit("|", 1)[1].strip() for row in rows)
    parts = page.split("\n## ")[1:]
    assert len(parts) == len(mandate_schema()["properties"])
    assert all(re.match(r"`\[+\w+\]+`\n\n[A-Z].*\.\n\n\|", part) for part in parts)


def test_the_protocol_of_lists_has_a_link() -> None:
    assert "by HTTP PUT, as [block-list.md](block-list.md) describes" in docs.mandate_page()
