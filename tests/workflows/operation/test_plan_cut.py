from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from cautery import messages
from cautery.adapters.facts_folder import FactsFolder
from cautery.errors import InputError
from cautery.model import (
    ClockOffset,
    CoTenant,
    Json,
    Marking,
    Pap,
    Statement,
    StatementKind,
    StepKind,
    Tlp,
)
from cautery.model.records import CutChosen
from cautery.operation.schedule import precedence_violations, schedule
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.guard_picture import judge_picture
from cautery.workflows.operation.plan_cut import day_file, plan_cut, steps_of
from cautery.workflows.operation.read_day import read_day
from cautery.workflows.operation.share import add_statements

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTER = "as:AS64500"


def say(desk: Desk, subject: str, about: str, details: Json) -> Statement:
    return Statement(
        id="draft",
        by=desk.agency.id,
        subject=subject,
        about=about,
        text=f"{about} {subject}",
        kind=StatementKind.FACT,
        marking=Marking(tlp=Tlp.GREEN, pap=Pap.GREEN),
        at=NOON,
        details=details,
    )


def asset(desk: Desk, name: str, role: str, country: str, **more: object) -> Statement:
    return say(desk, name, "asset", {"id": name, "role": role, "country": country, **more})


def needs(desk: Desk, target: str, source: str, group: int) -> Statement:
    return say(desk, target, "link", {"source": source, "target": target, "needs": group, "k": 1})


@pytest.fixture
def known(agency_desk: Callable[..., Desk]) -> Desk:
    """Two edges in NL feed one panel in IT; nobody at the table may seize but in NL."""
    desk = agency_desk("it-postal")
    add_statements(
        desk,
        [
            asset(desk, HOSTER, "shared-infrastructure", "NL"),
            asset(desk, "host:edge1.example", "edge", "NL", cost=4.0),
            asset(desk, "host:edge2.example", "edge", "NL", cost=6.0),
            asset(desk, "panel:one", "panel", "IT", cost=1.0),
            asset(desk, "demand:IT/one", "demand", "IT", weight=900),
            needs(desk, "panel:one", "host:edge1.example", 0),
            needs(desk, "panel:one", "host:edge2.example", 0),
            needs(desk, "host:edge1.example", HOSTER, 0),
            needs(desk, "demand:IT/one", "panel:one", 0),
        ],
        at=NOON,
    )
    return desk


def test_a_cut_stays_within_what_the_table_may_do(known: Desk) -> None:
    planned = plan_cut(known)
    assert planned.cut.removed == {"host:edge1.example", "host:edge2.example"}
    assert planned.cut.cost == planned.cut.bound == 10.0
    assert planned.cut.served_after == 0.0


def test_the_guard_decides_which_acts_exist(known: Desk, tmp_path: Path) -> None:
    (tmp_path / "popular.csv").write_text("domain,lists\nedge1.example,x\n")
    (tmp_path / "ranges.csv").write_text("cidr,provider,class,source\n192.0.2.0/24,big,cdn,x\n")
    (tmp_path / "facts.toml").write_text(
        "[facts.popular]\ndate = 2026-11-20\n[facts.ranges]\ndate = 2026-11-20\n"
    )
    add_statements(known, [asset(known, "ip:192.0.2.7", "edge", "NL", cost=0.1)], at=NOON)
    judge = partial(judge_picture, facts=FactsFolder(tmp_path), at=NOON)
    planned = plan_cut(known, judge=judge)
    barred = {one.nodes[0]: messages.say(one.why) for one in planned.cut.refused if one.why}
    assert "guard: edge1.example is a popular site" in barred["host:edge1.example"]
    assert "cdn" in barred["ip:192.0.2.7"]
    assert "host:edge2.example" not in barred
    assert planned.cut.removed.isdisjoint({"host:edge1.example", "ip:192.0.2.7"})
    assert "guard: 3 targets judged, 2 not available" in planned.words


@pytest.mark.parametrize(
    ("name", "role", "barred"),
    [
        ("storefront:Edge1.example", "storefront", True),
        ("edge:edge1.example", "edge", True),
        ("panel:192.0.2.7:8080", "panel", True),
        ("server:192.0.2.7", "origin", True),
        ("playlist:http://edge1.example/", "unknown", True),
        ("panel:two", "panel", False),  # no name that anybody else has
        ("payment:edge1.example", "payment", False),  # an account there is frozen, not the site
        ("reseller:edge1.example", "reseller", False),
    ],
)
def test_the_guard_judges_whatever_is_taken_at_a_host(
    known: Desk, tmp_path: Path, name: str, role: str, *, barred: bool
) -> None:
    (tmp_path / "popular.csv").write_text("domain,lists\nedge1.example,x\n")
    (tmp_path / "ranges.csv").write_text("cidr,provider,class,source\n192.0.2.0/24,big,cdn,x\n")
    (tmp_path / "facts.toml").write_text(
        "[facts.popular]\ndate = 2026-11-20\n[facts.ranges]\ndate = 2026-11-20\n"
    )
    add_statements(known, [asset(known, name, role, "NL", cost=0.1)], at=NOON)
    planned = plan_cut(known, judge=partial(judge_picture, facts=FactsFolder(tmp_path), at=NOON))
    refused = {act.nodes[0]: str(act.why) for act in planned.cut.refused}
    assert ("act.guard-objects" in refused.get(name, "")) is barred


def test_what_cannot_be_touched_raises_the_goal_and_is_said(known: Desk) -> None:
    add_statements(
        known,
        [
            asset(known, "panel:far", "panel", "ES"),
            asset(known, "demand:ES/far", "demand", "ES", weight=100),
            needs(known, "demand:ES/far", "panel:far", 0),
        ],
        at=NOON,
    )
    planned = plan_cut(known, served_at_most=0.05)
    assert planned.floor == pytest.approx(0.1)
    assert planned.goal == pytest.approx(0.12)
    assert planned.words[0].startswith(
        "10.0% of the known demand depends on targets that no agency"
    )


def test_a_picture_without_demand_is_refused(agency_desk: Callable[..., Desk]) -> None:
    desk = agency_desk("nl-fiod")
    add_statements(desk, [asset(desk, "host:edge1.example", "edge", "NL")], at=NOON)
    with pytest.raises(InputError, match="no statement says who is served"):
        plan_cut(desk)


def test_only_a_cut_with_its_time_is_recorded(known: Desk) -> None:
    plan_cut(known)
    assert not list(known.contents(CutChosen))
    plan_cut(known, at=NOON)
    ((_, recorded),) = known.contents(CutChosen)
    assert recorded.bound == 10.0
    assert {node for act in recorded.chosen for node in act.nodes} == {
        "host:edge1.example",
        "host:edge2.example",
    }


def test_the_steps_of_a_cut_can_be_edited_read_and_timed(known: Desk, tmp_path: Path) -> None:
    beside = CoTenant(
        target="host:edge1.example", name="a dentist", services=3, continuity="moved before"
    )
    made = steps_of(plan_cut(known), known, co_tenants=[beside])
    path = tmp_path / "day.json"
    path.write_text(json.dumps(day_file(made)), encoding="utf-8")
    told = read_day(path, known.operation)
    assert {replace(one, tips_off=frozenset()) for one in told.steps} == {
        replace(one, tips_off=frozenset()) for one in made.steps
    }
    assert told.co_tenants == (beside,)
    assert {one.kind for one in told.steps} >= {
        StepKind.PRESERVE,
        StepKind.CONTINUITY,
        StepKind.SEIZE,
    }
    clock = ClockOffset(seconds=0.0, uncertainty_s=0.1, method="test")
    day = schedule(
        told.steps,
        moment=NOON + timedelta(days=30),
        operation=known.operation,
        criteria=told.criteria,
        co_tenants=told.co_tenants,
        clocks={one.agency: clock for one in told.steps},
        held=told.held,
    )
    assert precedence_violations(day) == ()


def test_without_a_clock_the_day_is_not_timed(known: Desk, tmp_path: Path) -> None:
    path = tmp_path / "day.json"
    path.write_text(json.dumps(day_file(steps_of(plan_cut(known), known))), encoding="utf-8")
    told = read_day(path, known.operation)
    with pytest.raises(InputError, match="clock"):
        schedule(
            told.steps,
            moment=NOON + timedelta(days=30),
            operation=known.operation,
            clocks=told.clocks,
        )
