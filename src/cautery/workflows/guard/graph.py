"""Apply the guard to the acts of a supply graph; a refused act is removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.messages import message, say
from cautery.model import Decision, GuardVerdict, Lever, to_json
from cautery.model.message import Message
from cautery.model.ports import Facts
from cautery.plan import Target, guard, parse_target
from cautery.plan.graph import PlanGraph
from cautery.plan.regrowth import covered_by

MOST_NAMES = 10_000
"""Names of one range that are looked at as suspects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A node or action of the graph with the guard's verdict on its target.

    Parameters
    ----------
    exists : bool
        Whether the plan may use it.
    """

    id: str
    verdict: GuardVerdict
    exists: bool
    why: Message

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        verdict = self.verdict
        return {
            "id": self.id,
            "target": verdict.target,
            "verdict": str(verdict.decision),
            "exists": self.exists,
            "why": say(self.why),
            "narrow_to": list(verdict.narrow_to),
            "reasons": to_json(verdict.reasons, words=say),
            "collateral": {"low": verdict.collateral.low, "high": verdict.collateral.high},
            "valid_until": verdict.valid_until.isoformat(),
        }


def guarded(
    graph: PlanGraph,
    *,
    facts: Facts,
    at: datetime,
    budgeted: bool,
    step: Callable[[], None] = lambda: None,
) -> tuple[PlanGraph, tuple[Judged, ...]]:
    """Judge each act that has a target, and leave out of the graph what the guard objects to.

    Who is acted on without a target is not the guard's to judge: a raid blocks nothing. An
    allowed act hits at least as many bystanders as the guard's upper bound says.

    Parameters
    ----------
    budgeted : bool
        Whether bystanders are limited: then what has no upper bound does not exist either.
    step : callable
        Called after each judgement.
    """
    acts = [
        (place, text)
        for place, text in enumerate(graph.targets)
        if text is not None and np.isfinite(graph.cost[place])
    ]
    refused, collateral = np.zeros(len(graph.ids), np.bool_), graph.collateral.copy()
    suspects = _Suspects(graph)
    judged = []
    for place, text in acts:
        verdict = suspects.judge(place, text, facts=facts, at=at)
        exists, why = _word(verdict, budgeted=budgeted)
        if exists:
            least = (
                verdict.collateral.low
                if verdict.collateral.high is None
                else (verdict.collateral.high)
            )
            collateral[place] = max(collateral[place], float(least))
        else:
            refused[place] = True
        judged.append(Judged(id=graph.ids[place], verdict=verdict, exists=exists, why=why))
        step()
    return replace(graph, refused=refused, collateral=collateral), tuple(judged)


def _word(verdict: GuardVerdict, *, budgeted: bool) -> tuple[bool, Message]:
    reason = verdict.reasons[0].text
    if verdict.decision is Decision.NARROW:
        return False, message("guard.narrower-would-do", reason=reason, targets=verdict.narrow_to)
    if verdict.decision is Decision.REFUSE:
        return False, reason
    if budgeted and verdict.collateral.high is None:
        return False, message("guard.unbounded")
    return True, reason


class _Suspects:
    """The graph's own names and URLs: no strangers to each other's addresses."""

    def __init__(self, graph: PlanGraph) -> None:
        self._graph = graph
        self._covered = covered_by(graph)
        self._parsed: dict[int, Target] = dict(_parsed(graph))
        self._names = {
            target.host
            for target in self._parsed.values()
            if target.address is None and not target.network
        }
        self._urls: dict[str, list[str]] = {}
        for target in self._parsed.values():
            if target.lever is Lever.URL:
                self._urls.setdefault(target.host, []).append(target.text)

    def judge(self, place: int, text: str, *, facts: Facts, at: datetime) -> GuardVerdict:
        """Return the guard's verdict on one target."""
        parsed = self._parsed.get(place)
        suspects: set[str] = set()
        resolving: list[str] = []
        if parsed is not None:
            suspects.update(self._urls.get(parsed.host, ()))
            if parsed.lever is Lever.ADDRESS:
                suspects |= self._seen_on(parsed, facts)
                # Whom an act on an address covers, the graph's author has found to be there.
                covered = self._covered.get(place, np.array([place]))
                resolving = sorted(
                    {
                        beside.host
                        for node in covered.tolist()
                        if (beside := self._parsed.get(node)) is not None
                        and beside.host in self._names
                    }
                )
        return guard(text, facts=facts, at=at, suspects=suspects, resolving=resolving)

    def _seen_on(self, target: Target, facts: Facts) -> set[str]:
        if target.network is None:
            cohosted = facts.names_on(target.host)
        else:
            cohosted = facts.names_within(
                str(target.network[0]), str(target.network[-1]), most=MOST_NAMES
            )
        return {row.name for row in cohosted} & self._names


def _parsed(graph: PlanGraph) -> Iterator[tuple[int, Target]]:
    for place, text in enumerate(graph.targets):
        if text is None:
            continue
        try:
            yield place, parse_target(text)
        except InputError:
            continue  # the guard refuses it, and says why
