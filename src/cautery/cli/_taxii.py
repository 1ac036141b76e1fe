"""What ``cautery import --taxii`` does: list a partner's collections, or poll one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.exchange.shape import Assumed
from cautery.model import to_json
from cautery.model.records import PolledFrom
from cautery.wiring import importing
from cautery.wiring.taxii import Access, offered, polled, since_in
from cautery.workflows.exchange.reading import ReadFile

Url = Annotated[
    str | None,
    typer.Option(
        "--taxii",
        metavar="URL",
        help="Poll this API root of a TAXII 2.1 server instead; without --collection, list what it"
        " offers.",
    ),
]
Collection = Annotated[
    str | None, typer.Option("--collection", metavar="ID", help="The collection to poll.")
]
User = Annotated[str | None, typer.Option("--user", help="Who you are at the server.")]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="File with the user's password.")
]
TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help="File with a token instead of a user.")
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow", metavar="RANGE", help="Private addresses that may be asked; may be repeated."
    ),
]
Ca = Annotated[
    Path | None,
    typer.Option("--ca", help="PEM file of the only authorities that may vouch for the server."),
]


def list_collections(url: str, access: Access, *, json: bool) -> None:
    """List the collections that a server offers."""
    collections = offered(url, access=access)
    if json:
        for collection in collections:
            render.json_line(to_json(collection))
    elif collections:
        render.table(
            ("collection", "title", "readable"),
            ((offer.id, offer.title, "yes" if offer.can_read else "no") for offer in collections),
        )
    render.say(f"{counted(len(collections), 'collection')}; poll one by --collection ID")


def poll_collection(
    url: str,
    collection: str,
    access: Access,
    *,
    case: Path | None,
    source: str | None,
    assumed: Assumed,
) -> tuple[ReadFile, PolledFrom] | None:
    """Return what a collection got since the case's last poll; ``None``: nothing.

    Raises
    ------
    CauteryError
        If the server or what it sent cannot be used; then nothing of it is kept.
    """
    since = None
    if case is not None and source is not None:
        since = since_in(case, source=source, url=url, collection=collection)
    host = urlsplit(url).hostname or "the server"
    with Progress(f"polling {host}", None):
        poll = polled(url, collection, access=access, since=since)
        if not poll.objects:
            render.say(f"{host}: nothing is new in this collection")
            return None
        read = importing.read_polled(poll.bundle, f"{host} {collection[:80]}", assumed=assumed)
    render.say(f"{host}: {counted(poll.objects, 'object')} on {counted(poll.pages, 'page')}")
    return read, PolledFrom(url=url, collection=collection, newest=poll.newest)


def require_one_source(file: Path | None, url: str | None, collection: str | None) -> None:
    """Raise InputError unless there is a file or a server, and a collection with a server alone."""
    if (file is None) == (url is None):
        raise InputError("give a file, or a server by --taxii", hint="cautery import FILE")
    if collection is not None and url is None:
        raise InputError("--collection needs --taxii", hint="Add --taxii URL.")
