"""``cautery purchase``: put a test purchase on record, so that the watch may use its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.errors import InputError
from cautery.packed import require_file
from cautery.wiring import cases
from cautery.workflows.mandate.read import read_mandate
from cautery.workflows.watch.sources.purchasing import checked_purchase, purchase_into, read_with


def purchase(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    case: Annotated[
        Path, typer.Option("--case", help="Folder of the case; it may be watched meanwhile.")
    ],
    id: Annotated[str, typer.Option("--id", help="Its id: sources name it.")],
    service: Annotated[str, typer.Option("--service", help="The brand as sold.")],
    authorised_by: Annotated[
        str,
        typer.Option("--authorised-by", help="Who allowed it beforehand, by name and office."),
    ],
    merchant: Annotated[
        str, typer.Option("--merchant", help="The descriptor on the statement of account.")
    ],
    amount: Annotated[str, typer.Option("--amount", help="As paid, such as 12.99.")],
    currency: Annotated[str, typer.Option("--currency", help="ISO 4217, such as EUR.")],
    means: Annotated[str, typer.Option("--means", help="card, transfer, crypto ...")],
    bought_at: Annotated[
        str | None, typer.Option("--bought-at", help="Such as 2026-11-24T10:00:00Z; default: now.")
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", help="Its file: sealed encrypted as an exhibit.")
    ] = None,
    line: Annotated[
        Path | None,
        typer.Option(
            "--line",
            help="A TOML file (chmod 600) with username and password, or mac: sealed encrypted.",
        ),
    ] = None,
    authorisation: Annotated[
        str | None,
        typer.Option("--authorisation", help="The authority's reference; needed under led."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Record a test purchase: who allowed it, what was paid to whom, the receipt, the line.

    A [[source]] with purchase = "ID" and purchase_in_case = true is then read with its line, also
    by a watch that runs already. The line stands in no record.

    Example: cautery purchase mandate.toml --case cases/md34 --id P-17 --service "Best TV"
    --authorised-by "A. Legal, head of enforcement" --merchant "BTV*DIGITAL" --amount 12.99
    --currency EUR --means card --receipt p17.pdf --line p17.toml
    """
    if receipt is not None:
        require_file(receipt)
    now = wiring.clock().now()
    checked = read_mandate(mandate, now=now)
    fields = {
        "id": id,
        "service": service,
        "authorised_by": authorised_by,
        "authorisation": authorisation,
        "bought_at": now if bought_at is None else _moment(bought_at),
        "merchant": merchant,
        "amount": amount,
        "currency": currency,
        "means": means,
        "receipt": None if receipt is None else str(receipt.resolve()),
    }
    record = checked_purchase(fields, checked)
    with cases.writing(case, keys_dir=keys) as opened:
        purchase_into(opened, checked, record, line)
    render.say(
        f"{record.id}: {record.amount} {record.currency} to {record.merchant} on record in {case}"
        + ("" if receipt is None else ", its receipt sealed")
        + ("" if line is None else f", its line sealed: {line} can go")
    )
    sources = read_with(checked, record.id)
    for source in sources:
        render.say(f"  read with it: {source.kind} {source.location}")
    if not sources:
        render.say(
            f'  no [[source]] of the mandate says purchase = "{record.id}" and '
            "purchase_in_case = true yet"
        )


def _moment(text: str) -> datetime:
    wrong = InputError(
        f"--bought-at {text[:40]!r}: no time with its zone",
        hint="Write it as 2026-11-24T10:00:00Z.",
    )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    if moment.tzinfo is None:
        raise wrong
    return moment.astimezone(UTC)
