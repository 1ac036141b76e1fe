"""Whether a value fits the kind of a field: each kind has one check."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from cautery.model.forms.facts import LISTS, FieldKind, Value
from cautery.model.times import iso

_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LONGEST_HOST = 253
_URL = re.compile(r"https?://[^\s/\"<>\\]+(?:/[^\s\"<>\\]*)?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_MONEY = re.compile(r"(-?\d{1,18}(?:\.\d{1,8})?) ([A-Z]{3})")
_TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing: a paper would read otherwise than it was typed."""


def value_of(kind: FieldKind, answer: Any) -> Value | None:
    """Return what was answered as a value of a kind; ``None``: it is none.

    Examples
    --------
    >>> value_of(FieldKind.IPV4, ["192.0.2.7"]), value_of(FieldKind.IPV4, ["192.0.2"])
    (('192.0.2.7',), None)
    """
    if kind is FieldKind.TABLE:
        return _rows(answer)
    if kind in LISTS:
        if not isinstance(answer, list | tuple):
            return None
        texts = [_CHECKS[kind](entry) for entry in answer]
        return None if None in texts else tuple(text for text in texts if text is not None)
    if kind is FieldKind.YES_NO:
        return answer if isinstance(answer, bool) else None
    if kind is FieldKind.NUMBER:
        fits = isinstance(answer, int) and not isinstance(answer, bool) and abs(answer) < 10**18
        return answer if fits else None
    return _CHECKS[kind](answer)


def is_empty(value: Value) -> bool:
    """Tell whether a value says nothing: an empty text, list or table."""
    return value == () or (isinstance(value, str) and not value.strip())


def _text(answer: Any) -> str | None:
    if not isinstance(answer, str):
        return None
    for letter in answer if not answer.isprintable() else "":
        if letter in _TURNS or (
            unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t"
        ):
            return None
    return answer


def _line(answer: Any) -> str | None:
    text = _text(answer)
    return text if text is not None and not set(text) & set("\n\t\u2028\u2029") else None


def _date(answer: Any) -> str | None:
    if isinstance(answer, date) and not isinstance(answer, datetime):
        return answer.isoformat()
    try:
        return date.fromisoformat(answer).isoformat() if isinstance(answer, str) else None
    except ValueError:
        return None


def _moment(answer: Any) -> str | None:
    try:
        moment = datetime.fromisoformat(answer) if isinstance(answer, str) else answer
        aware = isinstance(moment, datetime) and moment.tzinfo is not None
        return iso(moment.astimezone(UTC)) if aware else None
    except (ValueError, OverflowError):
        return None


def _host(answer: Any) -> str | None:
    if not isinstance(answer, str) or len(answer) > _LONGEST_HOST or not _HOST.fullmatch(answer):
        return None
    return None if answer.rpartition(".")[2].isdigit() else answer


def _address(version: int) -> Callable[[Any], str | None]:
    def address(answer: Any) -> str | None:
        try:
            parsed = ipaddress.ip_address(answer) if isinstance(answer, str) else None
        except ValueError:
            return None
        fits = parsed is not None and parsed.version == version and "%" not in str(parsed)
        return str(parsed) if fits else None

    return address


def _money(answer: Any) -> str | None:
    parts = _MONEY.fullmatch(answer) if isinstance(answer, str) else None
    try:
        return None if parts is None else f"{Decimal(parts[1])} {parts[2]}"
    except InvalidOperation:
        return None


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str | None]:
    def matching(answer: Any) -> str | None:
        return answer if isinstance(answer, str) and pattern.fullmatch(answer) else None

    return matching


def _rows(answer: Any) -> Value | None:
    if not isinstance(answer, list | tuple):
        return None
    rows: list[Mapping[str, str]] = []
    for row in answer:
        if not isinstance(row, Mapping):
            return None
        cells = {str(name): _text(cell) for name, cell in row.items()}
        if None in cells.values():
            return None
        rows.append({name: cell for name, cell in cells.items() if cell is not None})
    return tuple(rows)


_CHECKS: Mapping[FieldKind, Callable[[Any], str | None]] = {
    FieldKind.TEXT: _text,
    FieldKind.TEXTS: _line,
    FieldKind.PERSON: _line,
    FieldKind.DATE: _date,
    FieldKind.MOMENT: _moment,
    FieldKind.NAMES: _host,
    FieldKind.IPV4: _address(4),
    FieldKind.IPV6: _address(6),
    FieldKind.URLS: _matching(_URL),
    FieldKind.DIGESTS: _matching(_DIGEST),
    FieldKind.COUNTRY: _matching(_COUNTRY),
    FieldKind.MONEY: _money,
}
