"""One answer from the outside, as received: what was asked, who answered, when, and the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from cautery.errors import InputError
from cautery.model.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one fetch may take.

    Parameters
    ----------
    max_bytes : int
        Of the body, after decompression.
    total_s, connect_s : float
        Seconds for everything, and for the connection alone.
    redirects : int
        Most redirects followed; each target's address is checked anew.
    partial : bool
        Keep what came when a limit is met, with ``truncated`` set, instead of raising.
    """

    max_bytes: int = 8_000_000
    total_s: float = 15.0
    connect_s: float = 5.0
    redirects: int = 5
    partial: bool = False

    def __post_init__(self) -> None:
        if self.max_bytes <= 0 or self.total_s <= 0:
            raise InputError("limits must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCertificate:
    """The certificate of the server in an exchange.

    Parameters
    ----------
    sha256 : str
        Of its DER, in hexadecimal.
    unverified : str or None
        Why it does not prove that the host is who it is named, in the TLS library's words;
        ``None``: it does.
    """

    sha256: str
    unverified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back, as they were on the wire: what an archive keeps.

    Parameters
    ----------
    target : str
        What the request line named: a path, or a whole URL through a forward proxy.
    request_headers : tuple of (str, str)
        As sent, but for a proxy's login, which is not of the exchange.
    request_body : bytes
        As sent.
    protocol, status, reason
        Of the status line, such as ``HTTP/1.1``, 200, ``OK``.
    headers : tuple of (str, str)
        As received, in order, repeated ones too; each letter is one byte (latin-1).
    payload : bytes
        Of the answer, content coding and all; a transfer coding is undone.
    address : str
        The address that was connected to: the server's, or a forward proxy's.
    cut : str or None
        Why the payload is not whole, in the words of WARC 1.1: ``length``, ``time`` or
        ``disconnect``.
    certificate : ShownCertificate or None
        What the server showed; ``None``: the exchange was not over TLS.
    """

    url: str
    method: str
    target: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes = field(default=b"", repr=False)
    protocol: str = "HTTP/1.1"
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    payload: bytes = field(repr=False)
    asked_at: datetime
    answered_at: datetime
    address: str
    vantage: str | None = None
    cut: str | None = None
    certificate: ShownCertificate | None = None

    def __post_init__(self) -> None:
        require_utc("asked_at", self.asked_at)
        require_utc("answered_at", self.answered_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """By what a server can say that nothing has changed since (RFC 9110, section 8.8)."""

    url: str
    etag: str | None
    last_modified: str | None

    @classmethod
    def of(cls, answer: Response) -> Validator | None:
        """Return what an answer gives to ask again with; ``None``: nothing."""
        etag, date = answer.header("ETag"), answer.header("Last-Modified")
        if etag is None and date is None:
            return None
        return cls(url=answer.url, etag=etag, last_modified=date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A complete answer. ``url`` is exact: it stays in memory and in sealed exhibits only.

    Parameters
    ----------
    hops : tuple of str
        URLs passed through by redirects, first to last; the last is ``url``.
    address : str
        The address that answered (the proxy's when ``vantage`` is not ``None``).
    vantage : str or None
        The intermediary or proxy through which it was fetched; ``None``: this machine.
    exchanges : tuple of Exchange
        Every transaction on the way, redirects first; the last gave this answer.
    """

    url: str
    hops: tuple[str, ...]
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    asked_at: datetime
    answered_at: datetime
    address: str
    vantage: str | None = None
    truncated: bool = False
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        require_utc("asked_at", self.asked_at)
        require_utc("answered_at", self.answered_at)

    def header(self, name: str) -> str | None:
        """Return the first header of that name, any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What a TLS server shows of itself; it is compared, never trusted.

    Parameters
    ----------
    host : str
        The host's name.
    address : str
        The address that was asked.
    sha256 : str
        SHA-256 of the certificate, hexadecimal.
    spki_sha256 : str
        SHA-256 of its public key (SPKI), hexadecimal.
    subject : str
        Subject of the certificate.
    issuer : str
        Issuer of the certificate.
    names : tuple of str
        Names that it is issued for.
    not_before : datetime or None
        First moment of its validity, in UTC; ``None``: not readable.
    not_after : datetime or None
        Last moment of its validity, in UTC; ``None``: not readable.
    self_signed : bool
        Whether subject and issuer are the same.
    seen_at : datetime
        When it was seen, in UTC.
    """

    host: str
    address: str
    sha256: str
    spki_sha256: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    self_signed: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the registry says about a domain (RDAP, WHOIS), contacts as keyed hashes.

    Parameters
    ----------
    domain : str
        The registered domain.
    registrar : str or None
        The registrar's name; ``None``: not stated.
    created : datetime or None
        When it was registered, in UTC; ``None``: the registry does not state it, or not in a
        certain form.
    changed : datetime or None
        When it was last changed, in UTC; ``None``: the registry does not state it, or not in a
        certain form.
    nameservers : tuple of str
        The domain's name servers.
    registrant : str or None
        Keyed hash of the registrant; ``None``: not stated.
    seen_at : datetime
        When the registry was asked, in UTC.
    expires : datetime or None
        When the registration ends, in UTC; ``None``: the registry does not state it, or not in a
        certain form.
    status : tuple of str
        EPP status codes if the registry uses them, else its own words.
    """

    domain: str
    registrar: str | None
    created: datetime | None
    changed: datetime | None
    nameservers: tuple[str, ...]
    registrant: str | None
    seen_at: datetime
    expires: datetime | None = None
    status: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFact:
    """Which autonomous system announces an address.

    ``shares`` says which part of what the system announces lies in published shared ranges, by
    their kind, such as ``(("cdn", 0.93),)``; empty when nobody knows.
    """

    address: str
    asn: int
    organisation: str
    country: str | None
    shares: tuple[tuple[str, float], ...] = ()


NAME_LISTS = (
    "bank-website",
    "university_domains",
    "dynamic-dns",
    "link-in-bio",
    "url-shortener",
    "disposable-email",
    "cdn-cname-suffixes",
    "protected-names",
)
"""Facts that say of which protected kind a name is; the last one tells each name's kind itself."""

ADDRESS_LISTS = ("public-dns-v4", "parking-domain", "sinkholes")
"""Facts that say of which protected kind an address is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFact:
    """The published range that shows that an address is shared.

    Parameters
    ----------
    cidr : str
        The range, in CIDR notation.
    provider : str
        Whose range it is.
    kind : str
        ``cdn``, ``waf``, ``cloud``, ``hosting`` or ``service``.
    fact : str
        Name of the list that holds it.
    """

    cidr: str
    provider: str
    kind: str
    fact: str = "ranges"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoHosted:
    """A name that passive DNS, or a certificate shown there, tied to an address."""

    address: str
    name: str
    first_seen: datetime
    last_seen: datetime
    fact: str = "passive-dns"


@dataclass(frozen=True, slots=True, kw_only=True)
class DedicatedFact:
    """Positive evidence that an address serves one customer alone, with its date.

    ``dedicated_to`` names the customer: names separated by spaces or semicolons, or a label.
    """

    address: str
    dedicated_to: str
    evidence: str
    evidence_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFact:
    """Since when an address, a range or a domain has belonged to whom, and who says so."""

    target: str
    owner: str
    since: date
    source: str
