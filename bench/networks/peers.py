"""Peers on the same planted links, each in a process of its own: quality, CPU and memory.

Run by ``bench/networks/run.py --peers``; alone: ``_cluster_peers.py igraph DATA 1e5 11 .02``.
Every peer gets the links with values on over 50 sites dropped. The graph peers weigh a link by
``log(sites / bearers)`` and are told the resolution that is best *by the truth*. Splink weighs
pairs of sites that share such a value: one column a kind, exact match with term frequencies, u by
random sampling, m by EM; its pairs are then grouped by components, and by Leiden, with the cut and
the resolution that are best by the truth. CPU is of one run: building the graph and one
resolution, or all of Splink's own; memory is the process's peak, with the links themselves in it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from planted import generator

PEERS = ("igraph", "leidenalg", "networkit", "splink")
PEER_DEGREE = 50
RESOLUTIONS = (1, 2, 5, 10, 20, 50, 100)
CUTS = tuple(range(0, 100, 5))
"""Per cent of Splink's pairs, the least likely first, that are cut off before they are grouped."""
SAMPLED_PAIRS = 2e6


def peers(folder: Path, links: float, seed: int, mix: float, *, most_s: float) -> None:
    """Print a row per peer; one that is not installed, or takes too long, says so."""
    for peer in PEERS:
        name = f"{links:.0e} links, {mix:.0%} false, seed {seed}: {peer}"
        if not installed(peer):
            print(f"{name}: not installed (CAUTERY_BENCH_PEERS names no folder with it)")
            continue
        command = [sys.executable, __file__, peer, str(folder), str(links), str(seed), str(mix)]
        try:
            ran = subprocess.run(
                command, timeout=most_s, stdout=subprocess.PIPE, text=True, check=False
            )
        except subprocess.TimeoutExpired:
            print(f"{name}: not done in {most_s:.0f} s of wall time", flush=True)
            continue
        lines = ran.stdout.splitlines() if ran.returncode == 0 else []
        for line in lines or [f"failed with {ran.returncode}"]:
            print(f"{name} {line}", flush=True)


def installed(peer: str) -> bool:
    """Tell whether a peer can be imported, from the peers' folder too."""
    folder = os.environ.get("CAUTERY_BENCH_PEERS")
    if folder and folder not in sys.path:
        sys.path.append(folder)  # behind our own: numpy and polars are not to change
    return importlib.util.find_spec(peer) is not None


def run(peer: str, folder: Path, links: float, seed: int, mix: float) -> None:
    """Measure one peer, in this process."""
    assert installed(peer)

    planted = generator(folder)
    world = planted.planted(int(links), seed, mix)
    score: Score = lambda label: float(planted.scores(world["truth"], label)["b3f"])  # noqa: E731
    if peer == "splink":
        _splink(planted.KINDS, world, score)
        return
    sites = world["nd"]
    degree = np.bincount(world["v"], minlength=world["n"])
    kept = degree[world["v"]] <= PEER_DEGREE
    edges = np.column_stack([world["u"][kept], world["v"][kept]])
    weight = np.log(sites / degree[world["v"][kept]])
    found = []
    for resolution in RESOLUTIONS:
        begun = time.process_time()
        label = _RUN[peer](world["n"], edges, weight, resolution)[:sites]
        found.append((score(label), resolution, time.process_time() - begun))
        if found[-1][0] < max(found)[0] - 0.05:
            break  # past its best
    best = max(found)
    print(f"B3 F {best[0]:.3f} at resolution {best[1]}, CPU {best[2]:.1f} s, {_peak():.2f} GB")


Score = Callable[[np.ndarray], float]


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _igraph(nodes: int, edges: np.ndarray, weight: np.ndarray, resolution: float) -> np.ndarray:
    import igraph  # noqa: PLC0415 - a peer, where asked for

    graph = igraph.Graph(n=nodes, edges=edges)
    graph.es["weight"] = weight
    return _leiden(graph, resolution)


def _leiden(graph: Any, resolution: float) -> np.ndarray:
    import igraph  # noqa: PLC0415 - a peer, where asked for

    igraph.set_random_number_generator(random.Random(0))
    found = graph.community_leiden(
        objective_function="modularity", weights="weight", resolution=resolution, n_iterations=4
    )
    return np.asarray(found.membership)


def _leidenalg(nodes: int, edges: np.ndarray, weight: np.ndarray, resolution: float) -> np.ndarray:
    import igraph  # noqa: PLC0415 - a peer, where asked for
    import leidenalg  # noqa: PLC0415 - a peer, where installed

    found = leidenalg.find_partition(
        igraph.Graph(n=nodes, edges=edges),
        leidenalg.RBConfigurationVertexPartition,
        weights=weight.tolist(),
        resolution_parameter=resolution,
        seed=0,
    )
    return np.asarray(found.membership)


def _networkit(nodes: int, edges: np.ndarray, weight: np.ndarray, resolution: float) -> np.ndarray:
    import networkit  # noqa: PLC0415 - a peer, where installed

    networkit.setNumberOfThreads(1)
    networkit.setSeed(0, useThreadId=False)
    graph = networkit.GraphFromCoo((weight, (edges[:, 0], edges[:, 1])), n=nodes, weighted=True)
    found = networkit.community.detectCommunities(
        graph, networkit.community.PLM(graph, gamma=resolution), inspect=False
    )
    return np.asarray(found.getVector())


_RUN = {"igraph": _igraph, "leidenalg": _leidenalg, "networkit": _networkit}


def _splink(kinds: Iterable[str], world: dict[str, Any], score: Score) -> None:
    import igraph  # noqa: PLC0415 - a peer, where asked for

    begun = time.process_time()
    sites = world["nd"]
    left, right, weight = _scored_pairs(list(kinds), world)
    spent = time.process_time() - begun
    found, grouped = [], []
    for cut in CUTS:
        least = float(np.percentile(weight, cut))
        kept = weight >= least
        graph = igraph.Graph(n=sites, edges=np.column_stack([left[kept], right[kept]]))
        found.append((score(np.asarray(graph.connected_components().membership)), cut))
        if cut % 15 == 0:
            graph.es["weight"] = weight[kept] - least + 0.1
            grouped += [(score(_leiden(graph, one)), cut, one) for one in RESOLUTIONS]
    best, after = max(found), max(grouped)
    print(
        f"{len(weight):,} pairs, components: B3 F {best[0]:.3f} without the weakest {best[1]} %, "
        f"CPU {spent:.1f} s, {_peak():.2f} GB"
    )
    print(
        f"pairs, then igraph's Leiden: B3 F {after[0]:.3f} without the weakest {after[1]} %, "
        f"at resolution {after[2]}"
    )


def _scored_pairs(
    kinds: list[str], world: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sites of each pair that shares a rare value, and Splink's match weight of it."""
    import duckdb  # noqa: PLC0415 - the peer's, where installed
    import polars as pl  # noqa: PLC0415 - heavy
    import splink.comparison_library as comparisons  # noqa: PLC0415 - a peer, where installed
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415 - the same

    columns = _columns(kinds, world)
    told = [kind for kind in kinds if f"rare_{kind}" in columns]
    rules = [block_on(f"rare_{kind}") for kind in told]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="site",
        comparisons=[
            comparisons.ExactMatch(kind).configure(term_frequency_adjustments=True)
            for kind in kinds
        ],
        blocking_rules_to_generate_predictions=rules,
        retain_matching_columns=False,
    )
    with tempfile.TemporaryDirectory() as spare:
        pl.DataFrame(columns).write_parquet(Path(spare, "sites.parquet"))
        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        connection.execute(
            "CREATE TABLE sites AS SELECT * FROM read_parquet(?)", [f"{spare}/sites.parquet"]
        )
    held = DuckDBAPI(connection).register("sites")
    linker = Linker(held, settings, log_level=40)
    linker.training.estimate_probability_two_random_records_match(rules[:1], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=1)
    for rule in rules[:3]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict()
    table = pairs.as_duckdbpyrelation().select("site_l, site_r, match_weight").fetchnumpy()
    return table["site_l"], table["site_r"], table["match_weight"]


def _columns(kinds: list[str], world: dict[str, Any]) -> dict[str, Any]:
    """Return a column of values a kind, and one with those that few bear where there are any."""
    sites = world["nd"]
    degree = np.bincount(world["v"], minlength=world["n"])
    columns: dict[str, Any] = {"site": np.arange(sites)}
    for number, kind in enumerate(kinds):
        of = world["kind"] == number
        held = np.full(sites, None, dtype=object)
        held[world["u"][of]] = world["v"][of].astype(str)
        columns[kind] = held.tolist()
        rare = np.full(sites, None, dtype=object)
        few = of & (degree[world["v"]] <= PEER_DEGREE)
        rare[world["u"][few]] = world["v"][few].astype(str)
        if few.any():
            columns[f"rare_{kind}"] = rare.tolist()
    return columns


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("links", type=float)
    parser.add_argument("seed", type=int)
    parser.add_argument("mix", type=float)
    asked = parser.parse_args()
    print(json.dumps({"peer": asked.peer}), file=sys.stderr)
    run(asked.peer, asked.folder, asked.links, asked.seed, asked.mix)
