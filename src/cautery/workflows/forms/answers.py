"""Answers of a person to what no case knows: a TOML file, blank to begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.messages import language, tr
from cautery.model.forms import ANSWERS, FieldKind, Form, FormField, in_words_of
from cautery.model.forms.facts import LISTS
from cautery.model.toml import simple_toml, toml_string
from cautery.packed import small_file

MAX_BYTES = 1_000_000


def read_answers(path: Path, form: Form) -> dict[str, Any]:
    """Read a file of answers to a form.

    Raises
    ------
    InputError
        If it is no TOML, or names a field that the form does not have.
    """
    hint = f"cautery form answers {form.id} -o answers.toml writes a blank one."
    raw = small_file(path, most=MAX_BYTES, of="answers", hint=hint)
    try:
        answers = simple_toml(raw.decode("utf-8-sig"))
    except ValueError as error:
        raise InputError(f"{path}: not valid TOML: {str(error)[:200]}", hint=hint) from error
    unknown = sorted(name for name in answers if form.field(name) is None)
    if unknown:
        raise InputError(f"{path}: the form {form.id} has no field {unknown[0][:60]!r}", hint=hint)
    return answers


def blank_answers(form: Form) -> str:
    """Return a file in which a person answers: each field in comments, with its label."""
    lines = [f"# {form.id}: {in_words_of(form.title, language())}"]
    lines += [
        "# " + tr("Take the # from a line, and write the answer. What a case knows is left out.")
    ]
    for form_field in form.fields:
        lines += _blank(form_field)
    return "\n".join(lines) + "\n"


def _blank(form_field: FormField) -> Iterator[str]:
    open_columns = [column for column in form_field.columns if column.from_ == ANSWERS]
    if form_field.from_ != ANSWERS and not open_columns:
        return
    label = in_words_of(form_field.label, language())
    needed = tr("mandatory") if form_field.mandatory else tr("optional")
    yield ""
    yield f"# {label} ({form_field.kind.value}, {needed})"
    for line in in_words_of(form_field.words, language()).splitlines() if form_field.words else ():
        yield f"# {line}"
    if form_field.choices:
        yield "# " + tr(
            "one of: %(choices)s", choices=", ".join(map(toml_string, form_field.choices))
        )
    if form_field.kind is FieldKind.TABLE:
        yield f"#[[{form_field.name}]]"
        columns = form_field.columns if form_field.from_ == ANSWERS else open_columns
        for column in columns:
            yield f'#{column.name} = ""  # {in_words_of(column.label, language())}'
        return
    yield f"#{form_field.name} = {_EMPTY.get(form_field.kind, _blank_of(form_field.kind))}"


_EMPTY = {
    FieldKind.YES_NO: "false",
    FieldKind.NUMBER: "0",
    FieldKind.DATE: "2026-01-31",
    FieldKind.MOMENT: "2026-01-31T20:30:00Z",
    FieldKind.MONEY: '"0.00 EUR"',
    FieldKind.COUNTRY: '"IT"',
}


def _blank_of(kind: FieldKind) -> str:
    return '[""]' if kind in LISTS else '""'
