"""Harm under each assumption: an interval of how many watched, times shares and prices from, to.

How many watched is measured with error. What they would have paid is not measured: an assumption
gives its ends. A row runs from the 5 % quantile at the assumption's low ends to the 95 % quantile
at its high ends, so it holds the truth with 90 % or more wherever in the
assumption the truth lies (Imbens and Manski, Econometrica 72, 2004, in its simplest form).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cautery.errors import InputError
from cautery.estimate.claims import number_in_words
from cautery.estimate.harm.assumptions import Assumption, Assumptions, Price
from cautery.estimate.harm.curves import Curve, Triple
from cautery.estimate.prices import in_eur
from cautery.messages import message
from cautery.model import Money as Amount
from cautery.model.message import Message

_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A sum from, to, with its currency."""

    low: float
    high: float
    currency: str = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmRow:
    """Harm under one assumption.

    Parameters
    ----------
    total : Money or None
        Of all events, or of a year; ``None``: the assumption says nothing of it.
    parts : mapping of (event, channel) to Money
        Of each event and channel; of users: empty.
    why_not : Message or None
        Why there is no sum.
    """

    assumption: Assumption
    price: Price
    total: Money | None
    parts: Mapping[tuple[str, str], Money]
    why_not: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """Harm under each assumption, and what all of them leave open.

    Parameters
    ----------
    of : str
        ``events``, or ``year``.
    viewings : Money-like pair of float
        How many viewings, or users, it rests on: 5 % quantile of the fewest to 95 % of the most.
    hull : Money
        From the least low end to the greatest high end of the assumptions that count for it.
    words : Message
        The hull, said.
    notes : tuple of Message
        What a reader must know.
    """

    of: str
    content: str
    rows: tuple[HarmRow, ...]
    viewings: tuple[float, float]
    hull: Money
    words: Message
    notes: tuple[Message, ...]


def harm_of_events(
    curves: Sequence[Curve],
    assumptions: Assumptions,
    *,
    content: str,
    price: Price | None = None,
    rates: Mapping[str, float] | None = None,
) -> Harm:
    """Return the harm of some events, each on some channels.

    Parameters
    ----------
    curves : sequence of Curve
        Their errors are taken to go together, since one method measured them all: that gives the
        widest interval of a sum.
    content : str
        What was shown.
    price : Price or None
        Of the lawful offer; ``None``: that of the assumptions' file.
    rates : mapping of str to float, optional
        EUR for one unit of another currency.

    Raises
    ------
    InputError
        If there is no curve, or a price's currency has no rate.
    """
    if not curves:
        raise InputError("harm of events needs an audience")
    # Errors that go together are one error, so a quantile of the sum is the sum of the quantiles.
    fewest_viewers = sum(curve.average.low for curve in curves)
    most_viewers = sum(curve.peak.high for curve in curves) * assumptions.most_viewers_over_peak
    rows = []
    for assumption in assumptions.about(content):
        paid = (
            price
            if assumption.price is None and price
            else _price(assumption, assumptions, content)
        )
        low, high = _per_viewing(paid, assumptions, rates)
        cheap, dear = assumption.share[0] * low, assumption.share[1] * high
        rows.append(
            HarmRow(
                assumption=assumption,
                price=paid,
                total=Money(low=fewest_viewers * cheap, high=most_viewers * dear),
                parts={
                    (curve.event, curve.channel): Money(
                        low=curve.average.low * cheap,
                        high=curve.peak.high * assumptions.most_viewers_over_peak * dear,
                    )
                    for curve in curves
                },
            )
        )
    notes = [
        message(
            "harm.spread",
            fewest=f"{assumptions.viewings_a_month[0]:g}",
            most=f"{assumptions.viewings_a_month[1]:g}",
            times=f"{assumptions.most_viewers_over_peak:g}",
        )
    ]
    unmeasured = sum(curve.unmeasured for curve in curves)
    if unmeasured:
        notes.append(message("harm.unmeasured", minutes=unmeasured))
    channels_of: dict[str, int] = {}
    for curve in curves:
        channels_of[curve.event] = channels_of.get(curve.event, 0) + 1
    if max(channels_of.values()) > 1:
        notes.append(message("harm.several-channels"))
    return _harm(
        "events", content, rows, (fewest_viewers, most_viewers), notes, title=assumptions.title
    )


def harm_of_users(
    users: Triple,
    assumptions: Assumptions,
    *,
    content: str,
    price: Price | None = None,
    rates: Mapping[str, float] | None = None,
) -> Harm:
    """Return a year's harm of so many users; assumptions about viewings say nothing of it.

    Raises
    ------
    InputError
        If a price's currency has no rate.
    """
    rows = []
    for assumption in assumptions.about(content):
        paid = (
            price
            if assumption.price is None and price
            else _price(assumption, assumptions, content)
        )
        if paid.per == "viewing":
            rows.append(
                HarmRow(
                    assumption=assumption,
                    price=paid,
                    total=None,
                    parts={},
                    why_not=message("harm.of-viewings"),
                )
            )
            continue
        low, high = _in_eur(paid, rates)
        rows.append(
            HarmRow(
                assumption=assumption,
                price=paid,
                total=Money(
                    low=users.low * (assumption.share[0] * low * _MONTHS),
                    high=users.high * (assumption.share[1] * high * _MONTHS),
                ),
                parts={},
            )
        )
    return _harm("year", content, rows, (users.low, users.high), [], title=assumptions.title)


def _harm(
    of: str,
    content: str,
    rows: Sequence[HarmRow],
    viewings: tuple[float, float],
    notes: Sequence[Message],
    *,
    title: str,
) -> Harm:
    counted = [row.total for row in rows if row.assumption.in_hull and row.total is not None]
    if not counted:
        raise InputError(
            f"no assumption of {title!r} gives a sum here",
            hint="Assumptions about viewings need the audience of events, and no count of users.",
        )
    hull = Money(low=min(sum_.low for sum_ in counted), high=max(sum_.high for sum_ in counted))
    return Harm(
        of=of,
        content=content,
        rows=tuple(rows),
        viewings=viewings,
        hull=hull,
        words=message(
            f"harm-hull.{of}", low=said(hull.low), high=said(hull.high), count=len(counted)
        ),
        notes=(*notes, message("harm.no-one-number")),
    )


def said(value: float) -> Message:
    """Return a sum in words, to two figures: more would say that it is known."""
    return number_in_words(float(f"{value:.2g}"))


def _price(assumption: Assumption, assumptions: Assumptions, content: str) -> Price:
    return assumptions.prices[content] if assumption.price is None else assumption.price


def _per_viewing(
    price: Price, assumptions: Assumptions, rates: Mapping[str, float] | None
) -> tuple[float, float]:
    """Return EUR a viewing, from, to: a month's price is spread over most and fewest viewings."""
    low, high = _in_eur(price, rates)
    if price.per == "viewing":
        return low, high
    fewest_viewings, most_viewings = assumptions.viewings_a_month
    return low / most_viewings, high / fewest_viewings


def _in_eur(price: Price, rates: Mapping[str, float] | None) -> tuple[float, float]:
    low, high = (
        in_eur(Amount(amount=Decimal(repr(end)), currency=price.currency), dict(rates or {}))
        for end in (price.low, price.high)
    )
    return low, high
