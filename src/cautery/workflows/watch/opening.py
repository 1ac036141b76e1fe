"""The first records of a case, and what each watch says when it begins."""

from __future__ import annotations

from cautery import __version__
from cautery.errors import EvidenceError
from cautery.identify.likelihood import published_error_rates
from cautery.model import Mandate
from cautery.model.ports import Ledger
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.opening import OPENED
from cautery.workflows.operation import desk

_OPENINGS = frozenset({OPENED, desk.OPENED})


def begin_case(mandate: Mandate, *, ledger: Ledger, journal: Journal, key: str) -> None:
    """Write the first records of a case that has none: whose mandate it is, and our error rates.

    Parameters
    ----------
    key : str
        The case's verifier key.

    Raises
    ------
    EvidenceError
        If it has records, and the first of them opens no case: it was put there before ours.
    """
    first = next(iter(ledger.read()), None)
    if first is not None:
        if first.record.kind not in _OPENINGS:
            raise EvidenceError(
                f"the first record of this case is {first.record.kind}, which opens no case",
                hint="Somebody else wrote it: begin another case in a new folder.",
            )
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
