"""What somebody with an account may do with an act in the room, and what a passkey is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.act.approver_keys import approver_key, approver_of
from cautery.act.signatures import statement_of, to_sign
from cautery.errors import AbsentError, ApprovalError
from cautery.messages import tr
from cautery.model import Approver, Digest, Lever, Notice, Referral, person_key
from cautery.model.records import (
    ComplaintDecided,
    ComplaintFiled,
    NoticeSent,
    ReferralPublished,
)
from cautery.model.room import Right
from cautery.model.signing_keys import PasskeyKey, challenge_of
from cautery.pages.room.orders import ActForms
from cautery.workflows.browse.act_looked import Looked, Parts
from cautery.workflows.browse.kept import Cases
from cautery.workflows.case.opening import opening_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Doer:
    """Who looks at an act and may do something with it.

    Parameters
    ----------
    account, name : str
        Id of the account, and the name that the room knows it by.
    origin : str
        Of the pages, as the browser knows it.
    """

    account: str
    name: str
    rights: frozenset[Right]
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyQuestion:
    """What a passkey is asked to sign.

    Parameters
    ----------
    approver : str
        The name of the mandate for whose passkey it is.
    key : PasskeyKey
        The passkey, as the mandate names it.
    text : bytes
        What a key file would sign.
    """

    approver: str
    key: PasskeyKey
    text: bytes

    @property
    def challenge(self) -> bytes:
        """The digest of the text."""
        return challenge_of(self.text)

    @property
    def credential(self) -> bytes:
        """Id of the passkey."""
        return self.key.passkey.credential

    def is_signed(self, signature: str) -> bool:
        """Tell whether the passkey signed the text."""
        try:
            self.key.verify(signature, self.text)
        except ValueError:
            return False
        return True


def needs_second(draft: object) -> bool:
    """Tell whether an act is signed only after a second screen showed it.

    An address may serve many, and an override answers for bystanders: a page that was swapped must
    not be the only one.
    """
    return isinstance(draft, Referral) and any(
        entry.lever is Lever.ADDRESS or entry.guard.override is not None for entry in draft.entries
    )


def forms_of(looked: Looked, parts: Parts, doer: Doer) -> ActForms:
    """Return the forms that an act has for somebody."""
    draft, drafts = looked.draft.content, Right.DRAFT in doer.rights
    records = [entry.content for entry in looked.entries]
    refused = looked.refusal is not None
    approver = "" if refused else _approver(looked, parts, doer)
    may_refuse = not refused and _is_approver(looked, doer)
    if isinstance(draft, Referral):
        is_sent = any(isinstance(record, ReferralPublished) for record in records)
        return ActForms(
            approver="" if is_sent else approver,
            second=needs_second(draft),
            refuse=may_refuse and not is_sent,
        )
    if isinstance(draft, Notice):
        waits = not looked.line.waits.is_over
        is_sent = any(isinstance(record, NoticeSent) for record in records)
        return ActForms(
            approver=approver if waits and not is_sent and not parts.findings else "",
            refuse=may_refuse and waits and not is_sent,
            withdraw=drafts and waits,
            complete=drafts and (waits or refused) and not is_sent and looked.line.next is None,
            contact=draft.addressee.contact or "",
            reply_to=draft.notifier_email or "",
        )
    if isinstance(draft, ComplaintFiled) and drafts and draft.rule is None:
        decided = [record for record in records if isinstance(record, ComplaintDecided)]
        granted = any(record.granted for record in decided)
        return ActForms(grant=not granted and draft.target is not None, reject=not decided)
    return ActForms()


def passkey_question(
    cases: Cases, id: str, doer: Doer, *, digest: Digest, at: datetime
) -> PasskeyQuestion:
    """Return what the passkey of an approver is asked, who approves what has a digest.

    Raises
    ------
    AbsentError
        If there is no such case.
    ApprovalError
        If nobody of its approvers has a passkey of this account.
    """
    with cases.case(id) as case:
        in_force = case.in_force()
        if in_force.opening is None:
            raise AbsentError(tr("The case %(case)s names no mandate.", case=id))
        opening = opening_in(in_force.opening)
    approver = approver_of(opening.mandate.approvers, doer.account, doer.origin)
    if approver is None:
        raise no_approver()
    key = approver_key(approver)
    assert isinstance(key, PasskeyKey)
    to_be_signed = to_sign(digest, approver=approver, at=at, signed_for=opening.signed_for)
    return PasskeyQuestion(approver=approver.name, key=key, text=statement_of(to_be_signed))


def approver_name(cases: Cases, id: str, doer: Doer) -> str:
    """Return the name under which a case's mandate knows the passkey of an account.

    Raises
    ------
    AbsentError
        If there is no such case.
    ApprovalError
        If it knows none.
    """
    approver = approver_of(_approvers(cases, id), doer.account, doer.origin)
    if approver is None:
        raise no_approver()
    return approver.name


def recorded_name(cases: Cases, id: str, doer: Doer) -> str:
    """Return the name under which a case records what somebody does: the mandate's, if it has one.

    Who drafts as an account and approves as an approver is one person, and has one name.

    Raises
    ------
    AbsentError
        If there is no such case.
    """
    approver = approver_of(_approvers(cases, id), doer.account)
    return doer.name if approver is None else approver.name


def _approvers(cases: Cases, id: str) -> tuple[Approver, ...]:
    with cases.case(id) as case:
        in_force = case.in_force()
        return () if in_force.opening is None else opening_in(in_force.opening).mandate.approvers


def no_approver() -> ApprovalError:
    """Return what somebody is told whose passkey the mandate does not name."""
    return ApprovalError(
        tr("The mandate of this case names no passkey of your account in this room."),
        hint=tr("Its approvers sign with the commands on the page, each with a key file."),
    )


def _is_approver(looked: Looked, doer: Doer) -> bool:
    """Tell whether who looks may refuse: an approver whose passkey the mandate names."""
    approvers = looked.opening.mandate.approvers
    return (
        Right.APPROVE in doer.rights
        and approver_of(approvers, doer.account, doer.origin) is not None
    )


def _approver(looked: Looked, parts: Parts, doer: Doer) -> str:
    """Return the name of who looks, if that person may sign an act and has not."""
    if Right.APPROVE not in doer.rights or parts.digest is None:
        return ""
    approver = approver_of(looked.opening.mandate.approvers, doer.account, doer.origin)
    if approver is None or any(
        signature.name == approver.name and signature.holds for signature in parts.signatures
    ):
        return ""
    draft = looked.draft.content
    if isinstance(draft, Notice) and person_key(draft.drafted_by) == person_key(approver.name):
        return ""
    return approver.name
