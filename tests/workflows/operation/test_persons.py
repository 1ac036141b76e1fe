"""Persons: a name stands in no record, and erasing it leaves every proof standing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cautery.errors import ErasedError, InputError
from cautery.model import Marking, Pap, Person, StatementKind, Tlp
from cautery.model.operation import LedCategory
from cautery.model.records import PersonNamed
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.outcomes import due_now, erase_person
from cautery.workflows.operation.persons import (
    kept_persons,
    name_of,
    pseudonym_at,
    register_person,
    review_person,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOON.date()
NAME = "Assunta Quaglia"

Desks = Callable[..., Desk]


def person(**changed: Any) -> Person:
    return Person(
        **{
            "pseudonym": "P-00aa11bb22cc",
            "category": LedCategory.SUSPECT,
            "kind": StatementKind.ASSESSMENT,
            "role": "super reseller",
            "marking": Marking(tlp=Tlp.AMBER, pap=Pap.RED),
            "review_at": TODAY + timedelta(90),
            "erase_at": TODAY + timedelta(400),
            **changed,
        }
    )


def every_byte(desk: Desk) -> bytes:
    return b"".join(one.read_bytes() for one in desk.case.path.rglob("*") if one.is_file())


def test_the_name_lies_in_no_byte_of_the_case_and_is_read_with_the_key(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    register_person(rome, NAME, person(pseudonym=pseudonym_at(rome, NAME)))
    assert b"Quaglia" not in every_byte(rome)
    (kept,) = kept_persons(rome)
    read = name_of(rome, kept.person.pseudonym, why="warrant 3", who="A. Officer")
    assert read == NAME
    assert [(named.why, named.who) for _, named in rome.contents(PersonNamed)] == [
        ("warrant 3", "A. Officer")
    ]


def test_an_erased_name_is_unreadable_and_the_closed_case_verifies(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    kept = register_person(rome, NAME, person())
    other = register_person(rome, "Bruno Celentani", person(pseudonym="P-1122"))
    ciphertext = rome.case.vault.read(kept.exhibit)
    done = erase_person(
        PersonFile.of(rome), kept.person.pseudonym, by="A. Officer", why="acquitted", at=NOON
    )
    assert done.keys == 1
    with pytest.raises(ErasedError):
        name_of(rome, kept.person.pseudonym, why="x", who="y")
    assert rome.case.vault.read(kept.exhibit) == ciphertext
    assert name_of(rome, other.person.pseudonym, why="x", who="y") == "Bruno Celentani"
    close_case(rome.case, at=NOON)
    verified = verify_case(rome.case.path, store=rome.case.store)
    assert verified.exhibits == 2
    assert verified.named == 2


def test_a_person_erased_after_the_case_was_closed_leaves_it_as_it_was_signed(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    kept = register_person(rome, NAME, person())
    close_case(rome.case, at=NOON)
    before = verify_case(rome.case.path, store=rome.case.store)
    rome.case.vault.erase(f"person:{kept.person.pseudonym}")
    with pytest.raises(ErasedError):
        rome.case.vault.open(kept.exhibit, subject=f"person:{kept.person.pseudonym}")
    assert verify_case(rome.case.path, store=rome.case.store) == before


def test_a_person_without_category_is_refused_by_the_article() -> None:
    with pytest.raises(InputError, match=r"art\. 6"):
        person(category=None)


@pytest.mark.parametrize(
    ("name", "changed", "rule"),
    [
        (" ", {}, "characters"),
        (NAME, {"pseudonym": "quaglia-1"}, "contains the name"),
        (NAME, {"pseudonym": "P 1"}, "letters, digits and dashes"),
        (NAME, {"role": "Quaglia's cousin"}, "role contains the name"),
        (NAME, {"role": "a\x1b[31m"}, "one line"),
        (NAME, {"country": "Italy"}, "not an ISO 3166-1"),
        (NAME, {"review_at": TODAY - timedelta(1)}, "has passed"),
        (NAME, {"review_at": TODAY + timedelta(366)}, "more than a year"),
    ],
)
def test_what_the_law_does_not_let_us_keep_is_refused(
    agency_desk: Desks, name: str, changed: dict[str, Any], rule: str
) -> None:
    rome = agency_desk("it-postal")
    with pytest.raises(InputError, match=rule):
        register_person(rome, name, person(**changed))
    assert kept_persons(rome) == ()


def test_a_person_is_kept_once(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    register_person(rome, NAME, person())
    with pytest.raises(InputError, match="already in the case"):
        register_person(rome, NAME, person())


def test_those_whose_date_has_come_are_listed_until_reviewed_or_erased(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    for number, (review, erase) in enumerate([(5, 300), (5, 9), (200, 300)]):
        register_person(
            rome,
            NAME,
            person(
                pseudonym=f"P-{number:03}",
                review_at=TODAY + timedelta(review),
                erase_at=TODAY + timedelta(erase),
            ),
        )
    day = TODAY + timedelta(10)
    assert [
        (one.what, one.person.pseudonym) for one in due_now(PersonFile.of(rome), today=day)
    ] == [
        ("erase", "P-001"),
        ("review", "P-000"),
    ]
    review_person(rome, "P-000", review_at=date(2027, 3, 1), why="trial pending")
    erase_person(PersonFile.of(rome), "P-001", by="A. Officer", why="its date has come", at=NOON)
    assert due_now(PersonFile.of(rome), today=day) == ()


@pytest.mark.parametrize("ahead", [-1, 0, 401])
def test_a_review_moves_no_date_past_erasure(agency_desk: Desks, ahead: int) -> None:
    rome = agency_desk("it-postal")
    register_person(rome, NAME, person())
    with pytest.raises(InputError, match="next review"):
        review_person(rome, "P-00aa11bb22cc", review_at=TODAY + timedelta(ahead), why="x")


def test_one_name_has_one_pseudonym_at_a_desk_and_another_at_another(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    assert pseudonym_at(rome, NAME) == pseudonym_at(rome, "  ASSUNTA  quaglia ")
    assert pseudonym_at(rome, NAME) != pseudonym_at(sofia, NAME)


def test_nobody_erases_a_name_without_saying_why(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    register_person(rome, NAME, person())
    with pytest.raises(InputError, match="needs a reason"):
        erase_person(PersonFile.of(rome), "P-00aa11bb22cc", by="A. Officer", why=" ", at=NOON)
    assert name_of(rome, "P-00aa11bb22cc", why="x", who="y") == NAME


def test_nobody_reads_a_name_without_saying_why(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    register_person(rome, NAME, person())
    with pytest.raises(InputError, match=r"art\. 25"):
        name_of(rome, "P-00aa11bb22cc", why=" ", who="A. Officer")
