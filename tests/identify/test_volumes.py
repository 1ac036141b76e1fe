"""One probe in several volumes of references says what it says in one."""

from __future__ import annotations

import asyncio
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.adapters.engine import ThreadEngine
from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.basis import packed
from cautery.identify.observe import alignment, observe, observing
from cautery.identify.references.volumes import (
    MOST_VOLUMES,
    AnyReferences,
    Volumes,
    in_volumes,
    split,
    together,
)
from cautery.identify.sound import Ear, Rung
from cautery.identify.steps import in_turn, side_by_side
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
def volumes() -> dict[int, AnyReferences]:
    return {count: together([held(infos) for infos in split(INFOS, count)]) for count in COUNTS}


@pytest.fixture(scope="module")
def engine() -> Iterator[ThreadEngine]:
    made = ThreadEngine(2)
    yield made
    made.close()


def both(
    audio: np.ndarray,
    whole: References,
    volumes: AnyReferences,
    engine: ThreadEngine,
    *,
    hints: tuple[str, ...] = (),
    media_at_s: float | None = None,
) -> tuple[Observation, Observation]:
    one = observe(media(audio), whole, media_at_s=media_at_s, at=NOON, hints=hints)
    search = observing(media(audio), volumes, media_at_s=media_at_s, at=NOON, hints=hints)
    several, _ = asyncio.run(side_by_side(engine, search))
    return one, several


def alike(one: Observation, several: Observation) -> None:
    """Assert that both say the same.

    What chance gives is sampled at 2,048 places of each volume's own words: its spread, and with
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


class Counting(ThreadEngine):
    """Notes of each task which volume it was for."""

    homes: list[int | None]

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self.homes = []

    async def run(self, task, *arguments):  # type: ignore[no-untyped-def]
        self.homes.append(None)
        return await super().run(task, *arguments)

    async def run_at(self, shard, task, *arguments):  # type: ignore[no-untyped-def]
        self.homes.append(shard)
        return await ThreadEngine.run(self, task, *arguments)


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
def test_volumes_say_of_any_probe_what_one_process_says(  # noqa: PLR0917 - drawn and given
    whole: References,
    volumes: dict[int, AnyReferences],
    engine: ThreadEngine,
    count: int,
    name: str,
    start: int,
    disguise: Callable[[np.ndarray, int], np.ndarray],
) -> None:
    source = sounds().get(name, stranger())
    audio = disguise(source[start * RATE : (start + 10) * RATE], start)
    one, several = both(audio, whole, volumes[count], engine)
    alike(one, several)
    assert [w.reference for w in one.witnesses] == ([] if name == "none" else [name])


@pytest.mark.parametrize("count", COUNTS)
def test_an_advert_in_two_volumes_names_neither(
    whole: References, volumes: dict[int, AnyReferences], engine: ThreadEngine, count: int
) -> None:
    audio = sounds()["a"][95 * RATE : 105 * RATE]
    one, several = both(audio, whole, volumes[count], engine)
    alike(one, several)
    assert all(w.log10_lr <= 0 and w.coverage == 0 for w in several.witnesses)


@pytest.mark.parametrize("count", COUNTS)
def test_a_simulcast_in_two_volumes_names_both(
    whole: References, volumes: dict[int, AnyReferences], engine: ThreadEngine, count: int
) -> None:
    audio = sounds()["c"][75 * RATE : 85 * RATE]
    one, several = both(audio, whole, volumes[count], engine)
    alike(one, several)
    assert {w.reference for w in several.witnesses} == {"c", "d"}


@pytest.mark.parametrize("count", COUNTS)
def test_a_hint_counts_in_the_volume_that_holds_it_and_for_as_many_as_were_searched(
    whole: References, volumes: dict[int, AnyReferences], engine: ThreadEngine, count: int
) -> None:
    audio = with_a_voice(sounds()["f"][50 * RATE : 60 * RATE], 30)
    one, several = both(audio, whole, volumes[count], engine, hints=("f",))
    alike(one, several)
    assert [w.reference for w in several.witnesses] == ["f"]
    unhinted = both(audio, whole, volumes[count], engine)[1]
    assert unhinted.witnesses[0].log10_lr <= several.witnesses[0].log10_lr


@pytest.mark.parametrize("count", COUNTS)
def test_a_hint_puts_what_other_volumes_found_on_its_own_scale(
    whole: References, volumes: dict[int, AnyReferences], engine: ThreadEngine, count: int
) -> None:
    hinted, other = (sounds()[name][50 * RATE : 60 * RATE] for name in ("f", "e"))
    noise = np.random.default_rng(3).standard_normal(len(hinted)).astype(np.float32)
    audio = hinted + 0.7 * other + noise * np.sqrt((hinted**2).mean())
    one, several = both(audio, whole, volumes[count], engine, hints=("f",))
    alike(one, several)
    assert {w.reference for w in several.witnesses} == {"e", "f"}


@pytest.mark.parametrize("count", COUNTS)
def test_a_reference_that_repeats_itself_is_told_with_both_places(
    whole: References, volumes: dict[int, AnyReferences], engine: ThreadEngine, count: int
) -> None:
    audio = sounds()["g"][31 * RATE : 41 * RATE]
    one, several = both(audio, whole, volumes[count], engine)
    alike(one, several)
    (found,) = several.witnesses
    starts_s = sorted(-at_s - T0 for at_s in (found.delay_s, *found.repeats_s))
    assert starts_s == pytest.approx([31, 61], abs=0.02)


def test_a_probe_with_a_clock_is_searched_in_every_volumes_window(
    whole: References, volumes: dict[int, AnyReferences], engine: ThreadEngine
) -> None:
    audio = sounds()["e"][20 * RATE : 30 * RATE]
    one, several = both(audio, whole, volumes[5], engine, media_at_s=T0 + 32.0)
    alike(one, several)
    assert several.witnesses[0].delay_s == pytest.approx(12.0, abs=0.02)


def test_silence_is_no_opinion_of_any_volume(
    whole: References, volumes: dict[int, AnyReferences], engine: ThreadEngine
) -> None:
    one, several = both(np.zeros(10 * RATE, np.float32), whole, volumes[2], engine)
    alike(one, several)
    assert several.unmatched["sound"] is NoMatch.SILENT


def test_what_one_volume_is_sure_of_spares_all_the_dear_rungs(
    volumes: dict[int, AnyReferences], monkeypatch: pytest.MonkeyPatch
) -> None:
    climbed = []
    climb = Ear.climb

    def noted(ear: Ear, rung: int) -> Rung:
        climbed.append(rung)
        return climb(ear, rung)

    monkeypatch.setattr(Ear, "climb", noted)
    observe(media(sounds()["e"][20 * RATE : 30 * RATE]), volumes[5], media_at_s=None, at=NOON)
    assert climbed == [0] * 5


def test_one_volume_is_one_task_and_several_are_asked_side_by_side(
    whole: References, volumes: dict[int, AnyReferences]
) -> None:
    audio = sounds()["e"][20 * RATE : 30 * RATE]

    def asked(references: AnyReferences) -> list[int | None]:
        counting = Counting(1)
        search = observing(media(audio), references, media_at_s=None, at=NOON)
        asyncio.run(side_by_side(counting, search))
        counting.close()
        return counting.homes

    assert asked(whole) == [None]
    # An ear in each volume, a rung, the best leads and their matches, then pictures.
    assert asked(volumes[2]) == [None, *(0, 1, None) * 5]


def test_what_scores_rest_on_gives_the_same_scores_again_whichever_volume_it_is_of(
    volumes: dict[int, AnyReferences], rerun: ModuleType
) -> None:
    audio = with_a_voice(sounds()["c"][75 * RATE : 85 * RATE], 40)
    several = together([held((INFOS[3], INFOS[0])), held((INFOS[2], INFOS[1]))])
    observation, bases = in_turn(observing(media(audio), several, media_at_s=None, at=NOON))
    places, data = packed(bases)
    assert {place.reference for place in places} == {"c", "d"}
    assert len({place.sample for place in places}) == 2
    scores = {witness.reference: witness.score for witness in observation.witnesses}
    with np.load(io.BytesIO(data)) as arrays:
        for k, place in enumerate(places):
            again, _ = rerun.score_of_sound(audio, asdict(place), arrays, k)
            assert again == pytest.approx(scores[place.reference], rel=2e-3)


@given(
    events=st.lists(st.integers(0, 30), max_size=60),
    works=st.integers(0, 9),
    most=st.integers(1, 40),
)
def test_volumes_keep_families_whole_lose_nobody_and_have_room(
    events: list[int], works: int, most: int
) -> None:
    infos = [
        ReferenceInfo(id=f"r{k}", event=str(one) if one < 10 else None)
        for k, one in enumerate(events)
    ]
    infos += [ReferenceInfo(id=f"film{k}", kind="work") for k in range(works)]
    try:
        parts = in_volumes(infos, most=most)
    except InputError as error:
        largest = max(Counter(info.family for info in infos).values())
        assert largest > most or len(infos) > most * MOST_VOLUMES / 2
        assert "into several" in (error.hint or "")  # noqa: PT017
        return
    assert max(map(len, parts)) <= most
    assert sorted(i.id for part in parts for i in part) == sorted(i.id for i in infos)
    at = {info.id: k for k, part in enumerate(parts) for info in part}
    homes = {(info.family, at[info.id]) for info in infos}
    assert len(homes) == len({info.family for info in infos})
    pictured = {at[info.id] for info in infos if info.event or info.kind == "work"}
    if sum(bool(info.event) or info.kind == "work" for info in infos) <= most:
        assert len(pictured) <= 1
    # Whatever order a mandate names them in.
    turned = [{i.id for i in part} for part in in_volumes(infos[::-1], most=most)]
    assert turned == [{i.id for i in part} for part in parts] or len(parts) == 1


def test_as_many_as_one_volume_holds_are_one_in_their_own_order() -> None:
    assert in_volumes(INFOS[::-1], most=7) == [tuple(INFOS[::-1])]
    assert in_volumes([], most=7) == [()]


def test_one_reference_is_asked_of_the_volume_that_holds_it() -> None:
    parts = in_volumes(INFOS, most=3)
    several = Volumes([References(DEFAULT_RECIPE, part, 60.0) for part in parts])
    assert len(several.volumes) == 3
    for name in ("a", "f", "g"):
        several.add(name, media(sounds()[name][: 20 * RATE]), at_s=T0)
    spans = {name: several.span(name) for name in NAMES}
    assert {name for name, span in spans.items() if span} == {"a", "f", "g"}
    assert several.info("g") == ReferenceInfo(id="g")
    assert several.of("g").span("g") == spans["g"]
    several.expire(T0 + 100)
    assert several.volumes[0].live.runs() == {}
    assert not several.knows("nobody")
    with pytest.raises(InputError, match="'nobody' does not exist"):
        several.add("nobody", media(news()), at_s=T0)
    with pytest.raises(InputError, match="each id is allowed once"):
        Volumes([several.volumes[0], several.volumes[0]])


def test_an_alignment_is_that_of_one_process(
    whole: References, volumes: dict[int, AnyReferences]
) -> None:
    audio = media(sounds()["g"][20 * RATE : 30 * RATE])
    observation = observe(audio, volumes[5], media_at_s=T0 + 32, at=NOON)
    lines = [
        alignment(audio, one, observation.witnesses[0], media_at_s=T0 + 32)
        for one in (whole, volumes[5])
    ]
    assert lines[0][0] == lines[1][0]
    assert np.argmax(lines[0][1]) == np.argmax(lines[1][1])
