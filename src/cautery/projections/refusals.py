"""Which refusals of an act count: those in the name of an approver, of the very text that it has.

A refusal is no signature. Whoever can append to a case can write one, so everything that shows or
obeys refusals reads them by this one rule.
"""

from __future__ import annotations

from collections.abc import Iterable

from cautery.act.approval import subjects_of
from cautery.model import MISSHAPEN, Digest, Entry, Mandate, Notice, Referral, digest
from cautery.model.notice import as_signed
from cautery.model.records import ActRefused, CaseOpened


def mandate_opened(entry: Entry) -> Mandate | None:
    """Return the mandate of a case, if this is the record that opens it."""
    content = entry.content
    return content.mandate if entry.index == 0 and isinstance(content, CaseOpened) else None


def text_signed(draft: Referral | Notice, mandate: Mandate | None) -> Digest | None:
    """Return the digest of an act, which its approvals and refusals name.

    Returns
    -------
    Digest or None
        ``None``: it has no canonical JSON, or it is a referral and nobody knows the order.
    """
    try:
        if isinstance(draft, Notice):
            return digest(as_signed(draft))
        return None if mandate is None else subjects_of(draft, mandate)[0]
    except MISSHAPEN:
        return None


def counts(refusal: ActRefused, *, mandate: Mandate | None, subject: Digest | None) -> bool:
    """Tell whether a refusal of an act counts.

    Parameters
    ----------
    mandate : Mandate or None
        Whose approvers may refuse; ``None``: nobody may.
    subject : Digest or None
        Of the act; ``None``: nobody knows its text.
    """
    return (
        mandate is not None
        and subject is not None
        and refusal.subject == subject
        and any(refusal.by == approver.name for approver in mandate.approvers)
    )


def first_of(
    refusals: Iterable[ActRefused], *, mandate: Mandate, subject: Digest
) -> ActRefused | None:
    """Return the first of the refusals of an act that counts; ``None``: none does."""
    return next(
        (refusal for refusal in refusals if counts(refusal, mandate=mandate, subject=subject)), None
    )
