"""The sentences of records, by id. An id and the names of its values never change their meaning.

Sentences of one subject stand in one file. Each is one clause in the present tense.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from cautery.errors import InputError
from cautery.messages.texts import (
    acts,
    blind,
    cases,
    effects,
    following,
    harm,
    kpi,
    mandates,
    networks,
    notices,
    operations,
    readings,
    seizures,
    sizes,
    sources,
    terms,
    watching,
)
from cautery.model.message import Message, Value, as_written
from cautery.model.times import iso

Text = str | tuple[str, str]
"""A sentence, or the one for one and the one for many, by its value ``count``."""

TEXTS: Mapping[str, Text] = {
    **watching.TEXTS,
    **sources.TEXTS,
    **readings.TEXTS,
    **networks.TEXTS,
    **acts.TEXTS,
    **notices.TEXTS,
    **cases.TEXTS,
    **following.TEXTS,
    **mandates.TEXTS,
    **operations.TEXTS,
    **seizures.TEXTS,
    **sizes.TEXTS,
    **harm.TEXTS,
    **kpi.TEXTS,
    **effects.TEXTS,
    **blind.TEXTS,
    **terms.TEXTS,
}
"""By id."""

_PLACE = re.compile(r"%\((\w+)\)s")
_ODD = re.compile(r"[^a-z0-9]+")


def message(id_: str, /, **values: Any) -> Message:
    """Return a message for a record, its values as JSON has them.

    Raises
    ------
    InputError
        If the catalogue has no such id, or the id has other values: a mistake in the code.
    """
    text = TEXTS.get(id_)
    if text is None:
        raise InputError(f"the catalogue has no message {id_}")
    required = places(text)
    if required != frozenset(values):
        raise InputError(f"{id_} has the values {sorted(required)}, not {sorted(values)}")
    return Message(id_, {name: _as_json(value) for name, value in values.items()})


def term(kind: str, value: str) -> Message:
    """Return the message of a word, whose id is ``kind.value``; other values stay as written.

    Examples
    --------
    >>> term("exhibit", "foreign sound")
    Message(id='exhibit.foreign-sound', values={})
    """
    id_ = f"{kind}.{_ODD.sub('-', value.lower())}"
    return Message(id_) if id_ in TEXTS else as_written(value)


@cache
def places(text: Text) -> frozenset[str]:
    """Return the names of a sentence's values."""
    if isinstance(text, str):
        return frozenset(_PLACE.findall(text))
    return frozenset(_PLACE.findall("".join(text))) | {"count"}


def _as_json(value: Any) -> Value:
    """Return a value as it comes back from a record."""
    if type(value) is str:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return tuple(map(_as_json, value))
    return value
