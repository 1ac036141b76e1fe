"""What the verbs of ``cautery operation exhibit`` share: arguments, and the words of an exhibit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.operation.register import Line

Case = Annotated[Path, typer.Argument(help="The agency's case.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]
Number = Annotated[str, typer.Argument(help="The exhibit's number.")]


def awaited(line: Line) -> str:
    """Say whose word a transfer still lacks."""
    assert line.pending is not None
    to, stated = line.pending.to_agency, line.pending.stated_by
    silent = to if stated == line.agency else line.agency
    return f"exhibit {line.first.number}: under transfer to {to}; {silent} has not stated it yet"
