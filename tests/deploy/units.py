"""The units of systemd and the services of compose, read."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROGRAM = "/opt/cautery/bin/cautery"


def settings(unit: Path) -> dict[str, list[str]]:
    """The settings of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if (match := re.fullmatch(r"(\w+)=(.*)", line)) is not None:
            found.setdefault(match[1], []).append(match[2])
    return found


def command(unit: Path, replaced: dict[str, str]) -> list[str]:
    """What a unit starts, without the program, with other values for some texts."""
    [line] = settings(unit)["ExecStart"]
    for text, value in replaced.items():
        assert text in line, text
        line = line.replace(text, value)
    program, *arguments = shlex.split(line)
    assert program == PROGRAM
    return arguments


class _Overlay(yaml.SafeLoader):
    """Reads what one file of compose takes away from another."""


_Overlay.add_constructor("!reset", lambda _loader, _node: None)


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((DEPLOY / name).read_text(), Loader=_Overlay)
    return loaded


SERVICES_COMMANDS = ("room", "lists", "backup")
"""Services of compose that are units as well."""
