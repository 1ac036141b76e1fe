"""Dates as registries write them. One that cannot be read for certain is unknown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_FIRST_YEAR, _LAST_YEAR = 1983, 2199
"""The domain name system is of 1983 (RFC 882); 1970 and 0000 are how machines say 'unknown'."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "ene", "gen", "janv"), ("feb", "fev", "fév"), ("mar", "mär"),
            ("apr", "abr", "avr"), ("may", "mai", "mag"), ("jun", "giu", "juin"),
            ("jul", "lug", "juil"), ("aug", "ago", "aou", "aoû"), ("sep", "set"),
            ("oct", "okt", "ott", "out"), ("nov",), ("dec", "dic", "dez", "déc"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "cet": 1, "west": 1, "cest": 2, "eet": 2,
    "sast": 2, "eest": 3, "msk": 3, "msd": 4, "hkt": 8, "sgt": 8, "myt": 8, "jst": 9, "kst": 9,
    "aest": 10, "nzst": 12, "nzdt": 13, "brt": -3, "clst": -3, "clt": -4, "edt": -4, "est": -5,
    "pdt": -7, "pst": -8,
}  # fmt: skip
"""Hours east of UTC of the abbreviations that registries use."""

_TIME = (
    r"(?:[T ,-]{1,3}(?:at )?(?P<h>\d{1,2}):(?P<mi>\d{2})(?::(?P<s>\d{2})(?:\.\d{1,9})?)?"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\b\.?)?"
    r"[ (]{0,2}(?P<zone>(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]{1,5}\b)?)?"
)
_WORD = r"(?P<mon>[^\W\d_]{3,12})\.?"
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<y>\d{4})"
_FORMS = tuple(
    re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[,.]?\s+)?" + form, re.IGNORECASE)
    for form in (
        _YEAR + r"[-/.]\s?(?P<m>\d{1,2})[-/.]\s?(?P<d>\d{1,2})(?!\d)\.?" + _TIME,
        _YEAR + r"(?P<m>\d{2})(?P<d>\d{2})(?!\d)" + _TIME,
        _YEAR + r"(?P<m>\d{2})(?P<d>\d{2})(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})(?!\d)(?P<zone>Z)?",
        _YEAR + r"[-/. ]" + _WORD + r"[-/. ]" + _DAY + r"(?!\d)" + _TIME,
        _DAY
        + r"(?:\s+de)?[-/.\s]{1,2}"
        + _WORD
        + r"(?:\s+de)?[-/.,\s]{1,2}"
        + _YEAR
        + r"(?!\d)"
        + _TIME,
        _WORD + r"\s+" + _DAY + r",?\s+" + _YEAR + r"(?!\d)" + _TIME,
        _WORD
        + r"\s+"
        + _DAY
        + r"\s+(?P<h>\d{1,2}):(?P<mi>\d{2}):(?P<s>\d{2})\s+(?P<zone>[A-Z]{1,5}\s+)?"
        + _YEAR
        + r"\b",
    )
)
_EITHER = re.compile(
    r"(?P<a>\d{1,2})(?P<mark>[-/.])\s?(?P<b>\d{1,2})[-/.]\s?(?P<y>\d{4})(?!\d)" + _TIME
)
_NUMBERS = re.compile(r"(?<![\d.])(\d{1,2})[-/](\d{1,2})[-/](?:19|20)\d{2}\b")


def day_comes_first(text: str) -> bool | None:
    """Say whether a whole answer writes ``31/12/2026``, by any of its dates; ``None``: none tells.

    Examples
    --------
    >>> day_comes_first("created 02/03/2020, expires 31/03/2021")
    True
    """
    day = month = False
    for match in _NUMBERS.finditer(text[:65_536]):
        day = day or int(match[1]) > 12
        month = month or int(match[2]) > 12
    return day if day != month else None


def moment_of(text: str, *, day_first: bool | None = None) -> datetime | None:
    """Read the date at the beginning of a text.

    Parameters
    ----------
    day_first : bool or None
        How numbers such as ``02/03/2020`` are meant; unknown: such a date is unknown.

    Returns
    -------
    datetime or None
        In UTC. A time that does not name its zone is taken as UTC, a date as midnight.

    Examples
    --------
    >>> moment_of("2019/06/01 04:52:02 (JST)").isoformat()
    '2019-05-31T19:52:02+00:00'
    >>> moment_of("December 31, 2026, 5:00 pm").isoformat()
    '2026-12-31T17:00:00+00:00'
    >>> moment_of("02/03/2020"), moment_of("1970-01-01"), moment_of("before 1 January 1996")
    (None, None, None)
    """
    text = text.strip().strip("\"'")[:80]
    for form in _FORMS:
        if (match := form.match(text)) is not None:
            parts = match.groupdict()
            month = int(parts["m"]) if parts.get("m") else _MONTHS.get(_short(parts["mon"]))
            return _moment(parts, month=month, day=int(parts["d"]))
    match = _EITHER.match(text)
    if match is None:
        return None
    first, second = int(match["a"]), int(match["b"])
    # Who writes a date with dots writes the day first.
    if match["mark"] == "." or first > 12 or first == second:
        day_first = True
    elif second > 12:
        day_first = False
    if day_first is None:
        return None
    day, month = (first, second) if day_first else (second, first)
    return _moment(match.groupdict(), month=month, day=day)


def _short(name: str) -> str:
    name = name.lower()
    return name[:4] if name[:4] in _MONTHS else name[:3]


def _moment(parts: dict[str, str | None], *, month: int | None, day: int) -> datetime | None:
    year = int(parts["y"] or 0)
    if month is None or not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    hour, minute, second = (int(parts.get(name) or 0) for name in ("h", "mi", "s"))
    if parts.get("half") and hour <= 12:
        hour = hour % 12 + (12 if (parts["half"] or "").lower() == "p" else 0)
    try:
        # A leap second is written as 60, which datetime refuses.
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    return local - _offset((parts.get("zone") or "").strip().lower())


def _offset(zone: str) -> timedelta:
    zone = zone.removeprefix("utc").removeprefix("gmt") or "z"
    if zone[0] not in "+-":
        return timedelta(hours=_ZONES.get(zone, 0))
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    east = timedelta(hours=int(hours), minutes=int(minutes))
    return -east if zone[0] == "-" else east
