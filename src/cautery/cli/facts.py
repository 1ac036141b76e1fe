"""``cautery facts``: what facts are here, and how old."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render

app = typer.Typer(no_args_is_help=True, help="Facts about addresses and names.")


@app.command()
def info(
    folder: Annotated[Path, typer.Argument(help="A facts folder.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the files of a facts folder with their dates and whether they are still valid.

    Example: cautery facts info ../shared/data
    """
    from cautery import wiring
    from cautery.model import to_json

    known = wiring.facts(folder)
    now = wiring.clock().now()
    rows = [
        {
            "fact": one.name,
            "kind": one.kind,
            "path": str(one.path),
            "date": to_json(one.date),
            "valid_days": one.valid_days,
            "valid": known.valid(one.name, now),
        }
        for one in known.files
    ]
    if json:
        for row in rows:
            render.json_line(row)
        return
    render.table(
        ("fact", "kind", "date", "valid"),
        (
            (r["fact"], r["kind"], r["date"] or "unknown", "yes" if r["valid"] else "no")
            for r in rows
        ),
    )
