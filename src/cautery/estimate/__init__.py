"""Estimate: exposure, audience, revenue and effect, each as an interval with its method.

Example
-------
>>> from cautery.estimate import effect
>>> estimate = effect(dark=8, probed=10)
>>> round(estimate.low, 2), estimate.mid, round(estimate.high, 2)
(0.49, 0.8, 0.94)
"""

from cautery.estimate.effect import effect, last_dark, wilson
from cautery.estimate.exposure import Seen, exposure
from cautery.estimate.money import ARPU_EUR, audience_from_claims, revenue

__all__ = [
    "ARPU_EUR",
    "Seen",
    "audience_from_claims",
    "effect",
    "exposure",
    "last_dark",
    "revenue",
    "wilson",
]
