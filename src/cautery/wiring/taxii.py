"""What the cases of a room give by TAXII, and what partners' servers give to us."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from cautery import __version__, wiring
from cautery.adapters.case_places import CasePlaces
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.taxii import TaxiiServer, authorization
from cautery.adapters.taxii_shelf import SqliteShelf
from cautery.canonical import canonical
from cautery.errors import AbsentError, ForbiddenAddressError, InputError
from cautery.exchange.stix.objects_out import stix_objects
from cautery.exchange.taxii import Filling, Offered
from cautery.model import Location, NetworkPolicy, OwnService, to_json
from cautery.model.exchange import Package
from cautery.model.marking import Marking
from cautery.projections.told import told_in
from cautery.wiring.cases import reading, reading_store
from cautery.wiring.kept import lists_folder, place_of, sweep
from cautery.wiring.postbox import secret_file
from cautery.workflows.case.roots import keep_to_roots
from cautery.workflows.exchange.of_watch import of_watch
from cautery.workflows.exchange.polling import Poll, poll, since_of
from cautery.workflows.exchange.serving import Shelves, Sources

_RATE = 10.0


def shelves() -> Shelves:
    """Return what the cases of a room give; close it at the end."""
    store = reading_store()
    kept_in = lists_folder().with_name("taxii")
    sweep(kept_in, store=store)

    def shelf(case: Path, marking: Marking) -> SqliteShelf:
        of_marking = hashlib.sha256(canonical(to_json(marking))).hexdigest()[:16]
        return SqliteShelf(place_of(store.identity(case), kept_in) / of_marking)

    return Shelves(
        Sources(
            filling=lambda case: filling_of(case, store),
            package=lambda case, marking: package_of(case, marking, store),
            objects=stix_objects,
            shelf=shelf,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a partner's server is reached.

    Parameters
    ----------
    user : str or None
        Whose password is in the file.
    password_file, token_file : Path or None
        Readable by their owner alone.
    allow : tuple of str
        Ranges of private addresses that may be asked, such as ``10.0.0.0/8``.
    ca : Path or None
        PEM file of the only authorities that may vouch for it; ``None``: the system's.
    """

    user: str | None = None
    password_file: Path | None = None
    token_file: Path | None = None
    allow: tuple[str, ...] = ()
    ca: Path | None = None


def polled(url: str, collection: str, *, access: Access, since: datetime | None = None) -> Poll:
    """Return what a partner's collection got since the last poll.

    Parameters
    ----------
    url : str
        Of the API root.
    since : datetime or None
        ``newest`` of the last poll; ``None``: everything.

    Raises
    ------
    CauteryError
        As :func:`~cautery.workflows.exchange.polling.poll` says, or if the access is none.
    """

    async def work() -> Poll:
        async with _server(url, access) as server:
            return await poll(server, collection, since=since, clock=wiring.clock())

    return asyncio.run(work())


def offered(url: str, *, access: Access) -> tuple[Offered, ...]:
    """Return the collections of a partner's API root.

    Raises
    ------
    CauteryError
        If it cannot be asked.
    """

    async def work() -> tuple[Offered, ...]:
        async with _server(url, access) as server:
            return await server.collections()

    return asyncio.run(work())


def since_in(case: Path, *, source: str, url: str, collection: str) -> datetime | None:
    """Return where the next poll of a collection into a case begins; ``None``: it is the first.

    Raises
    ------
    CauteryError
        If there is no such case.
    """
    with reading(case) as opened:
        imports = told_in(opened.ledger).by_source().get(source, ())
    polls = [told.imported.polled for told in imports if told.imported.polled is not None]
    return since_of(polls, url=url, collection=collection)


@asynccontextmanager
async def _server(url: str, access: Access) -> AsyncIterator[TaxiiServer]:
    host = urlsplit(url).hostname or ""
    services = (
        () if access.ca is None else (OwnService(host=host, ca=Location(str(access.ca.resolve()))),)
    )
    policy = NetworkPolicy(
        allow=tuple(map(_range, access.allow)), rate_per_host=_RATE, user_agent="Cautery-taxii/1"
    )
    login = authorization(
        user=access.user,
        password=_secret(access.password_file),
        token=_secret(access.token_file),
    )
    client = PoliteClient(policy, DnsNames(None), wiring.clock(), services=services)
    async with client:
        try:
            yield TaxiiServer(url, client, authorization=login)
        except ForbiddenAddressError as error:
            raise ForbiddenAddressError(
                f"{host} has an address that is not public",
                hint="If it is a server of yours, or one that you trust: --allow RANGE",
            ) from error


def _secret(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        text = secret_file(file, file).decode().strip()
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: it is no text") from error
    if not text or not text.isprintable():
        raise InputError(f"{file}: a login is one line")
    return text


def _range(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise InputError(f"{text[:80]!r} is no range; write 10.0.0.0/8") from error


def filling_of(case: Path, store: CasePlaces) -> Filling:
    """Return the state of a case's ledger.

    Raises
    ------
    AbsentError
        If it has no record yet.
    """
    ledger = store.ledger(case, read_only=True)
    try:
        size = ledger.size()
        newest = ledger.pick((size - 1,)) if size else ()
        if not newest:
            raise AbsentError("This case has no record yet.")
        leaf = next(leaf for _, _, leaf in ledger.leaves(since=size - 1, until=size))
    finally:
        ledger.close()
    state = f"{__version__} {size} {hashlib.sha256(leaf).hexdigest()}"
    return Filling(state=state, size=size, at=newest[0].record.at)


def package_of(case: Path, marking: Marking, store: CasePlaces) -> Package:
    """Return what the case of a watch hands out under a marking, as ``cautery export`` does.

    Raises
    ------
    UnrevealedError
        If nobody may know yet which streams are decoys.
    EvidenceError
        If its records do not agree with its signed roots.
    """
    ledger = store.ledger(case, read_only=True)
    try:
        keep_to_roots(case, ledger, store)
        return of_watch(ledger, marking=marking, at=wiring.clock().now()).package
    finally:
        ledger.close()
