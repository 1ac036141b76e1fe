"""Bit-error codes: kernels agree with plain twins, a probe is found where it was cut."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.fingerprint import DEFAULT_RECIPE, _code_kernels
from cautery.fingerprint._scan_kernels import TOGETHER, near
from cautery.fingerprint.codes import (
    BITS,
    WORD_FRAMES,
    Code,
    Spans,
    Stack,
    bands_of,
    code_of,
    words_on_grid,
)
from cautery.fingerprint.meeting import Chance, agreeing, chance, judged, judged_each, shift_of
from cautery.fingerprint.scan import scan, scans
from cautery.fingerprint.spectrum import band_of, power_of

FLOOR, STEADY = np.float32(2e-3), np.float32(1e-3)
HOP, RATE = DEFAULT_RECIPE.hop, DEFAULT_RECIPE.rate_hz
EVERYWHERE = (-(1 << 40), 1 << 40)
WORD_S = WORD_FRAMES * HOP / RATE


def music(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(int(seconds * RATE)).astype(np.float32) * 0.003
    for _ in range(int(seconds * 9)):
        start, length = int(rng.integers(len(out))), int(rng.uniform(0.1, 0.5) * RATE)
        t = np.arange(min(length, len(out) - start)) / RATE
        tone = np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        out[start : start + len(t)] += (0.1 * tone).astype(np.float32)
    return out


def power(audio: np.ndarray) -> np.ndarray:
    return power_of(np.asarray(audio, np.float32), DEFAULT_RECIPE)


def code(audio: np.ndarray, *, tempo: float = 1.0, pitch: float = 1.0) -> Code:
    return code_of(bands_of(power(audio), DEFAULT_RECIPE, pitch=pitch), tempo=tempo, pitch=pitch)


def held(*sounds: np.ndarray) -> Stack:
    return Stack.of(
        (number, 0, words_on_grid(power(sound), DEFAULT_RECIPE, frame=0, start=0))
        for number, sound in enumerate(sounds)
    )


def found(stack: Stack, probe: Code, phases: tuple[int, ...] = (0, 2)) -> tuple[int, int, float]:
    """Return (reference, offset in frames, score) of the best place."""
    best = scan(stack, probe, stack.within(probe.length, *EVERYWHERE), phases=phases)[0]
    return int(stack.references[best.piece]), best.offset, best.score


@cache
def sounds() -> list[np.ndarray]:
    return [music(seed, 40.0) for seed in range(4)]


def resampled(sound: np.ndarray, ratio: Fraction) -> np.ndarray:
    """The same sound, so many times as fast."""
    from scipy.signal import resample_poly  # half a second of CPU

    return resample_poly(sound, ratio.denominator, ratio.numerator)


@pytest.fixture(scope="module")
def stack() -> Stack:
    return held(*sounds())


def random_words(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.integers(1, 1 << 32, size, dtype=np.uint32)


def random_code(words: np.ndarray, at: np.ndarray) -> Code:
    return Code((words,) * WORD_FRAMES, (at,) * WORD_FRAMES, int(at[-1]) + 1)


def ones(words: np.ndarray) -> np.ndarray:
    return np.array([int(word).bit_count() for word in words.ravel()]).reshape(words.shape)


# The kernels and their plain twins.


def plain_bands(spectra: np.ndarray, pitch: float) -> np.ndarray:
    """Each bin is spread evenly over its width and cut where bands meet."""
    low, high = band_of(DEFAULT_RECIPE)
    edges = np.geomspace(DEFAULT_RECIPE.code_low_hz, DEFAULT_RECIPE.code_high_hz, BITS + 2) * pitch
    edges = np.clip(edges * DEFAULT_RECIPE.window / RATE - low, 0, high - low)
    filled = np.concatenate((np.zeros((len(spectra), 1)), np.cumsum(spectra, axis=1)), axis=1)
    upto = np.array([np.interp(edges, np.arange(row.size), row) for row in filled])
    return np.diff(upto, axis=1)


@pytest.mark.parametrize("pitch", [0.94, 1.0, 1.06])
def test_bands_share_out_the_energy_of_each_bin(pitch: float) -> None:
    spectra = np.random.default_rng(1).random((30, np.diff(band_of(DEFAULT_RECIPE))[0]))
    made = bands_of(spectra.astype(np.float32), DEFAULT_RECIPE, pitch=pitch)
    assert made.shape == (30, BITS + 1)
    np.testing.assert_allclose(made, plain_bands(spectra, pitch), rtol=1e-3, atol=1e-3)


def plain_words(bands: np.ndarray, at: np.ndarray, apart: float) -> np.ndarray:
    """Bit ``b``: band ``b`` has grown by more than band ``b + 1``."""
    frames = np.arange(len(bands))
    made = np.zeros(len(at), np.uint32)
    for j, now in enumerate(at):
        if now - apart < 0 or now > len(bands) - 1:
            continue
        new, old = (
            np.array([np.interp(when, frames, band) for band in bands.T])
            for when in (now, now - apart)
        )
        grown = new - old
        moved = np.abs(np.diff(grown)).sum()
        if (new + old).sum() > FLOOR and moved > STEADY * (new + old).sum():
            made[j] = sum(1 << b for b in range(BITS) if grown[b] > grown[b + 1])
    return made


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), tempo=st.floats(0.9, 1.1), loud=st.sampled_from([1e-6, 1.0]))
def test_words_agree_with_a_plain_comparison_of_neighbouring_bands(
    seed: int, tempo: float, loud: float
) -> None:
    rng = np.random.default_rng(seed)
    bands = (rng.random((60, BITS + 1)) * loud).astype(np.float32)
    at = (np.arange(-2, 18) * WORD_FRAMES + 1) / tempo
    made = _code_kernels.words(bands, at, WORD_FRAMES / tempo, FLOOR, STEADY)
    plain = plain_words(bands, at, WORD_FRAMES / tempo)
    # A difference of nothing falls either way in 32 bits: one bit in thousands may.
    assert ones(made ^ plain).sum() <= 2
    assert (made != 0).tolist() == (plain != 0).tolist()
    assert made.any() == (loud == 1.0)


def plain_dither(place: int) -> int:
    mask = (1 << 64) - 1
    x = place * 0x9E3779B97F4A7C15 & mask
    x ^= x >> 29
    return (x * 0xBF58476D1CE4E5B9 & mask) >> 32


def test_nothing_is_dithered_by_where_it_lies_and_words_stay() -> None:
    words = random_words(np.random.default_rng(2), 400)
    words[::3] = 0
    dithered = words.copy()
    _code_kernels.dithered(dithered, 7)
    plain = [word or plain_dither(7 + i) for i, word in enumerate(words.tolist())]
    assert dithered.tolist() == plain


def plain_distances(held: np.ndarray, place: int, words: np.ndarray, at: np.ndarray) -> int:
    return sum(
        (int(held[place + j]) ^ int(word)).bit_count() for j, word in zip(at, words, strict=True)
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(0, 60), gaps=st.booleans())
def test_distances_are_the_bits_that_differ(seed: int, size: int, *, gaps: bool) -> None:
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(100)[:size]) if gaps else 7 + np.arange(size)
    words, at = random_words(rng, size), chosen.astype(np.int64)
    everywhere = random_words(rng, 300)
    places = rng.integers(0, 200, 20)
    plain = [plain_distances(everywhere, place, words, at) for place in places]
    assert _code_kernels.distances(everywhere, places, words, at).tolist() == plain
    by_word = _code_kernels.differing(everywhere, int(places[0]), words, at)
    assert by_word.tolist() == ones(everywhere[places[0] + at] ^ words).tolist()
    assert by_word.sum() == plain[0]


def test_a_place_is_met_by_the_words_of_its_own_phase_and_nothing_beyond_what_is_held() -> None:
    rng = np.random.default_rng(8)
    held = random_words(rng, 200)
    probes = tuple(random_words(rng, 10 + phase) for phase in range(WORD_FRAMES))
    at = tuple(np.arange(len(one), dtype=np.int64) * 2 for one in probes)
    places, phases = np.array([5, 90, -1, 40, 11]), np.array([0, 3, 1, 2, 1])
    made = _code_kernels.met(held, places, phases, probes, at)
    plain = [
        0 if place < 0 else plain_distances(held, place, probes[phase], at[phase])
        for place, phase in zip(places, phases, strict=True)
    ]
    assert made.tolist() == plain
    assert min(made[made > 0]) > 50


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 60), places=st.integers(1, 50))
def test_what_is_usual_is_the_median_over_a_sample_and_that_of_what_lies_off_it(
    seed: int, size: int, places: int
) -> None:
    rng = np.random.default_rng(seed)
    held, step = random_words(rng, 100 + 7 * places), 7
    words, at = random_words(rng, size), np.sort(rng.permutation(100)[:size]).astype(np.int64)
    sample = _code_kernels.sampled(held, step, places, 100)
    middle, off = _code_kernels.usual(sample, words, at)
    plain = np.array([plain_distances(held, k * step, words, at) for k in range(places)])
    assert middle == np.median(plain)
    assert off == np.median(np.abs(plain - np.median(plain)))


@pytest.mark.parametrize("middle", [-45, 0, 61, 400, 790, 3000])
def test_the_best_offset_near_one_is_that_of_the_highest_score(middle: int) -> None:
    rng = np.random.default_rng(10)
    held, base, length, reach = random_words(rng, 200), 10, 30, 6
    probes = tuple(random_words(rng, 25 + phase) for phase in range(WORD_FRAMES))
    at = tuple(np.arange(len(one), dtype=np.int64) + 1 for one in probes)
    usual = Chance(400.0, 12.0, 25)
    scores = []
    for offset in range(middle - reach, middle + reach + 1):
        phase = -offset % WORD_FRAMES
        place = base + (offset + phase) // WORD_FRAMES
        inside = 0 <= place <= len(held) - length - WORD_FRAMES
        bits = plain_distances(held, place, probes[phase], at[phase]) if inside else 0
        alone = float(usual.score(np.array([bits]), len(probes[phase]))[0])
        scores.append(alone if inside else -np.inf)
    made = _code_kernels.best_near(
        held, base, middle, reach, probes, at, length, usual.mean, usual.sigma, usual.words
    )
    assert made == (middle - reach + int(np.argmax(scores)), max(scores))


def test_a_code_holds_the_words_of_every_phase_that_say_something() -> None:
    bands = np.random.default_rng(9).random((80, BITS + 1)).astype(np.float32)
    bands[30:45] = 0.0
    made = code_of(bands, tempo=1.02)
    for phase in range(WORD_FRAMES):
        frames = (phase + WORD_FRAMES * np.arange(1, made.length)) / 1.02
        plain = _code_kernels.words(bands, frames, WORD_FRAMES / 1.02, FLOOR, STEADY)
        assert made.words[phase].tolist() == plain[plain != 0].tolist()
        assert made.at[phase].tolist() == (np.flatnonzero(plain) + 1).tolist()
        assert 0 < len(made.words[phase]) < made.length - 1


def test_several_codes_are_judged_as_one_after_another(stack: Stack) -> None:
    sound = sounds()[1][602 * HOP : 602 * HOP + 10 * RATE]
    codes = [code(sound), code(sound, tempo=1.01), code(sound[: 8 * RATE])]
    usual = chance(stack, codes[0].words[0], codes[0].at[0])
    wanted = [(1, 605), (1, 602), (0, 1 << 30)]
    made = judged_each(stack, codes, wanted, usual)
    assert made == [judged(stack, a, [b], usual)[0] for a, b in zip(codes, wanted, strict=True)]
    assert made[0].score > made[1].score > made[2].score == -np.inf


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    few=st.integers(4, 16),
    others=st.integers(0, 20),
    more=st.integers(0, 20),
    probes=st.integers(1, 2 * TOGETHER),
    spans=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 700)), min_size=1, max_size=3),
    spare=st.integers(-20, 20),
    room=st.integers(0, 400),
)
def test_the_scan_finds_all_that_lies_under_the_limits_and_no_more(  # noqa: PLR0917
    seed: int,
    few: int,
    others: int,
    more: int,
    probes: int,
    spans: list[tuple[int, int]],
    spare: int,
    room: int,
) -> None:
    rng = np.random.default_rng(seed)
    tiles, more = -(-probes // TOGETHER), min(more, others)
    words = random_words(rng, tiles * TOGETHER * (few + others)).reshape(tiles, TOGETHER, -1)
    at = np.sort(rng.integers(0, 60, (tiles, few + others)), axis=1)
    everywhere = random_words(rng, 1800)
    few_limits = np.full((tiles, TOGETHER), 16 * few + spare, np.uint32)
    limits = np.tile(
        np.array([16 * (few + more), 16 * (few + others) + spare], np.uint32), (probes, 1)
    )
    firsts = np.array([first for first, _ in spans])
    lasts = np.array([first + length for first, length in spans])
    out, found = np.empty((probes, room, 3), np.int64), np.zeros(probes, np.int64)
    near(
        everywhere, firsts, lasts, at[:, :few].copy(), words[:, :, :few].transpose(0, 2, 1).copy(),
        few_limits, at[:, few:].copy(), words.reshape(tiles * TOGETHER, -1)[:probes, few:].copy(),
        more, limits, out, found,
    )  # fmt: skip
    for n in range(probes):
        tile, lane = divmod(n, TOGETHER)
        met = everywhere[np.arange(1700)[:, None] + at[tile]] ^ words[tile, lane]
        bits = np.bitwise_count(met).astype(int).cumsum(axis=1)
        plain = [
            (number, place, bits[place, -1])
            for number, (first, length) in enumerate(spans)
            for place in range(first, first + length)
            if bits[place, few - 1] <= few_limits[tile, lane]
            and bits[place, few + more - 1] <= limits[n, 0]
            and bits[place, -1] <= limits[n, 1]
        ]
        assert found[n] == len(plain)
        assert [tuple(row) for row in out[n, : found[n]]] == plain[:room]


def test_a_scan_at_several_speeds_finds_what_each_of_them_finds_alone(stack: Stack) -> None:
    probe = resampled(sounds()[3][800 * HOP :], Fraction(105, 100))[: 10 * RATE]
    codes = [code(probe, tempo=speed, pitch=speed) for speed in (0.95, 1.0, 1.03, 1.05, 1.07)]
    spans = stack.within(max(one.length for one in codes), *EVERYWHERE)
    together = scans(stack, codes, spans)
    assert together[3][0].score > 20
    for one, places in zip(codes, together, strict=True):
        alone = scan(stack, one, spans)
        assert [place for place in places if place.score > 10] == [
            place for place in alone if place.score > 10
        ]


# What makes words, and what does not.


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(20, 200), start=st.integers(0, 60))
def test_a_references_words_do_not_depend_on_where_its_sound_was_cut(cut: int, start: int) -> None:
    spectra = power(sounds()[0][: 8 * RATE])
    whole = words_on_grid(spectra, DEFAULT_RECIPE, frame=0, start=0)
    first = words_on_grid(spectra[:cut], DEFAULT_RECIPE, frame=0, start=0)
    assert first.tolist() == whole[: len(first)].tolist()
    # What follows is given with the frames before it that its first word needs.
    begin = max(0, cut - 2 * WORD_FRAMES)
    rest = words_on_grid(spectra[begin:], DEFAULT_RECIPE, frame=begin, start=len(first))
    assert first.tolist() + rest.tolist() == whole.tolist()
    some = words_on_grid(spectra, DEFAULT_RECIPE, frame=0, start=start)
    assert some.tolist() == whole[start:].tolist()


def test_a_start_beyond_the_sound_has_no_words() -> None:
    assert not len(words_on_grid(power(sounds()[0][:RATE]), DEFAULT_RECIPE, frame=0, start=99))


def test_loudness_does_not_change_a_word() -> None:
    loud = words_on_grid(power(sounds()[0]), DEFAULT_RECIPE, frame=0, start=0)
    quiet = words_on_grid(power(sounds()[0] * 0.25), DEFAULT_RECIPE, frame=0, start=0)
    assert (loud[1:] != 0).all()
    assert ones(loud ^ quiet).sum() <= 2


@pytest.mark.parametrize("hz", [0.0, 440.0, 1000.0, 2871.3])
def test_silence_and_steady_tones_say_nothing(stack: Stack, hz: float) -> None:
    tone = 0.5 * np.sin(2 * np.pi * hz * np.arange(10 * RATE) / RATE)
    probe = code(tone)
    assert [len(words) for words in probe.words] == [0] * WORD_FRAMES
    assert probe.length > 100
    assert not words_on_grid(power(tone), DEFAULT_RECIPE, frame=0, start=0).any()
    assert scan(stack, probe, stack.within(probe.length, *EVERYWHERE)) == []


def test_what_rounds_to_16_bits_of_noise_says_nothing() -> None:
    dither = np.random.default_rng(3).uniform(-1, 1, 10 * RATE) / 32768
    assert not words_on_grid(power(dither), DEFAULT_RECIPE, frame=0, start=0).any()


@pytest.mark.parametrize("samples", [0, 500, 1100, 3000])
def test_a_probe_of_a_few_frames_says_little_and_breaks_nothing(stack: Stack, samples: int) -> None:
    probe = code(sounds()[0][:samples])
    assert len(probe.words[0]) < 6
    assert scan(stack, probe, stack.within(probe.length, *EVERYWHERE)) == []


# Where a probe is found.


@settings(max_examples=20, deadline=None)
@given(which=st.integers(0, 3), frame=st.integers(0, 1800), phases=st.sampled_from([(0, 2), (1,)]))
def test_a_probe_is_found_at_its_frame_whatever_its_phase_on_the_grid(
    stack: Stack, which: int, frame: int, phases: tuple[int, ...]
) -> None:
    probe = code(sounds()[which][frame * HOP : frame * HOP + 10 * RATE])
    number, offset, score = found(stack, probe, phases)
    assert (number, offset) == (which, frame)
    assert score > 30


@pytest.mark.parametrize("samples", [-60, -32, 0, 32, 60])
def test_the_shift_says_where_between_two_frames_a_probe_lies(stack: Stack, samples: int) -> None:
    begin = 700 * HOP + samples
    probe = code(sounds()[1][begin : begin + 10 * RATE])
    best = scan(stack, probe, stack.within(probe.length, *EVERYWHERE))[0]
    at, bits = agreeing(stack, probe, best)
    assert abs(best.offset + shift_of(stack, probe, best) - begin / HOP) < 0.15
    assert len(at) == len(bits) > 100
    assert bits.mean() < 6


@pytest.mark.parametrize("offset", [3, 1200])
def test_another_voice_at_equal_loudness_costs_score_and_not_the_place(
    stack: Stack, offset: int
) -> None:
    alone = sounds()[2][offset * HOP : offset * HOP + 10 * RATE]
    voice = music(99, 10.0)[: len(alone)]
    voice *= np.sqrt((alone**2).mean() / (voice**2).mean())
    _, at, score = found(stack, code(alone + voice))
    assert at == offset
    assert 10 < score < found(stack, code(alone))[2]


@pytest.mark.parametrize("speed", [0.95, 1.02, 1.05])
def test_a_speed_is_undone_by_tempo_and_pitch_together(stack: Stack, speed: float) -> None:
    ratio = Fraction(speed).limit_denominator(100)
    sped = resampled(sounds()[3][800 * HOP :], ratio)[: 10 * RATE]
    number, offset, score = found(stack, code(sped, tempo=speed, pitch=speed))
    assert (number, abs(offset - 800) <= 4) == (3, True)
    assert score > 20
    assert found(stack, code(sped, tempo=speed))[2] < score
    untouched = scan(stack, code(sped), stack.within(150, *EVERYWHERE))
    assert all(one.score < score / 2 for one in untouched)


def test_a_probes_middle_bears_twice_the_error_of_tempo_that_all_of_it_does(stack: Stack) -> None:
    speed = Fraction(1015, 1000)
    sped = resampled(sounds()[3][800 * HOP :], speed)[: 10 * RATE]
    whole, middle = code(sped), code(sped).middle(78)
    assert [len(one) for one in middle.words] == [78] * WORD_FRAMES
    for phase in range(WORD_FRAMES):
        kept = np.isin(whole.at[phase], middle.at[phase])
        np.testing.assert_array_equal(whole.words[phase][kept], middle.words[phase])
        assert abs(whole.at[phase][kept].mean() - whole.at[phase].mean()) <= 1
    number, offset, score = found(stack, middle)
    # The middle lies where it would at the right speed; what the offset says is of the start.
    assert (number, abs(offset - (800 + 0.015 * 5 * RATE / HOP)) <= 6) == (3, True)
    assert score > found(stack, whole)[2]


def test_the_middle_of_what_is_no_longer_is_all_of_it() -> None:
    short = code(sounds()[1][: 4 * RATE])
    for kept, mine in zip(short.middle(78).at, short.at, strict=True):
        np.testing.assert_array_equal(kept, mine)


def test_a_tempo_alone_is_undone_where_frames_lie_nearer_together() -> None:
    # The spectra of a probe played faster without a change of pitch are every 1.05th of these.
    spectra = power(sounds()[0])
    faster = spectra[np.round(np.arange(300, 1100, 1.05)).astype(int)]
    probe = code_of(bands_of(faster, DEFAULT_RECIPE), tempo=1.05)
    number, offset, score = found(held(*sounds()), probe)
    assert (number, abs(offset - 300) <= 2) == (0, True)
    assert score > 20


def test_other_music_does_not_stand_out(stack: Stack) -> None:
    best = [
        one.score
        for seed in range(50, 60)
        for probe in (code(music(seed, 10.0)),)
        for one in scan(stack, probe, stack.within(probe.length, *EVERYWHERE))
    ]
    assert all(score < 7 for score in best)


def test_a_probe_that_hangs_over_the_end_is_found_by_its_other_half(stack: Stack) -> None:
    hanging = np.concatenate((sounds()[1][34 * RATE :], music(77, 4.0)))
    number, offset, score = found(stack, code(hanging))
    assert (number, offset) == (1, 34 * RATE // HOP)
    assert score > 15


def test_only_the_named_references_and_offsets_are_looked_at(stack: Stack) -> None:
    probe = code(sounds()[0][800 * HOP : 800 * HOP + 10 * RATE])
    for spans, is_there in (
        (stack.within(probe.length, *EVERYWHERE, frozenset({0, 2})), True),
        (stack.within(probe.length, *EVERYWHERE, frozenset({1, 2})), False),
        (stack.within(probe.length, 190, 210), True),
        (stack.within(probe.length, 210, 400), False),
    ):
        best = scan(stack, probe, spans)
        assert any(one.score > 30 for one in best) == is_there


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 300), min_size=1, max_size=5),
    first=st.integers(-500, 500),
    length=st.integers(1, 3000),
    low=st.integers(-400, 800),
    wide=st.integers(0, 600),
)
def test_every_place_of_a_span_lies_in_the_stack_and_in_the_window(
    sizes: list[int], first: int, length: int, low: int, wide: int
) -> None:
    rng = np.random.default_rng(1)
    stack = Stack.of((n, first + n, random_words(rng, size)) for n, size in enumerate(sizes))
    assert stack.references.tolist() == [n for n, size in enumerate(sizes) if size]
    spans = stack.within(length, low, low + wide)
    assert isinstance(spans, Spans)
    for piece, begin, end in zip(spans.piece, spans.first, spans.last, strict=True):
        assert 0 <= begin < end <= len(stack.held) - length
        words = np.array([begin, end - 1]) - stack.starts[piece] + stack.first[piece]
        assert (low <= words).all()
        assert (words < low + wide).all()
        assert stack.place(int(piece), int(words[0])) == begin


# What nothing and chance give.


def test_a_gap_of_nothing_is_like_nobody() -> None:
    gapped = sounds()[0].copy()
    gapped[10 * RATE : 30 * RATE] = 0
    stack = held(gapped, sounds()[1])
    assert len(np.unique(stack.held)) > 0.99 * len(stack.held)
    silent = code(np.zeros(10 * RATE))
    assert scan(stack, silent, stack.within(silent.length, *EVERYWHERE)) == []
    there = code(sounds()[0][15 * RATE : 25 * RATE])
    assert all(one.score < 7 for one in scan(stack, there, stack.within(there.length, *EVERYWHERE)))


def test_a_score_of_places_that_are_not_its_own_is_a_standard_score(stack: Stack) -> None:
    probe = code(music(123, 10.0))
    usual = chance(stack, probe.words[0], probe.at[0])
    places = np.arange(stack.starts[0], stack.ends[0] - probe.length)
    bits = _code_kernels.distances(stack.held, places, probe.words[0], probe.at[0])
    scores = usual.score(bits, len(probe.words[0]))
    assert abs(scores.mean()) < 0.5
    assert 0.6 < scores.std() < 1.5


def test_half_the_words_are_scored_by_half_the_mean_and_root_half_the_spread(stack: Stack) -> None:
    probe = code(music(124, 10.0))
    words, at = probe.words[0][:150], probe.at[0][:150]
    whole, half = chance(stack, words, at), chance(stack, words[::2], at[::2])
    bits = np.arange(800, 1300, 50)
    expected = (whole.mean / 2 - bits) / (whole.sigma / 2**0.5)
    scores = whole.score(bits, 75)
    np.testing.assert_allclose(scores, expected)
    np.testing.assert_allclose(half.score(bits, 75), scores, atol=1.5)


@pytest.mark.parametrize("pieces", [[], [(0, 0, np.full(5, 7, np.uint32))]])
def test_too_little_to_measure_chance_in_takes_it_from_the_binomial(
    pieces: list[tuple[int, int, np.ndarray]],
) -> None:
    stack = Stack.of(pieces)
    words = random_words(np.random.default_rng(4), 100)
    usual = chance(stack, words, np.arange(100))
    assert usual.mean == BITS / 2 * 100
    assert usual.sigma == pytest.approx((BITS / 4 * 100) ** 0.5, rel=0.1)
    nothing = chance(stack, words[:0], np.arange(0))
    assert (nothing.mean, nothing.sigma > 0) == (0, True)
    probe = random_code(words, np.arange(100))
    assert all(one.score < 7 for one in scan(stack, probe, stack.within(100, *EVERYWHERE)))


def test_the_sample_that_chance_is_counted_over_is_as_long_as_the_probe(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A scan asks with the words that it sums first in front: the last number is not the highest,
    # and a power of two may lie between. What is read behind the sample's end may end the process.
    beyond = []
    usual = _code_kernels.usual

    def noted(sample: np.ndarray, probe: np.ndarray, at: np.ndarray) -> tuple[float, float]:
        beyond.append(int(at.max()) - len(sample))
        found: tuple[float, float] = usual(sample, probe, at)
        return found

    monkeypatch.setattr(_code_kernels, "usual", noted)
    words = random_words(np.random.default_rng(4), 129)
    probe = random_code(words, np.arange(1, 130))
    scan(stack, probe, stack.within(129, *EVERYWHERE))
    assert beyond
    assert max(beyond) < 0


def test_the_spread_is_never_taken_for_less_than_the_binomials() -> None:
    same = Stack.of([(0, 0, np.full(5000, 0x0F0F0F0F, np.uint32))])
    words = np.full(100, 0x33333333, np.uint32)
    assert chance(same, words, np.arange(100)).sigma >= (BITS / 4 * 100) ** 0.5


def test_a_proposal_is_judged_at_its_best_frame_and_one_out_of_reach_is_not(stack: Stack) -> None:
    probe = code(sounds()[1][602 * HOP : 602 * HOP + 10 * RATE])
    near, away = judged(stack, probe, [(1, 605), (1, 630)])
    assert near.offset == 602
    assert near.score > 30
    assert away.score < 10
    assert [one.score for one in judged(stack, probe, [(0, 1 << 30)])] == [-np.inf]
    assert judged(stack, probe, []) == []
