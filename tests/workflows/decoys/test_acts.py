"""Attacks on the gate: whatever happens in whatever order, no decoy is in anything that leaves.

``bench/decoy/acts.py`` runs ten thousand of them; here are few, and the proof that they would find
a gate that is open.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cautery.act import approved
from cautery.lab.blind_acts import BlindActs, run_at_random
from cautery.lab.keeper import LabKeeper, Mood
from cautery.model import to_json
from cautery.model.decoys import KeeperAnswer, KeeperQuestion
from cautery.model.ledger import contents
from cautery.model.records import DecoyRevealed
from cautery.projections import decoys, without_decoys
from cautery.projections.decoy_mentions import is_about, mentions
from cautery.workflows.decoys import gate as keeper_gate
from cautery.workflows.watch.acting.filing import ASKED_AT_ONCE

NUMBERS = st.integers(0, 30)


class AnyOrder(RuleBasedStateMachine):
    """Everything that can happen to a case with decoys, in any order."""

    @initialize(seed=NUMBERS, planned_at_once=st.booleans())
    def begin(self, *, seed: int, planned_at_once: bool) -> None:
        self.acts = BlindActs(seed)
        self.planned = False
        if planned_at_once:
            self.plan()

    @precondition(lambda self: not self.planned)
    @rule()
    def plan(self) -> None:
        self.acts.plan()
        self.planned = True

    @rule(which=NUMBERS)
    def prove(self, which: int) -> None:
        self.acts.prove(which)

    @rule()
    def note(self) -> None:
        self.acts.note()

    @rule()
    def map(self) -> None:
        self.acts.map()

    @rule()
    def refer(self) -> None:
        self.acts.refer()

    @rule()
    def notice(self) -> None:
        self.acts.notice()

    @rule()
    def both_approve(self) -> None:
        self.acts.approve(0)
        self.acts.approve(1)

    @rule(who=NUMBERS, forged=st.booleans())
    def approve(self, *, who: int, forged: bool) -> None:
        self.acts.approve(who, forged=forged)

    @rule(mood=st.sampled_from(Mood))
    def turn(self, mood: Mood) -> None:
        self.acts.set_mood(mood)

    @rule(what=NUMBERS)
    def forge(self, what: int) -> None:
        self.acts.forge(what)

    @rule()
    def hear(self) -> None:
        asyncio.run(self.acts.hear())

    @rule()
    def send(self) -> None:
        asyncio.run(self.acts.send())

    @rule(first=NUMBERS)
    def from_proof_to_mail(self, first: int) -> None:
        """Let a notice of one or two streams go the whole way."""
        for which in (first, first + 1):
            self.acts.prove(which)
        self.acts.notice()
        self.both_approve()
        self.send()

    @rule()
    def from_draft_to_list(self) -> None:
        self.acts.refer(everything=True)
        self.both_approve()
        self.hear()

    @rule()
    def resume(self) -> None:
        self.acts.resume()

    @rule(seconds=st.floats(1, 60))
    def wait(self, seconds: float) -> None:
        self.acts.clock.pass_s(seconds)

    @precondition(lambda self: self.planned)
    @rule(abandoned=st.booleans())
    def reveal(self, *, abandoned: bool) -> None:
        self.acts.reveal(abandoned=abandoned)

    @rule()
    def leave(self) -> None:
        self.acts.leave()

    @invariant()
    def no_decoy_left(self) -> None:
        if hasattr(self, "acts"):
            assert self.acts.escaped == []
            assert self.acts.lost == []


AnyOrder.TestCase.settings = settings(
    max_examples=15, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow]
)
test_in_any_order_no_decoy_leaves = AnyOrder.TestCase


def attacked(seeds: range) -> tuple[list[str], Counter[str]]:
    escaped: list[str] = []
    left: Counter[str] = Counter()
    for seed in seeds:
        acts = BlindActs(seed)
        asyncio.run(run_at_random(acts, steps=30))
        escaped += acts.escaped + acts.lost
        left += acts.left
        if escaped:
            break
    return escaped, left


def test_at_random_no_decoy_leaves_and_what_is_no_decoy_does() -> None:
    escaped, left = attacked(range(15))
    assert escaped == []
    # A gate that lets nothing pass would be no proof.
    for way in ("the list of a provider", "a notice", "figures", "a dossier for provider"):
        assert left[way] > 0, way


def _nothing(*_: object, **__: object) -> None:
    return None


def _mentions_one(content: object, known: decoys.Decoys) -> bool:
    """Tell as it was once told: by the text of a record."""
    return is_about(content, known) or mentions(to_json(content), known)


MUTATIONS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "nothing is void": (approved, "void_targets", lambda *_, **__: frozenset()),
    "no target is a decoy": (decoys.Decoys, "meets", lambda *_: False),
    "nobody need be asked": (decoys.Decoys, "may_pass", lambda *_: True),
    "computed things leave": (without_decoys, "refuse_unrevealed", _nothing),
    "nothing is left out": (without_decoys, "without", lambda entry, *_, **__: entry),
    "no mention is blacked out": (without_decoys, "redacted_body", lambda body, _: body),
    "what mentions a decoy is one": (without_decoys, "is_about", _mentions_one),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_an_open_gate_is_found(mutation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, name, instead = MUTATIONS[mutation]
    monkeypatch.setattr(place, name, instead)
    assert attacked(range(40))[0] != []


def test_an_answer_that_nobody_checks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is checked twice: when it comes, and when it is read from the case."""
    monkeypatch.setattr(keeper_gate, "check_answer", _nothing)
    monkeypatch.setattr(decoys, "check_answer", _nothing)
    assert attacked(range(40))[0] != []


def test_a_referral_of_a_decoy_leaves_no_word_behind() -> None:
    """Each target has a referral of its own: the text of one that is void reaches no provider."""
    acts = BlindActs(3)
    acts.plan()
    for which in range(8):
        acts.prove(which)
    acts.refer(everything=True)
    acts.approve(0)
    acts.approve(1)
    asyncio.run(acts.hear())
    acts.clock.pass_s(30)
    acts.resume()
    asyncio.run(acts.hear())
    drafts = acts._drafts()
    assert all(len(draft.entries) == 1 for draft in drafts)
    opened = acts.gate.decoys
    void = [draft for draft in drafts if opened.meets(draft.entries[0].target)]
    assert 0 < len(void) < len(drafts)
    sent = b"".join(acts.provider.received).decode()
    assert acts.provider.blocked
    for draft in drafts:
        assert (draft.entries[0].target in sent) == (draft not in void)
        assert (draft.id in sent) == (draft not in void)
    assert acts.journal.failures == []
    assert acts.escaped == []


def test_a_decoy_that_the_keeper_hid_comes_off_the_list_of_who_was_away() -> None:
    """Who took it is told to unblock it; who did not is never told of it."""
    acts = BlindActs(3)
    acts.plan()
    for which in range(8):
        acts.prove(which)
    acts.refer(everything=True)
    acts.approve(0)
    acts.approve(1)
    everything, acts.keeper.leaves = acts.keeper.leaves, ()
    acts.provider.deaf = True
    asyncio.run(acts.hear())
    acts.keeper.leaves = everything
    acts.reveal(abandoned=True)
    asyncio.run(acts.hear())
    acts.provider.deaf = False
    acts.clock.pass_s(30)
    asyncio.run(acts.hear())
    assert acts.provider.blocked
    assert acts.escaped == []


def test_the_keeper_is_asked_about_several_referrals_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acts = BlindActs(3)
    acts.plan()
    for which in range(8):
        acts.prove(which)
    acts.refer(everything=True)
    acts.approve(0)
    acts.approve(1)
    at_once: list[int] = []
    asking = 0
    answer = acts.keeper.ask

    async def slowly(_: object, question: KeeperQuestion) -> KeeperAnswer:
        nonlocal asking
        asking += 1
        at_once.append(asking)
        await asyncio.sleep(0)
        asking -= 1
        return await answer(question)

    monkeypatch.setattr(LabKeeper, "ask", slowly)
    asyncio.run(acts.hear())
    assert max(at_once) == ASKED_AT_ONCE
    assert acts.provider.blocked
    revealed = [record.opening.index for _, record in contents(acts.ledger, DecoyRevealed)]
    assert len(set(revealed)) == len(revealed) > 0


def test_a_gate_that_is_not_asked_lets_nothing_leave_before_the_reveal() -> None:
    acts = BlindActs(3)
    acts.plan()
    for which in range(8):
        acts.prove(which)
    acts.refer()
    acts.approve(0)
    acts.approve(1)
    acts.set_mood(Mood.SILENT)
    for _ in range(5):
        asyncio.run(acts.hear())
        acts.clock.pass_s(11)
    assert acts.provider.blocked == set()
    keeper = [each for each in acts.journal.failures if each.startswith("keeper ")]
    targets = {each.target for draft in acts._drafts() for each in draft.entries}
    assert len(keeper) == len(targets) > 1  # of each referral once, not at each attempt
    assert acts.keeper.questions > 1
    acts.set_mood(Mood.HONEST)
    acts.clock.pass_s(11)
    asyncio.run(acts.hear())
    assert acts.provider.blocked
    assert acts.escaped == []
