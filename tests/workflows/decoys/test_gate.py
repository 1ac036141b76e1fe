"""The gate asks the keeper once about each act, and waits for no keeper that is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests import planted
from tests.lists import NOW

from cautery.canonical import canonical
from cautery.errors import ApprovalError, SourceError, UnaskedError
from cautery.evidence.sealed_night import SealedNight
from cautery.lab.blind_acts import BlindActs
from cautery.lab.blind_case import MemoryClock, MemoryJournal, MemoryLedger, MemorySigner
from cautery.lab.keeper import Mood
from cautery.model import Approval, Referral, to_json
from cautery.model.decoys import KeeperAnswer, KeeperQuestion
from cautery.model.ledger import contents
from cautery.model.records import ApprovalGiven, DecoyRevealed, DecoysAnswered
from cautery.workflows.decoys import gate as gate_module
from cautery.workflows.decoys.gate import AGAIN_S, KeeperGate
from cautery.workflows.decoys.keep import Keeper, read_answer, read_question
from cautery.workflows.decoys.opening import record_planned
from cautery.workflows.watch.opening import begin_case

SEED = 1


@pytest.fixture
def acts() -> BlindActs:
    """A case with one referral that two people have approved."""
    made = BlindActs(SEED)
    made.plan()
    for which in range(len(made.suspects)):
        made.prove(which)
    made.refer(everything=True, together=True)
    made.approve(0)
    made.approve(1)
    return made


def gate_of(acts: BlindActs, keeper: Any) -> KeeperGate:
    return KeeperGate(
        acts.ledger,
        keeper=keeper,
        signed_for=acts.signed_for,
        journal=acts.journal,  # type: ignore[arg-type]
        random=acts.rng.randbytes,
    )


def act_of(acts: BlindActs) -> tuple[Referral, tuple[Approval, ...]]:
    [(_, referral)] = contents(acts.ledger, Referral)
    return referral, tuple(given.approval for _, given in contents(acts.ledger, ApprovalGiven))


class Answering:
    """A keeper that does what a function does."""

    def __init__(self, answer: Callable[[KeeperQuestion], Any]) -> None:
        self.answer, self.questions = answer, 0

    async def ask(self, question: KeeperQuestion) -> KeeperAnswer:
        self.questions += 1
        answer = self.answer(question)
        return await answer if asyncio.iscoroutine(answer) else answer


async def test_an_act_is_asked_about_once_also_after_a_restart(acts: BlindActs) -> None:
    act, approvals = act_of(acts)
    for _ in range(2):
        gate = gate_of(acts, acts.keeper)
        await gate.ask(act, approvals)
    assert acts.keeper.questions == 1
    revealed = [record for _, record in contents(acts.ledger, DecoyRevealed)]
    assert {record.act for record in revealed} == {act.id}
    assert {record.opening.decoy.host for record in revealed} == {
        each.host for each in acts.suspects if each.decoy is not None
    }


async def test_who_has_no_approvers_signature_learns_nothing(acts: BlindActs) -> None:
    act, approvals = act_of(acts)
    for fewer in ((), approvals[:1]):
        with pytest.raises(UnaskedError, match="not approved"):
            await gate_of(acts, acts.keeper).ask(act, fewer)
    assert list(contents(acts.ledger, DecoyRevealed)) == []


async def test_of_a_person_who_signed_again_the_keeper_is_shown_the_newest(
    acts: BlindActs,
) -> None:
    """It takes no more approvals than there are approvers, and who has the case can add some."""
    act, approvals = act_of(acts)
    acts.clock.pass_s(5)
    acts.approve(0)
    again = act_of(acts)[1][-1]
    await gate_of(acts, acts.keeper).ask(act, (again, *approvals, again))
    [(_, answered)] = contents(acts.ledger, DecoysAnswered)
    assert set(answered.approvals) == {again, approvals[1]}
    assert len(answered.approvals) == 2


@pytest.mark.parametrize("mood", [Mood.FORGED, Mood.ALTERED, Mood.SHORTENED])
async def test_of_a_lie_nothing_is_taken(mood: Mood, acts: BlindActs) -> None:
    acts.set_mood(mood)
    act, approvals = act_of(acts)
    with pytest.raises(UnaskedError, match="does not answer as agreed"):
        await gate_of(acts, acts.keeper).ask(act, approvals)
    for kind in (DecoyRevealed, DecoysAnswered):
        assert list(contents(acts.ledger, kind)) == []


async def test_an_answer_to_an_earlier_question_is_none(acts: BlindActs) -> None:
    act, approvals = act_of(acts)
    answers: list[KeeperAnswer] = []

    async def same(question: KeeperQuestion) -> KeeperAnswer:
        answers.append(await acts.keeper.ask(question))
        return answers[0]

    await gate_of(acts, Answering(same)).ask(act, approvals)
    acts.ledger.entries = [
        entry
        for entry in acts.ledger.entries
        if not isinstance(entry.content, DecoysAnswered | DecoyRevealed)
    ]
    with pytest.raises(UnaskedError, match="another question"):
        await gate_of(acts, Answering(same)).ask(act, approvals)


async def test_a_keeper_that_is_silent_is_asked_again_only_after_a_while(
    acts: BlindActs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile the watch goes on: no target stays blocked for want of an answer."""

    async def never(_: KeeperQuestion) -> KeeperAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(gate_module, "PATIENCE_S", 0.01)
    act, approvals = act_of(acts)
    keeper = Answering(never)
    gate = gate_of(acts, keeper)
    for _ in range(3):
        with pytest.raises(UnaskedError, match="no answer within"):
            await gate.ask(act, approvals)
    assert keeper.questions == 1
    acts.clock.pass_s(AGAIN_S)
    with pytest.raises(UnaskedError):
        await gate.ask(act, approvals)
    assert keeper.questions == 2
    keeper.answer = acts.keeper.ask
    acts.clock.pass_s(AGAIN_S)
    await gate.ask(act, approvals)
    assert gate.decoys.may_pass(act)


async def test_what_is_refused_for_one_act_does_not_rest_the_others(acts: BlindActs) -> None:
    def refuse(_: KeeperQuestion) -> KeeperAnswer:
        raise ApprovalError("not approved")

    act, approvals = act_of(acts)
    keeper = Answering(refuse)
    gate = gate_of(acts, keeper)
    for _ in range(2):
        with pytest.raises(UnaskedError):
            await gate.ask(act, approvals)
    assert keeper.questions == 2


async def test_without_a_plan_on_record_and_without_a_keeper_nothing_leaves() -> None:
    unplanned = BlindActs(SEED)
    unplanned.prove(0)
    unplanned.refer(everything=True)
    [(_, referral)] = contents(unplanned.ledger, Referral)
    with pytest.raises(UnaskedError, match="has not checked the sealed plan"):
        await gate_of(unplanned, unplanned.keeper).ask(referral, ())
    unplanned.plan()
    with pytest.raises(UnaskedError, match="cannot be reached"):
        await gate_of(unplanned, None).ask(referral, ())


async def test_after_the_reveal_nobody_is_asked(acts: BlindActs) -> None:
    def silent(_: KeeperQuestion) -> KeeperAnswer:
        raise SourceError("gone home")

    acts.reveal(abandoned=False)
    act, approvals = act_of(acts)
    keeper = Answering(silent)
    gate = gate_of(acts, keeper)
    await gate.ask(act, approvals)
    assert keeper.questions == 0
    assert gate.void(act) == {
        entry.target for entry in act.entries if gate.decoys.meets(entry.target)
    }


async def test_the_keeper_itself_answers_the_gate_over_the_wire() -> None:
    night = planted.night_of(planted.planned())
    keeper = Keeper(
        night,
        key=planted.PLANNER,
        mandate=planted.MANDATE,
        now=lambda: NOW,
        note_down=lambda _: None,
    )
    decoy = night.plan.leaves[0].decoy
    clock = MemoryClock(NOW)
    ledger = MemoryLedger()
    journal = MemoryJournal(ledger, clock)
    begin_case(
        planted.MANDATE,
        ledger=ledger,
        journal=journal,  # type: ignore[arg-type]
        key=MemorySigner(planted.PLANNER).key,
    )
    record_planned(
        SealedNight(sealed=night.sealed),
        ledger=ledger,
        journal=journal,  # type: ignore[arg-type]
    )
    asked = planted.question(night, [decoy.host, "innocent.example"])
    journal.write(asked.act)

    def over_the_wire(question: KeeperQuestion) -> KeeperAnswer:
        sent = canonical(to_json(question))
        return read_answer(canonical(to_json(keeper.answer(read_question(sent)))))

    gate = KeeperGate(
        ledger,
        keeper=Answering(over_the_wire),  # type: ignore[arg-type]
        signed_for=asked.signed_for,
        journal=journal,  # type: ignore[arg-type]
        random=bytes,
    )
    await gate.ask(asked.act, asked.approvals)
    assert gate.void(asked.act) == {decoy.host}
    assert len(gate.decoys.revealed) == keeper.opened > 0
