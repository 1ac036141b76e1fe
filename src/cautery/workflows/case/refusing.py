"""An act that an approver refused: nobody approves, publishes or sends it; another version may be.

A refusal is no signature. Whoever can append to a case can write one, as a withdrawal: it only
keeps something from being done, and says by whom.
"""

from __future__ import annotations

from cautery.errors import ApprovalError
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import ActRefused


def refusal_in(ledger: Ledger, act: str) -> ActRefused | None:
    """Return the first refusal of an act; ``None``: nobody refused it."""
    refusals = (refusal for _, refusal in contents(ledger, ActRefused))
    return next((refusal for refusal in refusals if refusal.id == act), None)


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
