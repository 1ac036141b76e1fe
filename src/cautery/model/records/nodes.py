"""Records of the nodes that look for a watch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cautery.model.message import Message
from cautery.model.records.dated import Dated


class NodeState(StrEnum):
    """How a node stands to a watch."""

    AT_WORK = "at work"
    """It does jobs."""
    DRAINING = "draining"
    """Somebody asked it to take nothing new; it ends what is under way."""
    REFUSED = "refused"
    """It gets no job, for a reason."""
    GONE = "gone"
    """It says nothing any more, or it left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChanged(Dated):
    """A node stands in another way to the watch than before.

    Parameters
    ----------
    name : str
        The node's name.
    state : NodeState
        How it stands now.
    why : Message or None
        Why it gets no job; ``None``: it gets some, or it is gone.
    version : str
        The version of Cautery that it runs.
    recipe : str
        The recipe of the fingerprints that it makes.
    country : str
        Where it stands, ISO 3166-1 alpha-2; empty: it does not say.
    """

    name: str
    state: NodeState
    why: Message | None
    version: str
    recipe: str
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesAwaited(Dated):
    """No node does jobs for the watch: nothing is looked at until one comes.

    Parameters
    ----------
    present : int
        Nodes that are there, and get no job.
    """

    present: int


KINDS: dict[str, type] = {
    "node.changed": NodeChanged,
    "nodes.awaited": NodesAwaited,
}
