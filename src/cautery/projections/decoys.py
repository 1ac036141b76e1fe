"""The blind test of a case: what is planned, what the keeper has said, which decoys are opened.

Whoever has a case's file can append a record to it. So the plan is the first that its planner
signed for this mandate, an opening counts if it opens to that plan's root, and an answer counts if
the planner's key signed it to this very question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.act import terms_digest
from cautery.errors import EvidenceError, UnaskedError
from cautery.evidence.decoys import check_answer, check_leaf, check_sealed
from cautery.messages import message
from cautery.model import (
    MISSHAPEN,
    DecoysPolicy,
    Digest,
    Entry,
    Mandate,
    Notice,
    Referral,
    digest,
    has_own_id,
    host_of,
    notice_id,
)
from cautery.model.decoys import Decoy, KeeperQuestion, Opening, RevealedBy, SealedPlan, meets
from cautery.model.message import Message
from cautery.model.own_places import stands_on
from cautery.model.ports import Ledger
from cautery.model.records import (
    CaseOpened,
    DecoyRevealed,
    DecoysAnswered,
    DecoysPlanned,
    kind_of_type,
    kinds_of,
)
from cautery.projections.decoy_places import DecoyPlaces

UNANSWERED = "keeper"
"""What failed, in the record of an act that does not leave since the keeper does not answer."""
HEARD: tuple[type, ...] = (
    CaseOpened,
    DecoyRevealed,
    DecoysAnswered,
    DecoysPlanned,
    Notice,
    Referral,
)
"""Types of the records that say something of a blind test."""


@dataclass(slots=True)
class Decoys:
    """The blind test of a case.

    Parameters
    ----------
    mandate : Mandate or None
        That of the opening; ``None``: it was not heard yet.
    planned : DecoysPlanned or None
        The plan; ``None``: there is none, or the watch has not checked it yet.
    revealed : dict of int to DecoyRevealed
        By leaf, what was opened first.
    foreign : dict of int to DecoyRevealed
        The same of leaves that stand on hosts or addresses that the mandate does not call own. They
        are no decoys: nothing is void by them, and nothing is left out.
    passed_over : Counter
        By the reason, how many records count for nothing.
    next_index : int
        The first entry that is not heard yet.
    last_revealed : int
        The entry that opened a leaf last; -1: there is none.
    """

    mandate: Mandate | None = None
    planned: DecoysPlanned | None = None
    revealed: dict[int, DecoyRevealed] = field(default_factory=dict)
    foreign: dict[int, DecoyRevealed] = field(default_factory=dict)
    passed_over: Counter[Message] = field(default_factory=Counter)
    next_index: int = 0
    last_revealed: int = -1
    _opened: bool = False
    _acts: dict[str, Referral | Notice] = field(default_factory=dict)
    _digests: dict[str, Digest] = field(default_factory=dict)
    """By id, of the acts that an answer named: that of a long act is computed once."""
    _questions: set[Digest] = field(default_factory=set)
    """Those whose answer counts: it is checked once, however often it is on record."""
    _answered: dict[Digest, tuple[Referral | Notice, frozenset[int]]] = field(default_factory=dict)
    _met: set[int] = field(default_factory=set)
    _places: DecoyPlaces | None = None

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        self.next_index = entry.index + 1
        match entry.content:
            case CaseOpened() as opened if not self._opened:
                self._opened, self.mandate = True, opened.mandate
            case Referral() | Notice() as act if self.planned is not None:
                self._draft(act)
            case DecoysPlanned() as planned:
                self._counts(planned, self._plan)
            case DecoyRevealed() as revealed:
                self._counts(revealed, self._reveal)
            case DecoysAnswered() as answered:
                self._counts(answered, self._answer)

    def read_on(self, ledger: Ledger) -> Decoys:
        """Return itself, after it has heard what came into a ledger since."""
        for entry in ledger.read(since=self.next_index, kinds=kinds_of(*HEARD)):
            self.hear(entry)
        return self

    # -- what is planned, and what is opened -------------------------------------------------

    @property
    def policy(self) -> DecoysPolicy | None:
        """The blind test as the mandate names it; ``None``: there is none."""
        return None if self.mandate is None else self.mandate.decoys

    @property
    def sealed(self) -> SealedPlan | None:
        """The sealed plan; ``None``: there is none."""
        return None if self.planned is None else self.planned.sealed

    @property
    def unopened(self) -> int:
        """How many leaves nobody has opened yet."""
        opened = len(self.revealed) + len(self.foreign)
        return 0 if self.sealed is None else self.sealed.count - opened

    def is_open(self, leaf: int) -> bool:
        """Tell whether a leaf is opened, be it a decoy's or a stranger's."""
        return leaf in self.revealed or leaf in self.foreign

    @property
    def secret(self) -> bool:
        """Whether nobody but the planner knows yet which streams are decoys."""
        return self.unopened > 0 or (self.policy is not None and self.planned is None)

    @property
    def opened(self) -> tuple[Opening, ...]:
        """The openings, by leaf."""
        return tuple(revealed.opening for _, revealed in sorted(self.revealed.items()))

    @property
    def open_decoys(self) -> tuple[Decoy, ...]:
        """The decoys that are opened, by leaf."""
        return tuple(opening.decoy for opening in self.opened)

    # -- the gate ----------------------------------------------------------------------------

    def may_pass(self, act: Referral | Notice) -> bool:
        """Tell whether the keeper need not be asked about an act any more."""
        return not self.secret or digest(act) in self._answered

    def has_answered(self, act: str) -> bool:
        """Tell whether the keeper's answer for an act, by its id, is on record and holds."""
        return any(asked.id == act for asked, _ in self._answered.values())

    def is_met(self, leaf: int) -> bool:
        """Tell whether an act met a leaf: the keeper opened it in an answer that is on record.

        What the record of an opening says of that is its writer's word.
        """
        return leaf in self._met

    def void(self, act: Referral | Notice) -> frozenset[str]:
        """Return the targets of an act that are decoys, as :class:`cautery.act.Gate` says.

        Raises
        ------
        UnaskedError
            If the keeper has not answered for this very act.
        """
        if not self.may_pass(act):
            raise UnaskedError(f"{act.id}: the keeper of the decoys has not answered for it")
        return frozenset(target for target in targets_of(act) if self.meets(target))

    def lifted(self, act: Referral | Notice, *, now: datetime) -> frozenset[str]:
        """Return the targets of an act that has left which come off again, because of decoys.

        Two people let it out, and the planner alone must not undo that. So a leaf counts if the
        keeper opened it before this very act left, or once the night is over; one of a test that
        was abandoned never does.
        """
        if self.sealed is None:
            return frozenset()
        _, opened = self._answered.get(digest(act), (act, frozenset()))
        is_over = now >= self.sealed.window.end
        decoys = [
            revealed.opening.decoy
            for leaf, revealed in self.revealed.items()
            if leaf in opened or (is_over and revealed.how is not RevealedBy.ABANDONED)
        ]
        return frozenset(
            target for target in targets_of(act) if any(hits(decoy, target) for decoy in decoys)
        )

    @property
    def unsaid(self) -> tuple[str, ...]:
        """Ids of acts of which the keeper did not say all: a decoy was opened later that it met.

        Nobody can see that before, for the planner's key signs both. Such a decoy may have left.
        """
        lies = []
        for act, opened in self._answered.values():
            before = [each for index, each in self.revealed.items() if index not in opened]
            targets = targets_of(act)
            if any(meets(each.opening.decoy, place) for each in before for place in targets):
                lies.append(act.id)
        return tuple(lies)

    def meets(self, target: str) -> bool:
        """Tell whether an act on a target would hit a decoy that is opened, or a host of one.

        Nobody else stands on these hosts, so a stream beside a decoy is left alone, too.
        """
        return any(hits(decoy, target) for decoy in self.open_decoys)

    @property
    def places(self) -> DecoyPlaces:
        """Where the decoys that are opened stand."""
        if self._places is None:
            self._places = DecoyPlaces(
                {leaf: revealed.opening.decoy for leaf, revealed in self.revealed.items()}
            )
        return self._places

    def owns(self, place: str) -> bool:
        """Tell whether a URL, name or address is on a host of a decoy that is opened."""
        return bool(self.revealed) and self.places.owns(place)

    def redacted(self, text: str) -> str:
        """Return a text without the hosts and addresses of decoys that are opened."""
        return self.places.redacted(text) if self.revealed else text

    def mentions(self, text: str) -> bool:
        """Tell whether a text mentions the host or an address of a decoy that is opened."""
        return self.redacted(text) != text

    # -- what counts -------------------------------------------------------------------------

    def _draft(self, act: Referral | Notice) -> None:
        try:
            own = has_own_id(act) if isinstance(act, Referral) else notice_id(act) == act.id
        except MISSHAPEN:  # a text in it has no canonical JSON, so nothing has its id
            own = False
        if own:
            self._acts.setdefault(act.id, act)

    def _counts(self, record: object, take: Callable[[Any], None]) -> None:
        try:
            take(record)
        except MISSHAPEN:
            self.passed_over[message("ignored.decoys", kind=kind_of_type(type(record)))] += 1

    def _plan(self, planned: DecoysPlanned) -> None:
        sealed, policy = planned.sealed, self.policy
        if self.planned is not None or policy is None or self.mandate is None:
            raise EvidenceError("the mandate names no blind test, or the plan is known already")
        check_sealed(sealed)
        if policy.planner != sealed.public_key:
            raise EvidenceError("the mandate names another planner's key")
        if sealed.mandate != terms_digest(self.mandate):
            raise EvidenceError("the plan is for another mandate")
        self.planned = planned

    def _reveal(self, revealed: DecoyRevealed) -> None:
        sealed, opening = self.sealed, revealed.opening
        if sealed is None or revealed.root != sealed.root or revealed.night != sealed.night:
            raise EvidenceError("no such plan is known")
        if revealed.how is RevealedBy.ABANDONED and not revealed.why.strip():
            raise EvidenceError("a test was abandoned without a reason")
        check_leaf(opening, night=sealed.night, count=sealed.count, root=sealed.root)
        if not self.is_open(opening.index):
            is_own = self.policy is not None and stands_on(opening.decoy, self.policy.own)
            (self.revealed if is_own else self.foreign)[opening.index] = revealed
            self.last_revealed = self.next_index - 1
            self._places = None

    def _answer(self, answered: DecoysAnswered) -> None:
        act = self._acts.get(answered.act)
        if self.sealed is None or act is None:
            raise EvidenceError("no such plan or act is known")
        question = KeeperQuestion(
            root=self.sealed.root,
            nonce=answered.nonce,
            act=act,
            approvals=answered.approvals,
            signed_for=answered.signed_for,
        )
        answer = answered.answer
        if answer.question in self._questions:
            raise EvidenceError("the answer is on record already")
        opened = frozenset(opening.index for opening in answer.openings)
        if not all(map(self.is_open, opened)):
            raise EvidenceError("a decoy that the keeper opened is not on record")
        if act.id not in self._digests:
            self._digests[act.id] = digest(act)
        check_answer(answer, question, self.sealed, act=self._digests[act.id])
        self._questions.add(answer.question)
        # The first: a later one could say that more was opened before the act left.
        self._answered.setdefault(self._digests[act.id], (act, opened))
        self._met |= opened


def hits(decoy: Decoy, target: str) -> bool:
    """Tell whether an act on a target would hit a decoy, or its host."""
    places = (target, host_of(target)) if "://" in target else (target,)
    return any(meets(decoy, place) for place in places if place)


def targets_of(act: Referral | Notice) -> tuple[str, ...]:
    """Return what an act would hit: URLs, names and addresses."""
    if isinstance(act, Referral):
        return tuple(entry.target for entry in act.entries)
    return tuple(noticed.url for noticed in act.urls)
