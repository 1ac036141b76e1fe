"""Ids of foreign origin are checked where they become a noun: one word that does no harm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    LedCategory,
    Marking,
    Operation,
    Pap,
    Person,
    Statement,
    StatementKind,
    Tlp,
    ids,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MARKING = Marking(tlp=Tlp.GREEN, pap=Pap.RED)
NO_IDS = [
    "",
    " ",
    ".",
    "..",
    "../../../../x",
    "..\\..\\x",
    "/etc/passwd",
    "a/b",
    "C:x",
    "a b",
    "a\nb",
    "a\x00b",
    "a\x1b[31m",
    "a\u202eb",
    "a\u200bb",
    "\ud800",
    "Ⅷ",
    "é",
    "-rf",
    "a" * 5000,
]


def agency(told: str) -> Agency:
    return Agency(
        id=told,
        name="Test",
        country="IT",
        role=AgencyRole.LEAD,
        competence=frozenset({Competence.SEARCH}),
        contact="desk",
    )


def operation(told: str) -> Operation:
    return Operation(
        id=told,
        name="Test",
        agencies=(agency("it-postal"),),
        legal_basis="a court's order",
        opened_at=NOON,
    )


def statement(**more: Any) -> Statement:
    return Statement(
        **{
            "id": "a" * 32,
            "by": "it-postal",
            "subject": "host:a.example",
            "about": "asset",
            "text": "it is",
            "kind": StatementKind.FACT,
            "marking": MARKING,
            "at": NOON,
            **more,
        }
    )


def person(told: str) -> Person:
    return Person(
        pseudonym=told,
        category=LedCategory.SUSPECT,
        kind=StatementKind.FACT,
        role="reseller",
        marking=MARKING,
        review_at=date(2027, 1, 1),
        erase_at=date(2028, 1, 1),
    )


NOUNS: dict[str, Callable[[str], object]] = {
    "agency": agency,
    "operation": operation,
    "statement": lambda told: statement(id=told),
    "provider": lambda told: statement(by=told),
    "recipient": lambda told: statement(to=frozenset({told})),
    "exhibit": lambda told: statement(exhibits=(told,)),
    "kind": lambda told: statement(about=told),
    "person": person,
}


@pytest.mark.parametrize("told", NO_IDS)
@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_no_id_becomes_no_noun(noun: str, told: str) -> None:
    with pytest.raises(InputError):
        NOUNS[noun](told)


@pytest.mark.parametrize(
    "told", ["", "  ", "host:a\nb", "host:a\x00", "host:a\u202eb", "host:\ud800", "x" * 1025]
)
def test_a_subject_is_one_printable_line(told: str) -> None:
    with pytest.raises(InputError, match="one printable line"):
        statement(subject=told)


@given(st.text())
def test_an_id_that_passes_is_a_name_of_a_file_in_its_folder_and_nothing_else(told: str) -> None:
    try:
        ids.check_id("statement", told)
    except InputError:
        return
    assert told.isascii()
    assert told not in {".", ".."}
    assert not set(told) & set("/\\: \n\x00")


def test_the_words_of_a_refusal_show_no_character_of_the_refused_id_as_it_is() -> None:
    with pytest.raises(InputError) as caught:
        statement(id="a\u202e\x1b[31m")
    assert "\u202e" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
