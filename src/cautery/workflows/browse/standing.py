"""How all cases stand together, in numbers that name none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cautery.pages.room.view import CaseState
from cautery.workflows.browse.heads import heads_of
from cautery.workflows.browse.kept import Cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Counts of all cases.

    Parameters
    ----------
    states : mapping of CaseState to int
        How many stand so.
    records : int
        Of all of them.
    behind : int
        Records that the lists of those that people look at do not have yet.
    silent_s : float
        Of those that are watched, the longest time since a record; 0: none is watched.
    """

    states: Mapping[CaseState, int]
    records: int
    behind: int
    silent_s: float


def standing(cases: Cases) -> Standing:
    """Count all cases."""
    now, heads = cases.clock.now(), heads_of(cases)
    silent = (
        (now - head.last_at).total_seconds()
        for head in heads
        if head.state is CaseState.WATCHED and head.last_at is not None
    )
    return Standing(
        states=Counter(head.state for head in heads),
        records=sum(head.records for head in heads),
        behind=cases.behind(),
        silent_s=max(0.0, max(silent, default=0.0)),
    )
