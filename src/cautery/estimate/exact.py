"""So many of so many, with an exact interval."""

from __future__ import annotations

from cautery.errors import InputError
from cautery.model.blind import Share

CONFIDENCE = 0.95


def exact_share(part: int, whole: int) -> Share:
    """Return a share with its exact 95 % interval and its one-sided upper bound.

    The interval is that of Clopper and Pearson (Biometrika 26, 1934). It holds the true share at
    least 95 times of 100, whatever the share is; it holds it more often where few trials are, since
    counts are whole.

    Raises
    ------
    InputError
        If there is no such share.

    Examples
    --------
    >>> missed = exact_share(1, 40)
    >>> round(missed.low, 4), round(missed.high, 3), round(missed.at_most, 3)
    (0.0006, 0.132, 0.113)
    """
    if not 0 <= part <= whole:
        raise InputError(f"{part} of {whole}: that is no share")
    if not whole:
        return Share(part=0, whole=0, low=0.0, high=1.0, at_most=1.0)
    from scipy.stats import binomtest  # noqa: PLC0415 - heavy: 0.5 s of CPU

    both = binomtest(part, whole).proportion_ci(CONFIDENCE, method="exact")
    # The upper end of a central interval of 90 % is the one-sided bound of 95 %.
    one = binomtest(part, whole).proportion_ci(2 * CONFIDENCE - 1, method="exact")
    return Share(
        part=part, whole=whole, low=float(both.low), high=float(both.high), at_most=float(one.high)
    )
