"""The polite HTTP clients of a mandate's network policy: one for our services, one for suspects.

Reaches: web servers at public addresses, over http and https, and a mandate's own ranges; through
    an intermediary's proxy or a vantage's tunnel when the mandate names one.
Lawful basis: a mandate; only publicly offered pages, playlists and media are asked for, or those of
    a recorded test purchase. Credentials inside a third party's URL authority are not sent.
Manners: names itself; two requests at a time and a rate for each host, a rate for each address;
    backs off on 429 and 503; no cookies but a test purchase's own; bounded bytes, seconds, headers
    and redirects; asks again with ETag and Last-Modified; every exchange is handed on as it was.
Format: RFC 9110 to 9112 (HTTP), RFC 3986 (URLs), RFC 1952 (gzip), RFC 7617 (Basic).
"""

from __future__ import annotations

import base64
import ipaddress
import ssl
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiohttp

from cautery.adapters._asks import Ask
from cautery.adapters._client import Client, Way
from cautery.adapters._targets import Target
from cautery.adapters._trust import Trusts, taking_any, verifying, why_not
from cautery.errors import SourceError, UnprovenError
from cautery.model import Limits, NetworkPolicy, OwnService, Response
from cautery.model.ports import Clock, Names

_MOST_REFUSALS = 10_000
_KNOWN_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Login:
    """What one of our URLs states about its host: our login there, and the path it is for."""

    origin: tuple[str, str, int | None]
    path: str
    header: str


class PoliteClient(Client):
    """Asks our services; fulfils :class:`cautery.model.ports.VerifiedFetcher`.

    Whoever answers proves over TLS to be the host that was meant, or nothing is sent. Plain http
    goes to this machine's loopback alone, and no redirect leads from https to http. A login inside
    a URL is sent to its own host, and to other URLs of that host asked after it; no redirect takes
    it along, and no exchange shows it.

    Parameters
    ----------
    services : sequence of OwnService
        Those with an authority, pins or a client certificate of their own.

    Raises
    ------
    InputError
        If a certificate file of theirs cannot be used.
    """

    verifies: Literal[True] = True
    unrecorded = frozenset(("authorization", "proxy-authorization"))

    def __init__(
        self,
        policy: NetworkPolicy,
        names: Names,
        clock: Clock,
        *,
        services: Sequence[OwnService] = (),
        max_connections: int = 200,
    ) -> None:
        super().__init__(policy, names, clock, max_connections=max_connections)
        self._trusts = Trusts(services)
        self._logins: list[_Login] = []

    def _context(self, target: Target) -> ssl.SSLContext:
        return self._trusts.context(target.host)

    def _why_unverified(self, target: Target) -> None:
        """Nothing is taken unverified."""

    def _refused(self, target: Target, error: aiohttp.ClientSSLError) -> SourceError:
        return UnprovenError(f"{target.host} did not prove its identity ({why_not(error)})")

    def _admit(self, target: Target, before: str | None) -> None:
        if target.scheme == "https":
            return
        # Also towards this machine: a redirect must not take a request off TLS.
        if before is not None and before.startswith("https:"):
            raise UnprovenError(f"{target.host}: redirects from https to http")
        if not all(ipaddress.ip_address(address).is_loopback for address in target.addresses):
            raise UnprovenError(
                f"{target.host}: a service of our own must not be asked over plain http",
                hint="Give its https URL: only TLS proves who answers.",
            )

    def _login(self, url: str) -> tuple[tuple[str, str], ...]:
        try:
            parts = urlsplit(url)
            origin = (parts.scheme, (parts.hostname or "").rstrip("."), parts.port)
        except ValueError:
            return ()  # it is refused as no URL
        if parts.username is not None:
            credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            header = "Basic " + base64.b64encode(credentials.encode()).decode()
            login = _Login(origin, parts.path, header)
            if login not in self._logins:
                self._logins.append(login)
            return (("Authorization", header),)
        logins = [login for login in self._logins if login.origin == origin]
        if not logins:
            return ()
        # A host may have several logins: the one whose path shares most folders (RFC 7617, 2.2).
        nearest = max(logins, key=lambda login: _shared_folders(login.path, parts.path))
        return (("Authorization", nearest.header),)


class SuspectClient(Client):
    """Asks suspects and strangers; fulfils :class:`cautery.model.ports.Fetcher`, no more.

    A suspect's certificate is a fact to record, not a reason to look away: it is verified first,
    and taken as it is if it does not verify. Which, and why, stands in the exchange. Our logins
    are never sent by this client: a workflow that sends or trusts asks for a ``VerifiedFetcher``.
    """

    def __init__(
        self, policy: NetworkPolicy, names: Names, clock: Clock, *, max_connections: int = 200
    ) -> None:
        super().__init__(policy, names, clock, max_connections=max_connections)
        self._verifying, self._taking_any = verifying(), taking_any()
        self._refusals: OrderedDict[str, tuple[datetime, str]] = OrderedDict()

    def _context(self, target: Target) -> ssl.SSLContext:
        return self._verifying if self._why_unverified(target) is None else self._taking_any

    def _why_unverified(self, target: Target) -> str | None:
        until, why = self._refusals.get(target.authority, (None, None))
        return why if until is not None and self._clock.now() < until else None

    def _refused(self, target: Target, error: aiohttp.ClientSSLError) -> SourceError:
        return SourceError(f"{target.host}: the TLS connection failed ({why_not(error)})")

    def _admit(self, target: Target, before: str | None) -> None:
        """Suspects lead where they like; the address was checked."""

    def _login(self, url: str) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 - they get none
        return ()

    async def _once(
        self, target: Target, way: Way, ask: Ask, *, address: str, limits: Limits, until: float
    ) -> Response:
        try:
            return await super()._once(
                target, way, ask, address=address, limits=limits, until=until
            )
        except aiohttp.ClientSSLError as error:
            if self._why_unverified(target) is not None:
                raise
            # Remembered, so that a suspect with a broken certificate sees two handshakes an hour,
            # not two for each request (ADR 0033).
            self._refusals[target.authority] = self._clock.now() + _KNOWN_FOR, why_not(error)
        if len(self._refusals) > _MOST_REFUSALS:
            self._refusals.popitem(last=False)
        return await super()._once(target, way, ask, address=address, limits=limits, until=until)


def _shared_folders(path: str, other_path: str) -> int:
    steps = zip(path.split("/"), other_path.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], steps))
