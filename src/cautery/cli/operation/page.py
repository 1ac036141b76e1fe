"""``cautery operation page``: what a desk's case shows, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.operation._places import check_place
from cautery.wiring import desks


def page(
    case: Annotated[Path, typer.Argument(help="The agency's case of the operation.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File for the page.")] = Path(
        "operation.html"
    ),
    language: Annotated[str, typer.Option(help="Language of the page: en, es, fr or it.")] = "en",
    following: Annotated[
        Path | None,
        typer.Option(
            "--following", help="Case that follows this one: what grew back stands on the page."
        ),
    ] = None,
) -> None:
    """Write the page of an operation again from the records of an open or closed case.

    Example: cautery operation page cases/op-rome --language it -o operation.html
    """
    check_place(out, case=case)
    desks.write_operation_page(case, out, language=language, following=following)
    render.say(f"page    {out.resolve()}")
