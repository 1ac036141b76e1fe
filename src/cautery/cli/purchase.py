"""``cautery purchase``: put a test purchase on record, so that the watch may use its line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.errors import InputError
from cautery.model.times import to_utc
from cautery.packed import require_file
from cautery.wiring import cases
from cautery.workflows.mandate.read import read_mandate
from cautery.workflows.watch.sources.purchasing import checked_purchase, purchase_into, read_with


def purchase(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    case: Annotated[
        Path, typer.Option("--case", help="Folder of the case; a watch may be running on it.")
    ],
    id: Annotated[str, typer.Option("--id", help="Id of the purchase, which sources name.")],
    service: Annotated[str, typer.Option("--service", help="Brand of the service, as sold.")],
    authorised_by: Annotated[
        str,
        typer.Option("--authorised-by", help="Who authorised it beforehand: name and role."),
    ],
    merchant: Annotated[
        str, typer.Option("--merchant", help="Descriptor on the account statement.")
    ],
    amount: Annotated[str, typer.Option("--amount", help="Amount paid, such as 12.99.")],
    currency: Annotated[str, typer.Option("--currency", help="Currency by ISO 4217, such as EUR.")],
    means: Annotated[
        str, typer.Option("--means", help="Means of payment: card, transfer, crypto ...")
    ],
    bought_at: Annotated[
        str | None,
        typer.Option("--bought-at", help="Time, such as 2026-11-24T10:00:00Z; default: now."),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", help="File of the receipt; sealed encrypted as an exhibit."),
    ] = None,
    line: Annotated[
        Path | None,
        typer.Option(
            "--line",
            help="TOML file (chmod 600) with username and password, or mac; sealed encrypted.",
        ),
    ] = None,
    authorisation: Annotated[
        str | None,
        typer.Option(
            "--authorisation", help="The authority's reference number; required under led."
        ),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Record a test purchase: who authorised it, the payment, the receipt and the line.

    A [[source]] with purchase = "ID" and purchase_in_case = true is then read with this line, also
    by a watch that is already running. No record contains the line.

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
    with cases.writing(case, keys_dir=keys, regime=checked.regime) as opened:
        purchase_into(opened, checked, record, line)
    render.say(
        f"{record.id}: {record.amount} {record.currency} to {record.merchant} recorded in {case}"
        + ("" if receipt is None else "; the receipt is sealed")
        + ("" if line is None else f"; the line is sealed, so {line} can be deleted")
    )
    sources = read_with(checked, record.id)
    for source in sources:
        render.say(f"  source that is read with it: {source.kind} {source.location}")
    if not sources:
        render.say(
            f'  no [[source]] of the mandate has purchase = "{record.id}" and '
            "purchase_in_case = true yet"
        )


def _moment(text: str) -> datetime:
    wrong = InputError(
        f"--bought-at: {text[:40]!r} is not a time with a time zone",
        hint="Write it as 2026-11-24T10:00:00Z.",
    )
    try:
        return to_utc("--bought-at", datetime.fromisoformat(text))
    except (ValueError, InputError):
        raise wrong from None
