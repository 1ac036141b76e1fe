"""The crowd rows of ``run.py``: recall under stadium crowds and voices, and false accepts there.

Ours is asked among all channels, peers among the real ones alone; what is laid over the test set's
probes was never tuned on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import audio
import crowd
import peers
import probes
from probes import PROBE_S, SHORT_S
from settings import TALK

if TYPE_CHECKING:
    from settings import Run

GOALS = {
    "recorded6": (1.00, 0.98), "recorded0": (0.99, 0.93), "recorded-5": (0.88, 0.70),
    "crowd6": (0.99, 0.97), "crowd0": (0.95, 0.88), "crowd-5": (0.80, 0.60),
    "mix0": (0.98, None), "mix-5": (0.93, None),
}  # fmt: skip
_TITLES = {"recorded": "recorded crowd", "crowd": "synthetic crowd", "mix": "speech"}


def rows(run: Run) -> list[str]:
    """Measure recall under crowds, ours and that of the peers that are installed."""
    library, which, width = run.library, run.asked.set, run.asked.jobs
    count, others = run.sizes["crowd"], run.sizes["crowd_negatives"]
    library.sources.update(crowd.sources(TALK.print))
    names = [name for name in probes.CROWDED if probes.laid_over(library, name, which)]
    wanted = [probe for name in names for probe in probes.planned(library, which, name, count)]
    progress, tell = run.bar("crowds", len(wanted))
    with progress:
        probes.make(library, wanted, lambda: tell(1), width)
        progress.update(progress.task_ids[0], completed=len(wanted))
    found, absent = peers.present(library)
    ours = run.cautery()
    made = []
    for system in (ours, *found):
        progress, tell = run.bar(system.name, 2 * (len(names) * count + 2 * others))
        with progress:
            made.append(
                audio.outcome(
                    library, system, per_cell=count, negatives=others, short_negatives=others,
                    width=width, tell=tell, which=which,
                    own=ours.least if system is ours else None,
                    disguises=names, others=probes.crowded_negatives,
                )
            )  # fmt: skip
    about = (
        f"Crowds: {count} probes a cell of set `{which}`, {others:,} negatives to set a peer's "
        f"threshold and {others:,} others to test it, under the same crowds and voices or crowds "
        f"alone. Peers search the {len(library.channels)} real channels of 10 min alone, Cautery "
        f"all {run.channels:,}."
    )
    lines = [about, "", *_table(made, audio.Judge(library), names, run), ""]
    lines += [f"- Not in this run: {one}." for one in absent]
    if len(names) < len(probes.CROWDED):
        lines.append("- Not in this run: recorded crowds; apt-get install etw-data.")
    return lines


def _table(made: list[audio.Outcome], judge: audio.Judge, names: list[str], run: Run) -> list[str]:
    heads = [f"{outcome.name} {seconds:g} s" for outcome in made for seconds in (PROBE_S, SHORT_S)]
    lines = [f"| recall | goal | {' | '.join(heads)} |", "| --- " * (len(heads) + 2) + "|"]
    found = {
        (outcome.name, disguise, seconds): (hits, trials)
        for outcome in made
        for disguise, seconds, hits, trials, _ in audio.recalls(outcome, judge)
    }
    for name in names:
        cells = []
        for outcome in made:
            for seconds in (PROBE_S, SHORT_S):
                hits, trials = found[outcome.name, name, seconds]
                low, high = audio.interval(hits, trials)
                cells.append(f"{hits / trials:.2f} ({low:.2f}-{high:.2f})")
                run.note(f"crowd.{outcome.name}.{name}.{seconds:g}", [hits, trials])
        goal = " / ".join("" if part is None else f"{part:.2f}" for part in GOALS[name])
        lines.append(f"| {_title(name)} | {goal} | {' | '.join(cells)} |")
    lines.append("")
    for outcome in made:
        wrong = sum(
            case.answer.score > outcome.threshold(case.seconds).score and not judge.right(case)
            for cases in outcome.cases.values()
            for case in cases
        )
        counted = ", ".join(
            f"{what}: {hits} of {trials}"
            for what, (hits, trials) in audio.false_accepts(outcome).items()
        )
        lines.append(f"- {outcome.name}: {wrong} wrong names; false accepts {counted}.")
        run.note(f"crowd.{outcome.name}.wrong", wrong)
    return lines


def _title(name: str) -> str:
    word = name.rstrip("-0123456789")
    return f"{_TITLES[word]}, {name[len(word) :]} dB"
