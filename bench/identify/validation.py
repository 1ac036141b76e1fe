"""A validation report of the likelihood ratios, on media and disguises that nothing was tuned on.

After Meuwly, Ramos and Haraksim, "A guideline for the validation of likelihood ratio methods used
for forensic evidence evaluation", Forensic Science International 276, 2017: accuracy,
discriminating power and calibration; robustness by disguise, coherence by length and by sense,
generalisation to other media. It asks what was not asked yet (``unseen.py`` names the packages to
fetch, ``joint.py`` asks the joint trial), and writes ``docs/reference/validation.md`` with its
plots.

    python bench/identify/validation.py [--quick] [--jobs 2] [--channels 2500] [--write]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import footage
import index
import joint
import media
import numpy as np
import senses
import system
import unseen
import validation_page
import video
from media import Source
from unseen import PICTURES, SOUND, Probe, Work

LENGTHS = (10.0, 5.0)
FULL = {"each": 12, "negatives": 250, "joint": 8000, "channels": index.CHANNELS}
"""Probes of each kind of content and disguise, windows of other content of each kind, ..."""
QUICK = {"each": 3, "negatives": 60, "joint": 400, "channels": 630}
_FOREIGN = "foreground-test"
_PICTURED = 22
"""References whose pictures are searched, at least: an event's twenty feeds, and some."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A probe and how many of its seconds."""

    probe: Probe
    seconds: float

    @property
    def name(self) -> str:
        """How its kept answer is called."""
        return f"{self.probe.key}/{self.seconds:g}"


def planned(
    works: Sequence[Work], contents: Sequence[str], each: int, negatives: int
) -> list[tuple[Probe, Path]]:
    """Draw the probes of the works, and of other content of each kind."""
    made: list[tuple[Probe, Path]] = []
    seen = list(PICTURES)
    for content in contents:
        at = unseen.CONTENT.index(content)
        mine = [one for one in works if one.content == content]
        others = unseen.others(content)
        for k, heard in enumerate(SOUND):
            for number in range(each):
                rng = np.random.default_rng([81, at, k, number])
                one = mine[int(rng.choice(len(mine), p=_weights([w.seconds for w in mine])))]
                start_s = float(rng.uniform(0, max(0.0, one.seconds - 10.9)))
                shown = seen[(k * each + number) % len(seen)]
                name = f"{content}-{k:02d}-{number:03d}"
                probe = Probe(
                    name=name, content=content, heard=heard, seen=shown, of=one.id,
                    start_s=round(start_s, 2),
                )  # fmt: skip
                made.append((probe, one.path))
        for number in range(negatives):
            rng = np.random.default_rng([82, at, number])
            path, seconds = others[int(rng.choice(len(others), p=_weights([s for _, s in others])))]
            heard, shown = (str(rng.choice(list(one))) for one in (SOUND, seen))
            start_s = float(rng.uniform(0, max(0.0, seconds - 10.9)))
            name = f"other-{content}-{number:03d}"
            probe = Probe(
                name=name, content=content, heard=heard, seen=shown, of=None,
                start_s=round(start_s, 2),
            )  # fmt: skip
            if not any(unseen.alike(path.stem, work.id) for work in works):
                made.append((probe, path))
    return made


def _weights(seconds: Sequence[float]) -> np.ndarray:
    room = np.maximum(0.1, np.array(seconds) - 10.9)
    return room / room.sum()


_shared: tuple[system.References, system.References] | None = None
"""What forked workers inherit: all references by their sound, and some by their pictures."""


def _make(job: tuple[Probe, Path, Source]) -> None:
    probe, path, over = job
    unseen.make(probe, path, over, pictured=probe.content in {"match", "film"})


def _ask(asked: Asked) -> dict[str, Any]:
    assert _shared is not None
    heard, filmed = _shared
    sound, film = unseen.load(asked.probe, asked.seconds)
    if not len(film.times):
        film = system.Film(luma=np.empty((0, 36, 64), np.uint8), times=np.empty(0))
    return senses.apart(heard, filmed, sound, film)


def answers(
    library: media.Library,
    works: Sequence[Work],
    probes: Sequence[Probe],
    channels: int,
    width: int,
    *,
    only_known: bool = False,
) -> dict[Asked, dict[str, Any]]:
    """Ask all, and keep each answer as it is there."""
    global _shared  # noqa: PLW0603 - read by forked workers
    code = sha256(system.search_code() + repr((channels, [one.id for one in works])).encode())
    for one in video.SEARCHING:
        code.update(system.source(one))
    kept = media.cache() / "unseen" / "answers" / f"{code.hexdigest()[:12]}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, dict[str, Any]] = {}
    if kept.exists():
        known = dict(json.loads(line) for line in kept.read_text().splitlines())
    every = [Asked(probe, seconds) for probe in probes for seconds in LENGTHS]
    missing = [one for one in every if one.name not in known]
    print(f"{len(every) - len(missing)} of {len(every)} answers are known", flush=True)
    if missing and not only_known:
        entries = index.entries(library, channels, lambda: None, width)
        sounds = [(one.id, system.fingerprint(system.power(one.sound()))) for one in works]
        heard = system.references([*((one.id, one.load()) for one in entries), *sounds])
        pictured = [(one.id, one.film()) for one in works if one.pictured]
        pictured += list(footage.lab_films("reference").items())
        there = video.films()
        pictured += [(name, there[name]) for name in footage.REFERENCES if name in there]
        _shared = heard, system.filmed(pictured[: max(_PICTURED, len(pictured))])
        with (
            ProcessPoolExecutor(width, mp_context=get_context("fork")) as pool,
            kept.open("a") as out,
        ):
            for number, (one, answer) in enumerate(
                zip(missing, pool.map(_ask, missing, chunksize=4), strict=True)
            ):
                known[one.name] = answer
                out.write(json.dumps([one.name, answer]) + "\n")
                out.flush()
                if number % 100 == 0:
                    print(f"{number} of {len(missing)}", flush=True)
    return {one: known[one.name] for one in every if one.name in known}


def cases(found: dict[Asked, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what each sense came to in each probe, and what both did."""
    made = []
    for one, answer in found.items():
        for kind in ("sound", "picture", "joint"):
            if kind != "sound" and one.probe.content not in {"match", "film"}:
                continue
            mine = senses.only(answer, kind)
            if mine is None:  # nothing can be said of silence, or of a still picture
                continue
            weighed = senses.weighed(mine, one.seconds)
            near = weighed.offset_s is not None and abs(weighed.offset_s - one.probe.start_s) <= 0.5
            made.append(
                {
                    "kind": kind, "content": one.probe.content, "probe_s": one.seconds,
                    "truth": one.probe.of is not None, "heard": one.probe.heard,
                    "seen": one.probe.seen, "right": unseen.alike(weighed.reference, one.probe.of),
                    "placed": near, **asdict(weighed),
                }
            )  # fmt: skip
    return made


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--quick", action="store_true", help="fewer of everything")
    for name, of in FULL.items():
        ask.add_argument(f"--{name}", type=int, help=f"{of} of them without --quick")
    ask.add_argument(
        "--content", nargs="+", choices=unseen.CONTENT, default=list(unseen.CONTENT)
    )  # fmt: skip
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--known", action="store_true", help="ask nothing, report what is answered")
    ask.add_argument("--write", action="store_true", help="write the page and its plots")
    asked = ask.parse_args()
    sizes = dict(QUICK if asked.quick else FULL)
    sizes |= {name: given for name in sizes if (given := getattr(asked, name)) is not None}
    if missing := unseen.missing():
        raise SystemExit(f"fetch {', '.join(missing)} first (see {unseen.__file__})")
    library = media.library(print)
    works = unseen.works(asked.content)
    probes = planned(works, asked.content, sizes["each"], sizes["negatives"])
    foreign = library.role(_FOREIGN)
    jobs = []
    for number, (probe, path) in enumerate(probes):
        laid = library.role("recorded-crowd-test") if probe.heard == "crowd" else foreign
        laid = laid or foreign
        jobs.append((probe, path, laid[number % len(laid)]))
    print(f"{len(works)} references, {len(jobs)} probes", flush=True)
    if not asked.known:
        with ProcessPoolExecutor(asked.jobs, mp_context=get_context("fork")) as pool:
            list(pool.map(_make, jobs, chunksize=4))
    found = answers(
        library, works, [probe for probe, _ in probes], sizes["channels"], asked.jobs,
        only_known=asked.known,
    )  # fmt: skip
    made = cases(found)
    told = media.cache() / "cases-unseen.jsonl"
    told.write_text("".join(json.dumps(case) + "\n" for case in made), encoding="utf-8")
    both = joint.cases(sizes["joint"], asked.jobs, only_known=asked.known)
    page = validation_page.page(made, both, works=works, channels=sizes["channels"])
    if asked.write:
        page.write()
    print(page.text)


if __name__ == "__main__":
    main()
