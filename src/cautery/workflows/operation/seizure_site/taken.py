"""What an operation took over: domains of its register, and panels that its done steps removed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from cautery.errors import InputError
from cautery.model import ExhibitKind, Role, StepState
from cautery.operation.publication import may_be_published
from cautery.operation.targets import place_of
from cautery.workflows.operation.day_records import plans_of, reports_of
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import standing
from cautery.workflows.operation.picture import picture_of
from cautery.workflows.operation.register_book import register_of

_ENDED = frozenset({"returned", "destroyed"})
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDomain:
    """A domain that is in the hands of an agency: its exhibit, and the measure that was entered."""

    name: str
    exhibit: str
    measure: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPanel:
    """A panel that a done step of the day took down; ``host``: its name or address."""

    host: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """All that a seizure page can stand for.

    Parameters
    ----------
    withheld : int
        Panels that are left out by the markings of the statements about them.
    """

    domains: tuple[TakenDomain, ...]
    panels: tuple[TakenPanel, ...]
    withheld: int

    @property
    def hosts(self) -> tuple[str, ...]:
        """The name or address of each."""
        return tuple(
            dict.fromkeys(
                [domain.name for domain in self.domains] + [panel.host for panel in self.panels]
            )
        )

    @property
    def moments(self) -> tuple[datetime, ...]:
        """When each was taken over."""
        domains = tuple(domain.at for domain in self.domains)
        return domains + tuple(panel.at for panel in self.panels)


def taken_over(desk: Desk, *, panels: Sequence[str] = ()) -> TakenOver:
    """Return what was taken over and is not returned.

    A panel whose statements are not for everybody is left out, unless a person names it.

    Parameters
    ----------
    panels : sequence of str
        Hosts of panels that a person releases, against the markings.

    Raises
    ------
    InputError
        If nothing was taken over, or a named panel is none of those taken down.
    """
    domains = {
        str(line.exhibit.details["name"]): TakenDomain(
            name=str(line.exhibit.details["name"]),
            exhibit=line.first.number,
            measure=str(line.exhibit.details["measure"]),
            at=line.exhibit.seized_at,
        )
        for line in register_of(desk).lines.values()
        if line.exhibit.kind is ExhibitKind.DOMAIN and line.state not in _ENDED
    }
    removed = _panels(desk)
    unknown = [host for host in panels if host not in removed]
    if unknown:
        raise InputError(
            f"{unknown[0][:80]!a} is not a panel that this case's action day took down"
        )
    open_hosts = {host for host, (_, is_open) in removed.items() if is_open} | {*panels}
    if not domains and not open_hosts:
        raise InputError(
            f"{desk.case.path}: no domain and no panel was taken over"
            + (f" that may be named ({len(removed)} withheld by marking)" if removed else ""),
            hint=(
                "Register seized domains first: cautery operation exhibit add CASE FILE. A panel "
                "counts when a step that removes it is reported as done."
            ),
        )
    return TakenOver(
        domains=tuple(domains[name] for name in sorted(domains)),
        panels=tuple(
            TakenPanel(host=host, at=removed[host][0])
            for host in sorted(open_hosts - domains.keys())
        ),
        withheld=len(removed.keys() - open_hosts - domains.keys()),
    )


def _panels(desk: Desk) -> dict[str, tuple[datetime, bool]]:
    """Return the hosts of panels that done steps took down: when, and whether all may know."""
    plans, reports = plans_of(desk), {report.step: report for report in reports_of(desk)}
    removed: dict[str, datetime] = {}
    for row in (*plans[-1].steps, *plans[-1].dropped) if plans else ():
        report = reports.get(row.step.id)
        if report is not None and report.state is StepState.DONE:
            removed |= dict.fromkeys(row.step.removes, report.at)
    if not removed:
        return {}
    statements = [row.statement for row in standing(desk)]
    # However its statement calls it: a host that is withheld is not named as a panel.
    closed = {
        place_of(statement.subject)
        for statement in statements
        if statement.about == "asset" and not may_be_published(statement)
    }
    return {
        asset.value: (removed[asset.id], place_of(asset.id) not in closed)
        for asset in picture_of(statements).graph.assets
        if asset.role is Role.PANEL and asset.id in removed and _can_be_served(asset.value)
    }


def _can_be_served(host: str) -> bool:
    if _HOST.fullmatch(host):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host
