"""The first records of a case, and what each watch says when it begins."""

from __future__ import annotations

from cautery import __version__
from cautery.identify.likelihood import published_error_rates
from cautery.model import Mandate
from cautery.model.ports import Ledger
from cautery.workflows.watch.journal import Journal


def begin_case(mandate: Mandate, *, ledger: Ledger, journal: Journal, key: str) -> None:
    """Write the first records of a case that has none: whose mandate it is, and our error rates.

    Parameters
    ----------
    key : str
        The case's verifier key.
    """
    if ledger.size():
        return
    journal.write(
        "case.opened",
        {
            "mandate": mandate,
            "version": __version__,
            "lab": mandate.lab,
            "key": key,
        },
    )
    for rate in published_error_rates():
        journal.write("error.rate", rate)
