"""Fill a form from facts and answers, and say what is missing and what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.forms.facts import UNAPPROVED, WITHHELD, Fact, FieldKind, Row, Value
from cautery.model.forms.form import ANSWERS, Column, Form, FormField
from cautery.model.forms.values import is_empty, value_of
from cautery.model.marking import Marking, strictest


class Misfit(StrEnum):
    """What is wrong with a field."""

    MISSING = "missing"
    NONE_OF_GROUP = "none-of-group"
    """No field of a group is filled, of which one must be."""
    TOO_LONG = "too-long"
    TOO_MANY = "too-many"
    MISSHAPEN = "misshapen"
    """It is not of the field's kind, or none of its choices."""
    CONTRADICTS = "contradicts"
    """An answer differs from what the case says."""
    TWICE = "twice"
    """Two rows have the same text where none may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What keeps a form from being complete.

    Parameters
    ----------
    field : str
        Name of the field.
    why : Misfit
        What is wrong with it.
    column : str or None
        The column of a table; ``None``: the field itself.
    count : int or None
        Characters or entries that there are; ``None``: it is no matter of number.
    limit : int or None
        The most that there may be.
    text : str or None
        The text that does not fit; ``None``: none is to be shown.
    """

    field: str
    why: Misfit
    column: str | None = None
    count: int | None = None
    limit: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledField:
    """A field with its value and where it comes from.

    Parameters
    ----------
    field : FormField
        What the form asks for.
    value : Value or None
        ``None``: it is empty.
    answered : bool
        A person's answers give it, or a part of it.
    records : tuple of int
        Records of the case that say so.
    exhibits : tuple of ExhibitId
        Exhibits that show it.
    marking : Marking or None
        What may be done with it.
    """

    field: FormField
    value: Value | None = None
    answered: bool = False
    records: tuple[int, ...] = ()
    exhibits: tuple[ExhibitId, ...] = ()
    marking: Marking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form with the values of a case.

    Parameters
    ----------
    form : Form
        The form.
    fields : tuple of FilledField
        In its order.
    faults : tuple of Fault
        What keeps it from being complete.
    withheld : int
        Number of statements that their markings keep out: for whoever writes it, and on no paper.
    unapproved : str
        Why what it is about may not leave, for whoever writes it; empty: it may.
    """

    form: Form
    fields: tuple[FilledField, ...]
    faults: tuple[Fault, ...]
    withheld: int = 0
    unapproved: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing, and everything fits."""
        return not self.faults

    @property
    def is_draft(self) -> bool:
        """Whether it may be written only as a draft: it lacks something, or may not leave."""
        return not self.is_complete or self.unapproved != ""

    @property
    def marking(self) -> Marking | None:
        """The marking of the whole: it covers that of each value."""
        return strictest(entry.marking for entry in self.fields if entry.marking is not None)

    def value(self, name: str) -> Value | None:
        """Return the value of a field; ``None``: it is empty."""
        return next((entry.value for entry in self.fields if entry.field.name == name), None)


def fill(form: Form, facts: Mapping[str, Fact], answers: Mapping[str, Any]) -> Filled:
    """Fill a form.

    What a case says wins: an answer that differs is a fault. An answer fills what the case leaves
    open.

    Parameters
    ----------
    facts : mapping of str to Fact
        By the names of the vocabulary.
    answers : mapping of str to object
        By the names of the fields, as TOML has them.

    Raises
    ------
    InputError
        If the answers name a field that the form does not have.
    """
    unknown = sorted(name for name in answers if form.field(name) is None)
    if unknown:
        raise InputError(
            f"the form {form.id} has no field {unknown[0][:60]!r}",
            hint=f"cautery form answers {form.id} writes a file with its fields.",
        )
    filled: list[FilledField] = []
    faults: list[Fault] = []
    for form_field in form.fields:
        entry, field_faults = _filled(form_field, facts.get(form_field.from_), answers)
        filled.append(entry)
        faults += field_faults
    faults += _empty_groups(filled)
    withheld = facts[WITHHELD].value if WITHHELD in facts else 0
    return Filled(
        form=form,
        fields=tuple(filled),
        faults=tuple(faults),
        withheld=withheld if isinstance(withheld, int) else 0,
        unapproved=str(facts[UNAPPROVED].value) if UNAPPROVED in facts else "",
    )


def _filled(
    form_field: FormField, fact: Fact | None, answers: Mapping[str, Any]
) -> tuple[FilledField, list[Fault]]:
    name, answer = form_field.name, answers.get(form_field.name)
    if form_field.fixed is not None:
        fact = Fact(value=form_field.fixed)
    typed_answer = None if answer is None else value_of(form_field.kind, answer)
    if answer is not None and typed_answer is None:
        fault = Fault(field=name, why=Misfit.MISSHAPEN, text=_shown(answer))
        return FilledField(field=form_field), [fault]
    case_value = None if fact is None or is_empty(fact.value) else fact.value
    if form_field.kind is FieldKind.TABLE:
        return _table(form_field, fact, case_value, typed_answer)
    if case_value is not None and typed_answer is not None and typed_answer != case_value:
        fault = Fault(field=name, why=Misfit.CONTRADICTS, text=_shown(typed_answer))
        return _entry(form_field, case_value, fact, answered=False), [fault]
    value = typed_answer if case_value is None else case_value
    if value is None or is_empty(value):
        return FilledField(field=form_field), list(_missing(form_field))
    entry = _entry(form_field, value, fact, answered=case_value is None)
    return entry, list(_misfits(form_field, value))


def _entry(
    form_field: FormField, value: Value, fact: Fact | None, *, answered: bool
) -> FilledField:
    if fact is None or answered:
        return FilledField(field=form_field, value=value, answered=answered)
    return FilledField(
        field=form_field,
        value=value,
        records=fact.records,
        exhibits=fact.exhibits,
        marking=fact.marking,
    )


def _missing(form_field: FormField) -> Iterator[Fault]:
    if form_field.mandatory and form_field.one_of is None:
        yield Fault(field=form_field.name, why=Misfit.MISSING)


def _misfits(form_field: FormField, value: Value) -> Iterator[Fault]:
    name = form_field.name
    texts = value if isinstance(value, tuple) else (value,)
    if isinstance(value, bool):
        texts = ("yes" if value else "no",)
    if isinstance(value, tuple) and len(value) > form_field.most:
        yield Fault(field=name, why=Misfit.TOO_MANY, count=len(value), limit=form_field.most)
    for text in texts:
        if not isinstance(text, str):
            continue
        if len(text) > form_field.longest:
            yield Fault(
                field=name,
                why=Misfit.TOO_LONG,
                count=len(text),
                limit=form_field.longest,
                text=_shown(text),
            )
        if form_field.choices and text not in form_field.choices:
            yield Fault(field=name, why=Misfit.MISSHAPEN, text=_shown(text))


def _table(
    form_field: FormField, fact: Fact | None, case_value: Value | None, typed_answer: Value | None
) -> tuple[FilledField, list[Fault]]:
    """Fill a table: rows of the case, with what a person answers of each by its place."""
    rows = _as_rows(case_value)
    answered = _as_rows(typed_answer)
    if rows and len(answered) > len(rows):
        fault = Fault(
            field=form_field.name, why=Misfit.TOO_MANY, count=len(answered), limit=len(rows)
        )
        return FilledField(field=form_field), [fault]
    filled: list[Row] = []
    faults: list[Fault] = []
    for place in range(max(len(rows), len(answered))):
        row = rows[place] if place < len(rows) else None
        answer = answered[place] if place < len(answered) else {}
        filled.append({column.name: _cell(column, row, answer) for column in form_field.columns})
        faults += _row_faults(form_field, answer, filled[-1], of_case=row is not None)
    faults += _twice(form_field, filled)
    if not filled:
        return FilledField(field=form_field), list(_missing(form_field))
    if len(filled) > form_field.most:
        faults.append(
            Fault(
                field=form_field.name,
                why=Misfit.TOO_MANY,
                count=len(filled),
                limit=form_field.most,
            )
        )
    entry = _entry(form_field, tuple(filled), fact, answered=not rows)
    return entry, faults


def _cell(column: Column, row: Row | None, answer: Row) -> str:
    """Return the text of a cell: the form's, a person's, or the case's."""
    if column.fixed is not None:
        return column.fixed
    if row is None or column.from_ == ANSWERS:
        return answer.get(column.name, "")
    return row.get(column.from_, "")


def _row_faults(form_field: FormField, answer: Row, row: Row, *, of_case: bool) -> Iterator[Fault]:
    columns = {column.name: column for column in form_field.columns}
    for name, text in answer.items():
        column = columns.get(name)
        if column is None:
            yield Fault(
                field=form_field.name, column=name[:60], why=Misfit.MISSHAPEN, text=name[:60]
            )
        elif of_case and column.from_ != ANSWERS and text != row[name]:
            yield Fault(
                field=form_field.name, column=name, why=Misfit.CONTRADICTS, text=_shown(text)
            )
    for name, text in row.items():
        if len(text) > form_field.longest:
            yield Fault(
                field=form_field.name,
                column=name,
                why=Misfit.TOO_LONG,
                count=len(text),
                limit=form_field.longest,
                text=_shown(text),
            )


def _twice(form_field: FormField, rows: list[Row]) -> Iterator[Fault]:
    for column in form_field.columns:
        if not column.unique:
            continue
        counts = Counter(row[column.name] for row in rows if row[column.name])
        for text, count in counts.items():
            if count > 1:
                yield Fault(
                    field=form_field.name,
                    column=column.name,
                    why=Misfit.TWICE,
                    count=count,
                    text=_shown(text),
                )


def _empty_groups(filled: list[FilledField]) -> Iterator[Fault]:
    groups: dict[str, list[FilledField]] = {}
    for entry in filled:
        if entry.field.one_of is not None:
            groups.setdefault(entry.field.one_of, []).append(entry)
    for entries in groups.values():
        if all(entry.value is None for entry in entries):
            yield Fault(field=entries[0].field.name, why=Misfit.NONE_OF_GROUP)


def _as_rows(value: Value | None) -> tuple[Row, ...]:
    if not isinstance(value, tuple):
        return ()
    return tuple(row for row in value if isinstance(row, Mapping))


def _shown(answer: Any) -> str:
    """Return the beginning of what was given, to be named in a sentence."""
    text = answer if isinstance(answer, str) else repr(answer)
    return text if len(text) <= 80 else f"{text[:79]}…"
