"""The audio rows of ``identify.py``: ask every probe of every system, set thresholds, count.

A threshold is set on the tuning negatives alone and tested on the others. Rank 1 is right if it
lies within half a second of the true offset, or where the references hold the same bytes again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Protocol

import numpy as np
import probes
import system
from media import RATE_HZ, Library, cache
from numpy.typing import NDArray
from probes import PROBE_S, SHORT_S, Probe
from scipy.stats import beta

RIGHT_S = 0.5
AGREE_S = 0.2
HINTED = "mix-6"
_ALIKE = 0.99
"""Correlation from which two stretches are the same recording, but for a lossy codec's trace."""
_TAIL = 0.01
_CHUNK = 25


class Asked(Protocol):
    """A system that names a channel for a sound; ``key`` names its state, for kept answers."""

    name: str
    key: str

    def ask(self, sound: NDArray[np.float32], hint: str | None) -> system.Answer:
        """Answer for one probe; ``hint`` is the channel that its title claims."""


@dataclass(frozen=True, slots=True)
class Case:
    """One probe's answer at one length, and whether it is right (``None``: nothing is)."""

    probe: Probe
    seconds: float
    answer: system.Answer
    part: int = 0

    @property
    def error_s(self) -> float | None:
        """Return how far rank 1 lies from the true offset, if it is the true channel's."""
        truth_s, said_s = self.probe.offset_s, self.answer.offset_s
        if self.answer.channel != self.probe.channel or truth_s is None or said_s is None:
            return None
        return said_s - truth_s


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where a system's answers begin to count, and what that was set on."""

    score: float
    highest: float
    count: int
    how: str


@dataclass
class Outcome:
    """All that one system gave."""

    name: str
    own: Callable[[float], float] | None = None
    """The threshold for a length, of a system that has one of its own."""
    cases: dict[tuple[str, float], list[Case]] = field(default_factory=dict)
    tuning: dict[float, list[Case]] = field(default_factory=lambda: defaultdict(list))
    testing: dict[float, list[Case]] = field(default_factory=lambda: defaultdict(list))
    second_halves: dict[str, Case] = field(default_factory=dict)
    """Of the testing negatives: their last 5 s."""

    def threshold(self, seconds: float) -> Threshold:
        """Return the system's own threshold, or set one on the tuning negatives.

        The margin over the highest is ln 4 mean excesses of the upper hundredth: if chance falls
        off exponentially there, as it does, a quarter as many others exceed it.
        """
        scores = np.sort([one.answer.score for one in self.tuning[seconds]])
        highest = float(scores[-1]) if len(scores) else 0.0
        if self.own is not None:
            how = "fitted on tuning negatives and on the dev set (identify_scores.py)"
            return Threshold(self.own(seconds), highest, len(scores), how)
        upper = scores[-max(10, round(_TAIL * len(scores))) :]
        margin = float(np.log(4) * (upper.mean() - upper[0]))
        how = f"that + {margin:.3g} (ln 4 mean excesses of the top 1 %)"
        return Threshold(highest + margin, highest, len(scores), how)


_work: tuple[Library, Asked] | None = None
"""What forked workers inherit."""


def ask_all(
    library: Library,
    asked: Asked,
    jobs: Sequence[tuple[Probe, float, int]],
    *,
    width: int,
    tell: Callable[[int], None],
) -> list[Case]:
    """Ask a system; answers are kept by its key, so that a stopped run goes on."""
    global _work  # noqa: PLW0603 - read by forked workers, which get no arguments of that size
    folder = cache() / "answers" / asked.key
    folder.mkdir(parents=True, exist_ok=True)
    held: dict[str, system.Answer] = {}
    for path in folder.glob("*.jsonl"):
        for line in path.read_text().splitlines():
            name, answer = json.loads(line)
            held[name] = system.Answer(**{**answer, "methods": tuple(answer["methods"])})
    missing = [job for job in jobs if _name(job) not in held]
    tell(len(jobs) - len(missing))
    _work = library, asked
    parts = [missing[at : at + _CHUNK] for at in range(0, len(missing), _CHUNK)]
    with ProcessPoolExecutor(width, mp_context=get_context("fork")) as pool:
        for part, answers in zip(parts, pool.map(_ask, parts), strict=True):
            with (folder / "answers.jsonl").open("a") as out:
                for job, answer in zip(part, answers, strict=True):
                    held[_name(job)] = answer
                    out.write(json.dumps([_name(job), answer.told()]) + "\n")
            tell(len(part))
    return [Case(probe, seconds, held[_name((probe, seconds, part))], part)
            for probe, seconds, part in jobs]  # fmt: skip


def _name(job: tuple[Probe, float, int]) -> str:
    probe, seconds, part = job
    return f"{probe.set}/{probe.disguise}/{probe.id}/{seconds:g}/{part}"


def _ask(part: list[tuple[Probe, float, int]]) -> list[system.Answer]:
    assert _work is not None
    library, asked = _work
    answers = []
    for probe, seconds, nth in part:
        first = round(nth * seconds * RATE_HZ)
        sound = probes.sound_of(library, probe)[first : first + round(seconds * RATE_HZ)]
        hint = probe.channel if probe.disguise == HINTED else None
        answers.append(asked.ask(sound, hint))
    return answers


def outcome(
    library: Library,
    asked: Asked,
    *,
    per_cell: int,
    negatives: int,
    short_negatives: int,
    width: int,
    tell: Callable[[int], None],
    own: Callable[[float], float] | None = None,
    which: str = "test",
    disguises: Sequence[str] = probes.EVERY,
    others: Callable[[Library, str, int], list[Probe]] = probes.negatives,
) -> Outcome:
    """Ask a system about all probes and negatives."""
    made = Outcome(asked.name, own=own)
    every = [one for name in disguises for one in probes.planned(library, which, name, per_cell)]
    tuning, testing = others(library, "tune", negatives), others(library, "test", negatives)
    lengths = {PROBE_S: negatives, SHORT_S: short_negatives}
    jobs = [(one, seconds, 0) for one in every for seconds in lengths]
    for seconds, count in lengths.items():
        jobs += [(one, seconds, 0) for side in (tuning, testing) for one in side[:count]]
    cases = ask_all(library, asked, jobs, width=width, tell=tell)
    for one in cases:
        if one.probe.channel is not None:
            made.cases.setdefault((one.probe.disguise, one.seconds), []).append(one)
        elif one.probe.set == "tune-negative":
            made.tuning[one.seconds].append(one)
        else:
            made.testing[one.seconds].append(one)
    least = made.threshold(SHORT_S).score
    passed = [one.probe for one in made.testing[SHORT_S] if one.answer.score > least]
    for one in ask_all(
        library, asked, [(probe, SHORT_S, 1) for probe in passed], width=width, tell=tell
    ):
        made.second_halves[one.probe.id] = one
    return made


class Judge:
    """Tells whether a case is right."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._channels = {one.id: one for one in library.channels}
        self._sounds: dict[str, NDArray[np.float32]] = {}

    def right(self, case: Case) -> bool:
        """Tell whether rank 1 is the true place, or one that holds the same bytes."""
        error_s = case.error_s
        if error_s is not None and abs(error_s) <= RIGHT_S:
            return True
        said, said_s = case.answer.channel, case.answer.offset_s
        if said not in self._channels or said_s is None or case.probe.channel is None:
            return False
        assert case.probe.offset_s is not None
        seconds = case.seconds * case.probe.rate
        true = self._stretch(case.probe.channel, case.probe.offset_s, seconds)
        other = self._stretch(said, said_s - 0.5, seconds + 1)
        if len(other) < len(true):
            return False
        return _alike(true, other) >= _ALIKE

    def _stretch(self, channel: str, start_s: float, seconds: float) -> NDArray[np.float32]:
        if channel not in self._sounds:
            self._sounds[channel] = self._library.sound(self._channels[channel])
        first = max(0, round(start_s * RATE_HZ))
        return self._sounds[channel][first : first + round(seconds * RATE_HZ)]


def fitting(
    made: Outcome, judge: Judge, which: str, references: int
) -> Iterator[dict[str, object]]:
    """Yield what ``identify_scores.py --cases`` fits the likelihoods on, or tests them with.

    The dev set and the tuning negatives are fitted on, the test set and the other negatives
    tested with.
    """
    group, negatives = {"dev": ("fit", made.tuning), "test": ("test", made.testing)}[which]
    for one in (case for some in (*made.cases.values(), *negatives.values()) for case in some):
        if one.answer.reason is None:
            yield {
                "kind": "sound",
                "group": group,
                "truth": one.probe.channel is not None,
                "score": one.answer.score,
                "right": one.probe.channel is not None and judge.right(one),
                "probe_s": one.seconds,
                "disguise": one.probe.disguise,
                "references": references,
            }


def _alike(true: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the best normalised correlation of a stretch within a longer one."""
    size = 1 << (len(true) + len(other)).bit_length()
    met = np.fft.irfft(np.fft.rfft(other, size) * np.conj(np.fft.rfft(true, size)), size)
    places = len(other) - len(true) + 1
    energy = np.concatenate(([0.0], np.cumsum(other.astype(np.float64) ** 2)))
    here = energy[len(true) :] - energy[: -len(true)]
    whole = float((true.astype(np.float64) ** 2).sum())
    return float((met[:places] / np.sqrt(np.maximum(here * whole, 1e-9))).max())


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Return the Clopper-Pearson 95 % interval."""
    low = float(beta.ppf(0.025, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def false_accepts(made: Outcome) -> dict[str, tuple[int, int]]:
    """Count testing negatives above the thresholds: single probes, and confirmed by both halves."""
    counted: dict[str, tuple[int, int]] = {}
    for seconds, cases in made.testing.items():
        if not cases:
            return {}
        least = made.threshold(seconds).score
        hits = sum(one.answer.score > least for one in cases)
        counted[f"{seconds:g} s, single"] = hits, len(cases)
    least = made.threshold(SHORT_S).score
    confirmed = 0
    for one in made.testing[SHORT_S]:
        other = made.second_halves.get(one.probe.id)
        if one.answer.score <= least or other is None or other.answer.score <= least:
            continue
        same = one.answer.channel == other.answer.channel
        confirmed += same and abs(_apart(one, other)) <= AGREE_S
    counted["confirmed"] = confirmed, len(made.testing[SHORT_S])
    return counted


def _apart(one: Case, other: Case) -> float:
    """Return by how much two halves disagree on the offset, after any speed from 0.94 to 1.06."""
    if one.answer.offset_s is None or other.answer.offset_s is None:
        return float("inf")
    passed_s = other.answer.offset_s - one.answer.offset_s
    return passed_s - float(np.clip(passed_s, 0.94 * SHORT_S, 1.06 * SHORT_S))


def recalls(made: Outcome, judge: Judge) -> Iterator[tuple[str, float, int, int, list[float]]]:
    """Yield (disguise, seconds, hits, probes, offset errors of the right ones)."""
    for (disguise, seconds), cases in made.cases.items():
        least = made.threshold(seconds).score
        found = [one for one in cases if one.answer.score > least and judge.right(one)]
        errors = [abs(one.error_s) for one in found if one.error_s is not None]
        yield disguise, seconds, len(found), len(cases), [e for e in errors if e <= RIGHT_S]


def calibration(made: Outcome, judge: Judge) -> tuple[float, int, int, list[list[float]]]:
    """Return (expected calibration error, positives, negatives, rows of the ten bins).

    A case is a claim: the best-supported place and its probability. Claims on positives and on
    negatives weigh alike, since the probabilities state a base rate of one half.
    """
    cases = [one for some in made.cases.values() for one in some]
    cases += [one for some in made.testing.values() for one in some]
    told = [(one, system.probability(one.answer, one.seconds)) for one in cases]
    claims = [one for one, chance in told if chance is not None]
    said = np.array([chance for _, chance in told if chance is not None])
    true = np.array([one.probe.channel is not None and judge.right(one) for one in claims], float)
    positive = np.array([one.probe.channel is not None for one in claims])
    weight = np.where(positive, 1 / max(1, positive.sum()), 1 / max(1, (~positive).sum())) / 2
    bins = np.minimum((said * 10).astype(int), 9)
    rows, error = [], 0.0
    for number in range(10):
        here = bins == number
        mass = float(weight[here].sum())
        if mass:
            mean = float((said * weight)[here].sum() / mass)
            share = float((true * weight)[here].sum() / mass)
            error += mass * abs(mean - share)
            rows.append([number / 10, int(here.sum()), mean, share])
    return error, int(positive.sum()), int((~positive).sum()), rows
