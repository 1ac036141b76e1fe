"""Leaves of a plan of decoys open to the root, and nothing else does."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
from cautery.evidence import decoys as decoys_evidence
from cautery.evidence.decoys import (
    check_all_open,
    check_answer,
    check_opening,
    check_plan,
    check_planner,
    check_planners,
    check_sealed,
    leaf_bytes,
    openings_of,
    question_digest,
    root_of,
    signed,
)
from cautery.model import Approval, BlockEntry, Digest, Referral, SignedFor, Window
from cautery.model.decoys import (
    Decoy,
    DecoyKind,
    DecoyLeaf,
    DecoyPlan,
    KeeperAnswer,
    KeeperQuestion,
    Opening,
    SealedPlan,
)
from cautery.model.intervention import Decision, GuardVerdict, Lever, Reason
from cautery.model.message import Message
from cautery.model.wire import digest, from_json, to_json

KICK_OFF = datetime(2026, 11, 24, 20, 45, tzinfo=UTC)
WINDOW = Window(start=KICK_OFF, end=KICK_OFF + timedelta(hours=2))
KEY = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
REASON = Reason(code="clear", text=Message("as-written", {"text": "nobody else is there"}))
TERMS = Digest(f"sha256:{'0' * 64}")


def decoy(number: int, *, own: bool = False) -> Decoy:
    return Decoy(
        kind=DecoyKind.OWN_STREAM if own else DecoyKind.FAN_TALK,
        url=f"http://tv{number}.own.example:8080/d/{number}/live.m3u8",
        addresses=(f"192.0.2.{number + 1}",),
        offered_as="Derby LIVE HD",
        event="derby" if own else None,
        disguise="none",
        delay_s=20.0,
        appears_at=KICK_OFF,
        vanishes_at=KICK_OFF + timedelta(hours=1),
    )


def leaves(count: int) -> list[DecoyLeaf]:
    return [
        DecoyLeaf(salt=f"{number:064x}", decoy=decoy(number, own=number % 2 == 0))
        for number in range(count)
    ]


def plan_of(count: int = 5, *, key: Ed25519PrivateKey = KEY, planner: str = "P. Lan") -> DecoyPlan:
    drawn = leaves(count)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    unsigned = SealedPlan(
        night="derby-1",
        root=root_of(drawn, night="derby-1"),
        count=count,
        window=WINDOW,
        planner=planner,
        public_key=public,
        mandate=TERMS,
        made_at=KICK_OFF - timedelta(hours=3),
    )
    return DecoyPlan(sealed=signed(unsigned, key), leaves=tuple(drawn))


def question_about(*targets: str) -> KeeperQuestion:
    end = KICK_OFF + timedelta(hours=1)
    entries = tuple(
        BlockEntry(
            target=target,
            lever=Lever.NAME,
            valid_until=end,
            guard=GuardVerdict(
                target=target, lever=Lever.NAME, decision=Decision.ALLOW, reasons=(REASON,),
                valid_until=end,
            ),
            exhibits=(),
        )
        for target in targets
    )  # fmt: skip
    referral = Referral(
        id="R-000000000000", order="o", event=None, territory="IT", window=WINDOW, entries=entries,
        statement="s",
    )  # fmt: skip
    approval = Approval(
        subject=TERMS, approver="A", role="legal", at=KICK_OFF, signature="", signed_for=None
    )
    return KeeperQuestion(
        root=plan_of().sealed.root,
        nonce="a" * 64,
        act=referral,
        approvals=(approval,),
        signed_for=SignedFor(case="c", mandate=TERMS),
    )


def answer_to(question: KeeperQuestion, *indexes: int) -> KeeperAnswer:
    plan = plan_of()
    return signed(
        KeeperAnswer(
            root=plan.sealed.root,
            question=question_digest(question),
            at=KICK_OFF,
            openings=openings_of(plan.leaves, indexes, night="derby-1"),
        ),
        KEY,
    )


@given(count=st.integers(1, 40))
def test_every_leaf_opens_to_the_root(count: int) -> None:
    plan = plan_of(count)
    check_plan(plan)
    check_all_open(openings_of(plan.leaves, range(count), night="derby-1"), plan.sealed)


def test_an_opening_is_read_back_from_its_json_as_it_was() -> None:
    (opening,) = openings_of(plan_of().leaves, [2], night="derby-1")
    assert from_json(Opening, to_json(opening)) == opening
    check_opening(from_json(Opening, to_json(opening)), plan_of().sealed)


def test_a_leaf_that_says_otherwise_does_not_open() -> None:
    plan = plan_of()
    (opening,) = openings_of(plan.leaves, [1], night="derby-1")
    innocent = replace(opening.decoy, kind=DecoyKind.OTHER_MATCH)
    for forged in (
        replace(opening, decoy=innocent),
        replace(opening, salt="f" * 64),
        replace(opening, index=2),
        replace(opening, index=99),
        replace(opening, proof=opening.proof[:-1]),
        replace(opening, proof=(*opening.proof, "0" * 64)),
    ):
        with pytest.raises(EvidenceError, match="does not open"):
            check_opening(forged, plan.sealed)
    with pytest.raises(EvidenceError, match="does not open"):
        check_opening(opening, replace(plan.sealed, night="derby-2"))


def test_all_leaves_must_be_opened_each_once() -> None:
    plan = plan_of()
    openings = openings_of(plan.leaves, range(5), night="derby-1")
    for wrong in (openings[:-1], (*openings, openings[0]), (*openings[:-1], openings[0])):
        with pytest.raises(EvidenceError, match="each must be opened once"):
            check_all_open(wrong, plan.sealed)


def test_a_leaf_without_its_salt_cannot_be_guessed_from_another_one() -> None:
    one, other = leaves(2)
    assert leaf_bytes(one, night="n") != leaf_bytes(replace(one, salt=other.salt), night="n")
    with pytest.raises(InputError, match="the same salt"):
        root_of([one, replace(other, salt=one.salt)], night="n")


def test_a_sealed_plan_that_was_altered_is_not_signed() -> None:
    sealed = plan_of().sealed
    for altered in (
        replace(sealed, root="0" * 64),
        replace(sealed, count=4),
        replace(sealed, night="derby-2"),
        replace(sealed, window=Window(start=WINDOW.start, end=WINDOW.end + timedelta(hours=1))),
        replace(sealed, mandate=Digest(f"sha256:{'1' * 64}")),
        replace(sealed, signature=""),
        replace(sealed, planner="Q. Lan"),
    ):
        with pytest.raises(EvidenceError, match="is not signed by"):
            check_sealed(altered)
    with pytest.raises(EvidenceError, match="key is not valid"):
        check_sealed(replace(sealed, public_key="AA=="))


def test_a_key_signs_only_a_plan_that_names_it() -> None:
    with pytest.raises(InputError, match=r"not the key of P\. Lan"):
        signed(plan_of().sealed, Ed25519PrivateKey.from_private_bytes(b"q" * 32))


def test_a_plan_with_another_leaf_is_not_the_one_that_was_sealed() -> None:
    plan = plan_of()
    other = replace(plan.leaves[0], decoy=decoy(9))
    with pytest.raises(EvidenceError, match="not the one that was sealed"):
        check_plan(replace(plan, leaves=(other, *plan.leaves[1:])))


def test_an_answer_is_bound_to_its_question() -> None:
    sealed = plan_of().sealed
    question = question_about("tv1.own.example")
    answer = answer_to(question, 1)
    check_answer(answer, question, sealed)
    check_answer(answer_to(question), question, sealed)
    with pytest.raises(EvidenceError, match="to another question"):
        check_answer(answer, replace(question, nonce="b" * 64), sealed)
    with pytest.raises(EvidenceError, match="is not signed"):
        check_answer(replace(answer, openings=()), question, sealed)


def test_an_answer_opens_only_what_the_act_concerns() -> None:
    question = question_about("tv1.own.example")
    with pytest.raises(EvidenceError, match="does not concern"):
        check_answer(answer_to(question, 1, 3), question, plan_of().sealed)
    with pytest.raises(EvidenceError, match="twice"):
        check_answer(answer_to(question, 1, 1), question, plan_of().sealed)


def test_two_plans_of_one_night_need_two_planners_with_two_keys() -> None:
    other_key = Ed25519PrivateKey.from_private_bytes(b"q" * 32)
    one = plan_of().sealed
    apart = plan_of(4, key=other_key, planner="Q. Lan").sealed
    check_planners([one, apart])
    with pytest.raises(InputError, match="one key opens both"):
        check_planners([one, plan_of(4, planner="Q. Lan").sealed])
    with pytest.raises(InputError, match="planned both"):
        check_planners([one, plan_of(4, key=other_key, planner="p lan").sealed])
    next_day = Window(start=WINDOW.end, end=WINDOW.end + timedelta(hours=2))
    check_planners([one, replace(plan_of(4).sealed, window=next_day)])


def test_a_planner_decides_nothing_in_the_case() -> None:
    sealed = plan_of().sealed
    check_planner(sealed, others=[("A. Legal", {"key"})])
    with pytest.raises(InputError, match="who signs or approves"):
        check_planner(sealed, others=[("p. LAN", {"key"})])
    with pytest.raises(InputError, match=r"has the key of A\. Legal"):
        check_planner(sealed, others=[("A. Legal", {sealed.public_key})])


def test_an_answer_that_nobody_signed_costs_no_look_at_the_act(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = question_about("tv1.own.example")
    forged = replace(answer_to(question), question=TERMS, signature=answer_to(question).signature)
    monkeypatch.setattr(decoys_evidence, "question_digest", _never)
    with pytest.raises(EvidenceError, match="is not signed"):
        check_answer(forged, question, plan_of().sealed)


def test_the_digest_of_a_question_changes_with_each_part_of_it() -> None:
    question = question_about("tv1.own.example")
    spoken = question_digest(question)
    assert spoken == question_digest(question, act=digest(question.act))
    for other in (
        replace(question, root="0" * 64),
        replace(question, nonce="b" * 64),
        replace(question, act=question_about("tv2.own.example").act),
        replace(question, approvals=()),
        replace(question, signed_for=SignedFor(case="d", mandate=TERMS)),
    ):
        assert question_digest(other) != spoken


def _never(*_: object, **__: object) -> Digest:
    raise AssertionError
