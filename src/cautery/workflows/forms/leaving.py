"""What of a referral may be on a paper: what still stands, and whether two people approved it.

A paper of an office can block as a list does. So it has what :func:`cautery.act.approve` lets
leave, without what has ended, was withdrawn, was released after a complaint, or is a decoy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from cautery.act import OLDEST, Approved, approve, in_force, is_target, order_of
from cautery.act.confirmed import confirmed_by
from cautery.errors import ApprovalError, InputError
from cautery.model import Approval, Lever, Mandate, Referral, host_of, iso
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import ComplaintDecided, EntryWithdrawn
from cautery.projections.decoys import Decoys
from cautery.workflows.case.opening import Opening
from cautery.workflows.case.referral import FiledReferral, confirmations_in
from cautery.workflows.case.refusing import refusal_in, refuse_refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What of a referral may be on a paper.

    Parameters
    ----------
    filed : FiledReferral
        With the entries that still stand; if it is approved, with the approvals that count.
    unapproved : str
        Why nothing of it may leave; empty: two people have approved it.
    """

    filed: FiledReferral
    unapproved: str


def leaving(
    ledger: Ledger,
    filed: FiledReferral,
    *,
    opening: Opening,
    mandate: Mandate,
    decoys: Decoys,
    at: datetime,
) -> Leaving:
    """Return what of a referral may be on a paper at a moment.

    Parameters
    ----------
    mandate : Mandate
        As it is in force, with the fixtures of its calendars.
    decoys : Decoys
        The blind test of the case.

    Raises
    ------
    ApprovalError
        If an approver has refused it: then there is not even a draft.
    InputError
        If a target of it is none, or nothing of it stands any more.
    """
    referral = filed.referral
    refuse_refused(refusal_in(ledger, referral.id, mandate=opening.mandate, subject=filed.digest))
    _refuse_misshapen(referral)
    part = _standing(ledger, filed, decoys, at)
    try:
        approved = _approved(ledger, filed, opening=opening, mandate=mandate, decoys=decoys, at=at)
    except (ApprovalError, InputError) as error:  # no list can have a URL, so nobody approves one
        return Leaving(filed=part, unapproved=str(error))
    return Leaving(filed=replace(part, approvals=approved.approvals), unapproved="")


def _refuse_misshapen(referral: Referral) -> None:
    """Refuse a referral with a target that is no name and no address: none was drafted so."""
    for entry in referral.entries:
        host = host_of(entry.target) if entry.lever is Lever.URL else entry.target
        levers = (Lever.NAME, Lever.ADDRESS) if entry.lever is Lever.URL else (entry.lever,)
        if not any(is_target(lever, host) for lever in levers):
            raise InputError(
                f"referral {referral.id} names {entry.target[:80]!r}, which is no name and no "
                "address"
            )


def _standing(ledger: Ledger, filed: FiledReferral, decoys: Decoys, at: datetime) -> FiledReferral:
    """Return a referral with the entries that have not ended and that nobody took off."""
    referral = filed.referral
    off = {
        withdrawn.target
        for _, withdrawn in contents(ledger, EntryWithdrawn)
        if withdrawn.referral == referral.id
    }
    # Each decision that grants a complaint counts: a later record cannot take a release back.
    off |= {
        decided.target
        for _, decided in contents(ledger, ComplaintDecided)
        if decided.granted and decided.target is not None
    }
    entries = tuple(
        entry
        for entry in referral.entries
        if entry.valid_until > at and entry.target not in off and not decoys.meets(entry.target)
    )
    if not entries:
        raise InputError(
            f"no target of referral {referral.id} stands any more: each has ended, was withdrawn, "
            "was released after a complaint, or was opened as a decoy"
        )
    return replace(filed, referral=replace(referral, entries=entries))


def _approved(
    ledger: Ledger,
    filed: FiledReferral,
    *,
    opening: Opening,
    mandate: Mandate,
    decoys: Decoys,
    at: datetime,
) -> Approved[Referral]:
    """Return the whole referral as two people approved it, if it may leave at a moment."""
    opening.standing()
    confirmed = confirmed_by(confirmations_in(ledger), mandate)

    def by(approvals: tuple[Approval, ...]) -> Approved[Referral]:
        # Entries end one by one. So the whole is judged as of the later signature, as a list does,
        # and the moment at which it leaves lies in the same windows.
        moment = min([at, max((approval.at for approval in approvals), default=at)])
        approved = approve(
            filed.referral,
            approvals,
            mandate=mandate,
            signed_for=opening.signed_for,
            now=moment,
            confirmed=confirmed,
            gate=decoys,
        )
        _require_now(filed.referral, approvals, mandate, at)
        return approved

    why: ApprovalError | None = None
    for pair in combinations(filed.approvals, 2):  # a third that fails must not stop two people
        try:
            return by(pair)
        except ApprovalError as error:
            why = error
    if why is not None:
        raise why
    return by(filed.approvals)


def _require_now(
    referral: Referral, approvals: Iterable[Approval], mandate: Mandate, at: datetime
) -> None:
    """Refuse what held when it was signed and does not hold any more."""
    if any(approval.at < at - OLDEST for approval in approvals):
        raise ApprovalError(f"referral {referral.id}: its approvals are older than {OLDEST}")
    order = order_of(referral, mandate)
    if not in_force(order, territory=referral.territory, at=at) or not mandate.window.holds(at):
        raise ApprovalError(
            f"referral {referral.id}: its order or its mandate is not in force at {iso(at)}"
        )
