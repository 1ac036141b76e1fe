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
from cautery.model import Estimate
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
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A claim compared with the reconciled intervals; ``flagged``: outside of the 99 % one."""

    claim: Claim
    size: float
    within_90: Estimate
    within_99: Estimate
    flagged: bool
    words: str
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
    what = _claimed(claim, size)
    if flagged:
        verdict = f"{what} does not fit: it is {_beyond(size, outer)} of the 99 % interval"
    elif inner.low <= size <= inner.high:
        verdict = f"{what} fits: it lies inside the 90 % interval"
    else:
        verdict = (
            f"{what} is not refuted: it lies outside the 90 % but inside the 99 % interval, "
            f"{_beyond(size, inner)} of the 90 % interval"
        )
    return Judged(
        claim=claim,
        size=size,
        within_90=inner,
        within_99=outer,
        flagged=flagged,
        words=f"{verdict} (90 %: {span(inner)}; 99 %: {span(outer)})",
        against=tuple(
            _against(size, claim.quantity, source, reconciled) for source in reconciled.sized
        ),
    )


def _claimed(claim: Claim, size: float) -> str:
    """Return the claim in its own words, and in ours where they say something else."""
    restated = in_words(size, claim.quantity)
    same = claim.quantity != "revenue" or (claim.currency, claim.period) == ("EUR", "month")
    return restated if same else f"{claim.text} ({restated})"


def cross_check(
    claims: Sequence[Claim],
    *,
    list_prices_eur: Sequence[float],
    paid_eur: Mapping[str, tuple[float, float, float]],
    rates: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """Say what claims mean for each other: money a user, and money said twice.

    Parameters
    ----------
    list_prices_eur : sequence of float
        One month's list price, as seen and as published.
    paid_eur : mapping of str to tuple of float
        What one of the ``users`` and of the ``payers`` really pays a month: low, usual, high.
    """
    findings: list[str] = []
    money = [claim for claim in claims if claim.quantity == "revenue"]
    for income in money:
        euros = claimed_size(income, rates)
        for people in (claim for claim in claims if claim.quantity != "revenue"):
            per_head = euros / people.value
            person = people.quantity.removesuffix("s")
            low, usual, high = paid_eur[people.quantity]
            text = f"{income.text} over {people.text} is EUR {per_head:.2f} a {person} and month"
            near = [
                price
                for price in list_prices_eur
                if 1 / _NEAR_LIST <= per_head / price <= _NEAR_LIST
            ]
            if near:
                text += (
                    f": the list price (EUR {near[0]:.2g}); "
                    f"the sum is what list price x claimed {people.quantity} gives"
                )
            if per_head > high:
                text += f"; {_times(per_head / usual)} the EUR {usual:.2f} that is really paid"
            elif per_head < low:
                text += f"; less than the EUR {low:.2f} to {high:.2f} that is really paid"
            else:
                text += f"; within the EUR {low:.2f} to {high:.2f} that is really paid"
            findings.append(text)
    for place, first in enumerate(money):
        for second in money[place + 1 :]:
            ratio = claimed_size(first, rates) / claimed_size(second, rates)
            if 0.95 < ratio < 1.05:
                findings.append(f"{first.text} and {second.text} are the same claim, stated twice")
            else:
                findings.append(f"{first.text} is {_times(ratio)} {second.text}")
    return tuple(findings)


def _beyond(size: float, interval: Estimate) -> str:
    """Say how far outside of an interval: times the upper end, or a share of the lower."""
    if size > interval.high:
        ratio = size / interval.high
        return f"{_times(ratio)} the upper end" if ratio >= _JUST else "just above the upper end"
    share = size / interval.low
    if share > 1 / _JUST:
        return "just below the lower end"
    return (
        f"{100 * share:.0f} % of the lower end" if share >= 0.01 else "under 1 % of the lower end"
    )


def _times(ratio: float) -> str:
    if ratio < 0.01:
        return "under a hundredth of"
    return f"{ratio:.2g} times" if ratio < 100 else f"{ratio:,.0f} times"


def _against(size: float, quantity: str, source: Sized, reconciled: Reconciled) -> Against:
    inner = source.estimate(quantity, coverage=0.90)
    outer = source.estimate(quantity, coverage=0.99)
    if inner is None or outer is None:
        return Against(source=source.method, interval=None, words=f"no statement: {source.reason}")
    if inner.low <= size <= inner.high:
        words = "inside its 90 % interval"
    elif outer.low <= size <= outer.high:
        words = f"outside its 90 % but inside its 99 %: {_beyond(size, inner)} of the 90 % interval"
    else:
        words = f"outside its 99 % interval: {_beyond(size, outer)}"
    if source.whole:
        words += (
            f"; {_times(size / inner.mid)} the {in_words(inner.mid, quantity)} "
            "of all services together, of which a network is a part"
        )
    missing = len(reconciled.countries) - len(source.countries)
    if missing > 0:
        words += f"; it speaks of {len(source.countries)} of {len(reconciled.countries)} countries"
    return Against(source=source.method, interval=inner, words=words)
