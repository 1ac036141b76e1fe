"""How the nodes of a watch stand, as lines of its board."""

from __future__ import annotations

from rich.text import Text

from cautery.cli.render import printable
from cautery.messages import message, say
from cautery.model.records import NodeState
from cautery.projections.presence import Nodes

MOST_REFUSED = 4


def nodes_text(nodes: Nodes) -> Text:
    """Return how the nodes of the watch stand, and why some get no job; nothing if it has none."""
    text = Text()
    if nodes.newest:
        stand = message(
            "nodes-board.stand",
            at_work=nodes.count(NodeState.AT_WORK),
            draining=nodes.count(NodeState.DRAINING),
            refused=nodes.count(NodeState.REFUSED),
            gone=nodes.count(NodeState.GONE),
        )
        text.append(f"\n{say(stand)}")
    for changed in nodes.refused[:MOST_REFUSED]:
        assert changed.why is not None
        refused = message("nodes-board.refused", name=changed.name, why=changed.why)
        text.append(f"\n{printable(say(refused))}", style="bold red")
    if nodes.waits:
        waits = message("nodes-board.waits")
        text.append(f"\n{say(waits)}", style="bold red")
    return text
