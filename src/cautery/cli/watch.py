"""``cautery watch``: the main job, live."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.errors import InputError


def watch(
    mandate: Annotated[Path | None, typer.Argument(help="The mandate's TOML file.")] = None,
    case: Annotated[
        Path | None, typer.Option("--case", help="Folder of the case; made, or gone on with.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Stream every record as JSON lines.")
    ] = False,
    keep_open: Annotated[
        bool, typer.Option("--keep-open", help="Do not close the case when the window ends.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the mandate's JSON Schema and stop.")
    ] = False,
) -> None:
    """Watch the mandate's sources until its window closes: verdicts, map, proposals, sealed.

    Stopped in any way and started again with the same case, it goes on where it was.

    Example: cautery watch mandate.toml --case cases/md34
    """
    from cautery.workflows.read_mandate import mandate_schema, read_mandate

    if schema:
        render.json_line(mandate_schema())
        return
    if mandate is None or case is None:
        raise InputError(
            "watch needs a mandate and a case",
            hint="cautery watch MANDATE.toml --case DIR; --schema prints what a mandate holds.",
        )
    from cautery import wiring
    from cautery.cli.board import Board, JsonStream

    now = wiring.clock().now()
    checked = read_mandate(mandate, now=now)
    view = JsonStream() if json else Board(checked)
    with view:
        report = wiring.watch(
            checked,
            case,
            mandate_file=mandate,
            keys_dir=keys,
            listeners=(view.hear,),
            close=not keep_open,
        )
    render.say(f"case    {case}\nreport  {report}")
