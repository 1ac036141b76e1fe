"""Who decides on an act that has gone on since they saw it is told so, and nothing is recorded."""

from __future__ import annotations

from cautery.errors import ApprovalError
from cautery.model import Entry, Notice, iso
from cautery.model.ports import Ledger
from cautery.model.records import (
    ComplaintAnswered,
    ComplaintReceipted,
    ComplaintUnreachable,
)
from cautery.projections.words import subject_of

_CHANGE_NOTHING = (ComplaintAnswered, ComplaintReceipted, ComplaintUnreachable)
"""Mails that went to whoever complained: what a person decides does not hang on them."""


def refuse_unseen(
    ledger: Ledger, act: str, *, seen: int | None, but: tuple[type, ...] = ()
) -> None:
    """Raise if an act has gone on since a person saw it.

    Parameters
    ----------
    act : str
        Id of a notice, or number of a complaint.
    seen : int or None
        The newest record about it that the person saw; ``None``: they do not say.
    but : tuple of type
        Records that change nothing for what the person does.

    Raises
    ------
    ApprovalError
        With what came in, by whom and when.
    """
    if seen is None:
        return
    for entry in ledger.read(since=max(0, seen + 1)):
        if _is_about(entry, act) and not isinstance(entry.content, but):
            by = _who(entry.content)
            raise ApprovalError(
                f"{act} has gone on since you saw it: record {entry.index}, {entry.record.kind}"
                f"{f' by {by}' if by else ''}, {iso(entry.record.at)}",
                hint="Look at it again, and decide again. Nothing was recorded.",
            )


def _is_about(entry: Entry, act: str) -> bool:
    content = entry.content
    if isinstance(content, _CHANGE_NOTHING):
        return False
    if isinstance(content, Notice) and content.replaces == act:
        return True
    return subject_of(content) == act


def _who(content: object) -> str:
    for name in ("by", "approver", "drafted_by"):
        value = getattr(content, name, None)
        if isinstance(value, str):
            return value
    return ""
