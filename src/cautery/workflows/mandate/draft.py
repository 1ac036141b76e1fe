"""A mandate's file as it is being written: what reads mandates checks each answer at once.

The text that comes out explains itself: each key has its sentence of the reference, and each table
that the mandate does not have yet stands there as a comment.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from cautery.errors import InputError, MandateError
from cautery.model import Mandate
from cautery.model.toml import parsed_toml, toml_string
from cautery.workflows.mandate.checks import Checks
from cautery.workflows.mandate.faults import in_words
from cautery.workflows.mandate.file import MandateFile
from cautery.workflows.mandate.read import mandate_of, mandate_schema

HEAD: Final = "mandate"
SINGLE: Final = (HEAD, "network", "log", "lists", "decoys", "follow")
"""Tables that a mandate has once; it may have any number of the others."""
TO_FIND: Final = ("event", "fixtures", "channel", "work")
"""Tables of which a watch needs at least one."""
WIDTH = 100

_PLACE = re.compile(r"^.*?, line \d+: ", re.DOTALL)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PASTED_KEY = re.compile(r'^public_key *= *"([^"]*)"$')
_ANYTHING: Final = {"id": "anything", "names": ["anything"]}
"""A channel with which the first tables of a mandate are checked, before it names its own."""


class AnswerError(MandateError):
    """An answer with which a mandate would be refused.

    Parameters
    ----------
    what : str
        What is wrong.
    hint : str
        What to do about it.
    key : str
        The key whose answer is wrong, or the table.
    """

    def __init__(self, what: str, *, hint: str, key: str) -> None:
        super().__init__(what, hint=hint)
        self.key = key


@dataclass(slots=True)
class Draft:
    """The tables of a mandate that is being written.

    Parameters
    ----------
    path : Path
        Where the file will stand: paths in it are relative to its folder.
    now : datetime
        In UTC; the mandate's window must not have ended before.
    """

    path: Path
    now: datetime
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def finds_nothing(self) -> bool:
        """Whether nothing is named yet that a watch could find."""
        return not any(self.tables.get(table) for table in TO_FIND)

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Add a table.

        Raises
        ------
        AnswerError
            If a mandate with it would be refused.
        """
        self.check(table, row)
        self.tables.setdefault(table, []).append(dict(row))

    def check_key(self, table: str, key: str, value: Any) -> None:
        """Check an answer by itself, whatever the others will be.

        Raises
        ------
        AnswerError
            If it cannot stand.
        """
        if isinstance(value, datetime):
            with _answers():
                Checks(self.path, "").utc(value, (table, key))
        try:
            _models()[table].model_validate({key: value})
        except ValidationError as error:
            for detail in error.errors():
                if detail["loc"][0] == key and detail["type"] != "missing":
                    what, remedy = in_words(detail)
                    raise AnswerError(what, hint=remedy, key=key) from None

    def check(self, table: str, row: Mapping[str, Any]) -> None:
        """Check a table together with those that stand already.

        Raises
        ------
        AnswerError
            If a mandate with it would be refused.
        """
        tables = {**self.tables, table: [*self.tables.get(table, []), dict(row)]}
        if not any(tables.get(name) for name in TO_FIND):
            tables["channel"] = [_ANYTHING]
        with _answers():
            mandate_of(self.path, _bare(tables), now=self.now)

    def mandate(self) -> Mandate:
        """Return the mandate that the text reads as.

        Raises
        ------
        AnswerError
            If it would be refused.
        """
        with _answers():
            return mandate_of(self.path, self.text(), now=self.now)

    def text(self) -> str:
        """Return the file: TOML, with a comment for each key and for each table that is absent."""
        lines = [
            "# A mandate for Cautery. docs/reference/mandate.md explains every table and key;",
            "# `cautery mandate show` prints what is in force, and what is switched off.",
        ]
        for table in MandateFile.model_fields:
            rows = self.tables.get(table, [])
            lines += ["", *_comment(str(_shape(table)["description"]))]
            if not rows:
                lines += _absent(table)
            for nth, row in enumerate(rows):
                lines += [""] * (nth > 0) + [_header(table)]
                for key, value in row.items():
                    lines += _comment(sentence_of(table, key)) if nth == 0 else []
                    lines.append(f"{_key(key)} = {written(value)}")
            unset = [key for key in _properties(table) if rows and key not in rows[0]]
            if unset:
                lines += _comment(f"Not set: {', '.join(unset)}.")
        return "\n".join(lines) + "\n"


@contextmanager
def _answers() -> Iterator[None]:
    """Let a refusal speak of an answer: the file and its lines are not there yet."""
    try:
        yield
    except MandateError as error:
        what = _PLACE.sub("", str(error))
        key = what.partition(":")[0].rpartition(".")[2]
        raise AnswerError(what, hint=error.hint, key=key) from None


def table_of_option(table: str, text: str) -> dict[str, Any]:
    """Return one table that is written on a line, as in ``id = "x", name = "Home v Away"``.

    Raises
    ------
    InputError
        If it is not written so.
    """
    try:
        rows = parsed_toml("row = { " + text + " }")
    except (ValueError, RecursionError) as error:
        keys = ", ".join(f"{key} = ..." for key in required_of(table) or tuple(_properties(table)))
        raise InputError(
            f"--{table} {text[:60]!r}: not TOML: {str(error)[:200]}",
            hint=f"Write keys and values as in a mandate, with commas between them: '{keys}'.",
        ) from None
    if [*rows] != ["row"]:
        raise InputError(f"--{table} {text[:60]!r}: not one table")
    row: dict[str, Any] = rows["row"]
    properties = _properties(table)
    return {
        key: value_of(table, key, value) if key in properties and isinstance(value, str) else value
        for key, value in row.items()
    }


def value_of(table: str, key: str, answer: str) -> Any:
    """Return what an answer in words means for a key; one that means nothing stays as it is."""
    kinds = _kinds(table, key)
    answer = answer.strip()
    if key in ("territory", "territories", "country"):
        answer = answer.upper()
    if (choice := answer.lower()) in choices_of(table, key):
        return choice
    try:
        if "array" in kinds and _properties(table)[key]["items"].get("format") == "date":
            return [date.fromisoformat(part.strip()) for part in answer.split(",")]
        if "array" in kinds:
            return [part.strip() for part in answer.split(",") if part.strip()]
        if "date-time" in kinds:
            return datetime.fromisoformat(answer)
        if "boolean" in kinds:
            return {"true": True, "yes": True, "false": False, "no": False}.get(answer, answer)
        if "integer" in kinds:
            return int(answer)
        if "number" in kinds:
            return float(answer)
    except ValueError:
        return answer
    if key == "public_key" and (pasted := _PASTED_KEY.match(answer)) is not None:
        return pasted[1]
    return answer


def written(value: Any) -> str:
    """Return a value as TOML.

    Examples
    --------
    >>> print(written(["Sport 1", "Sport 2"]), written(True))
    ["Sport 1", "Sport 2"] true
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, dict):
        cells = (f"{_key(key)} = {written(cell)}" for key, cell in value.items())
        return "{ " + ", ".join(cells) + " }"
    if isinstance(value, str):
        return toml_string(value)
    return str(value)


def _key(key: str) -> str:
    """Return a key as TOML: in quotes where it would else be more than a key."""
    return key if _BARE_KEY.fullmatch(key) else written(key)


def sentence_of(table: str, key: str) -> str:
    """Return the reference's sentence for a key, in one line; empty if a mandate has none."""
    # Written as a comment: a second line would be read as TOML.
    return " ".join(str(_properties(table).get(key, {}).get("description", "")).split())


def choices_of(table: str, key: str) -> tuple[str, ...]:
    """Return the words among which a key's value is chosen; empty if it is free."""
    shape = _properties(table)[key]
    name = str(shape.get("$ref", "")).rpartition("/")[2]
    return tuple(mandate_schema_once()["$defs"].get(name, shape).get("enum", ()))


def required_of(table: str) -> tuple[str, ...]:
    """Return the keys without which a table is refused."""
    return tuple(_shape(table).get("required", ()))


@cache
def mandate_schema_once() -> dict[str, Any]:
    """Return the mandate's JSON Schema, made once."""
    return mandate_schema()


@cache
def _models() -> Mapping[str, type[BaseModel]]:
    """Return the model of each table, by the table's name."""
    models = {}
    for table, info in MandateFile.model_fields.items():
        annotation: Any = info.annotation
        models[table] = annotation if isinstance(annotation, type) else annotation.__args__[0]
    return models


def _shape(table: str) -> dict[str, Any]:
    shape: dict[str, Any] = mandate_schema_once()["$defs"][_models()[table].__name__]
    return shape


def _properties(table: str) -> dict[str, Any]:
    properties: dict[str, Any] = _shape(table)["properties"]
    return properties


def _kinds(table: str, key: str) -> set[str]:
    shape = _properties(table)[key]
    return {
        str(kind.get("format") or kind.get("type") or "") for kind in shape.get("anyOf", [shape])
    }


def _header(table: str) -> str:
    return f"[{table}]" if table in SINGLE else f"[[{table}]]"


def _absent(table: str) -> Iterator[str]:
    """Yield a table that the mandate does not have, as comments to fill in.

    A key that may be left out is a comment still where the others no longer are.
    """
    required = required_of(table)
    yield f"# {_header(table)}"
    for key in sorted(_properties(table), key=lambda key: key not in required):
        mark = "# # " if required and key not in required else "# "
        yield f"{mark}{key} = ...  # {sentence_of(table, key)}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _bare(tables: Mapping[str, list[dict[str, Any]]]) -> str:
    """Return tables as TOML, without a comment."""
    lines = []
    for table, rows in tables.items():
        for row in rows:
            lines.append(_header(table))
            lines += [f"{_key(key)} = {written(value)}" for key, value in row.items()]
    return "\n".join(lines) + "\n"
