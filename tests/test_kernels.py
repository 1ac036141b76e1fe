"""A small input gives the same bits, whether loops run as plain Python or compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery import kernels
from cautery.catalogue import Catalogue, Listing, Resolver, Right
from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE, Recipe, _code_kernels
from cautery.fingerprint._run_kernels import HASH_BITS
from cautery.fingerprint.audio import Landmarks, Peaks, landmarks_of, peaks_in
from cautery.fingerprint.codes import BITS, WORD_FRAMES, Code, Stack, code_of
from cautery.fingerprint.index import Index
from cautery.fingerprint.meeting import chance, scores_at, shift_of
from cautery.fingerprint.scan import scan
from cautery.fingerprint.spectrum import power_of
from cautery.fingerprint.tops import Tops, chances_at, sums_near
from cautery.graph.evidence import with_links
from cautery.graph.links_table import table_of
from cautery.graph.membership import probabilities
from cautery.graph.mirrors import Domain, mirror_families
from cautery.graph.networks import find_networks
from cautery.plan.explain import behind, explain
from cautery.plan.goal import Goal
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply

EXAMPLES = settings(max_examples=40)


def both_ways(work: Callable[[], Any]) -> tuple[Any, Any]:
    """Return what it gives plain, and compiled; what it raises counts as what it gives."""

    def given_or_raised() -> Any:
        try:
            return work()
        except InputError as error:
            return str(error)

    with kernels.only_plain():
        plain = given_or_raised()
    with kernels.only_compiled():
        compiled = given_or_raised()
    return plain, compiled


NODES = ("a", "b", "c", "d", "e", "f", "g")
PRICES = st.sampled_from([1, 1, 2, 3, 0.1, 1e6])


@st.composite
def supply_graphs(draw: st.DrawFn) -> dict[str, Any]:
    members = st.lists(st.sampled_from(NODES), min_size=1, max_size=5, unique=True)
    groups = draw(st.lists(st.tuples(st.sampled_from(NODES), members), max_size=9))
    sinks = draw(st.lists(st.sampled_from(NODES), min_size=1, max_size=4, unique=True))
    return {
        "nodes": [{"id": name, "cost": draw(PRICES)} for name in NODES],
        "groups": [
            {"of": of, "members": needed, "need": draw(st.integers(1, len(needed)))}
            for of, needed in groups
        ],
        "demand": [{"node": name, "weight": draw(PRICES)} for name in sinks],
    }


@EXAMPLES
@given(supply_graphs(), st.sampled_from([0.0, 0.3, 0.5]))
def test_plans_are_alike(text: dict[str, Any], served: float) -> None:
    def work() -> Any:
        graph = graph_of(text)
        plan = plan_supply(graph, Goal(served=served), clock=lambda: 0.0)
        whys = explain(graph, Goal(served=served), plan, as_of=None, left_s=lambda: 1.0)
        return replace(plan, seconds=0.0), whys, behind(graph, np.array([0])).tolist()

    plain, compiled = both_ways(work)
    assert repr(plain) == repr(compiled)


LINKS = st.lists(
    st.tuples(
        st.sampled_from([f"s{n}" for n in range(9)]),
        st.sampled_from(["payment", "certificate", "address"]),
        st.sampled_from([f"v{n}" for n in range(7)]),
        st.just(0.0),
        st.just(0.0),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=10)
@given(LINKS, st.integers(0, 3))
def test_networks_and_how_sure_they_are_are_alike(links: list[Any], seed: int) -> None:
    def work() -> Any:
        evidence, _ = table_of(links).evidence()
        found = find_networks(evidence, common=np.empty(0, np.int64), seed=seed)
        sure = probabilities(found)
        at = np.zeros(1, np.int64)
        grown = with_links(evidence, at, at, evidence.kind, evidence.subjects)
        return repr(found), repr(sure), repr(grown)

    with np.printoptions(threshold=10_000, floatmode="unique"):
        plain, compiled = both_ways(work)
    assert plain == compiled


NAMES = st.lists(
    st.text(alphabet="arensp12", min_size=3, max_size=10), min_size=2, max_size=8, unique=True
)


@EXAMPLES
@given(NAMES)
def test_families_are_alike(names: list[str]) -> None:
    plain, compiled = both_ways(
        lambda: mirror_families([Domain(name=f"{name}.example") for name in names])
    )
    assert repr(plain) == repr(compiled)


WORDS = st.sampled_from(
    ["Arena", "Sport", "1", "2", "HD", "FHD", "News", "WQZX", "4.1", "Plus", "ES", "FR", "ñandú"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
RIGHTS = st.lists(
    st.tuples(st.lists(TEXTS, min_size=1, max_size=2), st.sampled_from(["es", "fr", "us"])),
    min_size=1,
    max_size=8,
)


@EXAMPLES
@given(
    RIGHTS,
    st.lists(st.tuples(TEXTS, st.sampled_from([None, "a", "b"])), min_size=1, max_size=6),
)
def test_titles_are_resolved_alike(rights: list[Any], titles: list[Any]) -> None:
    catalogue = Catalogue(
        tuple(
            Right(id=f"r{n}", kind="channel", names=tuple(names), country=country)
            for n, (names, country) in enumerate(rights)
        )
    )
    listings = [Listing(title=title, source=source) for title, source in titles]
    plain, compiled = both_ways(lambda: list(Resolver(catalogue).resolve_all(listings)))
    assert repr(plain) == repr(compiled)


SEEDS = st.integers(0, 1 << 30)


@EXAMPLES
@given(SEEDS, st.integers(1, 60), st.integers(3, 40), st.integers(0, 9), st.integers(2, 5))
def test_peaks_and_landmarks_are_alike(
    seed: int, frames: int, bins: int, near: int, levels: int
) -> None:
    rng = np.random.default_rng(seed)
    power = rng.integers(0, levels, (frames, bins)).astype(np.float32)
    recipe = Recipe(near_frames=near, near_bins=near + 1, rank_frames=6, rank_limit=4)
    frame = np.sort(rng.random(frames) * 200).astype(np.float32)
    peaks = Peaks(frame, (rng.random(frames) * 300 - 20).astype(np.float32), 200)

    def work() -> Any:
        found, marks = peaks_in(power, recipe), landmarks_of(peaks, recipe)
        return [part.tolist() for part in (found.frame, found.step, marks.words, marks.frames)]

    plain, compiled = both_ways(work)
    assert plain == compiled


@settings(max_examples=8)
@given(SEEDS, st.integers(900, 12_000))
def test_spectra_are_alike(seed: int, samples: int) -> None:
    sound = np.random.default_rng(seed).standard_normal(samples).astype(np.float32)
    plain, compiled = both_ways(lambda: power_of(sound, DEFAULT_RECIPE).tolist())
    assert plain == compiled


@EXAMPLES
@given(
    SEEDS, st.integers(0, 60), st.floats(0.9, 1.1), st.sampled_from([2, 5, 1 << 20]),
    st.sampled_from([1e-6, 1e-4, 1.0]),
)  # fmt: skip
def test_code_words_are_alike(
    seed: int, frames: int, tempo: float, levels: int, loud: float
) -> None:
    rng = np.random.default_rng(seed)
    bands = (rng.integers(0, levels, (frames, BITS + 1)) / levels * loud).astype(np.float32)
    at = (np.arange(-2, 18) * WORD_FRAMES + 1) / tempo

    def work() -> Any:
        code = code_of(bands, tempo=tempo)
        alone = _code_kernels.words(bands, at, 4 / tempo, np.float32(2e-3), np.float32(1e-3))
        return [part.tolist() for part in (*code.words, *code.at, alone)]

    plain, compiled = both_ways(work)
    assert plain == compiled


@settings(max_examples=15)
@given(SEEDS, st.integers(1, 400), st.integers(1, 5), st.integers(1, 4), st.booleans())
def test_votes_are_alike(
    seed: int,
    size: int,
    references: int,
    least: int,
    common: bool,  # noqa: FBT001
) -> None:
    rng = np.random.default_rng(seed)
    # Of a dozen hashes each is hot, and some are too common to be followed.
    words = rng.integers(0, 12 if common else 1 << HASH_BITS, size).astype(np.uint32)
    marks = Landmarks(words, np.sort(rng.integers(0, 5000, size)).astype(np.int32))
    probe = Landmarks(words[: size // 2], marks.frames[: size // 2])

    def work() -> Any:
        index = Index()
        for number in range(references):
            index.add(number, marks, start=700 * number)
        snapshot = index.snapshot()
        arrays = [run.arrays() for runs in index.runs().values() for run in runs]
        return (
            snapshot.candidates(probe, base=3, low=-400, high=9000, least=least),
            [{name: array.tolist() for name, array in run.items()} for run in arrays],
            [part.tolist() for part in index.everything()],
        )

    plain, compiled = both_ways(work)
    assert plain == compiled


@settings(max_examples=10)
@given(SEEDS, st.sampled_from([300, 3000]), st.floats(0, 0.45), st.booleans())
def test_places_of_codes_are_alike(
    seed: int,
    size: int,
    noise: float,
    gaps: bool,  # noqa: FBT001
) -> None:
    rng = np.random.default_rng(seed)
    held = [rng.integers(1, 1 << 32, size, dtype=np.uint32) for _ in range(2)]
    wrong = np.packbits(rng.random((60, 32)) < noise, axis=1).view(np.uint32)[:, 0]
    words = held[1][100:160] ^ wrong
    at = np.arange(60)
    said = rng.random(60) < (0.7 if gaps else 1.0)
    code = Code((words[said],) * WORD_FRAMES, (at[said],) * WORD_FRAMES, 60)

    def work() -> Any:
        stack = Stack.of((number, 0, words) for number, words in enumerate(held))
        places = scan(stack, code, stack.within(60, -(1 << 40), 1 << 40))
        usual = chance(stack, code.words[0], code.at[0])
        offsets = np.arange(380, 420)
        scores = scores_at(stack, code, np.full(40, 1), offsets, usual)
        shifts = [shift_of(stack, code, place) for place in places]
        return places, shifts, usual, scores.tolist(), stack.held.tolist()

    plain, compiled = both_ways(work)
    assert plain == compiled


@settings(max_examples=15)
@given(SEEDS, st.integers(1, 300), st.integers(4, 300), st.floats(0, 1))
def test_places_of_peaks_are_alike(seed: int, size: int, frames: int, least: float) -> None:
    rng = np.random.default_rng(seed)
    relief = rng.uniform(-0.5, 2.5, (frames, 256)).astype(np.float32)

    def work() -> Any:
        index = Index()
        rng = np.random.default_rng(seed)
        for number in (0, 2):
            words = rng.integers(0, 1 << HASH_BITS, size).astype(np.uint32)
            marks = Landmarks(words, np.sort(rng.integers(0, 9000, size)).astype(np.int32))
            index.add(number, marks, start=300 * number)
        tops = Tops.of(index.snapshot().runs, 3)
        some = tops.found(relief, low=-200, high=5000, least=least, most=9, among=[0, 1])
        cells = tops.within(2, 350, 350 + frames)
        offsets = np.arange(-6, 7)
        sums = sums_near(relief, cells, offsets, tempo=1.02, pitch_steps=-3).tolist()
        chances = chances_at(relief, cells, 2, least, tempo=0.97, pitch_steps=4)
        every = tops.found(relief, low=-9999, high=19999, least=least, most=9)
        return some, every, cells.frames.tolist(), cells.steps.tolist(), sums, chances

    plain, compiled = both_ways(work)
    assert plain == compiled


def test_what_is_not_marked_runs_compiled_alone() -> None:
    @kernels.kernel()
    def never(values: Any) -> Any:
        return values.sum()

    with kernels.only_plain(), pytest.raises(AssertionError, match="never is not marked plain"):
        _ = never.plain
