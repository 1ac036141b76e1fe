"""A test purchase that is made while a case is open: recorded there, its line for the watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from cautery.errors import InputError
from cautery.model import Mandate, Purchase, Regime, Source, to_utc
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.case.opening import signed_in
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.mandate.faults import in_words
from cautery.workflows.mandate.file import PurchaseTable
from cautery.workflows.mandate.purchased_line import read_line
from cautery.workflows.watch.opening import begin_case
from cautery.workflows.watch.sources.purchases import record_purchase


def checked_purchase(said: Mapping[str, object], mandate: Mandate) -> Purchase:
    """Return a purchase by the rules of a mandate's own.

    Parameters
    ----------
    said : mapping
        The keys of a ``[[purchase]]``, without ``line``; ``receipt`` is an absolute path.

    Raises
    ------
    InputError
        Naming what is wrong, and the remedy.
    """
    try:
        table = PurchaseTable.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        what, remedy = in_words(first)
        raise InputError(f"{first['loc'][-1]}: {what}", hint=remedy) from error
    if mandate.regime is Regime.LED and table.authorisation is None:
        raise InputError(
            "an authority's test purchase needs a decision that allows it",
            hint='Give --authorisation "..." with the reference of the decision.',
        )
    if any(purchase.id == table.id for purchase in mandate.purchases):
        raise InputError(
            f"purchase {table.id} is already in the mandate's file",
            hint="A watch records the purchases of its mandate. Give this purchase another id.",
        )
    bought_at = to_utc("bought_at", table.bought_at)
    return Purchase(**{**table.model_dump(exclude={"line"}), "bought_at": bought_at})


def purchase_into(case: Case, mandate: Mandate, purchase: Purchase, line: Path | None) -> None:
    """Record a purchase in a case, begun if there is none; a running watch goes on with its line.

    Parameters
    ----------
    line : Path or None
        The TOML of its credentials: it is sealed encrypted, and its file can go.

    Raises
    ------
    InputError
        If it is on record already, lies in the future, or a file cannot be read; or if the case is
        another mandate's, or was begun under other terms.
    """
    now = case.clock.now()
    if purchase.bought_at > now:
        raise InputError("bought_at is in the future: record a purchase after it is made")
    credentials = None if line is None else read_line(line)[1]
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    opened = mandate_of(case.ledger)
    if opened.id != mandate.id:
        raise InputError(
            f"this case belongs to mandate {opened.id!r}, not to {mandate.id!r}",
            hint="Name the case of the watch of this mandate.",
        )
    signed_in(case.ledger, mandate, key=str(case.verifier))
    if not record_purchase(
        purchase, credentials, mandate=mandate, ledger=case.ledger, journal=journal
    ):
        raise InputError(
            f"purchase {purchase.id} is already recorded", hint="Give this purchase another id."
        )
    case.ledger.checkpoint(case.signer, at=case.clock.now())


def read_with(mandate: Mandate, purchase: str) -> tuple[Source, ...]:
    """Return the sources that a purchase gives access to, without any credential."""
    sources = (source for source in mandate.sources if source.purchase == purchase)
    return tuple(replace(source, username=None, password=None, mac=None) for source in sources)
