"""The gate: what the keeper of the decoys has said of an approved act, before it leaves.

Decoys look like any other stream to the watch and to approvers. So an act under a mandate with a
blind test leaves only after its keeper has answered for it; its decoys do not leave with it.
"""

from __future__ import annotations

from typing import Protocol

from cautery.errors import ApprovalError, UnaskedError
from cautery.model import Mandate, Notice, Referral


class Gate(Protocol):
    """What the keeper has said, as the records of the case prove it."""

    def void(self, act: Referral | Notice) -> frozenset[str]:
        """Return the targets of an act that are decoys.

        Raises
        ------
        UnaskedError
            If the keeper has not answered for this very act.
        """
        ...


def void_targets(act: object, *, mandate: Mandate, gate: Gate | None) -> frozenset[str]:
    """Return what of an act may not leave, because it is a decoy.

    Parameters
    ----------
    act : object
        What is approved; only a referral or a notice reaches anybody outside.
    gate : Gate or None
        ``None``: nobody was asked, which suffices where no decoys are planned.

    Raises
    ------
    UnaskedError
        If decoys are planned, and the keeper has not answered for it.
    ApprovalError
        If nothing of a referral is left; or if a notice names a decoy, since people have signed its
        text as a whole.
    """
    if not isinstance(act, Referral | Notice):
        return frozenset()
    if gate is None:
        if mandate.decoys is not None:
            raise UnaskedError(
                f"{act.id}: decoys are planned, and nobody has asked their keeper about it"
            )
        return frozenset()
    void = gate.void(act)
    if isinstance(act, Notice):
        if void:
            raise ApprovalError(
                f"notice {act.id} names what was opened as a decoy: {min(void)}",
                hint=f"Draft it anew without this URL: cautery notice draft CASE --from {act.id} "
                "--url ...",
            )
    elif void.issuperset(entry.target for entry in act.entries):
        raise ApprovalError(f"referral {act.id}: all its targets were opened as decoys")
    return void
