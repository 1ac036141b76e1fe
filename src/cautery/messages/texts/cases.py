"""Sentences about the records of a case."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    # Records that count for nothing.
    "ignored.misshapen": "%(kind)s with an invalid form",
    "ignored.second-opening": "%(kind)s in a case that was already open",
    "ignored.other-fixtures": "%(kind)s that does not fit the mandate",
    "ignored.foreign-id": "%(kind)s with an id that does not match its content",
    "ignored.earlier-id": "%(kind)s with the id of an earlier referral",
    "ignored.approval": "%(kind)s without a valid signature of an approver",
    "ignored.decoys": "%(kind)s that does not fit the sealed plan of the decoys",
    "ignored.override": "%(kind)s without valid signatures of the people it names",
    # Who gives no proof from outside
    "proof.no-answer": "it gives no answer: %(detail)s",
    "proof.invalid": "its answer does not hold: %(detail)s",
    "proof.budget-spent": "the mandate's budget of %(most)s time-stamps is spent",
    "proof.budget-hourly": (
        "the mandate's budget of %(most)s time-stamps is spent; each authority is asked once an "
        "hour"
    ),
}
