"""Reference files, live folders, and references whose clocks go wrong."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError, StorageError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.audio import landmarks_of, peaks_of
from cautery.identify import ReferenceInfo, References
from cautery.identify.places import opened, place_of
from cautery.identify.references.container import MAGIC, Stored, map_arrays, write_arrays
from cautery.identify.references.hearing import Hearing
from cautery.identify.references.live_folder import LiveFolder
from cautery.identify.references.opening import load as load_references
from cautery.identify.references.rolling import Rolling
from cautery.identify.references.saved import save
from cautery.identify.references.volumes import split
from cautery.model import Decoded

T0 = 1_800_000_000.0
RNG = np.random.default_rng(5)
SOUND = RNG.standard_normal(400 * 8000).astype(np.float32) / 10


def media(start: float, seconds: float, *, pictures: bool = False) -> Decoded:
    count = int(seconds * 12.5) if pictures else 0
    return Decoded(
        audio=SOUND[int(start * 8000) : int((start + seconds) * 8000)],
        audio_s=0.0,
        luma=RNG.integers(0, 255, (count, 36, 64), np.uint8),
        luma_s=np.arange(count) / 12.5,
        duration_s=seconds,
    )


def references(*names: str, window_s: float = 600.0) -> References:
    return References(DEFAULT_RECIPE, [ReferenceInfo(id=one) for one in names], window_s)


def marks(held: References) -> set[tuple[int, int, int]]:
    return set(zip(*(one.tolist() for one in held.live.everything()), strict=True))


def words(held: References, name: str) -> dict[int, int]:
    return {
        first + k: int(word) for first, piece in held.codes(name) for k, word in enumerate(piece)
    }


def same(one: References, two: References) -> bool:
    """``two`` may still hold codes of the oldest minute, which go with its file."""
    return (
        marks(one) == marks(two)
        and [one.span(i.id) for i in one.infos] == [two.span(i.id) for i in two.infos]
        and all(words(one, i.id).items() <= words(two, i.id).items() for i in one.infos)
    )


@pytest.fixture(scope="module")
def held() -> References:
    made = References(
        DEFAULT_RECIPE,
        [ReferenceInfo(id="a"), ReferenceInfo(id="b", event="m"), ReferenceInfo(id="c")],
    )
    for start in range(0, 90, 6):
        made.add("a", media(start, 6), at_s=T0 + start)
        made.add("b", media(start + 100, 6, pictures=True), at_s=T0 + start)
    return made


@pytest.fixture
def saved(held: References, tmp_path: Path) -> Path:
    save(held, tmp_path / "x.ref")
    return tmp_path / "x.ref"


def test_sound_in_segments_gives_all_landmarks_of_the_whole() -> None:
    rounded = np.rint(SOUND[: 60 * 8000] * 16384).astype(np.float32) / 16384
    whole = landmarks_of(peaks_of(rounded, DEFAULT_RECIPE), DEFAULT_RECIPE)
    hearing = Hearing(DEFAULT_RECIPE, 1000)
    found: list[tuple[int, int]] = []
    for start in range(0, 60, 4):
        fresh = hearing.extend(SOUND[start * 8000 : (start + 4) * 8000])
        found += zip(
            (fresh.marks.frames + fresh.frame).tolist(), fresh.marks.words.tolist(), strict=True
        )
    assert set(zip((whole.frames + 1000).tolist(), whole.words.tolist(), strict=True)) <= set(found)
    assert len(found) == len(set(found))
    assert hearing.nbytes < 60_000


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), max_size=12))
def test_a_rolling_array_holds_what_a_dictionary_would(puts: list[tuple[int, int]]) -> None:
    held, plain, at = Rolling(), {}, 0
    for gap, count in puts:
        at += gap
        values = np.arange(at, at + count, dtype=np.uint32) * 7
        held.put(at, values)
        plain |= {at + k: int(values[k]) for k in range(count)}
        at += count
        held.drop(at - 50)
    kept = {first + k: int(v) for first, values in held.pieces() for k, v in enumerate(values)}
    assert {k: v for k, v in plain.items() if k >= at - 50} == {
        k: v for k, v in kept.items() if k >= at - 50
    }


def test_a_saved_file_maps_back_to_the_same_without_copies(held: References, saved: Path) -> None:
    again = load_references(saved, recipe=DEFAULT_RECIPE)
    assert same(held, again)
    assert not again.tracks[1].times[0].flags.writeable
    assert np.array_equal(again.pictures("b").cells, held.pictures("b").cells)  # type: ignore[union-attr]


def test_a_loaded_file_goes_on_where_it_stopped(saved: Path) -> None:
    again = load_references(saved)
    before = len(marks(again))
    again.add("a", media(90, 6), at_s=T0 + 90)
    assert len(marks(again)) > before
    assert again.span("a") == (T0, T0 + 96)


def test_a_file_of_version_1_says_build_again(tmp_path: Path) -> None:
    (tmp_path / "o.ref").write_bytes(b"CAUTREF1" + bytes(100))
    with pytest.raises(InputError, match="another version; this is version 2") as told:
        load_references(tmp_path / "o.ref")
    assert "Build it again" in told.value.hint


def test_any_other_file_is_called_no_reference_file(tmp_path: Path) -> None:
    for content in (b"", b"CAUT", b"RIFF" + bytes(100)):
        (tmp_path / "o.ref").write_bytes(content)
        with pytest.raises(InputError, match="not a Cautery reference file"):
            load_references(tmp_path / "o.ref")


@pytest.mark.parametrize("at", [0, 9, 13, 40, 9000, -1])
def test_a_flipped_byte_anywhere_is_noticed(saved: Path, at: int) -> None:
    data = bytearray(saved.read_bytes())
    data[at] ^= 0x41
    saved.write_bytes(data)
    with pytest.raises(InputError):
        load_references(saved)


@pytest.mark.parametrize("size", [0, 7, 15, 300, 5000, -1])
def test_a_file_cut_anywhere_is_refused(saved: Path, size: int) -> None:
    saved.write_bytes(saved.read_bytes()[:size])
    with pytest.raises(InputError):
        load_references(saved)


def forged(path: Path, said: bytes, rest: bytes = b"") -> Path:
    path.write_bytes(struct.pack("<8sII", MAGIC, len(said), zlib.crc32(said)) + said + rest)
    return path


@pytest.mark.parametrize(
    "said",
    [
        b"[" * 100_000,
        b'{"head": {"window_s": NaN}, "arrays": []}',
        b'{"head": [], "arrays": []}',
        b'{"head": {}, "arrays": [["x", "|O", [1], "0"]]}',
        b'{"head": {}, "arrays": [["x", "<u4", [1099511627776, 4], "0"]]}',
        b'{"head": {}, "arrays": [["x", "<u4", [-1], "0"]]}',
        b'{"head": {}, "arrays": [["x", "<u4", [0, 34359738368, 34359738368], "0"]]}',
        b'{"head": {}, "arrays": [["x", "<u4", [0], "0"], ["x", "<u4", [0], "0"]]}',
        b'{"head": {}, "arrays": [["x", "<u4", [0], "0"]]}',
        b'{"head": {"form": "references", "recipe": {}, "infos": [], "window_s": 1e999}}',
        b"\xff\xfe",
    ],
)
def test_a_hostile_head_is_refused(tmp_path: Path, said: bytes) -> None:
    with pytest.raises(InputError):
        load_references(forged(tmp_path / "h.ref", said))


def test_a_head_that_claims_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "h.ref").write_bytes(struct.pack("<8sII", MAGIC, 0xFFFFFFFF, 0) + bytes(64))
    with pytest.raises(InputError, match="too long"):
        load_references(tmp_path / "h.ref")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.ref")
    with pytest.raises(InputError, match="regular"):
        load_references(tmp_path / "p.ref")


@pytest.mark.parametrize("fault", ["reference", "time", "cells", "table"])
def test_what_a_right_checksum_covers_is_still_judged(
    saved: Path, tmp_path: Path, fault: str
) -> None:
    file = map_arrays(saved)
    arrays = {name: one.copy() for name, one in file.arrays.items()}
    if fault == "reference":
        arrays["codes.of"][:, 0] = 7
    elif fault == "time":
        arrays["times"][3] = np.nan
    elif fault == "cells":
        arrays["cells"][2] = np.inf
    else:
        arrays["codes.of"][0, 2] += 1
    write_arrays(tmp_path / "f.ref", file.head, [Stored.whole(*one) for one in arrays.items()])
    with pytest.raises(InputError):
        load_references(tmp_path / "f.ref")


def reforged(saved: Path, path: Path, **changes: object) -> Path:
    """The same arrays under a changed head, with right checksums."""
    file = map_arrays(saved)
    write_arrays(path, file.head | changes, [Stored.whole(*one) for one in file.arrays.items()])
    return path


@pytest.mark.parametrize(
    "change",
    [{"pairs": 1.5}, {"rank_limit": []}, {"near_frames": 1 << 70}, {"hop": 0}, {"more": 1},
     {"low_hz": True}],
)  # fmt: skip
def test_a_recipe_of_other_kinds_of_numbers_is_refused(
    saved: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    recipe = map_arrays(saved).head["recipe"] | change
    with pytest.raises(InputError, match="is not valid"):
        load_references(reforged(saved, tmp_path / "r.ref", recipe=recipe))


def test_another_recipe_is_refused_by_what_differs(saved: Path, tmp_path: Path) -> None:
    path = reforged(
        saved, tmp_path / "r.ref", recipe=map_arrays(saved).head["recipe"] | {"pairs": 7}
    )
    with pytest.raises(InputError, match=r"another recipe \(pairs 7, expected 5\)"):
        load_references(path, recipe=DEFAULT_RECIPE)


@pytest.mark.parametrize("field", ["id", "event", "licensee", "territory"])
def test_a_name_in_a_file_does_not_steer_the_terminal(
    saved: Path, tmp_path: Path, field: str
) -> None:
    infos = [dict(one) for one in map_arrays(saved).head["infos"]]
    infos[0][field] = "a\x1b[2J"
    with pytest.raises(InputError, match="is not valid"):
        load_references(reforged(saved, tmp_path / "r.ref", infos=infos))


def test_a_file_that_cannot_be_written_leaves_nothing(held: References, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        save(held, tmp_path / "no" / "x.ref")
    (tmp_path / "d.ref").mkdir()
    with pytest.raises(StorageError):
        save(held, tmp_path / "d.ref")
    assert [one.name for one in tmp_path.iterdir()] == ["d.ref"]


def test_a_feed_far_ahead_is_refused_and_evicts_nobody() -> None:
    held = references("a", "b", "c")
    for start in range(0, 60, 6):
        for name in "ab":
            held.add(name, media(start, 6), at_s=T0 + start)
    before = marks(held)
    for _ in range(5):
        with pytest.raises(InputError, match="ahead"):
            held.add("c", media(0, 6), at_s=T0 + 86_400)
    assert marks(held) == before
    held.add("c", media(60, 6), at_s=T0 + 60)
    assert held.span("c") == (T0 + 60, T0 + 66)


def test_when_all_clocks_are_put_forward_they_are_believed_soon() -> None:
    held = references("a", "b", "c")
    for name in "abc":
        held.add(name, media(0, 6), at_s=T0)
    refused = 0
    for start in range(0, 24, 6):
        for name in "abc":
            try:
                held.add(name, media(start, 6), at_s=T0 + 7200 + start)
            except InputError:
                refused += 1
    assert refused <= 3
    assert all(held.span(name)[1] == T0 + 7224 for name in "abc")  # type: ignore[index]
    assert min(frame for _, _, frame in marks(held)) > 6000 * 62.5


@pytest.mark.parametrize("names", ["a", "ab"])
def test_a_feed_that_leaps_about_takes_bounded_memory(names: str) -> None:
    held = references(*names, window_s=60.0)
    leaps = np.random.default_rng(2)
    for step in range(60):
        if len(names) > 1:
            held.add("b", media(0, 6), at_s=T0 + 6 * step)
        try:
            held.add("a", media(10, 6), at_s=T0 + float(leaps.uniform(-1e6, 1e6)))
        except InputError as error:
            assert "ahead" in str(error)  # noqa: PT017 - it may or may not be
    assert len(held.live.runs()) <= 12
    if len(names) > 1:
        _, high = held.span("b")  # type: ignore[misc]
        mine = {frame for _, number, frame in marks(held) if number == 1}
        assert high == T0 + 360
        assert max(mine) - min(mine) > 50 * 62.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e300, 1e12])
def test_a_time_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(InputError):
        references("a").add("a", media(0, 6), at_s=bad)


def test_adding_to_one_of_many_does_not_look_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    held = references(*(f"c{k}" for k in range(2500)))
    held.add("c0", media(0, 6), at_s=T0)
    looked: list[int] = []
    for number, track in enumerate(held.tracks):
        monkeypatch.setattr(track, "expire", lambda *_, number=number: looked.append(number))
    held.add("c7", media(6, 6), at_s=T0 + 6)
    assert looked == [7]


def test_a_live_folder_gives_readers_what_its_writer_holds(tmp_path: Path) -> None:
    infos = [ReferenceInfo(id="a"), ReferenceInfo(id="b", event="m")]
    with LiveFolder(tmp_path / "l.ref", DEFAULT_RECIPE, infos, 60.0) as live:
        for start in range(0, 240, 12):
            live.references.add("a", media(start, 12), at_s=T0 + start)
            live.references.add("b", media(start, 12, pictures=True), at_s=T0 + start)
            live.roll()
        reader = load_references(tmp_path / "l.ref")
        assert same(live.references, reader)
        kept, seen = reader.pictures("b"), live.references.pictures("b")
        assert kept is not None
        assert seen is not None
        assert set(seen.times) <= set(kept.times)
        assert len(list((tmp_path / "l.ref").glob("*.slice"))) <= 16
        with pytest.raises(InputError, match="another process"):
            LiveFolder(tmp_path / "l.ref", DEFAULT_RECIPE, infos, 60.0)
    with LiveFolder(tmp_path / "l.ref", DEFAULT_RECIPE, infos, 60.0) as again:
        assert same(again.references, reader)
        again.references.add("a", media(240, 6), at_s=T0 + 300)
        again.roll()
        assert load_references(tmp_path / "l.ref").span("a")[1] == T0 + 306  # type: ignore[index]


def test_a_worker_maps_again_only_when_the_generation_changes(tmp_path: Path) -> None:
    with LiveFolder(tmp_path / "l.ref", DEFAULT_RECIPE, [ReferenceInfo(id="a")]) as live:
        live.references.add("a", media(0, 12), at_s=T0)
        live.roll()
        one = opened(place_of(tmp_path / "l.ref"))
        assert opened(place_of(tmp_path / "l.ref")) is one
        live.references.add("a", media(12, 12), at_s=T0 + 12)
        live.roll()
        two = opened(place_of(tmp_path / "l.ref"))
        assert len(marks(two)) > len(marks(one))


WRITER = """
import sys
from pathlib import Path
import numpy as np
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo
from cautery.identify.references.live_folder import LiveFolder
from cautery.model import Decoded
sound = np.random.default_rng(int(sys.argv[2])).standard_normal(6 * 8000).astype(np.float32) / 10
none = np.empty((0, 36, 64), np.uint8)
with LiveFolder(Path(sys.argv[1]), DEFAULT_RECIPE, [ReferenceInfo(id="a")], 60.0) as live:
    span = live.references.span("a")
    at = 1.8e9 if span is None else span[1] + 6
    print("up", flush=True)
    while True:
        live.references.add("a", Decoded(audio=sound, audio_s=0.0, luma=none, luma_s=np.empty(0), duration_s=6.0), at_s=at)
        live.roll()
        print(at + 6, flush=True)
        at += 6
"""


def test_a_writer_killed_at_any_moment_leaves_a_folder_that_goes_on(tmp_path: Path) -> None:
    folder, told_s = tmp_path / "l.ref", 0.0
    for turn in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(turn)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert writer.stdout is not None
        assert writer.stdout.readline() == "up\n"
        time.sleep(float(np.random.default_rng(turn).uniform(0.0, 0.6)))
        os.kill(writer.pid, signal.SIGKILL)
        said = [float(line) for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        writer.stdout.close()
        told_s = max([told_s, *said])
        held = load_references(folder)
        span = held.span("a")
        assert (span[1] if span else 0.0) >= told_s
        if span:
            newest = max(frame for _, _, frame in marks(held)) / 62.5 + held.origin_s(works=False)
            assert newest > told_s - 6
    with LiveFolder(folder, DEFAULT_RECIPE, [ReferenceInfo(id="a")], 60.0):
        names = {one.name for one in folder.iterdir()}
    assert not [one for one in names if one.startswith(".writing-")]


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 7))
def test_shards_keep_families_whole_and_lose_nobody(events: list[int], count: int) -> None:
    infos = [
        ReferenceInfo(id=f"r{k}", event=str(one) if one < 10 else None)
        for k, one in enumerate(events)
    ]
    shards = split(infos, count)
    assert len(shards) == count
    assert sorted(one.id for shard in shards for one in shard) == sorted(i.id for i in infos)
    homes: dict[str, set[int]] = {}
    for at, shard in enumerate(shards):
        for one in shard:
            homes.setdefault(one.family, set()).add(at)
    assert all(len(one) == 1 for one in homes.values())


def test_the_manifest_of_another_folder_is_no_reference_file(tmp_path: Path) -> None:
    with LiveFolder(tmp_path / "l.ref", DEFAULT_RECIPE, [ReferenceInfo(id="a")]) as live:
        live.references.add("a", media(0, 12), at_s=T0)
        live.roll()
    with pytest.raises(InputError, match="live folder"):
        load_references(tmp_path / "l.ref" / "manifest")
    next((tmp_path / "l.ref").glob("*.slice")).unlink()
    with pytest.raises(InputError, match="is missing"):
        load_references(tmp_path / "l.ref")


def test_a_folder_of_something_else_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds 'thesis\.txt'"):
        LiveFolder(tmp_path, DEFAULT_RECIPE, [ReferenceInfo(id="a")])
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_writer_killed_before_its_first_manifest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "writer").touch()
    (tmp_path / ".writing-manifest-x").write_bytes(b"half")
    with LiveFolder(tmp_path, DEFAULT_RECIPE, [ReferenceInfo(id="a")]):
        assert sorted(one.name for one in tmp_path.iterdir()) == ["manifest", "writer"]
