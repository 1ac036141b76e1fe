"""Windows that agree, joined to one line: where a probe lies in a reference, and how fast it runs."""

from datetime import UTC, datetime

import numpy as np
import pytest

from cautery.identify.stretches import Chain, chains_of
from cautery.identify.windows import Glance
from cautery.model import Observation, Witness

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOW_S = 10.0


def window(
    start_s: float, middle_at_s: float, *, speed: float, seconds: float = WINDOW_S, **more: object
) -> Glance:
    """A window whose middle lies at a reference time, its speed as measured."""
    said = Witness(
        kind=str(more.pop("kind", "sound")),
        reference="film",
        score=float(str(more.pop("score", 50.0))),
        runner_up=0.0,
        delay_s=seconds / 2 - middle_at_s,
        speed=speed,
        coverage=float(str(more.pop("coverage", 1.0))),
        probe_s=seconds,
        log10_lr=3.0,
    )
    seen = Observation(at=NOON, witnesses=(said,), media_end_s=seconds)
    return Glance(start_s, start_s + seconds, seen)


def followed(count: int, *, from_s: float, speed: float, seed: int = 1) -> Chain:
    """What windows say of a probe that follows a film: places to 5 ms, speeds to 0.25 %."""
    rng = np.random.default_rng(seed)
    glances = [
        window(
            k * WINDOW_S,
            from_s + speed * (k + 0.5) * WINDOW_S + rng.normal(0, 0.005),
            speed=speed + rng.choice([-0.0025, 0, 0.0025]),
            score=50 + rng.random(),
        )
        for k in range(count)
    ]
    (chain,) = chains_of(glances)
    return chain


@pytest.mark.parametrize("speed", [0.95, 1.0, 1.02, 1.05])
@pytest.mark.parametrize("count", [2, 6, 60, 360])
def test_all_windows_together_say_where_the_probe_begins(count: int, speed: float) -> None:
    best = followed(count, from_s=-7.0, speed=speed).best
    assert best.reference_s(0) == pytest.approx(-7.0, abs=0.03)
    assert best.speed == pytest.approx(speed, abs=0.002 if count == 2 else 3e-4)


def test_a_probe_at_the_reference_s_own_speed_is_told_so_exactly() -> None:
    assert followed(6, from_s=100, speed=1.0).best.speed == 1.0


def test_one_window_that_is_off_moves_nothing() -> None:
    straight = [window(k * 10, 100 + 1.02 * (k * 10 + 5), speed=1.02) for k in range(8)]
    off = window(50, 100 + 1.02 * 55 + 0.18, speed=1.0225, score=90)
    (chain,) = chains_of([*straight[:5], off, *straight[6:]])
    assert chain.best.reference_s(0) == pytest.approx(100, abs=0.03)
    assert chain.best.witness.score == 90


def test_a_lone_window_is_believed() -> None:
    (chain,) = chains_of([window(0, 105.25, speed=1.05)])
    assert (chain.best.speed, chain.best.reference_s(0)) == (1.05, pytest.approx(100))


def test_where_there_is_sound_pictures_do_not_move_the_place() -> None:
    heard = [window(k * 10, 105 + k * 10, speed=1.0) for k in range(3)]
    seen = [window(k * 10, 105.06 + k * 10, speed=1.0, kind="picture") for k in range(3)]
    (chain,) = chains_of([*heard, *seen])
    assert chain.best.reference_s(0) == pytest.approx(100, abs=1e-6)


def test_nothing_follows_a_reference_before_it_begins() -> None:
    (chain,) = chains_of([window(0, 7.0, speed=1.0, seconds=30.0)])
    assert chain.best.reference_s(0) == pytest.approx(-8)
    assert chain.span == (pytest.approx(8), 30)


def test_where_the_whole_matches_in_part_its_windows_say_in_which() -> None:
    whole = window(0, 112.5, speed=1.0, seconds=25.0, coverage=0.6)
    part = window(12.5, 118.75, speed=1.0, seconds=12.5)
    edge = window(0, 106.25, speed=1.0, seconds=12.5, coverage=0.2)
    for order in ([whole, part], [part, whole]):
        (chain,) = chains_of(order)
        assert chain.span == (12.5, 25)
    (chain,) = chains_of([edge, part, whole])
    assert chain.span == (10, 25)
    (alone,) = chains_of([whole])
    assert alone.span == (5, 20)
    (all_of_it,) = chains_of([window(0, 112.5, speed=1.0, seconds=25.0), part])
    assert all_of_it.span == (0, 25)
