"""Read a form from the tables of its TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cautery.errors import InputError
from cautery.model.forms.form import Column, Form, FormField
from cautery.model.wire import from_json


def form_of(tables: Mapping[str, Any], *, id_: str) -> Form:
    """Return the form that a file's tables state.

    Raises
    ------
    InputError
        If they state none: a member is unknown or missing, or a field takes what no case gives.
    """
    rows = tables.get("field", [])
    if not isinstance(rows, list):
        raise InputError(f"form {id_}: its fields are no [[field]] tables")
    members = _known({name: part for name, part in tables.items() if name != "field"}, _FORM, id_)
    return from_json(Form, {**members, "id": id_, "fields": [_field(row, id_) for row in rows]})


_FORM = frozenset(Form.__dataclass_fields__) - {"id", "fields"}
_FIELD = frozenset(FormField.__dataclass_fields__) - {"from_"} | {"from"}
_COLUMN = frozenset(Column.__dataclass_fields__) - {"from_"} | {"from"}


def _field(row: Any, id_: str) -> dict[str, Any]:
    columns = row.get("columns", []) if isinstance(row, Mapping) else []
    return {
        **_known(row, _FIELD, id_),
        "columns": [_known(column, _COLUMN, id_) for column in columns],
    }


def _known(table: Any, names: frozenset[str], id_: str) -> dict[str, Any]:
    """Return a table whose members are all known, with ``from`` under a name of Python."""
    if not isinstance(table, Mapping):
        raise InputError(f"form {id_}: a field is no table")
    unknown = sorted(set(table) - names)
    if unknown:
        raise InputError(f"form {id_}: {unknown[0]!r} is not known")
    return {"from_" if name == "from" else name: part for name, part in table.items()}
