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
        sent = [notice for notice in facts.notices if notice.kind == kind]
        gone = sum(notice.gone_at is not None for notice in sent)
        answered = sum(
            notice.receipt or notice.acted or notice.rejected or notice.unfounded for notice in sent
        )
        addressees = {notice.addressee.casefold() for notice in sent}
        yield _row("kind-addressees", count(len(addressees)), kind)
        yield _row("kind-notices", count(len(sent)), kind)
        yield _row("kind-answered", share(answered, len(sent)), kind)
        yield _row("kind-gone", share(gone, len(sent)), kind)
        yield _row("kind-to-gone", median(times_to_gone(sent), unit="min"), kind)
    if not facts.notices:
        yield _row("kind-notices", missing("kpi-need.no-notice"))
    sent_lists = facts.lists
    yield _row("lists-providers", count(len({one.intermediary for one in sent_lists})), ACCESS)
    yield _row("lists-sent", count(len(sent_lists)), ACCESS)
    yield _row(
        "lists-answered",
        share(sum(one.answered for one in sent_lists), len(sent_lists), need="kpi-need.no-list"),
        ACCESS,
    )
    yield _row(
        "lists-applied",
        share(sum(one.applied for one in sent_lists), len(sent_lists), need="kpi-need.no-list"),
        ACCESS,
    )
    yield _row(
        "lists-to-applied",
        median(
            [
                max((one.applied_at - one.sent_at).total_seconds() / 60, 0.0)
                for one in sent_lists
                if one.applied and one.applied_at is not None
            ],
            unit="min",
            need="kpi-need.no-applied-time",
        ),
        ACCESS,
    )
    yield _row("lists-refused", count(sum(one.refused for one in sent_lists)), ACCESS)
    yield _row("agreements", missing("kpi-need.agreements"))
    yield _row("repeat-customers", missing("kpi-need.repeat-customers"))


def _row(id_: str, figure: Figure, of: str = "") -> Indicator:
    return Indicator(id=id_, label=message(f"kpi.{id_}"), figure=figure, of=of)
