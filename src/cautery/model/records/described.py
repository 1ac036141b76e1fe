"""What each kind of record says, for readers: its members in words, and as JSON Schema."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from cautery.errors import InputError
from cautery.model.records.kinds import KINDS

_ROLE = re.compile(r":\w+:`~?(?:[\w.]+\.)?(\w+)`")
_JSON_NAMES = MappingProxyType(
    {
        "datetime": "time (RFC 3339, UTC)",
        "date": "date",
        "timedelta": "number (seconds)",
        "Decimal": "text (decimal number)",
        "bytes": "text (hexadecimal)",
        "str": "text",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
        "Digest": "text (sha256:...)",
        "ExhibitId": "text (sha256:...)",
        "NoneType": "null",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a record's body.

    Parameters
    ----------
    type : str
        In words.
    meaning : str
        Empty: the name says it.
    """

    name: str
    type: str
    meaning: str


def summary_of(shape: type) -> str:
    """Return the first sentence of a type's documentation."""
    return _for_readers((inspect.getdoc(shape) or "").partition("\n\n")[0].replace("\n", " "))


def _for_readers(text: str) -> str:
    """Return a docstring's words as somebody reads them who sees the JSON."""
    return _ROLE.sub(r"\1", text).replace("``None``", "null").replace("``", "`")


def members_of(shape: type) -> Iterator[Member]:
    """Yield the members of a record's type, or of a part of one, in their order."""
    hints = get_type_hints(shape)
    meanings = dict(_meanings(shape))
    for field in fields(shape):
        yield Member(
            name=field.name.rstrip("_"),
            type=_in_words(hints[field.name]),
            meaning=_for_readers(meanings.get(field.name, "")),
        )


def parts_of(*shapes: type) -> tuple[type, ...]:
    """Return the types that the members of some types are made of, each once, as first met."""
    parts: dict[type, None] = {}
    pending = list(shapes)
    while pending:
        shape = pending.pop(0)
        for hint in get_type_hints(shape).values():
            for part in _types_in(hint):
                if isinstance(part, type) and is_dataclass(part) and part not in (*parts, *shapes):
                    parts[part] = None
                    pending.append(part)
    return tuple(parts)


def schema_of(*kinds: str) -> dict[str, Any]:
    """Return the JSON Schema of whole records, as a ledger has them, of some kinds or of all.

    Raises
    ------
    InputError
        If one is no kind of record.
    """
    from pydantic import TypeAdapter  # noqa: PLC0415 - heavy: 0.2 s of CPU

    wanted_kinds = kinds or tuple(KINDS)
    bodies, definitions = TypeAdapter.json_schemas(
        [(kind, "validation", TypeAdapter(type_of(kind))) for kind in wanted_kinds]
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "oneOf": [_whole(kind, bodies[kind, "validation"]) for kind in wanted_kinds],
        **_with_summaries(definitions),
    }


def _with_summaries(schema: Any) -> Any:
    """Return a schema whose descriptions end with their first paragraph."""
    if isinstance(schema, dict):
        return {
            name: value.partition("\n\n")[0].replace("\n", " ")
            if name == "description" and isinstance(value, str)
            else _with_summaries(value)
            for name, value in schema.items()
        }
    return [_with_summaries(item) for item in schema] if isinstance(schema, list) else schema


def _whole(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": kind,
        "description": summary_of(type_of(kind)),
        "type": "object",
        "properties": {
            "kind": {"const": kind},
            "at": {"type": "string", "format": "date-time", "description": "when recorded, UTC"},
            "body": body,
        },
        "required": ["kind", "at", "body"],
        "additionalProperties": False,
    }


def type_of(kind: str) -> type:
    """Return the type of a kind's records.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    shape = KINDS.get(kind)
    if shape is None:
        near = difflib.get_close_matches(kind, KINDS, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "cautery records lists all kinds."
        raise InputError(f"{kind} is not a kind of record", hint=hint)
    return shape


def _meanings(shape: type) -> Iterator[tuple[str, str]]:
    """Yield what the documentation says of each parameter, that of the base types first."""
    for base in reversed(shape.__mro__):
        documentation = inspect.cleandoc(base.__dict__.get("__doc__") or "")
        _, separator, section = documentation.partition("Parameters\n----------\n")
        names: list[str] = []
        text: list[str] = []
        for line in (*(section.splitlines() if separator else ()), "end"):
            if line.startswith(" ") or not line:
                text.append(line.strip())
                continue
            yield from ((name, " ".join(filter(None, text))) for name in names)
            names, text = [name.strip() for name in line.partition(" : ")[0].split(",")], []


def _in_words(hint: Any) -> str:
    """Return how a type's values look in JSON, in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is type(None):
        return "null"
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(_in_words, arguments)))
    if origin is tuple and arguments[-1:] != (Ellipsis,):
        return f"[{', '.join(map(_in_words, arguments))}]"
    if origin in (tuple, list, frozenset):
        return f"list of {_in_words(arguments[0])}"
    if origin is not None and issubclass(origin, Mapping):
        return f"object: {' -> '.join(map(_in_words, arguments))}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " or ".join(f"`{member.value}`" for member in hint)
    name = getattr(hint, "__name__", str(hint))
    return _JSON_NAMES.get(name, f"`{name}`")


def _types_in(hint: Any) -> Iterator[Any]:
    yield hint
    for argument in get_args(hint):
        yield from _types_in(argument)
