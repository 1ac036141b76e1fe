"""What a command says while kernels are compiled: never on standard output."""

from __future__ import annotations

import sys
import time
from typing import Any

from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.kernels import SECONDS, listen


def say_what_compiles() -> None:
    """Say on the terminal, once for each package, that kernels are compiled, and how long it takes.

    Nothing goes to standard output. On a terminal a bar shows how far it is.
    """
    report = _Report()
    listen(started=report.started, ended=report.ended, notes=render.say)


class _Report:
    """Says what is compiled, and shows how much of the time that this takes is over."""

    def __init__(self) -> None:
        self._packages: set[str] = set()
        self._bar: Any = None
        self._task: Any = None
        self._began_s = self._spent_s = 0.0

    def started(self, package: str) -> None:
        """Take note that a kernel of a package begins to be compiled."""
        if package in SECONDS and package not in self._packages:
            self._packages.add(package)
            say = render.say if Progress.shown is None else Progress.shown.say
            say(f"compiling the kernels of {package} once, about {SECONDS[package]} s")
        self._began_s = time.monotonic()
        if sys.stderr.isatty() and Progress.shown is None:
            self._show()

    def ended(self) -> None:
        """Take note that it is compiled."""
        self._spent_s += time.monotonic() - self._began_s
        if self._bar is not None:
            self._bar.update(self._task, completed=self._spent_s)
            self._bar.stop()

    def _show(self) -> None:
        if self._bar is None:
            # Heavy: loaded only where a person watches the terminal.
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
            from rich.progress import Progress as Bar  # noqa: PLC0415

            from cautery.cli._terminal import Terminal  # noqa: PLC0415

            self._bar = Bar(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TimeElapsedColumn(),
                console=Terminal(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("compiling")
        # A command seldom needs all kernels of a package: the bar may end early.
        self._bar.update(self._task, total=sum(SECONDS[package] for package in self._packages))
        self._bar.start()
