"""Trials of decoys are counted from the records alone, and nothing that came too late counts."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lists import entry as listed
from tests.lists import referral

from cautery.errors import InputError
from cautery.evidence.decoys import question_digest, signed
from cautery.evidence.leaf import leaf_of, record_of
from cautery.lab.drawn_nights import EVENT, NightRates, draw_night
from cautery.model import Digest, Entry, ErrorRate, Finding, RedactedUrl, SignedFor, Verdict
from cautery.model.blind import Drifting, Trial, TrialEnd
from cautery.model.decoys import DecoyKind, KeeperAnswer, KeeperQuestion, RevealedBy
from cautery.model.ledger import filed
from cautery.model.records import DecoyRevealed, DecoysAnswered, ProbeDone
from cautery.projections.blind_account import account, season_account

KEY = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
SURE = NightRates.even(0.0, 0.0, licensee_wrong=0.0)


def night(rates=SURE, *, seed=1, **options):
    return draw_night(np.random.default_rng(seed), rates, key=KEY, **options)


def outcomes(counted):
    return {trial.index: trial.outcome for trial in counted.trials}


def again(entries):
    """Number entries anew, as a ledger does."""
    return [replace(entry, index=index) for index, entry in enumerate(entries)]


def entry_of(content, at):
    kind, body = filed(content)
    leaf = leaf_of(kind, body, at)
    return Entry(index=0, record=record_of(leaf), leaf=leaf)


def split(entries):
    before = [entry for entry in entries if not isinstance(entry.content, DecoyRevealed)]
    return before, [entry for entry in entries if isinstance(entry.content, DecoyRevealed)]


def proof(decoy, *, event=EVENT, licensee=None):
    at = decoy.appears_at + timedelta(seconds=30)
    verdict = Verdict(
        url=RedactedUrl(decoy.url), finding=Finding.PROVEN, at=at, event=event, licensee=licensee,
        channels=() if event else ("arena-1",),
    )  # fmt: skip
    return entry_of(verdict, at)


def look(decoy):
    return entry_of(
        ProbeDone(at=decoy.appears_at, url=decoy.url, observation=None, failed=None),
        decoy.appears_at,
    )


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    chances=st.tuples(*[st.floats(0, 1)] * 4),
    own=st.integers(1, 25),
    look_alikes=st.integers(0, 25),
)
def test_what_is_counted_is_what_happened(seed, chances, own, look_alikes):
    missed, accused, unseen, hit = chances
    rates = NightRates.even(missed, accused, unseen=unseen, hit=hit, licensee_wrong=0.2)
    drawn = draw_night(
        np.random.default_rng(seed), rates, key=KEY, own=own, look_alikes=look_alikes
    )
    counted = account(drawn.entries)
    counts, truth = counted.counts, drawn.truth
    assert counted.is_whole
    assert (counts.own, counts.look_alikes) == (own, look_alikes)
    assert counts.missed.part == truth["missed"]
    assert counts.missed.whole == truth["missed"] + truth["caught"]
    assert counts.accused.part == truth["accused"]
    assert counts.accused.whole == truth["accused"] + truth["cleared"]
    assert counts.licensee_right.part == truth["right"]
    assert counts.hit.part == truth["hit"]
    assert counts.own_unseen + counts.look_alikes_unseen == truth["unseen"]
    assert counts.missed_or_unseen.part == truth["missed"] + counts.own_unseen


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), missed=st.floats(0, 1), accused=st.floats(0, 1))
def test_kinds_and_disguises_each_add_up_to_the_night(seed, missed, accused):
    rates = NightRates.even(missed, accused, unseen=0.1, hit=0.1)
    counted = account(night(rates, seed=seed).entries)
    for groups in (counted.by_kind, counted.by_disguise):
        for name in ("own", "look_alikes", "own_unseen", "look_alikes_unseen", "cut_short"):
            assert sum(getattr(counts, name) for _, counts in groups) == getattr(
                counted.counts, name
            )
        for name in ("missed", "accused", "licensee_right", "hit"):
            assert (
                sum(getattr(counts, name).part for _, counts in groups)
                == getattr(counted.counts, name).part
            )


def test_a_decoy_that_nobody_looked_at_is_neither_missed_nor_dropped():
    counts = account(night(NightRates.even(0.0, 0.0, unseen=1.0)).entries).counts
    assert counts.missed.whole == 0
    assert counts.own_unseen == 20
    assert (counts.missed_or_unseen.part, counts.missed_or_unseen.whole) == (20, 20)
    assert counts.look_alikes_unseen == 20
    assert counts.median_s is None


def test_what_is_recorded_after_the_opening_does_not_count():
    before, openings = split(night(NightRates.even(0.0, 0.0, unseen=1.0)).entries)
    late = [proof(entry.content.opening.decoy) for entry in openings]
    counted = account(again([*before, *openings, *late]))
    assert set(outcomes(counted).values()) == {TrialEnd.NOT_LOOKED_AT}
    in_time = account(again([*before, *late, *openings]))
    assert set(outcomes(in_time).values()) == {TrialEnd.CAUGHT, TrialEnd.ACCUSED}


def test_an_opening_that_opens_to_no_sealed_root_does_not_count():
    before, openings = split(night().entries)
    forged = [
        entry_of(
            replace(
                entry.content,
                opening=replace(
                    entry.content.opening,
                    decoy=replace(entry.content.opening.decoy, kind=DecoyKind.FAN_TALK),
                ),
            ),
            entry.content.at,
        )
        for entry in openings
        if entry.content.opening.decoy.kind is DecoyKind.OWN_STREAM
    ]
    counted = account(again([*before, *forged]))
    assert counted.trials == ()
    assert not counted.is_whole


def begun(entries: tuple[Entry, ...]) -> list[Entry]:
    """Return the opening, the sealed plan and what came then, without our error rates."""
    return [entry for entry in entries if not isinstance(entry.content, ErrorRate)]


def test_a_plan_that_the_named_planner_did_not_sign_is_none():
    opened, sealed, *drawn = begun(night().entries)
    planned = sealed.content
    unsigned = replace(planned, sealed=replace(planned.sealed, planner="Somebody Else"))
    assert account(again([opened, entry_of(unsigned, planned.at), *drawn])) is None


def test_a_plan_for_another_mandate_or_a_second_plan_is_none():
    opened, sealed, *drawn = begun(night().entries)
    elsewhere = replace(
        opened.content, mandate=replace(opened.content.mandate, legal_basis="another right")
    )
    assert account(again([entry_of(elsewhere, sealed.content.at), sealed, *drawn])) is None
    _, *second = begun(night(seed=2).entries)
    assert account(again([opened, sealed, *drawn, *second])) == account(night().entries)


def test_the_first_opening_of_a_leaf_counts_and_a_second_changes_nothing():
    before, openings = split(night(NightRates.even(0.0, 0.0, unseen=1.0)).entries)
    own = next(entry for entry in openings if not entry.content.opening.decoy.kind.is_look_alike)
    twice = again([*before, own, proof(own.content.opening.decoy), *openings])
    assert outcomes(account(twice))[own.content.opening.index] is TrialEnd.NOT_LOOKED_AT


def test_a_proof_of_another_event_misses_an_own_stream_and_is_said():
    before, openings = split(night(NightRates.even(0.0, 0.0, unseen=1.0)).entries)
    own = [
        entry.content.opening.decoy
        for entry in openings
        if not entry.content.opening.decoy.kind.is_look_alike
    ]
    counts = account(again([*before, *(proof(d, event="cup") for d in own), *openings])).counts
    assert (counts.missed.part, counts.missed.whole) == (20, 20)
    assert counts.named_wrong == 20


def gated(openings):
    """Let the gate open these: an act over their hosts, and the keeper's signed answer to it."""
    first = openings[0].content
    act = referral(*(listed(each.content.opening.decoy.host) for each in openings))
    question = KeeperQuestion(
        root=first.root, nonce="0" * 64, act=act, approvals=(),
        signed_for=SignedFor(case="0" * 16, mandate=Digest(f"sha256:{'0' * 64}")),
    )  # fmt: skip
    answer = KeeperAnswer(
        root=first.root, question=question_digest(question), at=first.at,
        openings=tuple(each.content.opening for each in openings),
    )  # fmt: skip
    said = DecoysAnswered(
        act=act.id, nonce=question.nonce, approvals=(), signed_for=question.signed_for,
        answer=signed(answer, KEY), at=first.at,
    )  # fmt: skip
    opened = [replace(each.content, how=RevealedBy.GATE, act=act.id) for each in openings]
    return [entry_of(each, first.at) for each in (act, *opened, said)]


def test_a_leaf_that_says_it_was_opened_at_the_gate_is_revealed_if_no_answer_opens_it():
    """Else its planner could take what the watch missed out of the count."""
    entries = night(NightRates.even(0.4, 0.3)).entries
    before, openings = split(entries)
    for act in (None, "R-1"):
        claimed = [
            entry_of(replace(each.content, how=RevealedBy.GATE, act=act), each.content.at)
            for each in openings
        ]
        assert account(again([*before, *claimed])).counts == account(entries).counts
    missed = account(entries).counts.missed
    assert missed.part > 0


def test_a_test_that_is_abandoned_without_a_reason_opens_nothing():
    before, openings = split(night(how=RevealedBy.ABANDONED).entries)
    for why in ("", "  "):
        silent = [entry_of(replace(e.content, why=why), e.content.at) for e in openings]
        assert not account(again([*before, *silent])).is_whole
    assert account(again([*before, *silent, *openings])).is_whole


def test_a_look_alike_among_the_targets_of_an_approved_act_is_accused_and_hit():
    before, openings = split(night().entries)
    counted = account(again([*before, *gated(openings)]))
    assert counted.counts.accused.part == counted.counts.hit.part == 20
    assert counted.counts.missed.part == 0


def test_an_own_stream_that_the_gate_opened_unproven_is_neither_caught_nor_missed():
    before, openings = split(night(NightRates.even(1.0, 0.0)).entries)
    counts = account(again([*before, *gated(openings)])).counts
    assert counts.missed.whole == counts.missed_or_unseen.whole == 0
    assert counts.cut_short == 20


def test_a_test_that_was_ended_early_counts_for_what_was_decided():
    rates = NightRates.even(0.5, 0.0, unseen=0.3)
    drawn = night(rates, how=RevealedBy.ABANDONED)
    counted = account(drawn.entries)
    assert counted.abandoned == "the keeper's machine failed"
    assert counted.counts.cut_short == drawn.truth["unseen"] > 0
    assert counted.counts.own_unseen == counted.counts.look_alikes_unseen == 0
    assert counted.counts.missed.part == drawn.truth["missed"]


def test_a_trial_cannot_end_as_one_of_the_other_kind():
    with pytest.raises(InputError):
        Trial(index=0, kind=DecoyKind.FAN_TALK, disguise="none", offered_as="x", url="http://a.b/c",
              delay_s=1.0, outcome=TrialEnd.MISSED)  # fmt: skip


def season(count, rates, *, first_bad=None, bad=None, seed=3):
    rng = np.random.default_rng(seed)
    return [
        account(
            draw_night(
                rng,
                bad if first_bad is not None and number >= first_bad else rates,
                key=KEY,
                number=number,
            ).entries
        )
        for number in range(count)
    ]


def test_a_season_is_in_the_order_of_its_plans_and_counts_a_night_once():
    nights = season(5, SURE)
    counted = season_account([*reversed(nights), nights[2]])
    assert [one.night for one in counted.nights] == [f"matchday-{n}" for n in range(1, 6)]
    assert counted.missed.exact.whole == 100


def test_a_night_that_was_ended_early_or_is_not_whole_is_left_out_of_the_rates_and_named():
    nights = season(4, SURE)
    abandoned = account(night(seed=9, number=7, how=RevealedBy.ABANDONED).entries)
    before, openings = split(night(seed=10, number=8).entries)
    partial = account(again([*before, *openings[:-1]]))
    counted = season_account([*nights, abandoned, partial])
    assert [one.night for one in counted.left_out] == [abandoned.night, partial.night]
    assert counted.accused.exact.whole == 80


def test_a_season_in_which_the_watch_becomes_worse_and_slower_is_warned_of():
    bad = NightRates.even(0.5, 0.0, detect_s=40.0)
    counted = season_account(season(24, NightRates.even(0.03, 0.0), first_bad=12, bad=bad))
    noticed = {warning.what: warning for warning in counted.warnings}
    assert {Drifting.MISSED, Drifting.SLOWER} <= noticed.keys()
    assert abs(noticed[Drifting.MISSED].since - 12) <= 2
