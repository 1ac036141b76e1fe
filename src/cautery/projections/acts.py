"""Decisions and acts: guard verdicts, the plan, and referrals with their course."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from cautery.messages import message
from cautery.model import (
    MISSHAPEN,
    Acknowledgement,
    ActionPlan,
    Approval,
    DarkProbe,
    Digest,
    Entry,
    GuardVerdict,
    Referral,
    SupplyGraph,
    has_own_id,
)
from cautery.model.message import Message
from cautery.model.records import (
    ActRefused,
    ApprovalGiven,
    EntryExpired,
    ProofFollowed,
    ReferralPublished,
    kind_of_type,
)


@dataclass(slots=True)
class Acts:
    """The acts of a case.

    Parameters
    ----------
    guards : dict
        By target and lever, the guard's newest verdict.
    graph, plan
        The newest of each; ``None``: there is none.
    referrals : dict
        By id, the first of that id; one under an id that its content does not have counts nothing.
    approvals : dict
        By the digest that they are over; none of them is checked here.
    refused : list
        Refusals of referrals and notices; whether one counts is not checked here.
    published, answers, expired : dict
        By the id of a referral.
    dark_now : dict
        By target and intermediary, the streams that were dark at their newest probe since the
        target was last published there.
    followed : dict
        By the URL of a proven stream, what follows from its proof.
    passed_over : Counter
        By the reason, how many records count for nothing.
    """

    guards: dict[tuple[str, str], GuardVerdict] = field(default_factory=dict)
    graph: SupplyGraph | None = None
    plan: ActionPlan | None = None
    referrals: dict[str, Referral] = field(default_factory=dict)
    approvals: defaultdict[Digest, list[Approval]] = field(
        default_factory=lambda: defaultdict(list)
    )
    refused: list[ActRefused] = field(default_factory=list)
    published: defaultdict[str, list[ReferralPublished]] = field(
        default_factory=lambda: defaultdict(list)
    )
    answers: defaultdict[str, list[Acknowledgement]] = field(
        default_factory=lambda: defaultdict(list)
    )
    expired: defaultdict[str, list[EntryExpired]] = field(default_factory=lambda: defaultdict(list))
    dark: list[DarkProbe] = field(default_factory=list)
    dark_now: defaultdict[tuple[str, str], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    followed: dict[str, ProofFollowed] = field(default_factory=dict)
    passed_over: Counter[Message] = field(default_factory=Counter)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case DarkProbe() as probe:
                self._probe(probe)
            case GuardVerdict() as verdict:
                self.guards[verdict.target, verdict.lever.value] = verdict
            case SupplyGraph() as graph:
                self.graph = graph
            case ActionPlan() as plan:
                self.plan = plan
            case Referral() as referral:
                self._draft(referral)
            case ProofFollowed() as followed:
                self.followed[followed.url] = followed
            case ApprovalGiven() as given:
                self.approvals[given.subject].append(given.approval)
            case ActRefused() as refusal:
                self.refused.append(refusal)
            case ReferralPublished() as published:
                self.published[published.referral].append(published)
                for target in published.targets:
                    self.dark_now.pop((target, published.intermediary), None)
            case Acknowledgement() as answer:
                self.answers[answer.referral].append(answer)
            case EntryExpired() as expired:
                self.expired[expired.referral].append(expired)

    @property
    def unanswered(self) -> int:
        """How many proven streams are on no referral."""
        return sum(not followed.referrals for followed in self.followed.values())

    @property
    def on_notice_alone(self) -> int:
        """How many proven streams are on no referral, and on a notice."""
        return sum(
            not followed.referrals and bool(followed.notices) for followed in self.followed.values()
        )

    def _probe(self, probe: DarkProbe) -> None:
        self.dark.append(probe)
        dark = self.dark_now[probe.target, probe.intermediary]
        (dark.add if probe.dark else dark.discard)(probe.url)

    def _draft(self, referral: Referral) -> None:
        try:
            is_own = has_own_id(referral)
        except MISSHAPEN:  # a text in it has no canonical JSON, so nothing has its id
            is_own = False
        if not is_own:
            self.passed_over[message("ignored.foreign-id", kind=kind_of_type(Referral))] += 1
        elif self.referrals.setdefault(referral.id, referral) != referral:
            self.passed_over[message("ignored.earlier-id", kind=kind_of_type(Referral))] += 1
