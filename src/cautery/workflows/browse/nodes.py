"""The nodes of an organisation, as the room shows them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from cautery.model.nodes import JobCounts, NodesSeen
from cautery.model.ports import NodeSeen
from cautery.model.records import NodeState
from cautery.pages.room.nodes import NodeRow, NodesView
from cautery.projections.presence import Fit, state_of

MOST_ROWS = 200
"""Judgement: a cluster of 25,000 channels has some fifty nodes."""
MOST_SHARDS = 6
_ORDER = (NodeState.REFUSED, NodeState.DRAINING, NodeState.AT_WORK, NodeState.GONE)


def nodes_view(cluster: NodesSeen | None, fit: Fit, *, now: datetime) -> NodesView:
    """Return the nodes for their page: first those that need somebody.

    Parameters
    ----------
    cluster : NodesSeen or None
        ``None``: the organisation has no server.
    now : datetime
        The moment, where there is no database to tell it.
    """
    if cluster is None:
        return NodesView(
            now=now, rows=(), count=0, at_work=0, refused=0, jobs=JobCounts(), has_server=False
        )
    rows = [_row(node, fit, now=cluster.now) for node in cluster.nodes]
    rows.sort(key=lambda row: (_ORDER.index(row.state), row.name))
    states = Counter(row.state for row in rows)
    return NodesView(
        now=cluster.now,
        rows=tuple(rows[:MOST_ROWS]),
        count=len(rows),
        at_work=states[NodeState.AT_WORK],
        refused=states[NodeState.REFUSED],
        jobs=cluster.jobs,
    )


def _row(node: NodeSeen, fit: Fit, *, now: datetime) -> NodeRow:
    state, why = state_of(node, fit, now=now)
    return NodeRow(
        name=node.name,
        country=node.country,
        version=node.version,
        state=state,
        why=why,
        at_work=node.at_work,
        capacity=node.capacity,
        done=node.done,
        lag_s=node.lag_s,
        shards=node.shards[:MOST_SHARDS],
        more_shards=max(0, len(node.shards) - MOST_SHARDS),
        ahead_s=-node.clock_late_s,
        free_bytes=node.free_bytes,
        silent_s=max(0.0, (now - node.seen_at).total_seconds()),
        history=node.history,
    )
