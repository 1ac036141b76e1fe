"""The figures of a case, as its public folder shows them."""

from __future__ import annotations

from datetime import datetime

from cautery.canonical import canonical
from cautery.model import Mandate, iso
from cautery.model.ports import Ledger
from cautery.projections import folded
from cautery.projections.decoys import Decoys
from cautery.projections.figures import KINDS, Figures
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.case.complaints import keeps_secrets


def read_on(figures: Figures, ledger: Ledger) -> Figures:
    """Return figures after they have heard what came into a ledger since."""
    return folded(figures, ledger.read(since=figures.next_index, kinds=KINDS))


def shown_figures(figures: Figures, ledger: Ledger) -> Figures | None:
    """Return the figures that a case may show now; ``None``: none, its decoys are not revealed.

    Parameters
    ----------
    figures : Figures
        Those that have heard the ledger so far; returned where no decoys are planned.
    """
    decoys = Decoys().read_on(ledger)
    if decoys.secret:
        return None
    if decoys.planned is None:
        return read_on(figures, ledger)
    return read_on(Figures(), without_decoys(ledger))


def figures_file(figures: Figures, mandate: Mandate, now: datetime) -> bytes:
    """Return the file ``figures.json``.

    Where a list is secret, no count of complaints tells one about what is on it from one about what
    is not: whoever complains about one name could watch the counts.
    """
    members = figures.to_json()
    if keeps_secrets(mandate):
        complaints = members["complaints"]
        undecided = complaints["received"] - complaints["granted"] - complaints["rejected"]
        members["complaints"] = complaints | {
            "about_no_entry": None,
            "late": None,
            "open": undecided,
        }
    return canonical({"who": mandate.who, "mandate": mandate.id, "at": iso(now), **members})
