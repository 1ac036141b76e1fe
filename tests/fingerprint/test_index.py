"""The landmark index: nothing is lost, votes are a plain count, hostile arrays are refused."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.fingerprint import _run_kernels as kernels
from cautery.fingerprint.audio import Landmarks
from cautery.fingerprint.index import SLICE_FRAMES, Index, Peak, Run, Snapshot

Posting = tuple[int, int, int]
"""Hash, reference, frame."""
FEW_WORDS = st.sampled_from([0, 1, 11, 12, 255, 256, 4000, (1 << 22) - 1])
POSTINGS = st.lists(
    st.tuples(FEW_WORDS, st.integers(0, 5), st.integers(-200, 3 * SLICE_FRAMES)), max_size=150
)


def marks(words: list[int], frames: list[int]) -> Landmarks:
    return Landmarks(np.array(words, np.uint32), np.array(frames, np.int32))


def filled(postings: list[Posting], every: int = 1000) -> Index:
    """Return an index that was asked for a snapshot after each ``every`` landmarks."""
    index = Index()
    for count, (word, reference, frame) in enumerate(postings, 1):
        index.add(reference, marks([word], [frame % 7]), start=frame - frame % 7)
        if count % every == 0:
            index.snapshot()
    return index


def held(index: Index) -> list[Posting]:
    columns = (column.tolist() for column in index.everything())
    return sorted(zip(*columns, strict=True))


def plain_votes(
    postings: list[Posting], probe: Landmarks, *, base: int, low: int, high: int, least: int
) -> list[Peak]:
    met: dict[tuple[int, int], set[int]] = {}
    for i, (word, at) in enumerate(zip(probe.words.tolist(), probe.frames.tolist(), strict=True)):
        for other, reference, frame in postings:
            offset = frame - at - base
            if word == other and low <= offset < high:
                for window in ((offset - low) // 4, (offset - low) // 4 + 1):
                    met.setdefault((reference, window * 4 + low), set()).add(i)
    peaks = [Peak(*key, len(who)) for key, who in met.items() if len(who) >= least]
    return sorted(peaks, key=lambda one: (-one.votes, one.reference, one.offset))


@given(POSTINGS, st.integers(1, 20), st.randoms())
@settings(max_examples=60, deadline=None)
def test_an_index_gives_back_what_was_added_in_any_order_and_batches(
    postings: list[Posting],
    every: int,
    random: object,
) -> None:
    shuffled = list(postings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert held(filled(shuffled, every)) == sorted(postings)


@given(
    POSTINGS,
    st.lists(st.tuples(FEW_WORDS, st.integers(0, 900)), max_size=40),
    st.integers(1, 20),
    st.integers(-300, 2 * SLICE_FRAMES),
    st.integers(-3000, 0),
    st.integers(1, 6000),
    st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_a_search_is_a_plain_count(  # noqa: PLR0917 - hypothesis gives them
    postings: list[Posting],
    probe: list[tuple[int, int]],
    every: int,
    base: int,
    low: int,
    width: int,
    least: int,
) -> None:
    asked = marks([word for word, _ in probe], [frame for _, frame in probe])
    window = {"base": base, "low": low, "high": low + width, "least": least}
    found = filled(postings, every).snapshot().candidates(asked, **window, most=10_000)
    assert found == plain_votes(postings, asked, **window)


@pytest.mark.parametrize("bits", [14, 17, 22])
def test_packing_keeps_every_posting_also_of_hashes_that_are_hot(bits: int) -> None:
    rng = np.random.default_rng(bits)
    words = np.concatenate((rng.integers(0, 1 << 22, 3000), np.full(256, 77), np.full(255, 9000)))
    items = words << 24 | rng.integers(0, 1 << 24, len(words))
    rng.shuffle(items)
    twin = sorted(items.tolist(), key=lambda item: item >> 24)
    kernels.sort(items, np.empty_like(items))
    assert items.tolist() == twin
    run = Run.packed(items, bits)
    assert sorted(run.items().tolist()) == sorted(twin)
    assert Counter(run.hot.tolist())[77] == 256


@given(
    st.lists(st.tuples(st.sampled_from([14, 17, 22]), st.integers(0, 700)), min_size=1, max_size=5),
    st.integers(0, 1 << 30),
)
@settings(max_examples=25, deadline=None)
def test_merging_keeps_every_posting_of_runs_of_any_key_and_size(
    shapes: list[tuple[int, int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    runs, twin = [], []
    for bits, size in shapes:
        words = np.concatenate((rng.integers(0, 1 << 22, size), np.full(size // 3, 77)))
        items = words << 24 | rng.integers(0, 1 << 24, len(words))
        twin += items.tolist()
        kernels.sort(items, np.empty_like(items))
        runs.append(Run.packed(items, bits))
    merged = Run.merged(runs)
    assert sorted(merged.items().tolist()) == sorted(twin)
    assert Run.of_arrays(merged.arrays()).nbytes == merged.nbytes


def test_one_feed_on_hundreds_of_channels_is_found_although_every_hash_is_hot() -> None:
    index = Index()
    rng = np.random.default_rng(3)
    feed = marks(
        rng.integers(0, 1 << 22, 600).tolist(), np.sort(rng.integers(0, 600, 600)).tolist()
    )
    for number in range(700):
        index.add(number, feed, start=number)
    found = index.snapshot().candidates(feed, base=0, low=0, high=4000, least=50, most=5000)
    assert {one.reference for one in found} == set(range(700))
    assert all(abs(one.offset - one.reference) <= 4 for one in found)


def test_the_commonest_hashes_are_left_out_where_there_are_too_many_postings() -> None:
    index = Index()
    common = marks([5] * 3000, list(range(3000)))
    rare = marks(list(range(10, 14)), [0, 1, 2, 3])
    index.add(0, common, start=0)
    index.add(1, rare, start=100)
    probe = marks([5, 10, 11, 12, 13], [0, 0, 1, 2, 3])
    found = index.snapshot().candidates(probe, base=0, low=0, high=4000, least=1)
    assert {one.reference for one in found} == {1}
    assert (index.everything()[0] == 5).sum() == 3000


@given(POSTINGS, st.integers(-1, 4 * SLICE_FRAMES))
@settings(max_examples=50, deadline=None)
def test_expiry_drops_whole_slices_and_nothing_else(postings: list[Posting], before: int) -> None:
    sealed, waiting = filled(postings, 10), filled(postings)
    kept = [one for one in postings if (one[2] // SLICE_FRAMES + 1) * SLICE_FRAMES > before]
    for index in (sealed, waiting):
        index.expire(before)
        assert held(index) == sorted(kept)


def test_live_insertion_keeps_few_runs_and_a_slice_that_is_done_becomes_one() -> None:
    rng = np.random.default_rng(1)
    index = Index()
    for second in range(300):
        words = rng.integers(0, 1 << 22, 60).tolist()
        index.add(second % 9, marks(words, list(range(60))), start=second * 60)
        index.snapshot()
    runs = index.runs()
    assert len(held(index)) == 300 * 60
    assert max(len(one) for one in runs.values()) <= 21
    done = [len(one) for number, one in runs.items() if number < max(runs) - 1]
    assert done == [1] * len(done)
    index.compact()
    assert {len(one) for one in index.runs().values()} == {1}
    assert len(held(index)) == 300 * 60


@given(POSTINGS)
@settings(max_examples=30, deadline=None)
def test_runs_from_their_arrays_are_the_same_and_may_be_adopted(postings: list[Posting]) -> None:
    index, other = filled(postings, 17), Index()
    for number, runs in index.runs().items():
        other.adopt_runs(number, [Run.of_arrays(one.arrays(), references=6) for one in runs])
    probe = marks([word for word, _, _ in postings], [frame for *_, frame in postings])
    window = {"base": 0, "low": -9000, "high": 9000, "least": 1}
    assert held(other) == sorted(postings)
    assert other.snapshot().candidates(probe, **window) == index.snapshot().candidates(
        probe, **window
    )


def test_arrays_may_be_read_only_maps_of_a_file(tmp_path: Path) -> None:
    words = np.random.default_rng(4).integers(0, 1 << 22, 5000)
    index = Index()
    index.add(2, marks(words.tolist(), [k % 4000 for k in range(5000)]), start=0)
    (run,) = index.runs()[0]
    maps = {}
    for name, array in run.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
        maps[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r" if len(array) else None)
    mapped = Run.of_arrays(maps)
    assert mapped.table.ctypes.data == maps["table"].ctypes.data
    probe = marks(words[:300].tolist(), list(range(300)))
    best = Snapshot({0: [mapped]}).candidates(probe, base=0, low=-50, high=50, least=10)
    assert best[0].reference == 2
    assert best[0].votes >= 300


def _damage(name: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    made = {key: one.copy() for key, one in arrays.items()}
    if name == "missing":
        del made["hot"]
    elif name == "type":
        made["table"] = made["table"].astype(np.int64)
    elif name == "shape":
        made["postings"] = made["postings"].reshape(1, -1)
    elif name == "bits":
        made["bits"][0] = 23
    elif name == "no bits":
        made["bits"] = made["bits"][:0]
    elif name == "short postings":
        made["postings"] = made["postings"][:-3]
    elif name == "empty postings":
        made["postings"] = made["postings"][:0]
    elif name == "short table":
        made["table"] = made["table"][:-2]
    elif name == "start":
        made["table"][2] += 1
    elif name == "count":
        made["table"][4] += np.uint64(1) << np.uint64(32)
    elif name == "key beyond the last":
        made["table"][-1] += np.uint64(1) << np.uint64(56)
    elif name == "rest":
        made["rests"][3] = 255
    elif name == "hot out of order":
        made["hot"] = made["hot"][::-1].copy()
    elif name == "hot out of range":
        made["hot"][-1] = 1 << 22
    elif name == "reference":
        made["postings"][2] = 255
    return made


@pytest.mark.parametrize(
    "name",
    [
        "missing", "type", "shape", "bits", "no bits", "short postings", "empty postings",
        "short table", "start", "count", "key beyond the last", "rest", "hot out of order",
        "hot out of range", "reference",
    ],
)  # fmt: skip
def test_arrays_that_no_run_could_have_given_are_refused(name: str) -> None:
    words = [*range(0, 4000, 7), *[5] * 300, *[80_000] * 300]
    index = Index()
    index.add(9, marks(words, list(range(len(words)))), start=0)
    (run,) = index.runs()[0]
    assert Run.of_arrays(run.arrays(), references=10).hot.tolist() == run.hot.tolist()
    with pytest.raises(InputError):
        Run.of_arrays(_damage(name, run.arrays()), references=10)


def test_a_run_of_a_reference_that_the_file_has_not_is_refused() -> None:
    index = Index()
    index.add(9, marks([1], [1]), start=0)
    (run,) = index.runs()[0]
    with pytest.raises(InputError, match="no sense"):
        Run.of_arrays(run.arrays(), references=9)


def test_a_reference_beyond_the_last_and_a_search_too_wide_are_refused() -> None:
    with pytest.raises(InputError, match="4096"):
        Index().add(4096, marks([1], [1]), start=0)
    with pytest.raises(InputError, match="frames at once"):
        Index().snapshot().candidates(marks([1], [1]), base=0, low=0, high=1 << 23, least=1)


def test_an_empty_index_and_an_empty_probe_meet_nothing() -> None:
    window = {"base": 0, "low": 0, "high": 9, "least": 1}
    assert Index().snapshot().candidates(marks([1], [1]), **window) == []
    assert filled([(1, 1, 1)]).snapshot().candidates(marks([], []), **window) == []
