"""What a mandate may reach, and how: sources, vantages, intermediaries, and with which manners."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cautery.errors import MandateError
from cautery.model.hidden import Location, OwnLocation, Secret, hide_at_birth


class Access(StrEnum):
    """By which access a source is read."""

    PUBLIC = "public"
    TEST_PURCHASE = "test-purchase"
    """A line bought for the investigation and recorded as such."""
    SEIZED = "seized"
    """Material of an authority's seizure; regime ``led`` only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place to read: a playlist, a panel, a portal, a guide, a storefront.

    Parameters
    ----------
    location : Location
        A URL, or an absolute path if ``is_file``.
    kind : str
        The reader's name: ``m3u``, ``xtream``, ``stalker``, ``xmltv``, ``page`` ...
    access : Access
        By which access it is read.
    is_file : bool
        Whether the location is a file.
    revisit_s : float or None
        Time between two readings, seconds; ``None``: learned from when it changes.
    least_s : float or None
        Shortest wait that is learned, seconds; ``None``: that of its kind.
    most_s : float or None
        Longest wait that is learned, seconds; ``None``: that of its kind.
    receipt : str or None
        Receipt of the purchase, as the mandate names it; ``None``: none.
    username : Secret or None
        User name of a recorded test purchase, never anybody else's; ``None``: none.
    password : Secret or None
        Password of a recorded test purchase, never anybody else's; ``None``: none.
    mac : Secret or None
        MAC of the box that a portal's line belongs to, of a recorded test purchase; ``None``:
        none.
    vantages : tuple of str
        Names of the vantages from which it is read as well.
    purchase : str or None
        Id of the test purchase whose line it is read with; ``None``: none.
    """

    location: Location
    kind: str
    access: Access = Access.PUBLIC
    is_file: bool = False
    revisit_s: float | None = None
    least_s: float | None = None
    most_s: float | None = None
    receipt: str | None = None
    username: Secret | None = None
    password: Secret | None = None
    mac: Secret | None = None
    vantages: tuple[str, ...] = ()
    purchase: str | None = None

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar(Source):
    """A calendar of fixtures that the watch fetches: your own, or one that was given to you.

    Parameters
    ----------
    location : OwnLocation
        A URL, or an absolute path if ``is_file``.
    clean_feeds : tuple of OwnLocation
        Clean feeds of its fixtures.
    """

    location: OwnLocation
    clean_feeds: tuple[OwnLocation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vantage:
    """A proxy of your own in another network, so that a source is seen as it is seen there.

    Parameters
    ----------
    name : str
        Name, in each record of what was fetched through it.
    country : str
        ISO 3166-1 alpha-2.
    proxy : OwnLocation
        ``http://`` (CONNECT) or ``socks5://``, with a login if it needs one.
    """

    name: str
    country: str
    proxy: OwnLocation

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPolicy:
    """Where this mandate may reach, and how often.

    Parameters
    ----------
    allow : tuple of str
        Private ranges (CIDR) that may be reached; empty except in a lab.
    rate_per_host : float
        Requests per second and host, 0.001 to 1000.
    user_agent : str
        The HTTP User-Agent of all requests.
    resolver : str or None
        ``address:port`` of a DNS server; ``None``: the system's.
    facts : OwnLocation or None
        Absolute path of a facts folder; ``None``: none.
    rdap : OwnLocation or None
        Base URL of an RDAP service; ``None``: no registry is asked.
    canary_port : int
        Port at which canaries are asked over plain HTTP: 80 except in a lab.
    """

    allow: tuple[str, ...] = ()
    rate_per_host: float = 1.0
    user_agent: str = "Cautery-monitor/1"
    resolver: str | None = None
    facts: OwnLocation | None = None
    rdap: OwnLocation | None = None
    canary_port: int = 80

    def __post_init__(self) -> None:
        hide_at_birth(self)
        if not 0.001 <= self.rate_per_host <= 1000:
            raise MandateError(
                f"network.rate_per_host: {self.rate_per_host} must be from 0.001 to 1000"
            )
        for cidr in self.allow:
            try:
                ipaddress.ip_network(cidr)
            except ValueError as error:
                raise MandateError(f"network.allow: {cidr!r} is not a network: {error}") from error


class BeyondBudget(StrEnum):
    """What happens when the time-stamps that a mandate pays for are spent."""

    COSIGNERS = "cosigners"
    """The co-signers go on alone."""
    HOURLY = "hourly"
    """Each authority is asked once an hour as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPolicy:
    """The organisation's log that takes the checkpoints of the case, and what it may cost.

    Parameters
    ----------
    folder : OwnLocation
        Absolute path of the log's folder.
    stamps : int or None
        Most time-stamps that a watch asks for; ``None``: no limit.
    beyond : BeyondBudget
        What happens beyond them.
    """

    folder: OwnLocation
    stamps: int | None = None
    beyond: BeyondBudget = BeyondBudget.COSIGNERS

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsPolicy:
    """The lists of the organisation, on which the case has its entries.

    Parameters
    ----------
    folder : OwnLocation
        Absolute path of the folder of these lists.
    key : str
        The public key that signs them, base64 of its 32 bytes; approvals are bound to it.
    """

    folder: OwnLocation
    key: str

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoysPolicy:
    """The blind test of a watch: the sealed plan, and the keeper that is asked before acts leave.

    Parameters
    ----------
    sealed : OwnLocation
        Absolute path of the sealed plan; the planner may lay it there until the watch begins.
    keeper : str
        URL of the keeper, without credentials. It names no host as one's own: decoys may stand
        there, and the watch must judge them as it judges others.
    planner : str
        The planner's public key, base64 of its 32 bytes: nobody else's plan counts.
    own : tuple of str
        The organisation's own domains and address ranges, on which alone a decoy may stand; empty:
        none is its own, and no opening counts.
    """

    sealed: OwnLocation
    keeper: str
    planner: str
    own: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        hide_at_birth(self)


class LookedAt(StrEnum):
    """What may be looked at for descendants of a case; each brings traits of infrastructure."""

    WATCH = "watch"
    """What watches of other cases recorded."""
    CERTIFICATE_LOG = "certificate-log"
    """Exports of certificate logs."""
    PASSIVE_DNS = "passive-dns"
    """Exports of passive DNS."""
    PLAYLIST = "playlist"
    """Playlists."""


_CASE_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowPolicy:
    """A lasting watch for what grows back: after which cases, by what, for what and until when.

    It follows infrastructure. It has no member for a person: nobody is followed under it.

    Parameters
    ----------
    cases : tuple of str
        Ids of the cases whose traits are looked for, 16 hex digits each.
    purposes : tuple of str
        What it is done for, in words.
    look_at : tuple of LookedAt
        What may be looked at.
    review : date
        From the day after this one on nothing is proposed until an approver has reviewed it.
    end : date
        The last day.
    """

    cases: tuple[str, ...]
    purposes: tuple[str, ...]
    look_at: tuple[LookedAt, ...]
    review: date
    end: date

    def __post_init__(self) -> None:
        if not self.cases:
            raise MandateError("follow.cases: it names no case to follow")
        for case in self.cases:
            if not _CASE_ID.fullmatch(case):
                raise MandateError(
                    f"follow.cases: {case[:40]!r} is not the id of a case",
                    hint="16 hex digits, as `cautery follow CASE` and the report of a case say it.",
                )
        if not any(purpose.strip() for purpose in self.purposes):
            raise MandateError("follow.purposes: it says no purpose")
        if not self.look_at:
            raise MandateError("follow.look_at: nothing may be looked at")
        if self.end < self.review:
            raise MandateError("follow.review: the review comes after the end")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnService:
    """How a service of your own proves its identity over TLS, and how Cautery proves yours to it.

    Parameters
    ----------
    host : str
        The host, as its URLs name it.
    also : tuple of str
        Further hosts that prove themselves in the same way, such as those that a feed's playlist
        leads to.
    ca : Location or None
        Absolute path of a PEM file of the only authorities that may vouch for it; ``None``: the
        system's.
    pins : tuple of str
        SHA-256, hexadecimal, of the public keys (SPKI) that it may show; empty: any.
    client_cert : Location or None
        Absolute path of your certificate for it, PEM; ``None``: none.
    client_key : Location or None
        Absolute path of the key of that certificate, PEM; ``None``: none.
    """

    host: str
    also: tuple[str, ...] = ()
    ca: Location | None = None
    pins: tuple[str, ...] = ()
    client_cert: Location | None = None
    client_key: Location | None = None

    def __post_init__(self) -> None:
        hide_at_birth(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intermediary:
    """An access provider that applies referrals, with a proxy that shows whether it did.

    Parameters
    ----------
    name : str
        The intermediary's name.
    territory : str
        Its territory, ISO 3166-1 alpha-2.
    list_url : OwnLocation or None
        Where the approved list is sent; ``None``: the intermediary fetches it.
    proxy : OwnLocation or None
        A forward proxy in its network; ``None``: the effect cannot be probed.
    """

    name: str
    territory: str
    list_url: OwnLocation | None = None
    proxy: OwnLocation | None = None

    def __post_init__(self) -> None:
        hide_at_birth(self)
