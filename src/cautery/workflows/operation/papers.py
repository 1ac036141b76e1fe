"""The papers that name a person: which there are, who was given them, and which are marked.

Bundles, drafts of instruments and plans of a day are found in the records of the case. Whoever
writes another paper that names a person registers it (:func:`register_paper`). A court's dossier
holds the whole case, so it names everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from cautery.cells import escaped
from cautery.errors import InputError
from cautery.evidence.custody import CustodyAct, CustodyLine
from cautery.model import DayPlan, Instrument, Statement, digest_of, to_json
from cautery.model.records import (
    BundleShared,
    PaperKind,
    PaperMarked,
    PaperWritten,
    PersonRegistered,
)
from cautery.operation.persons import persons_in
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.holdings import holdings
from cautery.workflows.operation.persons_now import persons_now

COURT = "dossier for court"
"""What a line of custody says of a dossier that holds the whole case."""
_MOST_TEXT = 200
_GIVEN = frozenset((CustodyAct.COPIED, CustodyAct.HANDED_OVER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper that names persons.

    Parameters
    ----------
    paper : str
        Its id: the digest of its bytes, or the id of a draft.
    title : str
        What people call it.
    persons : frozenset of str
        Pseudonyms of those whom it names.
    at : datetime
        When it was written, in UTC.
    to : tuple of str
        Who was given it.
    marked : mapping of str to date
        By pseudonym, the day on which the data of a person in it were erased.
    """

    paper: str
    kind: PaperKind
    title: str
    persons: frozenset[str]
    at: datetime
    to: tuple[str, ...]
    marked: Mapping[str, date]

    def must_be_told(self, agency: str) -> tuple[str, ...]:
        """Return who was given the paper, without the desk's own agency."""
        return tuple(sorted(set(self.to) - {agency, ""}))


def papers(file: PersonFile) -> tuple[Paper, ...]:
    """Return every paper that names a person of a case, the oldest first."""
    pseudonyms = frozenset(
        registered.person.pseudonym for _, registered in file.contents(PersonRegistered)
    )
    if not pseudonyms:
        return ()
    marks: dict[str, dict[str, date]] = {}
    for _, mark in file.contents(PaperMarked):
        marks.setdefault(mark.paper, {})[mark.pseudonym] = mark.erased_on
    all_papers = (*_bundles(file, pseudonyms), *_drafts(file, pseudonyms), *_days(file, pseudonyms),
               *_registered(file), *_dossiers(file.chain, pseudonyms))  # fmt: skip
    by_id: dict[str, Paper] = {}
    for paper in all_papers:
        if paper.persons:
            first = by_id.get(paper.paper)
            by_id[paper.paper] = paper if first is None else _together(first, paper)
    return tuple(
        replace(paper, marked=marks.get(paper.paper, {}))
        for paper in sorted(by_id.values(), key=lambda paper: (paper.at, paper.paper))
    )


def papers_of(file: PersonFile, pseudonym: str) -> tuple[Paper, ...]:
    """Return the papers that name one person.

    Raises
    ------
    InputError
        If the case has no such person.
    """
    require_person(file, pseudonym)
    return tuple(paper for paper in papers(file) if pseudonym in paper.persons)


def require_person(file: PersonFile, pseudonym: str) -> None:
    """Refuse a pseudonym that nobody of a case has.

    Raises
    ------
    InputError
        Saying where the pseudonyms are listed.
    """
    registered = (content.person.pseudonym for _, content in file.contents(PersonRegistered))
    if pseudonym not in set(registered):
        raise InputError(
            f"this case has no person {pseudonym[:80]!r}", hint="cautery operation person list"
        )


def register_paper(
    file: PersonFile,
    *,
    kind: PaperKind,
    title: str,
    paper: str,
    persons: Collection[str],
    to: Collection[str],
    by: str,
    why: str,
    at: datetime,
) -> PaperWritten:
    """Register a paper that names persons, so that it is marked when their data are erased.

    Parameters
    ----------
    paper : str
        Id of the paper: the digest of the bytes that are given.
    persons : collection of str
        Pseudonyms of those whom it names.
    to : collection of str
        Who is given it.

    Raises
    ------
    InputError
        If the case has no such person, or the name of one is erased already.
    """
    erased = {row.person.pseudonym for row in persons_now(file) if row.erased_at is not None}
    for pseudonym in sorted(persons):
        require_person(file, pseudonym)
        if pseudonym in erased:
            raise InputError(
                f"{pseudonym}: the name is erased, so no new paper may name the person"
            )
    written = PaperWritten(
        paper=paper,
        kind=kind,
        title=one_line(title),
        persons=tuple(sorted(set(persons))),
        to=tuple(sorted(set(map(one_line, to)))),
        by=by,
        at=at,
    )
    file.record([written], by=by, why=why, at=at)
    return written


def marks_for(
    file: PersonFile, pseudonym: str, *, erased_on: date, why: str
) -> tuple[PaperMarked, ...]:
    """Return a mark for each paper that names a person and has none for the person yet."""
    return tuple(
        PaperMarked(
            paper=paper.paper,
            kind=paper.kind,
            title=paper.title,
            pseudonym=pseudonym,
            erased_on=erased_on,
            why=why,
            must_be_told=paper.must_be_told(file.desk.agency.id),
        )
        for paper in papers(file)
        if pseudonym in paper.persons and pseudonym not in paper.marked
    )


def persons_in_statement(statement: Statement, pseudonyms: frozenset[str]) -> frozenset[str]:
    """Return the persons whom a statement names: as its subject, in its text or its details."""
    return persons_in((statement.subject, statement.text, to_json(statement.details)), pseudonyms)


def one_line(text: str) -> str:
    """Return a text so that a mark of it fits into one line of the chain of custody."""
    return escaped(" ".join(text.split()))[:_MOST_TEXT]


def _together(first: Paper, other: Paper) -> Paper:
    """Return one paper of two with one id: nobody whom either names, or who was given it, goes.

    A line of custody is not signed, and one dossier may be given to two courts.
    """
    return replace(
        first,
        persons=first.persons | other.persons,
        at=min(first.at, other.at),
        to=tuple(dict.fromkeys((*first.to, *other.to))),
    )


def _bundles(file: PersonFile, pseudonyms: frozenset[str]) -> Iterator[Paper]:
    shared = list(file.desk.contents(BundleShared))
    if not shared:
        return
    persons_of = {
        row.noted.key: persons_in_statement(row.noted.statement, pseudonyms)
        for row in holdings(file.desk).rows
    }
    for _, bundle in shared:
        persons = frozenset[str]().union(
            *(persons_of.get((by, id_), frozenset()) for by, id_ in bundle.statements)
        )
        yield Paper(
            paper=bundle.digest,
            kind=PaperKind.BUNDLE,
            title=one_line(bundle.why),
            persons=persons,
            at=bundle.at,
            to=(one_line(bundle.to),),
            marked={},
        )


def _drafts(file: PersonFile, pseudonyms: frozenset[str]) -> Iterator[Paper]:
    for _, draft in file.desk.contents(Instrument):
        yield Paper(
            paper=draft.id,
            kind=PaperKind.INSTRUMENT,
            title=draft.kind.value,
            persons=persons_in([*draft.holds, draft.grounds, draft.addressee], pseudonyms),
            at=draft.drafted_at,
            to=(one_line(draft.addressee),),
            marked={},
        )


def _days(file: PersonFile, pseudonyms: frozenset[str]) -> Iterator[Paper]:
    for entry, day in file.desk.contents(DayPlan):
        steps = [
            (row.step.agency, persons_in(to_json(row.step), pseudonyms))
            for row in (*day.steps, *day.dropped)
        ]
        yield Paper(
            paper=digest_of(entry.leaf),
            kind=PaperKind.DAY,
            title=one_line(day.operation),
            persons=frozenset[str]().union(*(persons for _, persons in steps)),
            at=entry.record.at,
            to=tuple(sorted({agency for agency, persons in steps if persons})),
            marked={},
        )


def _registered(file: PersonFile) -> Iterator[Paper]:
    for _, paper in file.contents(PaperWritten):
        yield Paper(
            paper=paper.paper,
            kind=paper.kind,
            title=one_line(paper.title),
            persons=frozenset(paper.persons),
            at=paper.at,
            to=tuple(map(one_line, paper.to)),
            marked={},
        )


def _dossiers(chain: Sequence[CustodyLine], pseudonyms: frozenset[str]) -> Iterator[Paper]:
    for line in chain:
        at = line.moment
        if line.act in _GIVEN and line.what == COURT and at is not None:
            yield Paper(
                paper=line.digest,
                kind=PaperKind.DOSSIER,
                title=line.what,
                persons=pseudonyms,
                at=at,
                to=(one_line(line.to),) if line.to else (),
                marked={},
            )
