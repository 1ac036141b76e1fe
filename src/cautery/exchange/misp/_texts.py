"""Words and numbers as MISP keeps them: what it would alter is written as a JSON string."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from math import isfinite
from typing import Any

from cautery.model.times import iso

_PLAIN = re.compile(
    r'(?=[^"\s])[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\U00010000-\U0010ffff]*'
)
"""MISP cuts blanks off both ends, and replaces each letter of four bytes in UTF-8 by ``?``."""
_NAME = re.compile(r"(?!.{254})(?:[a-z0-9_-]+\.)+(?=[0-9-]*[a-z])[a-z0-9-]{2,}")
_URL = re.compile(r"(?:https?|rtmps?|rtsps?|udp|rtp|srt|mms)://[!-~]{1,4000}")
_REFANGED = re.compile(r"\[\.\]|\[dot\]|\(dot\)|\[:\]|\[hxxp://\]|\|")
"""What MISP rewrites in a URL, for it takes it for a disguise; and the sign that splits a value."""
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def plain(text: str) -> str:
    r"""Return words as an attribute's value that comes back as it was.

    Examples
    --------
    >>> plain("Order 17"), plain(" two\x00"), plain("")
    ('Order 17', '" two\\u0000"', '""')
    """
    if text and _PLAIN.fullmatch(text) and text == text.strip():
        return text
    return json.dumps(text)


def words_of(value: Any) -> str:
    """Return what :func:`plain` was given.

    Words that somebody typed in MISP may begin with a quotation mark and be no JSON string.

    Raises
    ------
    ValueError
        If the value is no text.
    """
    if isinstance(value, str):
        if value.startswith('"') and value.endswith('"'):
            with suppress(ValueError, RecursionError):
                inner = json.JSONDecoder().decode(value)
                return inner if isinstance(inner, str) else value
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("it is not a text")


def moment_of(value: Any) -> datetime:
    """Return a time in UTC: ISO 8601, or seconds since 1970.

    A time in the last hours of the year 9999 that UTC has no name for is the last moment.

    Raises
    ------
    ValueError
        If it is no time.
    """
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        moment = datetime.fromisoformat(value.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            return _LAST if moment.year > 1 else _FIRST
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("it is not a time")  # noqa: TRY004 - as datetime says it
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("it is outside of the calendar") from error


@lru_cache(maxsize=1024)
def spelled(moment: datetime) -> str:
    """Return a time as MISP keeps it, with its microseconds."""
    return iso(moment)


def number_of(value: Any) -> float:
    """Return a finite number.

    Raises
    ------
    ValueError
        If it is none.
    """
    number = float(value) if isinstance(value, str | int | float) else float("nan")
    if not isfinite(number):
        raise ValueError("it is not a number")
    return number


def truth_of(value: Any) -> bool:
    """Return a truth value, which MISP spells in four ways.

    Raises
    ------
    ValueError
        If it is none.
    """
    if value in (True, "1", "true", "True"):
        return True
    if value in (False, None, "0", "false", "False", ""):
        return False
    raise ValueError("it is neither true nor false")


def observable(text: str) -> str:
    """Return the type of attribute that keeps a subject letter by letter, empty: none does.

    Names are ``hostname``: MISP's response policy zones take a ``domain`` with all below it.

    Examples
    --------
    >>> [observable(text) for text in ("a.example", "198.51.100.7", "http://a.example/1", "A b")]
    ['hostname', 'ip-dst', 'url', '']
    """
    if _DIGEST.fullmatch(text):
        return "sha256"
    if _URL.fullmatch(text) and not _REFANGED.search(text):
        return "url"
    if _NAME.fullmatch(text):
        return "hostname"
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if str(address) != text or "%" in text:
        return ""
    # Of an address that begins with zeros, MISP's spelling may be another one than ours.
    return "ip-dst" if address.version == 4 or int(address) >> 48 else ""
