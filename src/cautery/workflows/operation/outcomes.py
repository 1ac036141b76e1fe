"""What becomes of a person after an arrest, and what it does to the person's data.

An acquittal, a discontinuance or a lapsed review destroys the key of the name (ADR 0002) and marks
every paper that named the person, so that those who were given one can be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cautery.errors import InputError
from cautery.model.records import PaperMarked, PersonErased, PersonOutcome
from cautery.operation.persons import Due, due
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.holdings import held
from cautery.workflows.operation.papers import (
    marks_for,
    persons_in_statement,
    require_person,
)
from cautery.workflows.operation.persons import subject_of
from cautery.workflows.operation.persons_now import persons_now

_MOST_TEXT = 300
"""Characters of a text: a record of it must fit into one line of the chain of custody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did.

    Parameters
    ----------
    pseudonym : str
        Whose name it was.
    keys : int
        Number of keys that were destroyed.
    marked : tuple of PaperMarked
        The papers that were marked.
    statements : tuple of str
        Ids of the agency's own statements about the person that still stand.
    """

    pseudonym: str
    keys: int
    marked: tuple[PaperMarked, ...]
    statements: tuple[str, ...] = ()


def outcomes(file: PersonFile) -> dict[str, PersonOutcome]:
    """Return by pseudonym the newest outcome: by its day, then in the order of the records."""
    newest: dict[str, PersonOutcome] = {}
    for _, outcome in file.contents(PersonOutcome):
        before = newest.get(outcome.pseudonym)
        if before is None or before.on <= outcome.on:
            newest[outcome.pseudonym] = outcome
    return newest


def record_outcome(file: PersonFile, outcome: PersonOutcome, *, at: datetime) -> Erased | None:
    """Record what was decided on a person; an acquittal or a discontinuance erases the name.

    Returns
    -------
    Erased or None
        ``None``: nothing was erased.

    Raises
    ------
    InputError
        If there is no such person, a text is missing, or the day is not over.
    StorageError
        If a key could not be destroyed: the outcome is recorded then, the erasure is not.
    """
    require_person(file, outcome.pseudonym)
    for name in ("court", "reference", "by", "why"):
        text = getattr(outcome, name)
        if not is_one_line(text):
            raise InputError(
                f"an outcome needs {name}: one line of at most {_MOST_TEXT} characters",
                hint=f"Give it with --{name}.",
            )
    if outcome.on > at.date():
        raise InputError(f"{outcome.on}: a decision cannot be of a day that is still to come")
    file.record([outcome], by=outcome.by, why=outcome.why, at=at)
    if not outcome.outcome.erases:
        return None
    return erase_person(file, outcome.pseudonym, by=outcome.by, why=outcome.why, at=at)


def erase_person(file: PersonFile, pseudonym: str, *, by: str, why: str, at: datetime) -> Erased:
    """Destroy the key of a person's name, record it, and mark the papers that named the person.

    Raises
    ------
    InputError
        If there is no such person, or nobody says who or why.
    StorageError
        If a key could not be destroyed; nothing is recorded then.
    """
    require_person(file, pseudonym)
    # Before anything is destroyed: what cannot be read or recorded is not done.
    for name, text in (("by", by), ("why", why)):
        if not is_one_line(text):
            raise InputError(
                f"{pseudonym}: erasing a name needs a reason and who, each one line of at most "
                f"{_MOST_TEXT} characters: --{name} TEXT"
            )
    before = {row.person.pseudonym: row.erased_at for row in persons_now(file)}[pseudonym]
    # Erased already: the papers that have no mark yet get one, as the day of that erasure has it.
    marks = marks_for(file, pseudonym, erased_on=(before or at).date(), why=why)
    standing = _standing_about(file, pseudonym)
    destroyed = file.vault.erase(subject_of(pseudonym))
    erasure = PersonErased(pseudonym=pseudonym, why=why, keys=destroyed)
    contents = [*([erasure] if before is None or destroyed else []), *marks]
    file.record(contents, by=by, why=why, at=at)
    return Erased(
        pseudonym=pseudonym,
        keys=destroyed,
        marked=marks,
        statements=standing,
    )


def due_now(file: PersonFile, *, today: date) -> tuple[Due, ...]:
    """Return whose review or erasure date has come, of those whose name is still readable.

    Who is only said to be erased is among them.
    """
    readable = (row.person for row in persons_now(file) if row.erased_at is None)
    return due(readable, today=today)


def lapsed(file: PersonFile, *, today: date) -> tuple[Due, ...]:
    """Return whose date of review or erasure is over: on the day itself it can be reviewed yet."""
    return tuple(entry for entry in due_now(file, today=today) if entry.since < today)


def erase_lapsed(file: PersonFile, *, by: str, why: str, at: datetime) -> tuple[Erased, ...]:
    """Erase everybody whose review or time has lapsed: nobody said why the data are still needed.

    Raises
    ------
    CauteryError
        As :func:`erase_person` says; those before are erased then.
    """
    return tuple(
        erase_person(file, entry.person.pseudonym, by=by, why=why, at=at)
        for entry in lapsed(file, today=at.date())
    )


def is_one_line(text: str) -> bool:
    """Tell whether a text says something in one line that a record of custody can hold."""
    return bool(text.strip()) and text.isprintable() and len(text) <= _MOST_TEXT


def must_be_told(marks: Sequence[PaperMarked]) -> tuple[str, ...]:
    """Return everybody who was given a paper that is marked."""
    return tuple(sorted({name for mark in marks for name in mark.must_be_told}))


def _standing_about(file: PersonFile, pseudonym: str) -> tuple[str, ...]:
    """Return the agency's own statements about a person that still stand."""
    return tuple(
        dict.fromkeys(
            row.statement.id
            for row in held(file.desk)
            if row.received_from is None
            and row.corrected_by is None
            and not row.statement.details.get("withdrawn")
            and pseudonym in persons_in_statement(row.statement, frozenset({pseudonym}))
        )
    )
