"""What grew back after a case: what is followed, the days taken, the proposals and the decisions.

Anybody who has the case's file can append a record. So a run, and the proposals that it names,
count only with the signature of the case's key; a decision and a review only with that of an
approver of the mandate that opened the case. What does not count is counted, and costs no more than
its bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from cautery.act.descents import (
    check_decision,
    check_review,
    decision_subject,
    proposal_digest,
    proposal_id,
    run_text,
)
from cautery.errors import CauteryError
from cautery.evidence.merkle import leaf_hash
from cautery.evidence.note import NoteVerifier, open_note
from cautery.messages import message
from cautery.model import Digest, Entry, FollowPolicy, Mandate, SignedFor
from cautery.model.message import Message
from cautery.model.records import (
    CaseOpened,
    DescendantDecided,
    DescendantProposed,
    DescentState,
    FollowAdvanced,
    FollowBegun,
    FollowReviewed,
    kinds_of,
)
from cautery.projections.mandate import signed_for_in
from cautery.projections.proposals_waiting import ProposalsWaiting

FOLLOWING_KINDS = kinds_of(
    CaseOpened,
    FollowBegun,
    FollowAdvanced,
    DescendantProposed,
    DescendantDecided,
    FollowReviewed,
)
MOST_PROPOSALS = 20_000
"""Of a case that are kept: more are a flood that nobody decides on. Judgement."""
_SKEW = timedelta(minutes=2)
"""By which the clock that signed may be ahead of the one that recorded it, as when signing."""


def leaf_digest(entry: Entry) -> Digest:
    """Return what a run names a proposal's record by: the leaf hash of its place in the ledger."""
    return Digest(f"sha256:{leaf_hash(entry.leaf).hex()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Descendant:
    """A proposal, and what was decided on it.

    Parameters
    ----------
    entry : Entry
        The record that proposed it.
    proposed : DescendantProposed
        What it says.
    digest : Digest
        Of what it says: each decision signs it.
    decided : DescendantDecided or None
        The decision that counts, the one signed last; ``None``: it is open.
    record : int or None
        Number of that decision's record.
    """

    entry: Entry
    proposed: DescendantProposed
    digest: Digest
    decided: DescendantDecided | None = None
    record: int | None = None

    @property
    def state(self) -> DescentState:
        """What people say of it."""
        if self.decided is None:
            return DescentState.OPEN
        return DescentState.CONFIRMED if self.decided.confirmed else DescentState.REJECTED


@dataclass(slots=True)
class Following:
    """The following of a case.

    Parameters
    ----------
    mandate : Mandate or None
        That opened the case.
    signed_for : SignedFor or None
        What signatures in it must name.
    begun : FollowBegun or None
        The first record that says what is followed.
    advanced : list of (Entry, FollowAdvanced)
        The runs, in order: each begins after the one before.
    reviewed : FollowReviewed or None
        The review that lasts longest.
    """

    mandate: Mandate | None = None
    signed_for: SignedFor | None = None
    begun: FollowBegun | None = None
    advanced: list[tuple[Entry, FollowAdvanced]] = field(default_factory=list)
    reviewed: FollowReviewed | None = None
    _verifier: NoteVerifier | None = None
    _by_id: dict[str, Descendant] = field(default_factory=dict)
    _decisions: list[tuple[Entry, DescendantDecided]] = field(default_factory=list)
    _waiting: ProposalsWaiting = field(default_factory=ProposalsWaiting)
    _passed_over: Counter[Message] = field(default_factory=Counter)

    def hear(self, entry: Entry) -> None:
        """Take one entry up; what nobody signed who may, or comes in no order, is counted."""
        match entry.content:
            case CaseOpened() as opened if entry.index == 0:
                self.mandate = opened.mandate
                self.signed_for = signed_for_in(opened.key, opened.mandate)
                self._verifier = NoteVerifier.parse(opened.key)
            case FollowBegun() as begun:
                self._begin(begun)
            case FollowAdvanced() as advanced:
                self._advance(entry, advanced)
            case DescendantProposed() as proposed:
                self._propose(entry, proposed)
            case DescendantDecided() as decided:
                self._decide(entry, decided)
            case FollowReviewed() as reviewed:
                self._review(reviewed)

    @property
    def policy(self) -> FollowPolicy | None:
        """What the mandate allows; ``None``: nothing is followed under it."""
        return None if self.mandate is None else self.mandate.follow

    @property
    def last_day(self) -> date | None:
        """The last day that was taken; ``None``: none yet."""
        return self.advanced[-1][1].last if self.advanced else None

    @property
    def review_due(self) -> date | None:
        """The last day before which nobody need review; ``None``: nothing is followed."""
        policy = self.policy
        if policy is None:
            return None
        until = policy.review if self.reviewed is None else self.reviewed.until
        return min(max(policy.review, until), policy.end)

    @property
    def passed_over(self) -> Counter[Message]:
        """Records that count for nothing, by the reason."""
        unnamed = self._waiting.dropped + len(self._waiting)
        return self._passed_over + Counter({message("grown.unnamed"): unnamed})

    @property
    def count(self) -> int:
        """How many proposals there are."""
        return len(self._by_id)

    def descendants(self) -> tuple[Descendant, ...]:
        """Return all proposals, in the order in which they were made."""
        return tuple(self._by_id.values())

    def of(self, id: str) -> Descendant | None:
        """Return one proposal by its id; ``None``: there is none."""
        return self._by_id.get(id)

    def decisions(self) -> tuple[tuple[Entry, DescendantDecided], ...]:
        """Return all decisions that count: of each proposal, each was signed after the one before.

        The last one of a proposal outweighs.
        """
        return tuple(self._decisions)

    def _begin(self, begun: FollowBegun) -> None:
        if self.begun is not None:
            self._pass_over("grown.begun-again")
        elif self.policy is None or begun.case not in self.policy.cases:
            self._pass_over("grown.not-in-mandate")
        else:
            self.begun = begun

    def _advance(self, entry: Entry, advanced: FollowAdvanced) -> None:
        last, policy = self.last_day, self.policy
        if self.begun is None or policy is None or (last is not None and advanced.first <= last):
            self._pass_over("grown.out-of-order")
        elif advanced.last > min(entry.record.at.date(), policy.end):
            self._pass_over("grown.ahead")
        elif not self._is_signed(advanced):
            self._pass_over("grown.unsigned-run")
        else:
            self.advanced.append((entry, advanced))
            for named, proposed in self._waiting.named(advanced.proposals):
                self._count_in(named, proposed)

    def _is_signed(self, advanced: FollowAdvanced) -> bool:
        """Tell whether the case's key signed a run, as it stands, for this case."""
        if self._verifier is None or self.signed_for is None:
            return False
        try:
            text = open_note(advanced.note.encode(), self._verifier)
        except CauteryError:
            return False
        return text == run_text(advanced, case=self.signed_for.case)

    def _propose(self, entry: Entry, proposed: DescendantProposed) -> None:
        if self.begun is None or proposed.id in self._by_id:
            self._pass_over("grown.out-of-order")
        elif proposed.id != proposal_id(proposed.proposal):
            self._pass_over("grown.other-id")
        else:
            self._waiting.add(leaf_digest(entry), entry, proposed)

    def _count_in(self, entry: Entry, proposed: DescendantProposed) -> None:
        if proposed.id in self._by_id:
            self._pass_over("grown.out-of-order")
        elif len(self._by_id) >= MOST_PROPOSALS:
            self._pass_over("grown.too-many")
        else:
            self._by_id[proposed.id] = Descendant(
                entry=entry, proposed=proposed, digest=proposal_digest(proposed)
            )

    def _decide(self, entry: Entry, decided: DescendantDecided) -> None:
        descendant = self._by_id.get(decided.id)
        if descendant is None or self.mandate is None or self.signed_for is None:
            self._pass_over("grown.no-proposal")
            return
        subject = decision_subject(descendant.digest, confirmed=decided.confirmed, why=decided.why)
        signed_at, before = decided.approval.at, descendant.decided
        if signed_at > entry.record.at + _SKEW:
            self._pass_over("grown.signed-ahead")
        elif (
            before is not None
            and decided.approval.subject == subject
            and signed_at <= before.approval.at
        ):
            # Whoever has the file can append an old word again: it is no newer for that.
            self._pass_over("grown.said-before")
        else:
            try:
                check_decision(decided, subject, mandate=self.mandate, signed_for=self.signed_for)
            except CauteryError:
                self._pass_over("grown.unsigned")
                return
            self._decisions.append((entry, decided))
            self._by_id[decided.id] = replace(descendant, decided=decided, record=entry.index)

    def _review(self, reviewed: FollowReviewed) -> None:
        if self.mandate is None or self.signed_for is None:
            self._pass_over("grown.unsigned")
            return
        try:
            check_review(reviewed, mandate=self.mandate, signed_for=self.signed_for)
        except CauteryError:
            self._pass_over("grown.unsigned")
            return
        if self.reviewed is None or reviewed.until > self.reviewed.until:
            self.reviewed = reviewed

    def _pass_over(self, why: str) -> None:
        self._passed_over[message(why)] += 1
