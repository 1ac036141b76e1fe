"""``cautery serve``: the operations room, in a browser on this machine."""

from __future__ import annotations

import ipaddress
import socket
import tempfile
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cautery import wiring
from cautery.console.app import room_app
from cautery.console.desk import Desk
from cautery.console.door import KEY, Secret
from cautery.console.live import Live
from cautery.console.people_entry import Place
from cautery.console.rechecks import Rechecks
from cautery.console.telemetry import log_as_json
from cautery.drawing.escaping import markup
from cautery.errors import InputError, StorageError
from cautery.evidence.case_names import is_on_server
from cautery.wiring.cases import reading_store
from cautery.wiring.identity import identity_of
from cautery.wiring.kept import case_hub, kept_case, usual_place
from cautery.wiring.nodes import NodesShown, fit
from cautery.wiring.people import are_there, lie_on_server, people_of, tls_of
from cautery.wiring.room import cases_in, gathering_of, has_desktop
from cautery.wiring.season import seasons_beside
from cautery.wiring.server import name_server
from cautery.wiring.taxii import shelves
from cautery.wiring.tokens import TokensOfRoom, tokens

_PORT = 8017
_CONNECTIONS, _REQUESTS = 448, 512


def serve(
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases",
            help="Folder with the cases that cautery watch made, or server: for those of the "
            "organisation; default: server: where one is named, or else cases.",
        ),
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="As cautery --database: where the records of cases lie.")
    ] = None,
    vault: Annotated[
        str | None, typer.Option(help="As cautery --vault: where the exhibits of cases lie.")
    ] = None,
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
    people: Annotated[
        Path | None,
        typer.Option(
            "--people",
            help="Folder of the people who may come in; default: `people` beside the cases, if it"
            " is there.",
        ),
    ] = None,
    address: Annotated[
        str,
        typer.Option(
            "--address", help="Where people reach the room, such as https://room.league.example."
        ),
    ] = "",
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="Certificate chain of this address, PEM.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", help="Its private key, PEM, mode 0600.")
    ] = None,
    proxy: Annotated[
        str,
        typer.Option(
            "--proxy",
            help="Address of the proxy that speaks TLS for the room; requests come from it alone.",
        ),
    ] = "",
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", help="Folder with the key of the access log; default $CAUTERY_KEYS."
        ),
    ] = None,
    oidc: Annotated[
        Path | None,
        typer.Option(
            "--oidc",
            envvar="CAUTERY_OIDC",
            help="File of the identity provider through which people may come in, TOML.",
        ),
    ] = None,
    log_json: Annotated[
        bool,
        typer.Option("--log-json", help="Log each answer to stderr, as a line of JSON."),
    ] = False,
) -> None:
    """Serve the operations room: the cases of a folder or of the server, in a browser.

    The command prints an address with a key in it; only a browser that opened this address can read
    the cases. The room reads cases without any private key, writes to none, and keeps none from
    being closed. It speaks plain HTTP, so it listens at an address of this machine alone. To look
    from another machine, use a tunnel: ssh -L 8017:127.0.0.1:8017 MACHINE.

    As soon as there are people (cautery people add), everybody is asked for a login. Then the room
    may also listen for other machines: with --tls-cert and --tls-key, or behind a --proxy, and with
    the --address by which people reach it. With --oidc they may also come in through the
    organisation's identity provider, once their account is bound to it (cautery people bind).

    Example: cautery serve --cases cases
    """
    name_server(database, vault)
    cases = usual_place() if cases is None else cases
    place = Place(address=address.rstrip("/").lower(), proxy=proxy)
    folder = cases.absolute().parent / "people" if people is None else people
    many = are_there(folder, cases=cases)
    if people is not None and not many:
        raise InputError(
            f"--people: nobody is in {people}",
            hint=f"Make an account: cautery people add NAME --role keeper --people {people}",
        )
    if oidc is not None and not many:
        raise InputError(
            "--oidc: an identity provider is for a room with people, and there are none",
            hint="Make an account: cautery people add NAME --role keeper",
        )
    tls = tls_of(tls_cert, tls_key) is not None
    where = listening_place(host, place, many=many, tls=tls)
    secret = Secret.new()
    if many and is_on_server(cases) and not lie_on_server(folder):
        typer.echo(
            f"The accounts of this room lie in {folder}, so no other room of the organisation has "
            f"them. To move them: cautery people move {folder} server:",
            err=True,
        )
    with ExitStack() as stack:
        who = stack.enter_context(people_of(folder, keys_dir=keys)) if many else None
        cases_shown = cases_in(cases)
        desk = Desk(
            cases=cases_shown,
            gathering=gathering_of(cases_shown),
            rechecks=Rechecks(reading_store(), wiring.clock()),
            live=Live(kept_case, case_hub),
            secret=secret,
            people=who,
            identity=None if oidc is None else identity_of(oidc, wiring.clock()),
            place=place,
            tokens=TokensOfRoom(tokens(on_server=is_on_server(cases)), cases),
            seasons=partial(seasons_beside, cases),
            shelves=shelves(),
            nodes=NodesShown(on_server=is_on_server(cases)),
            fit=fit(),
        )
        if log_json:
            log_as_json()
        listening = _listening(where, port)
        start = _start(place, where, listening.getsockname()[1], page)
        if not many:
            start += f"?{KEY}={secret.key}"

        def ready() -> None:
            typer.echo(f"room    {start}")
            if browser and has_desktop():
                open_privately(start)

        _run(desk, listening, ready, certificate=tls_cert, key=tls_key)


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


def listening_place(host: str, place: Place, *, many: bool, tls: bool) -> str:
    """Return the address to listen at, if the room may do so.

    Raises
    ------
    InputError
        If others could read or use what they must not.
    """
    name = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError as error:
        raise InputError(f"--host: {host!r} is not an address") from error
    if not many and (place.address or place.proxy or tls):
        raise InputError(
            "--address, --proxy and TLS are for a room with people, and there are none",
            hint="Make an account: cautery people add NAME --role keeper",
        )
    if address.is_loopback and not (place.proxy or tls or place.address):
        return str(address)
    if not many:
        raise InputError(
            f"--host: {host} can be reached from other machines, and the room has no people",
            hint="Listen at 127.0.0.1, and use a tunnel: ssh -L 8017:127.0.0.1:8017 MACHINE. Or"
            " make accounts: cautery people add NAME --role ROLE",
        )
    if not (tls or place.proxy):
        raise InputError(
            f"--host: {host} can be reached from other machines, and the room speaks plain HTTP",
            hint="Give --tls-cert and --tls-key, or the address of a --proxy that speaks TLS.",
        )
    if place.proxy:
        _require_address(place.proxy)
    parts = urlsplit(place.address)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query:
        raise InputError(
            "--address: say where people reach the room, such as https://room.league.example",
        )
    return str(address)


def _require_address(proxy: str) -> None:
    try:
        ipaddress.ip_address(proxy)
    except ValueError as error:
        raise InputError(f"--proxy: {proxy!r} is not an address") from error


def _start(place: Place, where: str, port: int, page: str) -> str:
    shown = f"[{where}]" if ":" in where else where
    return f"{place.address or f'http://{shown}:{port}'}/{page.lstrip('/')}"


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


def _run(
    desk: Desk,
    listening: socket.socket,
    ready: Callable[[], None],
    *,
    certificate: Path | None = None,
    key: Path | None = None,
) -> None:
    import uvicorn  # noqa: PLC0415 - the command's help does without

    from cautery.console.guests import RoomServer, make_room_for  # noqa: PLC0415 - the same

    class Server(RoomServer):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        room_app(desk),
        access_log=False,
        log_config=None,  # else it writes other lines between those of JSON
        log_level="error",
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=_REQUESTS,
        h11_max_incomplete_event_size=32_768,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    make_room_for(_CONNECTIONS)
    Server(config, most=_CONNECTIONS).run(sockets=[listening])
