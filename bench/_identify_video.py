"""The video rows of ``identify.py``: the table's twelve disguises of real footage.

Each group has its own probes: those of ``fit`` are for the likelihoods, those of ``test`` are
counted. Footage and its roles: ``_identify_footage.py``.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache as once
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import _identify_footage as footage
import _identify_system as system
import cautery
from _identify_audio import AGREE_S, RIGHT_S, interval
from _identify_media import cache
from _identify_probes import PROBE_S, SHORT_S, disguises

if TYPE_CHECKING:
    from identify import Run

GOALS = {PROBE_S: 0.97, SHORT_S: 0.90}
SEEDS = {"fit": 6, "test": 5}
NEGATIVE_SEEDS = {"tuning": 11, "testing": 12}
INSET = "pip70"
THINNED_S = 0.081
"""Between the kept pictures of a film of 12.5 a second or more: not all of its pictures are."""
SLOW = "tree.avi"
"""2.3 pictures a second, as no broadcast has; recall is shown with and without it."""
FIT_SHARE = 3
"""Of as many probes as are counted, one in so many is drawn to fit on."""


_SEARCHING = (
    "fingerprint/recipe.py", "fingerprint/video.py", "fingerprint/sliding.py",
    "fingerprint/placement.py", "fingerprint/detail.py", "fingerprint/_video_kernels.py",
    "identify/_shown.py", "identify/_seeing.py", "identify/picture.py",
)  # fmt: skip
"""What pictures are searched by; answers of other code are asked for anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A disguised stretch of a film."""

    group: str
    disguise: str
    number: int
    source: str
    start_s: float

    @property
    def path(self) -> Path:
        """Where its small pictures are kept."""
        # Named by what it is of: where a film stands still is the code's word, so draws change.
        name = f"{self.number:04d}-{self.source}-{self.start_s:.2f}.npz"
        return cache() / "video" / self.group / self.disguise / name


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: a probe, or the window of a negatives' reel with this number; and how long.

    ``part`` numbers the windows of that length within it.
    """

    of: Probe | tuple[str, int]
    seconds: float
    part: int = 0

    @property
    def name(self) -> str:
        """How the kept answer is called."""
        one = self.of
        which = (
            f"{one.group}/{one.disguise}/{one.path.stem}" if isinstance(one, Probe)
            else f"{one[0]}/{one[1]}"
        )  # fmt: skip
        return f"{which}/{self.seconds:g}/{self.part}"


@once
def films() -> dict[str, system.Film]:
    """Return the real films that are there."""
    return {name: footage.film(path) for name, path in footage.found().items()}


@once
def reel(role: str) -> footage.Reel:
    """Return the films of a side of the negatives."""
    names = {"tuning": footage.TUNING, "testing": footage.TESTING}[role]
    real = [films()[one] for one in names if one in films()]
    return footage.Reel(real, list(footage.lab_films(role).values()))


def planned(group: str, count: int) -> list[Probe]:
    """Draw the probes of every disguise, over the references by their length.

    Where a film stands still there is nothing to find, so probes begin elsewhere.
    """
    names = [one for one in footage.REFERENCES if one in films()]
    room = np.array([max(0.2, films()[one].seconds - PROBE_S - 0.3) for one in names])
    probes = []
    for number in range(count):
        for disguise in disguises().VIDEO:
            rng = np.random.default_rng([SEEDS[group], zlib.crc32(disguise.encode()), number])
            while True:
                which = int(rng.choice(len(names), p=room / room.sum()))
                start_s = round(float(rng.uniform(0, room[which])), 2)
                if not films()[names[which]].cut(start_s, SHORT_S).still:
                    break
            probes.append(
                Probe(
                    group=group, disguise=disguise, number=number, source=names[which],
                    start_s=start_s,
                )
            )  # fmt: skip
    return probes


def began_s(probe: Probe) -> float:
    """Return where in its film a probe's first picture lies.

    A cut begins with the next picture, up to 0.7 s after the stated start in a film of 2.3 pictures
    a second; but not where pictures of another film lie around it from the start.
    """
    times = films()[probe.source].times
    if probe.disguise == INSET or np.median(np.diff(times)) < THINNED_S:
        return probe.start_s
    return float(times[min(np.searchsorted(times, probe.start_s - 1e-3), len(times) - 1)])


def make(probe: Probe) -> None:
    """Disguise a stretch and keep its small pictures."""
    if probe.path.exists():
        return
    found = footage.found()
    with tempfile.TemporaryDirectory(prefix="identify-") as folder:
        out = f"{folder}/probe.mp4"
        disguises().video_probe(
            str(found[probe.source]), probe.start_s, PROBE_S, probe.disguise, out,
            bg=str(found[footage.BACKGROUND]),
        )  # fmt: skip
        system.film(Path(out).read_bytes()).save(probe.path)


def window(role: str, number: int) -> system.Film:
    """Draw a window of other content, as long as the longest question."""
    rng = np.random.default_rng([NEGATIVE_SEEDS[role], number])
    return reel(role).window(rng, PROBE_S)


def held() -> system.References:
    """Return what is searched: real references first, then made ones."""
    there = films()
    real = [(name, there[name]) for name in footage.REFERENCES if name in there]
    turned = [(f"{name} backwards", footage.backwards(there[name], pace))
              for name, pace in footage.REVERSED if name in there]  # fmt: skip
    return system.filmed([*real, *turned, *footage.lab_films("reference").items()])


_searched: system.References | None = None
"""What forked workers inherit."""


def _ask(question: Question) -> system.Answer:
    one = question.of
    shown = system.Film.load(one.path) if isinstance(one, Probe) else window(*one)
    assert _searched is not None
    return system.watch(
        _searched, shown.cut(question.part * question.seconds, question.seconds)
    )  # fmt: skip


def answers(
    questions: Sequence[Question], *, width: int, tell: Callable[[int], None]
) -> dict[Question, system.Answer]:
    """Ask all; answers are kept by the code that searches and what is searched, so that a stopped
    run goes on.
    """
    global _searched  # noqa: PLW0603 - read by forked workers
    key = sha256(Path(footage.__file__).read_bytes())
    for one in _SEARCHING:
        key.update((Path(cautery.__file__).parent / one).read_bytes())
    key.update(" ".join(sorted(films())).encode())
    kept = cache() / "video" / "answers" / f"{key.hexdigest()[:12]}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, system.Answer] = {}
    if kept.exists():
        for line in kept.read_text().splitlines():
            name, answer = json.loads(line)
            known[name] = system.Answer(**{**answer, "methods": tuple(answer["methods"])})
    missing = [one for one in questions if one.name not in known]
    tell(len(questions) - len(missing))
    if missing:
        _searched = held()
        for role in NEGATIVE_SEEDS:  # made once, before the workers share them
            reel(role)
        context = get_context("fork")
        with ProcessPoolExecutor(width, mp_context=context) as pool, kept.open("a") as out:
            for one, answer in zip(missing, pool.map(_ask, missing, chunksize=8), strict=True):
                known[one.name] = answer
                out.write(json.dumps([one.name, answer.told()]) + "\n")
                tell(1)
    return {one: known[one.name] for one in questions}


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

    def least(self, seconds: float) -> tuple[float, float]:
        """Return (threshold, highest tuning negative).

        The margin over the highest is ln 4 mean excesses of the upper hundredth, as for sound.
        """
        scores = np.sort([self.answers[one].score for one in self.negatives("tuning", seconds)])
        upper = scores[-max(10, len(scores) // 100) :]
        return float(scores[-1] + np.log(4) * (upper.mean() - upper[0])), float(scores[-1])

    def confirmed(self, one: Question, least: float) -> bool:
        """Tell whether the second window of a short negative agrees with the first."""
        first = self.answers[one]
        second = self.answers[Question(of=one.of, seconds=one.seconds, part=1)]
        if min(first.score, second.score) <= least or first.channel != second.channel:
            return False
        assert first.offset_s is not None
        assert second.offset_s is not None
        return abs(second.offset_s - first.offset_s - one.seconds) <= AGREE_S

    def cases(self, references: int) -> Iterator[dict[str, object]]:
        """Yield what ``identify_scores.py --cases`` fits the likelihoods on and tests them with."""
        groups = {"tuning": "fit", "testing": "test"}
        for one, answer in self.answers.items():
            if one.part or (answer.reason is not None and "match none" not in answer.reason):
                continue
            probe = one.of if isinstance(one.of, Probe) else None
            yield {
                "kind": "picture",
                "group": probe.group if probe else groups[one.of[0]],  # type: ignore[index]
                "truth": probe is not None,
                "score": answer.score,
                "right": self.right(one),
                "probe_s": one.seconds,
                "disguise": probe.disguise if probe else "other",
                "references": references,
            }


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
    for role in ("tuning", "testing"):
        for number in range(negatives):
            questions += [Question(of=(role, number), seconds=seconds) for seconds in lengths]
    questions += [Question(of=("testing", number), seconds=SHORT_S, part=1)
                  for number in range(negatives)]  # fmt: skip
    progress, tell = run.bar("video answers", len(questions))
    with progress:
        made = Asked(answers(questions, width=run.asked.jobs, tell=tell))
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
            f"{len(footage.lab_films('testing'))} others to test it; windows overlap."
        ),
        *([f"Left out: {', '.join(missing)}."] if missing else []),
        "",
        *_table(made, run.note),
    ]


def _table(made: Asked, note: Callable[[str, object], None]) -> list[str]:
    least = {seconds: made.least(seconds) for seconds in GOALS}
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
                    if made.right(one) and made.answers[one].score > least[seconds][0]]  # fmt: skip
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
        score, highest = least[seconds]
        testing = made.negatives("testing", seconds)
        false = [one for one in testing if made.answers[one].score > score]
        low, high = interval(len(false), len(testing))
        lines.append(
            f"- {seconds:g} s: threshold {score:.3g}, highest of "
            f"{len(made.negatives('tuning', seconds)):,} tuning windows {highest:.3g}; false "
            f"accepts {len(false)} of {len(testing):,} others (95 %: {low:.5f} to {high:.5f})."
        )
        note(f"video.false.{seconds:g}", [len(false), len(testing)])
        if seconds == SHORT_S:
            both = sum(made.confirmed(one, score) for one in false)
            lines.append(f"- Confirmed by a second window: {both}.")
            note("video.false.confirmed", [both, len(testing)])
    costs = [1000 * one.cpu_s for one in made.answers.values()]
    middle = f"{1000 * np.median(errors):.0f} ms" if errors else "-"
    lines.append(f"- Offset error at 10 s: median {middle}; CPU a probe: median "
                 f"{np.median(costs):.0f} ms.")  # fmt: skip
    return lines
