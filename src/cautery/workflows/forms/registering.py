"""Register a paper that names persons: when a name is erased, its papers are found and marked."""

from __future__ import annotations

from cautery.model import digest_of, iso
from cautery.model.forms import Filled, Need, in_words_of
from cautery.model.records import OperationOpened, PaperKind, PersonRegistered, kinds_of
from cautery.operation.persons import persons_in
from cautery.workflows.case.open import Case
from cautery.workflows.forms.chosen import About
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.desk import Desk, desk_in
from cautery.workflows.operation.papers import register_paper


def register_form(case: Case, filled: Filled, about: About, raw: bytes) -> tuple[str, ...]:
    """Record that a paper of an operation names persons; return their pseudonyms.

    Persons are named by their names, and by their pseudonyms in statements. A message to another
    agency is a disclosure, so it is recorded who makes it and why, as for a bundle.

    Parameters
    ----------
    raw : bytes
        The paper as it is given.

    Raises
    ------
    InputError
        If it names a person, or goes to another agency, and nobody is named who writes it and why.
    """
    if next(iter(case.ledger.read(kinds=kinds_of(OperationOpened))), None) is None:
        return ()
    desk = desk_in(case)
    persons = _persons(desk, filled) | set(about.persons)
    if Need.RECIPIENT in filled.form.needs:
        about.require_reader("writing to another agency")
    if not persons:
        return ()
    reader = about.require_reader(f"writing a paper that names {', '.join(sorted(persons)[:3])}")
    title = in_words_of(filled.form.title, "en")
    register_paper(
        PersonFile.of(desk),
        kind=PaperKind.FORM,
        title=f"{title}, {iso(about.at)[:16]}Z" + (", draft" if filled.is_draft else ""),
        paper=digest_of(raw),
        persons=persons,
        to=_given_to(filled, about),
        by=reader.who,
        why=reader.why,
        at=about.at,
    )
    return tuple(sorted(persons))


def _persons(desk: Desk, filled: Filled) -> frozenset[str]:
    pseudonyms = frozenset(
        registered.person.pseudonym for _, registered in desk.contents(PersonRegistered)
    )
    return (
        persons_in([entry.value for entry in filled.fields], pseudonyms)
        if pseudonyms
        else pseudonyms
    )


def _given_to(filled: Filled, about: About) -> tuple[str, ...]:
    if about.to is not None:
        return (about.to,)
    for entry in filled.fields:
        if entry.field.from_ == "instrument.addressee" and isinstance(entry.value, str):
            return (entry.value,)
    return (filled.form.body,)
