"""What is asked of the network, and what local facts say about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Literal, Protocol

from cautery.model.capture import (
    CertificateFacts,
    CoHosted,
    DedicatedFact,
    Limits,
    NetworkFact,
    OwnerFact,
    Registration,
    Response,
    SharedFact,
    Validator,
)


class Fetcher(Protocol):
    """One polite HTTP client, bound to a mandate."""

    async def fetch(
        self,
        url: str,
        *,
        limits: Limits,
        proxy: str | None = None,
        vantage: str | None = None,
        tunnel: bool = False,
        method: str = "GET",
        body: bytes | None = None,
        unless: Validator | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """Fetch ``url`` from an allowed address, through ``proxy`` if given.

        Any status is an answer; the caller reads it. A ``tunnel`` leads to the very address that
        was checked here; ``unless`` may be answered with 304; ``headers`` beside the usual
        ones are told to the URL's host alone.

        Raises
        ------
        ForbiddenAddressError
            If the URL or a redirect leads outside the mandate's network.
        LimitError
            If a limit is met.
        SourceError
            If nothing answers.
        """
        ...


class VerifiedFetcher(Fetcher, Protocol):
    """A fetcher of verified hosts: a server that answers has proved that it is the host.

    What hands something out, or believes an answer, asks for one of these; a suspect's fetcher
    is none.
    """

    @property
    def verifies(self) -> Literal[True]:
        """Always true; what cannot say so is not taken."""
        ...


class Streams(Protocol):
    """Streams that are sent to us, or carried over a lasting connection."""

    def listen(self, url: str) -> AsyncIterator[tuple[bytes, float]]:
        """Yield bytes of a transport stream, and the epoch second at which the last of them came.

        Empty bytes say that nothing has come for a while.

        Raises
        ------
        InputError
            If the URL cannot be read, or what it takes is not installed.
        SourceError
            If nothing can be had there.
        """
        ...


class Names(Protocol):
    """The domain name system."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return A and AAAA addresses, sorted; an address resolves to itself.

        Raises
        ------
        SourceError
            If the name does not exist or nobody answers.
        """
        ...


class Certificates(Protocol):
    """TLS certificates as servers show them."""

    async def of(self, host: str, port: int = 443) -> CertificateFacts:
        """Return the certificate that ``host`` shows.

        Raises
        ------
        SourceError
            If there is no TLS server.
        """
        ...


class Registry(Protocol):
    """Domain registrations (RDAP)."""

    async def of(self, domain: str) -> Registration:
        """Return the registration of a registered domain.

        Raises
        ------
        SourceError
            If nobody answers for it.
        """
        ...


class Facts(Protocol):
    """What the facts folder knows about addresses and names, and how old that is."""

    def network_of(self, address: str) -> NetworkFact | None:
        """Return the autonomous system of an address."""
        ...

    def shared(self, address: str) -> SharedFact | None:
        """Return the narrowest published shared range (CDN, cloud, ...) that holds an address."""
        ...

    def shared_within(self, first: str, last: str, *, most: int) -> tuple[SharedFact, ...]:
        """Return at most so many of the shared ranges that reach between two addresses."""
        ...

    def names_on(self, address: str) -> tuple[CoHosted, ...]:
        """Return the names that passive DNS or a certificate tied to an address."""
        ...

    def names_within(self, first: str, last: str, *, most: int) -> tuple[CoHosted, ...]:
        """Return at most so many of the names tied to addresses from ``first`` to ``last``."""
        ...

    def addresses_of(self, name: str) -> tuple[CoHosted, ...]:
        """Return the addresses where passive DNS saw a name."""
        ...

    def knows_hosting(self) -> bool:
        """Tell whether there is passive DNS at all: without it co-hosting is unknown."""
        ...

    def owner_of(self, target: str) -> OwnerFact | None:
        """Return since when an address or a name has had its owner, if anybody says so."""
        ...

    def dedicated(self, address: str) -> DedicatedFact | None:
        """Return the newest evidence that an address serves one customer alone, if any."""
        ...

    def popular(self, name: str) -> bool:
        """Tell whether a name is a popular site or a service name of one."""
        ...

    def kinds_of(self, name: str) -> tuple[str, ...]:
        """Return protected kinds of a name: bank, university, hospital, dynamic-dns, ...

        Of an address: ``public-dns``, ``parking``, ``sinkhole``.
        """
        ...

    def kinds_within(self, first: str, last: str) -> tuple[str, ...]:
        """Return protected kinds of any address from ``first`` to ``last``."""
        ...

    def country_of(self, address: str) -> str | None:
        """Return the country of registration or declared use, not where the server stands."""
        ...

    def parks(self, server: str) -> bool:
        """Tell whether a name server is, or lies below, one of a parking service."""
        ...

    def registered_domain(self, name: str) -> str | None:
        """Return the registrable domain by the public suffix list, both sections.

        ``None`` for a public suffix itself.
        """
        ...

    def known(self, fact: str) -> bool:
        """Tell whether there is such a fact at all, dated or not."""
        ...

    def dated(self, fact: str) -> date | None:
        """Return the date of a fact file, by its stem."""
        ...

    def valid(self, fact: str, at: datetime) -> bool:
        """Tell whether a fact file is still valid at a moment."""
        ...
