"""Networks from planted links: B-cubed, calibration, false merges, updates, CPU and memory, peers.

Run: python bench/networks/run.py [FOLDER with the shared data] --links 1e5 1e6 --mix 0.02 0.10

The generator is the shared one, as it stands beside the data (``../generators/planted_links.py``).
Each row of ours is ``cautery cluster`` in a process of its own, all in: reading, learning, writing.
``--update`` adds a row with the last 10^4 links given to a state afterwards. ``--peers`` adds
igraph, leidenalg, networkit and Splink on the same links (``peers.py``), each tuned *by
the truth*, where they are installed (all but igraph in a folder named by ``CAUTERY_BENCH_PEERS``).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
from peers import peers

from planted import generator

UPDATE = 10_000


def frame_of(planted: ModuleType, world: dict[str, Any]) -> pl.DataFrame:
    kinds = np.array(planted.KINDS)[world["kind"]]
    return pl.DataFrame(
        {
            "subject": pl.Series(world["u"]).cast(pl.String),
            "kind": kinds,
            "value": pl.Series(world["v"]).cast(pl.String),
        }
    ).select(
        pl.format("site{}.example", "subject").alias("subject"),
        "kind",
        pl.format("{}-{}", "kind", "value").alias("value"),
    )


def measured(arguments: list[str]) -> tuple[float, float, float]:
    """Run a command; return its CPU seconds, its peak memory in GB and its wall seconds."""
    begun = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)}: ended with {status}")
    wall = time.perf_counter() - begun
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6, wall


def labels_of(out: Path, sites: int) -> tuple[np.ndarray, np.ndarray]:
    table = pl.read_ndjson(out).with_columns(
        pl.col("subject").str.extract(r"(\d+)").cast(pl.Int64).alias("site")
    )
    label = np.full(sites, -1, dtype=np.int64)
    chance = np.ones(sites)
    number = table["network"].rank("dense").to_numpy().astype(np.int64)
    label[table["site"].to_numpy()] = number
    chance[table["site"].to_numpy()] = table["probability"].to_numpy()
    missing = np.flatnonzero(label < 0)
    label[missing] = number.max() + 1 + np.arange(missing.size)
    return np.unique(label, return_inverse=True)[1], chance


def right_of(truth: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Tell which sites are of the true network that holds most of their cluster; ties: none."""
    width = np.int64(truth.max() + 1)
    cells, place, count = np.unique(label * width + truth, return_inverse=True, return_counts=True)
    order = np.lexsort((-count, cells // width))
    first = np.ones(order.size, dtype=bool)
    first[1:] = (cells // width)[order][1:] != (cells // width)[order][:-1]
    best = np.zeros(label.max() + 1, np.int64)
    best[(cells // width)[order][first]] = count[order][first]
    tied = np.bincount(cells // width, count == best[cells // width])
    return (count[place] == best[label]) & (tied[label] == 1)


def calibration(chance: np.ndarray, right: np.ndarray) -> float:
    bins = np.minimum((chance * 10).astype(int), 9)
    held = np.bincount(bins, minlength=10)
    gap = np.abs(np.bincount(bins, chance, 10) - np.bincount(bins, right, 10))
    return float(gap.sum() / held.sum())


def merges(truth: np.ndarray, label: np.ndarray, *, least: int = 51) -> tuple[int, int]:
    """Return clusters with over half of each of two networks of so many sites, and the largest."""
    sizes = np.bincount(truth)
    width = np.int64(truth.max() + 1)
    cells, count = np.unique(label * width + truth, return_counts=True)
    most = (count * 2 > sizes[cells % width]) & (sizes[cells % width] >= least)
    held = np.bincount((cells // width)[most], minlength=1)
    return int(np.count_nonzero(held > 1)), int(np.bincount(label).max())


def ours(planted: ModuleType, world: dict[str, Any], name: str, *, update: bool) -> None:
    truth = world["truth"].astype(np.int64)
    frame = frame_of(planted, world)
    command = [sys.executable, "-m", "cautery", "cluster"]
    with tempfile.TemporaryDirectory() as folder:
        links, out = Path(folder, "links.csv"), Path(folder, "out.jsonl")
        frame.write_csv(links)
        cpu, gigabytes, _ = measured([*command, str(links), "-o", str(out)])
        label, chance = labels_of(out, truth.size)
        two, largest = merges(truth, label)
        found = planted.scores(truth, label)
        print(
            f"{name} cautery: B3 P {found['b3p']:.3f} R {found['b3r']:.3f} F {found['b3f']:.3f}, "
            f"ARI {found['ari']:.3f}, calibration error "
            f"{calibration(chance, right_of(truth, label)):.3f}, clusters that merge two networks "
            f"{two}, largest {largest}, CPU {cpu:.1f} s, {gigabytes:.2f} GB",
            flush=True,
        )
        if not update:
            return
        order = np.random.default_rng(0).permutation(frame.height)
        frame[order[UPDATE:]].write_csv(links)
        Path(folder, "new.csv")
        frame[order[:UPDATE]].write_csv(Path(folder, "new.csv"))
        state = ["--state", str(Path(folder, "state"))]
        measured([*command, str(links), *state])
        cpu, gigabytes, wall = measured(
            [*command, str(Path(folder, "new.csv")), *state, "-o", str(out)]
        )
        updated, _ = labels_of(out, truth.size)
        print(
            f"{name} update of {UPDATE:,} links: against the full run B3 F "
            f"{planted.scores(label, updated)['b3f']:.3f}, against the truth "
            f"{planted.scores(truth, updated)['b3f']:.3f}, CPU {cpu:.1f} s, wall {wall:.1f} s, "
            f"{gigabytes:.2f} GB",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=os.environ.get("CAUTERY_DATA"), type=Path)
    parser.add_argument("--links", nargs="+", type=float, default=[1e5, 1e6])
    parser.add_argument("--seeds", nargs="+", type=int, default=[11, 12, 13])
    parser.add_argument("--mix", nargs="+", type=float, default=[0.02])
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--most-s", type=float, default=1_800, help="wall seconds of one peer")
    asked = parser.parse_args()
    if asked.folder is None:
        raise SystemExit("name the folder with the shared data, or set CAUTERY_DATA")
    planted = generator(Path(asked.folder))
    for links in asked.links:
        for mix in asked.mix:
            for seed in asked.seeds:
                world = planted.planted(int(links), seed, mix)
                name = f"{links:.0e} links, {mix:.0%} false, seed {seed}:"
                ours(planted, world, name, update=asked.update)
                if asked.peers:
                    peers(asked.folder, links, seed, mix, most_s=asked.most_s)


if __name__ == "__main__":
    print(json.dumps({"python": sys.version.split()[0], "cores": os.cpu_count()}))
    main()
