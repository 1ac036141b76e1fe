"""Does something become worse over a season? A sequential test with a stated rate of false alarms.

As long as nothing drifts, the nights come in no particular order: each is as likely as any other to
be the worst so far. That holds however much nights differ from one another, so one bad night is no
drift, and no rate must be known beforehand. Each night's rank among those so far becomes a bet
against "nothing drifts", and the bets are multiplied, each night anew from the start as well
(Shiryaev and Roberts). Vovk, Nouretdinov and Gammerman, "Testing exchangeability on-line", ICML
2003; Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change
detection", New England Journal of Statistics in Data Science 2 (2024), theorem 2.4.
"""

from __future__ import annotations

from collections.abc import Sequence

NIGHTS_A_FALSE_ALARM = 400
"""Nights before a false alarm, on average and at least. So a season of 38 nights has one with a
probability of at most 38/400 for each figure that is watched, by Doob's inequality; some 4 % in
bench/decoy/nights.py."""
_BET = 0.5
"""Power of the bet ``b * rank ** (b - 1)``, chosen by its delay in bench/decoy/nights.py."""


def drift(figures: Sequence[float], *, ties: Sequence[float]) -> tuple[int, int] | None:
    """Return since when a figure is most likely worse, and when that was noticed.

    Parameters
    ----------
    figures : sequence of float
        One of each night, in order; a larger one is worse, infinity is the worst.
    ties : sequence of float
        Of each night, a number in (0, 1] that was drawn evenly, whatever happened: it says before
        how many of the nights with the very same figure this one ranks.

    Returns
    -------
    (int, int) or None
        The numbers, from 0, of the night from which on it is worse and of the night after which the
        evidence was enough: the first such night. ``None``: nothing is noticed.

    Examples
    --------
    >>> usual = [0.04, 0.0, 0.03, 0.01, 0.05, 0.02, 0.03, 0.01, 0.02, 0.0]
    >>> drift([*usual, 0.2, 0.25, 0.24, 0.31, 0.33, 0.36, 0.4], ties=[0.5] * 17)
    (10, 15)
    >>> drift([*usual, 0.5, 0.02, 0.01, 0.03], ties=[0.5] * 14) is None
    True
    """
    since_each: list[float] = []
    for night, (figure, tie) in enumerate(zip(figures, ties, strict=True)):
        so_far = figures[: night + 1]
        worse = sum(other > figure for other in so_far)
        rank = (worse + tie * so_far.count(figure)) / len(so_far)
        bet = _BET * rank ** (_BET - 1)
        since_each = [evidence * bet for evidence in (*since_each, 1.0)]
        if sum(since_each) >= NIGHTS_A_FALSE_ALARM:
            return max(range(len(since_each)), key=since_each.__getitem__), night
    return None
