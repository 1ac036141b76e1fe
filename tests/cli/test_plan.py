"""``cautery plan`` as a person runs it: packed graphs, days, limits that clash, its exits."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.packed import zstd

KEYS = [
    "remove", "down", "served", "cost", "bound", "gap", "p_served", "countries", "date",
    "collateral", "conflict", "seed", "seconds", "status",
]  # fmt: skip
GRAPH = {
    "as_of": "2026-11-25",
    "cost_unit": "EUR",
    "nodes": [
        {"id": "o1", "role": "origin", "cost": 5, "country": "NL"},
        {"id": "o2", "role": "origin", "cost": 5, "country": "FR", "delay_days": 3},
        {"id": "p", "role": "panel", "cost": 20, "country": "DE"},
        {"id": "d", "role": "customers", "cost": None},
    ],
    "groups": [
        {"of": "p", "need": 1, "members": ["o1", "o2"]},
        {"of": "d", "need": 1, "members": ["p"]},
    ],
    "actions": [{"id": "raid", "covers": ["o1", "o2"], "cost": 8, "country": "NL"}],
    "countries": [{"id": "NL", "fixed_cost": 1, "ready_days": 2}],
    "demand": [{"node": "d", "weight": 1}],
    "forbid": [],
    "require": [],
}


@pytest.fixture
def planned(cautery: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    def run(*more: str, graph: object = GRAPH) -> dict[str, Any]:
        path = tmp_path / "graph.json"
        path.write_text(json.dumps(graph))
        done = cautery("plan", path, "--json", *more)
        made: dict[str, Any] = json.loads(done.out)
        return {**made, "exit": done.code}

    return run


def test_one_act_that_takes_two_origins_is_cheaper_than_their_panel(
    planned: Callable[..., Any],
) -> None:
    found = planned()
    assert [one for one in found if one != "exit"] == KEYS
    assert (found["remove"], found["cost"], found["bound"]) == (["raid"], 9, 9)
    assert (found["status"], found["date"], found["exit"]) == ("optimal", "2026-11-27", 0)
    assert set(found["down"]) == {"o1", "o2", "p", "d"}


@pytest.mark.parametrize("day", ["2026-11-26", "2026-11-26T20:00:00Z"])
def test_a_country_that_is_not_ready_by_the_day_does_not_act(
    planned: Callable[..., Any], day: str
) -> None:
    found = planned("--by", day)
    assert (found["remove"], found["countries"], found["cost"]) == (["p"], ["DE"], 20)


def test_what_clashes_is_named_and_the_best_within_reach_told(planned: Callable[..., Any]) -> None:
    found = planned("--countries", "0")
    assert (found["status"], found["exit"], found["served"]) == ("infeasible", 1, 1)
    assert found["conflict"]


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("g.json.gz", gzip.compress),
        ("g.json.xz", lzma.compress),
        ("g.json.zst", zstd.compress),
    ],
)
def test_a_packed_graph_is_read_as_it_is(
    cautery: Callable[..., Any], tmp_path: Path, name: str, packed: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(packed(json.dumps(GRAPH).encode()))
    assert json.loads(cautery("plan", path, "--json").out)["remove"] == ["raid"]


def test_a_graph_comes_on_standard_input_too(
    cautery: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GRAPH).encode())))
    assert json.loads(cautery("plan", "-", "--json").out)["remove"] == ["raid"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"demand": []}, "no demand"),
        ({"demand": [{"node": "d", "weight": "1e999"}]}, "weight"),
        ({"nodes": [{"id": "d", "cost": "1e999"}], "groups": [], "actions": []}, "nodes[0]: cost"),
        ({"demand": [{"node": "nobody", "weight": 1}]}, "nobody"),
        ({"groups": [{"of": "p", "need": 3, "members": ["o1", "o2"]}]}, "3"),
        ({"groups": [{"of": "p", "need": 1, "members": []}]}, "p"),
        ({"nodes": [{"id": "d", "cost": -1}], "groups": [], "actions": []}, "d"),
    ],
)
def test_a_graph_that_makes_no_sense_gets_a_sentence(
    cautery: Callable[..., Any], tmp_path: Path, change: dict[str, object], said: str
) -> None:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({**GRAPH, **change}).replace('"1e999"', "1e999"))
    done = cautery("plan", path)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
