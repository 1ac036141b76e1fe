"""Keep persons: the name sealed under the subject's own key, a pseudonym in every record.

What becomes of a person later, and erasing a name: :mod:`cautery.workflows.operation.outcomes`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from cautery.errors import ErasedError, EvidenceError, InputError
from cautery.evidence.ports import CaseVault
from cautery.model import Exhibit, ExhibitId, Person, Pseudonyms
from cautery.model.ports import Ledger
from cautery.model.records import (
    PersonErased,
    PersonNamed,
    PersonRegistered,
    PersonReviewed,
    PersonSought,
    kinds_of,
)
from cautery.operation.persons import check_person, pseudonym_of
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import Desk


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPerson:
    """A person of this case.

    Parameters
    ----------
    person : Person
        Under the pseudonym.
    exhibit : ExhibitId
        The sealed name.
    erased_at : datetime or None
        Since when the name cannot be read any more; ``None``: it can.
    said_erased_at : datetime or None
        When a record says that it was erased, although it can be read: that record is false.
    """

    person: Person
    exhibit: ExhibitId
    erased_at: datetime | None
    said_erased_at: datetime | None = None


def pseudonym_at(desk: Desk, name: str) -> str:
    """Return the pseudonym that this desk gives a name: the same one each time."""
    return pseudonym_of(name, desk.case.pseudonyms)


@again_if_passed
def register_person(
    desk: Desk, name: str, person: Person, *, at: datetime | None = None
) -> KeptPerson:
    """Seal a name under the subject's own key and record the person under the pseudonym.

    Raises
    ------
    InputError
        If the person has no category or retention date that the law allows, is kept already,
        or the pseudonym gives the name away; nothing is recorded then.
    """
    # Before anything is read: what another process records from here on makes the write fail, and
    # all of this is done again.
    moment, size = at or desk.case.clock.now(), desk.size()
    check_person(person, name, today=moment.date())
    if any(entry.person.pseudonym == person.pseudonym for entry in kept_persons(desk)):
        raise InputError(f"{person.pseudonym}: this person is already in the case")
    exhibit = desk.case.vault.seal(
        name.encode(),
        media_type="text/plain",
        at=moment,
        clock=desk.case.clock.offset(),
        subject=subject_of(person.pseudonym),
    )
    desk.record(
        PersonRegistered(person=person, exhibit=exhibit),
        at=moment,
        if_unchanged_since=size,
        unless=(PersonRegistered,),
    )
    return KeptPerson(person=person, exhibit=exhibit.id, erased_at=None)


def kept_persons(desk: Desk) -> tuple[KeptPerson, ...]:
    """Return every person of this case, in order, with the dates of the latest review."""
    persons: dict[str, KeptPerson] = {}
    for entry, content in desk.contents(PersonRegistered, PersonReviewed, PersonErased):
        with desk.passing_over(entry):  # of a person whom nobody registered, say
            match content:
                case PersonRegistered(person=person, exhibit=exhibit):
                    persons[person.pseudonym] = KeptPerson(
                        person=person, exhibit=exhibit.id, erased_at=None
                    )
                case PersonReviewed(pseudonym=pseudonym, review_at=review_at):
                    entry_before = persons[pseudonym]
                    reviewed = replace(entry_before.person, review_at=review_at)
                    persons[pseudonym] = replace(entry_before, person=reviewed)
                case PersonErased(pseudonym=pseudonym):
                    persons[pseudonym] = replace(persons[pseudonym], erased_at=entry.record.at)
    return tuple(as_the_vault_says(row, desk.case.vault) for row in persons.values())


def as_the_vault_says(row: KeptPerson, vault: CaseVault) -> KeptPerson:
    """Return a person who is said to be erased as one who is not, if the name can still be read.

    Where the keys of the case are not at hand, nobody reads it there, and what is said counts.
    """
    if row.erased_at is None:
        return row
    try:
        vault.open(row.exhibit, subject=subject_of(row.person.pseudonym))
    except EvidenceError:  # destroyed, or not here
        return row
    return replace(row, erased_at=None, said_erased_at=row.erased_at)


def name_of(desk: Desk, pseudonym: str, *, why: str, who: str, at: datetime | None = None) -> str:
    """Return a person's name, and record the consultation (Directive (EU) 2016/680, art. 25).

    Raises
    ------
    InputError
        If there is no such person, or no justification.
    ErasedError
        If the name's key was destroyed.
    """
    if not why.strip() or not who.strip():
        raise InputError(
            "give the name of the reader and the reason: reading a name is logged "
            "(Directive (EU) 2016/680, art. 25)"
        )
    record = _kept(desk, pseudonym)
    name = desk.case.vault.open(record.exhibit, subject=subject_of(pseudonym)).decode()
    # Recorded before it is returned: a name that cannot be logged is not shown.
    desk.record(PersonNamed(pseudonym=pseudonym, why=why, who=who), at=at)
    return name


def find_person(
    desk: Desk, name: str, *, why: str, who: str, at: datetime | None = None
) -> KeptPerson | None:
    """Return who has a name in this case, and record the search (Directive (EU) 2016/680, art. 25).

    No sealed name is opened: what stands for the name under the case's key is compared.

    Returns
    -------
    KeptPerson or None
        ``None``: nobody has it, or the name is erased.

    Raises
    ------
    InputError
        If there is no name, or no justification.
    """
    if not why.strip() or not who.strip() or not name.strip():
        raise InputError(
            "give the name, who searches and the reason: a search for a person is logged "
            "(Directive (EU) 2016/680, art. 25)"
        )
    pseudonym = pseudonym_at(desk, name)
    matches = [
        kept
        for kept in kept_persons(desk)
        if kept.person.pseudonym == pseudonym and kept.erased_at is None
    ]
    sought = PersonSought(pseudonym=pseudonym if matches else None, why=why, who=who)
    # Recorded before it is returned: a search that cannot be logged finds nothing.
    desk.record(sought, at=at)
    return matches[0] if matches else None


def has_person(ledger: Ledger, vault: CaseVault, name: str, pseudonyms: Pseudonyms) -> bool:
    """Tell whether a case, open or closed, has a person whose name is not erased.

    Raises
    ------
    EvidenceError
        If the key of the name is not here, and was not destroyed either: nobody knows then.
    """
    persons: dict[str, Exhibit] = {}
    said_erased: set[str] = set()
    for entry in ledger.read(kinds=kinds_of(PersonRegistered, PersonErased)):
        match entry.content:
            case PersonRegistered(person=person, exhibit=exhibit):
                persons[person.pseudonym] = exhibit
            case PersonErased(pseudonym=pseudonym):
                said_erased.add(pseudonym)
    pseudonym = pseudonym_of(name, pseudonyms) if persons else ""
    sealed = persons.get(pseudonym)
    if sealed is None:
        return False
    try:
        # The destroyed key says that a name is erased: a closed case takes no record of it, and
        # anybody can append one to an open case.
        vault.open(sealed.id, subject=subject_of(pseudonym))
    except ErasedError:
        return False
    except EvidenceError:
        if pseudonym in said_erased:
            return False
        raise
    return True


def review_person(
    desk: Desk, pseudonym: str, *, review_at: date, why: str, at: datetime | None = None
) -> None:
    """Record that a person was reviewed and is kept until the next review.

    Raises
    ------
    InputError
        If there is no such person, it is erased, or the new date is past or beyond erasure.
    """
    moment = at or desk.case.clock.now()
    record = _kept(desk, pseudonym)
    if record.erased_at is not None:
        raise InputError(f"{pseudonym}: the name is erased, so nothing can be reviewed")
    if not why.strip():
        raise InputError(
            f"{pseudonym}: give the reason why the name is still needed (Directive "
            "(EU) 2016/680, art. 5)"
        )
    if not moment.date() < review_at <= record.person.erase_at:
        raise InputError(
            f"{pseudonym}: the next review must be after today and before {record.person.erase_at}"
        )
    desk.record(PersonReviewed(pseudonym=pseudonym, review_at=review_at, why=why), at=moment)


def _kept(desk: Desk, pseudonym: str) -> KeptPerson:
    for person in kept_persons(desk):
        if person.person.pseudonym == pseudonym:
            return person
    raise InputError(f"this case has no person {pseudonym!r}", hint="cautery operation person list")


def subject_of(pseudonym: str) -> str:
    """Return the subject whose key encrypts a person's name."""
    return f"person:{pseudonym}"
