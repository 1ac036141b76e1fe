"""A claimed harm, judged against the range: under which assumptions it is possible at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cautery.errors import InputError
from cautery.estimate.claims import claimed_size, parse_claim
from cautery.estimate.harm.assumptions import PublishedHarm
from cautery.estimate.harm.range import Harm, said
from cautery.messages import message
from cautery.model.message import Message
from cautery.model.sizing import Claim

_OF_EVENTS = re.compile(r"\s*(?:/|per |for (?:the |these )?|an? )\s*events?\s*$", re.IGNORECASE)
_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHarm:
    """A claim beside the range; ``flagged``: outside of the hull of all assumptions.

    Parameters
    ----------
    eur : float
        The claim in EUR, for these events or for a year.
    under : tuple of str
        Ids of the assumptions whose range holds it.
    """

    claim: Claim
    eur: float
    flagged: bool
    under: tuple[str, ...]
    words: Message


def parse_harm_claim(text: str, *, of: str) -> Claim:
    """Read a claimed harm: ``EUR 10 billion a year``, or ``EUR 2 million/events``.

    Raises
    ------
    InputError
        If it is no sum of money, or for another time than what it is judged against.
    """
    stripped = _OF_EVENTS.sub("", text[:300])
    for_events = stripped != text[:300]
    claim = parse_claim(f"{stripped}/month" if for_events else text)
    if claim.quantity != "revenue":
        raise InputError(f"claim {text[:60]!r}: harm is a sum of money")
    if for_events != (of == "events"):
        hint = (
            'It is judged against the events of the audience: write "EUR 2 million/events".'
            if of == "events"
            else 'It is judged against a year of users: write "EUR 10 billion a year".'
        )
        raise InputError(f"claim {text[:60]!r}: this sum is for another time", hint=hint)
    return Claim(
        text=text,
        quantity=claim.quantity,
        value=claim.value,
        currency=claim.currency,
        period=claim.period,
    )


def judge_harm(
    claim: Claim,
    harm: Harm,
    *,
    rates: Mapping[str, float] | None = None,
) -> JudgedHarm:
    """Say under which assumptions a claim is possible, and how far it lies from the others.

    Parameters
    ----------
    claim : Claim
        As :func:`parse_harm_claim` returns it.

    Raises
    ------
    InputError
        If its currency has no rate.
    """
    eur = claimed_size(claim, rates) * (1 if harm.of == "events" else _MONTHS)
    rows_within = [
        row for row in harm.rows if row.total is not None and row.total.low <= eur <= row.total.high
    ]
    under = tuple(row.assumption.id for row in rows_within)
    flagged = not harm.hull.low <= eur <= harm.hull.high
    return JudgedHarm(
        claim=claim,
        eur=eur,
        flagged=flagged,
        under=under,
        words=_words(eur, harm, tuple(row.assumption.title for row in rows_within), claim.text),
    )


def _words(eur: float, harm: Harm, titles: Sequence[str], text: str) -> Message:
    if harm.hull.low <= eur <= harm.hull.high:
        if not titles:
            return message("harm.claim-between", claim=text)
        return message(
            "harm.claim-possible", claim=text, titles="; ".join(titles), count=len(titles)
        )
    if eur < harm.hull.low:
        return message("harm.claim-below", claim=text, low=said(harm.hull.low))
    times = float(f"{eur / harm.hull.high:.2g}") if harm.hull.high else None
    if titles:
        return message("harm.claim-headline", claim=text, titles="; ".join(titles), times=times)
    return message("harm.claim-above", claim=text, times=times)


def beside(claim_eur: float, published: PublishedHarm) -> float | None:
    """Return how many times a published sum a claim is; ``None``: the sum is in other money."""
    return claim_eur / published.high if published.currency == "EUR" and published.high else None
