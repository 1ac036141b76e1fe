"""``cautery plan`` beside the plan: why, at what price else, drawn, over weeks, by the guard."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GRAPH: dict[str, Any] = {
    "as_of": "2026-11-25",
    "cost_unit": "EUR",
    "nodes": [
        {"id": "o1", "role": "origin", "cost": 5, "country": "NL"},
        {"id": "o2", "role": "origin", "cost": 5, "country": "FR", "delay_days": 3},
        {"id": "p", "role": "panel", "cost": 20, "country": "DE"},
        {"id": "d", "role": "customers", "cost": None},
        {"id": "e", "role": "customers", "cost": 2, "country": "FR"},
    ],
    "groups": [
        {"of": "p", "need": 1, "members": ["o1", "o2"]},
        {"of": "d", "need": 1, "members": ["p"]},
    ],
    "actions": [{"id": "raid", "covers": ["o1", "o2"], "cost": 8, "country": "NL"}],
    "countries": [{"id": "NL", "ready_days": 2}],
    "demand": [{"node": "d", "weight": 9}, {"node": "e", "weight": 1}],
}


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(GRAPH))
    return path


def test_an_explanation_stands_beside_the_plan_in_json_and_in_words(
    cautery: Callable[..., Any], graph: Path
) -> None:
    found = json.loads(cautery("plan", graph, "--explain", "--json").out)
    why = {one["id"]: one for one in found["explain"]}
    assert set(why) == set(found["remove"]) == {"raid", "e"}
    assert why["raid"]["next_best"] == {
        "cost": 12.0, "bound": 12.0, "status": "optimal", "instead": ["o1", "o2"],
        "dropped": ["raid"],
    }  # fmt: skip
    assert (why["raid"]["carries"], why["e"]["spared"]) == (0.9, 0.1)
    assert {one["country"] for one in found["by_country"]} == {"NL", "FR"}
    shown = cautery("plan", graph, "--explain").out
    assert "90.0% of the demand can be supplied through it" in shown
    assert "12 proven" in shown


def test_what_is_forbidden_and_required_on_the_command_line_counts(
    cautery: Callable[..., Any], graph: Path
) -> None:
    found = json.loads(
        cautery(
            "plan", graph, "--forbid", "raid", "--forbid", "o1", "--require", "o2", "--json"
        ).out
    )
    assert set(found["remove"]) == {"o2", "p", "e"}
    clash = cautery("plan", graph, "--forbid", "raid", "--require", "raid", "--json")
    assert clash.code == 1
    assert set(json.loads(clash.out)["conflict"]) == {"forbid raid", "require raid"}


@pytest.mark.parametrize("option", ["--forbid", "--require"])
def test_an_id_that_is_not_there_gets_a_sentence(
    cautery: Callable[..., Any], graph: Path, option: str
) -> None:
    done = cautery("plan", graph, option, "nobody")
    assert (done.code, done.out) == (2, "")
    assert f"{option}: 'nobody' is not a node or an action" in done.err


@pytest.mark.parametrize("axis", ["served", "countries", "date", "collateral"])
def test_a_pareto_table_says_the_same_in_json_and_csv_and_is_drawn(
    cautery: Callable[..., Any], graph: Path, tmp_path: Path, axis: str
) -> None:
    plot = tmp_path / "plot.svg"
    line = json.loads(cautery("plan", graph, "--pareto", axis, "--json", "--plot", plot).out)
    rows = list(csv.DictReader(io.StringIO(cautery("plan", graph, "--pareto", axis, "--csv").out)))
    assert line["axis"] == axis
    assert [row["status"] for row in rows] == [one["status"] for one in line["points"]]
    costs = [float(row["cost"]) for row in rows if row["cost"]]
    assert costs == sorted(costs, reverse=True)
    assert all("bound" in one and "gap" in one for one in line["points"])
    assert plot.read_text().startswith("<?xml")
    assert rows[-1]["level"] in cautery("plan", graph, "--pareto", axis).out.replace("80%", "0.8")


def test_a_table_without_any_plan_ends_with_1(cautery: Callable[..., Any], graph: Path) -> None:
    done = cautery("plan", graph, "--pareto", "countries", "--forbid", "e", "--json")
    assert (done.code, {one["status"] for one in json.loads(done.out)["points"]}) == (
        1,
        {"infeasible"},
    )


def test_a_table_whose_time_ended_gives_what_was_found_and_claims_no_more(
    cautery: Callable[..., Any], graph: Path
) -> None:
    asked = ("plan", graph, "--pareto", "countries", "--csv")
    whole = list(csv.DictReader(io.StringIO(cautery(*asked).out)))
    hurried = list(csv.DictReader(io.StringIO(cautery(*asked, "--time-limit", "0").out)))
    assert {one["status"] for one in whole} == {"optimal", "infeasible"}
    for best, found in zip(whole, hurried, strict=True):
        if best["status"] == "infeasible":
            assert found["status"] in {"infeasible", "time ended"}
        else:
            assert found["status"] in {"feasible", "time ended"}
            assert float(found["bound"] or 0) <= float(best["cost"])
            assert float(found["cost"] or "inf") >= float(best["cost"])


@pytest.mark.parametrize("name", ["map.svg", "map.html"])
def test_a_map_is_written(
    cautery: Callable[..., Any], graph: Path, tmp_path: Path, name: str
) -> None:
    done = cautery("plan", graph, "--map", tmp_path / name, "--json")
    assert "Netherlands (NL)" in (tmp_path / name).read_text()
    assert {one["country"] for one in json.loads(done.out)["by_country"]} == {"NL", "FR"}


def test_regrowth_compares_schedules_under_the_analysts_own_assumptions(
    cautery: Callable[..., Any], graph: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[classes.mine]\nroles = ["origin", "customers"]\nreturns = 0\n')
    plot = tmp_path / "plot.png"
    arguments = ("plan", graph, "--regrowth-model", own, "--waves", 10)
    found = json.loads(cautery(*arguments, "--plot", plot, "--json").out)["regrowth"]
    once, usable, halves, again = found["courses"]
    assert once["name"] == "all at once"
    assert [one["value"] for one in once["area"]] == [0.0, 0.0]
    assert usable["area"][0]["value"] > 0
    assert halves["last_act_day"] == 10
    assert again["extra_cost"]["value"] == 0
    assert found["model"]["classes"]["mine"]["source"] == "the analyst's file"
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "days served of 30" in cautery(*arguments).out


def test_the_action_day_holds_acts_back(cautery: Callable[..., Any], graph: Path) -> None:
    found = json.loads(cautery("plan", graph, "--reaction", "1", "--json").out)
    assert {one["id"]: (one["day"], one["waits_days"]) for one in found["schedule"]} == {
        "raid": ("2026-11-27", 0),
        "e": ("2026-11-26", 1),
    }
    assert "held back" in cautery("plan", graph, "--reaction", "1").out


def test_the_guard_decides_which_acts_exist(cautery: Callable[..., Any], tmp_path: Path) -> None:
    raid = {**GRAPH["actions"][0], "target": "10.0.0.1"}
    path = tmp_path / "graph.json"
    path.write_text(json.dumps({**GRAPH, "actions": [raid]}))
    (tmp_path / "facts").mkdir()
    arguments = ("plan", path, "--guard", tmp_path / "facts", "--at", "2026-11-25")
    found = json.loads(cautery(*arguments, "--json").out)
    (judged,) = found["guard"]
    assert (judged["id"], judged["exists"], judged["verdict"]) == ("raid", False, "refuse")
    assert judged["why"]
    assert set(found["remove"]) == {"o1", "o2", "e"}
    assert "raid" in cautery(*arguments).out
    assert "the guard has not judged the graph's 1 target(s)" in cautery("plan", path).err


def test_the_assumptions_are_printed_with_their_sources(cautery: Callable[..., Any]) -> None:
    told = json.loads(cautery("plan", "--assumptions").out)
    assert all(one["source"] for one in told["levers"].values())
    assert all(one["source"] for one in told["regrowth"]["classes"].values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pareto", "beauty"], "beauty"),
        (["--pareto", "served", "--explain"], "--pareto"),
        (["--pareto", "served", "--csv", "--json"], "--csv"),
        (["--csv"], "--csv"),
        (["--reaction", "nan"], "--reaction"),
        (["--reaction", "1e9"], "--reaction"),
        (["--plot", "x.svg"], "--plot"),
        (["--regrowth", "--plot", "x.gif"], "x.gif"),
        (["--map", "x.png"], "x.png"),
        (["--map", "/nowhere/at/all.svg"], "/nowhere/at/all.svg"),
        (["--regrowth-model", "/nowhere/own.toml"], "/nowhere/own.toml"),
        (["--guard", "/nowhere"], "/nowhere"),
    ],
)
def test_what_does_not_go_together_gets_a_sentence(
    cautery: Callable[..., Any], graph: Path, arguments: list[str], said: str
) -> None:
    done = cautery("plan", graph, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("text", ["", "classes = 3", "[classes.panel]\nreturns = 7\n", "\x00"])
def test_a_file_of_assumptions_that_makes_no_sense_gets_a_sentence(
    cautery: Callable[..., Any], graph: Path, tmp_path: Path, text: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    done = cautery("plan", graph, "--regrowth-model", own, "--json")
    assert done.code == (2 if text else 0)
    assert bool(done.err) == bool(text)
