"""Scores to odds: monotone, capped by their trials, calibrated at the base rate."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.identify import likelihood
from cautery.identify.decide import LEAST_LOG10_LR
from cautery.identify.likelihood import (
    JointTrial,
    Tail,
    above,
    fused,
    most,
    posterior,
    published_error_rates,
    support,
    tail,
    unmatched,
)
from cautery.model import Witness
from cautery.model.verdict import at_one_place

MEASURED = Tail(origin=5.0, scale=1.0, least=6.5, floor=-1.5, trials=4000, references=2500)


def witness(kind: str, log10_lr: float, *, at_s: float = 0.0, reference: str = "a") -> Witness:
    return Witness(
        kind=kind, reference=reference, score=50.0, runner_up=0, delay_s=at_s, speed=1, coverage=1,
        probe_s=10, log10_lr=log10_lr,
    )  # fmt: skip


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "joint_trial", lambda probe_s=None: None)


@given(st.floats(-50, 500), st.floats(0, 100), st.sampled_from([None, 1, 50, 2500, 4096]))
def test_more_score_is_never_less_evidence(score: float, more: float, searched: int | None) -> None:
    one = MEASURED.log10_lr(score, searched=searched)
    assert MEASURED.floor <= one <= MEASURED.log10_lr(score + more, searched=searched)
    assert MEASURED.log10_lr(score + more, searched=searched) <= MEASURED.cap


@pytest.mark.parametrize(("errors", "bound"), [(0, 3 / 4000), (2, 6.3 / 4000)])
def test_no_ratio_passes_one_over_the_bound_of_its_own_error_rate(
    errors: int, bound: float
) -> None:
    one = Tail(
        origin=5.0, scale=1.0, least=6.5, floor=-1.5, trials=4000, errors=errors, references=2500
    )
    assert one.log10_lr(1e9) == pytest.approx(-math.log10(bound), abs=0.01)


def test_chance_grows_with_the_references_that_were_searched() -> None:
    more = 10 * MEASURED.references
    assert MEASURED.log10_lr(7.0, searched=more) == pytest.approx(MEASURED.log10_lr(7.0) - 1)
    assert MEASURED.least_in(more) == pytest.approx(MEASURED.least + MEASURED.scale)


def test_fewer_references_than_were_measured_make_nothing_likelier() -> None:
    assert MEASURED.log10_lr(7.0, searched=1) == MEASURED.log10_lr(7.0)
    assert MEASURED.least_in(1) == MEASURED.least


def test_senses_add_up_and_agreement_counts_once_as_long_as_the_trials_bear_it() -> None:
    both = [witness("sound", 1.0), witness("sound", 0.5), witness("picture", 0.5)]
    assert support(both, probes=1) == fused(both, probes=1) == 1.5
    assert support(both, probes=9) == fused(both, probes=2) == fused(both, probes=9) == 2.5
    assert fused([witness("graphics", 3.0)], probes=2) == 0.0


@given(
    st.lists(st.tuples(st.sampled_from(["sound", "picture"]), st.floats(-2, 3.2)), max_size=6),
    st.integers(1, 9),
)
def test_no_combination_at_two_places_passes_the_better_one_of_its_trials(
    spoken: list[tuple[str, float]], probes: int
) -> None:
    witnesses = [
        witness(kind, log10_lr, at_s=0.3 if kind == "sound" else 0.0) for kind, log10_lr in spoken
    ]
    speaking = {kind for kind, log10_lr in spoken if log10_lr > 0}
    bound = max((tail(kind).cap for kind in speaking), default=0.0)
    assert most(witnesses, probes=probes) == bound
    assert fused(witnesses, probes=probes) <= bound
    assert fused(witnesses, probes=probes) <= support(witnesses, probes=probes)


@pytest.mark.usefixtures("untried")
def test_both_senses_at_their_bounds_are_worth_the_better_one_and_still_rank_higher() -> None:
    sound, picture = (witness(kind, tail(kind).cap) for kind in ("sound", "picture"))
    assert fused([sound, picture], probes=2) == tail("sound").cap == fused([sound], probes=2)
    assert support([sound, picture], probes=2) > support([sound], probes=2)


BOTH = [witness("sound", 3.0), witness("picture", 2.9, at_s=0.25)]


@pytest.mark.parametrize(
    ("trial", "bound"),
    [
        (JointTrial(trials=30_000, errors=0, references=20, elub=4.4), 4.0),
        (JointTrial(trials=30_000, errors=0, references=20, elub=3.5), 3.5),
        (JointTrial(trials=600, errors=0, references=20, elub=2.7), tail("sound").cap),
        (JointTrial(trials=600, errors=3, references=20, elub=2.0), 1.89),
    ],
)
def test_at_one_place_the_joint_trial_bounds_what_both_say(
    monkeypatch: pytest.MonkeyPatch, trial: JointTrial, bound: float
) -> None:
    """The better one of the single trials counts where it bears more, unless both were seen to
    err.
    """
    monkeypatch.setattr(likelihood, "joint_trial", lambda probe_s=None: trial)
    assert most(BOTH, probes=2) == pytest.approx(bound, abs=0.01)
    assert fused(BOTH, probes=2) == most(BOTH, probes=2) < support(BOTH, probes=2)
    apart = [BOTH[0], replace(BOTH[1], delay_s=0.26)]
    assert most(apart, probes=2) == tail("sound").cap
    other = [BOTH[0], replace(BOTH[1], reference="b")]
    assert most(other, probes=2) == tail("sound").cap
    assert most(BOTH[:1], probes=2) == tail("sound").cap


def test_senses_are_at_one_place_also_where_a_reference_repeats_itself() -> None:
    sound, picture = witness("sound", 1.0, at_s=7.0), witness("picture", 1.0, at_s=40.1)
    assert not at_one_place([sound, picture])
    assert at_one_place([replace(sound, repeats_s=(-3.0, 40.0, 90.0)), picture])
    assert not at_one_place([replace(sound, repeats_s=(40.0,), log10_lr=0.0), picture])
    assert not at_one_place([replace(sound, repeats_s=(40.0,)), replace(picture, reference="b")])
    assert not at_one_place([replace(sound, kind="graphics"), replace(picture, delay_s=7.0)])


def test_a_joint_trial_that_bears_nothing_claims_nothing() -> None:
    assert JointTrial(trials=2, errors=2, references=20, elub=0.0).cap == 0.0


@pytest.mark.parametrize("kind", ["sound", "picture"])
def test_each_sense_alone_can_reach_what_a_claim_needs(kind: str) -> None:
    assert most([witness(kind, 2.0)], probes=2) >= LEAST_LOG10_LR


def test_a_short_probe_alone_is_bounded_by_the_trial_of_short_probes() -> None:
    short = replace(witness("sound", 2.0), probe_s=5.0)
    assert most([short], probes=1) == tail("sound", 5.0).cap < tail("sound").cap
    assert most([short], probes=2) == tail("sound").cap


def test_only_sound_and_pictures_above_their_threshold_name_by_themselves() -> None:
    for kind in ("sound", "picture"):
        measured = tail(kind, 10.0)
        least = measured.log10_lr(measured.least)
        assert above(witness(kind, least))
        assert not above(witness(kind, least - 0.01))
    assert not above(witness("graphics", 9.0))


def test_nothing_matched_speaks_against_and_no_opinion_speaks_for_nothing() -> None:
    assert unmatched(()) == 0.0
    assert unmatched(("sound",)) == tail("sound").floor < 0
    assert unmatched(("sound", "picture")) == max(tail("sound").floor, tail("picture").floor)


@given(st.floats(-3, 3), st.floats(0.01, 0.99))
def test_the_posterior_is_bayes_rule(log10_lr: float, base_rate: float) -> None:
    chance = posterior(log10_lr, base_rate)
    odds = chance / (1 - chance)
    assert odds == pytest.approx(base_rate / (1 - base_rate) * 10**log10_lr, rel=1e-6)


@pytest.mark.parametrize("base_rate", [0.0, 1.0, -1.0, float("nan")])
def test_a_base_rate_lies_between_nothing_and_all(base_rate: float) -> None:
    with pytest.raises(InputError):
        posterior(1.0, base_rate)


def test_the_posterior_is_calibrated_where_the_ratios_are_and_the_base_rate_is_right() -> None:
    rng = np.random.default_rng(5)
    # Two normal scores a standard deviation apart on either side: their log LR is 2 * score.
    true = rng.random(20_000) < 0.3
    score = rng.standard_normal(20_000) + np.where(true, 1.0, -1.0)
    chance = np.array([posterior(2 * one / math.log(10), 0.3) for one in score])
    for low in np.arange(0, 1, 0.1):
        inside = (chance >= low) & (chance < low + 0.1)
        assert chance[inside].mean() == pytest.approx(true[inside].mean(), abs=0.05)


def test_every_published_rate_is_printed_with_its_trials_and_bound() -> None:
    for one in published_error_rates():
        assert f"{one.errors} of {one.trials} (at most " in str(one)
        assert "95 %" in str(one)
