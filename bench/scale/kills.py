"""Nodes that are killed at drawn instants while a driver asks without a pause.

Four nodes, each in a process of its own, do jobs of 0 to .8 s; one after the other of those that
have answered is killed by SIGKILL in the middle of its jobs, and another one joins. Counted:
answers of each key in the database and to who asked, jobs begun anew, those given up, and how long
the latest one waited.
Needs a database (CAUTERY_TEST_POSTGRES).
Run: python bench/scale/kills.py [--kills 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import random
import sys
import time
from pathlib import Path

import psycopg

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.jobs import CASE, FIT, KEY, prepared_database  # noqa: E402
from tests.servers import Bucket, s3_environment, s3_server  # noqa: E402

from cautery.adapters.job_queue import JobQueue, JobWorker  # noqa: E402
from cautery.adapters.server_place import Server  # noqa: E402
from cautery.errors import WorkerError  # noqa: E402
from cautery.model.evidence import Json  # noqa: E402
from cautery.model.ports import JobAsked  # noqa: E402

AT_ONCE = 24
PRELOADED = ("cautery.adapters._job_connector", "procrastinate.worker", "psycopg_pool")


async def work(job: JobAsked) -> Json:
    """Take a while."""
    await asyncio.sleep(job.question["takes_s"])
    return {"of": job.key, "run": job.run}


def node(url: str, name: str) -> None:
    """A node in this process."""
    made = JobWorker(Server(database=url, vault=""), key=KEY, name=name, fit=FIT)
    asyncio.run(made.serve({"work": work}, capacity=8))


class Night:
    """What was asked and answered."""

    def __init__(self, jobs: JobQueue, draw: random.Random) -> None:
        self._jobs, self._draw = jobs, draw
        self.asked = self.given_up = self.anew = 0
        self.latest_s = 0.0
        self.nodes: set[str] = set()
        self.is_over = False

    async def ask(self) -> None:
        """Ask one job after the other."""
        while not self.is_over:
            self.asked += 1
            key, takes_s = f"k{self.asked}", self._draw.uniform(0, 0.8)
            began = time.monotonic()
            try:
                answer = await self._jobs.ask("work", {"takes_s": takes_s}, key=key, within_s=300)
            except WorkerError:
                self.given_up += 1
                continue
            assert answer.content["of"] == key
            self.nodes.add(answer.node)
            self.anew += bool(answer.content["run"])
            self.latest_s = max(self.latest_s, time.monotonic() - began - takes_s)


async def run(url: str, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *PRELOADED])
    started = 0

    alive: dict[str, multiprocessing.process.BaseProcess] = {}

    def another() -> None:
        nonlocal started
        started += 1
        name = f"node-{started}"
        alive[name] = context.Process(target=node, args=(url, name))
        alive[name].start()

    for _ in range(4):
        another()
    server = Server(database=url, vault="")
    try:
        async with JobQueue(
            server, key=KEY, case=CASE, epoch=1, driver="bench", fit=FIT, night={}
        ) as jobs:
            night = Night(jobs, draw)
            asking = [asyncio.ensure_future(night.ask()) for _ in range(AT_ONCE)]
            for _ in range(kills):
                while len(at_work := sorted(night.nodes & alive.keys())) < 2:  # noqa: ASYNC110 - theirs
                    await asyncio.sleep(0.05)
                await asyncio.sleep(draw.uniform(0, 1))
                victim = alive.pop(draw.choice(at_work))
                victim.kill()
                victim.join()
                another()
            night.is_over = True
            await asyncio.gather(*asking)
            with psycopg.connect(url) as connection:
                kept, most = connection.execute(
                    "SELECT count(*), max(each) FROM (SELECT count(*) AS each"
                    " FROM cautery.answers GROUP BY case_id, epoch, key) AS keys"
                ).fetchone() or (0, 0)
    finally:
        for process in alive.values():
            process.kill()
            process.join()
    print(
        f"{kills} kills: {night.asked} jobs, {kept} answered, at most {most} answer a key,"
        f" {night.anew} done by a later run, {night.given_up} given up after five deaths,"
        f" latest {night.latest_s:.1f} s after its own time"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with s3_server() as endpoint, contextlib.ExitStack() as undo:
        os.environ.update(s3_environment(endpoint))
        place = undo.enter_context(prepared_database(Bucket(endpoint).url))
        asyncio.run(run(place.server.database, asked.kills, asked.seed))


if __name__ == "__main__":
    main()
