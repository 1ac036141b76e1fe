"""Family 3: how intermediaries cooperate, by their kind."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.estimate.kpi.figures import Figure, Indicator, count, median, missing, share
from cautery.estimate.kpi.merge import Merged
from cautery.estimate.kpi.notices import times_to_gone
from cautery.messages import message

ACCESS = "access provider"


def cooperation(facts: Merged) -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    for kind in sorted({notice.kind for notice in facts.notices}):
        notices = [notice for notice in facts.notices if notice.kind == kind]
        gone_count = sum(notice.gone_at is not None for notice in notices)
        answered = sum(
            notice.receipt or notice.acted or notice.rejected or notice.unfounded
            for notice in notices
        )
        addressees = {notice.addressee.casefold() for notice in notices}
        yield _row("kind-addressees", count(len(addressees)), kind)
        yield _row("kind-notices", count(len(notices)), kind)
        yield _row("kind-answered", share(answered, len(notices)), kind)
        yield _row("kind-gone", share(gone_count, len(notices)), kind)
        yield _row("kind-to-gone", median(times_to_gone(notices), unit="min"), kind)
    if not facts.notices:
        yield _row("kind-notices", missing("kpi-need.no-notice"))
    lists = facts.lists
    yield _row("lists-providers", count(len({version.intermediary for version in lists})), ACCESS)
    yield _row("lists-sent", count(len(lists)), ACCESS)
    yield _row(
        "lists-answered",
        share(sum(version.answered for version in lists), len(lists), need="kpi-need.no-list"),
        ACCESS,
    )
    yield _row(
        "lists-applied",
        share(sum(version.applied for version in lists), len(lists), need="kpi-need.no-list"),
        ACCESS,
    )
    yield _row(
        "lists-to-applied",
        median(
            [
                max((version.applied_at - version.sent_at).total_seconds() / 60, 0.0)
                for version in lists
                if version.applied and version.applied_at is not None
            ],
            unit="min",
            need="kpi-need.no-applied-time",
        ),
        ACCESS,
    )
    yield _row("lists-refused", count(sum(version.refused for version in lists)), ACCESS)
    yield _row("agreements", missing("kpi-need.agreements"))
    yield _row("repeat-customers", missing("kpi-need.repeat-customers"))


def _row(id_: str, figure: Figure, of: str = "") -> Indicator:
    return Indicator(id=id_, label=message(f"kpi.{id_}"), figure=figure, of=of)
