"""The geometry rows of ``run.py``: recall where the picture lies in an unusual place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import footage
import numpy as np
import system
import video
from audio import RIGHT_S, interval
from geometry import ROWS, TWO, Probe, make, planned
from media import cache
from probes import PROBE_S, SHORT_S

if TYPE_CHECKING:
    from settings import Run

GOALS = {
    "shaky crop": (0.85, 0.75), "half picture": (0.85, 0.75), "side by side": (0.90, 0.80),
    "inset 40 %": (0.85, 0.70), "upside down": (0.95, 0.90), "vertical flip": (0.95, 0.90),
    "negative": (0.95, 0.90), "two: picture in picture": (0.85, None),
    "two: side by side": (0.85, None),
}  # fmt: skip
LENGTHS = (PROBE_S, SHORT_S)
_held: system.References | None = None
"""What forked workers inherit."""


def _ask(asked: tuple[Probe, float]) -> list[system.Answer]:
    assert _held is not None
    probe, seconds = asked
    return system.watched(_held, system.Film.load(probe.path).cut(0, seconds))


def truths(probe: Probe) -> dict[str, float]:
    """Return where each film that is to be named begins."""
    begins = {probe.source: probe.start_s}
    times = video.films()[probe.source].times
    if probe.other is None and np.median(np.diff(times)) >= video.THINNED_S:
        # A cut begins with the next picture, where no other film's lie around it from the start.
        at = min(np.searchsorted(times, probe.start_s - 1e-3), len(times) - 1)
        begins[probe.source] = float(times[at])
    if probe.disguise in TWO and probe.other is not None:
        begins[probe.other[0]] = probe.other[1]
    return begins


def right(probe: Probe, answers: Sequence[system.Answer]) -> bool:
    """Tell whether every film is named, each at its place."""
    return all(
        any(
            answer.channel == name and abs((answer.offset_s or 0.0) - begin_s) <= RIGHT_S
            for answer in answers
        )
        for name, begin_s in truths(probe).items()
    )


def rows(run: Run) -> list[str]:
    """Measure recall and wrong names."""
    global _held  # noqa: PLW0603 - read by forked workers
    there = video.films()
    count, group = run.sizes["geometry"], "tune" if run.asked.set == "dev" else "test"
    probes = planned(group, count, there)
    context = get_context("fork")
    progress, tell = run.bar("unusual pictures", len(probes))
    with progress, ProcessPoolExecutor(run.asked.jobs, mp_context=context) as pool:
        for _ in pool.map(make, probes):
            tell(1)
    _held = video.held()
    asked = [(probe, seconds) for probe in probes for seconds in LENGTHS]
    progress, tell = run.bar("answers", len(asked))
    answers: dict[tuple[Probe, float], list[system.Answer]] = {}
    with progress, ProcessPoolExecutor(run.asked.jobs, mp_context=context) as pool:
        for one, found in zip(asked, pool.map(_ask, asked, chunksize=4), strict=True):
            answers[one] = found
            tell(1)
    with (cache() / f"cases-geometry-{group}.jsonl").open("w", encoding="utf-8") as out:
        for case in cases(answers, group):
            out.write(json.dumps(case) + "\n")
    lines = [
        (
            f"Pictures in unusual places: {count} probes a row, set `{group}`, among the same "
            f"{len(_held.infos)} references; a row of two contents is right if both are named, "
            "each at its own place."
        ),
        "",
        "| row | 10 s (goal) | 5 s (goal) | wrong names |",
        "| --- | --- | --- | --- |",
    ]
    for row in ROWS:
        cells, wrong = [], 0
        for number, seconds in enumerate(LENGTHS):
            mine = {probe: found for (probe, length), found in answers.items()
                    if probe.disguise == row and length == seconds}  # fmt: skip
            hits = sum(right(probe, named(found)) for probe, found in mine.items())
            low, high = interval(hits, len(mine))
            goal = GOALS.get(row, (None, None))[number]
            wanted = f", {goal:.2f}" if goal else ""
            cells.append(f"{hits / len(mine):.2f} ({low:.2f}-{high:.2f}{wanted})")
            run.note(f"geometry.{row}.{seconds:g}", [hits, len(mine)])
            wrong += sum(
                any(answer.channel not in {probe.source, *(probe.other or ())[:1]}
                    for answer in named(found))
                for probe, found in mine.items()
            )  # fmt: skip
        lines.append(f"| {row} | {' | '.join(cells)} | {wrong} |")
    costs = [1000 * found[0].cpu_s for found in answers.values() if found]
    return [*lines, "", f"- CPU a named probe: median {np.median(costs):.0f} ms."]


def named(found: Sequence[system.Answer]) -> list[system.Answer]:
    """Return the answers that are named by themselves."""
    return [answer for answer in found if answer.named]


def cases(
    answers: dict[tuple[Probe, float], list[system.Answer]], group: str
) -> Iterator[dict[str, object]]:
    """Yield what ``scores.py`` fits the trial of unusual views on, and tests it with."""
    for (probe, seconds), found in answers.items():
        if probe.disguise in TWO:
            continue
        yield {
            "kind": "picture-view", "group": "fit" if group == "tune" else "test", "truth": True,
            "score": max((answer.score for answer in found), default=0.0),
            "right": right(probe, found[:1]), "probe_s": seconds, "disguise": probe.disguise,
            "references": len(footage.REFERENCES) + len(footage.REVERSED) + 8,
        }  # fmt: skip
