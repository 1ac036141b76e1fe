"""A long night in little time: whether a watch's memory, files, threads, tasks or children grow.

    python bench/scale/soak.py [--minutes 8] [--nodes 0] [--seed 1] [--every 3] [--json FILE]

A small world of the lab is watched by ``cautery watch``'s own code, in a process of its own, and
looked at every few seconds from outside; the number of asyncio tasks and of objects it tells
itself. A stream is looked at again after 4 s, not after 12 to 60 s: what counts is how many looks
there were, and an hour of the lab is 60 looks at each stream. Eight such hours take an hour; a busy
machine comes to fewer looks, and the table says to how many. References are held for 90 s, not for
seven minutes, so that what they hold has settled early.

With ``--nodes`` so many nodes, each a process too, look and hear for the watch, over a database of
PostgreSQL (CAUTERY_TEST_POSTGRES) and S3 of moto; figures are then also of each node, and of the
database: its connections, and the rows of jobs, of their events, workers and answers, and of
leases. An answer that was taken stays for ten minutes, so its rows grow that long by right.

What this leaves out: whatever grows with time on the clock and not with looks, such as logs,
certificates and TLS sessions that run out, a day's facts, connections that a firewall forgets; and
memory that falls to pieces over hours. A stream keeps its last twelve observations: as long as it
was not looked at so often, memory may grow by right.

After the warm-up (half of the run) a line is fitted to each figure. Its slope's 95 % interval is by
Newey and West's errors, since what is seen every few seconds is not independent. *Flat* means that
over the measured stretch memory grows by less than 5 % and any other figure by less than one, for
sure; *grows*, that it does so by more, for sure (0.5 for other figures). It says nothing of more
looks than there were.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm
from trees import tree

ROOT = Path(__file__).parents[2]
CASE = Path("server:soak")
WINDOW_S = 90.0
LEAD_S = 10.0
LAB_HOUR = 60
"""Looks at one stream."""
AGAIN_S = 4.0
"""A stream is looked at again so soon, and not after 12 to 60 s as in a watch."""
WARMING = 1 / 2
FIGURES = ("memory", "files", "threads", "children", "tasks", "temporary", "temporary bytes")
ROWS = {
    "connections": "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()",
    "jobs": "SELECT count(*) FROM cautery_jobs.procrastinate_jobs",
    "events of jobs": "SELECT count(*) FROM cautery_jobs.procrastinate_events",
    "workers": "SELECT count(*) FROM cautery_jobs.procrastinate_workers",
    "answers": "SELECT count(*) FROM cautery.answers",
    "leases": "SELECT count(*) FROM cautery.drivers",
    "rows of nodes": "SELECT count(*) FROM cautery.nodes",
}
"""What the database is asked; the first without who asks."""
MOST_AROUND_S = 600.0
"""Before and after the window."""
GROWS = 0.05
"""Share of the mean that memory may grow by over the measured stretch."""


_run = asyncio.run  # a node's is replaced


class Loop:
    """Runs a watch or a node, and says every second how many tasks it has."""

    def __init__(self, into: Path) -> None:
        self._into = into
        self._tasks = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run as :func:`asyncio.run` does."""

        async def counted() -> Any:
            telling = asyncio.create_task(self._tell())
            try:
                return await work
            finally:
                telling.cancel()

        return _run(counted())

    async def _tell(self) -> None:
        while True:
            live = asyncio.all_tasks()
            text = json.dumps({"tasks": len(live), "objects": len(gc.get_objects())})
            part = self._into.with_suffix(".part")
            part.write_text(text)
            part.rename(self._into)
            await asyncio.sleep(1.0)


def longer_world(minutes: float) -> None:
    """Let the small world last so long, and references be held for less."""
    from cautery.lab import start, world  # noqa: PLC0415 - only the processes that serve and watch
    from cautery.workflows.watch import streams  # noqa: PLC0415
    from cautery.workflows.watch.probing import hearing, node_hearing  # noqa: PLC0415

    small = world.TIMINGS["small"]
    world.TIMINGS["small"] = replace(small, after_s=60 * minutes + LEAD_S + 10)
    hearing.REFERENCE_WINDOW_S = node_hearing.REFERENCE_WINDOW_S = WINDOW_S
    start.START_S = MOST_AROUND_S / 2  # a busy machine starts late
    streams.RECHECK_S, streams.BACKOFF_S = AGAIN_S, (AGAIN_S,)


def watch(run: Path, minutes: float, seed: int) -> None:
    """Serve the world and watch it: the process that is looked at is this one."""
    from cautery import wiring  # noqa: PLC0415
    from cautery.adapters.node_key import read_node_key  # noqa: PLC0415
    from cautery.cli.demo import lab_cache  # noqa: PLC0415
    from cautery.lab.start import start_lab  # noqa: PLC0415
    from cautery.lab.world import build_world  # noqa: PLC0415
    from cautery.wiring import watching  # noqa: PLC0415
    from cautery.workflows.mandate.read import read_mandate  # noqa: PLC0415

    key = run / "node.key"
    case, nodes_key = (CASE, read_node_key(key)) if key.exists() else (run / "case", None)
    longer_world(minutes)
    world = build_world(seed, lab_cache(), size="small")
    (run / "began").write_text("the world is there")
    with start_lab(world, run, lead_s=LEAD_S, window_s=60 * minutes) as lab:
        (run / "lab").write_text(str(multiprocessing.active_children()[0].pid))
        mandate = read_mandate(lab.mandate_path, now=wiring.clock().now())
        watching.watch(
            mandate, case, mandate_file=lab.mandate_path, keys_dir=run / "case-keys",
            loop_watch=Loop(run / "tasks.json"),  # type: ignore[arg-type] - runs as it does
            nodes_key=nodes_key,
        )  # fmt: skip


def be_node(run: Path, name: str, jobs: int) -> None:
    """Be a node until a signal."""
    from cautery.wiring.node_run import run_node  # noqa: PLC0415 - the node's process only

    asyncio.run = Loop(run / f"{name}.json").run
    run_node(
        name, capacity=jobs, country="", key_file=run / "node.key", cache=run / "cache",
        listen=lambda _: None,
    )  # fmt: skip


def temporary(*folders: Path) -> tuple[int, int]:
    """Return how many files and folders lie where temporary ones are made, and their bytes."""
    count = total = 0
    for place in (place for folder in folders for place in folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):  # it was there a moment ago
            total += place.stat().st_size if place.is_file() else 0
            count += 1
    return count, total


def seen(pid: int, run: Path, began: float) -> dict[str, float] | None:
    """Return what the watch uses now, without the lab that it watches."""
    try:
        lab = {one.pid for one in tree(int((run / "lab").read_text()))}
    except (OSError, ValueError):
        return None
    row = used(pid, run / "tasks.json", run / "tmp", without=lab)
    return None if row is None else {"at_s": time.monotonic() - began, **row}


def used(
    pid: int, told_in: Path, *folders: Path, without: Collection[int] = (), name: str = "watch"
) -> dict[str, float] | None:
    """Return what a process and its children use now; ``None``: it does not say yet."""
    try:
        told = json.loads(told_in.read_text())
    except (OSError, ValueError):
        return None
    ours = [one for one in tree(pid) if one.pid not in without]
    if not ours:
        return None
    count, total = temporary(*folders)
    row: dict[str, float] = {
        "memory": sum(one.own_bytes for one in ours),
        "files": sum(one.files for one in ours),
        "threads": sum(one.threads for one in ours),
        "children": len(ours) - 1,
        "cpu_s": sum(one.cpu_s for one in ours),
        "tasks": told["tasks"],
        "objects": told["objects"],
        "temporary": count,
        "temporary bytes": total,
    }
    by_name: dict[str, float] = defaultdict(float)
    for one in ours:
        by_name[f"memory of {one.name if one.pid != pid else name}"] += one.own_bytes
    return row | by_name


def slope(at: np.ndarray, values: np.ndarray) -> tuple[float, float, float]:
    """Return the slope of a line through values, a second, and its 95 % interval."""
    centred = at - at.mean()
    spread = float(centred @ centred)
    middle = float(centred @ values) / spread
    left = values - values.mean() - middle * centred
    scores = centred * left
    lags = int(4 * (len(at) / 100) ** (2 / 9)) + 1
    total = float(scores @ scores)
    for lag in range(1, lags + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(scores[lag:] @ scores[:-lag])
    wide = float(norm.ppf(0.975)) * max(total, 0.0) ** 0.5 / spread
    return middle, middle - wide, middle + wide


def verdict(rows: list[dict[str, float]]) -> tuple[list[str], bool]:
    """Return a row for each figure, and whether none grows."""
    ends = rows[-1]["at_s"]
    late = [row for row in rows if row["at_s"] >= ends * WARMING]
    at = np.array([row["at_s"] for row in late])
    lines, flat = [], True
    for name in dict.fromkeys(name for row in late for name in row):
        figure = name.rpartition(": ")[2]
        if figure in ("at_s", "cpu_s"):
            continue
        values = np.array([row.get(name, 0.0) for row in late])
        mean, stretch = float(values.mean()), at[-1] - at[0]
        middle, least, most = (one * stretch for one in slope(at, values))
        in_bytes = figure.startswith("memory") or figure.endswith("bytes")
        grows = least > (GROWS * mean if in_bytes else 0.5)
        sure = most <= GROWS * mean if in_bytes else most < 1.0
        if figure in FIGURES or figure in ROWS:
            flat &= not grows
        factor, unit = (1e6, " MB") if in_bytes else (1.0, "")
        lines.append(
            f"| {name} | {mean / factor:,.1f}{unit} | {values.min() / factor:,.1f} to"
            f" {values.max() / factor:,.1f} | {middle / factor:+,.2f} ({least / factor:+,.2f} to"
            f" {most / factor:+,.2f}){unit} | {'grows' if grows else 'flat' if sure else 'open'} |"
        )
    return lines, flat


def looks_of(case: Path) -> tuple[int, int, int]:
    """Return the looks of a case, the streams looked at, and its records."""
    from cautery.wiring import cases  # noqa: PLC0415 - heavy, and at the end only

    urls, records = [], 0
    with cases.reading(case) as opened:
        for entry in opened.ledger.read():
            records += 1
            if entry.record.kind == "probe.done":
                urls.append(entry.record.body["url"])
    return len(urls), len(set(urls)), records


def size_of(folder: Path) -> int:
    """Return the bytes of all files of a folder."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


@contextlib.contextmanager
def cluster(run: Path, count: int) -> Iterator[Callable[[], dict[str, float]]]:
    """Start a database, a store and nodes; yield what says what nodes and database have now."""
    sys.path.insert(0, str(ROOT))
    import psycopg  # noqa: PLC0415 - with nodes only
    from tests.servers import (  # noqa: PLC0415 - as above
        Bucket,
        database_of_its_own,
        s3_environment,
        s3_server,
    )

    from cautery.adapters.node_key import make_node_key  # noqa: PLC0415 - as above
    from cautery.adapters.server_place import Server  # noqa: PLC0415 - as above
    from cautery.adapters.server_schema import prepare  # noqa: PLC0415 - as above
    from cautery.model import Regime  # noqa: PLC0415 - as above
    from cautery.workflows.watch.probing.here import CAPACITY  # noqa: PLC0415 - as above

    with contextlib.ExitStack() as stack:
        endpoint = stack.enter_context(s3_server())
        database = stack.enter_context(database_of_its_own())
        os.environ |= s3_environment(endpoint)
        vault = Bucket(endpoint).url
        os.environ |= {"CAUTERY_DATABASE": database, "CAUTERY_VAULT": vault}
        prepare(Server(database=database, vault=vault), Regime.GDPR)
        make_node_key(run / "node.key")
        connection = stack.enter_context(psycopg.connect(database, autocommit=True))
        nodes = {}
        for name in (f"node-{number}" for number in range(count)):
            own = run / f"{name}-tmp"
            own.mkdir()
            nodes[name] = stack.enter_context(subprocess.Popen(
                [sys.executable, __file__, "--node", name, "--run", str(run),
                 "--jobs", str(max(2, CAPACITY // count))],
                env=os.environ | {"TMPDIR": str(own), "OPENBLAS_NUM_THREADS": "1"},
            ))  # fmt: skip
            stack.callback(nodes[name].terminate)

        def now() -> dict[str, float]:
            row = {}
            for name, process in nodes.items():
                if process.poll() is not None:
                    raise SystemExit(f"{name} ended with {process.returncode}")
                figures = used(process.pid, run / f"{name}.json", run / f"{name}-tmp",
                               run / "cache" / name, name=name)  # fmt: skip
                row |= {f"{name}: {figure}": one for figure, one in (figures or {}).items()}
            for figure, statement in ROWS.items():
                row[figure] = (connection.execute(statement).fetchone() or (0,))[0]
            return row

        yield now


def soak(minutes: float, seed: int, every_s: float, nodes: int) -> dict[str, Any]:
    """Watch for so long and look at it from outside; return what was seen."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name, contextlib.ExitStack() as stack:
        run = Path(name)
        (run / "tmp").mkdir()
        beside = stack.enter_context(cluster(run, nodes)) if nodes else dict[str, float]
        command = [sys.executable, __file__, "--watch", name, "--minutes", str(minutes)]
        watching = subprocess.Popen(
            [*command, "--seed", str(seed)], env=os.environ | {"TMPDIR": str(run / "tmp")}
        )
        began, rows = time.monotonic(), list[dict[str, float]]()
        while watching.poll() is None and not (run / "began").exists():
            time.sleep(every_s)  # a world of many minutes takes long to paint
        ends = time.monotonic() + 60 * minutes + MOST_AROUND_S
        try:
            while watching.poll() is None and time.monotonic() < ends:
                time.sleep(every_s)
                row = seen(watching.pid, run, began)
                if row is not None:
                    rows.append(row | beside())
        finally:
            if watching.poll() is None:
                watching.terminate()
                watching.wait()
        if watching.returncode:
            raise SystemExit(f"the watch ended with {watching.returncode}")
        looks, streams, records = looks_of(CASE if nodes else run / "case")
        sizes = {} if nodes else {
            "ledger": (run / "case" / "ledger.sqlite").stat().st_size,
            "vault": size_of(run / "case" / "vault"),
        }  # fmt: skip
    first = next(at for at, row in enumerate(rows) if row["tasks"] > 0)
    rows = [row | {"at_s": row["at_s"] - rows[first]["at_s"]} for row in rows[first:]]
    # The end of the window closes the case: what is held meanwhile is no part of a long night.
    rows = [row for row in rows if row["at_s"] <= 60 * minutes]
    return {
        "rows": rows, "looks": looks, "streams": streams, "records": records, "bytes": sizes,
        "hours": looks / max(streams, 1) / LAB_HOUR,
    }  # fmt: skip


def main() -> None:
    """Print the table; the exit code tells whether nothing grew."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--minutes", type=float, default=8.0)
    ask.add_argument("--nodes", type=int, default=0)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--every", type=float, default=3.0)
    ask.add_argument("--json", type=Path)
    ask.add_argument("--watch", type=Path, help=argparse.SUPPRESS)
    ask.add_argument("--node", help=argparse.SUPPRESS)
    ask.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    ask.add_argument("--jobs", type=int, help=argparse.SUPPRESS)
    asked = ask.parse_args()
    if asked.node:
        be_node(asked.run, asked.node, asked.jobs)
        return
    if asked.watch:
        watch(asked.watch, asked.minutes, asked.seed)
        return
    found = soak(asked.minutes, asked.seed, asked.every, asked.nodes)
    lines, flat = verdict(found["rows"])
    print(
        f"{asked.minutes:g} minutes, {found['looks']:,} looks at {found['streams']} streams:"
        f" {found['hours']:.1f} lab hours; {found['records']:,} records,"
        + "".join(
            f" {size / max(found['looks'], 1) / 1e3:.1f} kB of {place} a look;"
            for place, size in found["bytes"].items()
        )
        + f" {len(found['rows'])} samples, load {os.getloadavg()[0]:.1f}"
    )
    print("| figure | mean | range | grows by, over the stretch (95 %) | verdict |")
    print("| --- | --- | --- | --- | --- |")
    print(*lines, sep="\n")
    if asked.json:
        asked.json.write_text(json.dumps(found) + "\n")
    sys.exit(not flat)


if __name__ == "__main__":
    main()
