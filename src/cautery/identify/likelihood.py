"""Scores to likelihood ratios, never larger than the trials behind them can carry.

The hypotheses are *the same content* against *other content*. For each witness the negatives'
tail was measured and fitted by an exponential, ``P(score >= s) = 10 ** -((s - origin) / scale)``
(``bench/identify_scores.py``; constants and counts in ``error_rates.toml``). With N negatives
and no false match, a rate under 3/N can't be claimed at 95 %, so no witness passes N/3.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cautery.model.estimate import ErrorRate
from cautery.model.verdict import Witness

AGREEMENT_LOG10 = 1.0
"""What agreement between probes of one stream adds, once, however many agree. By chance two
lags agree within 0.5 s of 330 s, which would be 2.8; but probes of one stream share whatever
made the first one err, so they are not counted as independent."""


@dataclass(frozen=True, slots=True)
class Tail:
    """A witness's measured negatives.

    Parameters
    ----------
    origin, scale : float
        Of the fitted tail: each ``scale`` above ``origin`` is a factor of ten.
    trials : int
        Negatives measured.
    sensitivity : float
        Share of true matches that reach the least score.
    """

    origin: float
    scale: float
    trials: int
    sensitivity: float

    @property
    def cap(self) -> float:
        """Largest log10 LR that the trials can support."""
        return math.log10(max(1.0, self.trials / 3))

    def log10_lr(self, score: float) -> float:
        """Return the log10 likelihood ratio of a score, within -1 and the cap."""
        raw = (score - self.origin) / self.scale + math.log10(self.sensitivity)
        return min(self.cap, max(-1.0, raw))


@cache
def _measured() -> dict[str, object]:
    text = files("cautery.identify").joinpath("error_rates.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def tail(kind: str) -> Tail:
    """Return the measured tail of ``sound``, ``picture`` or ``graphics``."""
    tails = _measured()["tail"]
    assert isinstance(tails, dict)
    one = tails[kind]
    return Tail(
        float(one["origin"]), float(one["scale"]), int(one["trials"]), float(one["sensitivity"])
    )


def published_error_rates() -> tuple[ErrorRate, ...]:
    """Return the measured error rates, each with its N and the script that measured it."""
    rates = _measured()["rate"]
    assert isinstance(rates, list)
    return tuple(
        ErrorRate(
            what=str(one["what"]),
            errors=int(one["errors"]),
            trials=int(one["trials"]),
            source=str(one["source"]),
        )
        for one in rates
    )


def fused(witnesses: Sequence[Witness], *, probes: int) -> float:
    """Return the log10 LR of all that speaks for one event or channel.

    Sound and picture are different senses and add up, each with its best probe. Graphics tell
    licensees apart and say nothing of the content. Further probes add
    :data:`AGREEMENT_LOG10` once.
    """
    best = {
        kind: max((one.log10_lr for one in witnesses if one.kind == kind), default=0.0)
        for kind in ("sound", "picture")
    }
    total = sum(best.values())
    return total + (AGREEMENT_LOG10 if probes >= 2 and total > 0 else 0.0)


def posterior(log10_lr: float, base_rate: float) -> float:
    """Return the probability of *same content* at a base rate, for triage only."""
    odds: float = base_rate / (1 - base_rate) * 10.0 ** min(log10_lr, 300.0)
    return odds / (1 + odds)
