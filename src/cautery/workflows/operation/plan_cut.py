"""Choose what to cut on a desk's picture, and lay out the steps that would do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.messages import say
from cautery.model import Competence, CoTenant, GuardVerdict, StepKind, to_json
from cautery.plan import Cut, Supply, cut
from cautery.plan.cut import TIME_LIMIT_S
from cautery.workflows.operation.course import record_cut
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.guard_picture import objections
from cautery.workflows.operation.picture import Picture, picture_at
from cautery.workflows.operation.plan_day import CRITERIA, DaySteps, day_steps
from cautery.workflows.operation.table import LASTS

SERVED_AT_MOST = 0.05
"""The usual goal: at most 5 % of subscribers are still served (docs/reference/sources.md, F48)."""
MOST_LINES = 10
"""Most targets told one by one that the guard objects to; all are told in JSON."""
SLACK = 0.02
"""Above what all allowed acts together would leave: the last bit costs most. Judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCut:
    """A cut and what it was chosen on.

    Parameters
    ----------
    floor : float
        Share of the known demand that stays served if every allowed act is done.
    goal : float
        Share that the cut was to leave at most: what was asked, or a little above the floor.
    judged : mapping of node to GuardVerdict
        The guard's word, where it was asked.
    """

    seen: Picture
    cut: Cut
    floor: float
    goal: float
    judged: Mapping[str, GuardVerdict] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """Say what is reached, and what bars the rest."""
        lines = []
        if self.judged:
            out = objections(self.judged)
            lines.append(f"guard: {len(self.judged)} targets judged, {len(out)} not available")
            lines += [f"  {node}: {say(out[node])}" for node in sorted(out)[:MOST_LINES]]
        if self.goal <= self.floor + SLACK:
            lines.append(
                f"{self.floor:.1%} of the known demand depends on targets that no agency at the "
                f"table may act on; the goal is {self.goal:.1%}"
            )
        lines.append(
            f"{len(self.cut.chosen)} acts would leave {self.cut.served_after:.1%} of the known "
            f"demand served; cost {self.cut.cost:.1f}, proven bound {self.cut.bound:.1f}, gap "
            f"{self.cut.gap:.1%}"
        )
        return tuple(lines)


def plan_cut(
    desk: Desk,
    *,
    served_at_most: float = SERVED_AT_MOST,
    countries_at_most: int | None = None,
    seed: int = 0,
    time_limit_s: float = TIME_LIMIT_S,
    at: datetime | None = None,
    judge: Callable[[Picture], Mapping[str, GuardVerdict]] | None = None,
) -> PlannedCut:
    """Choose the cheapest acts by those at the table; with ``at``, record the cut.

    Parameters
    ----------
    time_limit_s : float
        For the search: the best so far is told, with its gap.
    judge : callable, optional
        Asks the guard about the picture: what it refuses or narrows does not exist as an act.

    Raises
    ------
    InputError
        If the picture has no demand to cut.
    """
    picture = picture_at(desk)
    if picture.demand <= 0:
        raise InputError(
            f"{desk.case.path}: no statement says who is served",
            hint="State the demand as assets with a weight: the users of a country and reseller.",
        )
    able = {agency.country for agency in desk.operation.agencies if agency.may(Competence.SEIZE)}
    judged = {} if judge is None else dict(judge(picture))
    acts = picture.acts(countries=able, refused=objections(judged))
    floor = Supply(picture.nodes).served(
        {node for act in acts if act.allowed for node in act.nodes}
    )
    goal = max(served_at_most, min(1.0, floor + SLACK) if floor > served_at_most - SLACK else 0.0)
    chosen_cut = cut(
        picture.nodes,
        acts,
        served_at_most=goal,
        countries_at_most=countries_at_most,
        seed=seed,
        time_limit_s=time_limit_s,
    )
    if at is not None:
        record_cut(desk, chosen_cut, picture, at=at)
    return PlannedCut(seen=picture, cut=chosen_cut, floor=floor, goal=goal, judged=judged)


def steps_of(planned: PlannedCut, desk: Desk, *, co_tenants: Sequence[CoTenant] = ()) -> DaySteps:
    """Return the steps that carry out a cut, without premises: those are for people to add."""
    return day_steps(planned.seen.graph, planned.cut.chosen, desk.operation, co_tenants=co_tenants)


def day_file(made: DaySteps) -> dict[str, Any]:
    """Return steps as ``cautery operation day plan`` reads them.

    No clock is in it: each agency measures its own.
    """
    return {
        "day": {"warning_s": 300},
        "clock": [],
        "criterion": [to_json(criterion) for criterion in CRITERIA],
        "co_tenant": [to_json(tenant) for tenant in made.co_tenants],
        "held": made.held,
        "step": list(_step_rows(made)),
    }


def _step_rows(day: DaySteps) -> Iterator[dict[str, Any]]:
    for step in day.steps:
        row: dict[str, Any] = {
            "id": step.id,
            "kind": step.kind.value,
            "agency": step.agency,
            "country": step.country,
            "target": step.target,
            "text": step.text,
            "team": step.team,
            "place": step.place,
        }
        if step.lasts != LASTS[StepKind(step.kind)]:
            row["lasts_min"] = step.lasts.total_seconds() / 60
        for name in ("after", "tips_off", "removes", "keeps"):
            if values := sorted(getattr(step, name)):
                row[name] = values
        yield row
