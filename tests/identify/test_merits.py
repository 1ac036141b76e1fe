"""The bench's figures of merit, against examples worked out by hand."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from cautery.model import ErrorRate

BENCH = Path(__file__).parents[2] / "bench" / "identify"
LOG2_10 = math.log2(10)


def of_bench(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def merits() -> Iterator[ModuleType]:
    yield of_bench("merits")
    sys.modules.pop("merits")


@pytest.fixture(scope="module")
def fit(merits: ModuleType) -> Iterator[ModuleType]:
    del merits
    yield of_bench("fit")
    sys.modules.pop("fit")


def logs(*ratios: float) -> np.ndarray:
    return np.log10(ratios)


def test_ratios_that_say_nothing_cost_one_bit_and_right_ones_less(merits: ModuleType) -> None:
    assert merits.cllr(logs(1, 1), logs(1, 1, 1)) == pytest.approx(1.0)
    # 3 for the same and 1/3 for other content: log2(1 + 1/3) in both.
    assert merits.cllr(logs(3), logs(1 / 3)) == pytest.approx(math.log2(4 / 3))
    # One in two of the same misled by 1/3: (log2(4/3) + log2(4)) / 2 there.
    mixed = (math.log2(4 / 3) + 2) / 2
    assert merits.cllr(logs(3, 1 / 3), logs(1 / 3)) == pytest.approx((mixed + math.log2(4 / 3)) / 2)
    assert merits.cllr(logs(1 / 1000), logs(1000)) > 9


def test_a_ratio_of_ten_to_the_three_hundred_costs_no_more_than_its_digits(
    merits: ModuleType,
) -> None:
    assert merits.cllr(np.array([-300.0]), np.array([-300.0])) == pytest.approx(150 * LOG2_10)


def test_calibration_pools_what_stands_in_the_wrong_order(merits: ModuleType) -> None:
    # Scores 1 o, 2 s, 3 o, 4 s: the violators 2 and 3 are pooled to one half, which is a ratio of 1.
    same, other = merits.calibrated(np.array([2.0, 4.0]), np.array([1.0, 3.0]))
    assert same.tolist() == [pytest.approx(0.0), 300.0]
    assert other.tolist() == [-300.0, pytest.approx(0.0)]
    found = merits.merits(np.array([2.0, 4.0]), np.array([1.0, 3.0]))
    # One of two of each class costs log2(2) = 1, the others nothing.
    assert found.least == pytest.approx(0.5)
    assert found.calibration == pytest.approx(found.cost - 0.5)


def test_equal_ratios_stay_equal(merits: ModuleType) -> None:
    same, other = merits.calibrated(np.array([1.0, 1.0, 2.0]), np.array([1.0, 0.0, 0.0]))
    # At 1 there are two of the same and one other, of three each: twice as likely.
    assert same[:2].tolist() == [pytest.approx(math.log10(2))] * 2
    assert other[0] == pytest.approx(math.log10(2))


def test_the_least_cost_is_no_larger_than_the_cost_and_moves_with_nothing_monotone(
    merits: ModuleType,
) -> None:
    rng = np.random.default_rng(3)
    same, other = rng.normal(0.6, 1, 200), rng.normal(-0.6, 1, 300)
    plain, bent = merits.merits(same, other), merits.merits(3 * same + 1, 3 * other + 1)
    assert plain.least <= plain.cost < bent.cost
    assert bent.least == pytest.approx(plain.least)
    assert bent.equal_error == pytest.approx(plain.equal_error)


def test_the_equal_error_rate_of_two_normal_scores_is_what_it_must_be(merits: ModuleType) -> None:
    rng = np.random.default_rng(4)
    same, other = rng.normal(1, 1, 4000), rng.normal(-1, 1, 4000)
    # Phi(-1): both err alike at 0.
    assert merits.equal_error(same, other) == pytest.approx(0.1587, abs=0.01)
    assert merits.equal_error(np.array([1.0, 2.0]), np.array([-1.0])) == 0.0


def test_a_tippett_curve_counts_what_reaches_a_ratio(merits: ModuleType) -> None:
    share = merits.tippett(np.array([-1.0, 0.0, 2.0, 3.0]), np.array([-2.0, 0.0, 0.1, 3.0, 4.0]))
    assert share.tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]


def test_the_empirical_bound_is_what_one_more_misleading_probe_leaves(merits: ModuleType) -> None:
    same, other = np.full(999, 9.0), np.full(999, -9.0)
    # (0 + 1) / 1000 + ratio * (0 + 1) / 1000 < 1: up to 999.
    assert merits.elub(same, other) == pytest.approx(math.log10(999), abs=0.011)
    # Half of the same are missed at any ratio: 0.5 + ratio / 1000 < 1.
    half = np.concatenate([np.full(500, 9.0), np.full(500, -np.inf)])
    assert merits.elub(half, other) == pytest.approx(math.log10(499), abs=0.02)
    # Four of other content at 10^2: beyond it one false in a thousand counts, below it five do.
    misled = np.concatenate([np.full(4, 2.0), np.full(995, -9.0)])
    assert merits.elub(same, misled) == pytest.approx(math.log10(999), abs=0.011)
    worse = np.concatenate([np.full(40, 2.0), np.full(959, -9.0)])
    assert merits.elub(same, worse) == pytest.approx(math.log10(999 / 41), abs=0.011)
    assert merits.elub(other, same) == 0.0


def test_a_bin_that_says_seven_tenths_and_is_always_right_is_off_by_three(
    merits: ModuleType,
) -> None:
    said, right = [0.7, 0.7, 0.05, 0.05], [True, True, False, False]
    assert merits.calibration_error(said, right) == pytest.approx(0.5 * 0.3 + 0.5 * 0.05)
    low, high = merits.reliability(said, right)
    assert (low.count, low.share, high.share) == (2, 0.0, 1.0)
    assert high.low == pytest.approx(0.025**0.5)


def joint(fit: ModuleType, kind: str, count: int, **more: object) -> list[object]:
    told = {"score": -1.5, "right": False, "truth": kind == "same", "references": 20} | more
    return [
        fit.Case(kind="joint", group="test", disguise=kind, **told) for _ in range(count)
    ]  # fmt: skip


def test_a_joint_trial_counts_what_both_senses_match_at_one_place(fit: ModuleType) -> None:
    cases = [
        *joint(fit, "same", 300, score=6.1, right=True, together=True),
        *joint(fit, "other", 8999), *joint(fit, "look-alike", 500),
        *joint(fit, "same sound", 100, score=3.1), *joint(fit, "same pictures", 50, together=True),
    ]  # fmt: skip
    trial = fit.joint(cases)
    assert (trial.trials, trial.errors, trial.references) == (8999, 0, 20)
    # Clopper and Pearson: -ln(0.05) / 8999, less than the empirical bound of nearly 8999.
    assert trial.cap == pytest.approx(math.log10(8999 / -math.log(0.05)), abs=0.001)
    assert trial.cap < trial.elub
    rates = {one.what.partition(",")[0]: one for one in fit.joint_rates(cases, trial, "here")}
    assert rates["false match of sound and pictures together"].trials == 8999
    assert rates["false match of sound beside the reference's own pictures"].errors == 50


def test_look_alikes_that_deceive_both_senses_lower_what_they_bear(fit: ModuleType) -> None:
    same = joint(fit, "same", 300, score=6.1, right=True, together=True)
    clean = fit.joint([*same, *joint(fit, "other", 5000), *joint(fit, "look-alike", 500)])
    deceived = fit.joint(
        [*same, *joint(fit, "other", 5000), *joint(fit, "look-alike", 500, together=True)]
    )
    assert deceived.errors == 500
    assert deceived.cap < clean.cap - 2


def sound(fit: ModuleType, disguise: str, score: float, count: int, *, truth: bool) -> list[object]:
    return [
        fit.Case(
            kind="sound", group=group, truth=truth, score=score + 0.001 * k, right=truth,
            disguise=disguise, references=2500,
        )
        for group in ("fit", "test") for k in range(count)
    ]  # fmt: skip


def test_what_lies_under_a_synthetic_crowd_goes_into_no_trial_and_no_rate(fit: ModuleType) -> None:
    plain = [
        *sound(fit, "clean", 30.0, 150, truth=True),
        *sound(fit, "other", 3.0, 300, truth=False),
    ]
    crowd = [
        *sound(fit, "crowd0", 5.0, 70, truth=True),
        *sound(fit, "crowd6", 29.0, 40, truth=False),
    ]
    recorded = sound(fit, "recorded0", 30.0, 60, truth=True)
    tail = fit.fitted([*plain, *crowd, *recorded])
    assert (tail.trials, tail.errors) == (300, 0)
    told = {one.what: one for one in fit.rates([*plain, *crowd, *recorded], tail, "sound", "here")}
    assert told["sound missed, one 10-s probe, disguised"].trials == 60
    [false] = [one for what, one in told.items() if what.startswith("false match")]
    assert (false.errors, false.trials) == (0, 300)


@pytest.mark.parametrize(
    "what", ["sound missed, one 10-s probe, under a crowd", "false match, synthetic stadium"]
)
def test_a_court_s_table_refuses_a_row_of_synthetic_crowds(fit: ModuleType, what: str) -> None:
    row = ErrorRate(what=what, errors=0, trials=100, source="here")
    with pytest.raises(ValueError, match="synthetic crowds"):
        fit.written({}, [row], "", "here")
    kept = ErrorRate(
        what="sound missed, one 10-s probe, under a recorded crowd", errors=0, trials=9, source="h"
    )
    assert "recorded crowd" in fit.written({}, [kept], "", "here")


def test_the_published_table_has_no_row_of_synthetic_crowds(fit: ModuleType) -> None:
    from cautery.identify.likelihood import published_error_rates

    assert fit.written({}, published_error_rates(), "", "here")


def test_a_new_trial_replaces_its_rows_and_leaves_all_others(fit: ModuleType) -> None:
    held = (
        "# Written by x\n\n[tail.sound]\norigin = 1\n\n[trial.joint]\ntrials = 3\n\n"
        '[[rate]]\nwhat = "false match of sound and pictures together, one 10-s probe"\nerrors = 0\n\n'
        '[[rate]]\nwhat = "sound missed, one 10-s probe, clean"\nerrors = 1\n'
    )
    trial = fit.joint([
        *joint(fit, "same", 9, score=6.1, right=True, together=True), *joint(fit, "other", 99),
    ])  # fmt: skip
    text = fit.written({}, [], held, "today", {"joint": trial})
    assert "trials = 99" in text
    assert "trials = 3\n" not in text
    assert "together" not in text
    assert "sound missed" in text
    assert "[tail.sound]" in text
