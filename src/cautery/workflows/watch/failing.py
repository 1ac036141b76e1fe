"""Why a look, a source or a calendar gave nothing, for its record."""

from __future__ import annotations

from cautery.messages import message
from cautery.model.message import Message
from cautery.workflows.case.journal import Journal

LONGEST = 500
"""Characters of an error's text in a record."""


def failed_with(error: Exception, journal: Journal) -> Message:
    """Return an error's name, by which failures are counted, and its text as it may be recorded."""
    return message(
        "failed.with-error", error=type(error).__name__, detail=journal.message(error)[:LONGEST]
    )
