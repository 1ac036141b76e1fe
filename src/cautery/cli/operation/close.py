"""``cautery operation close``: the page and the manifest, and a case that anybody can verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.wiring import desks


def close(
    case: Annotated[Path, typer.Argument(help="The agency's case of the operation.")],
) -> None:
    """Close a case permanently: write its page and exhibits' manifest, and sign every file.

    You can still erase the names of persons afterwards. Nothing else can change.

    Example: cautery operation close cases/it
    """
    page = desks.close_operation(case)
    render.say(f"page    {page}")
    render.say(f"closed  {case}: cautery verify {case}")
