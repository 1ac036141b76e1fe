"""A question whether any case of a regime has a person: who asks, who agrees, and hit or no hit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cautery.model.mandate import Regime

LASTS = timedelta(hours=24)
"""After so long the name is destroyed, answered or not. Judgement: an office's next day."""
MOST_OF_ONE, MOST_OF_ALL = 5, 20
"""Questions of one account, and of a room, in :data:`LASTS`: nobody goes through a list of names.
Judgement."""
LONGEST_NAME = 500


class AskingState(StrEnum):
    """How a question stands."""

    ASKED = "asked"
    """It waits for a second person."""
    AGREED = "agreed"
    """It waits for who holds the keys of the cases."""
    REFUSED = "refused"
    LAPSED = "lapsed"
    """Nobody answered in time, or who asked or agreed may not any more."""
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One question; the name is not in it.

    Parameters
    ----------
    id : str
        ``q-`` and twelve hex digits.
    by, second : str
        Accounts: who asks, and who agreed or refused; empty: nobody yet.
    why : str
        In the words of who asks: it names a duty and no person.
    hit : bool or None
        Whether a case has the person; ``None``: there is no answer.
    asked_cases, silent_cases : int
        How many cases were asked, and how many could not be.
    """

    id: str
    by: str
    why: str
    regime: Regime
    asked_at: datetime
    state: AskingState = AskingState.ASKED
    second: str = ""
    hit: bool | None = None
    asked_cases: int = 0
    silent_cases: int = 0
