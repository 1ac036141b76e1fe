"""The fact sheets: what was published of an operation, each figure with its source."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from cautery.errors import InputError

SHEETS = ("taken-down", "kratos")
"""The operations that have one; they are reported with the same totals."""

_KINDS = ("reported", "claim", "same-totals")
_SOURCE = re.compile(r"S\d{1,3}[a-z]?(; S\d{1,3}[a-z]?)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One published figure.

    Parameters
    ----------
    value : str
        As published: ``112+``, ``> 22 million``.
    low, high : float or None
        What that says in numbers; ``None``: open on that side, or no number.
    kind : str
        ``reported`` by an agency or its text, ``claim`` (a size that nobody can have counted),
        ``same-totals`` (a figure that another operation is reported with too).
    source, source_name : str
        The mark in docs/reference/sources.md, and the publication.
    """

    id: str
    what: str
    value: str
    unit: str
    kind: str
    source: str
    source_name: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSheet:
    """What was published of one operation, and the sentence that goes with it."""

    name: str
    title: str
    statement: str
    facts: tuple[Fact, ...]

    def fact(self, id: str) -> Fact:
        """Return a fact by its id.

        Raises
        ------
        InputError
            If the sheet has no such fact.
        """
        for fact in self.facts:
            if fact.id == id:
                return fact
        raise InputError(f"fact sheet {self.name}: it has no fact {id!r}")

    def number(self, id: str) -> float:
        """Return a fact's number: its low bound, or its high one.

        Raises
        ------
        InputError
            If it has none.
        """
        fact = self.fact(id)
        figure = fact.low if fact.low is not None else fact.high
        if figure is None:
            raise InputError(f"fact sheet {self.name}: {id!r} is not a number")
        return figure


def fact_sheet(name: str) -> FactSheet:
    """Return the sheet of an operation.

    Raises
    ------
    InputError
        If there is no such sheet.

    Examples
    --------
    >>> fact_sheet("taken-down").fact("arrests").value
    '11'
    """
    if name not in SHEETS:
        raise InputError(
            f"there is no fact sheet {name!r}", hint="Known fact sheets: " + ", ".join(SHEETS)
        )
    place = resources.files("cautery.lab.operations") / "sheets" / f"{name}.toml"
    return parse_sheet(place.read_text(encoding="utf-8"), name=name)


def parse_sheet(text: str, *, name: str) -> FactSheet:
    """Read a sheet's TOML.

    Raises
    ------
    InputError
        If it is no TOML, or a fact lacks its source, is given twice, or its bounds are no interval.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"fact sheet {name}: not valid TOML ({error})") from error
    rows = tables.get("facts")
    if not isinstance(rows, list) or not rows:
        raise InputError(f"fact sheet {name}: it has no [[facts]]")
    facts = tuple(_fact(row, f"fact sheet {name}, fact {n}") for n, row in enumerate(rows, 1))
    ids = [fact.id for fact in facts]
    for fact_id in ids:
        if ids.count(fact_id) > 1:
            raise InputError(f"fact sheet {name}: {fact_id!r} is given twice")
    sheet = FactSheet(
        name=_text(tables, "name", f"fact sheet {name}"),
        title=_text(tables, "title", f"fact sheet {name}"),
        statement=_text(tables, "statement", f"fact sheet {name}"),
        facts=facts,
    )
    if "never added" not in sheet.statement:
        raise InputError(
            f"fact sheet {name}: its statement must say that the figures are never added",
            hint="Press figures of overlapping operations are the same figures.",
        )
    return sheet


def _fact(row: Any, where: str) -> Fact:
    if not isinstance(row, dict):
        raise InputError(f"{where}: a fact must be a table")
    where = f"{where} ({row.get('id', 'no id')})"
    needed = ("id", "what", "value", "unit", "kind", "source", "source_name")
    strange = set(row) - {*needed, "low", "high"}
    if strange:
        raise InputError(f"{where}: unknown member {', '.join(sorted(map(str, strange)))}")
    texts = {key: _text(row, key, where) for key in needed}
    if texts["kind"] not in _KINDS:
        raise InputError(f"{where}: kind must be {', '.join(_KINDS)}, not {texts['kind']!r}")
    if not _SOURCE.fullmatch(texts["source"]):
        raise InputError(f"{where}: a source must be S and its number, not {texts['source']!r}")
    low, high = (_number(row.get(key), f"{where}: {key}") for key in ("low", "high"))
    if low is not None and high is not None and low > high:
        raise InputError(f"{where}: low {low:g} is above high {high:g}")
    return Fact(low=low, high=high, **texts)


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: {key} is missing or not a text")
    return value


def _number(value: Any, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{where} is not a number")
    return float(value)
