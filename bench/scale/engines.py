"""Engines for a watch over several machines: what each costs its driver, and whom it lets in.

One contract for all: jobs with a question of 1 kB and an answer of 4 kB and nothing in between,
many waiting at once (as a watch asks); a job whose worker is killed in its middle; a start to the
first answer, alone and beside processes that take all they get; a stranger who knows the address.
``driver`` is the CPU of the process that asks, ``between`` that of what stands between it and the
workers: Dask's scheduler, Ray's two daemons, PostgreSQL's backends. Everything is on loopback.

Ours, which need a database (CAUTERY_TEST_POSTGRES): the queue of jobs in PostgreSQL, and the
processes of one machine. Ray and Dask need an environment of their own:
    python3 -m venv /tmp/peers
    /tmp/peers/bin/pip install ray==2.60.0 distributed==2026.8.0 cryptography
Run: python bench/scale/engines.py [--peers /tmp/peers/bin/python] [--jobs 2000] [--starts 5]
     [--load 20] [--at-once 1] [--patience 120] [--only PATTERN]
A start that takes longer than the patience has failed. Without --peers their rows are missing.
Starts of our own engines may be made several at once, each then beside the others, too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import operator
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from engine_peers import ANSWER_BYTES, QUESTION, SLEEP_S, cpu_s  # noqa: E402
from tests.servers import Bucket, database_of_its_own, s3_environment, s3_server  # noqa: E402

from cautery.adapters import server_schema  # noqa: E402
from cautery.adapters.job_queue import JobQueue, JobWorker  # noqa: E402
from cautery.adapters.process_engine import ProcessEngine  # noqa: E402
from cautery.adapters.server_place import Server  # noqa: E402
from cautery.errors import EvidenceError  # noqa: E402
from cautery.model import Regime  # noqa: E402
from cautery.model.evidence import Json  # noqa: E402
from cautery.model.ports import JobAsked  # noqa: E402

PEERS = Path(__file__).with_name("engine_peers.py")
JOB_S = 600
_A_CASE = "INSERT INTO cautery.cases (id, name, state) VALUES (%s, %s, 'open')"
CASE, KEY, FIT = "ab" * 8, b"k" * 32, "1.0.0/landmarks"


async def probe(job: JobAsked) -> Json:
    """The same work as the peers' tasks do."""
    return {"url": job.question["url"][:100], "seen": "s" * ANSWER_BYTES}


async def mortal(job: JobAsked) -> Json:
    """As the peers' task: it takes a while, and says who does it."""
    (Path(job.question["folder"]) / str(os.getpid())).touch()
    await asyncio.sleep(SLEEP_S)
    return {}


async def serve(url: str, name: str) -> None:
    """A node in this process."""
    node = JobWorker(Server(database=url, vault=""), key=KEY, name=name, fit=FIT)
    await node.serve({"probe": probe, "mortal": mortal}, capacity=8)


@contextlib.contextmanager
def nodes(url: str, number: int = 2) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Nodes in processes of their own."""
    started = [
        subprocess.Popen([sys.executable, __file__, "--node", url, f"node-{os.getpid()}-{n}"])
        for n in range(number)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def driver(url: str, epoch: int, case: str = CASE) -> JobQueue:
    server = Server(database=url, vault="")
    return JobQueue(server, key=KEY, case=case, epoch=epoch, driver="d", fit=FIT, night={})


async def queue_start(url: str) -> dict[str, Any]:
    case = os.urandom(8).hex()  # starts side by side each drive their own
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_A_CASE, [case, case])
    with nodes(url, 1):
        async with driver(url, 1, case) as jobs:
            await jobs.ask("probe", QUESTION, key="1", within_s=JOB_S)
    return {"ok": True}


async def queue_jobs(url: str, number: int) -> dict[str, Any]:
    async def ask(jobs: JobQueue, name: str, count: int) -> None:
        await asyncio.gather(
            *(jobs.ask("probe", QUESTION, key=f"{name}{n}", within_s=600) for n in range(count))
        )

    with nodes(url):
        async with driver(url, 1) as jobs:
            await ask(jobs, "warm", 50)
            pids = _backends(url)
            cpu, between, wall = time.process_time(), cpu_s(pids), time.monotonic()
            await ask(jobs, "k", number)
            return {
                "driver_ms": round((time.process_time() - cpu) / number * 1000, 3),
                "between_ms": round((cpu_s(pids) - between) / number * 1000, 3),
                "wall_ms": round((time.monotonic() - wall) / number * 1000, 3),
            }


def _backends(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchall()
    return [pid for (pid,) in rows]


async def queue_killed(url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, nodes(url):
        async with driver(url, 1) as jobs:
            asked = asyncio.ensure_future(
                jobs.ask("mortal", {"folder": folder}, key="1", within_s=JOB_S)
            )
            pid = await _seen(folder)
            os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            await asked
            return {"killed_s": round(time.monotonic() - began - SLEEP_S, 2)}


async def _seen(folder: str) -> int:
    while not (seen := list(Path(folder).iterdir())):  # noqa: ASYNC110, ASYNC240 - a process makes it
        await asyncio.sleep(0.02)
    return int(seen[0].name)


async def queue_stranger(url: str) -> dict[str, Any]:
    """A stranger without a role, and one who writes the tables and has no key."""
    told = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS bench_stranger")
        connection.execute("CREATE ROLE bench_stranger LOGIN")
        own = url.replace("//postgres@", "//bench_stranger@")
        try:
            with psycopg.connect(own) as stranger:
                stranger.execute("SELECT * FROM cautery_jobs.procrastinate_jobs")
            told["a role without rights"] = "reads the queue"
        except psycopg.errors.InsufficientPrivilege:
            told["a role without rights"] = "ran nothing: permission denied"
        finally:
            connection.execute("DROP ROLE bench_stranger")
        async with driver(url, 1) as jobs:
            asked = asyncio.ensure_future(jobs.ask("probe", QUESTION, key="1", within_s=JOB_S))
            while not connection.execute(  # noqa: ASYNC110 - the database tells nobody
                "UPDATE cautery_jobs.procrastinate_jobs SET args ="
                " jsonb_set(args, '{kind}', '\"mortal\"') RETURNING 1"
            ).fetchone():
                await asyncio.sleep(0.02)
            with nodes(url, 1):
                try:
                    await asked
                    told["with all rights, without the key"] = "ran what the stranger named"
                except EvidenceError as error:
                    told["with all rights, without the key"] = f"ran nothing: {error}"
    return told


def processes_start(_: str) -> dict[str, Any]:
    engine = ProcessEngine(2)
    try:
        asyncio.run(engine.run(operator.mul, QUESTION["url"], 4))
    finally:
        engine.close()
    return {"ok": True}


async def processes_jobs(_: str, number: int) -> dict[str, Any]:
    engine = ProcessEngine(2)
    question = QUESTION["url"]

    async def ask(count: int) -> None:
        await asyncio.gather(*(engine.run(operator.mul, question, 4) for _ in range(count)))

    try:
        await ask(50)
        cpu, wall = time.process_time(), time.monotonic()
        await ask(number)
        return {
            "driver_ms": round((time.process_time() - cpu) / number * 1000, 3),
            "between_ms": 0.0,
            "wall_ms": round((time.monotonic() - wall) / number * 1000, 3),
        }
    finally:
        engine.close()


def processes_killed(_: str) -> dict[str, Any]:
    words = (
        "(__import__('pathlib').Path(f, str(__import__('os').getpid())).touch(),"
        " __import__('time').sleep(s))"
    )
    engine = ProcessEngine(2)

    async def run() -> float:
        with tempfile.TemporaryDirectory() as folder:
            told = {"f": folder, "s": SLEEP_S}
            asked = asyncio.ensure_future(engine.run(eval, words, told))
            os.kill(await _seen(folder), signal.SIGKILL)
            began = time.monotonic()
            await asked
            return time.monotonic() - began - SLEEP_S

    try:
        return {"killed_s": round(asyncio.run(run()), 2)}
    finally:
        engine.close()


OURS: dict[str, Callable[..., Any]] = {
    "processes start": processes_start,
    "processes jobs": processes_jobs,
    "processes killed": processes_killed,
    "queue start": queue_start,
    "queue jobs": queue_jobs,
    "queue killed": queue_killed,
    "queue stranger": queue_stranger,
}


@contextlib.contextmanager
def load(number: int) -> Iterator[None]:
    """So many processes that take all the CPU that they get."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@contextlib.contextmanager
def prepared() -> Iterator[str]:
    """A database of its own with one case."""
    with s3_server() as endpoint, database_of_its_own() as url:
        os.environ.update(s3_environment(endpoint))
        bucket = Bucket(endpoint).url
        server_schema.prepare(Server(database=url, vault=bucket), Regime.GDPR)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_A_CASE, [CASE, "bench"])
        yield url


def measured(words: list[str], *, within_s: float) -> tuple[dict[str, Any], float]:
    """Run one measurement in a process of its own."""
    began = time.monotonic()
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=within_s, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done in {within_s:.0f} s"}, within_s
    took = time.monotonic() - began
    for line in reversed(done.stdout.splitlines()):
        with contextlib.suppress(ValueError):
            return json.loads(line), took
    return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1][:200]}, took


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", default="")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--load", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--patience", type=float, default=120.0, help="seconds for a start")
    parser.add_argument("--only", default="")
    parser.add_argument("--node", nargs=2)
    parser.add_argument("--one", nargs=2)
    asked = parser.parse_args()
    if asked.node:
        asyncio.run(serve(*asked.node))
        return
    if asked.one:
        _one(*asked.one, asked.jobs)
        return
    engines = ["processes", "queue", *(["dask", "ray"] if asked.peers else [])]
    print(f"load {os.getloadavg()[0]:.1f} before it began", flush=True)
    for engine in engines:
        for what in ("jobs", "killed", "stranger", "start"):
            if re.search(asked.only, f"{engine} {what}") and (engine, what) != (
                "processes",
                "stranger",
            ):
                _measure(engine, what, asked)


def _measure(engine: str, what: str, asked: argparse.Namespace) -> None:
    is_peer = engine in {"dask", "ray"}
    with contextlib.nullcontext("") if is_peer or engine == "processes" else prepared() as url:
        if is_peer:
            words = [asked.peers, str(PEERS), f"{engine} {what}"]
            words += [str(asked.jobs)] if what == "jobs" else []
        else:
            words = [sys.executable, __file__, "--one", f"{engine} {what}", url]
            words += ["--jobs", str(asked.jobs)]
        if what != "start":
            told, _ = measured(words, within_s=JOB_S)
            print(f"{engine} {what}: {json.dumps(told)}", flush=True)
            return
        start = partial(measured, within_s=asked.patience)
        for busy in sorted({0, asked.load}):
            with load(busy), ThreadPoolExecutor(1 if is_peer else asked.at_once) as at_once:
                time.sleep(5 if busy else 0)
                before = os.getloadavg()[0]
                tries = list(at_once.map(start, [words] * asked.starts))
            up = [took for told, took in tries if "failed" not in told]
            middle = f"{statistics.median(up):.1f}" if up else "-"
            print(
                f"{engine} start beside {busy} busy processes: {len(up)} of {len(tries)},"
                f" median {middle} s, worst {max(up, default=0):.1f} s;"
                f" load {before:.0f} to {os.getloadavg()[0]:.0f}",
                flush=True,
            )
            for why, times in Counter(told.get("failed") for told, _ in tries).items():
                if why is not None:
                    print(f"  {times} failed: {why}", flush=True)


def _one(what: str, url: str, jobs: int) -> None:
    more = [jobs] if what.endswith(" jobs") else []
    told = OURS[what](url, *more)
    print(json.dumps(asyncio.run(told) if asyncio.iscoroutine(told) else told))


if __name__ == "__main__":
    main()
