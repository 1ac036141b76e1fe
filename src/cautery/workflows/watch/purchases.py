"""Test purchases on record: who allowed them, what was paid to whom, and the sealed receipt."""

from __future__ import annotations

from pathlib import Path

from cautery.errors import InputError
from cautery.model import ExhibitId, Mandate, Purchase, to_json
from cautery.model.ports import Ledger
from cautery.workflows.watch.journal import Journal

RECORDED = "purchase.recorded"
MOST_RECEIPT_BYTES = 32_000_000
_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".txt": "text/plain",
}


def record_purchases(mandate: Mandate, *, ledger: Ledger, journal: Journal) -> None:
    """Record each purchase of a mandate that the case does not hold yet, receipt first.

    The line itself stands in no record: sources read with it say whose purchase they rest on.

    Raises
    ------
    InputError
        If a receipt cannot be read, or is larger than any receipt.
    """
    known = {entry.record.body["purchase"]["id"] for entry in ledger.read(kinds=(RECORDED,))}
    for one in mandate.purchases:
        if one.id not in known:
            journal.write(
                RECORDED,
                {
                    "purchase": without_path(to_json(one)),
                    "exhibit": _sealed(one, journal),
                    "regime": mandate.regime,
                    "by": mandate.who,
                    "at": journal.now(),
                },
            )


def without_path(purchase: dict[str, object]) -> dict[str, object]:
    """Return a purchase's JSON with its receipt's name, not where that lies on this machine."""
    told = purchase["receipt"]
    return {**purchase, "receipt": None if told is None else Path(str(told)).name}


def _sealed(one: Purchase, journal: Journal) -> ExhibitId | None:
    if one.receipt is None:
        return None
    path = Path(one.receipt)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_RECEIPT_BYTES + 1)
    except OSError as error:
        raise InputError(f"receipt of purchase {one.id}: {error.strerror}") from error
    if len(data) > MOST_RECEIPT_BYTES:
        raise InputError(f"receipt of purchase {one.id}: more than {MOST_RECEIPT_BYTES} bytes")
    return journal.seal(
        data,
        what=f"receipt {one.id}",
        media_type=_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        at=journal.now(),
        confidential=True,  # it may name the buyer and the card
    )
