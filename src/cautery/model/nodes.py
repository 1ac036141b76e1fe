"""The nodes of an organisation and their jobs, as its database shows them at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.ports.jobs import NodeSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCounts:
    """How many jobs there are.

    Parameters
    ----------
    waiting, under_way, done : int
        Jobs that no node has taken yet, that one does, and that were answered.
    redone : int
        Times that a job was begun anew, since the node that had it died.
    oldest_waiting_s : float
        How long the oldest one waits; 0: none does.
    """

    waiting: int = 0
    under_way: int = 0
    done: int = 0
    redone: int = 0
    oldest_waiting_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesSeen:
    """All nodes at a moment.

    Parameters
    ----------
    now : datetime
        By the database's clock, as the moments at which they were seen.
    """

    now: datetime
    nodes: tuple[NodeSeen, ...]
    jobs: JobCounts
