"""The option ``--schema``: a command's lines as a JSON Schema, whatever else it lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from cautery.cli import render


def schema_option(schema: Callable[[], dict[str, Any]]) -> Any:
    """Return the option; it is answered before a missing argument is complained of.

    Parameters
    ----------
    schema : callable
        Returns the JSON Schema of a line; called only when asked, so it may import much.
    """

    def answer(flag: bool) -> None:
        if flag:
            render.json_line(schema())
            raise typer.Exit

    return typer.Option(
        "--schema",
        is_eager=True,
        callback=answer,
        help="Print the JSON Schema of a line and exit.",
    )
