"""What a case that follows an operation's case proposes, as the operation's page has it."""

from __future__ import annotations

from datetime import UTC, datetime, time

from cautery.errors import InputError
from cautery.messages import message
from cautery.model.message import Message
from cautery.model.records import DescentState, GrewBack
from cautery.projections.following import Descendant, Following
from cautery.projections.mandate import case_id
from cautery.workflows.operation.desk import Desk


def grown_after(desk: Desk, following: Following) -> tuple[GrewBack, ...]:
    """Return the descendants that are proposed or confirmed after an operation; no rejected one.

    Raises
    ------
    InputError
        If the following is of another case.
    """
    begun = following.begun
    if begun is None or begun.case != case_id(desk.opening.key):
        raise InputError("this case does not follow the case of the operation")
    return tuple(
        GrewBack(
            at=datetime.combine(descendant.proposed.proposal.proposed_on, time.min, tzinfo=UTC),
            asset=f"host:{descendant.proposed.proposal.entity}",
            like=begun.name,
            country=None,
            traits=tuple(
                dict.fromkeys(
                    reason.kind.value
                    for reason in descendant.proposed.proposal.reasons
                    if reason.value
                )
            ),
            probability=descendant.proposed.proposal.probability,
            why=(_word(descendant),),
        )
        for descendant in following.descendants()
        if descendant.state is not DescentState.REJECTED
    )


def _word(descendant: Descendant) -> Message:
    if descendant.decided is None:
        return message("grown.open", id=descendant.proposed.id)
    return message(
        "grown.confirmed",
        id=descendant.proposed.id,
        by=descendant.decided.approval.approver,
    )
