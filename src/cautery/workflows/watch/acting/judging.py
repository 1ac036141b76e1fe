"""Ask the guard about a watch's targets, with overrides and budgets, and ask again later.

A verdict is good for its window alone. So whatever was allowed is judged anew by the facts of the
day before it goes out, while it stands, and when a stopped watch goes on; what is allowed no more
is withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime

from cautery.model import (
    ActionPlan,
    EventSpending,
    GuardVerdict,
    Intervention,
    Lever,
    Mandate,
    Override,
)
from cautery.model.ports import Facts
from cautery.model.records import BudgetSpent
from cautery.plan import candidates, guard
from cautery.plan.by_event import choose_by_event
from cautery.plan.guard.lawful import Lawful
from cautery.plan.guard.revalidation import Revalidation, compare
from cautery.plan.interventions import suspects_among
from cautery.workflows.case.journal import Journal

ISP_LEVERS = (Lever.NAME, Lever.ADDRESS)
"""What an access provider can apply; a URL is for the hoster's notice."""

Streams = Mapping[str, tuple[str, ...]]


class Judge:
    """Asks the guard by the facts of the moment, and records what it says when that changes.

    Parameters
    ----------
    facts : callable
        Returns the facts as they are now: a list that was renewed meanwhile counts.
    """

    def __init__(self, mandate: Mandate, *, facts: Callable[[], Facts], journal: Journal) -> None:
        self._mandate = mandate
        self._facts = facts
        self._journal = journal
        self._recorded: dict[str, tuple[object, ...]] = {}
        self._spent: dict[str | None, EventSpending] = {}

    def facts(self) -> Facts:
        """Return the facts as they are now."""
        return self._facts()

    def restore(self, verdicts: Iterable[GuardVerdict]) -> None:
        """Take up what earlier runs of this case recorded."""
        self._recorded |= {verdict.target: _gist(verdict) for verdict in verdicts}

    def plan(
        self,
        proven: Streams,
        lawful: Streams,
        *,
        at: datetime,
        hosts: Iterable[str],
        events: Mapping[str, str | None],
        standing: Mapping[str | None, Iterable[GuardVerdict]],
        overrides: Mapping[str, Override],
        proven_on: Mapping[str, date],
        answered: Mapping[str, Collection[str]],
    ) -> tuple[ActionPlan, tuple[EventSpending, ...]]:
        """Choose what to block for what is proven, each event within its own budget."""
        options = self._candidates(
            proven,
            lawful,
            at=at,
            hosts=hosts,
            overrides=overrides,
            proven_on=proven_on,
            answered=answered,
        )
        budgets: dict[str | None, int] = {
            event.id: event.collateral_budget for event in self._mandate.events
        }
        budgets[None] = self._mandate.collateral_budget
        return choose_by_event(
            [candidate for candidate in options if candidate.lever in ISP_LEVERS],
            streams=proven,
            events=events,
            budgets=budgets,
            standing={event: tuple(verdicts) for event, verdicts in standing.items()},
        )

    def again(
        self,
        before: Iterable[GuardVerdict],
        proven: Streams,
        lawful: Streams,
        *,
        at: datetime,
        hosts: Iterable[str],
        overrides: Mapping[str, Override],
        proven_on: Mapping[str, date],
        answered: Mapping[str, Collection[str]],
    ) -> Revalidation:
        """Judge anew what was allowed before, by today's facts and all that is known by now."""
        earlier, hosts = tuple(before), tuple(hosts)
        verdicts = {
            candidate.target: candidate.guard
            for candidate in self._candidates(
                proven,
                lawful,
                at=at,
                hosts=hosts,
                overrides=overrides,
                proven_on=proven_on,
                answered=answered,
            )
        }
        kept_up, suspects = Lawful.of_streams(lawful), suspects_among(proven, hosts, lawful)
        for verdict in earlier:
            # A target whose streams are proven no more has nothing that speaks for it but facts.
            if verdict.target not in verdicts:
                verdicts[verdict.target] = guard(
                    verdict.target,
                    facts=self._facts(),
                    at=at,
                    suspects=suspects,
                    lawful=kept_up,
                    allow=self._mandate.network.allow,
                    override=overrides.get(verdict.target),
                )
        return compare(earlier, verdicts.values())

    def record(self, verdicts: Iterable[GuardVerdict]) -> None:
        """Record each verdict that says something new of its target."""
        news: list[GuardVerdict] = []
        for verdict in verdicts:
            if self._recorded.get(verdict.target) != _gist(verdict):
                self._recorded[verdict.target] = _gist(verdict)
                news.append(verdict)
        self._journal.write_all(news)

    def record_spending(self, spent: Iterable[EventSpending], *, at: datetime) -> None:
        """Record what an event's blocks may cost bystanders, when that changes."""
        for spending in spent:
            if self._spent.get(spending.event) != spending:
                self._spent[spending.event] = spending
                self._journal.write(BudgetSpent.of(spending, at=at))

    def _candidates(
        self,
        proven: Streams,
        lawful: Streams,
        *,
        at: datetime,
        hosts: Iterable[str],
        overrides: Mapping[str, Override],
        proven_on: Mapping[str, date],
        answered: Mapping[str, Collection[str]],
    ) -> tuple[Intervention, ...]:
        return candidates(
            proven,
            facts=self._facts(),
            at=at,
            lawful=lawful,
            hosts=tuple(hosts),
            allow=self._mandate.network.allow,
            overrides=overrides,
            proven_on=proven_on,
            answered=answered,
        )


def _gist(verdict: GuardVerdict) -> tuple[object, ...]:
    return (verdict.decision, verdict.override)
