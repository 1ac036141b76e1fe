"""Under a crowd a programme is known by its own spectral peaks, chance is not; anyone can check."""

from __future__ import annotations

from functools import cache
from types import ModuleType

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.audio import landmarks_of, peaks_of
from cautery.fingerprint.index import Index
from cautery.fingerprint.relief import STEPS, relief_of
from cautery.fingerprint.spectrum import power_of
from cautery.fingerprint.tops import Cells, Tops, chances_at, sums_at, sums_near, tops_of
from cautery.identify import ReferenceInfo, References, sound
from cautery.identify._leads import LEAST_SCORE
from cautery.identify._standing import Standing
from cautery.identify.ladder import listen
from cautery.identify.sound import Heard

from .test_sound import BEGIN_S, DELAY_S, RATE, T0, cut, media, notes, under


@cache
def crowd(seed: int, seconds: float = 10) -> np.ndarray:
    """Broad noise that swells, as of a stadium."""
    rng = np.random.default_rng([seed, 11])
    count = int(seconds * RATE)
    shaped = np.fft.rfft(rng.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    shaped *= np.exp(-(((np.log2(np.maximum(hertz, 1)) - np.log2(900)) / 1.2) ** 2))
    swell = np.interp(np.arange(count) / RATE, np.arange(0, seconds + 2, 1.5),
                      rng.uniform(-4, 4, len(np.arange(0, seconds + 2, 1.5))))  # fmt: skip
    return (np.fft.irfft(shaped, count) * 10 ** (swell / 20)).astype(np.float32)


@pytest.fixture(scope="module")
def references() -> References:
    made = References(DEFAULT_RECIPE, [ReferenceInfo(id=f"c{k}") for k in range(8)])
    for k in range(8):
        made.add(f"c{k}", media(notes(k, 60)), at_s=T0)
    return made


def heard(references: References, audio: np.ndarray, **more: object) -> Heard:
    return listen(media(audio), references, media_at_s=T0 + BEGIN_S + DELAY_S, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "snr_db"), [(5, -9), (10, -13)])
def test_a_probe_under_a_crowd_that_codes_alone_miss_is_named_at_its_place(
    references: References, monkeypatch: pytest.MonkeyPatch, seconds: float, snr_db: float
) -> None:
    audio = under(cut(seconds=seconds), crowd(1), snr_db)
    found = heard(references, audio)
    assert found.matches[0].reference == "c3"
    assert found.matches[0].delay_s == pytest.approx(DELAY_S, abs=0.1)
    assert found.matches[0].score > 1.3 * LEAST_SCORE
    assert "landmark" in found.matches[0].methods
    monkeypatch.setattr(sound.Sounding, "stand", lambda *_: None)
    monkeypatch.setattr(sound, "standing_out", lambda *_, **__: [])
    assert all(one.score < LEAST_SCORE for one in heard(references, audio).matches)


@pytest.mark.parametrize("snr_db", [0, -6])
def test_a_quick_look_scores_what_it_finds_as_a_full_one_does(
    references: References, snr_db: float
) -> None:
    audio = under(cut(seconds=6), crowd(1), snr_db)
    quick, full = (heard(references, audio, effort=effort) for effort in ("quick", "full"))
    assert quick.matches[0].reference == full.matches[0].reference == "c3"
    assert quick.matches[0].score == pytest.approx(full.matches[0].score, rel=1e-6)


def test_it_is_known_at_another_speed_where_it_is_hinted(references: References) -> None:
    audio = under(cut(tempo=1.03, pitch=1.03), crowd(2), -6)
    found = heard(references, audio, hints=("c3",))
    assert found.matches[0].reference == "c3"
    assert found.matches[0].speed == pytest.approx(1.03, abs=0.006)


@pytest.mark.parametrize("level_db", [-60, -9, 0, 30])
def test_other_music_and_a_crowd_alone_are_no_match(
    references: References, level_db: float
) -> None:
    for seed in range(3):
        audio = under(notes(100 + seed, 10), crowd(10 + seed), level_db)
        assert not heard(references, audio).matches, seed


def test_the_seconds_that_agree_are_told_by_peaks_too(references: References) -> None:
    half = np.concatenate([cut()[: 5 * RATE], notes(77, 5)])
    [match, *_] = heard(references, under(half, crowd(3), -4)).matches
    assert match.reference == "c3"
    assert match.strength[:5].mean() > 2 * match.strength[5:].mean()


@pytest.mark.parametrize(("tempo", "snr_db", "hints"), [(1.0, -7, ()), (1.03, -4, ("c3",))])
def test_a_stranger_computes_the_same_score_from_what_is_kept(
    references: References, rerun: ModuleType, tempo: float, snr_db: float, hints: tuple[str, ...]
) -> None:
    audio = under(cut(tempo=tempo, pitch=tempo), crowd(4), snr_db)
    found = heard(references, audio, hints=hints, keep=True)
    [match, *_], [basis, *_] = found.matches, found.kept
    place = basis.place
    assert "tops" in basis.arrays
    arrays = {
        name if name.startswith(("sample.", "step.")) else f"0.{name}": array
        for name, array in basis.arrays.items()
    }
    sense = {"sample": place.sample, "pitch": place.pitch, "tempo": place.tempo,
             "phase": place.phase, "shared_s": ()}  # fmt: skip
    again, seconds = rerun.score_of_sound(audio, sense, arrays, 0)
    assert seconds == pytest.approx(10, abs=0.01)
    assert again == pytest.approx(match.score, rel=2e-3)
    other, _ = rerun.score_of_sound(notes(55, 10), sense, arrays, 0)
    assert other < match.score / 2
    # Seconds that others share count for nothing, by words and by peaks.
    own = rerun.score_of_sound(audio, {**sense, "shared_s": (0, 1, 2)}, arrays, 0)[0]
    share = match.strength[3:].sum() / match.strength.sum()
    assert own == pytest.approx(match.score * share, rel=2e-3)


def test_relief_has_no_mean_and_a_steady_tone_no_relief() -> None:
    t = np.arange(8 * RATE) / RATE
    tone = np.sin(2 * np.pi * 1000 * t).astype(np.float32)
    relief = relief_of(power_of(tone, DEFAULT_RECIPE), DEFAULT_RECIPE)
    assert relief.shape[1] == STEPS
    assert np.abs(relief[:, 139]).max() < 0.7  # 1 kHz: 60 steps * log2(5)
    music = relief_of(power_of(cut(), DEFAULT_RECIPE), DEFAULT_RECIPE)
    assert np.abs(music.mean(axis=1)).max() < 1e-5


@pytest.mark.parametrize("samples", [0, 100, 1024, 1500, 3 * RATE])
def test_short_and_silent_sound_has_a_finite_relief(samples: int) -> None:
    relief = relief_of(power_of(np.zeros(samples, np.float32), DEFAULT_RECIPE), DEFAULT_RECIPE)
    assert np.isfinite(relief).all()
    tops = Tops.of([], 3)
    standing = Standing(relief, (tops, tops), DEFAULT_RECIPE)
    assert standing.proposed((1.1, 0.9), low=-100, high=100, most=4, works=False) == []
    stood = standing.at(1, np.arange(-3, 4), (1.1, 0.9), works=False)
    assert np.isfinite(stood.scores).all()
    assert stood.alike(0) >= 1
    assert np.isfinite(stood.blocks(62.5, 3)).all()


def test_the_references_peaks_are_the_first_ones_of_their_landmarks() -> None:
    index = Index()
    marks = landmarks_of(peaks_of(notes(5, 90), DEFAULT_RECIPE), DEFAULT_RECIPE)
    index.add(2, marks, start=7000)
    tops = Tops.of(index.snapshot().runs, 4)
    expected = sorted({(int(f) + 7000, int(w) >> 14)
                       for f, w in zip(marks.frames, marks.words, strict=True)})  # fmt: skip
    cells = tops.within(2, 0, 1 << 20)
    assert sorted(zip(cells.frames.tolist(), cells.steps.tolist(), strict=True)) == expected
    assert not len(tops.within(1, 0, 1 << 20).frames)
    part = tops.within(2, 8000, 8100)
    assert part.frames.tolist() == [f - 8000 for f, _ in expected if 8000 <= f < 8100]
    [(_, run), *_] = index.snapshot().runs
    assert tops_of(run, keep=True) is tops_of(run)


def test_the_search_gives_the_places_that_a_plain_sum_gives() -> None:
    rng = np.random.default_rng(6)
    index = Index()
    for number in range(3):
        marks = landmarks_of(peaks_of(notes(20 + number, 40), DEFAULT_RECIPE), DEFAULT_RECIPE)
        index.add(number, marks, start=5000 * number)
    tops = Tops.of(index.snapshot().runs, 3)
    relief = rng.uniform(-1, 1, (320, STEPS)).astype(np.float32)
    own = tops.within(1, 5600, 5920)
    relief[own.frames, own.steps] += 2
    [best, *others] = tops.found(relief, low=-(1 << 20), high=1 << 20, least=0.5, most=50)
    assert (best.reference, abs(best.offset - 5600) <= 4) == (1, True)
    assert all(one.sum <= best.sum for one in others)
    met, inside = sums_at(relief, tops.within(1, best.offset, best.offset + 320), np.zeros(1, int))
    assert met.sum() / np.sqrt(inside.sum()) > 0.6 * best.sum
    among = tops.found(relief, low=-(1 << 20), high=1 << 20, least=0.1, most=50, among=[0, 2])
    assert {one.reference for one in among} <= {0, 2}
    within = tops.found(relief, low=5000, high=5400, least=0.1, most=50)
    assert all(5000 <= one.offset < 5400 for one in within)


def test_a_probe_turned_round_meets_its_peaks_by_chance() -> None:
    relief = np.zeros((400, STEPS), np.float32)
    frames = np.arange(0, 400, 37)
    relief[frames, 50] = 1
    cells = Cells(frames, np.full(len(frames), 50), np.zeros(len(frames), np.int64))
    assert sums_at(relief, cells, np.zeros(1, int))[0].sum() == len(frames)
    [place, beside] = sums_near(relief, cells, np.array([0, 5]))
    assert (place, beside) == (len(frames) / 4, 0)
    by_turns, by_bursts = chances_at(relief, cells, 0, 0.0)
    assert by_turns < place**2 / 20
    assert by_bursts == pytest.approx(len(frames) / 16)  # each is an event of its own


def test_what_stands_out_in_a_few_beats_says_less_than_the_same_all_over() -> None:
    relief = np.zeros((600, STEPS), np.float32)
    spread, steps = np.arange(0, 600, 5), np.arange(120) * 2
    beats = 100 * (np.arange(120) // 24) + np.arange(120) % 3
    relief[spread, steps] = relief[beats, steps] = 1
    window = np.zeros(120, np.int64)
    one, few = (Cells(frames, steps, window) for frames in (spread, beats))
    assert sums_near(relief, one, np.zeros(1, int)) == sums_near(relief, few, np.zeros(1, int))
    assert chances_at(relief, few, 0, 0.0)[1] > 5 * chances_at(relief, one, 0, 0.0)[1]
