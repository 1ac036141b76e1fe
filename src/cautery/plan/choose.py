"""The cheapest set of allowed interventions that cuts all that can be cut, with a proven bound.

An exact cover model solved by HiGHS (branch and cut): a stream is cut when its name or URL is
blocked, or every address of its host. First the number of streams cut is made as large as the
collateral budget allows, then the cost as small as that number allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cautery.errors import CauteryError, InputError
from cautery.model import ActionPlan, Intervention, Lever
from cautery.plan.targets import address_of

TIME_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class _Solution:
    taken: tuple[bool, ...]
    cut: tuple[bool, ...]
    objective: float
    bound: float


def choose(
    interventions: Sequence[Intervention],
    *,
    streams: Mapping[str, Sequence[str]],
    collateral_budget: int = 0,
    seed: int = 0,
    time_limit_s: float = TIME_LIMIT_S,
) -> ActionPlan:
    """Choose among the allowed interventions; refused and narrowed ones are only listed.

    Parameters
    ----------
    interventions : sequence of Intervention
        As :func:`cautery.plan.candidates` gives them.
    streams : mapping of str to sequence of str
        The streams to cut, each with the addresses that its host resolved to.
    collateral_budget : int
        Most bystanders, summed over the chosen interventions by the upper bound of each;
        an intervention whose upper bound is unknown never fits.
    seed : int
        HiGHS's random seed; the same input and seed give the same plan.

    Raises
    ------
    InputError
        If a budget or a cost is negative.
    """
    if collateral_budget < 0 or any(one.cost < 0 for one in interventions):
        raise InputError("a collateral budget and the costs of interventions are not negative")
    usable = [
        one
        for one in sorted(interventions, key=lambda one: (one.lever, one.target))
        if one.allowed and one.guard.collateral.high is not None and set(one.streams) & set(streams)
    ]
    refused = tuple(one for one in interventions if not one.allowed)
    wanted = sorted(streams)
    ways = [_ways(url, streams[url], usable) for url in wanted]
    reachable = [place for place, way in enumerate(ways) if way]
    if not reachable:
        return ActionPlan(
            chosen=(),
            refused=refused,
            served_before=len(wanted),
            served_after=len(wanted),
            cost=0.0,
            bound=0.0,
            seed=seed,
            method="nothing to choose: no allowed intervention cuts a stream",
            uncovered=tuple(wanted),
        )
    model = _Model(usable, [ways[place] for place in reachable], collateral_budget, seed)
    most = model.solve(maximise_cut=True, at_least=0, time_limit_s=time_limit_s)
    reached = sum(most.cut)
    best = model.solve(maximise_cut=False, at_least=reached, time_limit_s=time_limit_s)
    chosen = tuple(one for one, taken in zip(usable, best.taken, strict=True) if taken)
    cut = {wanted[place] for place, done in zip(reachable, best.cut, strict=True) if done}
    cost = sum(one.cost for one in chosen)
    return ActionPlan(
        chosen=chosen,
        refused=refused,
        served_before=len(wanted),
        served_after=len(wanted) - len(cut),
        cost=cost,
        bound=min(cost, max(0.0, best.bound)),
        seed=seed,
        method=(
            f"minimum-cost cover by HiGHS, collateral budget {collateral_budget}, "
            f"at most {most.bound:.0f} of {len(wanted)} streams can be cut"
        ),
        uncovered=tuple(url for url in wanted if url not in cut),
    )


def _ways(url: str, addresses: Sequence[str], usable: Sequence[Intervention]) -> list[list[int]]:
    """Return the ways to cut a stream, each a set of interventions that must all be taken."""
    ways = [
        [place]
        for place, one in enumerate(usable)
        if one.lever is not Lever.ADDRESS and url in one.streams
    ]
    by_address = {
        one.target: place
        for place, one in enumerate(usable)
        if one.lever is Lever.ADDRESS and url in one.streams
    }
    needed = {str(address_of(one) or one) for one in addresses} or set(by_address)
    if needed and needed <= set(by_address):
        ways.append(sorted(by_address[one] for one in needed))
    return ways


class _Model:
    """Binaries: one an intervention, one a stream cut, one a way of several addresses."""

    def __init__(
        self,
        usable: Sequence[Intervention],
        ways: Sequence[Sequence[Sequence[int]]],
        budget: int,
        seed: int,
    ) -> None:
        self._usable, self._ways, self._budget, self._seed = usable, ways, budget, seed

    def solve(self, *, maximise_cut: bool, at_least: int, time_limit_s: float) -> _Solution:
        import highspy  # noqa: PLC0415 - heavy: a solver of 20 MB

        acts, streams = len(self._usable), len(self._ways)
        joint = [
            (place, way) for place, ways in enumerate(self._ways) for way in ways if len(way) > 1
        ]
        count = acts + streams + len(joint)
        # The public class prints a banner on stdout when made; its base keeps quiet.
        highs = highspy._core._Highs()  # noqa: SLF001
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("random_seed", self._seed % 2_147_483_647)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("time_limit", time_limit_s)
        highs.setOptionValue("mip_rel_gap", 0.0)
        for column in range(count):
            highs.addVar(0.0, 1.0)
            highs.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        if maximise_cut:
            for place in range(streams):
                highs.changeColCost(acts + place, -1.0)
        else:
            for place, one in enumerate(self._usable):
                highs.changeColCost(place, one.cost)
        infinity = highspy.kHighsInf
        for place, ways in enumerate(self._ways):
            columns = [acts + place] + [way[0] for way in ways if len(way) == 1]
            columns += [
                acts + streams + number for number, (of, _) in enumerate(joint) if of == place
            ]
            highs.addRow(-infinity, 0.0, len(columns), columns, [1.0] + [-1.0] * (len(columns) - 1))
        for number, (_, way) in enumerate(joint):
            for act in way:
                highs.addRow(-infinity, 0.0, 2, [acts + streams + number, act], [1.0, -1.0])
        harm = [float(one.guard.collateral.high or 0) for one in self._usable]
        if any(harm):
            highs.addRow(-infinity, float(self._budget), acts, list(range(acts)), harm)
        if at_least:
            highs.addRow(
                float(at_least),
                infinity,
                streams,
                list(range(acts, acts + streams)),
                [1.0] * streams,
            )
        highs.run()
        info = highs.getInfo()
        if info.primal_solution_status != highspy.kSolutionStatusFeasible:
            raise CauteryError(
                f"no plan found in {time_limit_s:g} s", hint="Give the plan more time."
            )
        values = highs.getSolution().col_value
        bound = -info.mip_dual_bound if maximise_cut else info.mip_dual_bound
        return _Solution(
            taken=tuple(values[place] > 0.5 for place in range(acts)),
            cut=tuple(values[acts + place] > 0.5 for place in range(streams)),
            objective=info.objective_function_value,
            bound=bound,
        )
