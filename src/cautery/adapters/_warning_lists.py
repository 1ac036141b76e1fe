"""Warning lists of MISP as facts: they can make the guard more careful, and never less.

A warning list says of what an indicator is likely to be a mistake. So its names and ranges become
names that are popular or protected, and ranges that are shared or of a protected kind: each of
these only adds an objection. What could take one away is refused: a range of a hoster, which would
hide a wider one of a cloud; a zone of tenants, below which the guard takes each name for its
customer's own; and the name of a fact that the list would replace. No pattern of a list is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from cautery.adapters._fact_files import KNOWN, MAX_ROWS
from cautery.adapters._fact_text import read_name, read_span
from cautery.adapters._imported import Imported
from cautery.errors import InputError
from cautery.model import ADDRESS_LISTS

PREFIX = "misp-"
"""How the name of a fact begins that is a warning list."""
_TYPES = ("cidr", "hostname", "string", "substring", "regex")
_PATTERNS = {"substring": "substrings", "regex": "regular expressions"}
_OF_NAMES = frozenset(("domain", "hostname", "domain|ip", "url", "uri"))
_SHARES = ("cdn", "cloud", "service", "waf")
"""How ranges may be shared; ``hosting`` is no objection, and would hide a wider range."""
_OF_ADDRESSES = tuple(KNOWN[fact].kind for fact in ADDRESS_LISTS)
_Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
_LISTED = ("popular", "protected", "bank", "university")


def is_warning_list(document: Any) -> bool:
    """Tell whether a JSON value is a warning list."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("list"), list)
        and document.get("type") in _TYPES
    )


def warning_list(document: Mapping[str, Any], *, name: str, kind: str, share: str) -> Imported:
    """Read a warning list as rows of facts.

    Parameters
    ----------
    document : mapping
        ``list.json`` of misp-warninglists.
    name : str
        Of the fact; it begins with ``misp-``.
    kind : str
        What the entries are: ``popular`` (default of names), ``protected``, ``bank`` ...
    share : str
        How the ranges are shared; empty: ``service``.

    Raises
    ------
    InputError
        If its entries are patterns, or digests, or the fact would make the guard less careful.
    """
    if not name.startswith(PREFIX):
        raise InputError(
            f"a warning list of MISP needs a name that begins with {PREFIX}, not {name!r}: "
            "it is read beside the other facts, and replaces none",
            hint=f"Use --name {PREFIX}{name}.",
        )
    of_type, entries = document["type"], document["list"]
    if len(entries) > MAX_ROWS:
        raise InputError(f"more than {MAX_ROWS:,} rows")
    if of_type in _PATTERNS:
        raise InputError(
            f"a warning list of {len(entries):,} {_PATTERNS[of_type]}: none is used, for no "
            "pattern of a list is run",
            hint="Lists of the types cidr, hostname and string can be added.",
        )
    matched = document.get("matching_attributes")
    if of_type != "cidr" and isinstance(matched, list) and _OF_NAMES.isdisjoint(map(str, matched)):
        raise InputError("this warning list holds no names and no addresses")
    read = _ranges if of_type == "cidr" else _names
    row_kind, header, rows = read(list(map(str, entries)), name, kind, share)
    return Imported(
        format=f"MISP warning list ({of_type})",
        kind=row_kind,
        header=header,
        rows=tuple(dict.fromkeys(rows)),
        date=_day(document.get("version")),
        broken=len(entries) - len(rows),
    )


def _ranges(entries: list[str], name: str, kind: str, share: str) -> _Table:
    share = share or "service"
    if share not in _SHARES or kind not in ("", "shared", *_OF_ADDRESSES):
        raise InputError(
            f"ranges of a warning list cannot be of the kind {kind or share!r}",
            hint=f"One of {', '.join((*_SHARES, *_OF_ADDRESSES))}.",
        )
    cidrs = [entry.strip() for entry in entries if read_span(entry) is not None]
    if kind in _OF_ADDRESSES:
        return kind, ("value",), [(cidr,) for cidr in cidrs]
    provider = name.removeprefix(PREFIX)
    rows: list[tuple[str, ...]] = [(cidr, provider, share, name) for cidr in cidrs]
    return "shared", ("cidr", "provider", "class", "source"), rows


def _names(entries: list[str], name: str, kind: str, share: str) -> _Table:
    kind = kind or "popular"
    if share or kind not in _LISTED:
        raise InputError(
            f"names of a warning list cannot be of the kind {share or kind!r}",
            hint=f"One of {', '.join(_LISTED)}.",
        )
    names = [plain for entry in entries if (plain := read_name(entry)) is not None]
    if kind == "protected":
        return kind, ("name", "kind"), [(plain, name.removeprefix(PREFIX)) for plain in names]
    if kind == "popular":
        return kind, ("domain", "lists"), [(plain, name) for plain in names]
    return kind, ("value",), [(plain,) for plain in names]


def _day(version: Any) -> date | None:
    """Return the day of a version such as 20260811 or 26081010; of 9, nobody knows it."""
    digits = str(version)
    if not digits.isdigit() or len(digits) != 8:
        return None
    for year, rest in ((digits[:4], digits[4:]), (f"20{digits[:2]}", digits[2:6])):
        try:
            day = date.fromisoformat(f"{year}-{rest[:2]}-{rest[2:4]}")
        except ValueError:
            continue
        if 2000 <= day.year < 2100:
            return day
    return None
