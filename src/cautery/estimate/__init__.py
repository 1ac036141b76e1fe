"""Estimate: exposure, audience, revenue and effect, each as an interval with its method.

Examples
--------
>>> from cautery.estimate import effect
>>> estimate = effect(dark=8, probed=10)
>>> round(estimate.low, 2), estimate.mid, round(estimate.high, 2)
(0.49, 0.8, 0.94)

A network is sized by up to six methods that are then reconciled; a claim is judged by the result:

>>> import numpy as np
>>> from cautery.estimate import judge_claim, parse_claim, reconciled_from_published
>>> market = reconciled_from_published(rng=np.random.default_rng(1))
>>> judge_claim(parse_claim("250e6 EUR/month"), market).flagged
True
"""

from cautery.estimate.bias import Prior, Wide
from cautery.estimate.claims import claimed_size, in_words, number_in_words, parse_claim, span
from cautery.estimate.contradictions import Disagreement, Unusual
from cautery.estimate.effect import effect, last_dark, wilson
from cautery.estimate.evidence import Evidence, PriceLevel, by_sharing
from cautery.estimate.exposure import Seen, exposure
from cautery.estimate.judge import Against, Judged, cross_check, judge_claim
from cautery.estimate.methods import (
    METHODS,
    by_every_method,
    by_names,
    by_payments,
    by_recapture,
    by_survey,
    by_visits,
)
from cautery.estimate.money import ARPU_EUR, audience_from_claims, revenue
from cautery.estimate.panels import by_panels
from cautery.estimate.plot import claims_plot
from cautery.estimate.prices import check_rate, price_level
from cautery.estimate.priors import PRIORS, Priors
from cautery.estimate.published import Published, published, reconciled_from_published
from cautery.estimate.reconcile import Reconciled, reconcile
from cautery.estimate.sized import QUANTITIES, Draws, Sized
from cautery.estimate.tornado import Swing, Tornado, tornado
from cautery.estimate.tornado_plot import tornado_plot

__all__ = [
    "ARPU_EUR",
    "METHODS",
    "PRIORS",
    "QUANTITIES",
    "Against",
    "Disagreement",
    "Draws",
    "Evidence",
    "Judged",
    "PriceLevel",
    "Prior",
    "Priors",
    "Published",
    "Reconciled",
    "Seen",
    "Sized",
    "Swing",
    "Tornado",
    "Unusual",
    "Wide",
    "audience_from_claims",
    "by_every_method",
    "by_names",
    "by_panels",
    "by_payments",
    "by_recapture",
    "by_sharing",
    "by_survey",
    "by_visits",
    "check_rate",
    "claimed_size",
    "claims_plot",
    "cross_check",
    "effect",
    "exposure",
    "in_words",
    "judge_claim",
    "last_dark",
    "number_in_words",
    "parse_claim",
    "price_level",
    "published",
    "reconcile",
    "reconciled_from_published",
    "revenue",
    "span",
    "tornado",
    "tornado_plot",
    "wilson",
]
