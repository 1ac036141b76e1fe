"""Graph: links between hosts, the networks behind them, and who feeds, sells and pays.

Examples
--------
>>> from datetime import UTC, datetime
>>> from cautery.graph import HostFacts, links_of
>>> noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
>>> facts = HostFacts(
...     host="shop.example", first_seen=noon, last_seen=noon, source="page", payments=("wallet-1",)
... )
>>> [(link.kind, link.value) for link in links_of(facts)]
[('payment', 'wallet-1')]
"""

from cautery.graph.cluster import cluster
from cautery.graph.links import HostFacts, links_of, shared_marks
from cautery.graph.supply import supply_graph

__all__ = [
    "HostFacts",
    "cluster",
    "links_of",
    "shared_marks",
    "supply_graph",
]
