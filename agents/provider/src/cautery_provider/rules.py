"""The rules of the format, by the ids that go back to whoever sent the list."""

from __future__ import annotations

from typing import NoReturn

BROKEN = {
    "form": "a referral was sent that the version does not name",
    "list-key": "the key of the list did not sign this version",
    "list-name": "the list, the provider or the territory is another",
    "version-old": "a newer version is accepted already",
    "version-forked": "another version stands at this place of the list's history",
    "time": "made more than 120 s in the future, or before the last accepted version",
    "referral-missing": "a referral that the version names was never sent",
    "two-people": "fewer than two approvers of the configuration signed a referral",
    "territory": "a referral is for another territory",
    "withdrawn-unknown": "a withdrawn target is no entry of the referral that it names",
}
"""What an envelope does that breaks each rule; other faults of form are told case by case."""


_MOST_REASON = 300


class Refused(Exception):  # noqa: N818 - the outcome, as the format calls it
    """An envelope breaks a rule of the format; the state before it stays."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(f"{rule}: {reason}")
        self.rule = rule
        self.reason = reason


def require(rule: str, holds: bool) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise Refused if a rule does not hold."""
    if not holds:
        raise Refused(rule, BROKEN[rule])


def refuse(where: str, reason: str) -> NoReturn:
    """Raise Refused by the rule `form`; of what a feed has written, no more than a line is said."""
    raise Refused("form", f"{where}: {reason[:_MOST_REASON]}")
