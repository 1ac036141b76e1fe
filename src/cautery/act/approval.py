"""The one door out: two named people sign, and only then is there an ``Approved``."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Generic, NoReturn, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from cautery.act.orders import in_force
from cautery.act.referral_text import list_subject
from cautery.act.rules import require_confirmed, rules_for
from cautery.canonical import canonical
from cautery.errors import ApprovalError, InputError
from cautery.messages import say
from cautery.model import (
    Approval,
    Approver,
    BlockEntry,
    CourtOrder,
    Decision,
    Digest,
    Mandate,
    Override,
    Referral,
    SignedFor,
    digest,
    has_own_id,
    iso,
    key_fault,
    person_key,
    require_utc,
)
from cautery.public_keys import raw_public_key

T_co = TypeVar("T_co", covariant=True)

NEEDED = 2
"""Two-person rule: one person with an automatic list took a whole messenger down in 2023."""
CLOCK_SKEW = timedelta(minutes=2)
"""How far a signer's clock may run ahead of ours."""
OLDEST = timedelta(hours=24)
"""An approval is of a moment: facts about addresses do not keep longer."""

_TOKEN = object()


class Approved(Generic[T_co]):
    """Something that may leave the building. Only :func:`approve` makes one.

    Raises
    ------
    ApprovalError
        If anything else tries to make or change one.
    """

    __slots__ = ("_approvals", "_approved_at", "_subject")

    _subject: T_co
    _approvals: tuple[Approval, ...]
    _approved_at: datetime

    def __init__(
        self, subject: T_co, approvals: tuple[Approval, ...], at: datetime, *, token: object = None
    ) -> None:
        if token is not _TOKEN:
            raise ApprovalError(
                "only approve() can make an Approved", hint="Have two approvers sign the referral."
            )
        object.__setattr__(self, "_subject", subject)
        object.__setattr__(self, "_approvals", approvals)
        object.__setattr__(self, "_approved_at", at)

    @property
    def subject(self) -> T_co:
        """What was approved."""
        return self._subject

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """The signatures that it stands on."""
        return self._approvals

    @property
    def approved_at(self) -> datetime:
        """When both were checked."""
        return self._approved_at

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise ApprovalError(f"an approved referral cannot be changed ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise ApprovalError(f"an approved referral cannot be changed ({name})")

    def __reduce__(self) -> NoReturn:
        raise ApprovalError("an Approved cannot be stored or copied; approve again")

    def __repr__(self) -> str:
        signers = ", ".join(approval.approver for approval in self._approvals)
        return f"Approved({self._subject!r}, by {signers})"


def sign(
    subject: Digest,
    *,
    approver: Approver,
    key: Ed25519PrivateKey,
    at: datetime,
    signed_for: SignedFor,
) -> Approval:
    """Sign a digest as one of the mandate's approvers, for one case under one mandate.

    Raises
    ------
    ApprovalError
        If the key is not the approver's.
    """
    require_utc("at", at)
    public = key.public_key().public_bytes_raw()
    if public != public_key(approver).public_bytes_raw():
        raise ApprovalError(f"this key is not the key of {approver.name}")
    unsigned = Approval(
        subject=subject,
        approver=approver.name,
        role=approver.role,
        at=at,
        signature="",
        signed_for=signed_for,
    )
    signature = base64.b64encode(key.sign(statement_of(unsigned))).decode("ascii")
    return replace(unsigned, signature=signature)


def check_signature(
    approval: Approval, *, what: str, subject: Digest, mandate: Mandate, signed_for: SignedFor
) -> Approver:
    """Return who signed ``subject``, if this is an approver's signature that was meant for here.

    It says nothing of when, nor of how many there are: :func:`approve` does.

    Raises
    ------
    ApprovalError
        If it is a stranger's, over something else, for another case, or does not verify.
    """
    matches = [approver for approver in mandate.approvers if approver.name == approval.approver]
    if len(matches) != 1:
        raise ApprovalError(
            f"{approval.approver!r} is "
            + ("not an approver of this mandate" if not matches else "named twice in this mandate")
        )
    approver = matches[0]
    if approval.role != approver.role:
        raise ApprovalError(
            f"{approver.name} signed as {approval.role!r}, but the mandate says {approver.role!r}"
        )
    if approval.subject != subject:
        raise ApprovalError(
            f"{approver.name} signed another text: {approval.subject}; {what} is {subject}"
        )
    if approval.signed_for not in (None, signed_for):
        raise ApprovalError(
            f"{approver.name} signed it for another case, or under another mandate than this one"
        )
    try:
        signature = base64.b64decode(approval.signature, validate=True)
        public_key(approver).verify(signature, statement_of(approval))
    except (InvalidSignature, ValueError) as error:
        raise ApprovalError(f"{approver.name}'s signature does not verify") from error
    return approver


def public_key(approver: Approver) -> Ed25519PublicKey:
    """Return an approver's verifier key: PEM, or base64 of its DER or of the 32 raw bytes.

    Raises
    ------
    ApprovalError
        If it is none of them.
    """
    try:
        raw = raw_public_key(approver.public_key)
    except ValueError as error:
        raise ApprovalError(
            f"approver {approver.name}: public_key is not an Ed25519 key",
            hint="Give PEM (BEGIN PUBLIC KEY) and nothing else, or base64 of its DER or of the"
            " 32 raw bytes.",
        ) from error
    if (fault := key_fault(raw)) is not None:
        raise ApprovalError(
            f"approver {approver.name}: public_key is {fault}",
            hint="Make another key: cautery keys new FILE.",
        )
    return Ed25519PublicKey.from_public_bytes(raw)


def approve(
    referral: Referral,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
    confirmed: Mapping[str, str] | None = None,
) -> Approved[Referral]:
    """Check everything that must hold before a referral leaves, and let it leave.

    Parameters
    ----------
    approvals : sequence of Approval
        Signatures of two different people of the mandate, with different keys. One bad
        signature spoils all: it is a forgery or an accident, and both want looking at.
    signed_for : SignedFor
        This case and its mandate: a signature that was given for another does not count.
    now : datetime
        The guard's verdicts, the order and the entries must hold at this moment.
    confirmed : mapping of str to str
        Unverified legal rules that a person has confirmed, each with its source.

    Raises
    ------
    ApprovalError
        If anything is missing, in a sentence.
    """
    require_utc("now", now)
    if not has_own_id(referral):
        raise ApprovalError(f"referral {referral.id}: this id does not match the content")
    order = order_of(referral, mandate)
    _two_people(
        f"referral {referral.id}",
        list_subject(referral, order),
        approvals,
        mandate=mandate,
        signed_for=signed_for,
        now=now,
    )
    _check_authority(referral, order, mandate, now)
    if not referral.entries:
        raise ApprovalError(f"referral {referral.id}: it has no entries")
    for entry in referral.entries:
        _check_entry(entry, now)
    for rule in rules_for(referral.territory, order.kind):
        require_confirmed(rule, lab=mandate.lab, confirmed=confirmed or {})
    ordered = tuple(sorted(approvals, key=lambda approval: (approval.at, approval.approver)))
    return Approved(referral, ordered, now, token=_TOKEN)


def approve_override(
    override: Override,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
) -> Approved[Override]:
    """Check that the very people whom an override names have signed it, and that it is in force.

    Raises
    ------
    ApprovalError
        If anything is missing, in a sentence.
    """
    require_utc("now", now)
    what = f"the override of {override.target}"
    signers = _two_people(
        what, digest(override), approvals, mandate=mandate, signed_for=signed_for, now=now
    )
    missing = {person_key(name) for name in override.by} - {
        person_key(signer.name) for signer in signers
    }
    if missing:
        raise ApprovalError(f"{what} names {min(missing)!r}, who has not signed it")
    if not override.holds(now):
        raise ApprovalError(
            f"{what} is valid from {iso(override.at)} to {iso(override.until)}, not at {iso(now)}"
        )
    ordered = tuple(sorted(approvals, key=lambda approval: (approval.at, approval.approver)))
    return Approved(override, ordered, now, token=_TOKEN)


def _two_people(
    what: str,
    subject: Digest,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
) -> list[Approver]:
    """Return who signed a subject: at least two people, with as many keys."""
    signers = []
    for approval in approvals:
        approver = check_signature(
            approval, what=what, subject=subject, mandate=mandate, signed_for=signed_for
        )
        if approval.signed_for is None:
            raise ApprovalError(
                f"{approver.name}'s approval does not say for which case it was given",
                hint="It was signed by an earlier version of Cautery: have it signed again.",
            )
        if approval.at > now + CLOCK_SKEW:
            raise ApprovalError(f"{approver.name}'s approval is dated in the future")
        if approval.at < now - OLDEST:
            raise ApprovalError(f"{approver.name}'s approval is older than {OLDEST}")
        signers.append(approver)
    people = {person_key(signer.name) for signer in signers}
    keys = {public_key(signer).public_bytes_raw() for signer in signers}
    if min(len(people), len(keys)) < NEEDED:
        raise ApprovalError(
            f"{what}: {min(len(people), len(keys))} of {NEEDED} people have approved it",
            hint="Two different approvers of the mandate, each with a key of their own, must sign.",
        )
    return signers


def order_of(referral: Referral, mandate: Mandate) -> CourtOrder:
    """Return the order of a mandate that a referral is under.

    Raises
    ------
    ApprovalError
        If the mandate registers no such order.
    """
    for order in mandate.orders:
        if order.id == referral.order:
            return order
    raise ApprovalError(
        f"referral {referral.id}: the mandate registers no order {referral.order!r}"
    )


def subjects_of(referral: Referral, mandate: Mandate) -> tuple[Digest, ...]:
    """Return what signatures on a referral may be over, what is signed today first.

    Until version 0.2.0 they were over the whole referral; such a signature can be read and checked,
    but approves nothing any more. If no access provider can be sent the referral, there is that
    one alone.
    """
    earlier = digest(referral)
    try:
        return list_subject(referral, order_of(referral, mandate)), earlier
    except (ApprovalError, InputError):
        return (earlier,)


def _check_authority(
    referral: Referral, order: CourtOrder, mandate: Mandate, now: datetime
) -> None:
    if not in_force(order, territory=referral.territory, at=now):
        raise ApprovalError(
            f"order {order.id} ({order.territory}, {iso(order.window.start)} to "
            f"{iso(order.window.end)}) is not in force in {referral.territory} at {iso(now)}"
        )
    if referral.window.end > order.window.end or referral.window.end > mandate.window.end:
        raise ApprovalError(f"referral {referral.id} ends after its order or its mandate")
    if not mandate.window.holds(now):
        raise ApprovalError(f"the mandate {mandate.id} is not in force at {iso(now)}")
    if referral.event is not None and all(event.id != referral.event for event in mandate.events):
        raise ApprovalError(f"referral {referral.id}: the mandate names no event {referral.event}")


def _check_entry(entry: BlockEntry, now: datetime) -> None:
    verdict = entry.guard
    if verdict.target != entry.target or verdict.lever is not entry.lever:
        raise ApprovalError(f"{entry.target}: the guard's verdict is about {verdict.target}")
    if verdict.decision is not Decision.ALLOW:
        raise ApprovalError(
            f"{entry.target}: the guard says {verdict.decision.value}: "
            f"{say(verdict.reasons[0].text)}"
        )
    if verdict.valid_until <= now:
        raise ApprovalError(
            f"{entry.target}: the guard's verdict ended at {iso(verdict.valid_until)}",
            hint="Ask the guard again and draft a new referral.",
        )
    if entry.valid_until > verdict.valid_until:
        raise ApprovalError(f"{entry.target}: the entry ends after the guard's verdict")
    if entry.valid_until <= now:
        raise ApprovalError(f"{entry.target}: the entry ended at {iso(entry.valid_until)}")
    if not entry.exhibits:
        raise ApprovalError(f"{entry.target}: no exhibit shows the complaint")


def statement_of(approval: Approval) -> bytes:
    """Return the text over which an approval is signed, in the form of RFC 8785."""
    message = {
        "type": "cautery/approval/1",
        "subject": str(approval.subject),
        "approver": approval.approver,
        "role": approval.role,
        "at": iso(approval.at),
    }
    if approval.signed_for is not None:
        message |= {
            "type": "cautery/approval/2",
            "case": approval.signed_for.case,
            "mandate": str(approval.signed_for.mandate),
        }
    return canonical(message)
