"""Reference files put together into one: the same as if all had been built at once."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.index import MOST_REFERENCES
from cautery.identify import ReferenceInfo, References
from cautery.identify.references import container, joining
from cautery.identify.references.joining import join
from cautery.identify.references.opening import load
from cautery.identify.references.saved import save
from cautery.model import Decoded

RNG = np.random.default_rng(11)
SOUND = RNG.standard_normal(240 * 8000).astype(np.float32) / 10
NAMES = ("film", "match", "song", "news", "play")


def media(number: int) -> Decoded:
    """Return 80 s, which are two slices; every second reference has pictures."""
    count = 60 if number % 2 else 0
    return Decoded(
        audio=SOUND[30 * number * 8000 :][: 80 * 8000],
        audio_s=0.0,
        luma=np.random.default_rng(number).integers(0, 255, (count, 36, 64), np.uint8),
        luma_s=np.arange(count) / 12.5,
        duration_s=80.0,
    )


def built(names: tuple[str, ...]) -> References:
    made = References(DEFAULT_RECIPE, [ReferenceInfo(id=name, kind="work") for name in names])
    for name in names:
        made.add(name, media(NAMES.index(name)), at_s=0.0)
    return made


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.ref" for name in NAMES]
    for name, path in zip(NAMES, paths, strict=True):
        save(built((name,)), path)
    return paths


def marks(references: References, *, works: bool) -> set[tuple[int, int, int]]:
    index = references.works if works else references.live
    return set(zip(*(column.tolist() for column in index.everything()), strict=True))


def same(one: References, two: References) -> bool:
    if one.infos != two.infos or marks(one, works=True) != marks(two, works=True):
        return False
    for info in one.infos:
        (first, words), (second, others) = one.codes(info.id)[0], two.codes(info.id)[0]
        pictures, other_pictures = one.pictures(info.id), two.pictures(info.id)
        if one.span(info.id) != two.span(info.id) or first != second:
            return False
        if not np.array_equal(words, others) or (pictures is None) != (other_pictures is None):
            return False
        if pictures is not None and not np.array_equal(pictures.cells, other_pictures.cells):
            return False
    return True


def test_files_put_together_hold_what_is_built_at_once(parts: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all.ref"
    join(None, parts, out, recipe=DEFAULT_RECIPE, room=tmp_path)
    loaded = load(out)
    assert [info.id for info in loaded.infos] == list(NAMES)
    assert same(built(NAMES), loaded)
    assert all(len(runs) == 1 for runs in loaded.works.runs().values())


def test_a_file_grows_by_others_under_its_own_name(parts: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all.ref"
    save(built(NAMES[:3]), out)
    join(load(out), parts[3:], out, recipe=DEFAULT_RECIPE, room=tmp_path)
    assert same(built(NAMES), load(out))


def test_who_had_the_file_open_keeps_what_was_opened(parts: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "all.ref"
    save(built(NAMES[:3]), out)
    reader = load(out, verify=False)
    join(load(out), parts[3:], out, recipe=DEFAULT_RECIPE, room=tmp_path)
    assert same(built(NAMES[:3]), reader)


def test_more_files_than_may_be_open_are_put_together_in_groups(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "MOST_OPEN", 2)
    room, out = tmp_path / "room", tmp_path / "all.ref"
    room.mkdir()
    join(None, parts, out, recipe=DEFAULT_RECIPE, room=room)
    assert len(list(room.iterdir())) == 3 + 2
    assert same(built(NAMES), load(out))


def test_a_hundred_files_take_few_descriptors(tmp_path: Path) -> None:
    paths = []
    for number in range(100):
        single = References(DEFAULT_RECIPE, [ReferenceInfo(id=f"r{number}", kind="work")])
        paths.append(tmp_path / f"{number}.ref")
        save(single, paths[-1])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = max(int(name) for name in os.listdir("/proc/self/fd")) + 1  # noqa: PTH208
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken + joining.MOST_OPEN + 10, hard))
    try:
        join(None, paths, tmp_path / "all.ref", recipe=DEFAULT_RECIPE, room=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(load(tmp_path / "all.ref").infos) == 100


def test_recordings_are_added_to_a_live_window_which_keeps_its_clock(
    parts: list[Path], tmp_path: Path
) -> None:
    live = References(DEFAULT_RECIPE, [ReferenceInfo(id="arena")], window_s=900.0)
    live.add("arena", media(0), at_s=1_800_000_000.0)
    out = tmp_path / "all.ref"
    save(live, out)
    join(load(out), parts[:1], out, recipe=DEFAULT_RECIPE, room=tmp_path)
    loaded = load(out)
    assert loaded.window_s == 900.0
    assert loaded.span("arena") == live.span("arena")
    assert marks(loaded, works=False) == marks(live, works=False)
    expected = {(word, 1, frame) for word, _, frame in marks(load(parts[0]), works=True)}
    assert marks(loaded, works=True) == expected


def test_a_live_window_is_not_added_to_recordings(parts: list[Path], tmp_path: Path) -> None:
    save(References(DEFAULT_RECIPE, [ReferenceInfo(id="arena")]), tmp_path / "live.ref")
    with pytest.raises(InputError, match="only recordings"):
        join(
            load(parts[0]), [tmp_path / "live.ref"], tmp_path / "all.ref",
            recipe=DEFAULT_RECIPE, room=tmp_path,
        )  # fmt: skip
    assert not (tmp_path / "all.ref").exists()


def test_more_references_than_a_file_numbers_are_refused(tmp_path: Path) -> None:
    infos = [ReferenceInfo(id=f"r{number}", kind="work") for number in range(MOST_REFERENCES)]
    save(References(DEFAULT_RECIPE, infos), tmp_path / "full.ref")
    save(built(NAMES[:1]), tmp_path / "film.ref")
    with pytest.raises(InputError, match="4,097 references; one file holds at most 4,096"):
        join(
            load(tmp_path / "full.ref"), [tmp_path / "film.ref"], tmp_path / "full.ref",
            recipe=DEFAULT_RECIPE, room=tmp_path,
        )  # fmt: skip
    assert len(load(tmp_path / "full.ref").infos) == MOST_REFERENCES


def test_a_file_that_would_be_too_large_is_not_written(
    parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(tmp_path.iterdir())
    loaded = {path: load(path) for path in parts}
    monkeypatch.setattr(joining, "load", lambda path, recipe: loaded[path])
    monkeypatch.setattr(container, "MOST_BYTES", 50_000)
    with pytest.raises(InputError, match="it would hold more than"):
        join(None, parts, tmp_path / "all.ref", recipe=DEFAULT_RECIPE, room=tmp_path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("first", [1, 4000])
def test_a_run_under_other_numbers_is_the_run_of_other_references(first: int) -> None:
    run = built(("film",)).works.runs()[0][0]
    assert ((run.renumbered(first).items() - run.items()) == first << 12).all()
    assert len(run.items()) > 1000


def test_a_number_that_no_posting_can_hold_is_refused() -> None:
    run = built(("film",)).works.runs()[0][0]
    with pytest.raises(InputError, match="4096"):
        run.renumbered(MOST_REFERENCES)


_JOINS = """
import sys
from pathlib import Path
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.joining import join
from cautery.identify.references.opening import load

folder = Path(sys.argv[1])
parts = [folder / f"{name}.ref" for name in ("news", "play")]
print("begins", flush=True)
while True:
    join(load(folder / "old.ref"), parts, folder / "all.ref", recipe=DEFAULT_RECIPE, room=folder)
"""


def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new_file(
    parts: list[Path], tmp_path: Path
) -> None:
    for name in ("old.ref", "all.ref"):
        save(built(NAMES[:3]), tmp_path / name)
    seen = set()
    for pause_s in (0.0, 0.01, 0.1):
        writer = subprocess.Popen(
            [sys.executable, "-c", _JOINS, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(pause_s)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        seen.add(len(load(tmp_path / "all.ref").infos))
    assert seen <= {3, 5}
