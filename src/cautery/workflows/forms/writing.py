"""Write a filled form in one of its formats; one that lacks something only as a draft."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cautery.errors import ApprovalError, IncompleteError, InputError
from cautery.messages import tr_n
from cautery.model import Exhibit, ExhibitId
from cautery.model.forms import Filled, Form, FormFormat
from cautery.model.ledger import contents
from cautery.model.records import ExhibitSealed
from cautery.pages.form import form_typst
from cautery.workflows.case.open import Case
from cautery.workflows.forms.as_text import csv_of, json_of
from cautery.workflows.forms.as_xml import xml_of
from cautery.workflows.forms.checking import fault_words
from cautery.workflows.forms.package import package_of
from cautery.workflows.forms.paper import paper_of


def format_of(form: Form, asked_format: FormFormat | None, ending: str) -> FormFormat:
    """Return the format in which a form is written: as asked, by the file's ending, or the usual.

    Raises
    ------
    InputError
        If the form is not written so.
    """
    by_ending = next(
        (
            allowed_format
            for allowed_format in form.formats
            if f".{allowed_format.value}" == ending.lower()
        ),
        None,
    )
    form_format = asked_format or by_ending or form.formats[0]
    if form_format not in form.formats:
        raise InputError(
            f"the form {form.id} is not written as {form_format.value}",
            hint=f"It is written as {', '.join(allowed.value for allowed in form.formats)}.",
        )
    return form_format


def require_final(filled: Filled) -> None:
    """Refuse a form that may be written only as a draft, and say why.

    Raises
    ------
    IncompleteError
        If it lacks something: naming every fault.
    ApprovalError
        If it lacks nothing, but what it is about may not leave.
    """
    if filled.is_complete and filled.unapproved:
        raise ApprovalError(
            filled.unapproved,
            hint="cautery referral approve signs it; --draft writes the paper marked as a draft.",
        )
    if not filled.is_complete:
        faults = [fault_words(filled.form, fault) for fault in filled.faults]
        words = "; ".join((*faults, filled.unapproved) if filled.unapproved else faults)
        raise IncompleteError(
            tr_n(
                "the form %(form)s has %(count)s fault: %(faults)s",
                "the form %(form)s has %(count)s faults: %(faults)s",
                len(filled.faults),
                form=filled.form.id,
                faults=words,
            )
        )


def written_form(
    case: Case,
    filled: Filled,
    form_format: FormFormat,
    *,
    name: str,
    lab: bool,
    at: datetime,
    compiled: Callable[[str], bytes],
    copied: Callable[[ExhibitId], None],
) -> bytes:
    """Return a filled form in a format; a draft is marked as one.

    Parameters
    ----------
    name : str
        Id of the case or operation.
    lab : bool
        Whether it is of an invented world.
    at : datetime
        When it is written, in UTC.
    compiled : callable
        Makes a PDF of a source for Typst.
    copied : callable
        Is told each exhibit that is copied out of the case, before that.

    Raises
    ------
    InputError
        If its exhibits are too large.
    EvidenceError
        If an exhibit of it was altered.
    """
    match form_format:
        case FormFormat.CSV:
            return csv_of(filled)
        case FormFormat.JSON:
            return json_of(filled)
        case FormFormat.XML:
            return xml_of(filled)
        case FormFormat.PDF:
            return compiled(form_typst(paper_of(filled, case=name, lab=lab, at=at)))
        case FormFormat.ZIP:
            stem = ("DRAFT-" if filled.is_draft else "") + filled.form.id.replace("/", "-")
            papers = {
                f"{stem}.{other_format.value}": written_form(
                    case,
                    filled,
                    other_format,
                    name=name,
                    lab=lab,
                    at=at,
                    compiled=compiled,
                    copied=copied,
                )
                for other_format in filled.form.formats
                if other_format is not FormFormat.ZIP
            }

            def read(exhibit: ExhibitId) -> bytes:
                copied(exhibit)
                return case.vault.read(exhibit)

            return package_of(filled, papers, sealed_in(case), read, at=at)


def sealed_in(case: Case) -> dict[ExhibitId, Exhibit]:
    """Return what a case has sealed, by id."""
    return {sealed.exhibit.id: sealed.exhibit for _, sealed in contents(case.ledger, ExhibitSealed)}
