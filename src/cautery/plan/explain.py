"""Why each act is in a plan: what it carries, what falls only with it, and its alternative.

All of it is counted on the graph with everything there that may be there, and every act working;
where the graph is uncertain, the chance that a plan without the act still reaches the goal is
counted on fresh draws beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.plan import _explain_kernels as kernels
from cautery.plan.goal import Goal, posed
from cautery.plan.graph import SLACK, Bools, PlanGraph
from cautery.plan.least_cost import Found, least_cost
from cautery.plan.levers import LEVERS
from cautery.plan.reduce import Problem, reduced
from cautery.plan.search import topped_up, trimmed, within
from cautery.plan.supply_plan import SupplyPlan, cheapest
from cautery.plan.uncertain import chance

MODEL_NODES = 4000
"""Nodes left up to which the next-best plan is asked of the whole model, which proves it."""
LEAST_S = 1.0
"""Seconds for one search on an uncertain graph: with less than this none is begun."""
_MOST_LISTED = 3
"""Ids that a sentence names; the JSON has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextBest:
    """The cheapest plan known that does without one act.

    Parameters
    ----------
    cost : float or None
        Of a found plan; ``None``: none was found.
    bound : float or None
        No plan without the act costs less; ``None``: no such plan exists.
    status : str
        ``optimal`` (found and proven), ``feasible`` (found), ``bound`` (time ended, only the
        bound is known), ``infeasible`` (no plan does without it), ``required``.
    instead, dropped : tuple of str
        What it acts on that the plan does not, and the other way round.
    """

    cost: float | None
    bound: float | None
    status: str
    instead: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        return {
            "cost": self.cost,
            "bound": self.bound,
            "status": self.status,
            "instead": list(self.instead),
            "dropped": list(self.dropped),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One act of a plan, explained.

    Parameters
    ----------
    carries : float
        Share of all demand that could be supplied through it before.
    alone : float
        Share of all demand that falls when nothing but it is acted on.
    falls : tuple of str
        Nodes that are down only because of it: up again if it alone were spared.
    served, spared : float
        Share served after the plan, and if this act alone were spared.
    p_spared : float or None
        Where the graph is uncertain: how often the goal is still reached without it.
    """

    id: str
    role: str | None
    country: str | None
    cost: float
    lever: str | None
    success: float
    carries: float
    alone: float
    falls: tuple[str, ...]
    roles: tuple[tuple[str, int], ...]
    served: float
    spared: float
    p_spared: float | None
    next_best: NextBest

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        return {
            "id": self.id,
            "role": self.role,
            "country": self.country,
            "cost": self.cost,
            "lever": self.lever,
            "success": self.success,
            "carries": self.carries,
            "alone": self.alone,
            "falls": list(self.falls),
            "served": self.served,
            "spared": self.spared,
            "p_spared": self.p_spared,
            "next_best": self.next_best.as_json(),
            "words": self.words(),
        }

    def words(self) -> str:
        """Return the explanation in plain words."""
        parts = [f"{_percent(self.carries)} of the demand can be supplied through it"]
        if self.alone > 0:
            parts[0] += f", {_percent(self.alone)} through nothing else"
        if self.falls:
            kinds = ", ".join(f"{role} ({count})" for role, count in self.roles)
            parts.append(
                f"{len(self.falls)} node{'s fall' if len(self.falls) > 1 else ' falls'} only "
                f"because of it ({kinds}); if only this act is left out, {self.spared:.2%} is "
                f"served, not {self.served:.2%}"
            )
        else:
            parts.append("every node that is down stays down if only this act is left out")
        if self.p_spared is not None:
            parts.append(f"without it, the goal is reached in {self.p_spared:.0%} of draws")
        if self.lever is not None:
            measured = LEVERS[self.lever]
            parts.append(
                f"it is {measured.what}, which works {self.success:.0%} of the time"
                + (f" ({measured.source})" if self.success == measured.success else "")
            )
        return "; ".join(parts) + ". " + self._without()

    def _without(self) -> str:
        best = self.next_best
        if best.status == "required":
            return "It is required: every plan must contain it."
        if best.status == "infeasible":
            return "Every plan within the limits contains it."
        if best.cost is None:
            return f"Without it, no plan costs less than {best.bound:,.6g}; none was found in time."
        proof = (
            "proven" if best.status == "optimal" else f"found; none costs below {best.bound:,.6g}"
        )
        swap = f"acts on {_listed(best.instead)}" if best.instead else "acts on fewer targets"
        return f"The next-best plan without it costs {best.cost:,.6g} ({proof}) and {swap} instead."


def explain(
    graph: PlanGraph,
    goal: Goal,
    plan: SupplyPlan,
    *,
    as_of: date | None,
    left_s: Callable[[], float],
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _position, _total: None,
) -> tuple[Why, ...]:
    """Explain each act of a plan, in its order.

    The counts are exact and always there. Next-best plans are searched dearest act first, the
    time that is left shared out; where it ends, the bound of the plan itself stands in.

    Parameters
    ----------
    as_of : date or None
        As the plan was made with.
    left_s : callable
        Seconds left.
    progress : callable
        Called with how many next-best plans are priced, of how many.
    """
    place = {name: number for number, name in enumerate(graph.ids)}
    items = np.array([place[name] for name in plan.remove], np.int32)
    removed = np.zeros(len(graph.ids), np.bool_)
    removed[items] = True
    of_node, groups, total = graph.groups.of_node, graph.groups, graph.demand
    carries, alone = kernels.fallen_each(
        of_node, groups.owner, groups.need, groups.use_start, groups.uses, graph.weight, items
    )
    start, risen = kernels.risen_each(
        of_node, groups.owner, groups.need, groups.use_start, groups.uses, removed, items
    )
    served = graph.served(removed)
    best: dict[int, NextBest] = {}
    search = _Search(graph, goal, plan, removed, as_of=as_of, seed=seed)
    for position, item in enumerate(items[np.argsort(-graph.cost[items], kind="stable")].tolist()):
        share_s = 0.0 if search.stopped else left_s() / (items.size - position)
        try:
            best[item] = search.without(item, left_s=left_s, share_s=share_s)
        except KeyboardInterrupt:
            search.stopped = True
            best[item] = NextBest(cost=None, bound=plan.bound, status="bound")
        progress(position + 1, items.size)
    explanations = []
    for number, item in enumerate(items.tolist()):
        falls = risen[start[number] : start[number + 1]]
        back = falls[falls < graph.nodes]
        country = int(graph.country[item])
        odds = None
        if graph.uncertain and left_s() > 0:
            without = removed.copy()
            without[item] = False
            odds = chance(graph, without, goal=goal, seed=seed)[0].value
        explanations.append(
            Why(
                id=graph.ids[item],
                role=graph.roles[item] if item < graph.nodes else None,
                country=None if country < 0 else graph.countries[country],
                cost=float(graph.cost[item]),
                lever=graph.levers[item] if graph.levers else None,
                success=float(graph.success[item]),
                carries=float(carries[number] / total),
                alone=float(alone[number] / total),
                falls=tuple(graph.ids[node] for node in back.tolist()),
                roles=_roles(graph, back),
                served=served,
                spared=served + float(graph.weight[falls].sum() / total),
                p_spared=odds,
                next_best=best[item],
            )
        )
    return tuple(explanations)


class _Search:
    """Next-best plans of one plan."""

    def __init__(
        self,
        graph: PlanGraph,
        goal: Goal,
        plan: SupplyPlan,
        removed: Bools,
        *,
        as_of: date | None,
        seed: int,
    ) -> None:
        self._graph, self._goal, self._plan, self._removed = graph, goal, plan, removed
        self._as_of, self._seed = as_of, seed
        self.stopped = False
        """Whether Ctrl-C ended a search: no other is begun."""

    def without(self, item: int, *, left_s: Callable[[], float], share_s: float) -> NextBest:
        """Return the cheapest plan without one act that is found in a share of the time."""
        graph, base = self._graph, self._plan.bound
        if graph.require[item]:
            return NextBest(cost=None, bound=None, status="required")
        ends = left_s() - max(0.0, share_s)
        barred = graph.forbid.copy()
        barred[item] = True
        barred_graph = replace(graph, forbid=barred)

        def time_s() -> float:
            return left_s() - ends

        if graph.uncertain:
            if share_s < LEAST_S:
                return NextBest(cost=None, bound=base, status="bound")
            solution = cheapest(
                barred_graph, self._goal, as_of=self._as_of, left_s=time_s, seed=self._seed
            )
            self.stopped |= solution.interrupted
            return self._told(solution)
        problem, may = posed(barred_graph, self._goal, as_of=self._as_of)
        if problem.down(np.isfinite(problem.cost)) < problem.must - SLACK * graph.demand:
            return NextBest(cost=None, bound=None, status="infeasible")
        # First the act alone is made up for by others, which is quick at any size; then, where
        # the whole is small enough for a proof, it is asked too.
        best = self._made_up(problem, item, left_s=time_s)
        small = reduced(problem, taken=graph.require & may).problem.groups.nodes <= MODEL_NODES
        if small and time_s() > 0:
            whole = cheapest(
                barred_graph, self._goal, as_of=self._as_of, left_s=time_s, seed=self._seed
            )
            self.stopped |= whole.interrupted
            if best.gone is None or whole.cost <= best.cost:
                best = whole
            elif whole.bound < float("inf"):
                best = replace(best, bound=min(best.cost, whole.bound))
        return self._told(best)

    def _made_up(self, problem: Problem, item: int, *, left_s: Callable[[], float]) -> Found:
        """Keep the rest of the plan, and make up for one act: by what is near, then by a search."""
        best = Found(gone=None, cost=float("inf"), bound=0.0)
        remaining = self._removed.copy()
        remaining[item] = False
        part = reduced(problem, taken=remaining)
        plans: list[Bools | None] = [
            topped_up(part.problem, np.zeros(part.problem.groups.nodes, np.bool_))
        ]
        if left_s() > 0:
            plans.append(least_cost(part.problem, left_s=left_s, seed=self._seed).gone)
        for plan in plans:
            if plan is None:
                continue
            removed = part.unfold(plan)
            if problem.down(removed) < problem.must - SLACK * self._graph.demand:
                continue
            if not problem.limited:
                removed = trimmed(problem, removed) | self._graph.require
            elif not within(problem, removed):
                continue
            cost = problem.price(removed)
            if cost < best.cost:
                best = Found(gone=removed, cost=cost, bound=0.0)
        return best

    def _told(self, solution: Found) -> NextBest:
        graph = self._graph
        if solution.gone is None:
            if solution.bound == float("inf"):
                return NextBest(cost=None, bound=None, status="infeasible")
            bound = max(solution.bound, self._plan.bound or 0.0)
            return NextBest(cost=None, bound=bound, status="bound")
        instead, dropped = solution.gone & ~self._removed, self._removed & ~solution.gone
        return NextBest(
            cost=solution.cost,
            # Whoever does without the act is a plan all the same: the plan's own bound holds too.
            bound=min(solution.cost, max(solution.bound, self._plan.bound or 0.0)),
            status="optimal" if solution.proven else "feasible",
            instead=tuple(graph.ids[node] for node in np.flatnonzero(instead).tolist()),
            dropped=tuple(graph.ids[node] for node in np.flatnonzero(dropped).tolist()),
        )


def behind(graph: PlanGraph, places: NDArray[np.int64]) -> Bools:
    """Mark who could be supplied through any of these before anything was acted on."""
    alive = graph.groups.standing(np.zeros(len(graph.ids), np.bool_))
    groups = graph.groups
    marked: Bools = kernels.behind(
        groups.owner, groups.use_start, groups.uses, alive, places.astype(np.int32)
    )
    return marked


def _roles(graph: PlanGraph, places: NDArray[np.int32]) -> tuple[tuple[str, int], ...]:
    count = Counter(graph.roles[node] or "node" for node in places.tolist())
    return tuple(count.most_common())


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 or share == 0 else f"{100 * share:.1g}%"


def _listed(names: Sequence[str]) -> str:
    text = ", ".join(names[:_MOST_LISTED])
    return text if len(names) <= _MOST_LISTED else f"{text} and {len(names) - _MOST_LISTED} more"
