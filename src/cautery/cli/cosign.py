"""``cautery cosign``: a small co-signer that a partner organisation runs."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.wiring import timing

app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Co-sign the logs of other organisations.")

_Folder = Annotated[Path, typer.Argument(help="Folder of the co-signer: its key and its state.")]


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A new folder for key and state, mode 0700.")],
    name: Annotated[str, typer.Option(help="Its name, such as partner.example/cosigner.")],
) -> None:
    """Make a co-signer, and print its key for policies.

    Never run a co-signer from a copy of its folder: the folder holds the last root that it signed.

    Example: cautery cosign new ~/cosigner --name partner.example/cosigner
    """
    with timing.cosigner(folder, new=name) as signer:
        typer.echo(timing.cosigner_key(signer))


@app.command()
def key(folder: _Folder) -> None:
    """Print the key of a co-signer for policies.

    Example: cautery cosign key ~/cosigner
    """
    with timing.cosigner(folder) as signer:
        typer.echo(timing.cosigner_key(signer))


@app.command()
def trust(
    folder: _Folder,
    log: Annotated[str, typer.Argument(help="Key of the log, as `cautery log new` printed it.")],
) -> None:
    """Co-sign a log from now on.

    Example: cautery cosign trust ~/cosigner league.example+0a1b2c3d+AZx...
    """
    with timing.cosigner(folder) as signer:
        signer.trust(log)
    render.say("trusted; a running server knows it at once")


@app.command()
def serve(
    folder: _Folder,
    listen: Annotated[str, typer.Option(help="Address and port to listen on.")] = "127.0.0.1:8086",
    cert: Annotated[Path | None, typer.Option(help="TLS certificate with its chain, PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="Key of that certificate, PEM.")] = None,
) -> None:
    """Serve `add-checkpoint` (c2sp.org/tlog-witness) until Ctrl-C.

    The co-signer signs a checkpoint only if it continues the last one that it signed. So it never
    signs two roots of one size.

    Example: cautery cosign serve ~/cosigner --listen 127.0.0.1:8086
    """
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise InputError(f"--listen: {listen!r} is not ADDRESS:PORT")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(
            timing.serve_cosigner(
                folder,
                host=host.strip("[]"),
                port=int(port),
                certificate=cert,
                key=key,
                say=lambda line: render.say(render.printable(line)),
            )
        )
