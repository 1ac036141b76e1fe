"""The first records of a case and of each watch."""

from __future__ import annotations

from cautery import __version__
from cautery.errors import EvidenceError
from cautery.identify.likelihood import published_error_rates
from cautery.model import Mandate
from cautery.model.ports import Ledger
from cautery.model.records import CaseOpened, OperationOpened, kinds_of
from cautery.workflows.case.journal import Journal


def begin_case(mandate: Mandate, *, ledger: Ledger, journal: Journal, key: str) -> None:
    """Write the first records of a case that has none: whose mandate it is, and our error rates.

    Parameters
    ----------
    key : str
        The case's verifier key.

    Raises
    ------
    EvidenceError
        If it has records, and the first of them opens no case: somebody put it there before the
        watch began.
    """
    first = next(iter(ledger.read()), None)
    if first is not None:
        if first.record.kind not in kinds_of(CaseOpened, OperationOpened):
            raise EvidenceError(
                f"the first record of this case is {first.record.kind}, which does not open a case",
                hint="Another program wrote that record. Begin another case in a new folder.",
            )
        return
    opened = CaseOpened(mandate=mandate, version=__version__, lab=mandate.lab, key=key)
    journal.write_all((opened, *published_error_rates()))
