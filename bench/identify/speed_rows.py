"""The rows of ``run.py`` of sound that runs up to 15 % faster or slower, and of unusual stereo.

For speeds the index is the one of the other rows without the warped channels that are longer by
about as much as they are lower, or shorter as higher: these are copies of their source at a speed,
and a probe at another speed comes within the speeds that are searched around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import audio
import index
import peers
import probes
from probes import PROBE_S, SHORT_S
from settings import Cautery

if TYPE_CHECKING:
    from settings import Run

_FAST = {8: (0.98, 0.93), 12: (0.96, 0.90), 15: (0.93, 0.85)}
GOALS = {name: _FAST[abs(int(name.removeprefix("speed")))] for name in probes.SPED} | {
    "inverted": (0.98, 0.93), "side": (0.95, 0.88),
}  # fmt: skip
_TITLES = {"inverted": "one channel turned over", "side": "left less right alone"}
_APART = 0.1
"""By how much the product of a warped channel's stretches lies off 1 at least."""


def rows(run: Run) -> list[str]:
    """Measure recall at speeds, ours and that of the peers that are installed."""
    entries = tuple(entry for entry in run.entries() if _is_no_copy(entry))
    left_out = run.channels - len(entries)
    note = f" Of the {run.channels:,}, {left_out} warped ones are left out: copies at a speed."
    return _rows(run, probes.SPED, entries, "speeds", note)


def stereo(run: Run) -> list[str]:
    """Measure recall of a channel that is turned over, and of what both channels differ in."""
    note = " Drawn where the channels' difference is not 20 dB under their sum."
    return _rows(run, tuple(probes.STEREO), run.entries(), "stereo", note)


def _rows(
    run: Run, names: tuple[str, ...], entries: tuple[index.Entry, ...], what: str, note: str
) -> list[str]:
    library, which, width = run.library, run.asked.set, run.asked.jobs
    count, others = run.sizes["speeds"], run.sizes["speed_negatives"]
    wanted = [p for name in names for p in probes.planned(library, which, name, count)]
    for side in ("tune", "test"):
        wanted += probes.negatives(library, side, others)
    progress, tell = run.bar(what, len(wanted))
    with progress:
        probes.make(library, wanted, lambda: tell(1), width)
        progress.update(progress.task_ids[0], completed=len(wanted))
    found, absent = peers.present(library)
    ours = Cautery(entries)
    made = []
    for system in (ours, *found):
        progress, tell = run.bar(system.name, 2 * (len(names) * count + 2 * others))
        with progress:
            made.append(
                audio.outcome(
                    library, system, per_cell=count, negatives=others, short_negatives=others,
                    width=width, tell=tell, which=which,
                    own=ours.least if system is ours else None, disguises=names,
                )
            )  # fmt: skip
    about = (
        f"{what.capitalize()}: {count} probes a cell of set `{which}`, {others:,} negatives to set "
        f"a peer's threshold and {others:,} others to test it. Peers search the "
        f"{len(library.channels)} real channels of 10 min alone, Cautery {len(entries):,}.{note}"
    )
    lines = [about, "", *_table(made, audio.Judge(library), names, run), ""]
    return [*lines, *(f"- Not in this run: {one}." for one in absent)]


def _is_no_copy(entry: index.Entry) -> bool:
    if entry.real:
        return True
    time, pitch = index.stretches(int(entry.id.removeprefix("warp-")))
    return abs(time * pitch - 1) >= _APART


def _table(
    made: list[audio.Outcome], judge: audio.Judge, names: tuple[str, ...], run: Run
) -> list[str]:
    heads = [f"{one.name} {seconds:g} s" for one in made for seconds in (PROBE_S, SHORT_S)]
    lines = [f"| recall | goal | {' | '.join(heads)} |", "| --- " * (len(heads) + 2) + "|"]
    found = {
        (one.name, disguise, seconds): (hits, trials)
        for one in made
        for disguise, seconds, hits, trials, _ in audio.recalls(one, judge)
    }
    for name in names:
        cells = []
        for one in made:
            for seconds in (PROBE_S, SHORT_S):
                hits, trials = found[one.name, name, seconds]
                low, high = audio.interval(hits, trials)
                cells.append(f"{hits / trials:.2f} ({low:.2f}-{high:.2f})")
                run.note(f"speeds.{one.name}.{name}.{seconds:g}", [hits, trials])
        goal = " / ".join(f"{part:.2f}" for part in GOALS[name])
        lines.append(f"| {_TITLES.get(name, f'{name} %')} | {goal} | {' | '.join(cells)} |")
    lines.append("")
    for one in made:
        wrong = sum(
            case.answer.score > one.threshold(case.seconds).score and not judge.right(case)
            for cases in one.cases.values()
            for case in cases
        )
        counted = ", ".join(
            f"{what}: {hits} of {trials}"
            for what, (hits, trials) in audio.false_accepts(one).items()
        )
        lines.append(f"- {one.name}: {wrong} wrong names; false accepts {counted}.")
    return lines
