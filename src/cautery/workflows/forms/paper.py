"""The view of a form's paper, from the filled form."""

from __future__ import annotations

import re
from datetime import datetime

from cautery.messages import language, tr
from cautery.model.forms import (
    FieldKind,
    Filled,
    FilledField,
    Form,
    Issuer,
    Misfit,
    in_words_of,
)
from cautery.pages.form import FormLine, FormPage, FormTable
from cautery.workflows.forms.as_text import texts_of
from cautery.workflows.forms.checking import fault_words
from cautery.workflows.forms.drafting import unapproved_lines, unverified_line

_LONG = 60
"""Characters of a text that takes the width of the page."""
_LETTER_BY_LETTER = frozenset(
    (FieldKind.DIGESTS, FieldKind.NAMES, FieldKind.IPV4, FieldKind.IPV6, FieldKind.URLS)
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
"""As :func:`cautery.model.iso` writes it."""
_FIRST = 3
"""Records that a line names; more are counted."""


def paper_of(filled: Filled, *, case: str, lab: bool, at: datetime) -> FormPage:
    """Return what stands on the paper of a filled form, in the language in use.

    Parameters
    ----------
    case : str
        Id of the case or operation.
    lab : bool
        Whether it is of an invented world.
    at : datetime
        When the paper is written, in UTC.
    """
    form, tongue = filled.form, language()
    missing = {fault.field for fault in filled.faults if fault.why is Misfit.MISSING}
    source = (
        form.source.text if form.source.url is None else f"{form.source.text}; {form.source.url}"
    )
    return FormPage(
        id=form.id,
        title=in_words_of(form.title, tongue),
        body=form.body,
        purpose=in_words_of(form.purpose, tongue),
        case=case,
        made_at=f"{at:%Y-%m-%d %H:%M:%S} UTC",
        source=f"{source}, {form.source.read.isoformat()}",
        signature=issuer_words(form),
        lines=tuple(
            _line(number, entry, missing, tongue) for number, entry in enumerate(filled.fields, 1)
        ),
        marking="" if filled.marking is None else filled.marking.words,
        lab=lab,
        unverified=unverified_line(filled) or "",
        faults=(
            *(fault_words(form, fault) for fault in filled.faults),
            *unapproved_lines(filled),
        ),
    )


def issuer_words(form: Form) -> str:
    """Return who signs and sends a form, in the language in use."""
    match form.issued_by:
        case Issuer.RIGHTS_HOLDER:
            return tr("the rights-holder")
        case Issuer.POLICE:
            return tr("the police")
        case Issuer.PROSECUTOR:
            return tr("the prosecutor")
        case Issuer.JUDGE:
            return tr("the judge")
        case Issuer.COURT:
            return tr("the court")
        case Issuer.EXAMINER:
            return tr("the examiner")


def _line(number: int, entry: FilledField, missing: set[str], tongue: str) -> FormLine:
    field = entry.field
    label = in_words_of(field.label, tongue)
    if entry.value is None:
        lacks = tr("MISSING") if field.name in missing else ""
        texts = () if lacks else ("-",)
        return FormLine(number=number, label=label, lacks=lacks, texts=texts)
    whence = _whence(entry)
    if field.kind is FieldKind.TABLE and isinstance(entry.value, tuple):
        rows = tuple(
            tuple(map(_cell, row.values())) for row in entry.value if not isinstance(row, str)
        )
        columns = tuple(in_words_of(column.label, tongue) for column in field.columns)
        table = FormTable(columns=columns, rows=rows)
        return FormLine(number=number, label=label, whence=whence, table=table)
    declared = (in_words_of(field.words, tongue),) if field.words else ()
    texts = (*declared, *(_shown(entry, text) for text in texts_of(entry)))
    return FormLine(
        number=number,
        label=label,
        texts=texts,
        whence=whence,
        mono=field.kind in _LETTER_BY_LETTER,
        long=any(len(text) > _LONG or "\n" in text for text in texts),
    )


def _cell(text: str) -> str:
    return _second(text) if _MOMENT.fullmatch(text) else text


def _second(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S} UTC"


def _shown(entry: FilledField, text: str) -> str:
    if entry.field.kind is FieldKind.MOMENT:
        return _second(text)
    if entry.field.kind is FieldKind.YES_NO:
        return tr("yes") if entry.value else tr("no")
    return text


def _whence(entry: FilledField) -> str:
    if entry.answered:
        return tr("answered")
    if not entry.records:
        return ""
    if len(entry.records) <= _FIRST:
        return tr("record %(numbers)s", numbers=", ".join(map(str, entry.records)))
    first = ", ".join(map(str, entry.records[:_FIRST]))
    return tr(
        "records %(numbers)s and %(others)s more",
        numbers=first,
        others=len(entry.records) - _FIRST,
    )
