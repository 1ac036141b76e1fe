"""Becomes a foreign program, after closing itself in as far as that program bears it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from cautery.adapters._confine import confine_program


def main(command: list[str]) -> NoReturn:
    """Run a program with its arguments in place of this process."""
    confine_program(Path(command[0]))
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
