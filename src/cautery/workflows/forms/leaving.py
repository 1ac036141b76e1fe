"""What of a referral may be on a paper: what still stands, and whether two people approved it.

A paper of an office can block as a list does. So it has what :func:`cautery.act.approve` lets
leave, without what has ended, was withdrawn, was released after a complaint, or is a decoy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOff:
    """What was taken off after it had been approved.

    Parameters
    ----------
    withdrawn : mapping of (str, str) to EntryWithdrawn
        By the id of a referral and its target: the first withdrawal.
    released : mapping of str to ComplaintDecided
        By the target: the first decision that grants a complaint. A later record cannot take a
        release back.
    """

    withdrawn: Mapping[tuple[str, str], EntryWithdrawn]
    released: Mapping[str, ComplaintDecided]

    def of(self, referral: str, target: str) -> EntryWithdrawn | ComplaintDecided | None:
        """Return what took a target of a referral off; ``None``: nothing did."""
        return self.withdrawn.get((referral, target)) or self.released.get(target)


def taken_off(ledger: Ledger) -> TakenOff:
    """Return what of all referrals of a case was withdrawn, or released after a complaint."""
    withdrawn: dict[tuple[str, str], EntryWithdrawn] = {}
    released: dict[str, ComplaintDecided] = {}
    for _, content in contents(ledger, EntryWithdrawn, ComplaintDecided):
        match content:
            case EntryWithdrawn():
                withdrawn.setdefault((content.referral, content.target), content)
            case ComplaintDecided(granted=True, target=str() as target):
                released.setdefault(target, content)
    return TakenOff(withdrawn=withdrawn, released=released)


def once_approved(
    filed: FiledReferral,
    *,
    opening: Opening,
    mandate: Mandate,
    confirmed: Mapping[str, str],
    decoys: Decoys,
    at: datetime,
) -> Approved[Referral]:
    """Return a referral as two people approved it, though it need not be in force any more.

    Parameters
    ----------
    confirmed : mapping of str to str
        By the rule, in which source a person of the mandate has confirmed it.

    Raises
    ------
    ApprovalError
        If two people have not.
    """

    def by(approvals: tuple[Approval, ...]) -> Approved[Referral]:
        # Entries end one by one. So the whole is judged as of the later signature, as a list does.
        return approve(
            filed.referral,
            approvals,
            mandate=mandate,
            signed_for=opening.signed_for,
            now=min([at, max((approval.at for approval in approvals), default=at)]),
            confirmed=confirmed,
            gate=decoys,
        )

    return _first_pair(filed, by)


def _first_pair(
    filed: FiledReferral, by: Callable[[tuple[Approval, ...]], Approved[Referral]]
) -> Approved[Referral]:
    why: ApprovalError | None = None
    for pair in combinations(filed.approvals, 2):  # a third that fails must not stop two people
        try:
            return by(pair)
        except ApprovalError as error:
            why = error
    if why is not None:
        raise why
    return by(filed.approvals)


def _standing(ledger: Ledger, filed: FiledReferral, decoys: Decoys, at: datetime) -> FiledReferral:
    """Return a referral with the entries that have not ended and that nobody took off."""
    referral, off = filed.referral, taken_off(ledger)
    entries = tuple(
        entry
        for entry in referral.entries
        if entry.valid_until > at
        and off.of(referral.id, entry.target) is None
        and not decoys.meets(entry.target)
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
        approved = once_approved(
            replace(filed, approvals=approvals),
            opening=opening,
            mandate=mandate,
            confirmed=confirmed,
            decoys=decoys,
            at=at,
        )
        # The moment at which it leaves lies in the same windows.
        _require_now(filed.referral, approvals, mandate, at)
        return approved

    return _first_pair(filed, by)


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
