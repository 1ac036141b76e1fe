"""Sentences about what grows back after a case."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What is not used
    "follow.left-person": "a trait in which a person may be named",
    "follow.left-wallet": "a wallet: nobody can say that it is not a person's",
    "follow.left-unusable": "a trait that does not stand on one line, or of no host",
    "follow.left-unread": "something sealed that could not be read",
    "follow.left-many": "traits beyond those that a case is followed by",
    "follow.left-lawful": "a trait of a licensed host",
    "follow.left-other-network": "a trait of a host of another network than the proven streams'",
    "follow.left-row": "a row that could not be read",
    "follow.left-no-day": "a row without a day",
    "follow.left-not-allowed": "a trait from a source that the mandate does not allow",
    "follow.left-future": "a trait of a day that is still to come",
    "follow.left-everybodys-list": "a playlist of many services: its order is nobody's own",
    "follow.left-broken-file": "a file that could not be read",
    "follow.left-many-seen": "traits beyond those that one run takes",
    "follow.left-too-late": "a trait that came too late to be told from those taken before",
    # On the page of an operation, behind "It"
    "grown.open": "is proposed as %(id)s, and nobody has decided on it",
    "grown.confirmed": "is proposed as %(id)s and confirmed by %(by)s, which is no evidence",
    # Records that count for nothing
    "following.begun-again": "it says once more what is followed",
    "following.not-in-mandate": "it follows a case that the mandate does not name",
    "following.out-of-order": "it takes days again, or proposes what was proposed before",
    "following.too-many": "a proposal beyond those that a case keeps",
    "following.no-proposal": "it decides on what was not proposed",
    "following.unsigned": "no approver of the mandate has signed it",
}
