"""A small cluster on this machine: nodes and a watch as processes, as people start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cautery.json_text import parsed_json

PATIENCE_S = 150.0
"""For one event on a machine that others use too."""


class Spoken:
    """A command of Cautery as a process, which says what it does in lines of JSON.

    Parameters
    ----------
    words : sequence of str
        The command without ``cautery``.
    environment : mapping
        Besides that of this process.
    """

    def __init__(self, *words: str, environment: Mapping[str, str]) -> None:
        self.lines: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "cautery", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._hear, self._talk)
        ]
        for thread in self._threads:
            thread.start()

    def until(
        self,
        wanted: Callable[[dict[str, Any]], bool],
        *,
        since: int = 0,
        within_s: float = PATIENCE_S,
    ) -> dict[str, Any]:
        """Wait for a line.

        Parameters
        ----------
        since : int
            How many lines are of no interest.

        Raises
        ------
        TimeoutError
            With what was said, if it never comes.
        """
        limit = time.monotonic() + within_s
        while True:
            ended = self.process.poll() is not None
            wanted_line = next((line for line in self.lines[since:] if wanted(line)), None)
            if wanted_line is not None:
                return wanted_line
            if ended or time.monotonic() > limit:
                raise TimeoutError("that never came: " + "\n".join(self.said[-20:]))
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it, with its children, as a power cut would."""
        for pid in (*_children(self.process.pid), self.process.pid):
            _signal(pid, signal.SIGKILL)
        self.end()

    def stop(self) -> int:
        """Ask it to end what is under way, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self) -> int:
        """Wait for its end and return its exit code."""
        code = self.process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join(10)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = parsed_json(line)
            if isinstance(event, dict):
                self.lines.append(event)

    def _talk(self) -> None:
        assert self.process.stderr is not None
        self.said.extend(line.rstrip("\n") for line in self.process.stderr)


def node(
    name: str, *, key: Path, cache: Path, environment: Mapping[str, str], jobs: int = 4
) -> Spoken:
    """Start a node; it is there once it says ``joined``."""
    return Spoken(
        *("node", "run", "--name", name, "--jobs", str(jobs), "--node-key", str(key)),
        *("--cache", str(cache), "--json"),
        environment=environment,
    )


def watch(
    mandate: Path, case: str, *, keys: Path, environment: Mapping[str, str], key: Path | None
) -> Spoken:
    """Start a watch.

    Parameters
    ----------
    key : Path or None
        The nodes' key; ``None``: it looks and hears by itself.
    """
    nodes = () if key is None else ("--nodes", "--node-key", str(key))
    return Spoken(
        *("watch", str(mandate), "--case", case, "--keys", str(keys), "--json", *nodes),
        environment=environment,
    )


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [below for child in map(int, text.split()) for below in (*_children(child), child)]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
