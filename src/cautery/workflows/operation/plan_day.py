"""From a picture and a cut to the timed plan of the action day.

Order of events: preservation at every provider that holds data of a target; continuity for every
co-tenant of a host that is taken; at the moment searches, arrests, seizures, freezes, locks; then
the splash pages; last the announcement. What nobody at the table may do is listed, not planned.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from cautery.model import (
    Agency,
    Asset,
    ClockOffset,
    Competence,
    CoTenant,
    Criterion,
    DayPlan,
    Operation,
    Role,
    Step,
    StepKind,
    SupplyGraph,
)
from cautery.operation.schedule import COMPETENCES, Hours, schedule
from cautery.operation.schedule.timing import WARNING_S
from cautery.plan import Act, Cut

LASTS = {
    StepKind.PRESERVE: timedelta(minutes=60),
    StepKind.CONTINUITY: timedelta(minutes=60),
    StepKind.SEARCH: timedelta(hours=4),
    StepKind.ARREST: timedelta(minutes=30),
    StepKind.SEIZE: timedelta(minutes=90),
    StepKind.FREEZE: timedelta(minutes=30),
    StepKind.LOCK: timedelta(minutes=15),
    StepKind.BLOCK: timedelta(minutes=30),
    StepKind.SPLASH: timedelta(minutes=15),
    StepKind.ANNOUNCE: timedelta(hours=1),
}
"""How long a step of each kind takes when nobody says otherwise: by judgement; block: the thirty
minutes of AGCOM's providers (reference/law.md, section 4)."""

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
before (reference/over-blocking.md)."""

SERVERS = frozenset({Role.ENCODER, Role.ORIGIN, Role.EDGE, Role.PANEL})
SELLERS = frozenset({Role.SUPER_RESELLER, Role.RESELLER})


class Premises(Protocol):
    """A place that is searched: whose, where, what stands there, whom to find."""

    @property
    def id(self) -> str:
        """Short name."""
        ...

    @property
    def agency(self) -> str:
        """Who searches."""
        ...

    @property
    def country(self) -> str:
        """Where."""
        ...

    @property
    def place(self) -> str:
        """The address, as the teams know it."""
        ...

    @property
    def targets(self) -> tuple[str, ...]:
        """Assets that stand there."""
        ...

    @property
    def persons(self) -> tuple[str, ...]:
        """Pseudonyms of those who are there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Premises as plain values."""

    id: str
    agency: str
    country: str
    place: str
    targets: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()


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
    made = day_steps(
        graph,
        cut.chosen,
        operation,
        places=places,
        arrests=arrests,
        found_at=found_at,
        co_tenants=co_tenants,
    )
    return schedule(
        made.steps,
        moment=moment,
        operation=operation,
        criteria=criteria,
        co_tenants=made.co_tenants,
        clocks=clocks,
        warning_s=warning_s,
        held=made.held,
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
    table = _Table(graph, operation)
    steps: list[Step] = []
    left: list[tuple[str, str]] = []
    at_a_place: set[str] = set()
    wanted = dict.fromkeys(node for act in acts for node in act.nodes)
    for one in places:
        if not table.may(one.agency, StepKind.SEARCH, one.country):
            left.append((one.place, f"{one.agency} may not search in {one.country}"))
            continue
        run_there = [node for node in wanted if (found_at or {}).get(node) == one.id]
        at_a_place.update(one.targets, run_there)
        steps += table.searched(one, arrests, run_there)
    for node in wanted:
        if node not in at_a_place:
            taken, why = table.taken(node)
            steps += taken
            if not taken:
                left.append((node, why))
    warned = frozenset(one.target for one in steps if one.kind in {StepKind.ARREST, StepKind.SEIZE})
    steps = [_warning(one, warned) for one in steps]
    about = {node for one in steps for node in (one.target, *one.removes)}
    hit = {
        node
        for one in steps
        if one.kind in {StepKind.SEIZE, StepKind.BLOCK}
        for node in (one.target, *one.removes)
    }
    beside = tuple(one for one in co_tenants if one.target in hit)
    steps += table.kept_alive(beside, steps)
    held = {node: table.provider[node] for node in sorted(about) if node in table.provider}
    steps += table.preserved(held)
    asked = {one.target for one in steps if one.kind is StepKind.PRESERVE}
    held = {node: provider for node, provider in held.items() if provider in asked}
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
    return DaySteps(steps=tuple(steps), held=held, left=tuple(left), co_tenants=beside)


class _Table:
    """Who at the table may do what, and where things stand."""

    def __init__(self, graph: SupplyGraph, operation: Operation) -> None:
        self._operation = operation
        self._assets: dict[str, Asset] = {one.id: one for one in graph.assets}
        self.provider = {
            edge.target: edge.source
            for edge in graph.edges
            if edge.source in self._assets and self._assets[edge.source].role is Role.SHARED
        }

    def able(self, kind: StepKind, country: str | None) -> Agency | None:
        """Return who may do it: an agency of the country, else the lead, else any, or nobody."""
        ground = kind in {StepKind.SEARCH, StepKind.ARREST, StepKind.SEIZE}
        able = [
            one
            for one in self._operation.agencies
            if one.competence & COMPETENCES[kind] and (not ground or one.country == country)
        ]
        lead = self._operation.lead.id
        able.sort(key=lambda one: (one.country != country, one.id != lead, one.id))
        return able[0] if able else None

    def may(self, agency: str, kind: StepKind, country: str) -> bool:
        """Tell whether this agency may do it in this country."""
        one = self._operation.agency(agency)
        return bool(one.competence & COMPETENCES[kind]) and one.country == country

    def step(
        self,
        id: str,
        kind: StepKind,
        agency: Agency,
        *,
        target: str,
        text: str,
        team: str = "",
        place: str = "",
        removes: Iterable[str] = (),
        tips_off: Iterable[str] = (),
        keeps: Iterable[str] = (),
    ) -> Step:
        """Return a step; without a team and place, at the agency's desk."""
        return Step(
            id=id,
            kind=kind,
            agency=agency.id,
            country=agency.country,
            target=target,
            text=text,
            team=team or f"{agency.id} desk",
            place=place or f"{agency.id} office",
            lasts=LASTS[kind],
            removes=tuple(removes),
            tips_off=frozenset(tips_off),
            keeps=frozenset(keeps),
        )

    def searched(
        self, where: Premises, arrests: Collection[str] | None, run_there: Sequence[str] = ()
    ) -> list[Step]:
        """Return search, arrests and seizures at one place, by one team."""
        agency = self._operation.agency(where.agency)
        team = f"{agency.id} {where.id}"
        kinds = {one: self._role(one) for one in where.targets}
        servers = [one for one, role in kinds.items() if role in SERVERS]
        wanted = [one for one in where.persons if arrests is None or one in arrests]
        steps = [
            self.step(
                f"search-{where.id}",
                StepKind.SEARCH,
                agency,
                target=f"place:{where.id}",
                text=f"Search {where.place}",
                team=team,
                place=where.place,
                removes=dict.fromkeys(
                    [*(one for one in where.targets if one not in servers), *run_there]
                ),
                tips_off=where.persons,
            )
        ]
        for number, one in enumerate(servers, 1):
            if self.may(agency.id, StepKind.SEIZE, where.country):
                steps.append(
                    self.step(
                        f"seize-{where.id}.{number}",
                        StepKind.SEIZE,
                        agency,
                        target=one,
                        text=f"Seize {one} ({kinds[one].value}): image its disks, then power off",
                        team=team,
                        place=where.place,
                        removes=(one,),
                    )
                )
        for number, one in enumerate(wanted, 1):
            if self.may(agency.id, StepKind.ARREST, where.country):
                steps.append(
                    self.step(
                        f"arrest-{where.id}.{number}",
                        StepKind.ARREST,
                        agency,
                        target=one,
                        text=f"Arrest {one}",
                        team=team,
                        place=where.place,
                    )
                )
        return steps

    def taken(self, node: str) -> tuple[list[Step], str]:
        """Return the steps against a node of the cut that stands at no searched place."""
        role, country = self._role(node), self._country(node)
        tag = node.replace(" ", "-")[:80]
        if role is Role.STOREFRONT:
            agency = self.able(StepKind.LOCK, country)
            if agency is None:
                return [], "nobody at the table may lock a name"
            lock = self.step(
                f"lock-{tag}",
                StepKind.LOCK,
                agency,
                target=node,
                text=f"Have the registrar lock {node}",
                removes=(node,),
            )
            splash = self.step(
                f"splash-{tag}",
                StepKind.SPLASH,
                agency,
                target=node,
                text=f"Put the notice of the operation on {node}",
            )
            return [lock, splash], ""
        if role is Role.PAYMENT:
            agency = self.able(StepKind.FREEZE, country)
            kind, verb = StepKind.FREEZE, "Freeze"
        elif role in SELLERS:
            agency = self.able(StepKind.SEARCH, country)
            kind, verb = StepKind.SEARCH, "Search the premises of"
        else:
            agency = self.able(StepKind.SEIZE, country)
            kind, verb = StepKind.SEIZE, "Seize"
            if agency is None and (other := self.able(StepKind.BLOCK, country)) is not None:
                agency, kind, verb = other, StepKind.BLOCK, "Block"
        if agency is None:
            return [], f"nobody at the table may {kind.value} in {country or 'unknown country'}"
        at_desk = kind in {StepKind.FREEZE, StepKind.BLOCK}
        return [
            self.step(
                f"{kind.value}-{tag}",
                kind,
                agency,
                target=node,
                text=f"{verb} {node} ({role.value})",
                team="" if at_desk else f"{agency.id} {tag}",
                place="" if at_desk else self.provider.get(node, f"premises of {node}"),
                removes=(node,),
            )
        ], ""

    def kept_alive(self, beside: Sequence[CoTenant], steps: Sequence[Step]) -> list[Step]:
        """Return a continuity step for the co-tenants of each host that is taken."""
        takers = {
            node: one
            for one in steps
            if one.kind in {StepKind.SEIZE, StepKind.BLOCK}
            for node in (one.target, *one.removes)
        }
        groups: dict[tuple[str, str], list[CoTenant]] = {}
        for one in beside:
            groups.setdefault((one.target, one.continuity), []).append(one)
        made = []
        for number, ((target, how), tenants) in enumerate(sorted(groups.items()), 1):
            taker = takers[target]
            agency = self._operation.agency(taker.agency)
            names = ", ".join(sorted(one.name for one in tenants))
            made.append(
                self.step(
                    f"continuity-{number:03d}",
                    StepKind.CONTINUITY,
                    agency,
                    target=target,
                    text=f"Keep {names} alive: {how}",
                    team=taker.team,
                    place=taker.place,
                    keeps=[one.name for one in tenants],
                )
            )
        return made

    def preserved(self, held: Mapping[str, str]) -> list[Step]:
        """Return a preservation step at each provider that holds data."""
        made = []
        for provider in sorted(set(held.values())):
            agency = self.able(StepKind.PRESERVE, self._country(provider))
            if agency is None:
                continue
            count = sum(one == provider for one in held.values())
            made.append(
                self.step(
                    f"preserve-{provider.replace(' ', '-')[:80]}",
                    StepKind.PRESERVE,
                    agency,
                    target=provider,
                    text=f"Ask {provider} to preserve what it holds of {count} targets",
                )
            )
        return made

    def _role(self, node: str) -> Role:
        return self._assets[node].role if node in self._assets else Role.UNKNOWN

    def _country(self, node: str) -> str | None:
        return self._assets[node].country if node in self._assets else None


def _warning(step: Step, others: frozenset[str]) -> Step:
    """Return a search or arrest as what it is: a warning to everyone who can still wipe a disk."""
    if step.kind not in {StepKind.SEARCH, StepKind.ARREST}:
        return step
    return replace(step, tips_off=step.tips_off | others)


def able_countries(operation: Operation) -> frozenset[str]:
    """Return the countries in which somebody at the table can search or seize."""
    return frozenset(
        one.country
        for one in operation.agencies
        if one.competence & {Competence.SEARCH, Competence.SEIZE}
    )
