"""Nodes in every state, and what a stranger who may write their table would write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cautery.model.nodes import JobCounts, NodesSeen
from cautery.model.ports import NodeMoment, NodeSeen
from cautery.projections.presence import Fit

NOW = datetime(2026, 11, 28, 20, 10, tzinfo=UTC)
FIT = Fit(version="0.2.0", recipe="landmarks-2")
HOSTILE = "</svg><script>alert(1)</script>\u202e"


def node(name: str, **more: Any) -> NodeSeen:
    """A node at work with which nothing is wrong."""
    given: dict[str, Any] = {
        "name": name,
        "version": "0.2.0",
        "recipe": "landmarks-2",
        "clock_late_s": 0.02,
        "free_bytes": 80_000_000_000,
        "capacity": 4,
        "at_work": 3,
        "shards": ("a1b2/0",),
        "seen_at": NOW - timedelta(seconds=1),
        "country": "FR",
        "lag_s": 2.4,
        "done": 12_345,
        "history": tuple(
            NodeMoment(
                at_s=NOW.timestamp() - 300 + 5 * number,
                at_work=(number * 7) % 5,
                lag_s=2.0 + (number % 12) * 4,
            )
            for number in range(60)
        ),
    }
    return NodeSeen(**given | more)


def cluster(*more: NodeSeen) -> NodesSeen:
    """Nodes in every state."""
    return NodesSeen(
        now=NOW,
        nodes=(
            node("paris"),
            node("lyon", draining=True, at_work=1),
            node("old", version="0.1.9"),
            node("late-clock", clock_late_s=-3600.0),
            node("full", free_bytes=5_000_000),
            node("gone", seen_at=NOW - timedelta(seconds=40), lag_s=None, shards=()),
            node("odd", damaged=HOSTILE, history=()),
            *more,
        ),
        jobs=JobCounts(waiting=12, under_way=7, done=54_321, redone=2, oldest_waiting_s=3.2),
    )
