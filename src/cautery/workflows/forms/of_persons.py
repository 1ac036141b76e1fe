"""Gather the persons whom a paper is to name; each name that is read is logged."""

from __future__ import annotations

from collections.abc import Callable

from cautery.errors import ErasedError, InputError
from cautery.messages import word
from cautery.model import Agency, Statement
from cautery.model.forms import Fact, Form
from cautery.model.marking import strictest
from cautery.model.records import PersonRegistered
from cautery.operation.sharing import advises_only
from cautery.workflows.forms.chosen import About
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.papers import persons_in_statement
from cautery.workflows.operation.persons import kept_persons, name_of

Facts = dict[str, Fact]
NAMED = "person.named"


def unspoken(desk: Desk) -> Callable[[Statement], bool]:
    """Return what tells whether a statement names a person of this case whose name is erased.

    Such a statement is on no new paper: the person was acquitted, or the time is over.
    """
    pseudonyms = frozenset(
        person.person.pseudonym for person in kept_persons(desk) if person.erased_at is not None
    )
    return lambda statement: bool(pseudonyms and persons_in_statement(statement, pseudonyms))


def person_facts(desk: Desk, form: Form, recipient: Agency | None, about: About) -> Facts:
    """Return the persons whom a paper is to name, with name and category (art. 6).

    Raises
    ------
    InputError
        If the form names nobody, a person is unknown or erased, the recipient only advises, or
        nobody is named who reads the names.
    """
    if not about.persons:
        return {}
    if all(form_field.from_ != NAMED for form_field in form.fields):
        raise InputError(f"the form {form.id} names no person", hint="Leave out --person.")
    if recipient is not None and advises_only(recipient):
        raise InputError(f"{recipient.id} only advises: no paper tells it of a person")
    reader = about.require_reader("reading a name")
    persons = {person.person.pseudonym: person for person in kept_persons(desk)}
    entries = {
        registered.person.pseudonym: entry for entry, registered in desk.contents(PersonRegistered)
    }
    for pseudonym in about.persons:
        if pseudonym not in persons:
            raise InputError(
                f"this case has no person {pseudonym[:40]!r}", hint="cautery operation person list"
            )
        if persons[pseudonym].erased_at is not None:
            raise InputError(f"{pseudonym}: the name is erased, so no paper can name this person")
    rows = []
    for pseudonym in dict.fromkeys(about.persons):
        person = persons[pseudonym].person
        try:
            name = name_of(desk, pseudonym, why=reader.why, who=reader.who, at=about.at)
        except ErasedError as error:
            raise InputError(
                f"{pseudonym}: the name is erased, so no paper can name this person"
            ) from error
        rows.append(
            {
                "name": name,
                "pseudonym": pseudonym,
                "category": word(person.category),
                "kind": word(person.kind),
                "role": person.role,
                "country": person.country or "",
            }
        )
    marking = strictest(persons[pseudonym].person.marking for pseudonym in about.persons)
    records = tuple(sorted(entries[pseudonym].index for pseudonym in set(about.persons)))
    return {NAMED: Fact(value=tuple(rows), records=records, marking=marking)}
