"""Replay an operation from its first statement to what grew back, and close its cases."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.evidence.ports import CaseStore
from cautery.lab.operations import build_world
from cautery.lab.operations.replay import action_day, after, intelligence, weigh
from cautery.lab.operations.replay.clock import ReplayClock
from cautery.lab.operations.replay.story import Listener, Story, others_of
from cautery.lab.operations.spec import OperationWorld
from cautery.model import Estimate, Operation
from cautery.model.records.inquiry import SizingOccasion
from cautery.pages.operation import OperationPageView
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.close_desk import PAGE, close_desk
from cautery.workflows.operation.page_view import LabTruth, page_view

_NAMES = {
    "taken-down": "Taken Down",
    "kratos": "Kratos",
    "xtream": "a world like Xtream Codes",
    "flawless": "a world like Flawless",
    "globe": "a world like GLOBE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay leaves: a closed case for each agency, a page, and its figures."""

    name: str
    like: str
    seed: int
    case: Path
    page: Path
    seconds: float
    verified: int
    agencies: int
    steps: int
    replanned: int
    precedence_violations: int
    exhibits: int
    served_before: float
    served_after: float
    descendants: int
    users: Estimate
    users_truth: int
    flagged: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "name": self.name,
            "like": self.like,
            "seed": self.seed,
            "lab": True,
            "case": str(self.case),
            "page": str(self.page),
            "seconds": round(self.seconds, 1),
            "cases_verified": self.verified,
            "agencies": self.agencies,
            "steps": self.steps,
            "replanned": self.replanned,
            "precedence_violations": self.precedence_violations,
            "exhibits": self.exhibits,
            "served_before": self.served_before,
            "served_after": self.served_after,
            "descendants": self.descendants,
            "users": {"low": self.users.low, "mid": self.users.mid, "high": self.users.high},
            "users_truth": self.users_truth,
            "claims_flagged": list(self.flagged),
        }

    def rows(self) -> list[tuple[str, str]]:
        """Return what to print: a label and a value a line."""
        users = self.users
        return [
            ("cases closed and verified", f"{self.verified} of {self.agencies}"),
            ("steps of the day", f"{self.steps}, {self.replanned} re-planned"),
            ("precedence violations", str(self.precedence_violations)),
            ("exhibits", str(self.exhibits)),
            (
                "known demand served",
                f"{self.served_before:.0%} before, {self.served_after:.1%} after",
            ),
            ("users (90 %)", f"{users.low:,.0f} to {users.high:,.0f}"),
            ("users, the lab's truth", f"{self.users_truth:,}"),
            ("claims that do not fit", ", ".join(self.flagged) or "none"),
            ("descendants found", str(self.descendants)),
        ]


def replay(
    like: str,
    *,
    seed: int,
    folder: Path,
    store: CaseStore,
    key_of: Callable[[Path], Path],
    scale: float = 1.0,
    speed: float = 0.0,
    listen: Listener = lambda _: None,
) -> Replayed:
    """Replay an operation of the lab.

    Parameters
    ----------
    folder : Path
        The lead's case; the other agencies' stand in ``FOLDER-agencies``.
    key_of : callable
        Returns the public key of a case from outside of it, to verify with.
    speed : float
        Seconds of the action day in one second; 0 does not wait.

    Raises
    ------
    InputError
        If there is no such world, something stands at ``folder`` or beside it, or the speed is
        below that of life.
    """
    began = time.monotonic()
    if 0 < speed < 1:
        raise InputError(
            f"speed {speed:g}: a day cannot be replayed more slowly than it was",
            hint="Use 0 to replay without waiting.",
        )
    for place in (folder, others_of(folder)):
        if place.exists() and not (place.is_dir() and not any(place.iterdir())):
            raise InputError(f"{place} already exists", hint="Name a new folder.")
    world = build_world(like, seed=seed, scale=scale)
    story = _open(world, folder, store, listen)
    try:
        weigh.publish(story)
        intelligence.gather(story)
        weigh.size(story, occasion=SizingOccasion.BEFORE_DAY, with_dumps=False)
        trace = weigh.follow_money(story)
        planned = weigh.choose_cut(story)
        day_plan = action_day.plan(story, planned.seen, planned.cut)
        day = action_day.run(story, day_plan, planned.seen, goal=planned.goal, speed=speed)
        action_day.count_dumps(story)
        sizing = weigh.size(story, occasion=SizingOccasion.AFTER_DAY, with_dumps=True)
        grown = after.follow(story, planned.seen, day.removed)
        after.erase_those_of_no_use(story)
        lead = story.lead
        view = page_view(
            lead,
            made_at=story.clock.now(),
            trace=trace,
            truth=_truth(world),
            statement=world.sheet.statement if world.sheet else "A shape of the lab.",
        )
        _close(story, view)
        month = _month_index(world)
        verified = sum(
            verify_case(
                story.case_of(agency.id), store=store, public_key=key_of(story.case_of(agency.id))
            ).authentic
            for agency in story.operation.agencies
        )
    finally:
        story.leave()
    shares = [point.share for point in view.day.served] if view.day else []
    return Replayed(
        name=story.operation.name,
        like=like,
        seed=seed,
        case=folder,
        page=folder / PAGE,
        seconds=time.monotonic() - began,
        verified=verified,
        agencies=len(story.operation.agencies),
        steps=len(day.plan.steps),
        replanned=sum(step.replaces is not None for step in day.plan.steps),
        precedence_violations=day.violations,
        exhibits=day.exhibits,
        served_before=1.0,
        served_after=shares[-1] if shares else 1.0,
        descendants=len(grown),
        users=sizing.reconciled.estimate("users"),
        users_truth=int(world.truth.users[month].sum()),
        flagged=tuple(judged.claim.text for judged in sizing.judged if judged.flagged),
    )


def _open(world: OperationWorld, folder: Path, store: CaseStore, listen: Listener) -> Story:
    start = datetime(world.months[0].year, world.months[0].month, 1, tzinfo=UTC)
    operation = Operation(
        id=f"{world.like}-{world.seed}",
        name=_NAMES[world.like],
        agencies=world.agencies,
        legal_basis="none: a world of the lab, invented throughout",
        opened_at=start,
        lab=True,
    )
    story = Story(
        world=world,
        operation=operation,
        clock=ReplayClock(start),
        store=store,
        folder=folder,
        rng=np.random.default_rng([world.seed, 3]),
        listen=listen,
    )
    story.open_desks()
    return story


def _close(story: Story, view: OperationPageView) -> None:
    """Close every case, the lead's with the page and the manifest of exhibits."""
    close_desk(story.lead, view=view)
    for desk in story.desks.values():
        if desk is not story.lead:
            close_case(desk.case, at=story.clock.now())
    story.tell("closed", f"{len(story.desks)} cases closed", cases=len(story.desks))


def _truth(world: OperationWorld) -> LabTruth:
    month = _month_index(world)
    return LabTruth(
        seed=world.seed,
        sizes={
            "users": float(world.truth.users[month].sum()),
            "payers": float(world.truth.payers[month].sum()),
            "revenue": float(world.truth.revenue_eur[month].sum()),
        },
        descends_from={descendant.asset: descendant.like for descendant in world.descendants},
        network_of=world.truth.operator,
    )


def _month_index(world: OperationWorld) -> int:
    before = [
        n for n, month in enumerate(world.months) if month < world.moment.date().replace(day=1)
    ]
    return before[-1]
