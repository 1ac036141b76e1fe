"""Drivers write what is in force to a firewall, to resolvers or to routers.

A driver gets the whole state and finds out itself what to change. It keeps in memory what stands,
and looks at the real thing again when `forget` is called: at the start, after an error, once a
minute, and after another process has written there. What other people wrote stays.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from cautery_provider.blocks import Block, Refusal


class DriverError(Exception):
    """A driver could not do what it was asked; it is asked again at the next pass."""


class Driver(Protocol):
    """One place where blocks are written."""

    name: str
    levers: frozenset[str]

    def apply(self, entries: Sequence[Block], at: datetime) -> list[Refusal]:
        """Let exactly these entries stand; return those that cannot stand here.

        Raises
        ------
        DriverError
            If the outside does not do it.
        """

    def forget(self) -> None:
        """Look at what really stands before the next change."""

    def check(self) -> list[str]:
        """Return what hinders this driver, in plain words; change nothing."""


def run(command: Sequence[str], *, text: str | None = None, limit_s: float = 30.0) -> str:
    """Run a command of the machine and return what it prints.

    Raises
    ------
    DriverError
        If it is not there, fails, or takes too long.
    """
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and a command of the configuration
            command, input=text, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except FileNotFoundError as error:
        raise DriverError(f"{command[0]} is not installed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DriverError(f"{' '.join(command)[:100]}: {str(error)[:200]}") from error
    if done.returncode != 0:
        printed = (done.stderr.strip() or done.stdout.strip())[:300]
        raise DriverError(f"{' '.join(command)[:100]}: exit {done.returncode}: {printed}")
    return done.stdout


def problems(driver: Driver, command: Sequence[str]) -> list[str]:
    """Return why a command that changes nothing fails, as a driver's answer to `check`."""
    try:
        run(command)
    except DriverError as error:
        return [f"{driver.name}: {error}"]
    return []
