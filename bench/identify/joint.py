"""The joint trial: programmes with sound and pictures at once, asked of both senses.

Sound and pictures are each bounded by a trial of their own. What both may claim together is bounded
by how often programmes of *other* content are matched by both, in one reference at one place. The
kinds of programmes:

``other``
    sound and pictures in no reference.
``look-alike``
    another match by the lab, pictures and sound of the same seconds: whatever makes the one sense
    err in it can make the other one err, too.
``same sound``
    a reference's sound under other pictures. The content is half the same, so this says nothing of
    other content: it counts how often pictures err *given* that the sound is right.
``same pictures``
    a reference's pictures under other sound: the same for the sound.
``same``
    disguised stretches of the references.

Within a kind each ten seconds of other sound are used once, so that no two programmes share any;
pictures are few, and are used again, cropped, framed and lit anew. A match by both needs one by
sound: where no sound speaks, pictures are searched only in the first so many of a kind, for how
scores of both senses depend on each other.

    python bench/identify/joint.py [--negatives 6000] [--jobs 2]

Answers are kept in the cache by the code that gave them; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache as once
from hashlib import sha256
from multiprocessing import get_context
from typing import Any

import footage
import media
import numpy as np
import probes
import senses
import system
import unseen
import video
from audio import RIGHT_S
from media import RATE_HZ, Sound
from numpy.typing import NDArray

KINDS = ("same", "other", "look-alike", "same sound", "same pictures")
LENGTHS = (10.0, 5.0)
SIZES = {"same": 250, "look-alike": 560, "same sound": 200, "same pictures": 1000}
"""Programmes asked about; of ``other`` as many as are told."""
SEARCHED = 60
"""The first so many of a kind have their pictures searched whatever the sound says, at 10 s."""
_FIRST = 20
_STRETCH_S = 10.6
DRAWN = 1
"""To be raised when programmes are drawn in another way: kept answers are of those drawn before."""
SEEDS = {kind: 70 + number for number, kind in enumerate(KINDS)}
MATCH_S = 150.0
PROGRAMMES = 12
"""With sound of the library; those of matches have their own."""
_LAB_PITCH, _ALIKE = 9001, 40
"""First seed of the sound of matches, and how many look-alikes there are."""
_SPEEDS = (1.0, 1.0, 1.0, 1.02, 0.97, 1.04)
_LEVELS_DB = {
    "clean": None, "gain": None, "talk6": 6.0, "talk0": 0.0, "crowd0": 0.0, "hiss10": 10.0,
    "hiss0": 0.0,
}  # fmt: skip
"""Disguises of sound, and how many dB what is laid over lies under the programme."""


@dataclass(frozen=True, slots=True)
class Programme:
    """A reference with sound and pictures, both from its start on."""

    id: str
    film: system.Film
    sound: Sound


@dataclass(frozen=True, slots=True)
class Question:
    """A programme to be named, by kind and number."""

    kind: str
    number: int
    seconds: float

    @property
    def name(self) -> str:
        """How its kept answer is called."""
        return f"{self.kind}/{self.number}/{self.seconds:g}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a question shows, and its truth; a part that is of no reference has no place."""

    sound: Sound
    film: system.Film
    sound_of: str | None = None
    film_of: str | None = None
    start_s: float = 0.0
    speed: float = 1.0
    disguise: str = "clean"


def programmes(library: media.Library) -> list[Programme]:
    """Return twenty references: films with music or talk, and matches with their own sound."""
    channels = [one for one in library.channels if one.set == "test"][:PROGRAMMES]
    there = {**video.films()}
    films = [(name, there[name]) for name in footage.REFERENCES if name in there]
    films += [(f"{name} backwards", footage.backwards(there[name], pace))
              for name, pace in footage.REVERSED if name in there]  # fmt: skip
    made = [
        Programme(name, film, library.sound(channel))
        for (name, film), channel in zip(films, channels, strict=False)
    ]
    for number, (name, film) in enumerate(footage.lab_films("reference").items()):
        made.append(Programme(name, film, unseen.match_sound(_LAB_PITCH + number, MATCH_S)))
    return made


@once
def _material() -> tuple[media.Library, list[Programme], list[tuple[media.Source, float]]]:
    library = media.library(lambda _: None)
    return library, programmes(library), _stretches(library)


def _stretches(library: media.Library) -> list[tuple[media.Source, float]]:
    """Return ten seconds of other sound after ten others, none twice, in a drawn order."""
    rng = np.random.default_rng(71)
    heard = {
        piece.source
        for channel in [one for one in library.channels if one.set == "test"][:PROGRAMMES]
        for piece in channel.pieces
    }
    sources = [
        *library.role("test-negative"), *unseen.sources("negative"), *unseen.sources("other"),
        *(one for role in ("reference", "dev-reference") for one in library.role(role)
          if one.id not in heard and one.kind != "lab"),
    ]  # fmt: skip
    every = [
        (source, float(start_s))
        for source in sorted(sources, key=lambda source: source.id)
        for start_s in np.arange(rng.uniform(0, 0.6), source.seconds - _STRETCH_S, _STRETCH_S)
    ]
    return [every[k] for k in rng.permutation(len(every))]


def distinct() -> int:
    """Return how many stretches of other sound there are."""
    return len(_material()[2])


def shown(question: Question) -> Shown:
    """Make what a question shows."""
    library, held, stretches = _material()
    rng = np.random.default_rng([SEEDS[question.kind], question.number])
    speed = float(rng.choice(_SPEEDS))
    kind = question.kind
    mine = held[int(rng.integers(len(held)))]
    room_s = mine.film.seconds - 10.0 * speed - 0.3
    start_s = round(float(rng.uniform(0, max(0.0, room_s))), 2)
    if kind == "look-alike":
        stretch, seed = divmod(question.number, _ALIKE)
        start_s = round(stretch * _STRETCH_S, 2)
        pictures = footage.lab_film(footage.LOOK_ALIKES["testing look-alike"] + seed % 20)
        film = _cut(pictures, start_s, speed)
        sound = _paced(unseen.match_sound(_LAB_PITCH + 100 + seed, MATCH_S), start_s, speed)
    else:
        if kind in {"same", "same pictures"}:
            film = _cut(mine.film, start_s, speed)
        else:
            role = "testing look-alike" if question.number % 3 == 0 else "testing"
            film = video.reel(role).window(rng, 10.0)
        if kind in {"same", "same sound"}:
            sound = _paced(mine.sound, start_s, speed)
        else:
            # Those of another kind begin further on in the drawn order.
            first = 0 if kind == "other" else len(stretches) // 2
            source, from_s = stretches[(first + question.number) % len(stretches)]
            sound = _paced(source.sound(from_s, 10.5), 0.0, speed)
    disguise = str(rng.choice(list(_LEVELS_DB)))
    heard = _disguised(library, sound, disguise, rng)
    if kind in {"same", "same pictures", "look-alike"}:
        behind = footage.lab_film(footage.LOOK_ALIKES["testing look-alike"]).luma
        film = system.Film(luma=footage.disguised(film.luma, behind, rng), times=film.times)
    return Shown(
        sound=heard[: round(question.seconds * RATE_HZ)],
        film=film.cut(0.0, question.seconds),
        sound_of=mine.id if kind in {"same", "same sound"} else None,
        film_of=mine.id if kind in {"same", "same pictures"} else None,
        start_s=start_s, speed=speed, disguise=disguise,
    )  # fmt: skip


def _cut(film: system.Film, start_s: float, speed: float) -> system.Film:
    cut = film.cut(start_s, 10.0 * speed + 0.1)
    return system.Film(luma=cut.luma, times=cut.times / speed)


def _paced(sound: Sound, start_s: float, speed: float) -> Sound:
    first = round(start_s * RATE_HZ)
    whole = sound[first : first + round(10.5 * speed * RATE_HZ)]
    at = np.arange(min(10 * RATE_HZ, int((len(whole) - 1) / speed))) * speed
    return np.interp(at, np.arange(len(whole)), whole).astype(np.float32)


def _disguised(
    library: media.Library, sound: Sound, disguise: str, rng: np.random.Generator
) -> Sound:
    level_db = _LEVELS_DB[disguise]
    if level_db is None:
        gain = 10 ** (float(rng.uniform(-8, 3)) / 20) if disguise == "gain" else 1.0
        return np.clip(sound * np.float32(gain), -1, 1)
    if disguise.startswith("hiss"):
        over = rng.standard_normal(len(sound)).astype(np.float32)
    else:
        role = "foreground-test" if disguise.startswith("talk") else "recorded-crowd-test"
        laid = library.role(role) or library.role("foreground-test")
        source = laid[int(rng.integers(len(laid)))]
        over = source.sound(float(rng.uniform(0, source.seconds - 11)), 10.0)[: len(sound)]
    mixed: NDArray[np.float32] = probes.disguises().mix(sound[: len(over)], over, level_db)
    return np.asarray(mixed, np.float32)


_held: system.References | None = None
"""What forked workers inherit."""


def _ask(question: Question) -> dict[str, Any]:
    assert _held is not None
    one = shown(question)
    return {
        **senses.both(_held, one.sound, one.film, whole=_whole(question)),
        "truth": [one.sound_of, one.film_of, one.start_s, one.speed],
        "disguise": one.disguise,
    }


def _whole(question: Question) -> bool:
    """Tell whether its pictures are searched whatever the sound says."""
    few = question.number < SEARCHED and question.kind != "same sound"
    return few and question.seconds == LENGTHS[0]


def _turn(question: Question) -> tuple[bool, bool, bool, int]:
    """Return when a question is asked: some of each, then what costs least."""
    dear = question.kind in {"same", "same sound"}
    late = question.number >= _FIRST and (_whole(question) or dear)
    return question.seconds != LENGTHS[0], question.number >= _FIRST, late, question.number // 100


def _key() -> str:
    code = sha256(system.search_code() + repr((DRAWN, _SPEEDS, _LEVELS_DB, distinct())).encode())
    for one in video.SEARCHING:
        code.update(system.source(one))
    return code.hexdigest()[:12]


def answers(
    questions: Sequence[Question], width: int, *, only_known: bool = False
) -> dict[Question, dict[str, Any]]:
    """Ask all, and keep each answer as it is there."""
    global _held  # noqa: PLW0603 - read by forked workers
    kept = media.cache() / "joint" / f"{_key()}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, dict[str, Any]] = {}
    if kept.exists():
        known = dict(json.loads(line) for line in kept.read_text().splitlines())
    missing = sorted((one for one in questions if one.name not in known), key=_turn)
    print(f"{len(questions) - len(missing)} of {len(questions)} answers are known", flush=True)
    if missing and not only_known:
        _, held, _ = _material()
        _held = senses.programmes((one.id, one.sound, one.film) for one in held)
        context = get_context("fork")
        with ProcessPoolExecutor(width, mp_context=context) as pool, kept.open("a") as out:
            for number, (one, answer) in enumerate(
                zip(missing, pool.map(_ask, missing, chunksize=8), strict=True)
            ):
                known[one.name] = answer
                out.write(json.dumps([one.name, answer]) + "\n")
                out.flush()
                if number % 200 == 0:
                    print(f"{number} of {len(missing)}", flush=True)
    return {one: known[one.name] for one in questions if one.name in known}


def cases(negatives: int, width: int, *, only_known: bool = False) -> list[dict[str, object]]:
    """Return what ``scores.py --cases`` bounds the joint ratio with."""
    sizes = {**SIZES, "other": min(negatives, distinct())}
    if sizes["other"] < negatives:
        print(f"only {sizes['other']:,} stretches of other sound are there")
    questions = [
        Question(kind, number, seconds)
        for kind in KINDS for number in range(sizes[kind])
        for seconds in LENGTHS
    ]  # fmt: skip
    return [
        {
            "kind": "joint", "group": "test", "truth": one.kind == "same", "probe_s": one.seconds,
            "disguise": one.kind, "references": answer["searched"],
            **_judged(answer, senses.weighed(answer, one.seconds)),
        }
        for one, answer in answers(questions, width, only_known=only_known).items()
    ]  # fmt: skip


def _judged(answer: dict[str, Any], made: senses.Weighed) -> dict[str, object]:
    sound_of, film_of, start_s, _ = answer["truth"]
    near = made.offset_s is not None and abs(made.offset_s - start_s) <= RIGHT_S
    return {
        "right": near and made.reference in {sound_of, film_of} - {None}, "score": made.support,
        "together": made.together, "sound": made.sound, "pictures": made.pictures,
        "laid_over": answer["disguise"],
    }  # fmt: skip


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--negatives", type=int, default=6000, help="programmes of other content")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--known", action="store_true", help="ask nothing, count what is answered")
    asked = ask.parse_args()
    told = media.cache() / "cases-joint.jsonl"
    made = cases(asked.negatives, asked.jobs, only_known=asked.known)
    told.write_text("".join(json.dumps(case) + "\n" for case in made), encoding="utf-8")
    print(f"{told}: for scores.py --cases")


if __name__ == "__main__":
    main()
