"""File a draft under a legal instrument; nothing is sent from here."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.errors import InputError
from cautery.model import Instrument
from cautery.workflows.operation.desk import Desk


def file_draft(desk: Desk, draft: Instrument) -> None:
    """Record a draft of this desk's agency.

    Drafting the same again files nothing new.

    Raises
    ------
    InputError
        If it is another agency's.
    """
    if draft.by != desk.agency.id:
        raise InputError(
            f"draft {draft.id} is by {draft.by}, but this is the case of {desk.agency.id}"
        )
    if all(filed.id != draft.id for filed in filed_drafts(desk)):
        desk.record(draft)


def filed_drafts(desk: Desk) -> Iterator[Instrument]:
    """Yield the drafts of a case, in order."""
    for _, draft in desk.contents(Instrument):
        yield draft
