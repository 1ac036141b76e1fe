"""A node in a process of its own, for tests that kill it: its jobs are written down as they begin."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from cautery.adapters.job_queue import JobWorker
from cautery.adapters.server_place import Server
from cautery.model.evidence import Json
from cautery.model.ports.jobs import JobAsked


async def main(url: str, name: str, fit: str, key: str, log: str) -> None:
    """Serve until killed."""

    async def work(job: JobAsked) -> Json:
        with Path(log).open("a") as file:  # noqa: ASYNC230 - a line
            file.write(json.dumps([job.key, job.run]) + "\n")
        if job.question.get("deadly"):
            os._exit(9)
        await asyncio.sleep(job.question["takes_s"])
        return {"of": job.key, "filling": "x" * 2000}

    node = JobWorker(Server(database=url, vault=""), key=bytes.fromhex(key), name=name, fit=fit)
    await node.serve({"work": work, "hear": work}, capacity=4)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
