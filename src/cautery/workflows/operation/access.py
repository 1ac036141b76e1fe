"""What is held on a person, for the person or the person's counsel; giving it is a record.

The parts follow Directive (EU) 2016/680, art. 14; the article was not read in an official text
([M], docs/reference/sources.md, F66), and the file says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cautery.cells import escaped
from cautery.errors import ErasedError, InputError
from cautery.messages import say, term, tr
from cautery.model import digest_of, iso
from cautery.model.operation import Operation
from cautery.model.records import (
    PersonAccessed,
    PersonNamed,
    PersonOutcome,
    PersonReviewed,
    PersonSought,
)
from cautery.workflows.operation.about_person import (
    ANOTHER_PERSON,
    SaidOf,
    hosts_of,
    said_of,
)
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.papers import papers_of, require_person
from cautery.workflows.operation.persons import KeptPerson, subject_of
from cautery.workflows.operation.persons_now import persons_now

_MOST_TEXT = 300


def give_access(
    file: PersonFile, pseudonym: str, *, counsel: str, by: str, why: str, at: datetime
) -> bytes:
    """Return what is held on a person as Markdown, having recorded who is given it.

    Parameters
    ----------
    counsel : str
        Name of the person's counsel; empty: the person came.
    by : str
        Who gives it.
    why : str
        On what request.

    Raises
    ------
    InputError
        If there is no such person, or nobody says who gives it and why.
    """
    require_person(file, pseudonym)
    for name, text, needed in (
        ("by-counsel", counsel, False),
        ("by", by, True),
        ("why", why, True),
    ):
        if (needed and not text.strip()) or not text.isprintable() or len(text) > _MOST_TEXT:
            raise InputError(
                f"access to a person's data needs --{name}: one line of at most {_MOST_TEXT} "
                "characters (Directive (EU) 2016/680, art. 25)"
            )
    statements = said_of(file.desk, pseudonym)
    text = "\n".join(_lines(file, pseudonym, statements, counsel=counsel, by=by, why=why, at=at))
    raw = text.encode()
    accessed = PersonAccessed(
        pseudonym=pseudonym,
        counsel=counsel,
        by=by,
        why=why,
        digest=digest_of(raw),
        withheld=statements.withheld_count,
    )
    # Recorded before it is returned: what cannot be logged is not given.
    file.record([accessed], by=by, why=why, at=at)
    return raw


def _lines(
    file: PersonFile,
    pseudonym: str,
    statements: SaidOf,
    *,
    counsel: str,
    by: str,
    why: str,
    at: datetime,
) -> Iterator[str]:
    operation: Operation = file.desk.operation
    (person_row,) = (row for row in persons_now(file) if row.person.pseudonym == pseudonym)
    yield f"# {tr('What is held on a person')}"
    yield ""
    if operation.lab:
        yield f"**{tr('LAB: an invented world. Nothing in it is real.')}**\n"
    whom = tr("the person's counsel, %(name)s", name=counsel) if counsel else tr("the person")
    yield _pair(tr("given to"), whom)
    yield _pair(tr("given by"), f"{by}, {file.desk.agency.name}")
    yield _pair(tr("on what request"), why)
    yield _pair(tr("given on"), iso(at))
    yield from _part(tr("Purpose and legal basis"))
    yield _pair(tr("operation"), f"{operation.name} ({operation.id})")
    yield _pair(tr("legal basis"), operation.legal_basis)
    yield from _part(tr("The data"))
    yield from _entry(file, person_row)
    yield from _part(tr("What was decided"))
    yield from _or_nothing(
        f"- {outcome.on}: {say(term('outcome', outcome.outcome.value))}; "
        f"{_plain(outcome.court)}, {_plain(outcome.reference)}"
        for _, outcome in file.contents(PersonOutcome)
        if outcome.pseudonym == pseudonym
    )
    yield from _part(tr("What is said, and by whom"))
    yield from _or_nothing(_statements(statements))
    for (reason, agency), count in statements.withheld.items():
        yield "- " + _withheld(reason, agency, count)
    yield from _part(tr("Who was given papers that name the person"))
    yield from _or_nothing(
        f"- {iso(paper.at)}: {say(term('paper-kind', paper.kind.value))}; "
        f"{_plain(', '.join(paper.to)) or tr('nobody')}"
        for paper in papers_of(file, pseudonym)
    )
    yield from _part(tr("Who looked"))
    yield from _or_nothing(_looks(file, pseudonym))
    yield from _part(tr("Rights"))
    yield tr(
        "The person may ask this authority to correct or erase the data or to restrict their use, "
        "and may complain to the supervisory authority for data protection (Directive (EU) "
        "2016/680, art. 14 and 16 [M]: the articles were not read in an official text; national "
        "law decides)."
    )
    yield _pair(tr("contact"), file.desk.agency.contact)
    yield ""


def _entry(file: PersonFile, person_row: KeptPerson) -> Iterator[str]:
    person = person_row.person
    yield _pair(tr("pseudonym"), person.pseudonym)
    yield _pair(tr("name"), _name(file, person_row))
    yield _pair(tr("category"), say(term("led-category", person.category.value)))
    yield _pair(tr("fact or assessment"), say(term("statement-kind", person.kind.value)))
    yield _pair(tr("role"), person.role)
    if person.country:
        yield _pair(tr("country"), person.country)
    if hosts := hosts_of(file.desk, person.pseudonym):
        yield _pair(tr("hosts that are attributed to the person"), ", ".join(sorted(hosts)))
    yield _pair(tr("next review"), f"{person.review_at}")
    yield _pair(tr("erased by"), f"{person.erase_at}")
    for at, review in file.contents(PersonReviewed):
        if review.pseudonym == person.pseudonym:
            yield _pair(tr("reviewed"), f"{iso(at)}: {review.why}")


def _name(file: PersonFile, person_row: KeptPerson) -> str:
    try:
        return file.vault.open(
            person_row.exhibit, subject=subject_of(person_row.person.pseudonym)
        ).decode()
    except ErasedError:
        return tr("erased")


def _statements(statements: SaidOf) -> Iterator[str]:
    for row in statements.shown:
        statement = row.statement
        marks = [say(term("statement-kind", statement.kind.value))]
        if statement.marking.source and statement.marking.accuracy:
            marks.append(f"{statement.marking.source}{statement.marking.accuracy}")
        if statement.details.get("withdrawn"):
            marks.append(tr("withdrawn"))
        if row.corrected_by is not None:
            marks.append(tr("corrected later"))
        yield (
            f"- {iso(statement.at)}, {_plain(row.source)} ({', '.join(marks)}): "
            f"{_plain(statement.text)}"
        )


def _withheld(reason: str, agency: str, count: int) -> str:
    if reason == ANOTHER_PERSON:
        return tr(
            "Statements of %(agency)s that are not shown, because they name another person, too: "
            "%(count)s.",
            count=count,
            agency=agency,
        )
    return tr(
        "Statements of %(agency)s that are not shown, because of its handling code %(codes)s: "
        "%(count)s.",
        count=count,
        agency=agency,
        codes=reason,
    )


def _looks(file: PersonFile, pseudonym: str) -> Iterator[str]:
    for at, named in file.contents(PersonNamed):
        if named.pseudonym == pseudonym:
            yield f"- {iso(at)}: {tr('name read')}; {_plain(named.who)}; {_plain(named.why)}"
    for at, sought in file.contents(PersonSought):
        if sought.pseudonym == pseudonym:
            yield f"- {iso(at)}: {tr('looked for')}; {_plain(sought.who)}; {_plain(sought.why)}"
    for at, accessed in file.contents(PersonAccessed):
        if accessed.pseudonym == pseudonym:
            who = accessed.counsel or tr("the person")
            yield f"- {iso(at)}: {tr('access given')}; {_plain(who)}; {_plain(accessed.why)}"


def _part(title: str) -> tuple[str, str, str]:
    return "", f"## {title}", ""


def _pair(name: str, text: str) -> str:
    return f"- {name}: {_plain(text)}"


def _plain(text: str) -> str:
    """Return a text as one line of Markdown that nothing in it steers."""
    return "".join(
        f"\\{sign}" if sign in "\\`*_[]<>#|!" else sign for sign in escaped(" ".join(text.split()))
    )


def _or_nothing(lines: Iterator[str]) -> Iterator[str]:
    count = 0
    for line in lines:
        count += 1
        yield line
    if not count:
        yield f"- {tr('nothing')}"
