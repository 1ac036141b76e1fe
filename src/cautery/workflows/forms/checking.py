"""Gather a case's facts for a form, and say in words what keeps it from being complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cautery.messages import language, tr, tr_n
from cautery.model.forms import (
    Fact,
    Fault,
    Filled,
    Form,
    FormField,
    Misfit,
    Need,
    in_words_of,
)
from cautery.model.records import OperationOpened, kinds_of
from cautery.workflows.case.open import Case
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.of_court import CourtCase, court_facts
from cautery.workflows.forms.of_operation import facts_of_operation
from cautery.workflows.forms.of_watch import facts_of_watch
from cautery.workflows.operation.desk import desk_in


def facts_of(
    case: Case, form: Form, about: About, *, verified: Callable[[], CourtCase]
) -> dict[str, Fact]:
    """Return what a case knows for a form.

    Parameters
    ----------
    verified : callable
        Returns what a court is told of the case after the case was verified; it is asked only for
        a paper to a court.

    Raises
    ------
    ApprovalError
        If the regime of the case does not allow the form.
    InputError
        If the case lacks what the form needs.
    """
    if next(iter(case.ledger.read(kinds=kinds_of(OperationOpened))), None) is not None:
        return facts_of_operation(desk_in(case), form, about)
    facts = facts_of_watch(case.ledger, form, about)
    if Need.CLOSED in form.needs:
        facts |= court_facts(case.ledger, verified(), facts, about, form)
    return facts


def fault_words(form: Form, fault: Fault) -> str:
    """Return what is wrong with a field, in the language in use."""
    label = label_of(form, fault)
    match fault.why:
        case Misfit.MISSING:
            return tr("missing: %(field)s", field=label)
        case Misfit.NONE_OF_GROUP:
            return tr("missing: one of %(fields)s", fields=", ".join(_group(form, fault)))
        case Misfit.TOO_LONG:
            return tr(
                "too long: %(field)s has %(count)s characters, at most %(limit)s are allowed",
                field=label,
                count=fault.count,
                limit=fault.limit,
            )
        case Misfit.TOO_MANY:
            return tr(
                "too many: %(field)s has %(count)s entries, at most %(limit)s are allowed",
                field=label,
                count=fault.count,
                limit=fault.limit,
            )
        case Misfit.MISSHAPEN:
            return tr(
                "not valid: %(field)s cannot be %(text)s", field=label, text=f"“{fault.text}”"
            )
        case Misfit.CONTRADICTS:
            return tr(
                "contradicted: %(field)s is answered with %(text)s, but the case says otherwise",
                field=label,
                text=f"“{fault.text}”",
            )
        case Misfit.TWICE:
            return tr(
                "used twice: %(field)s has %(text)s more than once",
                field=label,
                text=f"“{fault.text}”",
            )


def label_of(form: Form, fault: Fault) -> str:
    """Return the label of a fault's field, with its column."""
    form_field = form.field(fault.field)
    if form_field is None:
        return fault.field
    label = in_words_of(form_field.label, language())
    columns = [column for column in form_field.columns if column.name == fault.column]
    return f"{label}, {in_words_of(columns[0].label, language())}" if columns else label


def standing_words(filled: Filled) -> str:
    """Return in one line whether a form is complete, and what it lacks."""
    missing = [
        ", ".join(_group(filled.form, fault))
        if fault.why is Misfit.NONE_OF_GROUP
        else label_of(filled.form, fault)
        for fault in filled.faults
    ]
    if not missing:
        return tr("complete")
    return tr_n(
        "%(count)s field is missing or wrong: %(fields)s",
        "%(count)s fields are missing or wrong: %(fields)s",
        len(missing),
        fields="; ".join(missing),
    )


def _group(form: Form, fault: Fault) -> Iterator[str]:
    first = form.field(fault.field)
    for form_field in form.fields:
        if first is not None and form_field.one_of == first.one_of:
            yield _label(form_field)


def _label(form_field: FormField) -> str:
    return in_words_of(form_field.label, language())
