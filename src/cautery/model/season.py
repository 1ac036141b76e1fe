"""A season: the fixtures of one mandate's calendars, each watched by a watch of its own."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.model.act import Approval
from cautery.model.evidence import Digest
from cautery.model.rights import Event
from cautery.model.times import Window, require_utc

CORES_A_WATCH = 2
"""Cores that a watch is given: it has two decoders and its own loop."""
_LONGEST_SLUG = 40
_HASH_DIGITS = 12


class FixtureState(StrEnum):
    """How a fixture of a season stands."""

    PLANNED = "planned"
    """Its watch starts later."""
    WAITS_FOR_APPROVAL = "waits for approval"
    """Nobody who may has approved it yet; it is not watched before."""
    WAITS_FOR_PLACE = "waits for a place"
    """Its time has come, and this machine or the season cannot start it yet."""
    RUNNING = "running"
    """A process watches it."""
    STARTS_AGAIN = "starts again"
    """Its watch died, and is started again."""
    CLOSING = "closing"
    """Its window has passed, and its case is being closed."""
    LEFT_OPEN = "left open"
    """Its watch ended in order, and its case waits for notices: people close it."""
    CLOSED = "closed"
    """Its case is closed and signed."""
    MISSED = "missed"
    """Its window passed, and nobody watched it."""
    REFUSED = "refused"
    """It is not watched."""


class FixtureWhy(StrEnum):
    """Why a fixture is refused, or waits."""

    OUTSIDE_WINDOW = "outside the window"
    """It begins before or after the mandate's window."""
    TOO_LONG = "too long"
    """Its calendar states a longer time than any match takes."""
    TWICE = "two of one id"
    """Two fixtures have its id, so nobody knows which of them is meant."""
    CALLED_OFF = "called off"
    """No calendar lists it any more, or one lists it as called off."""
    WITHDRAWN = "mandate withdrawn"
    """The file of the mandate is gone."""
    BROKEN = "mandate not valid"
    """The mandate, or what lies beside it, cannot be read as it stands."""
    NO_ROOM = "disk full"
    """There is no room for another case."""
    NO_PLACE = "others run"
    """As many watches run as this machine may have at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonFixture:
    """One fixture, as people approve it.

    Parameters
    ----------
    id : str
        Id of its event in the mandate.
    name : str
        Its name in the calendar.
    kick_off : datetime
        When it starts, in UTC.
    watched : Window
        When it is watched.
    legal_basis : str
        The right that it rests on, in words.
    """

    id: str
    name: str
    kick_off: datetime
    watched: Window
    legal_basis: str

    def __post_init__(self) -> None:
        require_utc("kick_off", self.kick_off)

    @property
    def what(self) -> tuple[str, str, str]:
        """What stays when it is moved: a fixture with another name or right is another one."""
        return self.id, self.name, self.legal_basis


def fixture_of(event: Event) -> SeasonFixture:
    """Return an event of a mandate as a fixture of its season."""
    return SeasonFixture(
        id=event.id,
        name=event.name,
        kick_off=event.kick_off,
        watched=event.window,
        legal_basis=event.legal_basis,
    )


def case_name(mandate: str, fixture: SeasonFixture) -> str:
    """Return the name of a fixture's case: it stays when the fixture is moved.

    Parameters
    ----------
    mandate : str
        Id of the mandate.

    Examples
    --------
    >>> from datetime import UTC, datetime, timedelta
    >>> at = datetime(2026, 11, 28, 19, tzinfo=UTC)
    >>> window = Window(start=at, end=at + timedelta(hours=2))
    >>> match = SeasonFixture(
    ...     id="md1", name="Málaga v Köln", kick_off=at, watched=window, legal_basis="right"
    ... )
    >>> case_name("league", match)
    'malaga-v-koln-5e91d5ba30d2'
    """
    letters = unicodedata.normalize("NFKD", fixture.name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", letters)[:_LONGEST_SLUG].strip("-") or "fixture"
    whole = f"{mandate}\0{fixture.id}\0{fixture.name}"
    return f"{slug}-{hashlib.sha256(whole.encode()).hexdigest()[:_HASH_DIGITS]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureApproval:
    """One person's signature under one fixture.

    Parameters
    ----------
    fixture : SeasonFixture
        The fixture as the person saw it.
    approval : Approval
        The signature over its digest; it counts for the season of one mandate.
    among : tuple of Digest
        Of all fixtures that a passkey signed at once: the signature is over the digest of these;
        empty: it is over this fixture alone.
    """

    fixture: SeasonFixture
    approval: Approval
    among: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FixturesApproval:
    """The signature of one person's passkey under several fixtures at once.

    Parameters
    ----------
    fixtures : tuple of SeasonFixture
        As the person saw them, in this order.
    approval : Approval
        The signature over the digest of their digests.
    """

    fixtures: tuple[SeasonFixture, ...]
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureRow:
    """One fixture on the board of a season.

    Parameters
    ----------
    case : str
        Name of its case, which need not be there yet.
    state : FixtureState
        How it stands.
    why : FixtureWhy or None
        Why it is refused, or waits; ``None``: it is not.
    at : datetime or None
        When its watch starts, or starts again, in UTC; ``None``: nothing is planned.
    begun : bool
        Whether its case was begun.
    restarts : int
        How often its watch died and was started again.
    deaths : int
        How often it died since it last ran well.
    died_at : datetime or None
        When it died last, in UTC; ``None``: it did not.
    late_s : float or None
        How far its watch is behind, seconds; ``None``: it keeps up, or does not run.
    allowed_by : tuple of str
        Who approved it, or signed it with the mandate; empty: the mandate's file names it, or
        nobody did.
    moved_from : datetime or None
        Its kick-off when it was approved, in UTC, if that is another; ``None``: it was not moved.
    """

    fixture: SeasonFixture
    case: str
    state: FixtureState
    why: FixtureWhy | None = None
    at: datetime | None = None
    begun: bool = False
    restarts: int = 0
    deaths: int = 0
    died_at: datetime | None = None
    late_s: float | None = None
    allowed_by: tuple[str, ...] = ()
    moved_from: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonBoard:
    """A season as its service wrote it down last.

    Parameters
    ----------
    mandate : str
        Id of the mandate.
    who : str
        Who gives it.
    window : Window
        The mandate's.
    at : datetime
        When this was so, in UTC.
    most : int
        Most watches at once.
    hold : FixtureWhy or None
        Why no watch is started; ``None``: they are.
    calendar_broken : bool
        Whether a calendar could not be read, so that an earlier reading stands.
    rows : tuple of FixtureRow
        The fixtures, by time.
    """

    mandate: str
    who: str
    window: Window
    at: datetime
    most: int
    hold: FixtureWhy | None
    calendar_broken: bool
    rows: tuple[FixtureRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process of a season that ended.

    Parameters
    ----------
    closing : bool
        Whether it was to close the case; else it watched.
    exit_code, signal : int or None
        How it ended; both ``None``: nobody saw it.
    ran_s : float
        How long it ran, seconds.
    last_line : str
        What it said last; empty: nothing.
    """

    case: str
    closing: bool
    exit_code: int | None = None
    signal: int | None = None
    ran_s: float
    last_line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonSeen:
    """A season as somebody finds it who looks.

    Parameters
    ----------
    board : SeasonBoard
        What its service wrote last.
    runs : bool
        Whether a service runs it now.
    """

    board: SeasonBoard
    runs: bool
