"""Notices of a case: checked, approved by a second person, withdrawn.

Whoever has a case's file can append a record to it. So a notice is the first one of its id, and the
id comes from what it says; an approval counts if it verifies; and what a notice says of a URL is
compared with the case's own verdicts and look-ups each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import (
    OLDEST,
    NoticeBasis,
    NoticeFinding,
    UrlInCase,
    check_signature,
    lint_notice,
    refuse_drafter,
    refuse_faulty,
    sign,
)
from cautery.act.addressees import FORMS
from cautery.act.confirmed import waiting
from cautery.act.signatures import PasskeyAnswer
from cautery.errors import ApprovalError, InputError
from cautery.model import (
    MISSHAPEN,
    Approval,
    Digest,
    Mandate,
    Notice,
    RuleConfirmation,
    digest,
)
from cautery.model.ledger import append
from cautery.model.notice import as_signed
from cautery.model.ports import Ledger
from cautery.model.records import (
    ActRefused,
    CaseOpened,
    FixturesChanged,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
    kind_of_type,
    kinds_of,
)
from cautery.projections import MandateInForce, Notices
from cautery.projections.decoys import Decoys
from cautery.projections.notices import HEARD
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.opening import Opening, opening_in
from cautery.workflows.case.referral import approver_named, confirmations_in
from cautery.workflows.case.refusing import refuse_refused
from cautery.workflows.case.unseen import refuse_unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNotices:
    """What a case says of its notices, and what they must agree with.

    Parameters
    ----------
    notices : Notices
        Everything that the records say.
    opening : Opening
        The case's first record: every signature names it.
    mandate : Mandate
        As it is in force, without its credentials.
    confirmations : tuple of RuleConfirmation
        Rules that people have confirmed since the case was opened.
    decoys : Decoys
        Its blind test: no notice names what was opened as a decoy.
    """

    notices: Notices
    opening: Opening
    mandate: Mandate
    confirmations: tuple[RuleConfirmation, ...] = ()
    decoys: Decoys = field(default_factory=Decoys)

    def basis(self, now: datetime) -> NoticeBasis:
        """Return what a notice has to agree with at a moment."""
        return NoticeBasis(
            mandate=self.mandate,
            known=_Known(self.notices),
            exhibits=self.notices.sealed,
            lawful_at=self.notices.lawful.hosts_at(now),
        )

    def draft(self, notice: str) -> Notice:
        """Return a notice of the case.

        Raises
        ------
        InputError
            If there is none.
        """
        draft = self.notices.drafts.get(notice)
        if draft is None:
            raise InputError(f"this case has no notice {notice!r}", hint="cautery notice list CASE")
        return draft

    def lint(self, notice: Notice, *, now: datetime) -> tuple[NoticeFinding, ...]:
        """Return all that is wrong with a notice."""
        return lint_notice(notice, self.basis(now), now=now)

    def refusal(self, notice: Notice) -> ActRefused | None:
        """Return the first refusal of a notice that counts; ``None``: nobody refused it."""
        return self.notices.refused.get(notice.id)

    def waits_for(self, notice: Notice) -> tuple[str, ...]:
        """Return the id of the rule that a notice rests on, if nobody has confirmed it."""
        return waiting((FORMS[notice.addressee.kind].rule,), self.mandate, self.confirmations)

    def approvals(self, notice: Notice) -> tuple[Approval, ...]:
        """Return the approvals of a notice that verify, each person's latest."""
        latest: dict[str, Approval] = {}
        for record in self.notices.approvals.get(notice.id, ()):
            approval = record.approval
            try:
                check_signature(
                    approval,
                    what=f"notice {notice.id}",
                    subject=digest(as_signed(notice)),
                    mandate=self.opening.mandate,
                    signed_for=self.opening.signed_for,
                )
                refuse_drafter(notice, approval.approver)
            # A signature that does not hold counts for nobody.
            except MISSHAPEN:
                continue
            earlier = latest.get(approval.approver, approval)
            latest[approval.approver] = max(earlier, approval, key=lambda candidate: candidate.at)
        return tuple(latest.values())


class _Known(Mapping[str, UrlInCase]):
    """What a case knows of each URL, put together when it is asked for."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    def __getitem__(self, url: str) -> UrlInCase:
        if url not in self._notices.urls:
            raise KeyError(url)
        return self._notices.known(url)

    def __iter__(self) -> Iterator[str]:
        return iter(self._notices.urls)

    def __len__(self) -> int:
        return len(self._notices.urls)


def notices_of(ledger: Ledger) -> CaseNotices:
    """Return what a case says of its notices.

    Raises
    ------
    InputError
        If it names no mandate.
    """
    notices, in_force, opening = Notices(), MandateInForce(), None
    for entry in ledger.read(kinds=kinds_of(CaseOpened, FixturesChanged, *HEARD)):
        if opening is None and entry.record.kind == kind_of_type(CaseOpened):
            opening = opening_in(entry)
        notices.hear(entry)
        in_force.hear(entry)
    if opening is None:
        raise InputError("this case names no mandate")
    return CaseNotices(
        notices=notices,
        opening=opening,
        mandate=in_force.mandate or opening.mandate,
        confirmations=confirmations_in(ledger),
        decoys=Decoys().read_on(ledger),
    )


_RESTS_ON = (CaseOpened, FixturesChanged, Notice, NoticeApproved, NoticeWithdrawn, ActRefused)


@again_if_passed
def approve_notice_in(
    ledger: Ledger,
    notice_id: str,
    *,
    shown: Digest,
    name: str,
    key: Ed25519PrivateKey | PasskeyAnswer,
    now: datetime,
    seen: int | None = None,
) -> Approval:
    """Sign a notice as one of the mandate's approvers and record it.

    Parameters
    ----------
    shown : str
        The digest of what the person was shown: nothing else is signed.
    key : Ed25519PrivateKey or PasskeyAnswer
        Of a file; or what the person's passkey signed.
    seen : int, optional
        The newest record about it that the person saw: what came since stops the approval.

    Raises
    ------
    InputError
        If there is no such notice or approver.
    ApprovalError
        If the notice is not what was shown, the person drafted it, something is wrong with it, it
        is withdrawn, the key is not that person's, the person has signed it already, or it has
        gone on since the person saw it.
    """
    size = ledger.size()
    case = notices_of(ledger)
    case.opening.standing()
    notice = case.draft(notice_id)
    if digest(notice) != shown:
        raise ApprovalError(
            f"notice {notice_id} differs from the one that was shown: its digest is "
            f"{digest(notice)}, not {shown}",
            hint=f"Read it again: cautery notice show CASE {notice_id}",
        )
    approver = approver_named(case.opening.mandate, name)
    refuse_drafter(notice, name)
    refuse_withdrawn(case, notice)
    refuse_refused(case.refusal(notice))
    refuse_faulty(notice, case.basis(now), now=now)
    if any(
        approval.approver == name and approval.at >= now - OLDEST
        for approval in case.approvals(notice)
    ):
        raise ApprovalError(f"{name} has already signed notice {notice_id}")
    refuse_unseen(ledger, notice_id, seen=seen, but=(NoticeApproved,))
    approval = sign(
        digest(notice), approver=approver, key=key, at=now, signed_for=case.opening.signed_for
    )
    append(
        ledger,
        NoticeApproved.of(notice_id, approval),
        at=now,
        if_unchanged_since=size,
        unless=_RESTS_ON,
    )
    return approval


def refuse_withdrawn(case: CaseNotices, notice: Notice) -> None:
    """Raise if a notice is withdrawn, or a later draft replaces it.

    Raises
    ------
    ApprovalError
        If so.
    """
    if notice.id in case.notices.withdrawn:
        raise ApprovalError(f"notice {notice.id} is withdrawn")
    if notice.id in case.notices.replaced:
        raise ApprovalError(
            f"a later draft replaces notice {notice.id}", hint="cautery notice list CASE"
        )


_GOES_ON = (*_RESTS_ON, NoticeSending, NoticeSent, NoticeUnsent)


@again_if_passed
def withdraw_notice(
    ledger: Ledger,
    notice_id: str,
    *,
    name: str,
    why: str,
    now: datetime,
    seen: int | None = None,
) -> tuple[NoticeWithdrawn, NoticeSending | None]:
    """Record that a notice is withdrawn: it is sent no more, and no reminder follows.

    Parameters
    ----------
    seen : int, optional
        The newest record about it that the person saw: what came since stops the withdrawal.

    Returns
    -------
    tuple of NoticeWithdrawn and NoticeSending
        The record, and a sending that is under way, which makes no further try: the one before may
        have arrived.

    Raises
    ------
    InputError
        If there is no such notice, or no reason.
    ApprovalError
        If it is withdrawn already, or has gone on since the person saw it.
    """
    size = ledger.size()
    case = notices_of(ledger)
    refuse_withdrawn(case, case.draft(notice_id))
    if not name.strip() or not why.strip():
        raise InputError("a withdrawal names a person and a reason")
    refuse_unseen(ledger, notice_id, seen=seen)
    withdrawal = NoticeWithdrawn(notice=notice_id, by=name, why=why, at=now)
    append(ledger, withdrawal, at=now, if_unchanged_since=size, unless=_GOES_ON)
    return withdrawal, case.notices.sending.get(notice_id)
