"""``cautery server``: the database and the vault of an organisation."""

from __future__ import annotations

from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.model import Regime
from cautery.wiring import server

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Prepare the database and the vault that the cases of an organisation share.",
)


@app.callback()
def group() -> None:
    """Keep the group a group while it has one command."""


@app.command()
def prepare(
    regime: Annotated[Regime, typer.Option(help="Of all its cases: gdpr, or led for police.")],
) -> None:
    """Make the tables of the database, or bring them up to this version, and mark the vault.

    The database and the vault are those that --database and --vault, the environment or server.toml
    name. A database takes cases of one regime, and so do its vault and folder of keys. The command
    ends with an error if the store lets a second writer replace an object.

    Example: cautery server prepare --regime gdpr
    """
    is_new = server.prepare_server(regime)
    place = server.required_server()
    render.say(
        f"the database and {place.vault} {'are prepared' if is_new else 'are as they should be'}: "
        f"begin {regime} cases as server:NAME"
    )
