import pytest

from cautery.errors import InputError
from cautery.plan import Node, Supply

PANEL = Node(id="panel", groups=((("edge1", "edge2"), 1),), weight=10)


def test_failover_keeps_a_panel_up_until_the_last_edge_goes():
    nodes = [PANEL, Node(id="edge1"), Node(id="edge2")]
    assert Supply(nodes).served() == 1.0
    assert Supply(nodes).served({"edge1"}) == 1.0
    assert Supply(nodes).served({"edge1", "edge2"}) == 0.0


def test_two_edges_that_feed_each_other_without_an_origin_are_down():
    nodes = [
        PANEL,
        Node(id="edge1", groups=((("origin", "edge2"), 1),)),
        Node(id="edge2", groups=((("origin", "edge1"), 1),)),
        Node(id="origin"),
    ]
    assert Supply(nodes).served() == 1.0
    assert Supply(nodes).served({"origin"}) == 0.0


def test_k_of_n_goes_down_below_k():
    nodes = [Node(id="x", groups=((("a", "b", "c"), 2),), weight=1), *(Node(id=n) for n in "abc")]
    assert Supply(nodes).served({"a"}) == 1.0
    assert Supply(nodes).served({"a", "b"}) == 0.0


def test_a_group_that_names_no_node_is_refused():
    with pytest.raises(InputError, match="not a node"):
        Supply([Node(id="x", groups=((("y",), 1),))]).served()


def test_no_more_is_served_than_there_is_however_sums_are_rounded():
    weights = [0.5, 0, 0.7, 0.9, 0.1, 0.2, 0.8, 0.9]
    nodes = [Node(id=f"n{number}", weight=one) for number, one in enumerate(weights)]
    assert Supply(nodes).served({"n1"}) == 1.0
