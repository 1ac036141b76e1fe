"""Read sizing sources: one CSV for each kind, plain or packed."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from cautery.cells import require_few_columns, rows_of
from cautery.errors import CauteryError, InputError
from cautery.estimate import check_rate
from cautery.model import (
    Money,
    NameSample,
    PanelCount,
    PaymentCount,
    PriceSeen,
    PurchaseCount,
    RecaptureCount,
    SharingAnswer,
    SurveyAnswer,
    VisitCount,
)
from cautery.packed import PACKINGS, chunks_of, text_lines

MOST_ROWS = 400_000
"""Of one kind, which take eight seconds."""
MOST_BYTES = 100_000_000
_COUNTRY = re.compile(r"[A-Z]{2}")
_NOT_ISO = {"UK": "GB", "EL": "GR"}
"""In use, but not ISO 3166-1: two spellings of one country would count it twice."""
YEARS = range(2000, 2100)
"""Before, nobody streamed; a year after them is a slip of the pen. Judgement."""
_LEAST_SHARE = 1e-6
"""Of a share that is not none: one look-up in a million. A smaller one is a slip; judgement."""
_LEAST_AMOUNT = Decimal("0.0001")
"""The finest minor unit of ISO 4217."""
_Row = Mapping[str, str]


def find(folder: Path, stem: str) -> Path | None:
    """Return ``stem.csv`` of a folder, packed or not; ``None`` when there is none.

    Raises
    ------
    InputError
        If there are two: which of them holds?
    """
    matches = [path for end in PACKINGS if (path := folder / f"{stem}.csv{end}").is_file()]
    if len(matches) > 1:
        raise InputError(
            f"{folder}: both {matches[0].name} and {matches[1].name} exist; keep only one of them"
        )
    return matches[0] if matches else None


def read_kind(path: Path, kind: str) -> list[Any]:
    """Read one kind's file.

    Raises
    ------
    InputError
        With file, line and rule, if a row is none of that kind, stands twice, or there are more
        than ``MOST_ROWS``.
    """
    columns, identity_of, make = KINDS[kind]
    optional = OPTIONAL.get(kind, ())
    values: list[Any] = []
    identities: set[object] = set()
    # Empty lines count: they are no rows, and take their time.
    lines = text_lines(chunks_of(path), most_bytes=MOST_BYTES, most_lines=2 * MOST_ROWS)
    reader = csv.DictReader(lines, strict=True)
    try:
        require_few_columns(reader, str(path))
        fieldnames = [fieldname.strip() for fieldname in reader.fieldnames or ()]
        reader.fieldnames = fieldnames
        missing = [column for column in columns if column not in fieldnames]
        if missing:
            raise InputError(
                f"{path}: no column {', '.join(missing)}",
                hint=(f"The columns must be: {','.join(columns)}."),
            )
        if len(set(fieldnames)) < len(fieldnames):
            raise InputError("the header has the same column twice")
        for row in rows_of(reader, (*columns, *optional), named=str(path)):
            if len(values) >= MOST_ROWS:
                raise InputError(f"more than {MOST_ROWS:,} rows")
            cells = {name: row.get(name, "").strip() for name in (*columns, *optional)}
            value = make(cells)
            identity = identity_of(value)  # of the value: one day has many spellings
            if identity in identities:
                raise InputError(
                    f"{', '.join(row[name] for name in columns)[:80]}: this row occurs "
                    "twice and would be counted twice"
                )
            identities.add(identity)
            values.append(value)
    except UnicodeError as error:
        raise InputError(f"{path}: not UTF-8 text") from error
    except (csv.Error, CauteryError) as error:
        if str(error).startswith(str(path)):
            raise
        hint = error.hint if isinstance(error, CauteryError) else None
        raise InputError(f"{path}, line {reader.reader.line_num}: {error}", hint=hint) from error
    return values


def _count(row: _Row, name: str) -> int:
    text = row[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InputError(f"{name} {text[:40]!r}: a count must be a whole number, not negative")
    return int(text)


def _counts(row: _Row, *names: str) -> dict[str, int]:
    return {name: _count(row, name) for name in names}


def _optional_count(row: _Row, name: str) -> int | None:
    return _count(row, name) if row[name] else None


def _share(row: _Row, name: str) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not (value == 0 or _LEAST_SHARE <= value <= 1):
        raise InputError(
            f"{name} {row[name][:40]!r}: a share must be from 0 to 1, and either 0 or at least "
            f"{_LEAST_SHARE:f}"
        )
    return value


def _day(row: _Row, name: str) -> date:
    text = row[name]
    try:
        day = date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError as error:
        raise InputError(
            f"{name} {text[:40]!r} is not a valid day", hint="Write it as 2024-10-26, or 2024-10."
        ) from error
    if day.year not in YEARS:
        raise InputError(f"{name} {text!r}: the year must be from {YEARS[0]} to {YEARS[-1]}")
    return day


def _country(row: _Row) -> str:
    if not _COUNTRY.fullmatch(row["country"]):
        raise InputError(
            f"country {row['country'][:40]!r}: must be two capital letters (ISO 3166-1 alpha-2)"
        )
    if (iso := _NOT_ISO.get(row["country"])) is not None:
        raise InputError(f"country {row['country']!r}: the code in ISO 3166-1 is {iso}")
    return row["country"]


def _money(row: _Row) -> Money:
    try:
        amount = Decimal(row["amount"])
    except InvalidOperation as error:
        raise InputError(f"amount {row['amount'][:40]!r} is not a number") from error
    if not amount.is_finite() or amount < 0 or amount > Decimal(10) ** 15:
        raise InputError(f"amount {row['amount'][:40]!r}: must be finite and not negative")
    if 0 < amount < _LEAST_AMOUNT:
        raise InputError(
            f"amount {row['amount'][:40]!r}: smaller than the smallest unit of any currency"
        )
    return Money(amount=amount, currency=row["currency"])


def _rate(row: _Row) -> tuple[str, float]:
    try:
        value = float(row["eur"])
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise InputError(f"eur {row['eur'][:40]!r}: a rate must be positive and finite")
    currency = Money(amount=Decimal(1), currency=row["currency"]).currency
    return currency, check_rate(currency, value)


def _panel(row: _Row) -> PanelCount:
    return PanelCount(
        panel=row["panel"],
        country=_country(row),
        on=_day(row, "on"),
        **_counts(row, "paid", "trial", "expired"),
        traffic_share=_share(row, "traffic_share") if row["traffic_share"] else None,
        active=_optional_count(row, "active"),
    )


def _recapture(row: _Row) -> RecaptureCount:
    return RecaptureCount(
        country=_country(row),
        on=_day(row, "on"),
        coverage=_share(row, "coverage"),
        **_counts(row, "first", "second", "both"),
    )


def _payment(row: _Row) -> PaymentCount:
    return PaymentCount(
        country=_country(row),
        month=_day(row, "month"),
        channel=row["channel"],
        payments=_count(row, "payments"),
        total=_money(row),
    )


def _purchase(row: _Row) -> PurchaseCount:
    return PurchaseCount(channel=row["channel"], **_counts(row, "purchases", "known"))


def _name(row: _Row) -> NameSample:
    return NameSample(
        country=_country(row),
        month=_day(row, "month"),
        **_counts(row, "households", "sampled", "hits"),
    )


def _survey(row: _Row) -> SurveyAnswer:
    return SurveyAnswer(
        country=_country(row),
        on=_day(row, "on"),
        **_counts(row, "asked", "yes", "households"),
        paying=_optional_count(row, "paying"),
    )


def _sharing(row: _Row) -> SharingAnswer:
    return SharingAnswer(
        country=_country(row),
        on=_day(row, "on"),
        **_counts(row, "people", "households", "answers"),
    )


def _visit(row: _Row) -> VisitCount:
    return VisitCount(country=_country(row), month=_day(row, "month"), visits=_count(row, "visits"))


def _price(row: _Row) -> PriceSeen:
    return PriceSeen(
        storefront=row["storefront"],
        on=_day(row, "on"),
        months=_count(row, "months"),
        price=_money(row),
        sales=_optional_count(row, "sales"),
    )


def _itself(value: Any) -> object:
    """Two rows alike in everything are one row, said twice."""
    return value


KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[Any], object], Callable[[_Row], Any]]] = {
    "panels": (
        ("panel", "country", "on", "paid", "trial", "expired", "traffic_share"),
        lambda row: (row.panel, row.country, row.on),
        _panel,
    ),
    "recaptures": (("country", "on", "first", "second", "both", "coverage"), _itself, _recapture),
    "payments": (
        ("country", "month", "channel", "payments", "amount", "currency"),
        lambda row: (row.country, row.month.replace(day=1), row.channel, row.total.currency),
        _payment,
    ),
    "purchases": (("channel", "purchases", "known"), lambda row: row.channel, _purchase),
    "names": (("country", "month", "households", "sampled", "hits"), _itself, _name),
    "surveys": (("country", "on", "asked", "yes", "households"), _itself, _survey),
    "sharing": (
        ("country", "on", "people", "households", "answers"),
        lambda row: (row.country, row.on, row.people, row.households),
        _sharing,
    ),
    "visits": (
        ("country", "month", "visits"),
        lambda row: (row.country, row.month.replace(day=1)),
        _visit,
    ),
    "prices": (
        ("storefront", "on", "months", "amount", "currency"),
        lambda row: (row.storefront, row.on, row.months, row.price),
        _price,
    ),
    "rates": (("currency", "eur"), lambda row: row[0], _rate),
}
"""Each kind's columns, what of a row may not repeat, and what makes its noun."""

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "panels": ("active",),
    "surveys": ("paying",),
    "prices": ("sales",),
}
"""Columns that a kind may have as well; an empty cell is not known."""
