"""Join the records of what was decided and done to its part of the report.

A signature counts only where it verifies under the case's first record; the others are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from operator import itemgetter

from cautery.act import check_signature, subjects_of
from cautery.errors import ApprovalError
from cautery.messages import message
from cautery.model import Approval, DarkProbe, Decision, Digest, GuardVerdict, digest, person_key
from cautery.model.message import Message
from cautery.model.records import ApprovalGiven, OverrideGiven, kind_of_type
from cautery.pages.case_report import ListsView, ReferralView, SafeguardsView
from cautery.projections import CaseRecords, Lists
from cautery.workflows.case.opening import Opening


def guard_verdicts(records: CaseRecords) -> tuple[GuardVerdict, ...]:
    """Return the guard's last word on each target, the heaviest refusal or narrowing on top."""
    last, plan = dict(records.acts.guards), records.acts.plan
    for intervention in (*plan.refused, *plan.chosen) if plan else ():
        last.setdefault(
            (intervention.guard.target, intervention.guard.lever.value), intervention.guard
        )
    order = {Decision.REFUSE: 0, Decision.NARROW: 1, Decision.ALLOW: 2}
    return tuple(
        sorted(
            last.values(),
            key=lambda guard: (
                guard.decision is Decision.ALLOW,
                -bystanders_of(guard),
                order[guard.decision],
                guard.target,
                guard.lever.value,
            ),
        )
    )


def bystanders_of(guard: GuardVerdict) -> int:
    """Return how many bystanders a target is known to have, at least."""
    return max(guard.collateral.low, len(guard.collateral.names))


def referral_views(
    records: CaseRecords, opening: Opening, passed_over: Counter[Message]
) -> tuple[ReferralView, ...]:
    """Return each referral with the signatures that verify; the others are counted."""
    acts, views, verified = records.acts, [], 0
    of_target = defaultdict[str, list[tuple[int, DarkProbe]]](list)
    for number, probe in enumerate(acts.dark):
        of_target[probe.target].append((number, probe))
    for name, referral in acts.referrals.items():
        targets = {entry.target for entry in referral.entries}
        approvals = [
            approval
            for subject in subjects_of(referral, opening.mandate)
            for approval in _verified(acts.approvals.get(subject, ()), subject, opening)
        ]
        verified += len(approvals)
        views.append(
            ReferralView(
                referral=referral,
                approvals=tuple(dict.fromkeys(approvals)),
                published=tuple(acts.published.get(name, ())),
                answers=tuple(acts.answers.get(name, ())),
                probes=tuple(
                    probe
                    for _, probe in sorted(
                        (row for target in targets for row in of_target.get(target, ())),
                        key=itemgetter(0),
                    )
                ),
                expired=tuple(acts.expired.get(name, ())),
            )
        )
    if unverified := sum(map(len, acts.approvals.values())) - verified:
        passed_over[message("ignored.approval", kind=kind_of_type(ApprovalGiven))] = unverified
    return tuple(views)


def lists_view(lists: Lists) -> ListsView:
    """Return how the versions of lists were taken, and how long blocks took."""
    return ListsView(
        newest=tuple(version for _, version in sorted(lists.newest.items())),
        block_s=tuple(sorted(lists.block_s)),
        unblock_s=tuple(sorted(lists.unblock_s)),
        not_lifted=len(lists.not_lifted),
    )


def safeguards_view(
    records: CaseRecords, opening: Opening, passed_over: Counter[Message]
) -> SafeguardsView:
    """Return the safeguards for bystanders, with the overrides that those named have signed."""
    safeguards, overrides = records.safeguards, []
    for override, approvals in safeguards.overrides:
        signed = {
            person_key(approval.approver)
            for approval in _verified(approvals, digest(override), opening)
        }
        if {person_key(name) for name in override.by} <= signed:
            overrides.append(override)
        else:
            passed_over[message("ignored.override", kind=kind_of_type(OverrideGiven))] += 1
    return SafeguardsView(
        budgets=tuple(safeguards.budgets.values()),
        overrides=tuple(overrides),
        revalidated=safeguards.revalidated,
        taken_back=tuple(safeguards.taken_back),
        canaries=len(safeguards.canaries),
        probes=safeguards.probes,
        hits=safeguards.hits,
    )


def _verified(approvals: Iterable[Approval], subject: Digest, opening: Opening) -> list[Approval]:
    valid = []
    for approval in approvals:
        try:
            check_signature(
                approval,
                what="this",
                subject=subject,
                mandate=opening.mandate,
                signed_for=opening.signed_for,
            )
        # A signature that does not hold counts for nobody.
        except ApprovalError:
            continue
        valid.append(approval)
    return valid
