"""Notices: who is asked to act on which exact URLs, on which legal basis, and what proves each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from cautery.model.evidence import ExhibitId
from cautery.model.times import Window, require_utc
from cautery.model.verdict import Finding, verbal
from cautery.model.wire import digest


class AddresseeKind(StrEnum):
    """What an addressee is; a table says which legal basis and form that has."""

    HOSTING = "hosting service"
    """It stores what its customers give it."""
    PLATFORM = "online platform"
    """A hosting service that also shows what it stores to the public."""
    CDN = "CDN"
    """It keeps copies between the origin and the viewers."""
    REGISTRAR = "registrar"
    """It registers the domain for a customer."""
    REGISTRY = "registry"
    """It keeps the domain's zone."""
    MARKETPLACE = "marketplace"
    """It sells in its own name; one that stores the offers of others is an online platform."""
    PAYMENT = "payment firm"
    """It takes money for the service."""
    ADVERTISER = "advertiser"
    """Its adverts are shown beside the streams."""
    SEARCH = "search engine"
    """It lists the URLs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who gets a notice.

    Parameters
    ----------
    kind : AddresseeKind
        What it is.
    name : str
        Its name.
    asn : int or None
        Number of its autonomous system, in which the URLs' hosts have their addresses; ``None``:
        not by that.
    prefixes : tuple of str
        Its address ranges (CIDR), in which the URLs' hosts have their addresses.
    domains : tuple of str
        Its domains, on or below which the URLs' hosts are.
    contact : str or None
        The mail address to which the notice goes; ``None``: not known yet.
    languages : tuple of str
        Languages in which it takes notices, ISO 639-1; empty: it does not state them.
    """

    kind: AddresseeKind
    name: str
    asn: int | None = None
    prefixes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    contact: str | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the host of a URL is, by the case's own look-ups.

    Parameters
    ----------
    host : str
        The host's name or address.
    addresses : tuple of str
        Its addresses; empty: none is known.
    asn : int or None
        Number of the autonomous system of its first address that has a known one; ``None``:
        unknown.
    operator : str or None
        Who announces that system; ``None``: unknown.
    domain : str or None
        Its registered domain; ``None``: it has none, or the registry was not asked.
    registrar : str or None
        The registrar of that domain; ``None``: unknown.
    """

    host: str
    addresses: tuple[str, ...] = ()
    asn: int | None = None
    operator: str | None = None
    domain: str | None = None
    registrar: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedUrl:
    """One URL of a notice, with a verdict, a time of capture and exhibits of its own.

    Parameters
    ----------
    url : str
        The exact URL. It holds no credentials: a URL that does is in no notice.
    finding : Finding
        The verdict on this URL.
    log10_lr : float
        Base-10 logarithm of that verdict's likelihood ratio.
    decided_at : datetime
        When that verdict was reached, in UTC.
    captured_at : datetime
        When the newest capture on which the verdict rests was made, in UTC.
    live : bool
        Whether it was captured while the notice's event was on, and the notice drafted then, too.
    place : Place
        Where its host is.
    exhibits : tuple of ExhibitId
        The captures on which the verdict rests.
    """

    url: str
    finding: Finding
    log10_lr: float
    decided_at: datetime
    captured_at: datetime
    live: bool
    place: Place
    exhibits: tuple[ExhibitId, ...]

    def __post_init__(self) -> None:
        require_utc("decided_at", self.decided_at)
        require_utc("captured_at", self.captured_at)

    @property
    def verbal(self) -> str:
        """The likelihood ratio in words."""
        return verbal(self.log10_lr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A draft of a notice to one addressee.

    Nothing here leaves the building unless it is ``Approved`` (see :mod:`cautery.act`).

    Parameters
    ----------
    id : str
        Id, made from the content: ``N-`` and 12 hex digits.
    form : str
        The form that it has, by the table of addressees, such as ``dsa-16/1``.
    legal_basis : str
        The legal basis, as that table states it.
    addressee : Addressee
        Who gets it.
    urls : tuple of NoticedUrl
        The URLs, sorted.
    rights : str
        What was re-broadcast, and by which right the notifier asks.
    event : str or None
        Id of the event; ``None``: the mandate's channels and works.
    event_window : Window or None
        When the event is on; ``None``: it is about no event.
    notifier : str
        Who asks: the right-holder or authority of the mandate.
    notifier_email : str or None
        The notifier's mail address; ``None``: not known yet.
    good_faith : str
        The statement of good faith, in the form's words.
    language : str
        Language of the statement, ISO 639-1.
    statement : str
        The text that goes to the addressee, in the language in which people sign it.
    drafted_by : str
        Name of the person who drafted it, who cannot approve it; ``watch``: the watch did.
    drafted_at : datetime
        When it was drafted, in UTC.
    shown_by : tuple of ExhibitId
        Exhibits that show the link to an addressee at which no URL lies, such as a payment firm.
    replaces : str or None
        Id of the draft that it completes; ``None``: none.
    """

    id: str
    form: str
    legal_basis: str
    addressee: Addressee
    urls: tuple[NoticedUrl, ...]
    rights: str
    event: str | None
    event_window: Window | None
    notifier: str
    notifier_email: str | None
    good_faith: str
    language: str
    statement: str
    drafted_by: str
    drafted_at: datetime
    shown_by: tuple[ExhibitId, ...] = ()
    replaces: str | None = None

    def __post_init__(self) -> None:
        require_utc("drafted_at", self.drafted_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeInPart(Notice):
    """A notice as it is shown without some of its URLs; people signed the whole.

    Parameters
    ----------
    whole : Notice
        As it is on record: its id and its signatures are of this text.
    """

    whole: Notice


def as_signed(notice: Notice) -> Notice:
    """Return the text that people signed: of a part, the whole."""
    return notice.whole if isinstance(notice, NoticeInPart) else notice


def notice_id(notice: Notice) -> str:
    """Return the id that a notice's content gives it, whatever id it has."""
    return "N-" + digest(replace(as_signed(notice), id="")).removeprefix("sha256:")[:12]
