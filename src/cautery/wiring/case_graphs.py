"""What the records of a dossier say, as a graph for case tools."""

from __future__ import annotations

from cautery.exchange.case import FORMAT
from cautery.model.ports import Ledger
from cautery.workflows.exchange.of_shown import of_shown


def case_graph(shown: Ledger, case: str) -> bytes:
    """Return the graph of CASE and UCO that some records of a case make; empty: they make none."""
    package = of_shown(shown, case)
    return b"" if package is None else b"".join(FORMAT.write(package))
