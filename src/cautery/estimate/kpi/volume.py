"""Family 1: how much was retransmitted without authorisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cautery.estimate.exposure import exposure
from cautery.estimate.kpi.figures import Figure, Indicator, between, count, median, missing, share
from cautery.estimate.kpi.merge import Merged
from cautery.messages import message


def volume(facts: Merged) -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    proven = [stream for stream in facts.streams if stream.proven]
    looked = [stream for stream in facts.streams if stream.looked_at]
    offered = {stream.url for stream in facts.streams}
    per_event = Counter(stream.event for stream in proven)
    yield _row("events", count(len(facts.events)))
    yield _row("streams-offered", count(len(offered)))
    yield _row("streams-looked-at", share(len({stream.url for stream in looked}), len(offered)))
    yield _row("streams-proven", count(len({stream.url for stream in proven})))
    yield _row("hosts-proven", count(len({stream.host for stream in proven if stream.host})))
    yield _row(
        "streams-per-event",
        median([float(per_event[event.key]) for event in facts.events], unit=""),
    )
    yield _row(
        "detection",
        median(
            [
                max((stream.proven_at - stream.first_seen).total_seconds() / 60, 0.0)
                for stream in proven
                if stream.first_seen is not None and stream.proven_at is not None
            ],
            unit="min",
        ),
    )
    yield _exposure(facts)
    yield _row("viewers", missing("kpi-need.viewers"))
    yield _row("by-state", missing("kpi-need.by-state"))


def _exposure(facts: Merged) -> Indicator:
    """Return stream-minutes of all events, each stream of an event once."""
    low = mid = high = 0.0
    for event in facts.events:
        looks = [look for looked in facts.looks.get(event.key, {}).values() for look in looked]
        if looks:
            exposed = exposure(
                looks,
                window=event.window,
                now=max(look.at for look in looks),
                event=event.name,
            )
            low, mid, high = low + exposed.low, mid + exposed.mid, high + exposed.high
    if not facts.events:
        return _row("exposure", missing("kpi-need.none-yet"))
    return _row("exposure", between(low, mid, high, n=len(facts.events), unit="stream-minutes"))


def _row(id_: str, figure: Figure) -> Indicator:
    return Indicator(id=id_, label=message(f"kpi.{id_}"), figure=figure)
