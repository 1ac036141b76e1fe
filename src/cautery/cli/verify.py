"""``cautery verify``: is this case whole, and whose is it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render


def verify(
    case: Annotated[Path, typer.Argument(help="Folder of a closed case.")],
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", help="The signer's key, had from elsewhere than the case."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Re-check every file, record, signature and exhibit; name the first thing that is wrong.

    Without --public-key it can only say that the case is consistent with the key inside it.

    Example: cautery verify cases/md34 --public-key league.pub
    """
    from cautery.model import to_json
    from cautery.wiring import cases
    from cautery.workflows.verify_case import verify_case

    verified = verify_case(case, store=cases.reading_store(), public_key=public_key)
    if json:
        render.json_line(to_json(verified))
        return
    for label, value in verified.summary():
        typer.echo(f"{label:<12} {value}")
