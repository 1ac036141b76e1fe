"""A record's message in words."""

from __future__ import annotations

import re
from enum import Enum
from functools import partial

from cautery.messages.catalogue import TEXTS, term
from cautery.messages.language import gettext, tr_n
from cautery.messages.values import DEEPEST, Shown, Style, plain
from cautery.model.message import Message


def say(message: Message, style: Style = plain, *, depth: int = 0) -> str:
    """Return a message in the language in use.

    It never fails. An id that this Cautery does not know, or values that do not fit it, are shown
    as they stand: whoever has a case's file can append a record.

    Parameters
    ----------
    style : callable
        How numbers are written: for a terminal, or for a page.

    Examples
    --------
    >>> say(Message("of-tomorrow", {"host": "a.example"}))
    'of-tomorrow (host: a.example)'
    """
    plain_text = message.plain()
    if plain_text is not None:
        return plain_text
    if depth > DEEPEST:
        return message.id
    text = TEXTS.get(message.id)
    try:
        if text is None:
            return _as_it_stands(message)
        values = Shown(message.values, style, partial(say, style=style, depth=depth + 1))
        if isinstance(text, str):
            return gettext(text) % dict(values)
        return tr_n(*text, int(message.values["count"]), style, **_but_count(values))
    except (KeyError, TypeError, ValueError, OverflowError):
        return _as_it_stands(message)


def word(member: Enum) -> str:
    """Return the word for a member of an enumeration; its value, if the catalogue has no word.

    The id is the enumeration's name and the value: ``role.super-reseller``.
    """
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(member).__name__).lower()
    return say(term(kind, str(member.value)))


def _but_count(values: Shown) -> dict[str, str]:
    return {name: value for name, value in values.items() if name != "count"}


def _as_it_stands(message: Message) -> str:
    values_shown = Shown(message.values, say=lambda inner: inner.id)
    values = ", ".join(f"{name}: {value}" for name, value in values_shown.items())
    return f"{message.id} ({values})" if values else message.id
