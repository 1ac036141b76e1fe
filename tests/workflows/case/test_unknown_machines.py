"""What the report says of the nodes of its watch."""

from __future__ import annotations

from datetime import UTC, datetime

from cautery.messages import message
from cautery.model import Entry, Record, to_json
from cautery.model.records import NodeChanged, NodesAwaited, NodeState, kind_of
from cautery.projections.presence import Nodes
from cautery.workflows.case.unknown_machines import nodes_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def heard(*contents: NodeChanged | NodesAwaited) -> Nodes:
    nodes = Nodes()
    for index, content in enumerate(contents):
        record = Record(kind=kind_of(content), at=NOON, body=to_json(content))
        nodes.hear(Entry(index=index, record=record, leaf=b""))
    return nodes


def changed(name: str, state: NodeState, why: str = "", country: str = "") -> NodeChanged:
    reason = message(why, seconds=3600) if why else None
    return NodeChanged(
        name=name, state=state, why=reason, version="1", recipe="r", country=country, at=NOON
    )


def test_a_watch_without_nodes_says_nothing_of_them() -> None:
    assert list(nodes_of(heard())) == []


def test_the_report_names_the_nodes_and_which_of_them_failed_the_watch() -> None:
    said = [
        f"{one.what}: {one.why}"
        for one in nodes_of(
            heard(
                changed("paris", NodeState.AT_WORK, country="FR"),
                changed("lyon", NodeState.AT_WORK),
                changed("lyon", NodeState.GONE),
                changed("late", NodeState.REFUSED, "node.clock-behind"),
            )
        )
    ]
    assert len(said) == 3
    assert "by 3 nodes: Each look names its node: late, lyon, paris (FR)." in said[0]
    assert (
        "What 1 node did not finish when it left: Other nodes did their looks again: lyon"
        in (said[1])
    )
    assert said[2] == (
        "What node late would have seen: It got no job: its clock is 3\u202f600 s behind the "
        "database's."
    )


def test_a_watch_that_waited_for_a_node_to_its_end_says_so() -> None:
    nodes = heard(
        changed("paris", NodeState.AT_WORK),
        changed("paris", NodeState.GONE),
        NodesAwaited(present=0, at=NOON),
    )
    assert "while no node was at work" in list(nodes_of(nodes))[-1].what
    assert len(list(nodes_of(heard(changed("paris", NodeState.AT_WORK))))) == 1
