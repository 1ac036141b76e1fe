"""Why a look, a source or a calendar gave nothing, or a watch ended, for its record."""

from __future__ import annotations

from cautery.errors import StorageError
from cautery.messages import message, term
from cautery.model.message import Message
from cautery.model.records import LookStep, WatchEnd
from cautery.workflows.case.journal import Journal

LONGEST = 500
"""Characters of an error's text in a record."""


def failed_with(error: Exception, journal: Journal) -> Message:
    """Return an error's name, by which failures are counted, and its text as it may be recorded."""
    return message(
        "failed.with-error", error=type(error).__name__, detail=journal.message(error)[:LONGEST]
    )


def hindered_by(error: Exception, step: LookStep, node: str, journal: Journal) -> Message:
    """Return why this side kept a look from its end.

    Parameters
    ----------
    node : str
        Which node looked; empty: the watch's own machine, or none.
    """
    if step is LookStep.NODE:
        detail = journal.message(error)[:LONGEST] or "no node answered in time"
        return message("failed.no-node", detail=detail)
    if node:
        return message("failed.node-too-slow", node=node, step=term("look-step", step))
    return message("failed.too-slow", step=term("look-step", step))


def ended_by(error: StorageError) -> WatchEnd:
    """Return why a watch ends that cannot write its case: who raised it says whether room helps."""
    return WatchEnd.DISK_FULL if error.hint == StorageError.hint else WatchEnd.STORE_AWAY
