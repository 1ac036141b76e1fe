"""Sentences about what grows back after a case."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # What is not used
    "grown.left-person": "a trait in which a person may be named",
    "grown.left-wallet": "a wallet: nobody can say that it is not a person's",
    "grown.left-unusable": "a trait that does not stand on one line, or of no host",
    "grown.left-unread": "something sealed that could not be read",
    "grown.left-many": "traits beyond those that a case is followed by",
    "grown.left-lawful": "a trait of a licensed host",
    "grown.left-other-network": "a trait of a host of another network than the proven streams'",
    "grown.left-row": "a row that could not be read",
    "grown.left-no-day": "a row without a day",
    "grown.left-not-allowed": "a trait from a source that the mandate does not allow",
    "grown.left-future": "a trait of a day that is still to come",
    "grown.left-marking": "a statement whose marking does not let it leave, or be acted on",
    "grown.left-everybodys-list": "a playlist of many services: its order is nobody's own",
    "grown.left-broken-file": "a file that could not be read",
    "grown.left-many-seen": "traits beyond those that one run takes",
    # On the page of an operation, behind "It"
    "grown.open": "is proposed as %(id)s, and nobody has decided on it",
    "grown.confirmed": "is proposed as %(id)s and confirmed by %(by)s, which is no evidence",
    # Records that count for nothing
    "grown.begun-again": "it says once more what is followed",
    "grown.not-in-mandate": "it follows a case that the mandate does not name",
    "grown.out-of-order": "it takes days again, or proposes what was proposed before",
    "grown.too-many": "a proposal beyond those that a case keeps",
    "grown.no-proposal": "it decides on what was not proposed",
    "grown.unsigned": "no approver of the mandate has signed it",
    "grown.said-before": "it says again what was said before the word that counts",
    "grown.signed-ahead": "its signature is of a time after it was recorded",
    "grown.ahead": "it takes days that had not come, or that lie past the end",
    "grown.unsigned-run": "the case's key has not signed it",
    "grown.other-id": "it proposes something under the id of something else",
    "grown.unnamed": "it proposes what no signed run names",
}
