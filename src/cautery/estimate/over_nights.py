"""A share over several nights: decoys of one night are alike, so they are no independent trials.

One night has one match, one set of feeds, one pace of the watch. If nights differ, an interval that
counts decoys as if each were drawn alone is too narrow: with 30 decoys a night and a correlation of
0.05 within a night, Clopper and Pearson's holds the season's rate 80 times of 100 instead of 95
(bench/decoy/nights.py). Nights are few, so what is used has to hold with four of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cautery.errors import InputError
from cautery.estimate.exact import CONFIDENCE, exact_share
from cautery.model.blind import NightsShare, Spread

LEAST_NIGHTS, LEAST_SPOTTED = 4, 2
"""From so many nights on, of which so many have an error and so many a success, the variance
between nights is worth something. Chosen by coverage, bench/decoy/nights.py."""
_TAIL = (1 + CONFIDENCE) / 2


def share_over(nights: Sequence[tuple[int, int]]) -> NightsShare:
    """Return the share over all nights, with a 95 % interval that allows for nights that differ.

    It estimates the season's rate: what a decoy of a night that is drawn like these comes to.

    Parameters
    ----------
    nights : sequence of (int, int)
        Of each night, how many of how many; nights without a trial say nothing, and are left out.

    Raises
    ------
    InputError
        If a night has more of them than trials.

    Notes
    -----
    With at least four nights, of which two have an error and two a success: the logit of the share
    with the cluster-robust variance CR2 (Bell and McCaffrey, "Bias reduction in standard errors for
    linear regression with multi-stage samples", Survey Methodology 28, 2002) and Student's t with
    one degree of freedom less than nights. Otherwise the variance between nights is not known well
    enough, and the interval is that of Clopper and Pearson for the *effective sample size* of Korn
    and Graubard ("Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data", Survey Methodology 24, 1998), which is wide. Neither is
    ever narrower than the interval of independent trials.

    Examples
    --------
    >>> some = share_over([(1, 30), (0, 28), (6, 30), (2, 31), (0, 30)])
    >>> round(some.exact.high, 3), round(some.high, 3), some.spread.value
    (0.112, 0.282, 'robust')
    """
    counts = [(part, whole) for part, whole in nights if whole or part]
    if any(not 0 <= part <= whole for part, whole in counts):
        raise InputError("a night has no more errors than trials")
    part = sum(night_part for night_part, _ in counts)
    whole = sum(night_whole for _, night_whole in counts)
    exact = exact_share(part, whole)
    if len(counts) < 2:
        return NightsShare(
            exact=exact, nights=len(counts), low=exact.low, high=exact.high, spread=None
        )
    parts, wholes = np.array(counts, dtype=np.float64).T
    is_known = (
        len(counts) >= LEAST_NIGHTS
        and np.count_nonzero(parts) >= LEAST_SPOTTED
        and np.count_nonzero(parts < wholes) >= LEAST_SPOTTED
    )
    low, high = (_robust if is_known else _smaller_sample)(parts, wholes)
    return NightsShare(
        exact=exact,
        nights=len(counts),
        low=min(low, exact.low),
        high=max(high, exact.high),
        spread=Spread.ROBUST if is_known else Spread.SMALLER_SAMPLE,
    )


def _robust(parts: np.ndarray, wholes: np.ndarray) -> tuple[float, float]:
    from scipy.special import expit, logit  # noqa: PLC0415 - heavy: 0.2 s of CPU
    from scipy.stats import t as student  # noqa: PLC0415 - heavy: 0.5 s of CPU

    trials = wholes.sum()
    rate = parts.sum() / trials
    # CR2 of a mean: each night's residual, over the root of one less its leverage.
    residuals = (parts - rate * wholes) / np.sqrt(1 - wholes / trials)
    error = math.sqrt((residuals**2).sum()) / trials / (rate * (1 - rate))
    half = float(student.ppf(_TAIL, len(parts) - 1)) * error
    centre = float(logit(rate))
    return float(expit(centre - half)), float(expit(centre + half))


def _smaller_sample(parts: np.ndarray, wholes: np.ndarray) -> tuple[float, float]:
    from scipy.special import betaincinv  # noqa: PLC0415 - heavy: 0.2 s of CPU
    from scipy.stats import t as student  # noqa: PLC0415 - heavy: 0.5 s of CPU

    nights, trials = len(parts), wholes.sum()
    rate = parts.sum() / trials
    independent = rate * (1 - rate) / trials
    between = nights / (nights - 1) * ((parts - rate * wholes) ** 2).sum() / trials**2
    inflated = max(1.0, between / independent) if independent else 1.0
    few = student.ppf(_TAIL, max(trials - 1, 1)) / student.ppf(_TAIL, nights - 1)
    size = trials / inflated * min(1.0, float(few) ** 2)
    errors = rate * size
    low = float(betaincinv(errors, size - errors + 1, 1 - _TAIL)) if errors else 0.0
    high = float(betaincinv(errors + 1, size - errors, _TAIL)) if errors < size else 1.0
    return low, high
