"""Facts of several cases put together, each thing once, and cut to a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from cautery.estimate.exposure import Seen
from cautery.estimate.kpi.facts import (
    CanaryFact,
    ComplaintFact,
    EventFact,
    EventKey,
    Facts,
    ListFact,
    NoticeFact,
    OrderFact,
    StreamFact,
    TargetFact,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From, inclusive, and until, exclusive; ``None``: open."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime | None) -> bool:
        """Tell whether a moment lies in it; what has no time is in an open one alone."""
        if at is None:
            return self.since is None and self.until is None
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The facts of all cases, each thing once.

    Parameters
    ----------
    cases : int
        Different cases.
    copies : int
        Cases that were named twice, or are copies of another.
    shared_events : int
        Events that more than one case watched.
    """

    cases: int
    copies: int
    shared_events: int
    events: tuple[EventFact, ...]
    streams: tuple[StreamFact, ...]
    notices: tuple[NoticeFact, ...]
    orders: tuple[OrderFact, ...]
    targets: tuple[TargetFact, ...]
    lists: tuple[ListFact, ...]
    complaints: tuple[ComplaintFact, ...]
    canaries: tuple[CanaryFact, ...]
    licensed: frozenset[tuple[str, str]]
    looks: Mapping[EventKey, Mapping[str, Sequence[Seen]]]
    unblock_s: tuple[float, ...]
    passed_over: int


def merged(cases: Iterable[Facts], period: Period | None = None) -> Merged:
    """Put the facts of cases together.

    An event belongs to the period in which it begins, and its streams and their exposure with it;
    a notice, a target, a list, a complaint to that in which it was sent, published or received.
    """
    period = period or Period()
    by_case: dict[str, Facts] = {}
    copies = 0
    for case in cases:
        copies += case.case in by_case
        by_case.setdefault(case.case, case)
    facts = tuple(by_case.values())
    watched: defaultdict[EventKey, int] = defaultdict(int)
    for case in facts:
        for key in {event.key for event in case.events}:
            watched[key] += 1
    events = tuple(
        event
        for event in _once(_all(facts, lambda case: case.events), lambda event: event.key, _first)
        if period.holds(event.window.start)
    )
    event_keys = {event.key for event in events}
    streams = tuple(
        stream
        for stream in _once(
            _all(facts, lambda case: case.streams),
            lambda stream: (stream.event, stream.url),
            _same_stream,
        )
        if (stream.event in event_keys if stream.event else period.holds(_began(stream)))
    )
    targets = tuple(
        target
        for target in _once(
            _all(facts, lambda case: case.targets), lambda target: target.key, _same_target
        )
        if period.holds(target.published_at)
    )
    used = {target.order for target in targets}
    looks: dict[EventKey, dict[str, list[Seen]]] = {}
    for case in facts:
        for key, by_url in case.looks.items():
            if key in event_keys:
                for url, looked in by_url.items():
                    looks.setdefault(key, {}).setdefault(url, []).extend(looked)
    return Merged(
        cases=len(facts),
        copies=copies,
        shared_events=sum(watched[key] > 1 for key in event_keys),
        events=events,
        streams=streams,
        notices=_in(period, facts, lambda case: case.notices, "sent_at", _same_notice),
        orders=tuple(
            order
            for order in _once(
                _all(facts, lambda case: case.orders), lambda order: order.key, _first
            )
            if order.key in used
        ),
        targets=targets,
        lists=_in(period, facts, lambda case: case.lists, "sent_at", _same_list),
        complaints=_in(period, facts, lambda case: case.complaints, "received_at", _same_complaint),
        canaries=_once(
            (
                canary
                for canary in _all(facts, lambda case: case.canaries)
                if period.holds(canary.at)
            ),
            lambda canary: (canary.canary, canary.intermediary),
            _same_canary,
        ),
        licensed=frozenset(pair for case in facts for pair in case.licensed),
        looks={
            key: {url: tuple(sorted(looked, key=_at)) for url, looked in by_url.items()}
            for key, by_url in looks.items()
        },
        unblock_s=tuple(
            seconds for case in facts for at, seconds in case.unblock_s if period.holds(at)
        ),
        passed_over=sum(case.passed_over for case in facts),
    )


def _all(facts: Iterable[Facts], part: Callable[[Facts], Sequence[T]]) -> list[T]:
    return [row for case in facts for row in part(case)]


def _in(
    period: Period,
    facts: Iterable[Facts],
    part: Callable[[Facts], Sequence[T]],
    at: str,
    same: Callable[[T, T], T],
) -> tuple[T, ...]:
    rows = (row for row in _all(facts, part) if period.holds(getattr(row, at)))
    return _once(rows, lambda row: row.key, same)  # type: ignore[attr-defined]


def _once(
    rows: Iterable[T], key_of: Callable[[T], Hashable], same: Callable[[T, T], T]
) -> tuple[T, ...]:
    """Return each thing once; what two cases say of it is put together."""
    by_key: dict[Hashable, T] = {}
    for row in rows:
        key = key_of(row)
        by_key[key] = same(by_key[key], row) if key in by_key else row
    return tuple(by_key.values())


def _first(first: T, second: T) -> T:
    del second
    return first


def _at(look: Seen) -> datetime:
    return look.at


def _began(stream: StreamFact) -> datetime | None:
    return stream.first_seen or stream.proven_at


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _same_stream(first: StreamFact, second: StreamFact) -> StreamFact:
    return replace(
        first,
        host=first.host or second.host,
        looked_at=first.looked_at or second.looked_at,
        proven=first.proven or second.proven,
        first_seen=_earliest(first.first_seen, second.first_seen),
        proven_at=_earliest(first.proven_at, second.proven_at),
        referred_at=_earliest(first.referred_at, second.referred_at),
        noticed_at=_earliest(first.noticed_at, second.noticed_at),
        dark_at=_earliest(first.dark_at, second.dark_at),
    )


def _same_target(first: TargetFact, second: TargetFact) -> TargetFact:
    first, second = sorted((first, second), key=lambda target: target.published_at)
    ended = [target.ended for target in (first, second) if target.ended is not None]
    return replace(
        first,
        decided_at=first.decided_at or second.decided_at,
        dark_at=_earliest(first.dark_at, second.dark_at),
        mistaken=first.mistaken or second.mistaken,
        released=first.released or second.released,
        ended=any(ended) if ended else None,
    )


def _same_notice(first: NoticeFact, second: NoticeFact) -> NoticeFact:
    return replace(
        first,
        sent_at=min(first.sent_at, second.sent_at),
        gone_at=_earliest(first.gone_at, second.gone_at),
        acted=first.acted or second.acted,
        rejected=first.rejected or second.rejected,
        unfounded=first.unfounded or second.unfounded,
        receipt=first.receipt or second.receipt,
        withdrawn=first.withdrawn or second.withdrawn,
    )


def _same_list(first: ListFact, second: ListFact) -> ListFact:
    return replace(
        first,
        answered=first.answered or second.answered,
        applied=first.applied or second.applied,
        applied_at=_earliest(first.applied_at, second.applied_at),
        refused=max(first.refused, second.refused),
    )


def _same_complaint(first: ComplaintFact, second: ComplaintFact) -> ComplaintFact:
    return first if first.decided_at is not None else second


def _same_canary(first: CanaryFact, second: CanaryFact) -> CanaryFact:
    return replace(first, hit=first.hit or second.hit)
