"""What must hold before a notice leaves: nothing wrong with it, and a second person's review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cautery.act.addressees import FORMS
from cautery.act.approval import CLOCK_SKEW, OLDEST
from cautery.act.approved import Approved, let_out
from cautery.act.gate import Gate
from cautery.act.lint_notice import NoticeBasis, lint_notice
from cautery.act.rules import require_confirmed
from cautery.act.signatures import check_signature
from cautery.errors import ApprovalError
from cautery.messages import say
from cautery.model import Approval, Mandate, Notice, SignedFor, digest, iso, person_key, require_utc

_AGED = frozenset(("stale-capture", "event-over"))
"""Rules that any notice breaks with time."""


def refuse_faulty(notice: Notice, basis: NoticeBasis, *, now: datetime, aged: bool = False) -> None:
    """Raise if the linter finds something wrong with a notice.

    Parameters
    ----------
    aged : bool
        It may have been right on an earlier day.

    Raises
    ------
    ApprovalError
        With the first finding, and how many there are.
    """
    findings = [
        finding
        for finding in lint_notice(notice, basis, now=now)
        if not (aged and finding.rule in _AGED)
    ]
    if not findings:
        return
    first = findings[0]
    where = "" if first.url is None else f"{first.url}: "
    further = f" ({len(findings) - 1} more)" if len(findings) > 1 else ""
    raise ApprovalError(
        f"notice {notice.id}: {first.rule}: {where}{say(first.text)}{further}",
        hint=f"cautery notice lint CASE {notice.id} lists all of it; then draft it anew with "
        f"--from {notice.id}.",
    )


def refuse_drafter(notice: Notice, name: str) -> None:
    """Raise if a person would approve what the same person drafted.

    Raises
    ------
    ApprovalError
        If so.
    """
    if person_key(name) == person_key(notice.drafted_by):
        raise ApprovalError(
            f"{name} drafted notice {notice.id}, so somebody else must approve it",
            hint="Have another approver of the mandate review and sign it.",
        )


def require_reviewed(
    notice: Notice,
    approvals: Sequence[Approval],
    *,
    mandate: Mandate,
    signed_for: SignedFor,
    now: datetime,
    reminder: bool = False,
) -> list[Approval]:
    """Raise unless somebody who did not draft a notice has signed it; return what counts.

    That alone lets nothing leave: :func:`approve_notice` does.

    Parameters
    ----------
    reminder : bool
        It was sent before: an approval counts also when it has aged.

    Raises
    ------
    ApprovalError
        If nobody has, in a sentence.
    """
    require_utc("now", now)
    what = f"notice {notice.id}"
    counted = []
    for approval in approvals:
        approver = check_signature(
            approval,
            what=what,
            subject=digest(notice),
            mandate=mandate,
            signed_for=signed_for,
        )
        # Again, though the command refused it: whoever can append a record could add an approval
        # past it.
        refuse_drafter(notice, approver.name)
        if approval.signed_for is None:
            raise ApprovalError(f"{approver.name}'s approval does not say for which case it is")
        if approval.at > now + CLOCK_SKEW:
            raise ApprovalError(f"{approver.name}'s approval is dated in the future")
        if reminder or approval.at >= now - OLDEST:
            counted.append(approval)
    if not counted:
        raise ApprovalError(
            f"{what}: nobody has approved it in the last {OLDEST}",
            hint=f"An approver who did not draft it must sign: cautery notice approve CASE "
            f"{notice.id}.",
        )
    return counted


def approve_notice(
    notice: Notice,
    approvals: Sequence[Approval],
    *,
    basis: NoticeBasis,
    signed_for: SignedFor,
    now: datetime,
    reminder: bool = False,
    confirmed: Mapping[str, str] | None = None,
    gate: Gate | None = None,
) -> Approved[Notice]:
    """Check everything that must hold before a notice leaves, and let it leave.

    Parameters
    ----------
    approvals : sequence of Approval
        Signatures over the notice's digest; one of a person who did not draft it suffices.
    reminder : bool
        It was sent before, under an approval that may have aged since and a window that may have
        ended. Its captures are of that day; all else must still agree with the case.
    confirmed : mapping of str to str
        Rule ids that a person confirmed, each with the source that they read.
    gate : Gate or None
        What the keeper of the decoys has said; ``None``: nobody was asked.

    Raises
    ------
    ApprovalError
        If anything is missing, in a sentence.
    UnaskedError
        If decoys are planned, and the keeper has not answered for this notice.
    """
    counted = require_approvable_notice(
        notice,
        approvals,
        basis=basis,
        signed_for=signed_for,
        now=now,
        reminder=reminder,
        confirmed=confirmed,
    )
    return let_out(notice, counted, at=now, mandate=basis.mandate, gate=gate)


def require_approvable_notice(
    notice: Notice,
    approvals: Sequence[Approval],
    *,
    basis: NoticeBasis,
    signed_for: SignedFor,
    now: datetime,
    reminder: bool = False,
    confirmed: Mapping[str, str] | None = None,
) -> list[Approval]:
    """Check all of :func:`approve_notice` but the gate, and return the approvals that count.

    Raises
    ------
    ApprovalError
        If anything is missing, in a sentence.
    """
    counted = require_reviewed(
        notice,
        approvals,
        mandate=basis.mandate,
        signed_for=signed_for,
        now=now,
        reminder=reminder,
    )
    refuse_faulty(notice, basis, now=now, aged=reminder)
    if not reminder and not basis.mandate.window.holds(now):
        raise ApprovalError(f"the mandate {basis.mandate.id} is not in force at {iso(now)}")
    rule = FORMS[notice.addressee.kind].rule
    require_confirmed(
        rule,
        lab=basis.mandate.lab,
        confirmed=confirmed or {},
        otherwise=f" while a watch runs; or for this notice alone: --confirm '{rule.id}=SOURCE'",
    )
    return counted
