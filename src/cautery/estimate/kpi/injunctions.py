"""Family 4: how dynamic injunctions are used, how they are kept current, and their mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cautery.estimate.kpi.figures import Figure, Indicator, count, median, missing, share
from cautery.estimate.kpi.merge import Merged
from cautery.messages import message


def injunctions(facts: Merged) -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    live = [order for order in facts.orders if order.live]
    yield _row("orders", count(len(facts.orders)))
    yield _row("orders-live", count(len(live)))
    for territory, number in sorted(Counter(order.key[1] for order in facts.orders).items()):
        yield _row("orders-in", count(number), territory)
    yield from _blocks(facts)
    yield from _errors(facts)


def _blocks(facts: Merged) -> Iterator[Indicator]:
    targets = facts.targets
    need = "kpi-need.no-target"
    places = {target.target for target in targets}
    yield _row("targets", count(len(places)))
    of_events = [target for target in targets if target.event is not None]
    yield _row(
        "targets-in-event",
        share(
            len({(target.event, target.target) for target in of_events if target.in_event}),
            len({(target.event, target.target) for target in of_events}),
            need=need,
        ),
    )
    moments = {(target.event, target.published_at) for target in of_events}
    updates = Counter(event for event, _ in moments)
    yield _row(
        "updates-per-event",
        median([float(number - 1) for number in updates.values()], unit="", need=need),
    )
    proven = [
        (stream.referred_at - stream.proven_at).total_seconds() / 60
        for stream in facts.streams
        if stream.proven_at is not None and stream.referred_at is not None
    ]
    yield _row("proof-to-list", median([max(took, 0.0) for took in proven], unit="min", need=need))
    dark = [target for target in targets if target.dark_at is not None]
    yield _row("targets-dark", share(len(dark), len(targets), need=need))
    yield _row(
        "approval-to-dark",
        median(
            [
                max(
                    (target.dark_at - (target.decided_at or target.published_at)).total_seconds()
                    / 60,
                    0.0,
                )
                for target in dark
                if target.dark_at is not None
            ],
            unit="min",
            need="kpi-need.no-dark",
        ),
    )
    due = [target for target in targets if target.ended is not None]
    yield _row(
        "targets-ended",
        share(sum(bool(target.ended) for target in due), len(due), need="kpi-need.no-end"),
    )


def _errors(facts: Merged) -> Iterator[Indicator]:
    """Yield how often blocks were wrong, with the bounds that a zero has as well."""
    places = {target.target for target in facts.targets}
    mistaken = {target.target for target in facts.targets if target.mistaken}
    released = {target.target for target in facts.targets if target.released}
    need = "kpi-need.no-target"
    yield _row("targets-mistaken", share(len(mistaken), len(places), need=need))
    yield _row("targets-released", share(len(released), len(places), need=need))
    hit = [canary for canary in facts.canaries if canary.hit]
    yield _row("canaries-hit", share(len(hit), len(facts.canaries), need="kpi-need.no-canary"))
    yield _row("complaints", count(len(facts.complaints)))
    decided = [complaint for complaint in facts.complaints if complaint.decided_at is not None]
    yield _row(
        "complaints-granted",
        share(
            sum(complaint.granted for complaint in decided),
            len(decided),
            need="kpi-need.no-complaint",
        ),
    )
    due = [complaint for complaint in facts.complaints if complaint.due_at is not None]
    in_time = sum(
        complaint.decided_at is not None
        and complaint.due_at is not None
        and complaint.decided_at <= complaint.due_at
        for complaint in due
    )
    yield _row("complaints-in-time", share(in_time, len(due), need="kpi-need.no-complaint"))
    yield _row(
        "unblock",
        median(
            [max(seconds, 0.0) / 60 for seconds in facts.unblock_s],
            unit="min",
            need="kpi-need.no-unblock",
        ),
    )
    yield _row("by-others", missing("kpi-need.by-others"))


def _row(id_: str, figure: Figure, of: str = "") -> Indicator:
    return Indicator(id=id_, label=message(f"kpi.{id_}"), figure=figure, of=of)
