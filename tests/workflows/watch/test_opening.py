"""What a case's first record holds of its mandate: neither line, nor login, nor a path of ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cautery.model import (
    Channel,
    Event,
    Mandate,
    Purchase,
    Regime,
    Source,
    Vantage,
    Window,
    from_json,
)
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.opening import without_secrets

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOW = Window(start=NOON, end=NOON + timedelta(hours=3))


def test_a_mandate_is_recorded_without_its_secrets_and_reads_back(journal: Journal) -> None:
    mandate = Mandate(
        id="m",
        who="Example League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=WINDOW,
        territories=("FR",),
        channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
        events=(Event(id="e", name="E", kick_off=NOON, legal_basis="rights", watched=WINDOW),),
        vantages=(Vantage(name="FR home", country="FR", proxy="socks5://us:w0rd@p.example:1080"),),
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
                receipt="/home/anna/receipt.pdf",
            ),
        ),
        sources=(
            Source(
                location="http://panel.example",
                kind="xtream",
                purchase="P-17",
                username="bought-by-us",
                password="pa55word",
                mac="00:1A:79:AA:BB:CC",
                vantages=("FR home",),
            ),
        ),
        left_out=(("Called off v Rained off", "called off"),),
    )
    body = without_secrets(mandate, journal)
    for secret in ("w0rd", "bought-by-us", "pa55word", "AA:BB", "/home/anna"):
        assert secret not in str(body)
    again = from_json(Mandate, body)
    assert again.events[0].window == WINDOW
    assert (again.left_out, again.purchases[0].merchant) == (mandate.left_out, "BTV*DIGITAL")
