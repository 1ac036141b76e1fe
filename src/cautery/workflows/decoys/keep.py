"""The keeper's answers to the gate: which targets of an approved act are decoys.

Whoever may only watch has no approver's key, and learns nothing here: without valid approvals the
keeper answers as if there were no decoys at all, by a refusal that depends on no decoy.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import terms_digest
from cautery.act.approval import CLOCK_SKEW, require_two_people
from cautery.act.notice import MOST_URLS
from cautery.act.notice_approval import require_reviewed
from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.evidence.decoys import openings_of, question_digest, signed, statement_of
from cautery.json_text import parsed_json
from cautery.model import Digest, Mandate, Referral, digest, has_own_id, notice_id
from cautery.model.decoys import MOST_DECOYS, KeeperAnswer, KeeperNote, KeeperQuestion, Opening, met
from cautery.model.wire import MISSHAPEN, from_json
from cautery.workflows.decoys.night import PlannedNight

MAX_QUESTION_BYTES = 4 << 20
"""Four kilobytes for each target of the longest act: an entry with its verdict has half of one."""
MAX_ANSWER_BYTES = 1 << 20
"""Of the openings of all decoys that a night may have."""
_MOST_VALUES = 250_000
"""Of a question or an answer: five times those of the longest act. Anybody may send one, and the
decoys' streams stand still while it is read."""
_MOST_APPROVALS = 100
_MOST_ACTS = 10_000
"""Acts that are answered for: the gate of a case asks about some hundred in a night."""
MOST_TARGETS = MOST_URLS
"""Of one act: a notice has no more, and a watch with decoys drafts a referral for each target."""


class Keeper:
    """Answers for one night, whose plan it alone knows.

    Parameters
    ----------
    night : PlannedNight
        The opened plan.
    key : Ed25519PrivateKey
        The planner's; it signs the answers.
    mandate : Mandate
        Whose approvers count.
    now : callable
        The clock's time.
    note_down : callable
        Keeps a line of the journal, before its answer is given: nobody learns of a decoy unnoted.

    Raises
    ------
    InputError
        If the night was planned for another mandate.
    """

    def __init__(
        self,
        night: PlannedNight,
        *,
        key: Ed25519PrivateKey,
        mandate: Mandate,
        now: Callable[[], datetime],
        note_down: Callable[[KeeperNote], None],
    ) -> None:
        if terms_digest(mandate) != night.sealed.mandate:
            raise InputError(
                f"night {night.sealed.night} was planned for another mandate",
                hint="Serve it with the mandate for which it was planned.",
            )
        self._night, self._key, self._mandate, self._now = night, key, mandate, now
        self._note_down = note_down
        self._openings: dict[Digest, tuple[Opening, ...]] = {}
        """By act: whoever has the case can ask about one as often as he likes, at no cost."""
        self._opened: set[int] = set()

    @property
    def opened(self) -> int:
        """How many decoys the gate was told of."""
        return len(self._opened)

    def answer(self, question: KeeperQuestion) -> KeeperAnswer:
        """Return the signed openings of the decoys among the targets of an approved act.

        What is opened for an act depends on the act alone, however often it is asked about.

        Raises
        ------
        ApprovalError
            If the act is not approved under the mandate of this night.
        """
        self._require_approved(question)
        return signed(
            KeeperAnswer(
                root=self._night.sealed.root,
                question=question_digest(question),
                at=self._now(),
                openings=self._opened_by(question),
            ),
            self._key,
        )

    def _opened_by(self, question: KeeperQuestion) -> tuple[Opening, ...]:
        act = digest(question.act)
        if act not in self._openings:
            if len(self._openings) >= _MOST_ACTS:
                raise ApprovalError("the keeper was asked about too many acts in this night")
            leaves = self._night.plan.leaves
            indexes = met([leaf.decoy for leaf in leaves], question.targets)
            self._note_down(self._note(question, act, indexes))
            self._openings[act] = openings_of(leaves, indexes, night=self._night.sealed.night)
            self._opened.update(indexes)
        return self._openings[act]

    def _note(self, question: KeeperQuestion, act: Digest, leaves: tuple[int, ...]) -> KeeperNote:
        return signed(
            KeeperNote(
                root=self._night.sealed.root,
                act=question.act.id,
                digest=act,
                case=question.signed_for.case,
                approvers=tuple(approval.approver for approval in question.approvals),
                leaves=leaves,
                at=self._now(),
            ),
            self._key,
        )

    def _require_approved(self, question: KeeperQuestion) -> None:
        sealed, now = self._night.sealed, self._now()
        if question.root != sealed.root:
            raise ApprovalError("the question is about another plan than this keeper's")
        if question.signed_for.mandate != sealed.mandate:
            raise ApprovalError("the act was approved under another mandate than this night's")
        if len(question.targets) > MOST_TARGETS:
            raise ApprovalError(f"an act has at most {MOST_TARGETS} targets here")
        act = question.act
        if not (has_own_id(act) if isinstance(act, Referral) else notice_id(act) == act.id):
            raise ApprovalError("the id of the act does not come from its content")
        if len(question.approvals) > len(self._mandate.approvers):
            raise ApprovalError("the question has more approvals than the mandate has approvers")
        for approval in question.approvals:
            if not sealed.made_at <= approval.at <= now + CLOCK_SKEW:
                raise ApprovalError("an approval is from before the plan, or from the future")
        try:
            if isinstance(act, Referral):
                require_two_people(
                    act,
                    question.approvals,
                    mandate=self._mandate,
                    signed_for=question.signed_for,
                    now=now,
                )
            else:
                require_reviewed(
                    act,
                    question.approvals,
                    mandate=self._mandate,
                    signed_for=question.signed_for,
                    now=now,
                )
        except (InputError, EvidenceError) as error:
            raise ApprovalError(f"the act is not approved: {error}") from error


def read_question(raw: bytes) -> KeeperQuestion:
    """Read a question as it comes over the network.

    Raises
    ------
    InputError
        If it is none.
    """
    if len(raw) > MAX_QUESTION_BYTES:
        raise InputError("the question is too long")
    try:
        question = from_json(KeeperQuestion, _few(parsed_json(raw, most=_MOST_VALUES)))
        question_digest(question)  # half a character in a text has no canonical JSON
    except MISSHAPEN as error:
        raise InputError("not a question to a keeper") from error
    return question


def read_answer(raw: bytes) -> KeeperAnswer:
    """Read an answer as it comes over the network; it is not checked.

    Raises
    ------
    EvidenceError
        If it is none.
    """
    if len(raw) > MAX_ANSWER_BYTES:
        raise EvidenceError("the keeper's answer is too long")
    try:
        answer = from_json(KeeperAnswer, _few(parsed_json(raw, most=_MOST_VALUES)))
        statement_of(answer)  # half a character in a text has no canonical JSON
    except MISSHAPEN as error:
        raise EvidenceError("not an answer of a keeper") from error
    return answer


_MOST_OF = {
    "approvals": _MOST_APPROVALS,
    "entries": MOST_TARGETS,
    "urls": MOST_TARGETS,
    "openings": MOST_DECOYS,
}


def _few(question: Any) -> Any:
    """Return a question or an answer whose lists are no longer than those of an honest one.

    Raises
    ------
    ValueError
        If one is: nothing is built of it then.
    """
    for part in (question, question.get("act", {})):
        for name, most in _MOST_OF.items():
            if len(part.get(name, ())) > most:
                raise ValueError(f"more than {most} {name}")
    return question
