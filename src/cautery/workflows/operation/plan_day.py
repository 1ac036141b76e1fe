"""From a picture and a cut to the timed plan of the action day.

Order of events: preservation at every provider that holds data of a target; continuity for every
co-tenant of a host that is taken; at the moment searches, arrests, seizures, freezes, locks; then
the splash pages; last the announcement. What nobody at the table may do is listed, not planned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cautery.model import (
    ClockOffset,
    CoTenant,
    Criterion,
    DayPlan,
    Operation,
    Step,
    StepKind,
    SupplyGraph,
)
from cautery.operation.schedule import Hours, schedule
from cautery.operation.schedule.timing import WARNING_S
from cautery.plan import Act, Cut
from cautery.workflows.operation.table import Premises, Table

CRITERIA = (
    Criterion(
        id="warrants",
        question="Are all warrants and orders of all countries signed and at hand?",
        asks="the lead's prosecutor",
    ),
    Criterion(
        id="teams", question="Does every team stand ready at its place?", asks="coordination"
    ),
    Criterion(
        id="preserved",
        question="Has every provider confirmed that data is preserved?",
        asks="the lead agency",
    ),
    Criterion(
        id="continuity",
        question="Is every co-tenant of a seized host provided for?",
        asks="those who seize",
    ),
    Criterion(
        id="quiet", question="Is there no sign that a suspect was warned?", asks="the lead agency"
    ),
)
"""What is asked before every day; an operation may ask more. By judgement, from what went wrong
before (docs/reference/sources.md, F27)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySteps:
    """The steps of a day before they are timed.

    Parameters
    ----------
    held : mapping of target to provider
        Where a provider holds a target's data.
    left : tuple of (node, str)
        What the cut asks for and nobody at the table may do, with the reason.
    co_tenants : tuple of CoTenant
        Those beside something that is taken.
    """

    steps: tuple[Step, ...]
    held: dict[str, str]
    left: tuple[tuple[str, str], ...]
    co_tenants: tuple[CoTenant, ...]


def plan_day(
    graph: SupplyGraph,
    cut: Cut,
    operation: Operation,
    *,
    moment: datetime,
    clocks: Mapping[str, ClockOffset],
    places: Sequence[Premises] = (),
    arrests: Collection[str] | None = None,
    found_at: Mapping[str, str] | None = None,
    co_tenants: Sequence[CoTenant] = (),
    criteria: Sequence[Criterion] = CRITERIA,
    warning_s: float = WARNING_S,
    hours: Hours | None = None,
    now: datetime | None = None,
) -> DayPlan:
    """Plan the day that carries out a cut.

    Parameters
    ----------
    graph : SupplyGraph
        The picture: what hosts what, and where it stands.
    places : sequence of Premises
        What is searched; a team each.
    arrests : collection of str or None
        Pseudonyms of those for whom there is a warrant; ``None``: everybody at the places.
    found_at : mapping of node to id of premises
        Resellers and other businesses that are run from a place that is searched anyhow.

    Raises
    ------
    InputError
        Naming the rule that the day would break.
    """
    planned = day_steps(
        graph,
        cut.chosen,
        operation,
        places=places,
        arrests=arrests,
        found_at=found_at,
        co_tenants=co_tenants,
    )
    return schedule(
        planned.steps,
        moment=moment,
        operation=operation,
        criteria=criteria,
        co_tenants=planned.co_tenants,
        clocks=clocks,
        warning_s=warning_s,
        held=planned.held,
        hours=hours,
        now=now,
    )


def day_steps(
    graph: SupplyGraph,
    acts: Sequence[Act],
    operation: Operation,
    *,
    places: Sequence[Premises] = (),
    arrests: Collection[str] | None = None,
    found_at: Mapping[str, str] | None = None,
    co_tenants: Sequence[CoTenant] = (),
    announce: bool = True,
) -> DaySteps:
    """Return the steps that carry out acts, and what nobody may carry out."""
    table = Table(graph, operation)
    steps: list[Step] = []
    left: list[tuple[str, str]] = []
    at_a_place: set[str] = set()
    nodes = dict.fromkeys(node for act in acts for node in act.nodes)
    for place in places:
        if not table.may(place.agency, StepKind.SEARCH, place.country):
            left.append((place.place, f"{place.agency} may not search in {place.country}"))
            continue
        run_there = [node for node in nodes if (found_at or {}).get(node) == place.id]
        at_a_place.update(place.targets, run_there)
        steps += table.searched(place, arrests, run_there)
    for node in nodes:
        if node not in at_a_place:
            node_steps, why = table.taken(node)
            steps += node_steps
            if not node_steps:
                left.append((node, why))
    warned = frozenset(
        step.target for step in steps if step.kind in {StepKind.ARREST, StepKind.SEIZE}
    )
    steps = [_warning(step, warned) for step in steps]
    about = {node for step in steps for node in (step.target, *step.removes)}
    hit = {
        node
        for step in steps
        if step.kind in {StepKind.SEIZE, StepKind.BLOCK}
        for node in (step.target, *step.removes)
    }
    beside = tuple(tenant for tenant in co_tenants if tenant.target in hit)
    steps += table.kept_alive(beside, steps)
    data_at = {node: table.provider[node] for node in sorted(about) if node in table.provider}
    steps += table.preserved(data_at)
    providers = {step.target for step in steps if step.kind is StepKind.PRESERVE}
    data_at = {node: provider for node, provider in data_at.items() if provider in providers}
    if announce and (spokesman := table.able(StepKind.ANNOUNCE, "EU")) is not None:
        steps.append(
            table.step(
                "announce",
                StepKind.ANNOUNCE,
                spokesman,
                target="operation",
                text=f"Tell the press of operation {operation.name}",
                team=f"{spokesman.id} press office",
                place=f"{spokesman.id} press office",
            )
        )
    return DaySteps(steps=tuple(steps), held=data_at, left=tuple(left), co_tenants=beside)


def _warning(step: Step, warned: frozenset[str]) -> Step:
    """Return a search or arrest as what it is: a warning to everyone who can still wipe a disk."""
    if step.kind not in {StepKind.SEARCH, StepKind.ARREST}:
        return step
    return replace(step, tips_off=step.tips_off | warned)
