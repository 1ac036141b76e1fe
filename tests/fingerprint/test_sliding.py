"""Patterns of a probe slid along references: together as each by itself."""

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.sliding import Patterns, correlate
from cautery.fingerprint.video import LONGEST, SHORT, cells_of, signature

from .moving_film import TIMES, film_shown, moving


def test_several_views_find_what_each_finds_alone() -> None:
    whole = signature(cells_of(film_shown()), TIMES, DEFAULT_RECIPE)
    views = [
        signature(cells_of(film_shown()[k : k + 125]), TIMES[:125], DEFAULT_RECIPE)
        for k in (90, 400)
    ]
    found = Patterns(views).peaks([whole], [(-40, 0)], most=5)
    for number, one in enumerate(views):
        lag_s, strength, _ = correlate(one, whole, low_s=-40, high_s=0).best()
        best = int(np.flatnonzero(found.view == number)[0])
        assert found.strength[best] == pytest.approx(strength, abs=1e-3)
        assert found.lag_s[best] == pytest.approx(lag_s, abs=0.05)


def test_several_references_are_searched_as_each_by_itself() -> None:
    films = [moving(seed, seconds) for seed, seconds in ((5, 30), (6, 400), (7, 8), (8, 0.2))]
    wholes = [signature(cells_of(one), np.arange(len(one)) / 12.5, DEFAULT_RECIPE) for one in films]
    views = [
        signature(cells_of(films[1][k : k + 125]), TIMES[:125], DEFAULT_RECIPE) for k in (90, 400)
    ]
    spans = [(-1e9, 1e9), (-20.0, 1e9), (-1e9, 1e9), (-1e9, 1e9)]
    together = Patterns(views).peaks(wholes, spans, most=5)
    assert (np.diff(together.strength) <= 0).all()
    for number, (whole, where) in enumerate(zip(wholes, spans, strict=True)):
        alone = Patterns(views).peaks([whole], [where], most=5)
        mine = together.reference == number
        assert together.strength[mine] == pytest.approx(alone.strength, abs=1e-5)
        assert together.lag_s[mine] == pytest.approx(alone.lag_s, abs=1e-6)
    assert set(together.reference.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("speed", [0.94, 1.02, 1.06])
def test_a_signature_at_another_speed_is_about_what_is_made_at_it(speed: float) -> None:
    one = signature(cells_of(film_shown()[:125]), TIMES[:125], DEFAULT_RECIPE)
    made = signature(cells_of(film_shown()[:125]), TIMES[:125], DEFAULT_RECIPE, speed=speed)
    about = one.at_speed(speed)
    assert (about.speed, about.start_s) == (made.speed, made.start_s)
    assert abs(about.change.shape[1] - made.change.shape[1]) <= 1
    count = min(one.change.shape[1], about.change.shape[1], made.change.shape[1])
    alike, unchanged = (
        np.corrcoef(x.change[:, :count].ravel(), made.change[:, :count].ravel())[0, 1]
        for x in (about, one)
    )
    assert alike > 0.95
    assert unchanged < 0.5


@pytest.mark.parametrize(("upended", "negative"), [(True, False), (False, True), (True, True)])
def test_a_signature_is_turned_as_its_pictures_are(*, upended: bool, negative: bool) -> None:
    shown = film_shown()[:125]
    turned = shown[:, ::-1] if upended else shown
    made = signature(cells_of(255 - turned if negative else turned), TIMES[:125], DEFAULT_RECIPE)
    one = signature(cells_of(shown), TIMES[:125], DEFAULT_RECIPE)
    again = one.turned(upended=upended, negative=negative)
    # Cells are rounded to float16, dark ones less than light ones.
    assert np.corrcoef(again.change.ravel(), made.change.ravel())[0, 1] > 0.99
    assert np.corrcoef(one.change.ravel(), made.change.ravel())[0, 1] < 0.5


def test_many_references_are_searched_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    films = [moving(seed, 20) for seed in range(6)]
    wholes = [signature(cells_of(one), np.arange(len(one)) / 12.5, DEFAULT_RECIPE) for one in films]
    views = [signature(cells_of(films[4][90:215]), TIMES[:125], DEFAULT_RECIPE)]
    at_once = Patterns(views).peaks(wholes, [(-1e9, 1e9)] * 6, most=4)
    monkeypatch.setattr("cautery.fingerprint.sliding._BATCH", 300)
    batched = Patterns(views).peaks(wholes, [(-1e9, 1e9)] * 6, most=4)
    assert batched.reference.tolist() == at_once.reference.tolist()
    assert batched.lag_s == pytest.approx(at_once.lag_s)
    assert batched.reference[0] == 4


def test_a_reference_of_several_blocks_is_searched_whole() -> None:
    long = np.concatenate([moving(seed, 400) for seed in (5, 6)])
    times = np.arange(len(long)) / 12.5
    whole = signature(cells_of(long), times, DEFAULT_RECIPE)
    assert all(len(whole.slides(longest).spectra) > 1 for longest in (SHORT, LONGEST))
    for start in (200, 7500, 8000, 9800):
        one = signature(cells_of(long[start : start + 150]), times[:150], DEFAULT_RECIPE)
        found = Patterns([one]).peaks([whole], [(-1e9, 1e9)], most=3)
        assert found.lag_s[0] == pytest.approx(-start / 12.5, abs=0.1)
        assert found.strength[0] > 0.8


def test_a_short_probe_finds_in_short_blocks_what_it_finds_in_long_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = np.concatenate([moving(seed, 400) for seed in (5, 6)])
    times = np.arange(len(long)) / 12.5
    views = [
        signature(cells_of(long[k : k + 150]), times[:150], DEFAULT_RECIPE) for k in (200, 7500)
    ]
    found = []
    for longest in (SHORT, LONGEST):
        monkeypatch.setattr("cautery.fingerprint.sliding.SHORT", longest)
        whole = signature(cells_of(long), times, DEFAULT_RECIPE)
        found.append(Patterns(views).peaks([whole], [(-1e9, 1e9)], most=6))
    short, usual = found
    assert len(short.strength) == 12
    assert short.strength == pytest.approx(usual.strength, abs=1e-4)
    assert short.lag_s == pytest.approx(usual.lag_s, abs=1e-4)
    assert short.view.tolist() == usual.view.tolist()
