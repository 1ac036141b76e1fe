"""An act that an approver refused: nobody approves, publishes or sends it; another version may be.

A refusal is no signature. Whoever can append to a case can write one, as a withdrawal: it only
keeps something from being done, and says by whom. Which one counts is told in
:mod:`cautery.projections.refusals`.
"""

from __future__ import annotations

from cautery.errors import ApprovalError
from cautery.model import Digest, Mandate
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import ActRefused
from cautery.projections.refusals import first_of


def refusal_in(ledger: Ledger, act: str, *, mandate: Mandate, subject: Digest) -> ActRefused | None:
    """Return the first refusal of an act that counts; ``None``: nobody refused it.

    Parameters
    ----------
    subject : Digest
        Of the act: what an approval of it signs.
    """
    refusals = (refusal for _, refusal in contents(ledger, ActRefused) if refusal.id == act)
    return first_of(refusals, mandate=mandate, subject=subject)


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
