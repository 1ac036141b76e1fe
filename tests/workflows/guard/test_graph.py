"""The guard's word on a graph: what it refuses does not exist, and bystanders flow in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.messages import message, say
from cautery.model import Collateral, Decision
from cautery.plan import guard as real
from cautery.plan.goal import Goal
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply
from cautery.workflows.guard import graph as guard_graph
from cautery.workflows.guard.graph import guarded

AT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.fixture
def facts(tmp_path: Any) -> FactsFolder:
    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    write(
        "cdn-hosting-ranges/ranges.csv", "cidr,provider,class,source\n104.64.0.0/10,akamai,cdn,x\n"
    )
    write("popular-domains/popular.csv", "domain,lists\ngoogle.com,t\n")
    write(
        "public_suffix_list.dat",
        "// ===BEGIN ICANN DOMAINS===\ncom\nexample\n// ===END ICANN DOMAINS===\n"
        "// ===BEGIN PRIVATE DOMAINS===\n// ===END PRIVATE DOMAINS===\n",
    )
    write(
        "passive-dns.csv",
        "address,name,first_seen,last_seen\n"
        "203.0.113.5,edge1.pirate.example,2026-09-01,2026-11-24\n"
        "203.0.113.6,bakery.example,2026-09-01,2026-11-24\n",
    )
    write(
        "dedicated.csv",
        "address,dedicated_to,evidence,evidence_date\n"
        "203.0.113.5,pirate.example,the hoster's answer,2026-11-20\n"
        "203.0.113.6,pirate.example,the hoster's answer,2026-11-20\n",
    )
    write(
        "facts.toml",
        "".join(
            f"[facts.{name}]\ndate = 2026-11-24\nvalid_days = 30\n"
            for name in ("popular", "public_suffix_list", "passive-dns", "dedicated", "ranges")
        ),
    )
    return FactsFolder(tmp_path)


def document(target: str | None, **more: Any) -> dict[str, Any]:
    edge = {"id": "edge", "cost": 1, "target": target, **more}
    return {
        "nodes": [edge, {"id": "shop", "cost": 50}],
        "groups": [{"of": "shop", "members": ["edge"]}],
        "demand": [{"node": "shop", "weight": 1}],
    }


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        ("104.64.1.1", "refuse"),
        ("google.com", "refuse"),
        ("203.0.113.6", "refuse"),
        ("no target at all", "refuse"),
    ],
)
def test_an_act_on_what_the_guard_refuses_does_not_exist_and_the_reason_is_told(
    facts: FactsFolder, target: str, verdict: str
) -> None:
    graph, judged = guarded(graph_of(document(target)), facts=facts, at=AT, budgeted=False)
    (one,) = judged
    assert (one.id, str(one.verdict.decision), one.exists) == ("edge", verdict, False)
    assert say(one.why) == one.as_json()["reasons"][0]["text"]
    assert plan_supply(graph, Goal()).remove == ("shop",)


def test_an_act_that_only_the_guard_bars_is_named_where_it_is_missed(facts: FactsFolder) -> None:
    plan = document("104.64.1.1")
    plan["nodes"][1]["cost"] = None
    graph, _ = guarded(graph_of(plan), facts=facts, at=AT, budgeted=False)
    assert set(plan_supply(graph, Goal()).conflict) == {"the guard", "served <= 0.05"}


@pytest.mark.parametrize("target", ["203.0.113.5", "edge1.pirate.example", None])
def test_what_is_allowed_or_has_no_target_is_acted_on(
    facts: FactsFolder, target: str | None
) -> None:
    graph, judged = guarded(graph_of(document(target)), facts=facts, at=AT, budgeted=False)
    assert [one.exists for one in judged] == [True] * (target is not None)
    assert plan_supply(graph, Goal()).remove == ("edge",)


def test_an_address_is_narrowed_to_the_names_that_the_act_covers(facts: FactsFolder) -> None:
    plan = document(None)
    plan["nodes"][0] = {"id": "edge", "cost": None, "target": "edge9.pirate.example"}
    plan["actions"] = [
        {"id": "block", "covers": ["edge"], "cost": 1, "target": "203.0.113.77"},
    ]
    _, (one,) = guarded(graph_of(plan), facts=facts, at=AT, budgeted=False)
    assert (one.id, str(one.verdict.decision)) == ("block", "narrow")
    assert "a narrower target would do: edge9.pirate.example" in say(one.why)


def test_bystanders_of_an_allowed_act_are_at_least_the_guards(
    facts: FactsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crowded(target: str, **more: Any) -> Any:
        found = real(target, **more)
        high = None if target == "203.0.113.5" else 7
        return replace(found, decision=Decision.ALLOW, collateral=Collateral(low=3, high=high))

    monkeypatch.setattr(guard_graph, "guard", crowded)
    graph = graph_of(document("edge1.pirate.example", collateral=2))
    assert guarded(graph, facts=facts, at=AT, budgeted=True)[0].collateral[0] == 7
    unknown = graph_of(document("203.0.113.5", collateral=2))
    kept, _ = guarded(unknown, facts=facts, at=AT, budgeted=False)
    assert (kept.collateral[0], kept.refused.any()) == (3, False)
    barred, (one,) = guarded(unknown, facts=facts, at=AT, budgeted=True)
    assert barred.refused[0]
    assert one.why == message("guard.unbounded")
