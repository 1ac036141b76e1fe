"""``cautery operation exhibit``: the register of what was seized."""

from __future__ import annotations

import typer

from cautery.cli._verbs import Verbs
from cautery.cli.operation import _exhibit_entries as entries
from cautery.cli.operation import _exhibit_views as views

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Register exhibits; record their custody, add them up, print labels.",
)

app.command()(entries.add)
app.command()(entries.move)
app.command("value")(entries.value_)
app.command()(entries.correct)
app.command("list")(views.list_)
app.command()(views.show)
app.command()(views.totals)
app.command()(views.labels)
app.command()(views.manifest)
app.command()(views.findings)
