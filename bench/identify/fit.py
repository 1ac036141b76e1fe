"""Fit what a score is worth on one set of probes, and count the errors on another.

Two numbers are fitted a sense and length: a logistic line from score to log likelihood ratio, on
the probes of the group ``fit`` alone, never steeper than the tail of its negatives falls. The
threshold lies where that tail expects half a false match in so many trials as :data:`TRIALS` says.
The cap and all published rates are counted on the group ``test``: other probes, from other files.

Negatives of pictures are of two kinds: chance between unrelated films says nothing of a match that
resembles those in the references, a *look-alike*. Each kind has its tail, and the higher of the two
thresholds counts; the line is fitted on both together. Short look-alikes are only counted.

A court is shown what was counted on recordings: of probes under a crowd that a program made,
nothing goes into a trial or a published rate.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from merits import calibration_error, elub
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import beta, chi2

from cautery.identify.likelihood import SHORT_S, JointTrial, Tail, posterior
from cautery.model import ErrorRate

OTHER, LOOK_ALIKE, SHORT_LOOK_ALIKE = "other content", "look-alike", "short look-alike"
TRIALS = {OTHER: 5000, LOOK_ALIKE: 1000}
"""One false match is expected in twice as many. Over two in 4,000 of unrelated content then have a
chance of 0.8 %. Few streams are of a match that looks alike, so more of those may err. Short ones
are counted and published, and set no threshold: two must agree before a verdict is confirmed, and
one that one in 500 passes (8.17) left 0.44 of recall in the demo."""
_LEAST_IN_TAIL = 10
_TAIL_SHARE = {OTHER: 0.05, LOOK_ALIKE: 0.15}
"""Of look-alikes most score something, and the mean excess over a start is the same from there to
the highest thirtieth."""
JOINT, SAME_SOUND, SAME_PICTURES = "joint", "same sound", "same pictures"
_OF = {
    OTHER: "other content", LOOK_ALIKE: "a match that looks alike",
    SHORT_LOOK_ALIKE: "a match that looks alike",
}  # fmt: skip
_SURE = 0.95
_DRAWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One probe's best match.

    Parameters
    ----------
    kind : str
        ``sound``, ``picture``, or ``joint`` for both at once.
    group : str
        ``fit`` or ``test``; no file is in both.
    truth : bool
        Whether the probe is of any reference.
    score : float
        Of its best match, however small; 0 without any. Of a joint one, the log10 LR of both senses
        added up.
    right : bool
        Whether that is the right reference at the right place.
    disguise : str
        Of other content: its kind, where that is ``look-alike``, or one of a joint trial.
    confirmed : bool or None
        Whether the whole of named() confirmed it; ``None``: not asked.
    together : bool
        Of a joint one: whether both senses speak for one reference at one place.
    """

    kind: str
    group: str
    truth: bool
    score: float
    right: bool
    probe_s: float = 10.0
    disguise: str = "clean"
    references: int = 1
    confirmed: bool | None = None
    together: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether it lies under a crowd that a program made; ``recorded`` ones are recordings."""
        return self.disguise.startswith("crowd")


def read_cases(path: Path) -> list[Case]:
    """Read JSON lines; fields that a case has not are passed over."""
    names = Case.__slots__
    with path.open(encoding="utf-8") as lines:
        return [
            Case(**{key: value for key, value in json.loads(line).items() if key in names})
            for line in lines
            if line.strip()
        ]


def lengths_of(cases: Iterable[Case], kind: str) -> dict[str, list[Case]]:
    """Return the cases of a sense by the name of their tail."""
    held: dict[str, list[Case]] = {}
    for one in cases:
        if one.kind in {kind, f"{kind}-view"}:
            name = one.kind if one.probe_s >= SHORT_S else f"{one.kind}-short"
            held.setdefault(name, []).append(one)
    return held


def fitted(cases: Sequence[Case]) -> Tail:
    """Return the tail of one sense and length.

    Raises
    ------
    ValueError
        If there are fewer than 100 of either class in ``fit``, or none in ``test``.
    """
    fit, test = ([one for one in cases if one.group == group] for group in ("fit", "test"))
    test = [one for one in test if not one.synthetic]
    # A true probe at another place that sounds alike is no other content; it is a miss.
    kinds = {kind: some for kind, some in _by_kind(fit).items() if kind in TRIALS}
    bad = np.concatenate([*kinds.values(), np.empty(0)])
    good = np.array([one.score for one in fit if one.truth and one.right], float)
    tried = [some for kind, some in _by_kind(test).items() if kind in TRIALS]
    others = np.concatenate([*tried, np.empty(0)])
    if min(len(bad), len(good)) < 100 or not len(others):
        raise ValueError(f"{len(bad)} negatives, {len(good)} positives, {len(others)} to test on")
    start, fall, _ = falling(bad, OTHER)
    least = max(threshold(some, kind) for kind, some in kinds.items())
    origin, scale = _line(bad[bad >= start], good[good >= start], len(bad), len(good), fall)
    errors = int((others >= least).sum())
    known = [one for one in fit if one.truth]
    missed = sum(not (one.right and one.score >= least) for one in known)
    # Seldom as it may be, one miss more is assumed than was seen.
    floor = math.log10((missed + 1) / (len(known) + 1))
    return Tail(
        origin=origin, scale=scale, least=least, floor=min(0.0, floor), trials=len(others),
        errors=errors, references=max(one.references for one in fit),
    )  # fmt: skip


VIEW_HANDICAPS = {"picture-view": 0.0, "picture-view-short": 1.0}
"""Log10 of how many times likelier chance is in the unusual views than in the picture as it is. At
10 s no more: that trial's search had as many views as this one has. At 5 s look-alikes passed its
threshold four times as often, and ten times are assumed."""


def borrowed(cases: Sequence[Case], plain: Tail, handicap: float) -> Tail:
    """Return the tail of unusual views, by the line of the picture as it is.

    A trial of some hundred windows is too small to fit a line on. It says how often the line errs,
    and bounds the odds.
    """
    test = [one for one in cases if one.group == "test"]
    others = [one for one in test if not one.truth]
    least = plain.least + handicap * plain.scale
    known = [one for one in test if one.truth]
    missed = sum(not (one.right and one.score >= least) for one in known)
    return Tail(
        origin=plain.origin + handicap * plain.scale, scale=plain.scale, least=least,
        floor=math.log10((missed + 1) / (len(known) + 1)), trials=len(others),
        errors=sum(one.score >= least for one in others), references=plain.references,
    )  # fmt: skip


def falling(bad: NDArray[np.float64], kind: str) -> tuple[float, float, float]:
    """Return (start, fall, share): over ``start``, chance falls e-fold every ``fall``.

    An exponential tail over a start (peaks over threshold). It takes in the upper half of what
    scored at all, and no more than a share of all: most unrelated content scores exactly 0 and
    hardly any scores a little, so a tail from the least score on is as long as that gap is wide,
    and begins elsewhere with each draw. The mean excess and the share are both taken at their
    upper 95 % limits, so that fewer probes give a higher threshold and more a steadier one; and
    the tail is no steeper than the line through the worst of all.
    """
    scored = int((bad > 0).sum())
    count = max(_LEAST_IN_TAIL, min(round(_TAIL_SHARE[kind] * len(bad)), scored // 2))
    highest = np.sort(bad)[::-1]
    start = float(highest[count])
    over = highest[:count] - start
    mean = 2 * float(over.sum()) / float(chi2.ppf(1 - _SURE, 2 * count))
    worst = float(over[0]) / math.log(count)
    share = float(beta.ppf(_SURE, count + 1, len(bad) - count))
    return start, max(mean, worst, 1e-3), share


def threshold(bad: NDArray[np.float64], kind: str) -> float:
    """Return the score that one in twice :data:`TRIALS` is expected to reach."""
    start, fall, share = falling(bad, kind)
    return start + fall * math.log(share * TRIALS[kind] * 2)


def _by_kind(cases: Iterable[Case]) -> dict[str, NDArray[np.float64]]:
    """Return the scores of what is of no reference, by what it is."""
    scores: dict[str, list[float]] = {}
    for one in cases:
        if not one.truth:
            alike = LOOK_ALIKE if one.probe_s >= SHORT_S else SHORT_LOOK_ALIKE
            kind = alike if one.disguise == LOOK_ALIKE else OTHER
            scores.setdefault(kind, []).append(one.score)
    return {kind: np.array(some, float) for kind, some in scores.items()}


def spread(cases: Sequence[Case]) -> list[str]:
    """Say how much the threshold hangs on which negatives of each kind it is fitted on."""
    told = []
    for kind, bad in _by_kind(one for one in cases if one.group == "fit").items():
        if kind not in TRIALS:
            continue
        half = len(bad) // 2
        rng = np.random.default_rng(1)
        drawn = [threshold(rng.choice(bad, len(bad)), kind) for _ in range(_DRAWS)]
        low, high = np.quantile(drawn, (0.05, 0.95))
        told.append(
            f"threshold {threshold(bad, kind):.2f} by {len(bad):,} of {kind} "
            f"({(bad > 0).sum()} score, the highest {bad.max():.2f}), "
            f"{threshold(bad[:half], kind):.2f} and {threshold(bad[half:], kind):.2f} by "
            f"either half; {low:.2f} to {high:.2f} in 90 % of {_DRAWS} draws of as many (bootstrap)"
        )
    return told


def _line(
    bad: NDArray[np.float64],
    good: NDArray[np.float64],
    bads: int,
    goods: int,
    fall: float,
) -> tuple[float, float]:
    """Return (origin, scale) of the logistic line, both classes weighing alike."""
    steepest = 1 / fall
    middle = float(bad.mean())

    def loss(line: NDArray[np.float64]) -> float:
        at, slope = line
        wrong = np.logaddexp(0, slope * (bad - middle) + at).sum() / bads
        missed = np.logaddexp(0, -(slope * (good - middle) + at)).sum() / goods
        return float(wrong + missed)

    best = minimize(
        loss, [-2.0, 0.5 * steepest], bounds=[(-20, 20), (0.02 * steepest, steepest)]
    )  # fmt: skip
    at, slope = best.x
    return middle - float(at) / float(slope), math.log(10) / float(slope)


def calibration(cases: Sequence[Case], measured: Tail) -> tuple[float, int, int]:
    """Return (error, positives, negatives) of the test group, at its own mix of classes."""
    test = [one for one in cases if one.group == "test"]
    true = [one.truth and (one.right or one.score < measured.least) for one in test]
    base_rate = sum(one.truth for one in test) / len(test)
    told = [
        posterior(
            measured.log10_lr(one.score) if one.score >= measured.least else measured.floor,
            base_rate,
        )
        for one in test
    ]
    return calibration_error(told, true), sum(true), len(true) - sum(true)


def rates(cases: Sequence[Case], measured: Tail, kind: str, source: str) -> list[ErrorRate]:
    """Return what is published of one sense and length, counted on the test group."""
    test = [one for one in cases if one.group == "test" and not one.synthetic]
    length = f"{np.median([one.probe_s for one in test]):.0f}-s"
    name = _WORDS.get(kind.removesuffix("-short"), kind)
    others = [one for one in test if not one.truth]
    made = [
        ErrorRate(
            what=f"false match of {name}, one {length} probe of {_OF[kind]} against "
            f"{measured.references} references",
            errors=int((scores >= measured.least).sum()), trials=len(scores), source=source,
        )
        for kind, scores in _by_kind(test).items()
    ]  # fmt: skip
    asked = [one for one in others if one.confirmed is not None]
    if asked:
        made.append(
            ErrorRate(
                what=f"false match of {name} confirmed by two windows of one {length} probe",
                errors=sum(bool(one.confirmed) for one in asked), trials=len(asked), source=source,
            )
        )  # fmt: skip
    groups: dict[str, list[Case]] = {}
    for one in test:
        if one.truth:
            what = "clean" if one.disguise == "clean" else "disguised"
            groups.setdefault(what, []).append(one)
    for what, mine in sorted(groups.items()):
        missed = [not (one.right and one.score >= measured.least) for one in mine]
        made.append(
            ErrorRate(
                what=f"{name} missed, one {length} probe, {what}",
                errors=sum(missed), trials=len(mine), source=source,
            )
        )  # fmt: skip
    return made


_WORDS = {"picture-view": "pictures in unusual views", "picture": "pictures", "sound": "sound"}
"""What senses are called in a rate; the first that occurs in it says whose it is."""


def _sense_of(rate: str) -> str:
    """Return the sense that a rate is of."""
    if "graphics_lab" in rate:
        return "graphics"
    what = rate.splitlines()[1]
    if any(word in what for word in ("together", "beside the reference's own")):
        return JOINT
    return next((sense for sense, words in _WORDS.items() if words in what), "")


def joint(cases: Sequence[Case]) -> JointTrial:
    """Return the joint trial of one length.

    Only programmes of recordings count as trials; but where both senses err in look-alikes by the
    lab, that is counted as if it were in them.
    """
    others = [one for one in cases if one.disguise == "other"]
    wrong = [
        one for one in cases if one.disguise in {"other", LOOK_ALIKE} and one.together
    ]  # fmt: skip
    same = np.array([one.score for one in cases if one.truth and one.right], float)
    missed = np.full(sum(one.truth and not one.right for one in cases), -math.inf)
    return JointTrial(
        trials=len(others), errors=len(wrong), references=max(one.references for one in cases),
        elub=elub(np.concatenate([same, missed]), np.array([one.score for one in others])),
    )  # fmt: skip


def joint_rates(cases: Sequence[Case], measured: JointTrial, source: str) -> list[ErrorRate]:
    """Return what is published of a joint trial: both or either wrong, and what is missed."""
    length = f"{np.median([one.probe_s for one in cases]):.0f}-s"
    among = f"against {measured.references} references"
    told = {
        "other": f"false match of sound and pictures together, one {length} probe of other content "
        f"{among}",
        SAME_SOUND: "false match of pictures beside the reference's own sound, one "
        f"{length} probe {among}",
        SAME_PICTURES: "false match of sound beside the reference's own pictures, one "
        f"{length} probe {among}",
    }  # fmt: skip
    made = []
    for kind, what in told.items():
        some = [one.together for one in cases if one.disguise == kind]
        if some:
            made.append(ErrorRate(what=what, errors=sum(some), trials=len(some), source=source))
    missed = [not (one.together and one.right) for one in cases if one.truth]
    made.append(
        ErrorRate(
            what=f"sound and pictures together missed, one {length} probe, disguised",
            errors=sum(missed), trials=len(missed), source=source,
        )
    )  # fmt: skip
    return made


def written(
    tails: dict[str, Tail],
    published: Sequence[ErrorRate],
    held: str,
    source: str,
    trials: dict[str, JointTrial] | None = None,
) -> str:
    """Return ``error_rates.toml``: these senses anew, what others measured as it was.

    Raises
    ------
    ValueError
        If a rate rests on synthetic crowds: a court is shown this table.
    """
    if wrong := [one.what for one in published if "synthetic" in one.what or ("crowd" in one.what
                 and "recorded" not in one.what)]:  # fmt: skip
        raise ValueError(f"not for a court's table, since it rests on synthetic crowds: {wrong[0]}")
    trials = trials or {}
    blocks = [f"# Written by {source}; don't edit, run it again."]
    for name, one in tails.items():
        blocks.append(
            f"[tail.{name}]\norigin = {one.origin:.4g}\nscale = {one.scale:.4g}\n"
            f"least = {one.least:.4g}\nfloor = {one.floor:.4g}\ntrials = {one.trials}\n"
            f"errors = {one.errors}\nreferences = {one.references}"
        )
    for name, trial in trials.items():
        blocks.append(
            f"[trial.{name}]\ntrials = {trial.trials}\nerrors = {trial.errors}\n"
            f"references = {trial.references}\nelub = {trial.elub:.4g}"
        )
    senses = {name.removesuffix("-short") for name in tails}
    old = [one for one in held.strip().split("\n\n") if not one.startswith("# Written by")]
    for one in old:
        sense = one.partition("[tail.")[2].partition("]")[0].removesuffix("-short")
        if sense and sense not in senses:
            blocks.append(one)
        if one.startswith("[trial.") and not trials:
            blocks.append(one)
    blocks += [
        f'[[rate]]\nwhat = "{one.what}"\nerrors = {one.errors}\ntrials = {one.trials}\n'
        f'source = "{one.source}"'
        for one in published
    ]
    mine = senses | ({JOINT} if trials else set())
    blocks += [one for one in old if one.startswith("[[rate]]") and _sense_of(one) not in mine]
    return "\n\n".join(blocks) + "\n"
