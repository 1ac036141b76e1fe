"""The table of the audio rows of ``identify.py``, of one system or several beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import audio
import numpy as np
import probes
from probes import PROBE_S, SHORT_S

GOALS = {
    "clean": (0.99, 0.97), "aac64": (0.99, 0.97), "gain+5": (0.99, 0.97), "gain-5": (0.99, 0.97),
    "mono22k": (0.99, 0.97), "aac32": (0.98, 0.95), "comp_eq": (0.98, 0.95), "mix6": (0.96, 0.88),
    "mix0": (0.98, 0.92), "speed2": (0.98, 0.95), "speed5": (0.97, 0.92), "tempo2": (0.98, 0.95),
    "tempo5": (0.97, 0.92), "pitch2": (0.97, 0.92), "reverb": (0.98, 0.92), "noise10": (0.98, 0.94),
    "noise0": (0.97, 0.92), "combo": (0.98, 0.92), "combo2": (0.95, 0.90), "mix-6": (0.96, 0.90),
}  # fmt: skip
MEAN_GOALS = (0.97, 0.92)


def table(
    made: Sequence[audio.Outcome], judge: audio.Judge, note: Callable[[str, object], None]
) -> list[str]:
    """Return the lines of the audio section; ``note`` takes each figure by name."""
    found = {
        (one.name, disguise, seconds): (hits, count, errors)
        for one in made
        for disguise, seconds, hits, count, errors in audio.recalls(one, judge)
    }
    names = [one.name for one in made]
    heads = [f"{name} {seconds:g} s" for name in names for seconds in (PROBE_S, SHORT_S)]
    lines = [
        f"| recall | goal 10 s / 5 s | {' | '.join(heads)} |",
        "| --- " * (len(heads) + 2) + "|",
    ]
    for disguise in probes.EVERY:
        cells = []
        for name in names:
            for seconds in (PROBE_S, SHORT_S):
                hits, count, _ = found[name, disguise, seconds]
                low, high = audio.interval(hits, count)
                cells.append(f"{hits / count:.3f} ({low:.2f}-{high:.2f})")
                note(f"recall.{name}.{disguise}.{seconds:g}", [hits, count])
        title = f"{disguise}, channel hinted" if disguise == audio.HINTED else disguise
        goal = " / ".join(f"{one:.2f}" for one in GOALS[disguise])
        lines.append(f"| {title} | {goal} | {' | '.join(cells)} |")
    means = [
        float(np.mean([found[name, one, seconds][0] / found[name, one, seconds][1]
                       for one in probes.SIXTEEN]))
        for name in names for seconds in (PROBE_S, SHORT_S)
    ]  # fmt: skip
    goal = " / ".join(f"{one:.2f}" for one in MEAN_GOALS)
    lines.append(
        f"| **mean of the file's 16** | {goal} | {' | '.join(f'{m:.3f}' for m in means)} |"
    )
    lines.append("")
    for one in made:
        lines += _facts(one, judge, found, note)
    return lines


def _facts(
    made: audio.Outcome,
    judge: audio.Judge,
    found: dict[tuple[str, str, float], tuple[int, int, list[float]]],
    note: Callable[[str, object], None],
) -> list[str]:
    name = made.name
    lines = []
    for seconds in (PROBE_S, SHORT_S):
        set_ = made.threshold(seconds)
        highest = f"highest of {set_.count:,} tuning negatives {set_.highest:.4g}; "
        lines.append(
            f"- {name}, {seconds:g} s: {highest if set_.count else ''}threshold {set_.score:.4g}, "
            f"{set_.how}."
        )
    for what, (hits, count) in audio.false_accepts(made).items():
        low, high = audio.interval(hits, count)
        lines.append(
            f"- {name}, false accepts, {what}: {hits} of {count:,} other negatives "
            f"(95 %: {low:.5f} to {high:.5f})."
        )
        note(f"false.{name}.{what}", [hits, count])
    errors = [
        e for (who, _, s), (_, _, es) in found.items() if who == name and s == PROBE_S for e in es
    ]
    if errors:
        lines.append(f"- {name}, offset error at 10 s: median {np.median(errors) * 1000:.0f} ms, "
                     f"95 % {np.quantile(errors, 0.95) * 1000:.0f} ms.")  # fmt: skip
        note(f"offset.{name}", float(np.median(errors)))
    costs = [
        1000 * c.answer.cpu_s for cs in made.cases.values() for c in cs if c.seconds == PROBE_S
    ]
    lines.append(f"- {name}, CPU a 10-s probe, fingerprint and search: median "
                 f"{np.median(costs):.1f} ms, mean {np.mean(costs):.1f} ms.")  # fmt: skip
    if made.testing[PROBE_S] and made.own is not None:
        error, positives, negatives, _ = audio.calibration(made, judge)
        lines.append(f"- {name}, expected calibration error, 10 bins: {error:.3f} "
                     f"({positives:,} claims on positives, {negatives:,} on negatives, "
                     "weighed alike).")  # fmt: skip
        note(f"calibration.{name}", error)
    return lines
