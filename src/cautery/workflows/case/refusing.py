"""An act that an approver refused: nobody approves, publishes or sends it; another version may be.

A refusal is no signature. Whoever can append to a case can write one, as a withdrawal: it only
keeps something from being done, and says by whom. It counts in the name of an approver alone, and
of the very text that was refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from cautery.errors import ApprovalError
from cautery.model import Digest, Mandate
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import ActRefused


def refusal_in(ledger: Ledger, act: str, *, mandate: Mandate, subject: Digest) -> ActRefused | None:
    """Return the first refusal of an act that counts; ``None``: nobody refused it.

    Parameters
    ----------
    subject : Digest
        Of the act: what an approval of it signs.
    """
    refusals = (refusal for _, refusal in contents(ledger, ActRefused) if refusal.id == act)
    return first_of(refusals, mandate=mandate, subject=subject)


def first_of(
    refusals: Iterable[ActRefused], *, mandate: Mandate, subject: Digest
) -> ActRefused | None:
    """Return the first of the refusals of an act that is an approver's, and of this text."""
    names = {approver.name for approver in mandate.approvers}
    return next(
        (refusal for refusal in refusals if refusal.by in names and refusal.subject == subject),
        None,
    )


def refuse_refused(refusal: ActRefused | None) -> None:
    """Raise if an act is refused.

    Raises
    ------
    ApprovalError
        If so, with who refused it and why.
    """
    if refusal is not None:
        raise ApprovalError(
            f"{refusal.by} has refused {refusal.id}: {refusal.why}",
            hint="Only another version of it can be approved.",
        )
