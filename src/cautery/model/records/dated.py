"""What records of a moment have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A record of something that was so at a moment.

    Parameters
    ----------
    at : datetime
        When it happened, in UTC.
    """

    at: datetime

    def __post_init__(self) -> None:
        require_utc("at", self.at)
