"""Exchange rates as commands take them: ``--rate USD=0.92``."""

from __future__ import annotations

from typing import Annotated

import typer

from cautery.errors import InputError
from cautery.estimate import check_rate

Rates = Annotated[
    list[str] | None,
    typer.Option("--rate", help="EUR for one unit of another currency, such as USD=0.92."),
]


def parsed_rates(texts: list[str] | None) -> dict[str, float]:
    """Return rates by currency.

    Raises
    ------
    InputError
        If one is none, or stands twice.
    """
    by_currency: dict[str, float] = {}
    for text in texts or ():
        name, _, value = text.partition("=")
        currency = name.strip().upper()
        try:
            rate = float(value)
        except ValueError as error:
            raise InputError(
                f"--rate: {text[:40]!r} is not a valid rate", hint="Write USD=0.92."
            ) from error
        if currency in by_currency:
            raise InputError(f"--rate: {currency} is given twice")
        by_currency[currency] = check_rate(currency, rate)
    return by_currency
