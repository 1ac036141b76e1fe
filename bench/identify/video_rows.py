"""The video rows of ``identify.py``: recall by disguise, and what other content would be named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

import footage
import numpy as np
import system
from audio import AGREE_S, RIGHT_S, interval
from fit import LOOK_ALIKE
from media import cache
from probes import PROBE_S, SHORT_S, disguises
from video import (
    NEGATIVE_SEEDS,
    Probe,
    Question,
    answers,
    began_s,
    films,
    make,
    planned,
)

from cautery.identify.likelihood import tail
from cautery.model.verdict import NoMatch

if TYPE_CHECKING:
    from settings import Run

GOALS = {PROBE_S: 0.97, SHORT_S: 0.90}
SLOW = "tree.avi"
"""2.3 pictures a second, as no broadcast has; recall is shown with and without it."""
FIT_SHARE = 3
"""Of as many probes as are counted, one in so many is drawn to fit on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """All questions and answers of a run."""

    answers: dict[Question, system.Answer]

    def error_s(self, one: Question) -> float | None:
        """Return how far a probe's answer lies from the truth, ``None`` if another film's."""
        answer = self.answers[one]
        if not isinstance(one.of, Probe) or answer.offset_s is None:
            return None
        if answer.channel != one.of.source:
            return None
        return answer.offset_s - began_s(one.of)

    def right(self, one: Question) -> bool:
        """Tell whether an answer names the film and the place."""
        error_s = self.error_s(one)
        return error_s is not None and abs(error_s) <= RIGHT_S

    def negatives(self, role: str, seconds: float) -> list[Question]:
        """Return the windows of other content of a side and length."""
        return [one for one in self.answers
                if not isinstance(one.of, Probe) and one.of[0] == role
                and one.seconds == seconds and not one.part]  # fmt: skip

    def probes(self, group: str, disguise: str, seconds: float) -> list[Question]:
        """Return the probes of a cell."""
        return [one for one in self.answers
                if isinstance(one.of, Probe) and one.of.group == group
                and one.of.disguise == disguise and one.seconds == seconds]  # fmt: skip

    def false(self, role: str, seconds: float) -> list[Question]:
        """Return the windows of other content that would be named."""
        least = tail("picture", seconds).least
        return [one for one in self.negatives(role, seconds) if self.answers[one].score >= least]

    def confirmed(self, one: Question) -> bool:
        """Tell whether the second window of a short negative agrees with the first."""
        first, second = self.answers[one], self.answers[_second(one)]
        least = tail("picture", one.seconds).least
        if min(first.score, second.score) < least or first.channel != second.channel:
            return False
        assert first.offset_s is not None
        assert second.offset_s is not None
        return abs(second.offset_s - first.offset_s - one.seconds) <= AGREE_S

    def cases(self, references: int) -> Iterator[dict[str, object]]:
        """Yield what ``identify_scores.py --cases`` fits the likelihoods on and tests them with."""
        groups = {role: "fit" if role.startswith("tuning") else "test" for role in NEGATIVE_SEEDS}
        for one, answer in self.answers.items():
            if one.part or answer.reason not in (None, NoMatch.NONE):
                continue
            probe = one.of if isinstance(one.of, Probe) else None
            yield {
                "kind": "picture",
                "group": probe.group if probe else groups[one.of[0]],  # type: ignore[index]
                "truth": probe is not None,
                "score": answer.score,
                "right": self.right(one),
                "probe_s": one.seconds,
                "disguise": probe.disguise if probe else _kind(one.of[0]),  # type: ignore[index]
                "references": references,
            }


def _second(one: Question) -> Question:
    return Question(of=one.of, seconds=one.seconds, part=1)


def _kind(role: str) -> str:
    """Say what a side's windows of other content are."""
    return LOOK_ALIKE if role in footage.LOOK_ALIKES else "other"


def rows(run: Run) -> list[str]:
    """Measure recall and false accepts of pictures."""
    there = films()
    wanted = (*footage.REFERENCES, *footage.TUNING, *footage.TESTING)
    missing = [one for one in wanted if one not in there]
    if footage.BACKGROUND in missing or footage.STATIC_SHOT in missing:
        return [f"Not measured: no {', '.join(missing)} (see _identify_footage.py)."]
    count, negatives = run.sizes["video"], run.sizes["negatives"]
    probes = planned("test", count) + planned("fit", max(9, count // FIT_SHARE))
    progress, tell = run.bar("video disguises", len(probes))
    with progress, ProcessPoolExecutor(run.asked.jobs, mp_context=get_context("fork")) as pool:
        for _ in pool.map(make, probes):
            tell(1)
    lengths = (PROBE_S, SHORT_S)
    questions = [Question(of=one, seconds=seconds) for one in probes for seconds in lengths]
    for role in NEGATIVE_SEEDS:
        windows = run.sizes["look_alikes"] if role in footage.LOOK_ALIKES else negatives
        for number in range(windows):
            questions += [Question(of=(role, number), seconds=seconds) for seconds in lengths]
    progress, tell = run.bar("video answers", len(questions))
    with progress:
        made = Asked(answers(questions, width=run.asked.jobs, tell=tell))
        passed = [one for role in NEGATIVE_SEEDS for one in made.false(role, SHORT_S)]
        halves = [_second(one) for one in passed]
        made.answers.update(answers(halves, width=run.asked.jobs, tell=lambda _: None))
    references = len([one for one in footage.REFERENCES if one in there])
    total = references + len(footage.REVERSED) + len(footage.lab_films("reference"))
    with (cache() / "cases-video.jsonl").open("w", encoding="utf-8") as out:
        for case in made.cases(total):
            out.write(json.dumps(case) + "\n")
    return [
        (
            f"Pictures: {count} probes a disguise of {references} real films "
            f"({sum(there[one].seconds for one in footage.REFERENCES if one in there):.0f} s); no "
            f"sound. Searched: those, {len(footage.REVERSED)} of them backwards, and "
            f"{len(footage.lab_films('reference'))} matches of the lab. Other content: windows of "
            f"{len([one for one in footage.TUNING if one in there])} real films and "
            f"{len(footage.lab_films('tuning'))} of the lab to set the threshold, of "
            f"{len([one for one in footage.TESTING if one in there])} and "
            f"{len(footage.lab_films('testing'))} others to test it; windows overlap. Look-alikes: "
            f"windows of {len(footage.lab_films('tuning look-alike'))} further matches by the "
            f"lab's painter and of {len(footage.lab_films('testing look-alike'))} others."
        ),
        *([f"Left out: {', '.join(missing)}."] if missing else []),
        "",
        *_table(made, run.note),
    ]


def _table(made: Asked, note: Callable[[str, object], None]) -> list[str]:
    lines = [
        (
            f"| disguise | 10 s (goal {GOALS[PROBE_S]:.2f}) | 5 s (goal {GOALS[SHORT_S]:.2f}) | "
            f"{footage.STATIC_SHOT} alone, 10 s (goal 0.90) | without {SLOW}, 10 s | 5 s |"
        ),
        "| --- | --- | --- | --- | --- | --- |",
    ]
    columns = (
        (PROBE_S, None, None), (SHORT_S, None, None), (PROBE_S, footage.STATIC_SHOT, None),
        (PROBE_S, None, SLOW), (SHORT_S, None, SLOW),
    )  # fmt: skip
    errors: list[float] = []
    for disguise in disguises().VIDEO:
        cells = []
        for seconds, of, but in columns:
            asked = [
                one
                for one in made.probes("test", disguise, seconds)
                if isinstance(one.of, Probe)
                and of in {None, one.of.source}
                and but != one.of.source
            ]
            hits = [one for one in asked
                    if made.right(one)
                    and made.answers[one].score >= tail("picture", seconds).least]  # fmt: skip
            if seconds == PROBE_S and of is None and but is None:
                errors += [abs(made.error_s(one) or 0.0) for one in hits]
            low, high = interval(len(hits), len(asked)) if asked else (0.0, 1.0)
            share = len(hits) / len(asked) if asked else float("nan")
            cells.append(f"{share:.2f} ({low:.2f}-{high:.2f}, N={len(asked)})")
            which = of or (f"without {but}" if but else "all")
            note(f"video.{disguise}.{seconds:g}.{which}", [len(hits), len(asked)])
        lines.append(f"| {disguise} | {' | '.join(cells)} |")
    lines.append("")
    for seconds in GOALS:
        lines.append(
            f"- {seconds:g} s: threshold {tail('picture', seconds).least:.3g}, fitted "
            "(identify_scores.py)."
        )
        lines += [f"  - {_false(made, role, seconds, note)}." for role in NEGATIVE_SEEDS]
    costs = [1000 * one.cpu_s for one in made.answers.values()]
    middle = f"{1000 * np.median(errors):.0f} ms" if errors else "-"
    lines.append(f"- Offset error at 10 s: median {middle}; CPU a probe: median "
                 f"{np.median(costs):.0f} ms.")  # fmt: skip
    return lines


def _false(made: Asked, role: str, seconds: float, note: Callable[[str, object], None]) -> str:
    """Count a side's windows of other content that would be named, and be confirmed."""
    windows, false = made.negatives(role, seconds), made.false(role, seconds)
    bound = interval(len(false), len(windows))[1]
    highest = max(made.answers[one].score for one in windows)
    note(f"video.false.{role}.{seconds:g}", [len(false), len(windows)])
    said = (
        f"{role}: {len(false)} false of {len(windows):,} (95 %: at most {bound:.4f}), the highest "
        f"{highest:.3g}"
    )
    if seconds == SHORT_S:
        both = sum(map(made.confirmed, false))
        note(f"video.false.{role}.confirmed", [both, len(windows)])
        said += f"; confirmed by a second window: {both}"
    return said
