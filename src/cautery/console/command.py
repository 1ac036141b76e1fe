"""``cautery serve``: the operations room, in a browser on this machine."""

from __future__ import annotations

import ipaddress
import socket
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.console.app import room_app
from cautery.console.desk import Desk
from cautery.console.door import KEY, Secret
from cautery.console.live import Live
from cautery.console.rechecks import Rechecks
from cautery.drawing.escaping import markup
from cautery.errors import InputError, StorageError
from cautery.wiring.cases import reading_store
from cautery.wiring.kept import case_hub, kept_case
from cautery.wiring.room import cases_in, has_desktop

_PORT = 8017
_CONNECTIONS = 512


def serve(
    cases: Annotated[
        Path, typer.Option("--cases", help="Folder with the cases that cautery watch made.")
    ] = Path("cases"),
    host: Annotated[str, typer.Option(help="Address of this machine to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen at; 0: one that is free.")
    ] = _PORT,
    browser: Annotated[
        bool,
        typer.Option(
            "--browser/--no-browser", help="Open the room in a browser, where there is a desktop."
        ),
    ] = True,
    page: Annotated[
        str, typer.Option("--page", help="The page that is opened first, such as /cases/md34.")
    ] = "/",
) -> None:
    """Serve the operations room: the cases of a folder, in a browser on this machine.

    The command prints an address with a key in it; only a browser that opened this address can read
    the cases. The room reads without any private key, writes to no case, and keeps none from being
    closed. It speaks plain HTTP, so it listens at an address of this machine alone. To look from
    another machine, use a tunnel: ssh -L 8017:127.0.0.1:8017 MACHINE.

    Example: cautery serve --cases cases
    """
    address = _loopback(host)
    secret = Secret.new()
    desk = Desk(
        cases=cases_in(cases),
        rechecks=Rechecks(reading_store(), wiring.clock()),
        live=Live(kept_case, case_hub),
        secret=secret,
    )
    listening = _listening(address, port)
    shown = f"[{address}]" if ":" in address else address
    start = f"http://{shown}:{listening.getsockname()[1]}/{page.lstrip('/')}?{KEY}={secret.key}"

    def ready() -> None:
        typer.echo(f"room    {start}")
        if browser and has_desktop():
            open_privately(start)

    _run(desk, listening, ready)


def open_privately(address: str) -> None:
    """Open an address in a browser, which other users of the machine do not read among processes.

    The browser is given a file that only its owner can read, and that leads on.
    """
    folder = Path(tempfile.mkdtemp(prefix="cautery-room-"))  # for its owner alone
    page = folder / "room.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        f'<meta http-equiv="refresh" content="0; url={markup(address)}"><title>Cautery</title>'
        f'<a href="{markup(address)}">Cautery</a>',
        encoding="utf-8",
    )
    webbrowser.open(page.as_uri())


def _loopback(host: str) -> str:
    name = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError as error:
        raise InputError(f"--host: {host!r} is not an address") from error
    if not address.is_loopback:
        raise InputError(
            f"--host: {host} can be reached from other machines, and the room speaks plain HTTP",
            hint="Listen at 127.0.0.1, and use a tunnel: ssh -L 8017:127.0.0.1:8017 MACHINE",
        )
    return str(address)


def _listening(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise StorageError(
            f"cannot listen at {address} port {port}: {error.strerror}",
            hint="Another room may be open there. For a free port: --port 0",
        ) from error
    return listening


def _run(desk: Desk, listening: socket.socket, ready: Callable[[], None]) -> None:
    import uvicorn  # noqa: PLC0415 - the command's help does without

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        room_app(desk),
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=32_768,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=1,
    )
    Server(config).run(sockets=[listening])
