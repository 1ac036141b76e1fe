"""Claims judged against what the sources say, and against each other.

A claim is flagged when it lies outside of the reconciled 99 % interval. That is no accusation:
press figures quote list prices, and users who were ever there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cautery.estimate.claims import claimed_size, in_words, span
from cautery.estimate.reconcile import Reconciled
from cautery.estimate.sized import Sized
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.message import Message
from cautery.model.sizing import Claim

_JUST = 1.05
"""Up to here beyond an end, "1 times" or "100 %" of it would be said: it lies just beyond."""
_NEAR_LIST = 1.25
"""A claim within a quarter of list price x claimed users is said to be made of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """How a claim compares with one source; without an interval, why there is none."""

    source: str
    interval: Estimate | None
    words: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A claim compared with the reconciled intervals; ``flagged``: outside of the 99 % one."""

    claim: Claim
    size: float
    within_90: Estimate
    within_99: Estimate
    flagged: bool
    words: Message
    against: tuple[Against, ...]


def judge_claim(
    claim: Claim, reconciled: Reconciled, *, rates: Mapping[str, float] | None = None
) -> Judged:
    """Say how a claim sits with all sources together, and with each.

    Raises
    ------
    InputError
        If the claim cannot be brought to our units.
    """
    size = claimed_size(claim, rates)
    inner = reconciled.estimate(claim.quantity, coverage=0.90)
    outer = reconciled.estimate(claim.quantity, coverage=0.99)
    flagged = not outer.low <= size <= outer.high
    values = {"claim": _claimed(claim, size), "inner": span(inner), "outer": span(outer)}
    if flagged:
        words = message("claim.does-not-fit", distance=_beyond(size, outer), **values)
    elif inner.low <= size <= inner.high:
        words = message("claim.fits", **values)
    else:
        words = message("claim.not-refuted", distance=_beyond(size, inner), **values)
    return Judged(
        claim=claim,
        size=size,
        within_90=inner,
        within_99=outer,
        flagged=flagged,
        words=words,
        against=tuple(
            _against(size, claim.quantity, source, reconciled) for source in reconciled.sized
        ),
    )


def _claimed(claim: Claim, size: float) -> Message:
    """Return the claim in its own words, and in this program's words where they differ."""
    restated = in_words(size, claim.quantity)
    same = claim.quantity != "revenue" or (claim.currency, claim.period) == ("EUR", "month")
    return restated if same else message("claim.restated", claim=claim.text, size=restated)


def cross_check(
    claims: Sequence[Claim],
    *,
    list_prices_eur: Sequence[float],
    paid_eur: Mapping[str, tuple[float, float, float]],
    rates: Mapping[str, float] | None = None,
) -> tuple[Message, ...]:
    """Say what claims mean for each other: money a user, and money said twice.

    Parameters
    ----------
    list_prices_eur : sequence of float
        One month's list price, as seen and as published.
    paid_eur : mapping of str to tuple of float
        What one of the ``users`` and of the ``payers`` really pays a month: low, usual, high.
    """
    findings: list[Message] = []
    money = [claim for claim in claims if claim.quantity == "revenue"]
    for income in money:
        euros = claimed_size(income, rates)
        for people in (claim for claim in claims if claim.quantity != "revenue"):
            per_head = euros / people.value
            person = people.quantity.removesuffix("s")
            low, usual, high = paid_eur[people.quantity]
            money_each = {
                "income": income.text,
                "people": people.text,
                "amount": f"{per_head:.2f}",
            }
            near = [
                price
                for price in list_prices_eur
                if 1 / _NEAR_LIST <= per_head / price <= _NEAR_LIST
            ]
            if near:
                person_words = message(
                    f"claims.list-price-per-{person}", price=f"{near[0]:.2g}", **money_each
                )
            else:
                person_words = message(f"claims.per-{person}", **money_each)
            if per_head > high:
                paid = message(
                    "claims.more-than-paid", times=_times(per_head / usual), usual=f"{usual:.2f}"
                )
            else:
                side = "less-than-paid" if per_head < low else "as-paid"
                paid = message(f"claims.{side}", low=f"{low:.2f}", high=f"{high:.2f}")
            findings.append(message("claims.all", sentences=(person_words, paid)))
    for place, first in enumerate(money):
        for second in money[place + 1 :]:
            ratio = claimed_size(first, rates) / claimed_size(second, rates)
            if 0.95 < ratio < 1.05:
                findings.append(message("claims.same", first=first.text, second=second.text))
            else:
                findings.append(
                    message(
                        "claims.ratio", first=first.text, times=_times(ratio), second=second.text
                    )
                )
    return tuple(findings)


def _beyond(size: float, interval: Estimate) -> Message:
    """Say how far outside of an interval: times the upper end, or a share of the lower."""
    if size > interval.high:
        ratio = size / interval.high
        if ratio < _JUST:
            return message("distance.just-above")
        return message("distance.above", times=_times(ratio))
    share = size / interval.low
    if share > 1 / _JUST:
        return message("distance.just-below")
    if share < 0.01:
        return message("distance.far-below")
    return message("distance.below", end_share=round(share, 2))


def _times(ratio: float) -> Message:
    if ratio < 0.01:
        return message("size.under-a-hundredth")
    return message(
        "size.times", factor=float(f"{ratio:.2g}") if ratio < 100 else float(round(ratio))
    )


def _against(size: float, quantity: str, source: Sized, reconciled: Reconciled) -> Against:
    inner = source.estimate(quantity, coverage=0.90)
    outer = source.estimate(quantity, coverage=0.99)
    if inner is None or outer is None:
        words = message("against.nothing", reason=source.reason)
        return Against(source=source.method, interval=None, words=words)
    if inner.low <= size <= inner.high:
        sentences = [message("against.inside")]
    elif outer.low <= size <= outer.high:
        sentences = [message("against.between", distance=_beyond(size, inner))]
    else:
        sentences = [message("against.outside", distance=_beyond(size, outer))]
    if source.whole:
        sentences.append(
            message(
                "against.whole",
                times=_times(size / inner.mid),
                size=in_words(inner.mid, quantity),
            )
        )
    spoken, countries = len(source.countries), len(reconciled.countries)
    if spoken < countries:
        sentences.append(message("against.countries", spoken=spoken, countries=countries))
    return Against(
        source=source.method, interval=inner, words=message("against.all", sentences=sentences)
    )
