"""The agencies at the table: who may do what where, and the steps that they take on a target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from cautery.model import (
    Agency,
    Asset,
    Competence,
    CoTenant,
    Operation,
    Role,
    Step,
    StepKind,
    SupplyGraph,
)
from cautery.operation.schedule import COMPETENCES

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
minutes of AGCOM's providers (docs/reference/sources.md, F32)."""

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


class Table:
    """Who at the table may do what, and where things stand."""

    def __init__(self, graph: SupplyGraph, operation: Operation) -> None:
        self._operation = operation
        self._assets: dict[str, Asset] = {asset.id: asset for asset in graph.assets}
        self.provider = {
            edge.target: edge.source
            for edge in graph.edges
            if edge.source in self._assets and self._assets[edge.source].role is Role.SHARED
        }

    def able(self, kind: StepKind, country: str | None) -> Agency | None:
        """Return who may do it: an agency of the country, else the lead, else any, or nobody."""
        ground = kind in {StepKind.SEARCH, StepKind.ARREST, StepKind.SEIZE}
        able = [
            agency
            for agency in self._operation.agencies
            if agency.competence & COMPETENCES[kind] and (not ground or agency.country == country)
        ]
        lead = self._operation.lead.id
        able.sort(key=lambda agency: (agency.country != country, agency.id != lead, agency.id))
        return able[0] if able else None

    def may(self, agency: str, kind: StepKind, country: str) -> bool:
        """Tell whether this agency may do it in this country."""
        member = self._operation.agency(agency)
        return bool(member.competence & COMPETENCES[kind]) and member.country == country

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
        kinds = {target: self._role(target) for target in where.targets}
        servers = [node for node, role in kinds.items() if role in SERVERS]
        suspects = [person for person in where.persons if arrests is None or person in arrests]
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
                    [*(target for target in where.targets if target not in servers), *run_there]
                ),
                tips_off=where.persons,
            )
        ]
        for number, server in enumerate(servers, 1):
            if self.may(agency.id, StepKind.SEIZE, where.country):
                steps.append(
                    self.step(
                        f"seize-{where.id}.{number}",
                        StepKind.SEIZE,
                        agency,
                        target=server,
                        text=(
                            f"Seize {server} ({kinds[server].value}): image its disks, then power"
                            " off"
                        ),
                        team=team,
                        place=where.place,
                        removes=(server,),
                    )
                )
        for number, person in enumerate(suspects, 1):
            if self.may(agency.id, StepKind.ARREST, where.country):
                steps.append(
                    self.step(
                        f"arrest-{where.id}.{number}",
                        StepKind.ARREST,
                        agency,
                        target=person,
                        text=f"Arrest {person}",
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
                return [], "no agency at the table may lock a name"
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
            if agency is None and (blocker := self.able(StepKind.BLOCK, country)) is not None:
                agency, kind, verb = blocker, StepKind.BLOCK, "Block"
        if agency is None:
            return [], f"no agency at the table may {kind.value} in {country or 'unknown country'}"
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
            node: step
            for step in steps
            if step.kind in {StepKind.SEIZE, StepKind.BLOCK}
            for node in (step.target, *step.removes)
        }
        groups: dict[tuple[str, str], list[CoTenant]] = {}
        for tenant in beside:
            groups.setdefault((tenant.target, tenant.continuity), []).append(tenant)
        continuity_steps = []
        for number, ((target, how), tenants) in enumerate(sorted(groups.items()), 1):
            taker = takers[target]
            agency = self._operation.agency(taker.agency)
            names = ", ".join(sorted(tenant.name for tenant in tenants))
            continuity_steps.append(
                self.step(
                    f"continuity-{number:03d}",
                    StepKind.CONTINUITY,
                    agency,
                    target=target,
                    text=f"Keep {names} alive: {how}",
                    team=taker.team,
                    place=taker.place,
                    keeps=[tenant.name for tenant in tenants],
                )
            )
        return continuity_steps

    def preserved(self, held: Mapping[str, str]) -> list[Step]:
        """Return a preservation step at each provider that holds data."""
        steps = []
        for provider in sorted(set(held.values())):
            agency = self.able(StepKind.PRESERVE, self._country(provider))
            if agency is None:
                continue
            count = sum(holder == provider for holder in held.values())
            steps.append(
                self.step(
                    f"preserve-{provider.replace(' ', '-')[:80]}",
                    StepKind.PRESERVE,
                    agency,
                    target=provider,
                    text=f"Ask {provider} to preserve what it holds of {count} targets",
                )
            )
        return steps

    def _role(self, node: str) -> Role:
        return self._assets[node].role if node in self._assets else Role.UNKNOWN

    def _country(self, node: str) -> str | None:
        return self._assets[node].country if node in self._assets else None


def able_countries(operation: Operation) -> frozenset[str]:
    """Return the countries in which somebody at the table can search or seize."""
    return frozenset(
        agency.country
        for agency in operation.agencies
        if agency.competence & {Competence.SEARCH, Competence.SEIZE}
    )
