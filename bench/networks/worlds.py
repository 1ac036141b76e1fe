"""Networks in worlds that nothing was developed on, by a hand and of kinds of its own.

Run: python bench/networks/worlds.py --seeds 1 2 3 [--only NAME ...] [--json]

Each world of ``_link_worlds.py`` is drawn by seed and clustered in this process as ``cautery
cluster`` does. The oracle joins what true links join: some subjects share nothing of their own.
"R of 2+" is the recall of subjects of networks of two and more: among thousands of strangers a
lost network hardly shows in F. Merges are clusters with over half of each of two networks of 10
and more. The table has means over the seeds, of F the least and the greatest beside; ``--json``
has a line for each world and seed.
"""

from __future__ import annotations

import argparse
import json
import zlib
from typing import Any

import numpy as np
from link_draw import Case
from link_worlds import WORLDS
from run import calibration, merges, right_of

from cautery.graph.evidence import Floats, Ints
from cautery.graph.membership import probabilities
from cautery.graph.networks import find_networks
from cautery.lab.links import b_cubed_of

LEAST_MERGED = 10


def clustered(case: Case) -> tuple[Ints, Floats]:
    """Return labels without gaps, and the probability of each membership."""
    evidence, _ = case.table.evidence()
    part = find_networks(evidence, common=case.table.common, seed=0)
    return np.unique(part.label, return_inverse=True)[1], probabilities(part)


def beside(labels: list[Ints]) -> Ints:
    """Return labels of several cases as of one: no two cases share any."""
    found, count = [], 0
    for label in labels:
        found.append(label + count)
        count += int(label.max()) + 1
    return np.concatenate(found)


def measured(name: str, seed: int) -> dict[str, Any]:
    """Draw a world, cluster it and return what came of it."""
    # By name, so that one world more changes none of the others.
    cases = WORLDS[name](np.random.default_rng([seed, zlib.crc32(name.encode())]))
    truth = beside([case.truth for case in cases])
    oracle = b_cubed_of(truth, beside([case.oracle() for case in cases]))
    results = [clustered(case) for case in cases]
    label = beside([one for one, _ in results])
    chance = np.concatenate([chances for _, chances in results])
    precision, recall, f = b_cubed_of(truth, label)
    several = np.bincount(truth)[truth] > 1
    recall_several = b_cubed_of(truth[several], label[several])[1] if several.any() else None
    return {
        "world": name,
        "seed": seed,
        "subjects": int(truth.size),
        "networks": int(truth.max()) + 1,
        "links": sum(int(case.true.size) for case in cases),
        "oracle": oracle[2],
        "precision": precision,
        "recall": recall,
        "f": f,
        "recall_several": recall_several,
        "merges": merges(truth, label, least=LEAST_MERGED)[0],
        "calibration": calibration(chance, right_of(truth, label)),
        "clusters": int(label.max()) + 1,
        "exact": sum(
            b_cubed_of(case.truth, one)[2] == 1.0
            for case, (one, _) in zip(cases, results, strict=True)
        ),
        "cases": len(cases),
    }


def row_of(rows: list[dict[str, Any]]) -> str:
    """Return a line of the table: means over the seeds."""
    told = [key for key, value in rows[0].items() if isinstance(value, int | float)]
    mean = {key: float(np.mean([row[key] for row in rows])) for key in told}
    several = f"{mean['recall_several']:.3f}" if "recall_several" in mean else "-"
    fs = [row["f"] for row in rows]
    spread = f" ({min(fs):.3f}-{max(fs):.3f})" if len(fs) > 1 else ""
    exact = f"; {mean['exact']:.0f} of {mean['cases']:.0f} exact" if rows[0]["cases"] > 1 else ""
    return (
        f"| {rows[0]['world']} | {mean['subjects']:,.0f}, {mean['networks']:,.0f} | "
        f"{mean['oracle']:.3f} | {mean['precision']:.3f}, {mean['recall']:.3f}, {several} | "
        f"{mean['f']:.3f}{spread}{exact} | {'/'.join(str(row['merges']) for row in rows)} | "
        f"{mean['calibration']:.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--only", nargs="+", choices=WORLDS, metavar="NAME", default=list(WORLDS))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not asked.json:
        print("| world | subjects, networks | oracle F | P, R, R of 2+ | F | merges | cal. error |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in asked.only:
        rows = [measured(name, seed) for seed in asked.seeds]
        for line in map(json.dumps, rows) if asked.json else [row_of(rows)]:
            print(line, flush=True)


if __name__ == "__main__":
    main()
