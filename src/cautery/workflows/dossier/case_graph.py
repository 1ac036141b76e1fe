"""The graph of a dossier for case tools: made of the records that it shows, and checked so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from cautery import __version__
from cautery.errors import EvidenceError
from cautery.model.ports import Ledger

GRAPH = "case-uco.jsonld"
ONTOLOGY = "cautery.ttl"
MAX_GRAPH_BYTES = 256 << 20
Graph = Callable[[Ledger, str], bytes]
"""(the records shown, id of the case) to the file; empty: they say nothing for a case tool."""
_AGENT = re.compile(r"(?m)^Bag-Software-Agent: Cautery (.{1,80})$")


def graph_files(
    graph: Graph | None, shown: Ledger, case: str, *, ontology: Callable[[], bytes]
) -> Mapping[str, bytes]:
    """Return the graph of what is shown, with the ontology of its words; empty: there is none."""
    written = b"" if graph is None else graph(shown, case)
    return {GRAPH: written, ONTOLOGY: ontology()} if written else {}


def check_graph(
    path: Path, written: bytes, info: str, *, shown: Ledger, case: str, graph: Graph
) -> str:
    """Compute a graph again from the records in the bag; return what may be said of it.

    Parameters
    ----------
    path : Path
        Of the file, for what is wrong with it.
    written : bytes
        What is in it.
    info : str
        The bag's ``bag-info.txt``: it says which version made it.

    Raises
    ------
    EvidenceError
        If this version made it, and not of these records.
    """
    if graph(shown, case) == written:
        return "computed again from the records here: the same bytes"
    found = _AGENT.search(info)
    if found is None or found[1] == __version__:
        raise EvidenceError(f"{path}: it is not what the records in this bag say")
    # Another version may say more, or in other words: that is no fault of the bag.
    return f"not compared: Cautery {found[1]} made it, and this is {__version__}"
