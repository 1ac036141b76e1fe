"""A purchase is on record once, its receipt sealed, its line in no record."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.errors import InputError
from cautery.model import Channel, Entry, Mandate, Purchase, Regime, Window
from cautery.workflows.open_case import Case
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.purchases import record_purchases

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def mandate(receipt: Path) -> Mandate:
    return Mandate(
        id="m",
        who="Example League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=Window(start=NOON, end=NOON.replace(hour=20)),
        territories=("FR",),
        channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
        purchases=(
            Purchase(
                id="P-17",
                service="Best TV",
                authorised_by="A. Legal",
                bought_at=NOON,
                merchant="BTV*DIGITAL",
                amount="12.99",
                currency="EUR",
                means="card",
                receipt=str(receipt),
            ),
        ),
    )


def test_a_purchase_is_recorded_once_and_its_receipt_is_sealed_encrypted(
    journal: Journal, case: Case, heard: list[Entry], tmp_path: Path
) -> None:
    receipt = tmp_path / "receipt.txt"
    receipt.write_text("paid by A. Buyer, card ...1234")
    for _ in range(2):
        record_purchases(mandate(receipt), ledger=case.ledger, journal=journal)
    [body] = [one.record.body for one in heard if one.record.kind == "purchase.recorded"]
    assert body["purchase"]["receipt"] == "receipt.txt"
    assert body["purchase"]["merchant"] == "BTV*DIGITAL"
    assert b"A. Buyer" not in case.vault.read(body["exhibit"])
    assert str(tmp_path).encode() not in b"".join(one.leaf for one in heard)


def test_a_receipt_that_is_gone_stops_the_watch_before_it_begins(
    journal: Journal, case: Case, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="receipt of purchase P-17"):
        record_purchases(mandate(tmp_path / "gone.pdf"), ledger=case.ledger, journal=journal)
