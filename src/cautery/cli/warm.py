"""``cautery warm``: compile all kernels now, so that no command has to later."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from enum import StrEnum
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.errors import StorageError, WorkerError
from cautery.kernels import SECONDS, cache_folder

NEEDS = {
    "cluster": ("graph",),
    "identify": ("fingerprint", "identify"),
    "mirrors": ("graph",),
    "operation": ("plan",),
    "plan": ("plan",),
    "read": ("formats",),
    "references": ("fingerprint",),
    "resolve": ("catalogue",),
    "watch": ("fingerprint", "catalogue", "graph", "formats", "identify"),
}
"""The packages whose kernels a command may need; other commands need none."""

Command = StrEnum("Command", {name: name for name in NEEDS})  # type: ignore[misc]

_MOST_AT_ONCE = 4
"""Each process that compiles takes a quarter of a gigabyte."""


def warm(
    commands: Annotated[
        list[Command] | None,
        typer.Argument(help="Commands whose kernels are compiled; default: all that need any."),
    ] = None,
) -> None:
    """Compile the fast loops (kernels) once, so that no command has to wait for them.

    Commands compile what they need when they first need it; small inputs need no kernel. Kernels
    that are compiled already are loaded and not compiled again.

    Example: cautery warm plan identify
    """
    place = cache_folder()
    if place is None:
        raise StorageError(
            "there is no folder in which compiled kernels can be kept",
            hint="Set NUMBA_CACHE_DIR to a folder that only you can write.",
        )
    names = [command.value for command in commands] if commands else list(NEEDS)
    # The longest first: the others are compiled beside it.
    packages = sorted(
        {package for name in names for package in NEEDS[name]},
        key=lambda package: -SECONDS[package],
    )
    began = time.monotonic()
    if len(packages) == 1:
        importlib.import_module(f"cautery.{packages[0]}.warm").warm()
    else:
        _side_by_side(packages)
    render.say(f"all kernels are compiled ({time.monotonic() - began:.0f} s); they are in {place}")


def _side_by_side(packages: list[str]) -> None:
    """Compile each package in a process of its own, as many at once as there are cores."""
    at_once = min(os.cpu_count() or 1, _MOST_AT_ONCE)
    with Progress("compiling", len(packages)) as progress, ThreadPoolExecutor(at_once) as pool:
        for number, future in enumerate(
            as_completed([pool.submit(_apart, package, progress) for package in packages]), start=1
        ):
            progress.step()
            progress.say(f"{number} of {len(packages)}  {future.result()}")


def _apart(package: str, progress: Progress) -> str:
    """Compile a package's kernels in a process of its own, and pass on what it says of that."""
    script = (
        f"from cautery.cli._compiling import say_what_compiles as say; say();"
        f"from cautery.{package}.warm import warm; warm()"
    )
    last = ""
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            last = line.strip()
            if last.startswith("compiling "):
                progress.say(last)
    if process.returncode:
        raise WorkerError(f"the kernels of {package} could not be compiled: {last[:300]}")
    return package
