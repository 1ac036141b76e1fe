"""Probes of the video rows of ``identify.py``, disguised by the table's twelve, and their answers.

Each group has its own probes: those of ``fit`` are for the likelihoods, those of ``test`` are
counted. Footage and its roles: ``_identify_footage.py``.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache as once
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import footage
import numpy as np
import system
from media import cache
from probes import PROBE_S, SHORT_S, disguises

import cautery

SEEDS = {"fit": 6, "test": 5}
NEGATIVE_SEEDS = {"tuning look-alike": 13, "testing look-alike": 15, "tuning": 11, "testing": 12}
INSET = "pip70"
THINNED_S = 0.081
"""Between the kept pictures of a film of 12.5 a second or more: not all of its pictures are."""


SEARCHING = (
    "fingerprint/recipe.py", "fingerprint/video.py", "fingerprint/sliding.py",
    "fingerprint/placement.py", "fingerprint/_video_kernels.py",
    "identify/_shown.py", "identify/_seeing.py", "identify/_looking.py",
    "identify/_scored.py", "identify/picture.py",
    "identify/_judging.py", "identify/_views.py", "fingerprint/regions.py",
    "fingerprint/_region_kernels.py", "fingerprint/steady.py", "fingerprint/_steady_kernels.py",
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
    """Return the films of a side of the negatives, or of its look-alikes."""
    painted = list(footage.lab_films(role).values())
    if role in footage.LOOK_ALIKES:
        return footage.Reel([], painted)
    names = {"tuning": footage.TUNING, "testing": footage.TESTING}[role]
    real = [films()[one] for one in names if one in films()]
    return footage.Reel(real, painted)


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
    for one in SEARCHING:
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
