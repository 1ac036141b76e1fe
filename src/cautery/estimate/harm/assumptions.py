"""What viewers would have paid: assumptions as data, each with its source, read and checked.

The file of this package holds what was published. A user's own file has the same shape; every
figure in it needs a source as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cautery.errors import InputError
from cautery.model.toml import simple_toml

CONTENTS = ("live-sport", "film", "series", "channel")
"""What is watched; assumptions differ by it."""
EVIDENCE = ("experiment", "study", "survey", "industry", "judgement", "headline")
"""What an assumption rests on, the firmest first."""
_PERIODS = ("viewing", "month")
_MOST_ROWS, _LONGEST = 200, 400
_MOST_PRICE = 1e5
"""Of one viewing or month, in any currency but those of hyperinflation; judgement."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_PRICE = re.compile(
    r"(?P<low>\d{1,6}(?:\.\d{1,4})?)(?:\s*(?:-|to|:)\s*(?P<high>\d{1,6}(?:\.\d{1,4})?))?\s*"
    r"(?P<currency>[A-Za-z]{3})\s*(?:/|a |per )\s*(?P<per>month|viewing|event)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What is paid for a viewing or a month: from, to, in one currency."""

    low: float
    high: float
    currency: str
    per: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One answer to the question how many would have paid, and how much.

    Parameters
    ----------
    contents : tuple of str
        Of :data:`CONTENTS`, what it speaks of.
    share : (float, float)
        Of the viewers, those who would have paid: from, to.
    price : Price or None
        What they would have paid; ``None``: the lawful offer's price.
    evidence : str
        One of :data:`EVIDENCE`.
    in_hull : bool
        Whether it counts for the range of all assumptions; what headlines assume does not.
    """

    id: str
    title: str
    contents: tuple[str, ...]
    share: tuple[float, float]
    price: Price | None
    evidence: str
    in_hull: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedHarm:
    """A sum that others published, shown beside a claim: from, to, for a year."""

    what: str
    low: float
    high: float
    currency: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """A file of assumptions.

    Parameters
    ----------
    viewings_a_month : (float, float)
        Over how many viewings a month's price is spread, fewest and most.
    most_viewers_over_peak : float
        How many times the viewers of the fullest minute have watched at all, at most.
    """

    title: str
    rows: tuple[Assumption, ...]
    prices: Mapping[str, Price]
    published: tuple[PublishedHarm, ...]
    viewings_a_month: tuple[float, float]
    most_viewers_over_peak: float

    def about(self, content: str) -> tuple[Assumption, ...]:
        """Return the assumptions that speak of a content.

        Raises
        ------
        InputError
            If none does.
        """
        if content not in CONTENTS:
            raise InputError(
                f"{content!r} is not a content", hint=f"Give one of: {', '.join(CONTENTS)}."
            )
        rows = tuple(row for row in self.rows if content in row.contents)
        if not any(row.in_hull for row in rows):
            raise InputError(f"no assumption of {self.title!r} speaks of {content}")
        return rows


@cache
def published_assumptions() -> Assumptions:
    """Return the assumptions of ``assumptions.toml``."""
    text = files("cautery.estimate.harm").joinpath("assumptions.toml").read_text(encoding="utf-8")
    return parsed_assumptions(text, "assumptions.toml")


def parsed_assumptions(text: str, file_name: str) -> Assumptions:
    """Read a file of assumptions.

    Raises
    ------
    InputError
        With file, table and rule, if it is none: every figure needs a source, shares lie between 0
        and 1, prices have a currency.
    """
    try:
        tables = simple_toml(text)
    except ValueError as error:
        raise InputError(f"{file_name}: not valid TOML: {error}") from error
    _only(
        tables,
        {
            *("title", "viewings_a_month", "viewings_source", "most_viewers_over_peak"),
            *("viewers_source", "price", "assumption", "published"),
        },
        file_name,
    )
    prices: dict[str, Price] = {}
    for place, table in _tables(tables, "price", file_name):
        _only(table, {"content", "low", "high", "currency", "per", "source"}, place)
        content = table.get("content")
        if content not in CONTENTS:
            raise InputError(f"{place}: content must be one of {', '.join(CONTENTS)}")
        if content in prices:
            raise InputError(f"{place}: a second price of {content}")
        prices[content] = _price(table, place, source=_text(table, "source", place))
    rows: dict[str, Assumption] = {}
    for place, table in _tables(tables, "assumption", file_name):
        row = _row(table, place, prices)
        if row.id in rows:
            raise InputError(f"{place}: the id {row.id!r} is used twice")
        rows[row.id] = row
    if not rows:
        raise InputError(f"{file_name}: no [[assumption]]")
    for figure in ("viewings", "viewers"):
        _text(tables, f"{figure}_source", file_name)
    return Assumptions(
        title=_text(tables, "title", file_name),
        rows=tuple(rows.values()),
        prices=prices,
        published=tuple(
            _published(table, place) for place, table in _tables(tables, "published", file_name)
        ),
        viewings_a_month=_pair(tables, "viewings_a_month", file_name, least=0.1, most=1_000),
        most_viewers_over_peak=_number(
            tables, "most_viewers_over_peak", file_name, least=1.0, most=100.0
        ),
    )


def parse_price(text: str) -> Price:
    """Read a lawful price such as ``29.99 EUR/month`` or ``15-40 EUR/month``.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> price = parse_price("15 to 40 EUR/month")
    >>> price.low, price.high, price.currency, price.per
    (15.0, 40.0, 'EUR', 'month')
    """
    match = _PRICE.fullmatch(text.strip()[:80])
    if match is None:
        raise InputError(
            f"--price: {text[:80]!r} is not a price",
            hint='Write "29.99 EUR/month", "15-40 EUR/month" or "19.99 EUR/viewing".',
        )
    low = float(match["low"])
    high = low if match["high"] is None else float(match["high"])
    if not 0 < low <= high:
        raise InputError(f"--price: {text[:80]!r}: a price is more than zero, low end first")
    per = "month" if match["per"] == "month" else "viewing"
    return Price(low=low, high=high, currency=match["currency"].upper(), per=per, source="yours")


def _row(table: Mapping[str, Any], place: str, prices: Mapping[str, Price]) -> Assumption:
    _only(
        table,
        {"id", "title", "contents", "share", "price", "evidence", "in_hull", "source"},
        place,
    )
    id_ = _text(table, "id", place)
    if not _ID.fullmatch(id_):
        raise InputError(f"{place}: the id {id_!r} must be small letters, digits and hyphens")
    source = _text(table, "source", place)
    contents = table.get("contents", list(CONTENTS))
    if (
        not isinstance(contents, list)
        or not contents
        or any(content not in CONTENTS for content in contents)
    ):
        raise InputError(f"{place}: contents must be a list of {', '.join(CONTENTS)}")
    evidence = table.get("evidence")
    if evidence not in EVIDENCE:
        raise InputError(f"{place}: evidence must be one of {', '.join(EVIDENCE)}")
    in_hull = table.get("in_hull", True)
    if not isinstance(in_hull, bool):
        raise InputError(f"{place}: in_hull must be true or false")
    price = table.get("price")
    if price is not None and not isinstance(price, dict):
        raise InputError(f"{place}: price must be a table of low, high, currency and per")
    if price is None and (lacking := [content for content in contents if content not in prices]):
        raise InputError(f"{place}: no [[price]] of {lacking[0]}, and no price of its own")
    if price is not None:
        _only(price, {"low", "high", "currency", "per"}, place)
    return Assumption(
        id=id_,
        title=_text(table, "title", place),
        contents=tuple(contents),
        share=_pair(table, "share", place, least=0.0, most=1.0),
        price=None if price is None else _price(price, place, source=source),
        evidence=evidence,
        in_hull=in_hull,
        source=source,
    )


def _price(table: Mapping[str, Any], place: str, *, source: str) -> Price:
    per = table.get("per")
    if per not in _PERIODS:
        raise InputError(f"{place}: per must be viewing or month")
    low = _number(table, "low", place, least=0.0, most=_MOST_PRICE)
    high = _number(table, "high", place, least=low, most=_MOST_PRICE)
    return Price(low=low, high=high, currency=_currency(table, place), per=per, source=source)


def _published(table: Mapping[str, Any], place: str) -> PublishedHarm:
    _only(table, {"what", "low", "high", "currency", "per", "source"}, place)
    if table.get("per") != "year":
        raise InputError(f"{place}: per must be year")
    low = _number(table, "low", place, least=0.0, most=1e14)
    return PublishedHarm(
        what=_text(table, "what", place),
        low=low,
        high=_number(table, "high", place, least=low, most=1e14),
        currency=_currency(table, place),
        source=_text(table, "source", place),
    )


def _tables(
    tables: Mapping[str, Any], name: str, file_name: str
) -> list[tuple[str, Mapping[str, Any]]]:
    rows = tables.get(name, [])
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        raise InputError(f"{file_name}: {name} must be tables, [[{name}]]")
    if len(rows) > _MOST_ROWS:
        raise InputError(f"{file_name}: more than {_MOST_ROWS} tables [[{name}]]")
    return [(f"{file_name}, [[{name}]] {number}", row) for number, row in enumerate(rows, 1)]


def _only(table: Mapping[str, Any], names: set[str], place: str) -> None:
    strange = sorted(set(table) - names)
    if strange:
        raise InputError(f"{place}: {strange[0][:60]!r} is not known here")


def _text(table: Mapping[str, Any], name: str, place: str) -> str:
    text = table.get(name)
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        raise InputError(f"{place}: {name} must be a text of at most {_LONGEST} characters")
    return text


def _currency(table: Mapping[str, Any], place: str) -> str:
    currency = table.get("currency")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise InputError(f"{place}: currency must be an ISO 4217 code, such as EUR")
    return currency


def _number(table: Mapping[str, Any], name: str, place: str, *, least: float, most: float) -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{place}: {name} must be a number")
    if not (math.isfinite(value) and least <= value <= most):
        raise InputError(f"{place}: {name} must be from {least:g} to {most:g}")
    return float(value)


def _pair(
    table: Mapping[str, Any], name: str, place: str, *, least: float, most: float
) -> tuple[float, float]:
    value = table.get(name)
    if not isinstance(value, list) or len(value) != 2:
        raise InputError(f"{place}: {name} must be two numbers, [from, to]")
    low = _number({name: value[0]}, name, place, least=least, most=most)
    high = _number({name: value[1]}, name, place, least=low, most=most)
    return low, high
