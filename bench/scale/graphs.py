"""Clusters, plans and mirror families at growing sizes: CPU, peak memory, and the curve beyond.

    python bench/scale/graphs.py [--links 1e5 3e5 1e6 3e6 1e7] [--nodes 1e4 3e4 1e5 3e5 1e6]
        [--hosts 1e4 3e4 1e5] [--seed 11] [--limit 60] [--json FILE]

Each size is made by one process and worked on by another, started by a third that holds nothing:
the peak that the system tells of a child counts what its parent held when it was started. Links and
networks are of the shared generators (``CAUTERY_DATA``), hosts those of ``mirrors_made.py``. A plan
is of any length that one gives it, so what is fitted is the CPU until its first plan and its first
bound stand; the gap after ``--limit`` CPU seconds is told beside. A measured cost is less what the
same command takes of next to nothing (1,000 links). The curve is a power law through all sizes, of
which the residuals are told; 10^8 links and 10^7 nodes are beyond what was measured, and follow
from the two largest sizes (``curves.py``).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from curves import fitted

HERE = Path(__file__).parent
sys.path += [str(HERE.parent / name) for name in ("networks", "plan")]
BEYOND = {"links": 1e8, "nodes": 1e7, "hosts": 1e7}
SMALLEST = {"links": 1e3, "nodes": 1e3, "hosts": 1e2}
Row = dict[str, float]


def data() -> Path:
    """Return the folder of the shared data."""
    return Path(os.environ.get("CAUTERY_DATA", HERE.parents[2] / "shared" / "data"))


def measured(command: list[str]) -> tuple[Row, str]:
    """Run a command; return its CPU, wall seconds and peak memory, and what it printed.

    Raises
    ------
    SystemExit
        If it fails.
    """
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: ended with {process.returncode}")
    row = {
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.perf_counter() - begun,
        "peak_bytes": used.ru_maxrss * 1024.0,
    }
    return row, out


def again(*told: object) -> list[str]:
    """Return the command that does a part of this script in a process of its own."""
    return [sys.executable, __file__, *map(str, told)]


def make_links(size: int, seed: int, out: Path) -> None:
    """Write so many planted links as a table."""
    from run import frame_of  # noqa: PLC0415

    from planted import generator  # noqa: PLC0415 - the measuring process loads none of it

    planted = generator(data())
    frame_of(planted, planted.planted(size, seed, 0.02)).write_csv(out)


def make_nodes(size: int, seed: int, out: Path) -> None:
    """Write a supply network as arrays."""
    sys.path.insert(0, str(data().parent / "generators"))
    net = importlib.import_module("supply_network").generate(size, seed)
    names = ("typ", "cost", "jur", "gown", "gk", "gp", "gm", "w", "collat", "n")
    np.savez(out, **{name: getattr(net, name) for name in names})


def make_hosts(size: int, seed: int, out: Path) -> None:
    """Write hosts of made-up families of all kinds, one a line."""
    from mirrors_made import KINDS  # noqa: PLC0415

    rng, names = random.Random(seed), dict[str, None]()
    for make in cycle(KINDS.values()):
        for family in make(rng):
            names |= dict.fromkeys(family)
        if len(names) >= size:
            break
    out.write_text("\n".join(list(names)[:size]) + "\n")


def plan_there(held: Path, limit_s: float) -> None:
    """Plan a network that was written before; print what stood when, CPU seconds."""
    from types import SimpleNamespace  # noqa: PLC0415

    from net import SERVED, graph_of_net  # noqa: PLC0415

    from cautery.plan.goal import Goal  # noqa: PLC0415
    from cautery.plan.supply_plan import plan_supply  # noqa: PLC0415

    arrays = dict(np.load(held))
    graph = graph_of_net(SimpleNamespace(**arrays | {"n": int(arrays["n"])}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    begun, first = time.process_time(), dict[str, float]()

    def heard(_what: str, best: float | None, bound: float) -> None:
        spent = time.process_time() - begun
        if best is not None:
            first.setdefault("plan_s", spent)
        if bound > 0:
            first.setdefault("bound_s", spent)

    found = plan_supply(
        graph, Goal(served=SERVED), time_limit_s=limit_s, clock=time.process_time, progress=heard
    )
    spent = time.process_time() - begun
    first = {"plan_s": spent, "bound_s": spent} | first
    gap = 1.0 if found.gap is None else found.gap
    print(json.dumps(first | {"gap": gap, "planning_s": spent, "before_bytes": before}))


def of_links(held: Path) -> Row:
    """Cluster so many links."""
    out = str(held.with_suffix(".jsonl"))
    row, _ = measured([sys.executable, "-m", "cautery", "cluster", str(held), "-o", out])
    return row


def of_nodes(held: Path, limit_s: float) -> Row:
    """Plan a network of so many nodes."""
    row, out = measured(again("--plan", held, "--limit", limit_s))
    said = json.loads(out)
    row["cpu_s"] = max(said["plan_s"], said["bound_s"])
    return row | {"gap": said["gap"], "planning_s": said["planning_s"]}


def of_hosts(held: Path) -> Row:
    """Find the mirror families of so many hosts."""
    row, _ = measured([sys.executable, "-m", "cautery", "mirrors", str(held), "--json"])
    return row


def curve(kind: str, sizes: list[float], asked: argparse.Namespace) -> dict[str, Any]:
    """Measure one kind at all sizes; print its rows and what the curve says beyond."""
    rows: dict[float, Row] = {}
    for size in (SMALLEST[kind], *sizes):
        with tempfile.TemporaryDirectory() as folder:
            held = Path(folder) / ("made.npz" if kind == "nodes" else "made.csv")
            measured(again("--make", kind, "--size", size, "--seed", asked.seed, "--to", held))
            if kind == "links":
                rows[size] = of_links(held)
            elif kind == "nodes":
                rows[size] = of_nodes(held, asked.limit)
            else:
                rows[size] = of_hosts(held)
        row = rows[size]
        each = {name: row[name] / size for name in ("cpu_s", "peak_bytes")}
        gap = f", gap {row['gap']:.2%} after {row['planning_s']:.0f} s" if "gap" in row else ""
        print(
            f"| {size:.0e} {kind} | {row['cpu_s']:.1f} | {row['wall_s']:.1f} |"
            f" {row['peak_bytes'] / 1e9:.2f} | {each['cpu_s'] * 1e6:.1f} us,"
            f" {each['peak_bytes']:.0f} B{gap} |",
            flush=True,
        )
    base, said = rows.pop(SMALLEST[kind]), dict[str, Any]()
    for name, unit, factor in (("cpu_s", "s of CPU", 1.0), ("peak_bytes", "GB", 1e9)):
        costs = [max(row[name] - base[name], 1e-9) for row in rows.values()]
        if len(costs) < 2:
            continue
        law = fitted(list(rows), costs)
        middle, least, most = (value + base[name] for value in law.beyond(BEYOND[kind]))
        apart = ", ".join(f"{one:+.0%}" for one in law.residuals)
        print(
            f"- {kind}, {unit}: grows as size^{law.power:.2f} (residuals {apart}); at"
            f" {BEYOND[kind]:.0e}: {middle / factor:,.0f} ({least / factor:,.0f} to"
            f" {most / factor:,.0f})",
            flush=True,
        )
        said[name] = {
            "power": law.power, "factor": law.factor, "residuals": law.residuals,
            "beyond": BEYOND[kind], "middle": middle, "least": least, "most": most,
        }  # fmt: skip
    return {"smallest": base, "rows": {f"{size:g}": row for size, row in rows.items()}} | said


def main() -> None:
    """Print the tables, or do one part."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--links", type=float, nargs="*", default=[1e5, 3e5, 1e6, 3e6, 1e7])
    ask.add_argument("--nodes", type=float, nargs="*", default=[1e4, 3e4, 1e5, 3e5, 1e6])
    ask.add_argument("--hosts", type=float, nargs="*", default=[1e4, 3e4, 1e5])
    ask.add_argument("--seed", type=int, default=11)
    ask.add_argument("--limit", type=float, default=60.0, help="CPU seconds of a plan")
    ask.add_argument("--json", type=Path)
    for part in ("--make", "--to", "--plan"):
        ask.add_argument(part, help=argparse.SUPPRESS)
    ask.add_argument("--size", type=float, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.make:
        makers = {"links": make_links, "nodes": make_nodes, "hosts": make_hosts}
        makers[asked.make](int(asked.size), asked.seed, Path(asked.to))
        return
    if asked.plan:
        plan_there(Path(asked.plan), asked.limit)
        return
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("| size | CPU s | wall s | peak GB | each |\n| --- | --- | --- | --- | --- |")
    sizes = {"links": asked.links, "nodes": asked.nodes, "hosts": asked.hosts}
    found = {kind: curve(kind, several, asked) for kind, several in sizes.items() if several}
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
