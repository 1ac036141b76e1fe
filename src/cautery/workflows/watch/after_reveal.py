"""What a watch computed with decoys among its streams, computed anew when they are revealed.

Before, nobody knew which streams were decoys: networks were found and exposure was estimated with
them. What was computed then counts no more (:mod:`cautery.projections.without_decoys`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from cautery.graph import cluster
from cautery.graph.observations import one_each
from cautery.model import Estimate, Link, Mandate, SupplyGraph
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import EXPOSURE, without_decoys
from cautery.workflows.case.rulings import RulingsRead
from cautery.workflows.watch.estimates import estimates


def computed_anew(mandate: Mandate, ledger: Ledger) -> Iterator[object]:
    """Yield the records that are to be written, once all decoys of a case are revealed.

    They are none if there are no decoys, one of them is not revealed, or this was done before.
    """
    decoys = Decoys().read_on(ledger)
    if decoys.secret or not decoys.revealed:
        return
    shown = without_decoys(ledger, redacts=False)
    for estimate in estimates(mandate, shown, ()):
        if estimate.quantity.id == EXPOSURE and not _estimated(ledger, decoys):
            yield estimate
    graph = _networks_anew(shown, decoys)
    if graph is not None:
        yield graph


def _estimated(ledger: Ledger, decoys: Decoys) -> bool:
    return any(
        estimate.quantity.id == EXPOSURE
        for _, estimate in contents(ledger, Estimate, since=decoys.last_revealed)
    )


def _networks_anew(shown: Ledger, decoys: Decoys) -> SupplyGraph | None:
    """Return the newest map with its networks found again from what is left of the links."""
    newest = deque(contents(shown, SupplyGraph), maxlen=1)
    if not newest or newest[0][0].index > decoys.last_revealed:
        return None
    graph = newest[0][1]
    marks = {
        (asset.kind, asset.value): asset.shared
        for asset in graph.assets
        if asset.shared is not None
    }
    links = {(link.subject, link.kind, link.value): link for _, link in contents(shown, Link)}
    rulings = RulingsRead(shown)
    rulings.read()
    networks = cluster(
        one_each(links.values(), apart=marks),
        shared=marks,
        ruled=rulings.words(),
        previous=graph.networks,
    )
    return replace(graph, networks=networks)
