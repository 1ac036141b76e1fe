"""``cautery operation``: the coordinated operation, from the table to the day and after."""

from __future__ import annotations

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Run or replay a coordinated operation: agencies, deconfliction, action day, exhibits.",
)
