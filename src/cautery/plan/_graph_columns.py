"""Whole columns of a graph's JSON, checked at once; every refusal names the entry.

Only a column with a fault is walked again to find it, so that a million nodes take seconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.plan.graph import Floats

TOP = (
    "as_of",
    "cost_unit",
    "nodes",
    "groups",
    "actions",
    "countries",
    "demand",
    "forbid",
    "require",
)
_ACT = {"id", "cost", "country", "delay_days", "collateral", "success", "lever", "target"}
KEYS = {
    "nodes": _ACT | {"role", "probability"},
    "groups": {"of", "need", "members"},
    "actions": _ACT | {"covers"},
    "countries": {"id", "fixed_cost", "ready_days"},
    "demand": {"node", "weight"},
}
NUMBERS = (int, float)


def entries(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the list of that name, each of its entries an object with known keys."""
    rows = document.get(name)
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise InputError(f"{name}: expected a list, got {shown(rows)}")
    keys = KEYS[name]
    for number, row in enumerate(rows):
        if type(row) is not dict:
            raise InputError(f"{name}[{number}]: expected an object, got {shown(row)}")
        if not keys.issuperset(row):
            extra = min(set(row) - keys)
            raise InputError(
                f"{name}[{number}]: unknown member {extra!r}; expected {', '.join(sorted(keys))}"
            )
    return rows


def texts(entries: Sequence[dict[str, Any]], where: str, key: str) -> list[str]:
    """Return a column of texts, none of them empty."""
    column = [entry.get(key) for entry in entries]
    if set(map(type, column)) - {str} or not all(column):
        for number, value in enumerate(column):
            if not isinstance(value, str) or not value:
                raise InputError(f"{where}[{number}]: {key}: expected a text, got {shown(value)}")
    return column  # type: ignore[return-value]


def optional_texts(entries: Sequence[dict[str, Any]], where: str, key: str) -> list[str | None]:
    """Return a column of texts that may be missing or null."""
    column = [entry.get(key) for entry in entries]
    if set(map(type, column)) - {str, type(None)}:
        for number, value in enumerate(column):
            if value is not None and not isinstance(value, str):
                raise InputError(f"{where}[{number}]: {key}: expected a text, got {shown(value)}")
    return column


def numbers(
    entries: Sequence[dict[str, Any]],
    where: str,
    key: str,
    *,
    default: float,
    none: float | None = None,
    most: float = math.inf,
) -> Floats:
    """Return a column of numbers from 0 to ``most``.

    Parameters
    ----------
    default : float
        Where the key is missing.
    none : float or None
        What null stands for; ``None``: null is refused.
    """
    column = [entry.get(key, default) for entry in entries]
    kinds = set(map(type, column))
    if float in kinds and math.inf in column:
        for number, entry in enumerate(entries):
            if entry.get(key) == math.inf:  # JSON has no infinity, but 1e999 reads as one
                raise InputError(f"{where}[{number}]: {key} is too large to be a number")
    if type(None) in kinds and none is not None:
        column = [none if value is None else value for value in column]
        kinds.discard(type(None))
    if kinds <= set(NUMBERS):
        values = _as_floats(column)
        if values is not None and ((values >= 0) & (values <= most)).all():
            return values
    for number, value in enumerate(column):
        if type(value) not in NUMBERS:
            raise InputError(f"{where}[{number}]: {key}: expected a number, got {shown(value)}")
        if _as_floats([value]) is None:  # an integer of hundreds of digits
            raise InputError(f"{where}[{number}]: {key} is too large to be a number")
        if not 0 <= value <= most or math.isnan(value):
            limits = "at least 0" if math.isinf(most) else f"between 0 and {most:g}"
            raise InputError(f"{where}[{number}]: {key} must be {limits}, not {shown(value)}")
    raise InputError(f"{where}: {key}: a number is out of range")


def _as_floats(values: list[Any]) -> Floats | None:
    try:
        # JSON has whole numbers beyond any float.
        return np.array(values, np.float64)
    except OverflowError:
        return None


def both(
    nodes: Sequence[dict[str, Any]],
    actions: Sequence[dict[str, Any]],
    key: str,
    *,
    default: float,
    none: float | None = None,
    most: float = math.inf,
) -> Floats:
    """Return a column of the nodes, then of the actions; as :func:`numbers`."""
    return np.concatenate(
        [
            numbers(entries, where, key, default=default, none=none, most=most)
            for entries, where in ((nodes, "nodes"), (actions, "actions"))
        ]
    )


def optional_text(document: dict[str, Any], key: str) -> str | None:
    """Return a text of the document itself that may be missing or null."""
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{key}: expected a text, got {shown(value)}")
    return value


def shown(value: Any) -> str:
    """Return a value as an error shows it: cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
