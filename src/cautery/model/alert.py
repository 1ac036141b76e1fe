"""What people are told of a case without opening it: a rule, a number and a link, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertRule(StrEnum):
    """When people are told."""

    PROVEN = "proven"
    """A stream was proven that was not before."""
    NOTHING_DRAFTED = "nothing-drafted"
    """A stream has been proven for a while, and no referral and no notice names it."""
    BEHIND = "behind"
    """A watch has not kept up for a while."""
    EXPIRING = "expiring"
    """The time of an act that waits for a person ends soon."""
    WATCH_DIED = "watch-died"
    """The window of a case is open, its watch did not stop, and no process is at it; or a season
    says that it died."""
    GREW_BACK = "grew-back"
    """A descendant of what a case struck was proposed that was not before."""
    REVIEW_DUE = "review-due"
    """A following must be reviewed soon, or it proposes nothing more."""
    TEST = "test"
    """A person tries the ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is sent.

    Parameters
    ----------
    id : str
        The same at each try, so that who gets it twice can know.
    case : str
        Name of the case in the room; empty: none.
    link : str
        Where to look, in the room.
    """

    id: str
    rule: AlertRule
    case: str
    count: int
    at: datetime
    link: str

    @property
    def text(self) -> str:
        """One sentence: no host, no person, no title."""
        count = self.count
        # A folder may have any name, and none may break a line of a mail.
        case = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
                       for letter in self.case)  # fmt: skip
        streams = f"{count} stream{'' if count == 1 else 's'}"
        match self.rule:
            case AlertRule.PROVEN:
                return f"{streams} newly proven in the case {case}."
            case AlertRule.NOTHING_DRAFTED:
                return f"{streams} proven in the case {case}, and nothing is drafted against them."
            case AlertRule.BEHIND:
                return f"The watch of the case {case} has been behind for {count} seconds."
            case AlertRule.EXPIRING:
                acts = f"{count} act{'' if count == 1 else 's'}"
                return f"{acts} of the case {case} wait for a person, and their time ends soon."
            case AlertRule.WATCH_DIED:
                return f"The watch of the case {case} has died: its window is open."
            case AlertRule.GREW_BACK:
                descendants = f"{count} descendant{'' if count == 1 else 's'}"
                return f"{descendants} newly proposed in the case {case}: hypotheses, to be judged."
            case AlertRule.REVIEW_DUE:
                return f"The case {case} follows what grows back, and must be reviewed soon."
        return "This is a test of the alerts."
