"""Which nodes may look for a watch, and what a case hears of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.messages import say
from cautery.model import Entry, Record, to_json
from cautery.model.ports import NodeSeen
from cautery.model.records import (
    NodeChanged,
    NodesAwaited,
    NodeState,
    ProbeDone,
    kind_of,
    typed,
)
from cautery.projections import Streams
from cautery.projections.presence import (
    CLOCK_S,
    GONE_S,
    LEAST_FREE_BYTES,
    Attendance,
    Fit,
    Nodes,
    node_country,
    node_name,
    refusal,
    state_of,
)

NOW = datetime(2026, 11, 28, 20, 10, tzinfo=UTC)
FIT = Fit(version="0.2.0", recipe="landmarks-2")


def node(name: str = "paris", **more: Any) -> NodeSeen:
    given: dict[str, Any] = {
        "name": name,
        "version": FIT.version,
        "recipe": FIT.recipe,
        "clock_late_s": 0.0,
        "free_bytes": LEAST_FREE_BYTES,
        "capacity": 4,
        "at_work": 0,
        "shards": (),
        "seen_at": NOW,
    }
    return NodeSeen(**given | more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"version": "0.1.9"}, "it runs version 0.1.9 of Cautery, and the watch 0.2.0"),
        (
            {"recipe": "landmarks-1"},
            "it makes fingerprints by the recipe landmarks-1, and the watch by landmarks-2",
        ),
        ({"clock_late_s": 5.1}, "its clock is 5 s behind the database's"),
        ({"clock_late_s": -3600.0}, "its clock is 3,600 s ahead of the database's"),
        ({"clock_late_s": float("-inf")}, "ahead of the database's"),
        (
            {"free_bytes": LEAST_FREE_BYTES - 1},
            "its disk has 1,023 MB free for references, and needs 1,024 MB",
        ),
    ],
)
def test_a_node_with_which_something_is_wrong_gets_no_job_and_a_sentence_says_why(
    more: dict[str, Any], words: str
) -> None:
    why = refusal(node(**more), FIT)
    assert why is not None
    assert words in say(why)


def test_a_damaged_file_of_references_is_said_and_costs_no_job() -> None:
    """It may lie where all nodes get it: who hears its feeds must go on, to write a new one."""
    damaged = node(damaged="a1b2/0/7.ref")
    assert refusal(damaged, FIT) is None
    state, why = state_of(damaged, FIT, now=NOW)
    assert why is not None
    assert (state, say(why)) == (
        NodeState.AT_WORK, "a file of its references is damaged: a1b2/0/7.ref",
    )  # fmt: skip
    attendance, nodes = Attendance(FIT), Nodes()
    for one in (node(), damaged, damaged, node()):
        heard(attendance.changes([one], now=NOW, at=NOW), nodes)
    assert (nodes.changes, nodes.count(NodeState.AT_WORK)) == (3, 1)


def test_at_each_bound_a_node_still_works() -> None:
    for late_s in (CLOCK_S, -CLOCK_S, 0.0):
        assert refusal(node(clock_late_s=late_s), FIT) is None


def test_only_the_nodes_that_a_mandate_names_look_for_it() -> None:
    named = replace(FIT, names=("lyon",))
    why = refusal(node("paris"), named)
    assert why is not None
    assert say(why) == "the mandate does not name it"
    assert refusal(node("lyon"), named) is None


def test_a_node_that_is_silent_is_gone_whatever_it_said_last() -> None:
    late = NOW + timedelta(seconds=GONE_S + 0.1)
    assert state_of(node(version="0.1.9"), FIT, now=late) == (NodeState.GONE, None)
    assert state_of(node(draining=True), FIT, now=NOW) == (NodeState.DRAINING, None)


@pytest.mark.parametrize("name", ["", "Paris", "-a", "a b", "a" * 41, "a/../b", "é"])
def test_a_name_that_would_be_odd_in_a_record_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="not a name for a node"):
        node_name(name)
    assert node_name("paris-1") == "paris-1"
    with pytest.raises(InputError, match="code of a country"):
        node_country("France")


def heard(changes: list[NodeChanged | NodesAwaited], nodes: Nodes) -> Nodes:
    for index, change in enumerate(changes):
        body = to_json(change)
        record = Record(kind=kind_of(change), at=change.at, body=body)
        assert typed(record.kind, body) == change
        nodes.hear(Entry(index=index, record=record, leaf=b""))
    return nodes


def test_a_watch_without_a_node_says_once_that_it_waits() -> None:
    attendance = Attendance(FIT)
    [awaited] = attendance.changes([], now=NOW, at=NOW)
    assert awaited == NodesAwaited(present=0, at=NOW)
    assert attendance.changes([], now=NOW, at=NOW) == []
    old = node("old", version="0.1.9")
    [changed] = attendance.changes([old], now=NOW, at=NOW)
    assert isinstance(changed, NodeChanged)
    assert changed.state is NodeState.REFUSED
    nodes = heard([awaited, changed], Nodes())
    assert nodes.waits
    [came] = attendance.changes([old, node()], now=NOW, at=NOW)
    assert not heard([came], nodes).waits
    assert [one.name for one in nodes.refused] == ["old"]


def test_a_clock_that_drifts_on_is_no_new_reason() -> None:
    attendance = Attendance(FIT)
    attendance.changes([node(clock_late_s=6.0)], now=NOW, at=NOW)
    assert attendance.changes([node(clock_late_s=7.0)], now=NOW, at=NOW) == []
    [other] = attendance.changes([node(free_bytes=0)], now=NOW, at=NOW)
    assert isinstance(other, NodeChanged)
    assert other.why is not None
    assert other.why.id == "node.disk-full"


def test_a_node_of_an_earlier_night_is_no_news() -> None:
    long_ago = node(seen_at=NOW - timedelta(hours=5))
    assert [type(one) for one in Attendance(FIT).changes([long_ago], now=NOW, at=NOW)] == [
        NodesAwaited
    ]


SEEN = st.lists(
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.fixed_dictionaries(
            {
                "clock_late_s": st.sampled_from([0.0, 9.0, -9.0]),
                "draining": st.booleans(),
                "version": st.sampled_from(["0.2.0", "0.1.9"]),
                "seen_at": st.sampled_from([NOW, NOW - timedelta(minutes=1)]),
            }
        ),
        max_size=3,
    ),
    max_size=8,
)


@given(SEEN)
def test_what_the_case_says_last_of_a_node_is_how_it_stands(
    looks: list[dict[str, dict[str, Any]]],
) -> None:
    attendance, nodes = Attendance(FIT), Nodes()
    for look in looks:
        seen = [node(name, **more) for name, more in look.items()]
        heard(attendance.changes(seen, now=NOW, at=NOW), nodes)
        stands = {one.name: state_of(one, FIT, now=NOW)[0] for one in seen}
        for name, newest in nodes.newest.items():
            assert newest.state is stands.get(name, NodeState.GONE)
        met = {name for name, state in stands.items() if state is not NodeState.GONE}
        assert met <= nodes.newest.keys()
        assert nodes.waits is (NodeState.AT_WORK not in stands.values())
        assert heard(attendance.changes(seen, now=NOW, at=NOW), Nodes()).changes == 0


def test_a_stream_keeps_the_names_of_the_nodes_that_looked_at_it() -> None:
    streams = Streams()
    for index, name in enumerate(["paris", "", "lyon", "paris"]):
        probe = ProbeDone(
            url="http://p.example/7", at=NOW, observation=None, failed=None, node=name
        )
        record = Record(kind=kind_of(probe), at=NOW, body=to_json(probe))
        streams.hear(Entry(index=index, record=record, leaf=b""))
    assert [*streams.by_url["http://p.example/7"].nodes] == ["paris", "lyon"]
