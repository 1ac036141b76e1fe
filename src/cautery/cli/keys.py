"""``cautery keys``: an approver's key, its public half, and where signing keys are."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Annotated

import typer

from cautery.adapters.person_keys import create_approver, load_approver
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.wiring import keys as places

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Make signing keys for the people who approve; keep those of cases in a token.",
)

_Keys = Annotated[
    Path | None, typer.Option("--keys", help="Key folder outside the case; default $CAUTERY_KEYS.")
]


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


@app.command()
def token(
    library: Annotated[Path, typer.Argument(help="The PKCS#11 library of the token's maker.")],
    label: Annotated[str, typer.Argument(help="Label of the token.")],
    pin_file: Annotated[
        Path, typer.Option(help="File with its PIN, mode 0600, outside the folder of keys.")
    ],
    reach: Annotated[
        list[Path] | None,
        typer.Option(help="A folder that the library reads and writes while it signs; repeatable."),
    ] = None,
    variable: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A variable that the library reads; repeatable."),
    ] = None,
    keys: _Keys = None,
) -> None:
    """Make the signing keys of new cases and logs in a token, from where they cannot be copied.

    A trial key is made, signs in a closed process and is destroyed; then `token.toml` is written
    into the folder of keys. Keys that are files stay files.

    Example: cautery keys token /usr/lib/softhsm/libsofthsm2.so cases --pin-file /etc/cautery/pin
    """
    places.use_token(
        library,
        label,
        pin_file=pin_file,
        reach=reach or (),
        variables=variable or (),
        keys_dir=keys,
    )
    render.say(render.printable(f"new signing keys are made in the token {label!r}"))


@app.command()
def where(
    keys: _Keys = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the signing keys of a folder of keys: each is a file in it, or is in a token.

    If token.toml in the folder cannot be read, or is missing although keys are in a token, the
    command says so after the list, and the exit code is 2. The token itself is not asked.

    Example: cautery keys where
    """
    signing_keys = places.key_places(keys)
    if json:
        for place in signing_keys:
            render.json_line({"key": place.name, "token": place.token, "id": place.key_id or None})
    else:
        render.table(
            ("key", "place", "id in the token"),
            (
                (
                    place.name,
                    "file" if place.token is None else f"token {place.token}",
                    place.key_id,
                )
                for place in signing_keys
            ),
        )
    places.require_settings(signing_keys, keys)
