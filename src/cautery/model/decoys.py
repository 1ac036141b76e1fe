"""Decoys: an organisation's own streams that test its own watch, planned in secret and revealed.

What each decoy truly is stands in one leaf; the sealed plan shows only the root over all leaves. So
everybody can see that there are decoys, nobody which, and nobody can change them later (ADR 0079).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from cautery.errors import InputError
from cautery.model.act import Approval, Referral, SignedFor
from cautery.model.evidence import Digest
from cautery.model.host_names import host_of, is_at, literal
from cautery.model.ids import check_id
from cautery.model.notice import Notice
from cautery.model.times import Window, require_utc

SALT_HEX = 64
"""Hex digits of a leaf's salt: 32 bytes, which nobody tries through."""
MOST_DECOYS = 200
"""In one plan; a night has 20 to 40."""
MOST_ADDRESSES = 8
"""Of one decoy: each takes what an act says of it out of the act."""
LONGEST_TITLE, LONGEST_URL = 200, 1_000
_HEX = re.compile("[0-9a-f]{64}")
_SPELT_OTHERWISE = re.compile(r"[^A-Za-z0-9/._-]|//|/\.")
"""What a server may read as another path: percent signs, dots, marks of what was blacked out."""
_CHANNEL = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class DecoyKind(StrEnum):
    """What a decoy truly is."""

    OWN_STREAM = "own-stream"
    """It shows the event: the watch should prove it."""
    OTHER_MATCH = "other-match"
    HIGHLIGHTS = "highlights"
    LAST_YEAR = "last-year"
    """An earlier match of the same teams."""
    FAN_TALK = "fan-talk"
    """Somebody speaks over a still picture."""
    PARTNER = "partner"
    """It shows the event on the host of a licensed partner."""

    @property
    def is_look_alike(self) -> bool:
        """Tell whether it is innocent: whoever accuses it is wrong."""
        return self is not DecoyKind.OWN_STREAM


class RevealedBy(StrEnum):
    """How a leaf came to be opened."""

    GATE = "gate"
    """It was among the targets of an approved act: it had been caught."""
    REVEAL = "reveal"
    """The night was over."""
    ABANDONED = "abandoned"
    """The planner ended the test before the night was over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoy:
    """One planted stream, and the truth about it.

    Parameters
    ----------
    kind : DecoyKind
        What it truly is.
    url : str
        Where its playlist is: plain ``http`` or ``https``, without credentials.
    addresses : tuple of str
        Addresses of its host, of which an act could hit it.
    offered_as : str
        Its title in the lists: one printable line.
    event : str or None
        Id of the event that it shows, in the mandate; ``None``: it shows none of the mandate's.
    licensee : str or None
        Id of the licensee's channel in the mandate that it copies; ``None``: it copies none.
    disguise : str
        Name of its disguise; ``none``: it has none.
    delay_s : float
        How far it runs behind its media, seconds.
    appears_at : datetime
        From when on the lists offer it and it is served, in UTC.
    vanishes_at : datetime
        Until when, in UTC.
    """

    kind: DecoyKind
    url: str
    addresses: tuple[str, ...] = ()
    offered_as: str
    event: str | None = None
    licensee: str | None = None
    disguise: str
    delay_s: float
    appears_at: datetime
    vanishes_at: datetime

    def __post_init__(self) -> None:
        if _split(self.url) is None:
            raise InputError(f"decoy {self.url[:80]!a}: its URL is not a plain http(s) URL")
        _check_title(self.offered_as)
        check_id("disguise", self.disguise)
        if len(self.addresses) > MOST_ADDRESSES:
            raise InputError(
                f"a decoy has at most {MOST_ADDRESSES} addresses, not {len(self.addresses)}"
            )
        for address in self.addresses:
            _check_address(address)
        for name in (self.event, self.licensee):
            if name is not None and not (_CHANNEL.fullmatch(name) and name.isprintable()):
                raise InputError(f"decoy {name[:60]!a}: not the id of an event or channel")
        if self.event is None and self.kind in (DecoyKind.OWN_STREAM, DecoyKind.PARTNER):
            raise InputError(f"a decoy of the kind {self.kind.value} must name its event")
        if not (isfinite(self.delay_s) and 0 <= self.delay_s <= 86_400):
            raise InputError(f"a decoy's delay must be between 0 and 86400 s, not {self.delay_s}")
        # This also refuses times that are not in UTC, and an end before the beginning.
        Window(start=self.appears_at, end=self.vanishes_at)

    @property
    def host(self) -> str:
        """Its host, as it is asked."""
        return host_of(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoyLeaf:
    """A decoy with the salt that keeps its leaf from being guessed.

    Parameters
    ----------
    salt : str
        64 hex digits, random, and of this leaf alone.
    decoy : Decoy
        The truth.
    """

    salt: str
    decoy: Decoy

    def __post_init__(self) -> None:
        _check_hex("salt", self.salt)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPlan:
    """What everybody may see of a plan: that there are decoys, how many, and the root over them.

    Parameters
    ----------
    night : str
        Id of the night.
    root : str
        RFC 9162 root over the leaves, 64 hex digits.
    count : int
        How many leaves there are.
    window : Window
        When decoys may stand.
    planner : str
        The planner's name.
    public_key : str
        The planner's Ed25519 key: base64 of its 32 bytes.
    mandate : Digest
        Digest of the terms of the mandate that the night tests.
    made_at : datetime
        When the plan was made, by the planner's clock, in UTC.
    signature : str
        The planner's signature over all the rest, base64; empty: it is not signed yet.
    """

    night: str
    root: str
    count: int
    window: Window
    planner: str
    public_key: str
    mandate: Digest
    made_at: datetime
    signature: str = ""

    def __post_init__(self) -> None:
        check_id("night", self.night)
        _check_hex("root", self.root)
        if not 1 <= self.count <= MOST_DECOYS:
            raise InputError(f"a plan has 1 to {MOST_DECOYS} decoys, not {self.count}")
        if not self.planner.strip() or not self.planner.isprintable() or len(self.planner) > 100:
            raise InputError(
                f"planner {self.planner[:60]!a}: expected a name in one printable line"
            )
        require_utc("made_at", self.made_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One leaf opened: with the root, it proves what that decoy was from the beginning.

    Parameters
    ----------
    index : int
        Number of the leaf, from 0; the order is random.
    salt : str
        Its salt, 64 hex digits.
    decoy : Decoy
        The truth.
    proof : tuple of str
        RFC 9162 inclusion proof, nearest sibling first, 64 hex digits each.
    """

    index: int
    salt: str
    decoy: Decoy
    proof: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.index < MOST_DECOYS:
            raise InputError(f"no plan has a leaf {self.index}")
        _check_hex("salt", self.salt)
        for sibling in self.proof:
            _check_hex("proof", sibling)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoyPlan:
    """The whole plan, which only the planner's key opens.

    Parameters
    ----------
    sealed : SealedPlan
        What everybody may see of it.
    leaves : tuple of DecoyLeaf
        All decoys, in random order.
    """

    sealed: SealedPlan
    leaves: tuple[DecoyLeaf, ...]

    def __post_init__(self) -> None:
        if len(self.leaves) != self.sealed.count:
            raise InputError(
                f"the plan has {len(self.leaves)} leaves, but its seal says {self.sealed.count}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperQuestion:
    """What the gate asks before an approved act leaves: whether decoys are among its targets.

    Parameters
    ----------
    root : str
        Root of the plan that is asked about.
    nonce : str
        64 random hex digits: no answer to another question fits.
    act : Referral or Notice
        What is approved.
    approvals : tuple of Approval
        The signatures of the people who approved it.
    signed_for : SignedFor
        The case and the mandate for which they count.
    """

    root: str
    nonce: str
    act: Referral | Notice
    approvals: tuple[Approval, ...]
    signed_for: SignedFor

    def __post_init__(self) -> None:
        _check_hex("root", self.root)
        _check_hex("nonce", self.nonce)

    @property
    def targets(self) -> tuple[str, ...]:
        """What the act would hit: URLs, names, addresses and ranges."""
        if isinstance(self.act, Referral):
            return tuple(entry.target for entry in self.act.entries)
        return tuple(noticed.url for noticed in self.act.urls)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperAnswer:
    """The keeper's signed answer: the openings of all decoys among the targets, or none.

    Parameters
    ----------
    root : str
        Root of the plan.
    question : Digest
        Digest of the question.
    at : datetime
        When it was answered, by the keeper's clock, in UTC.
    openings : tuple of Opening
        In the order of their leaves; empty: no decoy is among the targets.
    signature : str
        The planner's signature over all the rest, base64; empty: it is not signed yet.
    """

    root: str
    question: Digest
    at: datetime
    openings: tuple[Opening, ...] = ()
    signature: str = ""

    def __post_init__(self) -> None:
        _check_hex("root", self.root)
        require_utc("at", self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperNote:
    """One line of a keeper's journal: for which act it opened what, and who had approved that act.

    Parameters
    ----------
    root : str
        Root of the plan.
    act : str
        Id of the act.
    digest : Digest
        Of the act.
    case : str
        Id of the case for which it was approved.
    approvers : tuple of str
        Who had approved it.
    leaves : tuple of int
        Numbers of the leaves that were opened; empty: it met none.
    at : datetime
        When it was answered first, by the keeper's clock, in UTC.
    signature : str
        The planner's signature over all the rest, base64; empty: it is not signed yet.
    """

    root: str
    act: str
    digest: Digest
    case: str
    approvers: tuple[str, ...]
    leaves: tuple[int, ...]
    at: datetime
    signature: str = ""

    def __post_init__(self) -> None:
        _check_hex("root", self.root)
        require_utc("at", self.at)


class OwnPiece(NamedTuple):
    """One segment of an organisation's own media.

    Attributes
    ----------
    seconds : float
        Its length.
    media : bytes
        In the clear, with the initialisation section that it needs, if any.
    """

    seconds: float
    media: bytes


def meets(decoy: Decoy, target: str) -> bool:
    """Tell whether an act on a target would hit a decoy, however wide the target reaches.

    Parameters
    ----------
    target : str
        A URL, a host name (also ``*.`` before one), an address, or a range of addresses.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> decoy = Decoy(
    ...     kind=DecoyKind.FAN_TALK, url="http://tv.own.example:8080/d/7/live.m3u8",
    ...     addresses=("192.0.2.7",), offered_as="Derby LIVE", disguise="none", delay_s=20.0,
    ...     appears_at=datetime(2026, 11, 24, 20, tzinfo=UTC),
    ...     vanishes_at=datetime(2026, 11, 24, 23, tzinfo=UTC),
    ... )
    >>> targets = "own.example", "192.0.2.0/24", "http://tv.own.example/d/8/live.m3u8"
    >>> [meets(decoy, target) for target in targets]
    [True, True, False]
    """
    target = target.strip()
    if "://" in target:
        return _same_place(decoy, target)
    places = (decoy.host, *decoy.addresses)
    if "/" in target:
        return any(_within(place, target) for place in places)
    name = host_of(f"//{_bracketed(target.removeprefix('*.'))}")
    if not name:
        return False
    return any(is_at(place, name) or f".{place}".endswith(f".{name}") for place in places)


def met(decoys: Sequence[Decoy], targets: Sequence[str]) -> tuple[int, ...]:
    """Return the places, from 0, of the decoys that an act on these targets would hit.

    Each decoy is compared with each target, so the time says nothing about which are met.
    """
    hits = [[meets(decoy, target) for target in targets] for decoy in decoys]
    return tuple(index for index, row in enumerate(hits) if any(row))


def _same_place(decoy: Decoy, target: str) -> bool:
    """Tell whether a decoy's stream is at or below a target URL, on its host or address.

    The port does not count, a folder holds what lies in it, and a path that can be spelt in other
    ways is any path: the gate errs on the safe side.
    """
    try:
        own, other = urlsplit(decoy.url), urlsplit(target)
    except ValueError:
        return False
    host = host_of(target)
    if not host or not any(is_at(place, host) for place in (decoy.host, *decoy.addresses)):
        return False
    if _SPELT_OTHERWISE.search(other.path):
        return True
    folder = other.path.rstrip("/")
    same_folder = own.path.rpartition("/")[0] == other.path.rpartition("/")[0] != ""
    return own.path == other.path or same_folder or own.path.startswith(f"{folder}/")


def _within(place: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(place) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _split(url: str) -> SplitResult | None:
    """Return the parts of a plain URL; ``None``: it is none, or may hold a credential."""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - it raises where the port is none
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return parts if plain and not parts.query and not parts.fragment else None


def _check_title(title: str) -> None:
    if not title.strip() or not title.isprintable() or len(title) > LONGEST_TITLE:
        raise InputError(
            f"title {title[:60]!a}: expected one printable line of at most "
            f"{LONGEST_TITLE} characters, without characters that turn the reading direction"
        )


def _check_address(address: str) -> None:
    if literal(address) != address:
        raise InputError(f"decoy: {address[:60]!a} is not an address in its usual form")


def _check_hex(noun: str, text: str) -> None:
    if not _HEX.fullmatch(text):
        raise InputError(f"{noun} {text[:70]!a}: expected 64 lower-case hex digits")
