"""What grew back after a case: what is followed, the days taken, the proposals and the decisions.

Anybody who has the case's file can append a record. So a decision and a review count only with the
signature of an approver of the mandate that opened the case, and what does not count is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from cautery.act.descents import check_decision, check_review
from cautery.errors import CauteryError
from cautery.messages import message
from cautery.model import Entry, FollowPolicy, Mandate, SignedFor
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Descendant:
    """A proposal, and what was decided on it.

    Parameters
    ----------
    entry : Entry
        The record that proposed it.
    proposed : DescendantProposed
        What it says.
    decided : DescendantDecided or None
        The newest decision that counts; ``None``: it is open.
    record : int or None
        Number of that decision's record.
    """

    entry: Entry
    proposed: DescendantProposed
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
    passed_over : Counter
        Records that count for nothing, by the reason.
    """

    mandate: Mandate | None = None
    signed_for: SignedFor | None = None
    begun: FollowBegun | None = None
    advanced: list[tuple[Entry, FollowAdvanced]] = field(default_factory=list)
    reviewed: FollowReviewed | None = None
    passed_over: Counter[Message] = field(default_factory=Counter)
    _by_id: dict[str, Descendant] = field(default_factory=dict)
    _decisions: list[tuple[Entry, DescendantDecided]] = field(default_factory=list)

    def hear(self, entry: Entry) -> None:
        """Take one entry up; what is no approver's word, or comes in no order, is counted."""
        match entry.content:
            case CaseOpened() as opened if entry.index == 0:
                self.mandate = opened.mandate
                self.signed_for = signed_for_in(opened.key, opened.mandate)
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

    def descendants(self) -> tuple[Descendant, ...]:
        """Return all proposals, in the order in which they were made."""
        return tuple(self._by_id.values())

    def of(self, id: str) -> Descendant | None:
        """Return one proposal by its id; ``None``: there is none."""
        return self._by_id.get(id)

    def decisions(self) -> tuple[tuple[Entry, DescendantDecided], ...]:
        """Return all decisions that count, in order: the later one of a proposal outweighs."""
        return tuple(self._decisions)

    def _begin(self, begun: FollowBegun) -> None:
        if self.begun is not None:
            self.passed_over[message("grown.begun-again")] += 1
        elif self.policy is None or begun.case not in self.policy.cases:
            self.passed_over[message("grown.not-in-mandate")] += 1
        else:
            self.begun = begun

    def _advance(self, entry: Entry, advanced: FollowAdvanced) -> None:
        last = self.last_day
        if self.begun is None or (last is not None and advanced.first <= last):
            self.passed_over[message("grown.out-of-order")] += 1
        else:
            self.advanced.append((entry, advanced))

    def _propose(self, entry: Entry, proposed: DescendantProposed) -> None:
        if self.begun is None or proposed.id in self._by_id:
            self.passed_over[message("grown.out-of-order")] += 1
        elif len(self._by_id) >= MOST_PROPOSALS:
            self.passed_over[message("grown.too-many")] += 1
        else:
            self._by_id[proposed.id] = Descendant(entry=entry, proposed=proposed)

    def _decide(self, entry: Entry, decided: DescendantDecided) -> None:
        descendant = self._by_id.get(decided.id)
        if descendant is None or self.mandate is None or self.signed_for is None:
            self.passed_over[message("grown.no-proposal")] += 1
            return
        try:
            check_decision(
                decided, descendant.proposed, mandate=self.mandate, signed_for=self.signed_for
            )
        except CauteryError:
            self.passed_over[message("grown.unsigned")] += 1
            return
        self._decisions.append((entry, decided))
        self._by_id[decided.id] = Descendant(
            entry=descendant.entry,
            proposed=descendant.proposed,
            decided=decided,
            record=entry.index,
        )

    def _review(self, reviewed: FollowReviewed) -> None:
        if self.mandate is None or self.signed_for is None:
            self.passed_over[message("grown.unsigned")] += 1
            return
        try:
            check_review(reviewed, mandate=self.mandate, signed_for=self.signed_for)
        except CauteryError:
            self.passed_over[message("grown.unsigned")] += 1
            return
        if self.reviewed is None or reviewed.until > self.reviewed.until:
            self.reviewed = reviewed
