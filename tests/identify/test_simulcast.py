"""References that say the same: sets where it lasts, no evidence where it is short."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References, _simulcast_kernels
from cautery.identify.ladder import listen
from cautery.identify.match import AROUND_WORDS, CODES_PER_S, Match
from cautery.identify.simulcast import Shared, shared, sifted
from cautery.model import Decoded

SIZE = 2 * AROUND_WORDS + 1


def codes(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 1 << 32, SIZE, dtype=np.uint32)


def noisy(words: np.ndarray, share: float, seed: int = 9) -> np.ndarray:
    rng = np.random.default_rng(seed)
    flips = (rng.random((len(words), 32)) < share) @ (1 << np.arange(32, dtype=np.uint64))
    return words ^ flips.astype(np.uint32)


def within(seconds: float, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """``inside`` for so many seconds around the middle."""
    half = round(seconds * CODES_PER_S / 2)
    made = outside.copy()
    made[AROUND_WORDS - half : AROUND_WORDS + half] = inside[
        AROUND_WORDS - half : AROUND_WORDS + half
    ]
    return made


def match(name: str, around: np.ndarray, **more: object) -> Match:
    return replace(
        Match(
            reference=name,
            family=name,
            works=False,
            score=60,
            delay_s=10.0,
            speed=1.0,
            strength=np.full(10, 6.0, np.float32),
            covered=np.ones(10, np.bool_),
            around=around,
        ),
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("seconds", [10, 30, 50, 70, 120])
def test_what_two_references_share_is_measured(seconds: int) -> None:
    one = codes(1)
    found = shared(one, within(seconds, noisy(one, 0.2), codes(2)))
    assert found.seconds == pytest.approx(seconds, abs=2.5)
    assert not found.whole
    assert found.simulcast == (seconds > 60)


@pytest.mark.parametrize("slip", [-2, -1, 1, 2])
def test_places_may_be_off_by_a_word_or_two(slip: int) -> None:
    one = codes(1)
    assert shared(one, np.roll(one, slip)).seconds > 140


def test_all_that_is_held_of_both_is_a_simulcast_if_it_is_no_advert() -> None:
    one, nothing = codes(1), np.zeros(SIZE, np.uint32)
    long, short = within(45, one, nothing), within(20, one, nothing)
    assert shared(long, long).whole
    assert shared(long, long).simulcast
    assert shared(short, short).whole
    assert not shared(short, short).simulcast


def test_other_content_shares_nothing() -> None:
    assert shared(codes(1), codes(2)) == Shared(0.0, whole=False)


def test_silence_within_a_simulcast_does_not_end_it() -> None:
    one = codes(1)
    quiet = one.copy()
    quiet[AROUND_WORDS + 100 : AROUND_WORDS + 260] = 0
    assert shared(one, quiet).seconds > 140


def test_without_codes_nothing_is_known_to_be_shared() -> None:
    assert not shared(np.empty(0, np.uint32), np.empty(0, np.uint32)).simulcast


def test_a_simulcast_is_each_ones_own_and_an_advert_is_nobodys() -> None:
    one = codes(1)
    both = [match("a", one), match("b", noisy(one, 0.1), delay_s=12.0)]
    assert [m.reference for m in sifted(both, least=10)] == ["a", "b"]
    assert all(m.own is None and m.covered.all() for m in sifted(both, least=10))
    advert = [match("a", one), match("b", within(25, one, codes(2)))]
    kept = sifted(advert, least=10)
    assert all(m.own == 0 and m.score == 60 and not m.covered.any() for m in kept)
    assert [m.shared for m in kept] == [("b",), ("a",)]


def test_only_the_shared_seconds_are_taken() -> None:
    part = np.where(np.arange(10) < 4, 6.0, 0.0).astype(np.float32)
    ours, theirs = sifted(
        [match("a", codes(1)), match("b", codes(2), strength=part, covered=part > 0, score=24)],
        least=10,
    )
    assert (ours.reference, ours.own, int(ours.covered.sum())) == ("a", pytest.approx(36), 6)
    assert (theirs.reference, theirs.own) == ("b", 0)


def test_what_a_reference_says_twice_names_it_and_leaves_the_place_open() -> None:
    loop = [match("a", codes(1)), match("a", codes(1), delay_s=40.0, score=58)]
    (kept,) = sifted(loop, least=10)
    assert (kept.score, kept.repeats_s) == (60, (40.0,))
    rhythm = match("a", codes(1), delay_s=40.0, score=25)
    (kept,) = sifted([match("a", codes(1)), rhythm], least=10)
    assert (kept.score, kept.repeats_s) == (60, ())


def test_a_rhythm_in_common_takes_nothing_from_a_match() -> None:
    weak = np.full(10, 4.0, np.float32)
    true = match("a", codes(1), strength=np.full(10, 20.0, np.float32))
    kept, _ = sifted([true, match("b", codes(2), score=12, strength=weak)], least=10)
    assert (kept.reference, kept.score) == ("a", 60)


def programme(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = 0.003 * np.random.default_rng([seed, 1]).standard_normal(int(seconds * 8000))
    for _ in range(int(seconds * 9)):
        t = np.arange(int(rng.uniform(0.1, 0.5) * 8000)) / 8000
        start = int(rng.integers(0, len(out) - len(t)))
        out[start : start + len(t)] += (
            0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        )
    return out


def media(audio: np.ndarray) -> Decoded:
    return Decoded(
        audio=audio.astype(np.float32),
        audio_s=0.0,
        luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0),
        duration_s=len(audio) / 8000,
    )


@pytest.mark.parametrize("lag_ms", [0, 8, 16, 24, 32, 40, 48, 56])
def test_a_simulcast_is_a_set_whatever_its_lag(lag_ms: int) -> None:
    both, ahead = programme(1, 90), programme(3, 20)[: 8 * (6016 + lag_ms)]
    noise = np.random.default_rng(2).normal(0, 0.001, len(ahead) + len(both))
    held = References(
        DEFAULT_RECIPE, [ReferenceInfo(id="a", kind="work"), ReferenceInfo(id="b", kind="work")]
    )
    held.add("a", media(both), at_s=0)
    held.add("b", media(0.5 * np.concatenate((ahead, both)) + noise), at_s=0)
    found = listen(media(both[40 * 8000 : 45 * 8000]), held, media_at_s=None)
    assert sorted((one.reference, one.own, one.shared) for one in found.matches) == [
        ("a", None, ()),
        ("b", None, ()),
    ]


def test_words_half_a_word_apart_of_other_content_share_nothing() -> None:
    a, b = (np.roll(np.repeat(codes(seed), 2)[:SIZE], 1) for seed in (1, 2))
    assert shared(a, b).seconds < 5


def test_a_simulcast_that_repeats_itself_is_still_each_ones_own() -> None:
    one = codes(1)
    again = {"around": codes(3), "score": 35.0}
    kept = sifted(
        [
            match("a", one),
            match("b", noisy(one, 0.1), delay_s=12.0),
            match("a", delay_s=14.0, **again),  # type: ignore[misc]
            match("b", delay_s=16.0, **again | {"around": codes(4)}),  # type: ignore[misc]
        ],
        least=10,
    )
    assert [(m.reference, m.own, m.shared, len(m.repeats_s)) for m in kept] == [
        ("a", None, (), 1),
        ("b", None, (), 1),
    ]


def plain_reach(wrong: list[int], told: list[int]) -> tuple[int, bool]:
    """Follow agreement over blocks of four words, one block that differs borne."""
    blocks = [(wrong[k : k + 4], told[k : k + 4]) for k in range(0, len(wrong) // 4 * 4, 4)]
    known = [sum(bits > 0 for bits in mine) >= 4 // 3 for _, mine in blocks]
    same = [
        enough and sum(bad) < 0.35 * max(1, sum(mine))
        for enough, (bad, mine) in zip(known, blocks, strict=True)
    ]
    reach = misses = 0
    for k, alike in enumerate(same):
        misses = misses + 1 if known[k] and not alike else 0
        if misses > 1:
            return reach, False
        if alike:
            reach = k + 1
    rest = range(reach, len(blocks))
    return reach, not any(known[k] for k in rest) and len(rest) > 0


def plain_words(a: list[int], b: list[int], half: int) -> tuple[list[int], list[int]]:
    wrong, told = [], []
    for k in range(len(a) - half):
        said = ~(a[k] ^ a[k + 1]) & 0xFFFFFFFF if half else 0xFFFFFFFF
        known = a[k] and b[k] and (not half or a[k + 1])
        wrong.append(((a[k] ^ b[k]) & said).bit_count() if known else 0)
        told.append(said.bit_count() if known else 0)
    return wrong, told


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), size=st.integers(24, 90), slip=st.integers(-2, 2),
    silent=st.sampled_from([0.0, 0.3, 0.8]), noise=st.sampled_from([0.0, 0.2, 0.7]),
)  # fmt: skip
def test_the_longest_run_of_all_slips_is_what_a_plain_loop_finds(
    seed: int, size: int, slip: int, silent: float, noise: float
) -> None:
    rng = np.random.default_rng(seed)
    source = rng.integers(1, 1 << 32, size + 4, dtype=np.uint32)
    a, b = source[2 : size + 2].copy(), source[2 + slip : size + 2 + slip].copy()
    b[rng.random(size) < noise] ^= np.uint32(0xF0F0F0F0)
    a[rng.random(size) < silent] = 0
    b[: int(rng.integers(0, size // 2))] = 0
    found = []
    for half in (0, 1):
        for by in range(-2, 3 - half):
            cut = size - abs(by)
            ours, theirs = a[max(0, by) :][:cut].tolist(), b[max(0, -by) :][:cut].tolist()
            wrong, told = plain_words(ours, theirs, half)
            middle = len(wrong) // 2
            later = plain_reach(wrong[middle:], told[middle:])
            before = plain_reach(wrong[:middle][::-1], told[:middle][::-1])
            blocks = later[0] + before[0]
            found.append((blocks, later[1] and before[1] and blocks > 0))
    made = _simulcast_kernels.along(a, b, 2, 4, 0.35, 1)
    assert made == max(found, key=lambda one: one[0])
