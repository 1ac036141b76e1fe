"""The figures of a case, as its public folder shows them."""

from __future__ import annotations

from datetime import datetime

from cautery.canonical import canonical
from cautery.model import Mandate, iso
from cautery.model.ports import Ledger
from cautery.projections import folded
from cautery.projections.figures import KINDS, Figures


def read_on(figures: Figures, ledger: Ledger) -> Figures:
    """Return figures after they have heard what came into a ledger since."""
    return folded(figures, ledger.read(since=figures.next_index, kinds=KINDS))


def figures_file(figures: Figures, mandate: Mandate, now: datetime) -> bytes:
    """Return the file ``figures.json``."""
    body = figures.to_json()
    return canonical({"who": mandate.who, "mandate": mandate.id, "at": iso(now), **body})
