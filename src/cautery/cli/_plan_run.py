"""One run of ``cautery plan``: the search, and what is printed besides the plan."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import typer
from rich.text import Text

from cautery import wiring
from cautery.cli import _plan_tables as tables
from cautery.cli import render
from cautery.cli._terminal import Terminal
from cautery.errors import InputError
from cautery.messages import tr
from cautery.plan.action_day import earliest, timed
from cautery.plan.by_country import by_country
from cautery.plan.explain import explain
from cautery.plan.goal import Goal
from cautery.plan.graph import PlanGraph
from cautery.plan.pareto import Axis, pareto
from cautery.plan.plot import format_of, pareto_plot, regrowth_plot
from cautery.plan.regrowth import regrow, schedules
from cautery.plan.regrowth_model import RegrowthModel
from cautery.plan.supply_plan import SupplyPlan, plan_supply
from cautery.workflows.guard.graph import Judged
from cautery.workflows.plan.graph import places
from cautery.workflows.plan.map import plan_map

MOST_REACTION_DAYS = 3650
AXES = ("served", "countries", "date", "collateral")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to print or draw besides the plan, and where to."""

    explain: bool
    reaction: float | None
    regrowth: RegrowthModel | None
    waves: int | None
    plot: Path | None
    map: Path | None
    csv: bool
    json: bool

    def check(self, pareto: str | None) -> None:
        """Refuse what does not go together before anything is searched for."""
        if pareto is not None and pareto not in AXES:
            raise InputError(f"--pareto: {pareto!r} is not one of {', '.join(AXES)}")
        one_plan = self.explain or self.regrowth or self.map or self.reaction is not None
        for path in (self.plot, self.map):
            if path is not None and not path.parent.is_dir():
                raise InputError(f"{path}: the folder {path.parent} does not exist")
        if pareto is not None and one_plan:
            raise InputError(
                "--pareto gives many plans; --explain, --map, --regrowth and --reaction need one",
                hint="Choose a limit from the table, and ask for them with it.",
            )
        if self.reaction is not None and not self.reaction <= MOST_REACTION_DAYS:
            raise InputError(f"--reaction must be at most {MOST_REACTION_DAYS:,} days")
        if self.csv and (pareto is None or self.json):
            raise InputError("--csv needs --pareto, and does not go with --json")
        if self.plot is not None:
            if pareto is None and not self.regrowth:
                raise InputError("--plot needs --pareto or --regrowth; --map draws a plan")
            format_of(str(self.plot))
        if self.map is not None and self.map.suffix.lower() not in (".svg", ".html"):
            raise InputError(f"{self.map}: the file of a map must end in .svg or .html")


class Run:
    """One graph, one goal, and the time for all that is asked about it."""

    def __init__(
        self,
        graph: PlanGraph,
        goal: Goal,
        *,
        today: date,
        seed: int,
        time_limit_s: float,
        judged: tuple[Judged, ...] | None,
    ) -> None:
        self._graph, self._goal, self._seed = graph, goal, seed
        self._as_of = graph.as_of or today
        self._began, self._limit_s = time.monotonic(), time_limit_s
        self._judged = judged

    def plan(self, asked: Asked) -> None:
        """Search for one plan, and print the parts of it that the options name."""
        graph, goal, extras = self._graph, self._goal, {}
        # Whatever else is asked of a plan shares the time with the search for it.
        beside = asked.explain or asked.regrowth is not None or asked.reaction is not None
        with _Shown() as progress:
            plan = plan_supply(
                graph,
                goal,
                today=self._as_of,
                seed=self._seed,
                time_limit_s=self._limit_s / 2 if beside else self._limit_s,
                progress=progress.tell,
            )
            printers: list[Callable[[], None]] = []
            if self._judged is not None:
                judged = self._judged
                extras["guard"] = [judgement.as_json() for judgement in judged]
                printers.append(lambda: tables.guard_table(judged))
            if asked.reaction is not None:
                plan = self._timed(plan, asked.reaction, extras, printers, progress)
            if asked.regrowth is not None:
                self._regrown(plan, asked.regrowth, asked, extras, printers, progress)
            if asked.explain:
                self._explained(plan, extras, printers, progress)
            if asked.explain or asked.map is not None:
                self._by_country(plan, asked, extras, printers)
        if asked.json:
            render.json_line({**plan.as_json(), **extras})
        else:
            roles = zip(graph.ids, graph.roles, strict=False)
            tables.plan_table(plan, {name: role or "" for name, role in roles})
            for printer in printers:
                printer()
        if plan.status == "infeasible":
            raise typer.Exit(1)

    def pareto(self, name: str, points: int, asked: Asked) -> None:
        """Search for a plan at each level of one limit."""
        axis = Axis(name)
        with _Shown() as progress:
            front = pareto(
                self._graph,
                self._goal,
                axis,
                as_of=self._as_of,
                left_s=self._left_s,
                most=points,
                seed=self._seed,
                progress=progress.tell,
            )
        if asked.plot is not None:
            drawing = pareto_plot(
                front,
                axis,
                cost_unit=self._graph.cost_unit,
                subtitle=self._subtitle(but=name),
                format=format_of(str(asked.plot)),
            )
            _write(asked.plot, drawing)
        if asked.csv:
            sys.stdout.write(tables.pareto_csv(front))
        elif asked.json:
            line: dict[str, Any] = {
                "axis": name,
                "cost_unit": self._graph.cost_unit,
                "points": [point.as_json() for point in front],
            }
            if self._judged is not None:
                line["guard"] = [judgement.as_json() for judgement in self._judged]
            render.json_line(line)
        else:
            tables.pareto_table(front, axis)
            if self._judged is not None:
                tables.guard_table(self._judged)
        if all(point.plan.status == "infeasible" for point in front):
            raise typer.Exit(1)

    def _timed(
        self,
        plan: SupplyPlan,
        reaction: float,
        extras: dict[str, Any],
        printers: list[Callable[[], None]],
        progress: _Shown,
    ) -> SupplyPlan:

        ends = self._left_s() / 2
        plan = earliest(
            self._graph,
            self._goal,
            plan,
            as_of=self._as_of,
            left_s=lambda: self._left_s() - ends,
            seed=self._seed,
            progress=progress.tell,
        )
        days = timed(self._graph, plan, reaction_days=reaction, as_of=self._as_of)
        extras["schedule"] = [day.as_json() for day in days]
        printers.append(lambda: tables.schedule_table(days, reaction))
        return plan

    def _regrown(
        self,
        plan: SupplyPlan,
        model: RegrowthModel,
        request: Asked,
        extras: dict[str, Any],
        printers: list[Callable[[], None]],
        progress: _Shown,
    ) -> None:

        items = places(self._graph, plan.remove)
        ends = self._left_s() / 2
        courses = regrow(
            self._graph,
            items,
            schedules(self._graph, items, waves_days=request.waves),
            model,
            seed=self._seed,
            left_s=lambda: self._left_s() - ends,
            progress=lambda draw, total: progress.say(f"regrowth: draw {draw} of {total}"),
        )
        extras["regrowth"] = {
            "courses": [course.as_json() for course in courses],
            "model": model.as_json(),
        }
        printers.append(lambda: tables.regrowth_table(courses))
        if request.plot is not None:
            drawing = regrowth_plot(
                courses, subtitle=self._subtitle(plan), format=format_of(str(request.plot))
            )
            _write(request.plot, drawing)

    def _explained(
        self,
        plan: SupplyPlan,
        extras: dict[str, Any],
        printers: list[Callable[[], None]],
        progress: _Shown,
    ) -> None:

        if plan.status == "infeasible":
            extras["explain"] = []
            return
        whys = explain(
            self._graph,
            self._goal,
            plan,
            as_of=self._as_of,
            left_s=self._left_s,
            seed=self._seed,
            progress=lambda count, total: progress.say(f"next-best plans: {count} of {total}"),
        )
        extras["explain"] = [why.as_json() for why in whys]
        printers.append(lambda: tables.explain_table(whys))

    def _by_country(
        self,
        plan: SupplyPlan,
        request: Asked,
        extras: dict[str, Any],
        printers: list[Callable[[], None]],
    ) -> None:

        parts = by_country(self._graph, plan, as_of=self._as_of)
        extras["by_country"] = [part.as_json() for part in parts]
        printers.append(lambda: tables.country_table(parts))
        if request.map is not None:
            html = request.map.suffix.lower() == ".html"
            drawing = plan_map(plan, parts, cost_unit=self._graph.cost_unit, html=html)
            _write(request.map, drawing.encode("utf-8", "backslashreplace"))

    def _subtitle(self, plan: SupplyPlan | None = None, *, but: str = "") -> str:
        goal, graph = self._goal, self._graph
        parts = [tr("%(count)s nodes", count=graph.nodes)]
        if plan is not None:
            parts += [
                tr("%(count)s acts", str, count=len(plan.remove)),
                tr("cost %(cost)s", cost=tables.number(plan.cost)),
            ]
        limits = {
            "served": tr("at most %(share)s served", share=f"{goal.served:.2%}"),
            "countries": None
            if goal.countries is None
            else tr("at most %(count)s countries", str, count=goal.countries),
            "date": None if goal.by is None else tr("usable by %(day)s", day=goal.by.isoformat()),
            "collateral": None
            if goal.collateral is None
            else tr("at most %(count)s bystanders", count=f"{goal.collateral:,.6g}"),
        }
        parts += [text for key, text in limits.items() if text is not None and key != but]
        return "   ·   ".join(parts)

    def _left_s(self) -> float:
        return self._began + self._limit_s - time.monotonic()


def _write(path: Path, image: bytes) -> None:

    wiring.write_file(path, image)


class _Shown:
    """Shows bound, best and gap on a terminal while the search goes on; elsewhere nothing."""

    def __init__(self) -> None:
        self._status: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._status = Terminal(stderr=True).status(Text("reading"))
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, what: str, best: float | None, bound: float) -> None:
        """Show how far the search is."""
        words = f"{what}: bound {bound:,.6g}"
        if best is not None and best > 0:
            words += f", best {best:,.6g}, gap {max(0.0, best - bound) / best:.2%}"
        self.say(words)

    def say(self, words: str) -> None:
        """Show what is being done."""
        if self._status is not None:
            self._status.update(Text(words))
