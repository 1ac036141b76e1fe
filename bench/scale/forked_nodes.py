"""Nodes that are forked from a process which has loaded everything, each in a session of its own.

A node's own start costs seconds of CPU, most of them for imports; where one is started every few
seconds, they would be all that a small machine does. A session is what Linux shares the cores out
among, so that each node gets its part as a machine of its own would.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from cautery import kernels
from cautery.lab.nodes import Spoken
from cautery.wiring.node_run import run_node
from cautery.workflows.nodes.serving import NodeEvent

HERE = Path(__file__).parent
PRELOADED = (
    "nodes",
    "cautery.adapters._job_connector",
    "procrastinate.worker",
    "psycopg_pool",
    "psycopg.types.json",
)

kernels.load()  # also where this is imported before the forks
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(list(PRELOADED))


def _fork_from_loaded() -> None:
    """Start the process that nodes are forked from, which must find the modules of this folder."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(HERE), str(HERE.parents[1])))
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


class _Process:
    """A process, as far as what is :class:`~cautery.lab.nodes.Spoken` asks it."""

    stdout = stderr = None

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid = process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("node", timeout)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


class ForkedNode(Spoken):
    """A node in a process that was forked; it is there once it says ``joined``."""

    def __init__(
        self, name: str, *, key: Path, cache: Path, environment: Mapping[str, str], jobs: int
    ) -> None:
        _fork_from_loaded()
        near, far = _context.Pipe(duplex=False)
        everything = {**os.environ, **environment}
        options = {"name": name, "capacity": jobs, "key_file": key, "cache": cache}
        process = _context.Process(target=_be, args=(everything, far), kwargs=options)
        process.start()
        far.close()
        self.lines: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.process = _Process(process)  # type: ignore[assignment] - as much of it as is asked
        self._threads = [threading.Thread(target=self._receive, args=(near,), daemon=True)]
        self._threads[0].start()

    def _receive(self, near: Connection) -> None:
        try:
            while True:
                self.lines.append(near.recv())
        except (EOFError, OSError):
            near.close()


def _be(environment: dict[str, str], far: Connection, **options: Any) -> None:
    os.setsid()
    os.environ.update(environment)

    def listen(event: NodeEvent) -> None:
        far.send(
            {"turn": event.turn.value, "at": event.at.isoformat(), "kind": event.kind,
             "key": event.key, "why": event.why}
        )  # fmt: skip

    run_node(country="", listen=listen, **options)
