"""What is wrong with a mandate file, and the remedy, in words that quote no secret."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from cautery.workflows.mandate.values import TIME_REMEDY

_COUNTRY = 'Write the two capital letters of the country, such as "FR".'
_SPELLINGS = {
    "amount": 'Write it as "12.99".',
    "currency": 'Write its code, such as "EUR".',
    "mac": 'Write it as "00:1A:79:12:34:56".',
    "territory": _COUNTRY,
    "territories": _COUNTRY,
    "country": _COUNTRY,
}
"""How to write what has to be like a pattern."""
_QUOTED = frozenset(
    "regime start end territories lab collateral_budget id event year kind territory country "  # noqa: SIM905 - a table of words
    "access revisit_s revisit_least_s revisit_most_s bought_at amount currency kick_off before_min "
    "after_min allow rate_per_host user_agent resolver canary_port hosts names channels vantages "
    "imdb tmdb eidr isan targets_rule matching".split()
)
"""Keys whose value an error may quote: any other may hold a secret, or a piece of one."""
_KEY = re.compile(r"[a-z_]{1,40}")
"""As keys of a mandate are written: anything else in a key's place may be a secret."""


def in_words(error: Any) -> tuple[str, str]:
    """Return what is wrong and the remedy, of one of pydantic's errors."""
    kind, key = error["type"], str(error["loc"][-1])
    field_name = next((part for part in reversed(error["loc"]) if isinstance(part, str)), "")
    if kind == "refused":
        return error["ctx"]["said"], error["ctx"]["remedy"]
    if kind == "missing":
        return f"{key!r} is missing", f"Add {key} = ... here; `cautery watch --schema` explains it."
    if kind == "extra_forbidden":
        quoted = repr(key) if _KEY.fullmatch(key) else "this key"
        return f"{quoted} is not known here", "Correct its spelling or remove it."
    if kind.startswith("datetime"):
        return f"{key!r} is not a valid time", TIME_REMEDY
    if kind == "list_type" and len(error["loc"]) == 1:
        return "must be a list of tables", f"Write [[{key}]], in two brackets."
    if kind == "string_pattern_mismatch" and field_name in _SPELLINGS:
        quoted = f"{error['input'][:60]!r}: " if field_name in _QUOTED else ""
        return f"{quoted}not in the format of {field_name}", _SPELLINGS[field_name]
    message = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    value = error.get("input")
    if field_name not in _QUOTED or not isinstance(value, str | int | float | datetime):
        return message, "Correct this value."
    try:
        return f"{str(value)[:60]!r}: {message}", "Correct this value."
    except ValueError:  # an integer of thousands of digits, written in base 16
        return message, "Correct this value."
