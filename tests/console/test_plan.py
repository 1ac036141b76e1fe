"""The page of a case's plan: its acts in steps, what each leaves, and what the guard keeps out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import (
    ActionPlan,
    Collateral,
    Decision,
    EventSpending,
    GuardVerdict,
    Intervention,
    Lever,
    Reason,
    Spending,
)
from cautery.model.ledger import append
from cautery.model.message import as_written
from cautery.model.records import BudgetSpent
from cautery.workflows.case.open import open_case

CLOSED, OPEN = "/cases/night-1/plan", "/cases/cup+night-2/plan"
NOW = SystemClock().now()
HOSTILE = '"><script>alert(1)</script>\u202e.example'


def act(target: str, *streams: str, allowed: bool = True) -> Intervention:
    verdict = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW if allowed else Decision.REFUSE,
        collateral=Collateral(low=0, high=0),
        reasons=(Reason(code="own-name", text=as_written("a name of its own")),),
        valid_until=NOW + timedelta(hours=1),
    )
    return Intervention(target=target, lever=Lever.NAME, streams=streams, cost=1.0, guard=verdict)


def plan_of(
    acts: Sequence[Intervention], *uncovered: str, refused: Sequence[Intervention] = ()
) -> ActionPlan:
    cut = {url for one in acts for url in one.streams} - set(uncovered)
    return ActionPlan(
        chosen=tuple(acts),
        refused=tuple(refused),
        served_before=len(cut) + len(uncovered),
        served_after=len(uncovered),
        cost=float(len(acts)),
        bound=float(len(acts)) / 2,
        seed=7,
        method=as_written("by hand"),
        uncovered=uncovered,
    )


def planned(folder: Path, *records: object) -> list[int]:
    """Add plans to the open case below a folder; return their records."""
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=1.0)
    case = open_case(folder / "cases" / "cup" / "night-2", store=store, clock=SystemClock())
    indexes = [append(case.ledger, record, at=case.clock.now()).index for record in records]
    case.leave()
    return indexes


def left(page: str) -> list[tuple[str, str, str]]:
    """Return of each step of the table: its target, what goes dark, and what is left."""
    row = r'<th scope="row"><bdi>([^<]*)</bdi>[^/]*/span></th><td class="n">(\d+)</td><td class="n">(\d+)</td><td class="n">'
    return re.findall(row, page)


def test_a_plan_is_shown_in_steps_with_bound_refusals_and_drafts(room: Any) -> None:
    page = room.text(CLOSED)
    assert ("edge-1.example", "1", "0") not in left(page)
    assert left(page)[-1][2] == "0"
    counts = [int(served) for _, _, served in left(page)]
    assert counts == sorted(counts, reverse=True)
    assert "gap 0" in page
    assert "Refused by the guard (1)" in page
    assert 'aria-current="page">Plan</a>' in page
    (draft,) = set(re.findall(r'href="/cases/night-1/orders/([^"?]+)"', page))
    assert draft in room.text(f"/cases/night-1/orders/{draft}")


def test_each_step_says_what_is_dark_and_what_is_served(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    (record,) = planned(
        tmp_path,
        plan_of([act("b.example", "u3"), act("a.example", "u1", "u2", "x")], "x"),
    )
    room = room_at(cases)
    last = room.text(OPEN)
    assert left(last) == [("a.example", "2", "2"), ("b.example", "1", "1")]
    assert "After act 2 of 2: 1 served" in last
    assert "Dark by then (3)" in last
    assert "1 of them stays served after all acts" in last
    first = room.text(f"{OPEN}?after=1")
    assert "After act 1 of 2: 2 served" in first
    assert "Dark by then (2)" in first
    assert "Still served (2)" in first
    assert first.count('<tr class="row later">') == 1
    assert "After act 0 of 2: 4 served" in room.text(f"{OPEN}?after=0&plan={record}")
    assert "After act 2 of 2" in room.text(f"{OPEN}?after=99999")


def test_plans_come_one_after_the_other_and_budgets_are_the_newest(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    spending = Spending(low=0, high=None, over=True, unbounded=("cdn.example",))
    spent = BudgetSpent.of(
        EventSpending(event="home-away", budget=5, spending=spending, left_out=("cdn.example",)),
        at=NOW,
    )
    earlier, _, _, later = planned(
        tmp_path,
        plan_of([act("a.example", "u1")]),
        replace(spent, budget=9),
        spent,
        plan_of([], "u1", refused=[act("a.example", "u1", allowed=False)]),
    )
    room = room_at(cases)
    page = room.text(OPEN)
    assert "This plan has no act" in page
    assert f'rel="prev" href="?plan={earlier}"' in page
    assert 'rel="next"' not in page
    assert '<th scope="row"><bdi>home-away</bdi></th><td class="n">5</td>' in page
    assert page.count("home-away") < room.text(CLOSED).count("home-away") + 9
    assert "no bound" in page
    assert f'rel="next" href="?plan={later}"' in room.text(f"{OPEN}?plan={earlier}")
    assert room.text(f"{OPEN}?plan={earlier}&after=0").count(f"plan={earlier}&amp;after=") > 1
    count = room.text(OPEN).count('name="nth"')
    assert count == 1


def test_names_are_texts_and_a_plan_of_thousands_is_cut_and_said(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    acts = [act(f"h{number}.example", f"u{number}") for number in range(3_000)]
    planned(tmp_path, plan_of([act(HOSTILE, "<b>u</b>", "v"), *acts]))
    room = room_at(cases)
    page = room.text(f"{OPEN}?after=1")
    assert "<script>alert" not in page
    assert "<b>u</b>" not in page
    assert "100 of 3,001 are shown" in page.replace("\u202f", ",")
    assert page.count('class="door"') <= 201
    assert len(page) < 400_000


@pytest.mark.parametrize("asked", ["plan=0", "plan=99999999"])
def test_what_is_no_plan_is_said(room: Any, asked: str) -> None:
    assert "There is nothing here" in room.text(f"{CLOSED}?{asked}", status=404)


@pytest.mark.parametrize("asked", ["plan=-1", "nth=0", "after=x", "after=-1"])
def test_what_no_page_has_is_not_there(room: Any, asked: str) -> None:
    room.text(f"{CLOSED}?{asked}", status=404)
