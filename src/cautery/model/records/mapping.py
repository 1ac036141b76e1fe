"""Records about the hosts behind streams: what they show, what ties them, and their map."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.capture import CertificateFacts, Registration, SharedFact
from cautery.model.graph import Link, SupplyGraph
from cautery.model.message import Message
from cautery.model.records.dated import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFacts(Dated):
    """A host was looked up.

    Parameters
    ----------
    host : str
        The host's name or address.
    addresses : tuple of str
        The addresses of the host; empty: its name has no address.
    asn : int or None
        Number of the autonomous system of its first address that has a known one; ``None``:
        unknown.
    organisation : str or None
        Organisation of that system; ``None``: unknown.
    country : str or None
        Country of that system, ISO 3166-1 alpha-2; ``None``: unknown.
    shared : tuple of SharedFact
        Published shared ranges that hold its addresses.
    certificate : CertificateFacts or None
        The certificate that it shows; ``None``: it showed none where it was asked.
    registration : Registration or None
        What the registry says about its domain; ``None``: it has no registered domain, or the
        registry says nothing.
    failed : tuple of Message
        What could not be looked up.
    """

    host: str
    addresses: tuple[str, ...]
    asn: int | None
    organisation: str | None
    country: str | None
    shared: tuple[SharedFact, ...]
    certificate: CertificateFacts | None
    registration: Registration | None
    failed: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesChanged:
    """The addresses of a host before and now; they may be the same.

    Parameters
    ----------
    was : tuple of str
        The addresses before.
    now : tuple of str
        The addresses now.
    """

    was: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateChanged:
    """The certificate of a host before and now.

    Parameters
    ----------
    was : str or None
        SHA-256 of the certificate before, hexadecimal; ``None``: the host showed none.
    now : str or None
        SHA-256 of the certificate now, hexadecimal; ``None``: the host showed none.
    """

    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetChanged(Dated):
    """A host shows other addresses or another certificate than at the last look-up.

    Parameters
    ----------
    host : str
        The host's name.
    moved : bool
        Whether none of its former addresses is left.
    addresses : AddressesChanged
        The addresses before and now.
    certificate : CertificateChanged
        The certificate before and now.
    """

    host: str
    moved: bool
    addresses: AddressesChanged
    certificate: CertificateChanged


class LawfulSource(StrEnum):
    """What says that a lawful site is at an address."""

    DNS = "dns"
    PASSIVE_DNS = "passive-dns"


@dataclass(frozen=True, slots=True, kw_only=True)
class LawfulSeen(Dated):
    """It was looked up where a lawful site is: no act names these addresses as a pirate's.

    Parameters
    ----------
    host : str
        A partner's host, one's own, or a popular or protected name that facts know.
    addresses : tuple of str
        Its addresses; empty: the look-up failed, and those of earlier look-ups stand.
    source : LawfulSource
        Who says so: the DNS at that moment, or the facts of that day.
    failed : Message or None
        Why nothing was found; ``None``: something was.
    """

    host: str
    addresses: tuple[str, ...]
    source: LawfulSource
    failed: Message | None = None


class Ruling(StrEnum):
    """What a person says of two hosts."""

    SAME = "same"
    NOT_SAME = "not same"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsRuled(Dated):
    """A person says whether one network runs two hosts; of each pair the newest word counts.

    Parameters
    ----------
    host, other : str
        The two hosts.
    ruling : Ruling
        ``open`` takes an earlier word back: then the evidence alone decides.
    by : str
        Who says so; nobody has proven the name.
    why : str
        The reason, in that person's words.
    """

    host: str
    other: str
    ruling: Ruling
    by: str
    why: str

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        if not (self.host and self.other) or self.host == self.other:
            raise InputError("a ruling is about two different hosts")
        if not (self.by.strip() and self.why.strip()):
            raise InputError("a ruling names a person and a reason")

    @property
    def pair(self) -> tuple[str, str]:
        """The two hosts in the order of their names."""
        return min(self.host, self.other), max(self.host, self.other)


KINDS = {
    "hosts.ruled": HostsRuled,
    "asset.facts": AssetFacts,
    "asset.changed": AssetChanged,
    "lawful.seen": LawfulSeen,
    "link.seen": Link,
    "graph.mapped": SupplyGraph,
}
