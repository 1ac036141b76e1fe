"""One probe in several shards of the references says what it says in all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.adapters.engine import ThreadEngine
from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References, shards
from cautery.identify.ladder import Effort
from cautery.identify.observe import observe
from cautery.identify.references.saved import save
from cautery.identify.shards import Place, observe_in, place_of, split
from cautery.model import Decoded, Observation
from cautery.model.verdict import NoMatch

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
T0 = 1_800_000_000.0
SECONDS = 160
RATE = 8000
COUNTS = (1, 2, 5)


def music(seed: int, seconds: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(int(seconds * RATE)).astype(np.float32) * 0.003
    for _ in range(int(seconds * 9)):
        start, length = int(rng.integers(len(out))), int(rng.uniform(0.1, 0.5) * RATE)
        t = np.arange(min(length, len(out) - start)) / RATE
        out[start : start + len(t)] += (
            0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        )
    return out


def media(audio: np.ndarray) -> Decoded:
    return Decoded(
        audio=audio,
        audio_s=0.0,
        luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0),
        duration_s=len(audio) / RATE,
    )


NAMES = ("a", "b", "c", "d", "e", "f", "g")


@cache
def sounds() -> dict[str, np.ndarray]:
    """Return the sound of each reference; made when the first test asks, not at collection."""
    made = {name: music(k, SECONDS) for k, name in enumerate(NAMES)}
    made["b"][40 * RATE : 60 * RATE] = made["a"][90 * RATE : 110 * RATE]  # an advert of both
    made["d"][20 * RATE : 140 * RATE] = made["c"][20 * RATE : 140 * RATE]  # two hours of a network
    made["g"][60 * RATE : 72 * RATE] = made["g"][30 * RATE : 42 * RATE]  # it repeats itself
    return made


@cache
def news() -> np.ndarray:
    return music(99, SECONDS)


@cache
def stranger() -> np.ndarray:
    return music(77, SECONDS)


INFOS = [ReferenceInfo(id=name) for name in NAMES]


def held(infos: tuple[ReferenceInfo, ...]) -> References:
    made = References(DEFAULT_RECIPE, infos)
    for info in infos:
        made.add(info.id, media(sounds()[info.id]), at_s=T0)
    return made


@pytest.fixture(scope="module")
def whole() -> References:
    return held(tuple(INFOS))


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Place]]:
    folder = tmp_path_factory.mktemp("shards")
    made: dict[int, list[Place]] = {}
    for count in COUNTS:
        made[count] = []
        for at, infos in enumerate(split(INFOS, count)):
            path = folder / f"{at}-of-{count}.ref"
            save(held(infos), path)
            made[count].append(place_of(path))
    return made


@pytest.fixture(scope="module")
def engine() -> Iterator[ThreadEngine]:
    made = ThreadEngine(2)
    yield made
    made.close()


def both(
    audio: np.ndarray,
    whole: References,
    places: list[Place],
    engine: ThreadEngine,
    *,
    hints: tuple[str, ...] = (),
    media_at_s: float | None = None,
) -> tuple[Observation, Observation]:
    one = observe(media(audio), whole, media_at_s=media_at_s, at=NOON, hints=hints)
    several = asyncio.run(
        observe_in(engine, places, media(audio), media_at_s=media_at_s, at=NOON, hints=hints)
    )
    return one, several


def alike(one: Observation, several: Observation) -> None:
    """Assert that both say the same.

    What chance gives is sampled at 2,048 places of each shard's own words: its spread, and with
    it each score, is known to 3 % (the standard error of a median deviation of as many).
    """
    pairs = [sorted(seen.witnesses, key=lambda w: w.reference) for seen in (one, several)]
    assert [w.reference for w in pairs[0]] == [w.reference for w in pairs[1]]
    assert one.reason == several.reason
    for left, right in zip(*pairs, strict=True):
        assert right.score == pytest.approx(left.score, rel=0.12)
        assert right.runner_up == pytest.approx(left.runner_up, rel=0.12, abs=1.5)
        assert right.delay_s == pytest.approx(left.delay_s, abs=0.005)
        assert right.log10_lr == pytest.approx(left.log10_lr, rel=0.12, abs=0.3)
        assert right.speed == pytest.approx(
            left.speed, abs=2 * 0.0025 + 1e-9
        )  # steps of the search
        assert (right.methods, right.shared) == (left.methods, left.shared)
        assert right.coverage == pytest.approx(left.coverage, abs=0.11)
        assert right.repeats_s == pytest.approx(left.repeats_s, abs=0.005)


def plain(audio: np.ndarray, _: int) -> np.ndarray:
    return audio


def with_a_voice(audio: np.ndarray, start: int) -> np.ndarray:
    over = news()[start * RATE :][: len(audio)]
    return audio + over * np.sqrt((audio**2).mean() / (over**2).mean())


def faster(audio: np.ndarray, _: int) -> np.ndarray:
    at = np.arange(int(len(audio) / 1.02)) * 1.02
    return np.interp(at, np.arange(len(audio)), audio).astype(np.float32)


@pytest.mark.parametrize("count", COUNTS)
@given(
    name=st.sampled_from(["e", "f", "g", "none"]),
    start=st.integers(5, SECONDS - 20),
    disguise=st.sampled_from([plain, with_a_voice, faster]),
)
@settings(max_examples=6, deadline=None)
def test_shards_say_of_any_probe_what_one_process_says(  # noqa: PLR0917 - drawn and given
    whole: References,
    places: dict[int, list[Place]],
    engine: ThreadEngine,
    count: int,
    name: str,
    start: int,
    disguise: Callable[[np.ndarray, int], np.ndarray],
) -> None:
    source = sounds().get(name, stranger())
    audio = disguise(source[start * RATE : (start + 10) * RATE], start)
    one, several = both(audio, whole, places[count], engine)
    alike(one, several)
    assert [w.reference for w in one.witnesses] == ([] if name == "none" else [name])


@pytest.mark.parametrize("count", COUNTS)
def test_an_advert_in_two_shards_names_neither(
    whole: References, places: dict[int, list[Place]], engine: ThreadEngine, count: int
) -> None:
    audio = sounds()["a"][95 * RATE : 105 * RATE]
    one, several = both(audio, whole, places[count], engine)
    alike(one, several)
    assert all(w.log10_lr <= 0 and w.coverage == 0 for w in several.witnesses)


@pytest.mark.parametrize("count", COUNTS)
def test_a_simulcast_in_two_shards_names_both(
    whole: References, places: dict[int, list[Place]], engine: ThreadEngine, count: int
) -> None:
    audio = sounds()["c"][75 * RATE : 85 * RATE]
    one, several = both(audio, whole, places[count], engine)
    alike(one, several)
    assert {w.reference for w in several.witnesses} == {"c", "d"}


@pytest.mark.parametrize("count", COUNTS)
def test_a_hint_counts_in_the_shard_that_holds_it_and_for_as_many_as_were_searched(
    whole: References, places: dict[int, list[Place]], engine: ThreadEngine, count: int
) -> None:
    audio = with_a_voice(sounds()["f"][50 * RATE : 60 * RATE], 30)
    one, several = both(audio, whole, places[count], engine, hints=("f",))
    alike(one, several)
    assert [w.reference for w in several.witnesses] == ["f"]
    unhinted = both(audio, whole, places[count], engine)[1]
    assert unhinted.witnesses[0].log10_lr <= several.witnesses[0].log10_lr


@pytest.mark.parametrize("count", COUNTS)
def test_a_hint_puts_what_other_shards_found_on_its_own_scale(
    whole: References, places: dict[int, list[Place]], engine: ThreadEngine, count: int
) -> None:
    hinted, other = (sounds()[name][50 * RATE : 60 * RATE] for name in ("f", "e"))
    noise = np.random.default_rng(3).standard_normal(len(hinted)).astype(np.float32)
    audio = hinted + 0.7 * other + noise * np.sqrt((hinted**2).mean())
    one, several = both(audio, whole, places[count], engine, hints=("f",))
    alike(one, several)
    assert {w.reference for w in several.witnesses} == {"e", "f"}


@pytest.mark.parametrize("effort", ["quick", "full"])
@pytest.mark.parametrize("hints", [(), ("f",)])
def test_a_shard_that_forgot_the_probe_says_what_one_that_remembers_it_says(
    places: dict[int, list[Place]],
    engine: ThreadEngine,
    monkeypatch: pytest.MonkeyPatch,
    effort: Effort,
    hints: tuple[str, ...],
) -> None:
    clean = sounds()["f"][50 * RATE : 60 * RATE]
    noise = np.random.default_rng(5).standard_normal(len(clean)).astype(np.float32)
    audio = clean + noise * np.sqrt(4 * (clean**2).mean())  # 6 dB above it

    def asked() -> Observation:
        return asyncio.run(
            observe_in(
                engine, places[2], media(audio), media_at_s=None, at=NOON, hints=hints,
                effort=effort,
            )
        )  # fmt: skip

    remembered = asked()
    monkeypatch.setattr(shards, "_MOST_EARS", 0)
    assert [w.reference for w in remembered.witnesses] == ["f"]
    assert asked() == remembered


@pytest.mark.parametrize("count", COUNTS)
def test_a_reference_that_repeats_itself_is_told_with_both_places(
    whole: References, places: dict[int, list[Place]], engine: ThreadEngine, count: int
) -> None:
    audio = sounds()["g"][31 * RATE : 41 * RATE]
    one, several = both(audio, whole, places[count], engine)
    alike(one, several)
    (found,) = several.witnesses
    starts_s = sorted(-at_s - T0 for at_s in (found.delay_s, *found.repeats_s))
    assert starts_s == pytest.approx([31, 61], abs=0.02)


def test_a_probe_with_a_clock_is_searched_in_every_shards_window(
    whole: References, places: dict[int, list[Place]], engine: ThreadEngine
) -> None:
    audio = sounds()["e"][20 * RATE : 30 * RATE]
    one, several = both(audio, whole, places[5], engine, media_at_s=T0 + 32.0)
    alike(one, several)
    assert several.witnesses[0].delay_s == pytest.approx(12.0, abs=0.02)


def test_silence_is_no_opinion_of_any_shard(
    whole: References, places: dict[int, list[Place]], engine: ThreadEngine
) -> None:
    one, several = both(np.zeros(10 * RATE, np.float32), whole, places[2], engine)
    alike(one, several)
    assert several.unmatched["sound"] is NoMatch.SILENT


def test_what_one_shard_is_sure_of_spares_all_the_dear_rungs(
    places: dict[int, list[Place]], engine: ThreadEngine
) -> None:
    asked: list[object] = []

    class Counting(ThreadEngine):
        async def run_at(self, shard, task, *arguments):  # type: ignore[no-untyped-def]
            asked.append((task.__name__, shard, arguments[-1] if len(arguments) == 3 else None))
            return await engine.run_at(shard, task, *arguments)

    counting = Counting(1)
    audio = sounds()["e"][20 * RATE : 30 * RATE]
    asyncio.run(observe_in(counting, places[5], media(audio), media_at_s=None, at=NOON))
    counting.close()
    climbed = [one for one in asked if one[0] == "climb_at"]  # type: ignore[index]
    assert climbed == [("climb_at", shard, 0) for shard in range(5)]


def test_no_shard_is_no_question(engine: ThreadEngine) -> None:
    with pytest.raises(InputError, match="at least one shard"):
        asyncio.run(observe_in(engine, [], media(news()), media_at_s=None, at=NOON))
