"""What was published of effect, regrowth and harm, beside what this case's own probes measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from statistics import median

from cautery.drawing.formatting import number, percent
from cautery.drawing.templates import said
from cautery.estimate import number_in_words
from cautery.estimate.harm import Money, Triple, harm_of_users, published_assumptions
from cautery.messages import tr, tr_n
from cautery.model.records import PublishedFigure
from cautery.pages.operation.view.claims import Comparison, Fit
from cautery.pages.operation.view.course import DayView, Served
from cautery.workflows.operation.page_view.material import Material

_NEXT_DAY = (timedelta(hours=12), timedelta(hours=36))
"""Probes so long after the moment are of the next day."""
_NEAR = 0.1
"""A published drop fits one that is within ten points of it: press figures are round. Judgement."""
_BACK = 0.5
"""Regrown is when so much of what was cut is served again. Judgement."""

_PEOPLE = 8.2e9
"""People alive (United Nations, World Population Prospects 2024): whoever writes records may claim
more."""


class Measured:
    """What a case says of effect, regrowth and harm: once, however many figures stand beside it.

    Parameters
    ----------
    material : Material
        What the page is made of.
    """

    def __init__(self, material: Material) -> None:
        self._day, self._sized = material.day, material.sized

    @cached_property
    def drop(self) -> tuple[float, float, float] | None:
        """As :func:`drop_next_day` has it."""
        return None if self._day is None else drop_next_day(self._day)

    @cached_property
    def back(self) -> tuple[float | None, float] | None:
        """As :func:`days_until_back` has it."""
        return None if self._day is None else days_until_back(self._day)

    @cached_property
    def harm(self) -> Money | None:
        """A year's harm of our users, in EUR; ``None``: how many they are is not known."""
        users = self._sized[-1].inner[0] if self._sized else None
        if users is None or users.high > _PEOPLE:
            return None
        return harm_of_users(
            Triple(max(users.low, 0.0), max(users.mid, 0.0), max(users.high, 0.0)),
            published_assumptions(),
            content="live-sport",
        ).hull


def compared_after(figure: PublishedFigure, measured: Measured) -> Comparison | None:
    """Return a figure of effect, regrowth or harm beside ours; ``None``: it is about neither."""
    compare = _COMPARED.get(figure.id)
    return None if compare is None else compare(figure, measured)


def drop_next_day(day: DayView) -> tuple[float, float, float] | None:
    """Return how much less of what was served before is served on the next day: low, mid, high.

    Only probes count for the next day, with their interval where they have one; ``None``: there was
    none, or nothing is known of before.
    """
    before = _before(day)
    after = [point for point in day.after if _NEXT_DAY[0] <= point.at - day.moment <= _NEXT_DAY[1]]
    if not after or not before:
        return None
    highest = max(point.share if point.high is None else point.high for point in after)
    lowest = min(point.share if point.low is None else point.low for point in after)
    return (
        1 - highest / before,
        1 - median(point.share for point in after) / before,
        1 - lowest / before,
    )


def days_until_back(day: DayView) -> tuple[float | None, float] | None:
    """Return the days until half of what was cut is served again, and the days probed.

    The first is ``None`` if that was not seen; the whole is ``None`` without a probe after the day.
    """
    before, after = _before(day), _after(day)
    if not after or not before:
        return None
    lowest = min(range(len(after)), key=lambda place: after[place].share)
    goal = after[lowest].share + _BACK * (before - after[lowest].share)
    watched = (after[-1].at - day.moment) / timedelta(days=1)
    for point in after[lowest:]:
        if point.share >= goal and point.share > after[lowest].share:
            return (point.at - day.moment) / timedelta(days=1), watched
    return None, watched


def _before(day: DayView) -> float | None:
    """Return what was served before: by probes if there are some, else by the plan's picture."""
    probed = [point.share for point in day.after if point.at < day.moment]
    if probed:
        return median(probed)
    return min(day.served, key=lambda point: point.at).share if day.served else None


def _after(day: DayView) -> list[Served]:
    return sorted(
        (point for point in day.after if point.at > day.moment), key=lambda point: point.at
    )


def _effect(figure: PublishedFigure, measured: Measured) -> Comparison:
    drop = measured.drop
    if drop is None:
        return _not_measured(figure)
    low = figure.low if figure.low is not None else 0.0
    high = figure.high if figure.high is not None else low
    lowest, middle, highest = drop
    fits = low - _NEAR <= highest and lowest <= high + _NEAR
    our_words = tr("%(share)s less of the demand served, by our probes", share=percent(middle))
    if lowest < highest:
        our_words = tr(
            "%(share)s less of the demand served (%(low)s to %(high)s), by our probes",
            share=percent(middle),
            low=percent(lowest),
            high=percent(highest),
        )
    return Comparison(
        what=figure.what,
        published=figure.value,
        fit=Fit.YES if fits else Fit.NO,
        ours=our_words,
        source=figure.source,
        reason="" if fits else tr("another operation, on another network"),
    )


def _regrowth(figure: PublishedFigure, measured: Measured) -> Comparison:
    back = measured.back
    if back is None:
        return _not_measured(figure)
    days, watched = back
    most_days = figure.high if figure.high is not None else float("inf")
    fits = days is not None and days <= most_days
    return Comparison(
        what=figure.what,
        published=figure.value,
        fit=Fit.YES if fits else Fit.NO,
        ours=tr(
            "half of what was cut is not served again within %(days)s days", days=number(watched)
        )
        if days is None
        else tr_n(
            "after %(count)s day half of what was cut is served again, by our probes",
            "after %(count)s days half of what was cut is served again, by our probes",
            round(days),
            number,
        ),
        source=figure.source,
        reason="" if fits else tr("another operation, on another network"),
    )


def _harm(figure: PublishedFigure, measured: Measured) -> Comparison | None:
    """Return a claimed harm beside the range that our users and stated assumptions leave open."""
    harm = measured.harm
    if harm is None:
        return None
    low = figure.low if figure.low is not None else 0.0
    high = figure.high if figure.high is not None else low
    fits = low <= harm.high and high >= harm.low
    our_words = tr(
        "EUR %(low)s to %(high)s a year, by what one assumes that viewers would have paid",
        low=said(number_in_words(float(f"{harm.low:.2g}"))),
        high=said(number_in_words(float(f"{harm.high:.2g}"))),
    )
    return Comparison(
        what=figure.what,
        published=figure.value,
        fit=Fit.YES if fits else Fit.NO,
        ours=our_words,
        source=figure.source,
        reason=""
        if fits
        else tr("no published assumption on what viewers would have paid reaches it"),
    )


def _not_measured(figure: PublishedFigure) -> Comparison:
    return Comparison(
        what=figure.what,
        published=figure.value,
        fit=Fit.NOT_OURS,
        source=figure.source,
        ours=tr("not measured"),
        reason=tr("no probe of ours says what was served before and after the day"),
    )


_COMPARED: Mapping[str, Callable[[PublishedFigure, Measured], Comparison | None]] = {
    "effect-next-day": _effect,
    "regrowth-days": _regrowth,
    "harm-year": _harm,
}
