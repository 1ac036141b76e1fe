"""Write a filled form as CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cautery.cells import escaped, table_of
from cautery.messages import language
from cautery.model.forms import Filled, FilledField, Value, in_words_of
from cautery.model.forms.facts import Row
from cautery.workflows.forms.drafting import draft_line


def csv_of(filled: Filled) -> bytes:
    """Return a form as CSV: the rows of its table, or a line for each value.

    A draft begins with a line that says so.
    """
    table = filled.form.csv_table
    lines: list[tuple[object, ...]] = []
    if filled.is_draft:
        lines.append((draft_line(filled),))
    for entry in filled.fields:
        if table is None:
            lines += _value_lines(entry)
        elif entry.field.name == table:
            lines.append(tuple(column.name for column in entry.field.columns))
            lines += (tuple(row.values()) for row in _rows(entry.value))
    if table is None:
        lines.insert(1 if filled.is_draft else 0, ("field", "label", "value"))
    return table_of(lines)


def json_of(filled: Filled) -> bytes:
    """Return a form as one JSON object, its members in the form's order and by its names.

    What steers a terminal is escaped. A draft has a member more, and the marking has one if there
    is one.
    """
    members: dict[str, object] = {}
    if filled.is_draft:
        members["DRAFT"] = draft_line(filled)
    if filled.marking is not None:
        members["marking"] = filled.marking.words
    members |= {entry.field.name: entry.value for entry in filled.fields if entry.value is not None}
    text = json.dumps(members, ensure_ascii=False, indent=2)
    return "\n".join((*map(escaped, text.split("\n")), "")).encode()


def _value_lines(entry: FilledField) -> Iterator[tuple[object, ...]]:
    label = in_words_of(entry.field.label, language())
    for text in texts_of(entry):
        yield entry.field.name, label, text


def texts_of(entry: FilledField) -> Iterator[str]:
    """Yield the texts of a value: one, or one an entry of a list or a row of a table."""
    value = entry.value
    if isinstance(value, tuple):
        for part in value:
            yield part if isinstance(part, str) else "; ".join(part.values())
    elif isinstance(value, bool):
        yield "yes" if value else "no"
    elif value is not None:
        yield str(value)


def _rows(value: Value | None) -> Iterator[Row]:
    for row in value if isinstance(value, tuple) else ():
        if not isinstance(row, str):
            yield row
