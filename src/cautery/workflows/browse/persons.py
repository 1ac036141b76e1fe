"""The persons of one case, looked for by what its records say of them: a name stands in none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cautery.model import Entry
from cautery.model.records import (
    PersonOutcome,
    PersonRegistered,
    PersonReviewed,
    kinds_of,
)
from cautery.pages.room.persons import CasePerson, OutcomeLine, PersonPaper, PersonsView
from cautery.projections.kept import MOST_LINES, Asked
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept
from cautery.workflows.browse.operations import Operations
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.outcomes import outcomes
from cautery.workflows.operation.papers import papers
from cautery.workflows.operation.persons_now import persons_now

MOST_PERSONS = 200
"""Persons of a page. Judgement: who looks for one writes a word more."""
_MOST_ENTRIES = 20_000
_OF_PERSONS = kinds_of(PersonRegistered, PersonReviewed)


def persons_view(cases: Cases, operations: Operations, id: str, words: str) -> PersonsView:
    """Return the persons of a case whose entry has all of some words.

    Of those shown it says what was decided on each, and which papers name the person.

    Raises
    ------
    AbsentError
        If there is no such case.
    """
    with cases.case(id) as case:
        head, persons = head_of(case, now=cases.clock.now()), _persons(case)
    parts = words.casefold().split()
    matches = [person for person in persons if all(part in _words_of(person) for part in parts)]
    page = tuple(matches[:MOST_PERSONS])
    if page:
        with operations.table(cases, id, None) as table:
            file = PersonFile.of(table.desk, cases.custody(table.desk.case.path))
            page = _afterwards(file, page)
    return PersonsView(
        head=head,
        words=words,
        rows=page,
        count=len(persons),
        more=len(matches) > MOST_PERSONS,
    )


def _persons(case: Kept) -> list[CasePerson]:
    persons: dict[str, CasePerson] = {}
    for entry in _entries(case):
        match entry.content:
            case PersonRegistered(person=person):
                persons[person.pseudonym] = CasePerson(
                    record=entry.index,
                    pseudonym=person.pseudonym,
                    category=person.category.value,
                    kind=person.kind.value,
                    role=person.role,
                    country=person.country,
                    marking=f"{person.marking.tlp}, {person.marking.pap}",
                    review_at=person.review_at,
                    erase_at=person.erase_at,
                    erased_at=None,
                )
            case PersonReviewed(pseudonym=pseudonym, review_at=at) if pseudonym in persons:
                persons[pseudonym] = replace(persons[pseudonym], review_at=at)
    return [*persons.values()]


def _afterwards(file: PersonFile, persons: tuple[CasePerson, ...]) -> tuple[CasePerson, ...]:
    """Return persons with what came later: outcomes, erasures after the closing, and papers."""
    decided = outcomes(file)
    erased = {kept.person.pseudonym: kept.erased_at for kept in persons_now(file)}
    papers_by_person: dict[str, list[PersonPaper]] = {}
    for paper in papers(file):
        for pseudonym in paper.persons:
            row = PersonPaper(
                kind=paper.kind.value,
                title=paper.title,
                at=paper.at,
                to=paper.to,
                erased_on=paper.marked.get(pseudonym),
            )
            papers_by_person.setdefault(pseudonym, []).append(row)
    return tuple(
        replace(
            person,
            outcome=_outcome(decided.get(person.pseudonym)),
            erased_at=erased.get(person.pseudonym),
            papers=tuple(papers_by_person.get(person.pseudonym, ())),
        )
        for person in persons
    )


def _outcome(outcome: PersonOutcome | None) -> OutcomeLine | None:
    if outcome is None:
        return None
    return OutcomeLine(
        outcome=outcome.outcome.value,
        on=outcome.on,
        court=outcome.court,
        reference=outcome.reference,
    )


def _entries(case: Kept) -> Iterator[Entry]:
    """Yield the records about persons, the first ones first."""
    after = 0
    for _ in range(_MOST_ENTRIES // MOST_LINES):
        question = Asked(kinds=_OF_PERSONS, after=after, limit=MOST_LINES, counted=False)
        page = case.lists().whole(question).rows
        if not page:
            return
        yield from reversed(page)
        after = page[0].index


def _words_of(person: CasePerson) -> str:
    values = (person.pseudonym, person.category, person.role, person.country or "")
    return " ".join(values).casefold()
