"""``cautery keys``: make an approver's key, and show its public half for the mandate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Make the keys of the people who approve.")


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="Where the private key goes; mode 0600.")],
) -> None:
    """Make a signing key for one person, and print the public key for the mandate.

    Example: cautery keys new ~/a-legal.pem
    """
    import base64

    from cautery.adapters.keys_file import create_approver

    raw = create_approver(path).public_key().public_bytes_raw()
    typer.echo(f'public_key = "{base64.b64encode(raw).decode()}"')


@app.command()
def public(
    path: Annotated[Path, typer.Argument(help="A private key that was made here.")],
) -> None:
    """Print the public half of a key, as the mandate's [[approver]] takes it.

    Example: cautery keys public ~/a-legal.pem
    """
    import base64

    from cautery.adapters.keys_file import load_approver

    raw = load_approver(path).public_key().public_bytes_raw()
    typer.echo(f'public_key = "{base64.b64encode(raw).decode()}"')
