"""References heard in several folders answer as those of one process that heard all feeds."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.observe import alignment, observe
from cautery.identify.references.container import map_arrays, write_arrays
from cautery.identify.references.folders import Folders, Part, in_one_order
from cautery.identify.references.live_folder import LiveFolder
from cautery.identify.references.manifest import MANIFEST
from cautery.identify.references.saved import save
from cautery.identify.references.volumes import split
from cautery.model import Decoded

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
T0 = 1_800_000_000.0
ORIGIN_S = T0 - 100
RATE, SECONDS, STEP = 8000, 150, 6
INFOS = in_one_order(
    [
        ReferenceInfo(id="film", kind="work"),
        ReferenceInfo(id="event:m", event="m", clean=True, kind="event"),
        ReferenceInfo(id="fr", event="m", territory="FR"),
        ReferenceInfo(id="news"),
        ReferenceInfo(id="talk"),
        ReferenceInfo(id="songs"),
        ReferenceInfo(id="late"),
    ]
)
LIVE = tuple(info for info in INFOS if info.kind != "work")


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


def pictures(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    scenes = rng.integers(0, 255, (SECONDS // 3 + 1, 9, 16), np.uint8)
    shown = np.repeat(scenes, 3 * 12, axis=0)[: SECONDS * 12]
    moved = np.stack([np.roll(one, k % 12, axis=1) for k, one in enumerate(shown)])
    return moved.repeat(4, axis=1).repeat(4, axis=2)


SOUND = {info.id: music(k, SECONDS) for k, info in enumerate(INFOS)}
SOUND["talk"][40 * RATE : 60 * RATE] = SOUND["news"][90 * RATE : 110 * RATE]  # an advert of both
SEEN = {"event:m": pictures(1), "fr": pictures(1), "film": pictures(2)}


def media(name: str, start: float, seconds: float, audio: np.ndarray | None = None) -> Decoded:
    shown = SEEN.get(name)
    luma = (
        np.empty((0, 36, 64), np.uint8)
        if shown is None
        else shown[int(start * 12) : int((start + seconds) * 12)]
    )
    sound = SOUND[name] if audio is None else audio
    return Decoded(
        audio=sound[int(start * RATE) : int((start + seconds) * RATE)],
        audio_s=0.0,
        luma=luma,
        luma_s=np.arange(len(luma)) / 12,
        duration_s=seconds,
    )


def fed(held: References, infos: tuple[ReferenceInfo, ...], start: float) -> None:
    for info in infos:
        held.add(info.id, media(info.id, start, STEP), at_s=T0 + start)


def merged(path: Path, heard: list[tuple[ReferenceInfo, ...]]) -> Folders:
    parts = {
        str(at): Part(path / str(at), frozenset(info.id for info in infos))
        for at, infos in enumerate(heard)
    }
    parts["works"] = Part(path / "works.ref", frozenset({"film"}))
    return Folders(DEFAULT_RECIPE, INFOS, 420.0, origin_s=ORIGIN_S, parts=parts)


def folder(path: Path) -> LiveFolder:
    return LiveFolder(path, DEFAULT_RECIPE, LIVE, 420.0, origin_s=ORIGIN_S)


def works() -> References:
    held = References(DEFAULT_RECIPE, INFOS, 420.0)
    held.set_origin(ORIGIN_S)
    held.add("film", media("film", 0, SECONDS), at_s=0.0)
    return held


@pytest.fixture(scope="module")
def one_process() -> References:
    held = works()
    for start in range(0, SECONDS, STEP):
        fed(held, LIVE, start)
    return held


@pytest.fixture(scope="module")
def shared_out(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Folders]:
    made = {}
    for count in (1, 2, 4):
        path = tmp_path_factory.mktemp(f"in-{count}")
        heard = split(LIVE, count)
        save(works(), path / "works.ref")
        made[count] = merged(path, heard)
        writers = [folder(path / str(at)) for at in range(count)]
        for start in range(0, SECONDS, STEP):
            for writer, infos in zip(writers, heard, strict=True):
                fed(writer.references, infos, start)
                if start % 12 == 0:
                    writer.roll()
            if start == 60:
                made[count].refresh()  # what follows is mapped beside what is mapped by now
        for writer in writers:
            writer.roll()
            writer.close()
        assert made[count].refresh()
        assert not made[count].refresh()
        assert not made[count].faults
    return made


def heard_as(name: str, start: float, seconds: float, how: str) -> Decoded:
    audio = SOUND.get(name, music(77, SECONDS)).copy()
    if how == "a voice over it":
        audio += music(5 + int(start), SECONDS)
    if how == "faster":
        at = np.arange(0, len(audio) - 1, 1.04)
        audio = np.interp(at, np.arange(len(audio)), audio).astype(np.float32)
        start = min(start, SECONDS / 1.04 - seconds)
    return media(name, start, seconds, audio)


# To look for a smaller probe that differs takes minutes and says no more.
@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    name=st.sampled_from([*SOUND, "of nobody"]),
    start=st.floats(0, SECONDS - 16),
    seconds=st.sampled_from([6.0, 10.0, 15.0]),
    how=st.sampled_from(["plain", "a voice over it", "faster"]),
    after_s=st.sampled_from([None, 20.0]),
    hints=st.sampled_from([(), ("news",), ("fr", "film")]),
)
def test_any_probe_is_observed_alike_in_one_two_and_four_folders(  # noqa: PLR0917 - drawn
    one_process: References,
    shared_out: dict[int, Folders],
    name: str,
    start: float,
    seconds: float,
    how: str,
    after_s: float | None,
    hints: tuple[str, ...],
) -> None:
    probe = heard_as(name, start, seconds, how)
    at_s = None if after_s is None else T0 + start + after_s
    seen = {
        count: observe(probe, folders.references, media_at_s=at_s, at=NOON, hints=hints)
        for count, folders in shared_out.items()
    }
    assert seen[2] == seen[1]
    assert seen[4] == seen[1]
    assert seen[1] == observe(probe, one_process, media_at_s=at_s, at=NOON, hints=hints)


def test_alignment_and_pictures_of_all_feeds_are_those_of_one_process(
    one_process: References, shared_out: dict[int, Folders]
) -> None:
    probe = media("fr", 60, 15)
    for folders in shared_out.values():
        held = folders.references
        seen = observe(probe, held, media_at_s=T0 + 70, at=NOON)
        assert {witness.kind for witness in seen.witnesses} >= {"sound", "picture"}
        for witness in seen.witnesses[:2]:
            assert alignment(probe, held, witness, media_at_s=T0 + 70) == alignment(
                probe, one_process, witness, media_at_s=T0 + 70
            )
        times, luma = held.luma_between("fr", T0 + 60, T0 + 63)
        expected = one_process.luma_between("fr", T0 + 60, T0 + 63)
        np.testing.assert_array_equal(times, expected[0])
        np.testing.assert_array_equal(luma, expected[1])
        assert held.span("fr") == one_process.span("fr")


def two(tmp_path: Path) -> tuple[Folders, list[LiveFolder]]:
    heard = split(LIVE, 2)
    writers = [folder(tmp_path / str(at)) for at in range(2)]
    for start in range(0, 60, STEP):
        for writer, infos in zip(writers, heard, strict=True):
            fed(writer.references, infos, start)
    for writer in writers:
        writer.roll()
    return merged(tmp_path, heard), writers


def found(folders: Folders) -> set[str]:
    """Return the references that answer to their own sound."""
    return {
        info.id
        for info in LIVE
        if any(
            witness.reference == info.id and witness.kind == "sound"
            for witness in observe(
                media(info.id, 20, 10), folders.references, media_at_s=None, at=NOON
            ).witnesses
        )
    }


def test_a_folder_that_is_missing_is_silent_and_the_others_answer(tmp_path: Path) -> None:
    folders, _ = two(tmp_path)
    shutil.rmtree(tmp_path / "0")
    assert folders.refresh()
    assert found(folders) == {info.id for info in split(LIVE, 2)[1]}
    assert not folders.faults


def test_a_damaged_file_leaves_its_shard_out_until_it_is_mended(tmp_path: Path) -> None:
    folders, _ = two(tmp_path)
    path = next((tmp_path / "1").glob("s*.slice"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + b"xx")
    folders.refresh()
    assert found(folders) == {info.id for info in split(LIVE, 2)[0]}
    assert "shard 1" in folders.faults["1"]
    assert "damaged" in folders.faults["1"]
    path.unlink()
    path.write_bytes(whole)
    assert folders.refresh()
    assert not folders.faults
    assert found(folders) == {info.id for info in LIVE}


def test_a_manifest_that_names_a_file_nobody_has_leaves_its_shard_out(tmp_path: Path) -> None:
    folders, _ = two(tmp_path)
    next((tmp_path / "1").glob("s*.slice")).unlink()
    folders.refresh()
    assert "missing" in folders.faults["1"]
    assert found(folders) == {info.id for info in split(LIVE, 2)[0]}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda head: head["recipe"].update(rank_frames=30), "another recipe (rank_frames 30"),
        (lambda head: head["infos"][0].update(id="other"), "made for other references"),
        (lambda head: head.update(origin_s=T0), "from another moment"),
        (lambda head: head.update(spans=3), "not valid"),
    ],
)
def test_a_folder_of_another_night_is_refused_by_name(tmp_path: Path, change, why: str) -> None:  # type: ignore[no-untyped-def]
    folders, _ = two(tmp_path)
    path = tmp_path / "0" / MANIFEST
    head = map_arrays(path).head
    change(head)
    write_arrays(path, head, ())
    folders.refresh()
    assert why in folders.faults["0"]
    assert found(folders) == {info.id for info in split(LIVE, 2)[1]}


def test_a_folder_that_speaks_of_what_another_hears_is_left_out(tmp_path: Path) -> None:
    folders, writers = two(tmp_path)
    other = split(LIVE, 2)[1][-1]
    writers[0].references.add(other.id, media(other.id, 0, STEP), at_s=T0)
    writers[0].roll()
    folders.refresh()
    assert f"it speaks of {other.id}" in folders.faults["0"]


def test_what_a_writer_that_is_gone_left_expires_with_the_others_time(tmp_path: Path) -> None:
    gone = ("songs",)
    others = tuple(info for info in LIVE if info.id not in gone)
    folders = merged(tmp_path, [others, tuple(info for info in LIVE if info.id in gone)])
    with folder(tmp_path / "0") as lasting, folder(tmp_path / "1") as ending:
        fed(ending.references, tuple(info for info in LIVE if info.id in gone), 0)
        ending.roll()
        folders.refresh()
        assert folders.references.codes("songs")
        for start in range(0, 900, 150):
            for info in others:
                lasting.references.add(info.id, media(info.id, 0, SECONDS), at_s=T0 + start)
        lasting.roll()
        folders.refresh()
    assert not folders.references.codes("songs")
    assert min(folders.references.live.runs()) >= (900 - 420) * 62.5 // 4096


def test_one_reference_has_one_home(tmp_path: Path) -> None:
    part = Part(tmp_path, frozenset({"news"}))
    with pytest.raises(InputError, match="two shards"):
        Folders(DEFAULT_RECIPE, INFOS, 420.0, origin_s=0.0, parts={"0": part, "1": part})
    with pytest.raises(InputError, match="is no reference"):
        Folders(
            DEFAULT_RECIPE, INFOS, 420.0, origin_s=0.0, parts={"0": Part(tmp_path, frozenset("x"))}
        )


def test_a_writer_that_comes_back_counts_as_before(tmp_path: Path) -> None:
    _, writers = two(tmp_path)
    writers[0].close()
    with pytest.raises(InputError, match="another moment"):
        LiveFolder(tmp_path / "0", DEFAULT_RECIPE, LIVE, 420.0, origin_s=ORIGIN_S + 1)
    with folder(tmp_path / "0") as again:
        assert again.references.origin_s(works=False) == ORIGIN_S
