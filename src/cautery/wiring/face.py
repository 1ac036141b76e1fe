"""The public face: its file of settings, its folders, and the server over both."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cautery import wiring
from cautery.act import Envelope
from cautery.act.complaint import MOST_BYTES as COMPLAINT_BYTES
from cautery.act.read_answer import MOST_BYTES
from cautery.adapters.http_face import MOST_OF_ONE, Listener, certificates_in, serve, server_tls
from cautery.adapters.lists_folder import ListsFolder
from cautery.adapters.public_folder import PublicFolder
from cautery.errors import InputError, SourceError
from cautery.model import Digest, ListAnswer
from cautery.model.toml import simple_toml
from cautery.model.web import Answered, Asked
from cautery.packed import require_file
from cautery.pages.public import Desk
from cautery.wiring.cases import writing
from cautery.wiring.lists import organisation_of
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.public.blocked import BlockedPage
from cautery.workflows.public.feeds import Feeds
from cautery.workflows.public.lookup import LookUp
from cautery.workflows.public.shelf import Shelf
from cautery.workflows.public.site import Site
from cautery.workflows.watch.acting.republish import Republished, republish

_MOST_SETTINGS = 1_000_000
Text = Annotated[str, Field(min_length=1, max_length=500)]


def _web(url: str) -> str:
    if urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname:
        raise ValueError("not an http(s) URL")
    return url.rstrip("/")


def _place(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError('not HOST:PORT, such as "0.0.0.0:443"')
    return text


Url = Annotated[str, Field(max_length=500), AfterValidator(_web)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Listen(_Table):
    listen: Annotated[str, AfterValidator(_place)]
    certificate: Text | None = None
    key: Text | None = None
    connections_per_address: Annotated[int, Field(ge=1, le=2_000)] = MOST_OF_ONE


class _Blocked(_Table):
    listen: Annotated[str, AfterValidator(_place)]
    by: Url
    name: Text


class _Provider(_Table):
    list: Annotated[str, Field(pattern=r"^L-[0-9a-f]{12}$")]
    certificate: Text


class _File(_Table):
    folders: Annotated[list[Text], Field(max_length=100)] = []
    lists: Annotated[list[Text], Field(max_length=100)] = []
    name: Text
    contact: Text
    url: Url
    lab: bool = False
    feeds: _Listen | None = None
    public: _Listen | None = None
    blocked: _Blocked | None = None
    provider: list[_Provider] = []


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """The settings of a public face, and the folder that its paths start from."""

    file: _File
    base: Path


def read_face(path: Path) -> FaceSettings:
    """Read the settings of a public face.

    Raises
    ------
    InputError
        If they cannot be used.
    """
    require_file(path)
    try:
        with path.open("rb") as opened:
            raw = opened.read(_MOST_SETTINGS + 1)
        if len(raw) > _MOST_SETTINGS:
            raise InputError(f"{path}: over {_MOST_SETTINGS} bytes")
        file = _File.model_validate(simple_toml(raw.decode()))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{path}: {where}: {first['msg']}", hint="docs/howto/run-the-public-face.md"
        ) from error
    except ValueError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    if file.feeds is None and file.public is None and file.blocked is None:
        raise InputError(f"{path}: it has none of [feeds], [public] and [blocked]")
    if not file.folders and (not file.lists or file.public or file.blocked):
        raise InputError(f"{path}: folders: name the public folder of a case")
    if file.feeds is not None and file.feeds.certificate is None:
        raise InputError(f"{path}: feeds.certificate: lists are served over TLS alone")
    if file.feeds is not None and not file.provider:
        raise InputError(f"{path}: [feeds] without any [[provider]] serves nobody")
    return FaceSettings(file, path.parent)


def serve_face(settings: FaceSettings, *, ready: Callable[[str], None]) -> None:
    """Serve until the process is told to stop.

    Parameters
    ----------
    ready : callable
        Called with the places where the face listens.

    Raises
    ------
    CauteryError
        If it cannot.
    """
    asyncio.run(_serve(settings, ready))


async def _serve(settings: FaceSettings, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    listeners, names = [], []
    for name, listener in _listeners(settings):
        names.append((name, listener))
        listeners.append(listener)

    def say(ports: Any) -> None:
        for (name, listener), port in zip(names, ports, strict=True):
            scheme = "http" if listener.tls is None else "https"
            host = f"[{listener.host}]" if ":" in listener.host else listener.host
            ready(f"{name} at {scheme}://{host}:{port}")

    await serve(listeners, ready=say, stop=stop)


def _listeners(settings: FaceSettings) -> list[tuple[str, Listener]]:
    file, base = settings.file, settings.base
    shelves = [Shelf(PublicFolder(base / folder)) for folder in file.folders]
    organisations = [Shelf(ListsFolder(base / folder).public()) for folder in file.lists]
    clock = wiring.clock()
    listeners: list[tuple[str, Listener]] = []
    if file.feeds is not None:
        allowed: dict[str, set[str]] = {}
        for provider in file.provider:
            allowed.setdefault(provider.list, set()).update(
                certificates_in(base / provider.certificate)
            )
        feeds = Feeds([*organisations, *shelves], allowed=allowed, rng=random.Random())  # noqa: S311 - spreads load
        paths = sorted({base / provider.certificate for provider in file.provider})

        def answer(asked: Asked) -> Answered:
            return feeds.answer(asked, clock.now())

        listeners.append(
            ("lists", _listener(file.feeds, base, answer, most_body=MOST_BYTES, clients=paths))
        )
    desk = Desk(name=file.name, contact=file.contact, url=file.url, lab=file.lab)
    look_up = LookUp(shelves, organisations)
    if file.public is not None:
        site = Site(look_up, desk)

        def answer_public(asked: Asked) -> Answered:
            return site.answer(asked, clock.now())

        listeners.append(
            ("pages", _listener(file.public, base, answer_public, most_body=COMPLAINT_BYTES))
        )
    if file.blocked is not None:
        blocked = BlockedPage(look_up, desk, by=file.blocked.by, provider=file.blocked.name)

        def answer_blocked(asked: Asked) -> Answered:
            return blocked.answer(asked, clock.now())

        plain = _Listen(listen=file.blocked.listen)
        listeners.append(("451 page", _listener(plain, base, answer_blocked, most_body=0)))
    return listeners


def _listener(
    table: _Listen,
    base: Path,
    answer: Callable[[Asked], Answered],
    *,
    most_body: int,
    clients: list[Path] | None = None,
) -> Listener:
    host, _, port = table.listen.rpartition(":")
    tls = None
    if table.certificate is not None:
        key = None if table.key is None else base / table.key
        tls = server_tls(base / table.certificate, key, clients=clients or ())
    return Listener(
        host=host.strip("[]"),
        port=int(port),
        answer=answer,
        most_body=most_body,
        tls=tls,
        most_of_one=table.connections_per_address,
    )


def publish(
    case_path: Path, folder: Path, *, keys_dir: Path | None, lists: Path | None = None
) -> Republished:
    """Make the next version of each list of a case into a public folder.

    Parameters
    ----------
    lists : Path or None
        The folder of the organisation's lists, if the case has its entries on them.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with writing(case_path, keys_dir=keys_dir) as case:
        mandate = mandate_of(case.ledger)
        if (mandate.lists is None) != (lists is None):
            raise InputError(
                f"{case_path}: the case has its entries on the lists of its organisation"
                if lists is None
                else f"{case_path}: the case has lists of its own",
                hint="Name the folder of these lists: --lists FOLDER." if lists is None else "",
            )
        with organisation_of(mandate, case.verifier, folder=lists, keys_dir=keys_dir) as ours:
            files = PublicFolder(folder, make=True)
            return asyncio.run(republish(case, files, by_put=_Unreached(), organisation=ours))


class _Unreached:
    """Nobody is handed a list: a case does not hold where lists are sent."""

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        """Refuse.

        Raises
        ------
        SourceError
            Always.
        """
        del now, held
        raise SourceError(f"{envelope.to.name} is reached by a running watch alone")
