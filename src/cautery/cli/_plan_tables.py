"""What ``cautery plan`` prints: tables and sentences, and one CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date

from cautery.cli import render
from cautery.drawing.formatting import counted
from cautery.messages import say
from cautery.plan.action_day import Timed
from cautery.plan.by_country import CountryPart
from cautery.plan.explain import Why
from cautery.plan.pareto import Axis, Point
from cautery.plan.regrowth import Course
from cautery.plan.supply_plan import SupplyPlan
from cautery.workflows.guard.graph import Judged

MOST_ROWS = 40
_CURVE_DAYS = (1, 7, 30, 90)


def plan_table(found: SupplyPlan, roles: dict[str, str]) -> None:
    """Print what to act on, and what that reaches."""
    if found.remove:
        render.table(
            ("act on", "role"),
            (
                (name, roles.get(name, "action"))
                for name in found.remove[: render.most_rows(MOST_ROWS)]
            ),
        )
    _rest(len(found.remove))
    lines = [
        ("status", found.status),
        ("served", f"{found.served:.2%}"),
        ("cost", number(found.cost)),
        ("bound", f"{number(found.bound)}: no plan costs less"),
        ("gap", "" if found.gap is None else f"{found.gap:.2%}"),
        ("countries", ", ".join(found.countries)),
        ("from", "" if found.date is None else found.date.isoformat()),
        ("collateral", number(found.collateral)),
        ("seed", found.seed),
        ("seconds", f"{found.seconds:.1f}"),
    ]
    if found.p_served is not None:
        chance = found.p_served
        interval = f"{chance.low:.1%} to {chance.high:.1%}"
        sentence = f"{chance.value:.1%} ({interval}) of {chance.draws} fresh draws reach the goal"
        lines.insert(2, ("chance", sentence))
        lines.insert(3, ("tail", f"{chance.tail:.2%} served on average in the worst draws"))
    if found.status == "infeasible":
        lines = [line for line in lines if line[0] not in ("bound", "gap")]
        lines.append(("clash", "; ".join(found.conflict)))
        render.say(
            f"no plan reaches the goal within its limits; the plan shown leaves {found.served:.2%} "
            "served, the least that is possible"
        )
    render.table(("", ""), lines)


def guard_table(judged: Sequence[Judged]) -> None:
    """Print what the guard leaves out of the plan, and why."""
    out = [judgement for judgement in judged if not judgement.exists]
    render.say(f"guard: {counted(len(judged), 'act')} with a target judged, {len(out)} left out")
    if out:
        render.table(
            ("not in the plan", "target", "verdict", "why"),
            (
                (
                    judgement.id,
                    judgement.verdict.target,
                    judgement.verdict.decision,
                    say(judgement.why),
                )
                for judgement in out[: render.most_rows(MOST_ROWS)]
            ),
        )
    _rest(len(out))


def schedule_table(timed: Sequence[Timed], reaction_days: float) -> None:
    """Print the day of each act that is held back, and how many are not."""
    if not timed:
        render.say("no act has a date: the graph has no as_of to count from")
        return
    waiting = [act for act in timed if act.waits_days]
    first, last = timed[0].day.isoformat(), timed[-1].day.isoformat()
    sentence = f"all acts from {first} to {last}, within a reaction time of {reaction_days:g} days"
    render.say(f"{sentence}: {len(waiting)} of {len(timed)} held back")
    if waiting:
        render.table(
            ("held back", "usable from", "act on", "waits"),
            (
                (act.id, act.usable.isoformat(), act.day.isoformat(), f"{act.waits_days} days")
                for act in waiting[: render.most_rows(MOST_ROWS)]
            ),
        )
    _rest(len(waiting))


def explain_table(whys: Sequence[Why]) -> None:
    """Print each act with its figures and its words."""
    render.table(
        ("act", "cost", "carries", "falls with it", "served if spared", "next best"),
        (
            (
                why.id,
                number(why.cost),
                f"{why.carries:.1%}",
                len(why.falls),
                f"{why.spared:.2%}",
                _next_best(why),
            )
            for why in whys[: render.most_rows(MOST_ROWS)]
        ),
        title="why",
    )
    render.table(
        ("act", "in words"), ((why.id, why.words()) for why in whys[: render.most_rows(MOST_ROWS)])
    )
    _rest(len(whys))


def country_table(parts: Sequence[CountryPart]) -> None:
    """Print the plan by country."""
    render.table(
        ("country", "acts", "cost", "carries", "served without", "usable from", "collateral"),
        (
            (
                part.country or "none",
                ", ".join(f"{role} ({count})" for role, count in part.roles),
                number(part.cost),
                f"{part.carries:.1%}",
                f"{part.spared:.2%}",
                "" if part.last is None else part.last.isoformat(),
                number(part.collateral),
            )
            for part in parts
        ),
        title="by country",
    )


def pareto_table(points: Sequence[Point], axis: Axis) -> None:
    """Print the least cost at each level."""
    render.table(
        (str(axis), "cost", "bound", "gap", "served", "acts", "countries", "from", "collateral",
         "status"),
        (
            (
                _level(point.level, share=axis.value == "served"),
                "" if point.plan.status == "infeasible" else number(point.plan.cost),
                number(point.plan.bound),
                ""
                if point.plan.bound is None or point.plan.gap is None
                else f"{point.plan.gap:.2%}",
                f"{point.plan.served:.2%}" if point.plan.status != "infeasible" else "",
                len(point.plan.remove) if point.plan.status != "infeasible" else "",
                len(point.plan.countries) if point.plan.status != "infeasible" else "",
                "" if point.plan.date is None or point.plan.status == "infeasible"
                else point.plan.date.isoformat(),
                number(point.plan.collateral) if point.plan.status != "infeasible" else "",
                _status(point.plan),
            )
            for point in points
        ),
    )  # fmt: skip


def pareto_csv(points: Sequence[Point]) -> str:
    """Return the points as CSV; what has no plan has no cost."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ("level", "status", "cost", "bound", "gap", "served", "p_served", "acts", "countries",
         "date", "collateral")
    )  # fmt: skip
    for point in points:
        plan = point.plan
        level = _level(point.level)
        if plan.status == "infeasible":
            writer.writerow((level, _status(plan), *[""] * 9))
            continue
        writer.writerow(
            (
                level, plan.status, plan.cost, plan.bound, plan.gap, plan.served,
                "" if plan.p_served is None else plan.p_served.value, len(plan.remove),
                len(plan.countries), "" if plan.date is None else plan.date.isoformat(),
                plan.collateral,
            )
        )  # fmt: skip
    return out.getvalue()


def regrowth_table(courses: Sequence[Course]) -> None:
    """Print what each schedule leaves served over the weeks after it."""
    horizons = list(courses[0].area)
    render.table(
        (
            "schedule",
            *(f"days served of {horizon}" for horizon in horizons),
            *(f"day {day}" for day in _CURVE_DAYS),
            "extra cost",
        ),
        (
            (
                course.schedule.name,
                *(
                    f"{area.mid:.1f} ({area.low:.1f} to {area.high:.1f})"
                    for area in course.area.values()
                ),
                *(f"{course.served[day].mid:.0%}" for day in _CURVE_DAYS),
                ""
                if course.schedule.again is None
                else f"{number(course.extra.mid)} "
                f"({number(course.extra.low)} to {number(course.extra.high)})",
            )
            for course in courses
        ),
        title=f"regrowth: medians of {courses[0].draws} draws, with 90 % intervals",
    )  # fmt: skip


def number(value: float | None) -> str:
    """Return a number as the tables write it."""
    return "" if value is None else f"{value:,.6g}"


def _next_best(why: Why) -> str:
    best = why.next_best
    if best.status in ("required", "infeasible"):
        return best.status.replace("infeasible", "none")
    if best.cost is None:
        return f">= {number(best.bound)}"
    return f"{number(best.cost)} {'proven' if best.status == 'optimal' else 'found'}"


def _status(plan: SupplyPlan) -> str:
    """Return the status; of a search that ended before it knew, that."""
    return "time ended" if plan.conflict == ("time",) else plan.status


def _level(level: float | date, *, share: bool = False) -> str:
    if isinstance(level, date):
        return level.isoformat()
    return f"{level:.0%}" if share and level * 100 == round(level * 100) else f"{level:.6g}"


def _rest(count: int) -> None:
    if count > render.most_rows(MOST_ROWS):
        render.say(f"{MOST_ROWS} of {count} shown; --json lists all")
