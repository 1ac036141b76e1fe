"""Records of a season in the case of one of its fixtures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.records.dated import Dated
from cautery.model.season import FixtureApproval, SeasonFixture
from cautery.model.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class FixtureWatched(Dated):
    """The fixture of a season that a case is of; recorded again when the fixture is moved.

    Parameters
    ----------
    fixture : SeasonFixture
        The fixture, as its calendar has it.
    approvals : tuple of FixtureApproval
        The signatures that let it in; empty: the mandate's file names it.
    """

    fixture: SeasonFixture
    approvals: tuple[FixtureApproval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchDied(Dated):
    """The process of a season's watch ended before its window did, and is started again.

    Parameters
    ----------
    at : datetime
        When it was seen to have ended, in UTC.
    exit_code : int or None
        What it returned; ``None``: a signal ended it, or nobody saw how it ended.
    signal : int or None
        Number of the signal that ended it; ``None``: none did, or nobody saw how it ended.
    deaths : int
        How often it died in this case, with this time.
    again_at : datetime
        When it is started again, in UTC.
    """

    exit_code: int | None
    signal: int | None
    deaths: int
    again_at: datetime

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        require_utc("again_at", self.again_at)


KINDS: dict[str, type] = {
    "season.fixture": FixtureWatched,
    "watch.died": WatchDied,
}
