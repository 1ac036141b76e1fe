"""``cautery map``: the supply graph as pictures, whole and around one asset."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cautery.drawing.svg import width
from cautery.model import Asset, CriminalNetwork, Edge, Membership, Role, SupplyGraph
from cautery.model.message import as_written
from cautery.pages.supply_map.draw import draw_supply
from cautery.pages.supply_map.layers import layers_of
from cautery.pages.supply_map.view import Drawn, Picture
from cautery.plan.read_graph import graph_of
from cautery.workflows.supply.infer import infer_supply, plan_graph_of
from cautery.workflows.supply.picture import around, of_supply

GRAPH = {
    "nodes": [
        {"id": "cam.example", "role": "source", "cost": 40, "country": "NL"},
        {"id": "edge.example", "role": "edge", "cost": 8, "country": "BG"},
        {"id": "panel.example", "role": "panel", "cost": 15, "country": "NL"},
        {"id": "<b>shop</b>.example", "role": "storefront", "cost": 1, "country": None},
    ],
    "groups": [
        {"of": "edge.example", "need": 1, "members": [{"id": "cam.example"}]},
        {"of": "panel.example", "need": 1, "members": [{"id": "edge.example"}]},
        {"of": "<b>shop</b>.example", "need": 1, "members": [{"id": "panel.example"}]},
    ],
    "demand": [{"node": "<b>shop</b>.example", "weight": 10}],
}
WATCHED = SupplyGraph(
    assets=(
        Asset(kind="host", value="panel.example", role=Role.PANEL, country="NL"),
        Asset(kind="host", value="edge1.example", role=Role.EDGE),
        Asset(kind="host", value="edge2.example"),
        Asset(kind="host", value="shop.example", role=Role.STOREFRONT),
        Asset(kind="payment", value="btc:1", role=Role.PAYMENT),
        Asset(kind="certificate", value="ab"),
        Asset(
            kind="address",
            value="203.0.113.7",
            role=Role.SHARED,
            shared=as_written("shared range of X"),
        ),
    ),
    edges=(
        Edge(source="host:panel.example", relation="lists", target="host:edge1.example"),
        Edge(source="host:panel.example", relation="lists", target="host:edge2.example"),
        Edge(source="host:shop.example", relation="sells", target="host:panel.example"),
        Edge(source="host:shop.example", relation="pays", target="payment:btc:1"),
        Edge(source="host:edge1.example", relation="shows", target="certificate:ab"),
        Edge(source="host:edge2.example", relation="shows", target="certificate:ab"),
        Edge(source="host:edge1.example", relation="resolves-to", target="address:203.0.113.7"),
    ),
)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(GRAPH))
    return path


def test_pictures_are_written_in_each_format(
    cautery: Callable[..., Any], graph: Path, tmp_path: Path
) -> None:
    svg, png, html = (tmp_path / f"m.{kind}" for kind in ("svg", "png", "html"))
    ended = cautery("map", graph, "--svg", svg, "--png", png, "--html", html)
    assert ended.code == 0, ended.err
    assert ET.fromstring(svg.read_text()).tag.endswith("svg")
    assert png.read_bytes().startswith(b"\x89PNG")
    page = html.read_text()
    assert "<b>shop" not in page
    assert "default-src 'none'" in page
    assert "4 of 4 assets" in ended.err


def test_a_picture_for_a_folder_that_is_not_there_says_so(
    cautery: Callable[..., Any], graph: Path, tmp_path: Path
) -> None:
    ended = cautery("map", graph, "--svg", tmp_path / "none" / "m.svg")
    assert ended.code != 0
    assert "does not exist" in ended.err
    assert "Free some disk space" not in ended.err


def test_json_tells_the_layers_by_role_or_by_country(
    cautery: Callable[..., Any], graph: Path
) -> None:
    by_role = json.loads(cautery("map", graph, "--json").out)
    assert [one["layer"] for one in by_role["layers"]] == [
        "sources",
        "edges",
        "panels",
        "storefronts",
    ]
    by_country = json.loads(cautery("map", graph, "--json", "--by", "country").out)
    assert [one["layer"] for one in by_country["layers"]] == ["BG", "NL", "no country"]


def test_around_keeps_what_is_near_and_refuses_a_stranger(
    cautery: Callable[..., Any], graph: Path
) -> None:
    near = json.loads(cautery("map", graph, "--json", "--around", "cam.example", "--ways", "1").out)
    assert [one["layer"] for one in near["layers"]] == ["sources", "edges"]
    assert cautery("map", graph, "--around", "nobody.example").code == 2
    assert "Perhaps panel.example?" in cautery("map", graph, "--around", "PANEL").err
    assert cautery("map", graph, "--by", "colour").code == 2


def test_roles_in_another_graphs_words_stand_in_their_layers() -> None:
    roles = ("sreseller", "reseller", "domain", "panel")
    picture = Picture(assets=tuple(Drawn(name=one, role=one) for one in roles), relations=())
    assert [name for name, _ in layers_of(picture, by_country=False)] == [
        "panels", "super-resellers", "resellers", "storefronts",
    ]  # fmt: skip


def test_a_map_of_a_watch_keeps_an_address_apart_from_a_host_of_that_name() -> None:
    picture = of_supply(WATCHED)
    assert {"panel.example", "address:203.0.113.7"} <= {one.name for one in picture.assets}
    near = around(picture, "shop.example", most=1)
    assert {one.name for one in near.assets} == {"shop.example", "panel.example", "payment:btc:1"}


def test_a_watchs_map_becomes_a_plans_graph_with_roles_and_shared_fate() -> None:
    told = {one.name: one for one in infer_supply(WATCHED)}
    assert told["host:edge2.example"].role is Role.EDGE
    document = plan_graph_of(WATCHED)
    graph_of(document)
    fates = [one for one in document["groups"] if one["members"] == [{"id": "certificate:ab"}]]
    assert {one["of"] for one in fates} == {"host:edge1.example", "host:edge2.example"}
    assert [one["node"] for one in document["demand"]] == ["host:shop.example"]


PLANNED = SupplyGraph(
    assets=(
        Asset(kind="host", value="panel.example", role=Role.PANEL, marks=("path:player_api",)),
        *(
            Asset(kind="host", value=f"edge{n}.example", role=Role.EDGE, marks=("path:live",))
            for n in (1, 2, 3)
        ),
        *(
            Asset(
                kind="host", value=f"shop{n}.example", role=Role.STOREFRONT, marks=("page:prices",)
            )
            for n in (1, 2)
        ),
        Asset(kind="address", value="203.0.113.7"),
    ),
    edges=(
        *(
            Edge(
                source="host:panel.example", relation="redirects-to", target=f"host:edge{n}.example"
            )
            for n in (1, 2, 3)
        ),
        *(
            Edge(source=f"host:shop{n}.example", relation="sells", target="host:panel.example")
            for n in (1, 2)
        ),
        *(
            Edge(
                source=f"host:edge{n}.example", relation="resolves-to", target="address:203.0.113.7"
            )
            for n in (1, 2)
        ),
    ),
)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is taken for a case with :data:`PLANNED` in it."""
    folder = tmp_path / "case"
    folder.mkdir()
    monkeypatch.setattr("cautery.wiring.cases.mapped", lambda path: PLANNED)
    monkeypatch.setattr(
        "cautery.wiring.cases.mapped_and_met", lambda path: (PLANNED, {}, "record 1 of the case")
    )
    return folder


def test_a_plan_takes_a_maps_graph_with_failover_shared_fate_and_demand(
    cautery: Callable[..., Any], case: Path, tmp_path: Path
) -> None:
    """Two of three edges are needed and two stand on one server: one act there ends it all."""
    known, out = tmp_path / "known.csv", tmp_path / "graph.json"
    known.write_text(
        "asset;demand;needs;cost\nshop1.example;900;;70\nhost:shop2.example;100;;70\n"
        "panel.example;;2;nobody\n"
    )
    ended = cautery("map", case, "--plan-graph", out, "--known", known)
    assert ended.code == 0, ended.err
    plan = json.loads(cautery("plan", out, "--served", "0", "--json").out)
    assert plan["remove"] == ["address:203.0.113.7"]
    assert plan["status"] == "optimal"
    assert plan["served"] == 0
    assert {"host:shop1.example", "host:shop2.example"} <= set(plan["down"])
    most = json.loads(
        cautery("plan", out, "--served", "0.1", "--forbid", "address:203.0.113.7", "--json").out
    )
    assert set(most["remove"]) <= {"host:edge1.example", "host:edge2.example", "host:edge3.example"}
    assert len(most["remove"]) == 2


def test_the_guard_is_asked_about_every_host_and_server_of_a_maps_graph(
    cautery: Callable[..., Any], case: Path, tmp_path: Path
) -> None:
    out = tmp_path / "graph.json"
    assert cautery("map", case, "--plan-graph", out).code == 0
    targets = {one["id"]: one.get("target") for one in json.loads(out.read_text())["nodes"]}
    assert targets["host:panel.example"] == "panel.example"
    assert targets["address:203.0.113.7"] == "203.0.113.7"


def test_a_plan_may_reckon_with_roles_that_are_not_sure(
    cautery: Callable[..., Any], case: Path, tmp_path: Path
) -> None:
    out = tmp_path / "graph.json"
    assert cautery("map", case, "--plan-graph", out, "--uncertain").code == 0
    unsure = [
        member["probability"]
        for group in json.loads(out.read_text())["groups"]
        for member in group["members"]
        if "probability" in member
    ]
    assert unsure
    assert all(0.5 <= one < 0.95 for one in unsure)
    plan = json.loads(cautery("plan", out, "--served", "0", "--json").out)
    assert plan["status"] in {"optimal", "feasible"}
    assert plan["p_served"] is not None
    assert cautery("map", case, "--uncertain").code == 2


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("asset,demand\nstranger.example,5\n", "line 2: 'stranger.example' is not an asset"),
        ("asset,demand\nshop1.example,many\n", "line 2, demand: 'many' is no number"),
        ("asset,needs\npanel.example,1.5\n", "line 2, needs: '1.5' is no count"),
        ("asset,weight\nshop1.example,5\n", "its columns are asset, weight"),
        ("", "its columns are none"),
    ],
)
def test_a_wrong_table_of_what_is_known_names_its_line(
    cautery: Callable[..., Any], case: Path, tmp_path: Path, table: str, said: str
) -> None:
    known, out = tmp_path / "known.csv", tmp_path / "graph.json"
    known.write_text(table)
    ended = cautery("map", case, "--plan-graph", out, "--known", known)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())
    assert not out.exists()
    assert cautery("map", case, "--known", known).code == 2


def test_a_folder_that_is_no_case_is_bad_use(cautery: Callable[..., Any], tmp_path: Path) -> None:
    ended = cautery("map", tmp_path)
    assert ended.code == 2
    assert "not a case" in ended.err
    assert not list(tmp_path.iterdir())


def test_a_case_is_drawn_with_inferred_roles_and_a_colour_a_network() -> None:
    graph = SupplyGraph(
        assets=(
            *WATCHED.assets,
            Asset(kind="host", value="coder.example", marks=("port:1935", "port:9000")),
            Asset(kind="host", value="idle.example"),
            Asset(kind="playlist", value="http://list.example/a.m3u", role=Role.PLAYLIST),
        ),
        edges=(
            *WATCHED.edges,
            Edge(
                source="playlist:http://list.example/a.m3u",
                relation="lists",
                target="host:idle.example",
            ),
        ),
        networks=(
            CriminalNetwork(
                id="net-1",
                members=tuple(
                    Membership(host=name, probability=0.9)
                    for name in ("panel.example", "shop.example")
                ),
            ),
            CriminalNetwork(id="net-2", members=(Membership(host="idle.example", probability=1),)),
        ),
    )
    picture = of_supply(graph)
    roles = {one.name: one.role for one in picture.assets}
    assert roles["coder.example"] == "encoder"
    assert roles["edge2.example"] == "edge"
    assert roles["idle.example"] == "unknown"  # that a list names it says nothing of what it does
    assert roles["playlist:http://list.example/a.m3u"] == "playlist"
    networks = {one.name: one.network for one in picture.assets if one.network}
    assert networks == {"panel.example": "net-1", "shop.example": "net-1"}
    drawn = draw_supply(picture).svg
    assert len(re.findall('class="c0( weak)?"', drawn)) == 3  # two of its hosts, and the legend
    assert ">net-1</text>" in drawn
    assert ">of no network, or a smaller one</text>" in drawn
    assert ">list.example/a.m3u<" in drawn


def test_a_line_begins_behind_the_name_and_long_names_keep_both_ends() -> None:
    long = "a-very-long-name-of-an-edge-server.cdn7.example"
    picture = Picture(
        assets=(Drawn(name="o.example", role="origin"), Drawn(name=long, role="edge")),
        relations=((long, "needs", "o.example"),),
    )
    drawn = draw_supply(picture, middle="o.example").svg
    (way,) = re.findall(
        r'class="near" d="M ([0-9.]+) [0-9.]+ L ([0-9.]+) [0-9.]+ L ([0-9.]+)', drawn
    )
    dots = sorted(float(x) for x in re.findall(r'cx="([0-9.]+)"', drawn))
    assert float(way[0]) > dots[0] + width("o.example")
    assert float(way[2]) == dots[-1]
    assert ">a-very-long-na….cdn7.example<" in drawn
    assert ">o.example: its relations are red</text>" in drawn


def test_a_folder_that_is_no_case_and_lines_of_json_are_named_as_such(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    folder = tmp_path / "networks"
    folder.mkdir()
    (folder / "current.json").write_text("{}")
    ended = cautery("map", folder)
    assert ended.code == 2
    assert f"{folder}: not a case" in ended.err
    lines = tmp_path / "networks.jsonl"
    lines.write_text('{"subject": "a"}\n{"subject": "b"}\n')
    ended = cautery("map", lines)
    assert ended.code == 2
    assert "Give one JSON object" in ended.err
