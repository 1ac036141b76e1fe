"""Ports that more than one stage or workflow needs. Adapters fulfil them; stages get values."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from threading import Event
from typing import Literal, Protocol, TypeVar

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
from cautery.model.evidence import (
    Digest,
    Exhibit,
    ExhibitId,
    Json,
    PersonSignature,
    SignedRoot,
)
from cautery.model.media import Decoded
from cautery.model.records.entry import Entry
from cautery.model.times import ClockOffset

T = TypeVar("T")


class Clock(Protocol):
    """Time, with what is known of its distance from UTC."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...

    def offset(self) -> ClockOffset:
        """Return how far this clock may be from UTC."""
        ...


class Ledger(Protocol):
    """The append-only log of records. Appending is safe from several processes at once."""

    def append(
        self,
        kind: str,
        body: Json,
        *,
        at: datetime,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Entry:
        """Append one record durably (it is on disk on return).

        With ``if_unchanged_since``, a size that this ledger had, only if no record (of these
        ``kinds``, if any are given) came in since.

        Raises
        ------
        ConflictError
            If one came in since; nothing is written then.
        StorageError
            If it cannot be written; nothing is half-written then.
        """
        ...

    def append_all(
        self,
        records: Sequence[tuple[str, Json, datetime]],
        *,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> tuple[Entry, ...]:
        """Append several records in one transaction, all of them or none, as :meth:`append`."""
        ...

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield entries with ``index >= since`` in order, all kinds or the given ones."""
        ...

    def follow(
        self,
        *,
        since: int = 0,
        kinds: Sequence[str] = (),
        stop: Event | None = None,
        patience_s: float | None = None,
    ) -> Iterator[Entry]:
        """Yield as :meth:`read` does, then what any process appends, as it comes.

        It ends when ``stop`` is set, or no more has come for ``patience_s``.
        """
        ...

    def size(self) -> int:
        """Return the number of entries."""
        ...


class Vault(Protocol):
    """Sealed bytes under their digest."""

    def seal(
        self,
        data: bytes,
        *,
        media_type: str,
        at: datetime,
        clock: ClockOffset,
        subject: str | None = None,
    ) -> Exhibit:
        """Seal bytes durably; with ``subject``, encrypted under that subject's own key.

        Raises
        ------
        StorageError
            If they cannot be written; no partial file survives.
        """
        ...

    def read(self, exhibit: ExhibitId) -> bytes:
        """Return the stored bytes (of a confidential exhibit, the ciphertext), seal checked.

        Raises
        ------
        BrokenSealError
            If they no longer match.
        """
        ...

    def open(self, exhibit: ExhibitId, *, subject: str) -> bytes:
        """Return the clear bytes of a confidential exhibit.

        Raises
        ------
        ErasedError
            If the subject's key was destroyed.
        """
        ...


class Signer(Protocol):
    """Signs for one case what it can read, and nothing else; the private key stays with it."""

    @property
    def name(self) -> str:
        """What it signs as: ``cautery/case-ID``."""
        ...

    @property
    def key(self) -> str:
        """Its C2SP verifier key: what ``cautery verify --public-key`` takes."""
        ...

    def last(self) -> SignedRoot | None:
        """Return the last root that it signed; ``None``: nobody knows, as in a case of 0.1.0."""
        ...

    def sign(self, text: str, *, proof: Sequence[bytes] = ()) -> str:
        """Return a text as a signed note.

        Parameters
        ----------
        text : str
            A checkpoint, a manifest, a letter or a statement: see :mod:`cautery.evidence.signing`.
        proof : sequence of bytes
            Of a checkpoint: that it goes on from the last one (RFC 9162, section 2.1.4.1).

        Raises
        ------
        EvidenceError
            If a checkpoint does not go on from the last one, or a manifest states another root.
        InputError
            If it is a text that a case does not sign.
        SignerError
            If the signer is gone; nothing was signed.
        """
        ...

    def last_list(self, name: str) -> tuple[int, Digest] | None:
        """Return number and digest of the last version of a block list that it signed."""
        ...

    def sign_list(self, text: str) -> str:
        """Return its Ed25519 signature over the next version of a block list, base64.

        Raises
        ------
        EvidenceError
            If the version does not follow the last one, or the case is closed.
        InputError
            If it is not a version in its one spelling.
        SignerError
            If the signer is gone; nothing was signed.
        """
        ...

    def go_back(
        self,
        text: str,
        *,
        signatures: Sequence[PersonSignature],
        checkpoint: str,
        opened: bytes,
        proof: Sequence[bytes],
    ) -> None:
        """Take an earlier root for the last one, because two people want it so.

        Parameters
        ----------
        text : str
            What they signed: see :mod:`cautery.evidence.restoring`.
        checkpoint : str
            The note over the earlier root.
        opened : bytes
            The first leaf of that ledger, which names the approvers.
        proof : sequence of bytes
            That the leaf is in it (RFC 9162, section 2.1.3.1).

        Raises
        ------
        EvidenceError
            If one of these does not hold.
        SignerError
            If the signer is gone.
        """
        ...


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
        was checked here; ``unless`` may be answered with 304; ``headers`` beside our own are
        told to the URL's own host alone.

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


class Readers(Protocol):
    """Readers of bytes from outside, at work where they can be ended and do no harm."""

    async def read(self, job: str, asked: Json, data: bytes) -> bytes:
        """Do a job of reading that this program knows by its name; return what it packs.

        Raises
        ------
        LimitError
            If it took more time or memory than such bytes may.
        SourceError
            If its reader understands nothing, or died of the bytes.
        """
        ...


class Decoder(Protocol):
    """Media bytes to arrays, in a child process that may die without harm."""

    async def decode(self, data: bytes, *, pictures: bool) -> Decoded:
        """Decode sound, and small pictures if asked.

        Raises
        ------
        DecodeError
            If nothing could be decoded, or a limit was met, or the child died.
        """
        ...

    def parts(
        self, path: Path, *, pictures: bool, part_s: float = 60.0
    ) -> AsyncGenerator[Decoded, None]:
        """Decode a file of any length in parts that follow one another on one media axis.

        Raises
        ------
        InputError
            If it is no ordinary file that can be read.
        DecodeError
            As for :meth:`decode`.
        """
        ...

    async def still(self, data: bytes, *, at_s: float) -> bytes:
        """Return the picture shown at media time ``at_s`` as a PNG.

        Raises
        ------
        DecodeError
            If there is no picture there.
        """
        ...


class Engine(Protocol):
    """Where heavy work runs: threads or processes here, a cluster later.

    A task may run in another process, even on another machine: what is meant for every engine is
    an importable function of plain values, with large things named by where they lie.
    """

    async def run(self, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` away from the event loop and return its result.

        Raises
        ------
        CauteryError
            If the engine lost the task, or was closed. What the task raises comes through.
        """
        ...

    async def run_at(self, shard: int, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` where shard number ``shard`` is at home.

        All tasks of a shard run in one place, so that what the first maps the next one finds.

        Raises
        ------
        CauteryError
            As for :meth:`run`.
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
