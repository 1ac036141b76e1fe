"""Family 2: how promptly notices are treated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cautery.estimate.kpi.facts import NoticeFact
from cautery.estimate.kpi.figures import Figure, Indicator, count, median, missing, share
from cautery.estimate.kpi.merge import Merged
from cautery.messages import message

WITHIN_MIN = (30, 60, 120)
"""Minutes by which published monitoring counts: 30 and 120 (docs/reference/sources.md, F23)."""


def notices(facts: Merged) -> Iterator[Indicator]:
    """Yield the indicators of the family."""
    notices_sent = facts.notices
    live = [notice for notice in notices_sent if _is_live(notice)]
    yield _row("notices-sent", count(len(notices_sent)))
    yield _row("notices-urls", count(sum(notice.urls for notice in notices_sent)))
    yield _row(
        "proof-to-notice",
        median(
            [
                max((notice.sent_at - notice.proven_at).total_seconds() / 60, 0.0)
                for notice in notices_sent
                if notice.proven_at is not None
            ],
            unit="min",
        ),
    )
    yield _row("notices-receipt", _share(notices_sent, [notice.receipt for notice in notices_sent]))
    yield _row(
        "notices-gone",
        _share(notices_sent, [notice.gone_at is not None for notice in notices_sent]),
    )
    for minutes in WITHIN_MIN:
        within = [
            (took := minutes_to_gone(notice)) is not None and took <= minutes
            for notice in notices_sent
        ]
        yield _row(f"notices-gone-{minutes}", _share(notices_sent, within))
    yield _row("notice-to-gone", median(times_to_gone(notices_sent), unit="min"))
    yield _row(
        "notices-gone-live",
        _share(
            live,
            [
                notice.gone_at is not None
                and notice.event_end is not None
                and notice.gone_at <= notice.event_end
                for notice in live
            ],
        ),
    )
    yield _row(
        "notices-rejected", _share(notices_sent, [notice.rejected for notice in notices_sent])
    )
    yield _row(
        "notices-unfounded", _share(notices_sent, [notice.unfounded for notice in notices_sent])
    )
    yield _row(
        "notices-withdrawn", _share(notices_sent, [notice.withdrawn for notice in notices_sent])
    )
    yield _row("notices-flagger", missing("kpi-need.flagger"))


def minutes_to_gone(notice: NoticeFact) -> float | None:
    """Return the minutes from sending to when all its URLs were gone; ``None``: they are not."""
    if notice.gone_at is None:
        return None
    return max((notice.gone_at - notice.sent_at).total_seconds() / 60, 0.0)


def times_to_gone(notices_sent: Sequence[NoticeFact]) -> list[float]:
    """Return the minutes of those that are gone."""
    return [took for notice in notices_sent if (took := minutes_to_gone(notice)) is not None]


def _is_live(notice: NoticeFact) -> bool:
    return notice.event_end is not None and notice.sent_at < notice.event_end


def _share(whole: Sequence[NoticeFact], parts: Sequence[bool]) -> Figure:
    return share(sum(parts), len(whole), need="kpi-need.no-notice")


def _row(id_: str, figure: Figure) -> Indicator:
    return Indicator(id=id_, label=message(f"kpi.{id_}"), figure=figure)
