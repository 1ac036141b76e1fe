"""An invented authority, for whom seized material of the lab may be read."""

from __future__ import annotations

from datetime import UTC, datetime

from cautery.model import Authority, Channel, Mandate, NetworkPolicy, Regime, Window


def police(regime: Regime = Regime.LED) -> Authority:
    """Return the authority that a mandate of the lab gives.

    Raises
    ------
    MandateError
        Under any regime but ``led``.
    """
    return Authority(
        Mandate(
            id="lab-seizure",
            who="Lab Police",
            regime=regime,
            legal_basis="invented order 1/2026",
            window=Window(
                start=datetime(2024, 1, 1, tzinfo=UTC), end=datetime(2034, 1, 1, tzinfo=UTC)
            ),
            territories=("IT",),
            channels=(Channel(id="arena-1", names=("Arena 1",), legal_basis="invented right"),),
            network=NetworkPolicy(),
            lab=True,
        )
    )
