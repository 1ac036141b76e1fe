"""Scores to likelihood ratios, never larger than the trials behind them can carry.

The hypotheses are *the same content* against *other content*. ``bench/identify/scores.py`` fits
two numbers a sense (where the odds are even, and how much score makes them ten times better) on
one set of probes, and counts the errors on another one, from other files; all of it stands in
``error_rates.toml``. With no false match among N, a rate under 3/N can't be claimed at 95 %, so no
witness alone passes N/3. Nor do several together: what sound and pictures say of one reference at
one place is bounded by the joint trial of both (``bench/identify/joint.py``, ADR 0060), and by the
better one of their own trials where that bears more, or where they do not lie at one place.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cautery.errors import InputError
from cautery.model.estimate import ErrorRate
from cautery.model.verdict import Witness, at_one_place

AGREEMENT_LOG10 = 1.0
"""What agreement between probes of one stream adds, once, however many agree. By chance two
lags agree within 0.5 s of 330 s, which would be 2.8; but probes of one stream share whatever
made the first one err, so they are not counted as independent. It lifts odds to :func:`most` and
not beyond it."""
SHORT_S = 7.5
"""Halfway between the two lengths that are measured, 5 s and 10 s."""
_TIED_TO = {"sound": "landmark", "picture": "video"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """What a sense's scores are worth, as measured.

    Parameters
    ----------
    origin : float
        The score at which a match is as likely true as chance.
    scale : float
        Each ``scale`` above ``origin`` makes the likelihood ratio ten times larger.
    least : float
        Score from which one probe is named by itself.
    floor : float
        Log10 LR of *no match at all*: how seldom a true match stays under ``least``.
    trials, errors : int
        Probes of other content that were tried, none of them used for the fit, and how many
        reached ``least``.
    references : int
        References that each of them was searched in.
    """

    origin: float
    scale: float
    least: float
    floor: float
    trials: int
    errors: int = 0
    references: int = 1

    def __post_init__(self) -> None:
        if not (self.scale > 0 and self.floor <= 0 and self.references >= 1):
            raise InputError(
                "a tail must rise with the score, and its floor must not support anything"
            )

    @property
    def cap(self) -> float:
        """Largest log10 LR that the trials can support: one over their rate's upper bound."""
        return _borne(self.errors, self.trials)

    def handicap(self, searched: int | None) -> float:
        """Return log10 of how many times more references were searched than when measured.

        Fewer are not counted in favour: what few of them resemble is seldom chance.
        """
        return max(0.0, math.log10(max(1, searched or self.references) / self.references))

    def log10_lr(self, score: float, *, searched: int | None = None) -> float:
        """Return the log10 likelihood ratio of a score, within floor and cap.

        Parameters
        ----------
        searched : int, optional
            References the probe was compared with. Chance matches grow with their number.
        """
        raw = (score - self.origin) / self.scale - self.handicap(searched)
        return min(self.cap, max(self.floor, raw))

    def least_in(self, searched: int | None) -> float:
        """Return the score from which one probe is named, among so many references."""
        return self.least + self.scale * self.handicap(searched)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointTrial:
    """What sound and pictures are worth together, as measured.

    Parameters
    ----------
    trials, errors : int
        Programmes of other content with sound and pictures, and how many of them both senses
        matched to one reference at one place.
    references : int
        References that each of them was searched in.
    elub : float
        Empirical upper bound of the log10 LR (Vergeer et al. 2016): up to there, deciding by the
        ratio costs less than deciding without, were one more of other content mistaken.
    """

    trials: int
    errors: int
    references: int
    elub: float

    @property
    def cap(self) -> float:
        """Largest log10 LR that the trial can support."""
        return max(0.0, min(self.elub, _borne(self.errors, self.trials)))


def _borne(errors: int, trials: int) -> float:
    """Return log10 of one over the upper bound of a rate of errors."""
    rate = ErrorRate(what="", errors=errors, trials=trials, source="")
    return -math.log10(rate.upper_bound or 1.0)


@cache
def _measured() -> dict[str, Any]:
    text = files("cautery.identify").joinpath("error_rates.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def tail(kind: str, probe_s: float | None = None) -> Tail:
    """Return what was measured of ``sound``, ``picture`` or ``graphics``.

    Parameters
    ----------
    probe_s : float, optional
        Seconds compared; short probes (under :data:`SHORT_S`) have their own figures where they
        were measured.
    """
    tails = _measured()["tail"]
    short = f"{kind}-short"
    use = short if probe_s is not None and probe_s < SHORT_S and short in tails else kind
    return Tail(**tails[use])


@cache
def joint_trial(probe_s: float | None = None) -> JointTrial | None:
    """Return the joint trial of sound and pictures; ``None``: there was none.

    Parameters
    ----------
    probe_s : float, optional
        As for :func:`tail`; short probes have a trial of their own, or none.
    """
    short = probe_s is not None and probe_s < SHORT_S
    measured = _measured().get("trial", {}).get("joint-short" if short else "joint")
    return None if measured is None else JointTrial(**measured)


def published_error_rates() -> tuple[ErrorRate, ...]:
    """Return the measured error rates, each with its N and the script that measured it."""
    return tuple(ErrorRate(**rate) for rate in _measured()["rate"])


def methods_of(witness: Witness) -> tuple[str, ...]:
    """Return by which methods a witness knows its reference."""
    tied = _TIED_TO.get(witness.kind)
    return witness.methods or ((tied,) if tied else ())


def above(witness: Witness) -> bool:
    """Tell whether a witness by itself is enough to name its reference.

    Judged by its likelihood ratio at the least score, which allows for how many references were
    searched.
    """
    if witness.kind not in _TIED_TO:
        return False
    measured = tail(witness.kind, witness.probe_s)
    return witness.log10_lr >= measured.log10_lr(measured.least) > 0


def support(witnesses: Sequence[Witness], *, probes: int) -> float:
    """Return what witnesses for one event or channel add up to, to rank by; it is no odds.

    Sound and picture are different senses and add up, each with its best probe. Graphics tell
    licensees apart and say nothing of the content. Further probes add
    :data:`AGREEMENT_LOG10` once.
    """
    best = {
        kind: max((witness.log10_lr for witness in witnesses if witness.kind == kind), default=0.0)
        for kind in _TIED_TO
    }
    total = sum(best.values())
    return total + (AGREEMENT_LOG10 if probes >= 2 and total > 0 else 0.0)


def most(witnesses: Sequence[Witness], *, probes: int) -> float:
    """Return the most that the log10 LR of all witnesses together may be.

    That is what the better one of their trials bears: of programmes that one sense errs in, the
    other one may err likelier. Where both speak for one reference at one place, the joint trial
    counts, if it bears more, or has seen both err. Probes that agree cover more than a short one
    does together, so that their trial is that of 10-s probes.
    """
    spoken = [
        witness for witness in witnesses
        if witness.kind in _TIED_TO and witness.log10_lr > 0
    ]  # fmt: skip
    lengths = [None if probes >= 2 else witness.probe_s for witness in spoken]
    caps = [tail(one.kind, probe_s).cap for one, probe_s in zip(spoken, lengths, strict=True)]
    better = max(caps, default=0.0)
    if not at_one_place(spoken):
        return better
    joint = joint_trial(min((one for one in lengths if one is not None), default=None))
    if joint is None:
        return better
    return joint.cap if joint.errors else max(better, joint.cap)


def fused(witnesses: Sequence[Witness], *, probes: int) -> float:
    """Return the log10 LR of all that speaks for one event or channel, as far as trials bear it."""
    total = support(witnesses, probes=probes)
    return min(total, most(witnesses, probes=probes)) if total > 0 else total


def unmatched(kinds: Sequence[str], probe_s: float | None = None) -> float:
    """Return the log10 LR of *nothing matched* by senses that had an opinion; 0 without any.

    Only one of them may be able to match (other commentary, other pictures), so they do not add
    up: the least that any of them says counts.
    """
    return max((tail(kind, probe_s).floor for kind in kinds), default=0.0)


def posterior(log10_lr: float, base_rate: float) -> float:
    """Return the probability of *same content* at a base rate, for triage only.

    It is calibrated where the base rate is that of the cases: ``bench/identify/scores.py``
    measures by how much it is off.
    """
    if not 0 < base_rate < 1:
        raise InputError("a base rate must be between 0 and 1")
    # 10 ** 309 is no float any more.
    odds: float = base_rate / (1 - base_rate) * 10.0 ** min(log10_lr, 300.0)
    return odds / (1 + odds)
