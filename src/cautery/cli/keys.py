"""``cautery keys``: make an approver's key, and show its public half for the mandate."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Annotated

import typer

from cautery.adapters.person_keys import create_approver, load_approver
from cautery.cli._verbs import Verbs
from cautery.errors import InputError

app = typer.Typer(
    cls=Verbs, no_args_is_help=True, help="Make signing keys for the people who approve."
)


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="File for the private key; written with mode 0600.")],
) -> None:
    """Make a signing key for one person, and print the public key for the mandate.

    Example: cautery keys new ~/a-legal.pem
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder", hint=f"Create it first: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: you may not write there", hint="Choose a folder of your own.")
    raw = create_approver(path).public_key().public_bytes_raw()
    typer.echo(f'public_key = "{base64.b64encode(raw).decode()}"')


@app.command()
def public(
    path: Annotated[Path, typer.Argument(help="A private key made by cautery keys new.")],
) -> None:
    """Print the public key of a private key, as an [[approver]] of the mandate needs it.

    Example: cautery keys public ~/a-legal.pem
    """
    raw = load_approver(path).public_key().public_bytes_raw()
    typer.echo(f'public_key = "{base64.b64encode(raw).decode()}"')
