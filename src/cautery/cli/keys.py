"""``cautery keys``: make an approver's key, and show its public half for the mandate."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Annotated

import typer

from cautery.adapters.keys_file import create_approver, load_approver
from cautery.cli._verbs import Verbs
from cautery.errors import InputError

app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Make the keys of the people who approve.")


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="Where the private key goes; mode 0600.")],
) -> None:
    """Make a signing key for one person, and print the public key for the mandate.

    Example: cautery keys new ~/a-legal.pem
    """
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder", hint=f"Make it first: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: not yours to write in", hint="Choose a folder of your own.")
    raw = create_approver(path).public_key().public_bytes_raw()
    typer.echo(f'public_key = "{base64.b64encode(raw).decode()}"')


@app.command()
def public(
    path: Annotated[Path, typer.Argument(help="A private key that was made here.")],
) -> None:
    """Print the public half of a key, as the mandate's [[approver]] takes it.

    Example: cautery keys public ~/a-legal.pem
    """
    raw = load_approver(path).public_key().public_bytes_raw()
    typer.echo(f'public_key = "{base64.b64encode(raw).decode()}"')
