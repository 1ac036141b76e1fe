"""References that a home publishes are copied by all nodes, whatever the shelf or the disk do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared_references import KEY, T0, FailingShelf, infos, music, sound

from cautery.adapters._job_sealing import MOST_BYTES
from cautery.errors import ConflictError, InputError, StorageError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.live_folder import LiveFolder
from cautery.workflows.media.authenticated import opened_text, sealed_text
from cautery.workflows.media.copies import Copy
from cautery.workflows.media.layout import (
    LAYOUT,
    Layout,
    layout_bytes,
    layout_from,
    layout_json,
    layout_of,
    opened_layout,
)
from cautery.workflows.media.published import (
    LIST,
    MOST_FILES,
    Listed,
    ListedFile,
    Said,
    list_bytes,
    list_of,
)
from cautery.workflows.media.publishing import GRACE_S, Publisher, manifest_name
from cautery.workflows.media.pulling import Pulling
from cautery.workflows.media.shard_jobs import HearQuestion, ShardFeed, hear_from, hear_json
from cautery.workflows.media.sharing_out import Shared, share_out

CASE = "0123abcd"
LAYOUT_OF_TWO = layout_of(infos(4), case=CASE, count=2, window_s=60.0, origin_s=T0)
SHARDS = tuple(LAYOUT_OF_TWO.shards)


class Home:
    """Hears and publishes one shard, as a node does."""

    def __init__(
        self,
        path: Path,
        shelf: Any,
        shard: str,
        *,
        run: tuple[int, int] = (1, 0),
        layout: Layout = LAYOUT_OF_TWO,
    ) -> None:
        self.live = LiveFolder(
            path / shard.rpartition("/")[2],
            DEFAULT_RECIPE,
            layout.live,
            layout.window_s,
            origin_s=layout.origin_s,
        )
        self.publisher = Publisher(shelf, shard, KEY)
        self.listed = Listed(run=run, serial=0, node="home", at_s=T0)
        self.names = layout.shards[shard]

    def hear(self, start: float, seconds: float = 6) -> None:
        for at, name in enumerate(self.names):
            part = sound(music(at, 90), start % 60, seconds)
            self.live.references.add(name, part, at_s=T0 + start)

    def publish(self, now_s: float = 0.0, *, filled: bool = True) -> None:
        self.live.roll()
        *slices, manifest = self.live.files
        files = {path.name: path for path in slices}
        files[manifest_name(manifest)] = manifest
        self.listed = self.publisher.publish(
            replace(self.listed, serial=self.listed.serial + 1, filled=filled, files=()),
            files,
            now_s=now_s,
        )


@pytest.fixture
def shelf(tmp_path: Path) -> FailingShelf:
    made = FailingShelf(tmp_path / "shelf")
    made.replace(f"{CASE}/{LAYOUT}", layout_bytes(LAYOUT_OF_TWO, case=CASE, key=KEY), version=None)
    return made


@pytest.fixture
def homes(tmp_path: Path, shelf: FailingShelf) -> list[Home]:
    (tmp_path / "homes").mkdir()
    made = [Home(tmp_path / "homes", shelf, shard) for shard in SHARDS]
    for home in made:
        home.hear(0)
        home.publish()
    return made


def pulling(tmp_path: Path, shelf: FailingShelf, told: list[str], **more: Any) -> Pulling:
    return Pulling(
        shelf, CASE, tmp_path / "copies", KEY, DEFAULT_RECIPE, told.append, spare_bytes=0, **more
    )


def held(node: Pulling) -> dict[str, float]:
    """Return until when the node holds each reference's sound, from the beginning."""
    spans = {info.id: node.references.span(info.id) for info in node.references.infos}
    return {name: round(span[1] - T0, 1) for name, span in spans.items() if span is not None}


def test_a_node_holds_what_all_homes_publish_and_keeps_up(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = pulling(tmp_path, shelf, told := [])
    assert node.pull()
    assert held(node) == {"ch0": 6, "ch1": 6, "ch2": 6, "ch3": 6}
    assert not node.pull()
    homes[0].hear(6)
    homes[0].publish()
    assert node.pull()
    assert held(node) == {name: 12 if name in homes[0].names else 6 for name in held(node)}
    assert set(node.shards()) == set(SHARDS)
    assert not told


def test_a_node_knows_that_a_shard_is_missing_until_its_next_home_has_what_the_feeds_have(
    tmp_path: Path, shelf: FailingShelf
) -> None:
    now = 100.0
    node = pulling(tmp_path, shelf, [], timer=lambda: now)
    assert node.behind()
    (tmp_path / "homes").mkdir()
    homes = [Home(tmp_path / "homes", shelf, shard) for shard in SHARDS]
    homes[0].hear(0)
    homes[0].publish()
    node.pull()
    assert node.behind()  # of the other one nothing is here
    homes[1].hear(0)
    homes[1].publish(filled=False)
    node.pull()
    assert node.behind()
    homes[1].publish()
    node.pull()
    assert not node.behind()
    now += 9.0
    homes[0].publish()
    node.pull()
    assert not node.behind()
    now += 2.0  # the other one has been silent for eleven seconds
    assert node.behind()
    homes[1].publish()  # its feeds have nothing new
    node.pull()
    assert not node.behind()


def test_what_expired_goes_here_at_once_and_from_the_shelf_when_nobody_can_be_copying_it(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = pulling(tmp_path, shelf, [])
    node.pull()
    first = {entry.name for entry in homes[0].listed.files}
    for start in range(6, 258, 6):  # what was heard first leaves the window
        homes[0].hear(start)
    homes[0].publish(now_s=10.0)
    assert not first & {entry.name for entry in homes[0].listed.files}
    node.pull()
    here = {path.name for path in (tmp_path / "copies" / SHARDS[0].rpartition("/")[2]).iterdir()}
    assert here == {entry.name for entry in homes[0].listed.files} | {"manifest"}
    on_shelf = {name.rpartition("/")[2] for name in shelf.names(SHARDS[0])}
    assert first <= on_shelf
    homes[0].hear(258)
    homes[0].publish(now_s=11.0 + GRACE_S)
    assert not first & {name.rpartition("/")[2] for name in shelf.names(SHARDS[0])}


def test_a_shelf_that_is_away_for_a_while_is_said_once_and_the_node_goes_on(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = pulling(tmp_path, shelf, told := [])
    node.pull()
    shelf.away = True
    homes[0].hear(6)
    for _ in range(30):
        assert not node.pull()
        with pytest.raises(StorageError):
            homes[0].publish()
    assert held(node) == dict.fromkeys(held(node), 6)
    assert "503" in str(node.away)
    assert not node.damaged
    assert len(told) == 1
    shelf.away = False
    homes[0].publish()
    assert node.pull()
    assert node.away is None
    assert held(node)[homes[0].names[0]] == 12
    assert told[1:] == [f"the references of case {CASE} can be reached again"]


@pytest.mark.parametrize("writes", range(4))
def test_a_home_that_dies_while_it_publishes_leaves_what_was_published(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home], writes: int
) -> None:
    homes[0].hear(6)
    shelf.writes_left = writes
    complete = writes == 3  # a slice, the manifest, the list
    if complete:
        homes[0].publish()
    else:
        with pytest.raises(StorageError, match="full"):
            homes[0].publish()
    shelf.writes_left = 1 << 30
    homes[0].live.close()
    node = pulling(tmp_path, shelf, told := [])
    node.pull()
    assert held(node)[homes[0].names[0]] == (12 if complete else 6)
    assert not told
    # Another goes on with what is there, and removes what nobody lists.
    copy = Copy(shelf, SHARDS[0], tmp_path / "next" / SHARDS[0].rpartition("/")[2], KEY, 0)
    copy.pull()
    again = Home(tmp_path / "next", shelf, SHARDS[0], run=(1, 1))
    again.hear(0, 18)  # the playlist's window, from its beginning
    again.publish()
    again.publish(now_s=GRACE_S + 1)
    node.pull()
    assert held(node)[homes[0].names[0]] == 18
    listed = {entry.name for entry in again.listed.files} | {LIST}
    assert {name.rpartition("/")[2] for name in shelf.names(SHARDS[0])} == listed


def test_an_earlier_run_ends_when_a_later_one_publishes_and_nobody_reads_it_any_more(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = pulling(tmp_path, shelf, [])
    (tmp_path / "later").mkdir()
    later = Home(tmp_path / "later", shelf, SHARDS[0], run=(1, 1))
    later.hear(0, 24)
    later.publish()
    homes[0].hear(6)
    with pytest.raises(ConflictError, match="heard by home by now"):
        homes[0].publish()
    node.pull()
    assert held(node)[later.names[0]] == 24
    stale = list_bytes(homes[0].listed, shard=SHARDS[0], key=KEY)
    version = shelf.version(f"{SHARDS[0]}/{LIST}")
    shelf.replace(f"{SHARDS[0]}/{LIST}", stale, version=version)
    node.pull()
    assert "an older list is back" in node.damaged
    assert held(node)[later.names[0]] == 24
    later.hear(24)
    later.publish()
    node.pull()
    assert not node.damaged
    assert held(node)[later.names[0]] == 30


def test_a_later_run_takes_over_from_one_that_still_writes(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    (tmp_path / "later").mkdir()
    later = Home(tmp_path / "later", shelf, SHARDS[0], run=(1, 1))
    later.hear(0, 24)
    later.publish()  # has looked at the list by now
    (tmp_path / "latest").mkdir()
    latest = Home(tmp_path / "latest", shelf, SHARDS[0], run=(2, 0))
    latest.hear(0, 30)
    latest.publish()
    with pytest.raises(ConflictError):
        later.publish()


def test_a_file_damaged_on_the_shelf_keeps_what_was_copied_before(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = pulling(tmp_path, shelf, told := [])
    node.pull()
    homes[0].hear(6)
    homes[0].publish()
    newest = next(
        entry.name for entry in homes[0].listed.files if entry.name.startswith("manifest-")
    )
    path = tmp_path / "shelf" / SHARDS[0] / newest
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert not node.pull()
    assert "was damaged on its way or at rest" in told[0]
    assert held(node)[homes[0].names[0]] == 6
    path.unlink()
    node.pull()
    assert "missing" in node.damaged
    homes[0].hear(12)
    homes[0].publish()
    node.pull()
    assert not node.damaged
    assert held(node)[homes[0].names[0]] == 18


def test_a_copy_damaged_on_this_disk_is_left_out_and_copied_anew(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    seconds = iter(range(0, 10_000, 20))
    node = pulling(tmp_path, shelf, [], timer=lambda: float(next(seconds)))
    node.pull()
    folder = tmp_path / "copies" / SHARDS[0].rpartition("/")[2]
    homes[0].hear(6)
    homes[0].publish()
    copy = next(iter(node._shards.values())).copy
    assert copy.pull()  # copied, and not looked at yet
    names = {entry.name for entry in homes[0].listed.files}
    for path in folder.glob("s*.slice"):
        assert path.name in names
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    node._map()
    assert "damaged" in node.damaged
    assert set(held(node)) == set(homes[1].names)
    node.pull()
    node.pull()
    assert not node.damaged
    assert set(held(node)) == {*homes[0].names, *homes[1].names}


def test_a_full_disk_is_a_sentence_and_the_node_keeps_what_it_has(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = pulling(tmp_path, shelf, told := [])
    node.pull()
    for followed in node._shards.values():
        followed.copy.spare_bytes = 1 << 60
    homes[0].hear(6)
    homes[0].publish()
    assert not node.pull()
    assert "is full" in told[0]
    assert "until then this node compares with what it has" in told[0]
    assert held(node)[homes[0].names[0]] == 6


def test_another_key_is_refused_by_name(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = Pulling(shelf, CASE, tmp_path / "copies", b"x" * 32, DEFAULT_RECIPE, (told := []).append)
    assert not node.pull()
    assert "not written with this nodes' key" in told[0]
    assert node.references.infos == ()


def test_another_layout_begins_anew_and_what_was_copied_goes(
    tmp_path: Path, shelf: FailingShelf, homes: list[Home]
) -> None:
    node = pulling(tmp_path, shelf, [])
    node.pull()
    other = layout_of(infos(5), case=CASE, count=2, window_s=60.0, origin_s=T0)
    assert not set(other.shards) & set(SHARDS)
    name = f"{CASE}/{LAYOUT}"
    shelf.replace(name, layout_bytes(other, case=CASE, key=KEY), version=shelf.version(name))
    node.pull()
    assert held(node) == {}
    assert node.references.knows("ch4")
    assert list((tmp_path / "copies").iterdir()) == []


def test_a_volume_that_is_missing_or_damaged_leaves_the_others_answering(
    tmp_path: Path, shelf: FailingShelf
) -> None:
    whole = layout_of(infos(6), case=CASE, count=3, window_s=60.0, origin_s=T0, volume_size=2)
    name = f"{CASE}/{LAYOUT}"
    shelf.replace(name, layout_bytes(whole, case=CASE, key=KEY), version=shelf.version(name))
    volumes = whole.volumes()
    assert [len(volume.shards) for volume in volumes] == [1, 1, 1]
    (tmp_path / "homes").mkdir()
    made = [
        Home(tmp_path / "homes", shelf, shard, layout=volume)
        for volume in volumes[:2]
        for shard in volume.shards
    ]
    for home in made:
        home.hear(0)
        home.publish()
    node = pulling(tmp_path, shelf, told := [])
    assert node.pull()
    assert len(node.references.volumes) == 3
    assert {info.id for info in node.references.infos} == {info.id for info in whole.infos}
    assert set(held(node)) == {*made[0].names, *made[1].names}
    assert told == []
    shard = next(iter(volumes[0].shards))
    damaged = shelf.path / shard / Path(node._shards[shard].copy.listed.files[0].name)  # type: ignore[union-attr]
    damaged.write_bytes(b"?" * damaged.stat().st_size)
    again = Pulling(shelf, CASE, tmp_path / "other", KEY, DEFAULT_RECIPE, told.append, 0)
    again.pull()
    assert shard in again.faults
    assert set(held(again)) == set(made[1].names)
    made[1].hear(6)
    made[1].publish()
    again.pull()
    assert set(held(again).values()) == {12.0}


LISTED = Listed(
    run=(3, 1),
    serial=9,
    node="n1",
    at_s=T0,
    files=(
        ListedFile(name="s-3-0123abcd.slice", size=9, sha256="a" * 64),
        ListedFile(name="manifest-0123456789abcdef", size=1, sha256="b" * 64),
    ),
    until={"ch0": T0 + 1},
    ended=frozenset({"ch1"}),
    stamps_s={"ch0": -4.5},
    filled=True,
    said=(Said(number=1, reference="ch0", at_s=T0, text="it stalls"),),
)


def test_a_list_comes_back_as_it_was_written() -> None:
    data = list_bytes(LISTED, shard="c/0", key=KEY)
    assert list_of(data, shard="c/0", key=KEY) == LISTED


@given(st.integers(0, 600), st.integers(1, 255))
def test_a_list_with_any_byte_changed_is_refused(at: int, by: int) -> None:
    data = bytearray(list_bytes(LISTED, shard="c/0", key=KEY))
    data[at % len(data)] ^= by
    with pytest.raises(InputError):
        list_of(bytes(data), shard="c/0", key=KEY)


def test_a_list_of_another_shard_is_refused() -> None:
    with pytest.raises(InputError, match="not written with this nodes' key"):
        list_of(list_bytes(LISTED, shard="c/0", key=KEY), shard="c/1", key=KEY)


FILE = {"name": "s1-0123abcd.slice", "size": 9, "sha256": "a" * 64}


@pytest.mark.parametrize(
    "change",
    [
        {"files": [{**FILE, "name": "../../etc/passwd"}]},
        {"files": [{**FILE, "name": "manifest"}]},
        {"files": [{**FILE, "size": -1}]},
        {"files": [{**FILE, "size": True}]},
        {"files": [{**FILE, "size": 1 << 50}]},
        {"files": [{**FILE, "sha256": "A" * 64}]},
        {"files": [FILE, FILE]},
        {"files": [{**FILE, "more": 1}]},
        {"files": [{**FILE, "name": f"s{at}-0123abcd.slice"} for at in range(MOST_FILES + 1)]},
        {"files": [{**FILE, "name": f"s{at}-0123abcd.slice", "size": 8 << 30} for at in range(3)]},
        {"files": 3},
        {"run": [1]},
        {"run": [1, -1]},
        {"run": [1.5, 1]},
        {"serial": "1"},
        {"node": "a\nb"},
        {"at_s": float("inf")},
        {"until": {"ch0": "x"}},
        {"until": {"ch0": 1e300}},
        {"stamps_s": [1]},
        {"said": [{"number": 1, "reference": "a", "at_s": 1, "text": "x" * 301}]},
        {"form": "cautery references 2"},
    ],
)
def test_a_list_that_makes_no_sense_is_refused_though_its_key_is_right(
    change: dict[str, Any],
) -> None:
    body = opened_text(list_bytes(LISTED, shard="c/0", key=KEY), name="c/0", key=KEY)
    document = json.dumps({**json.loads(body), **change}).encode()
    with pytest.raises(InputError, match="makes no sense"):
        list_of(sealed_text(document, name="c/0", key=KEY), shard="c/0", key=KEY)


def test_a_layout_comes_back_and_is_the_same_for_the_same_references() -> None:
    data = layout_bytes(LAYOUT_OF_TWO, case=CASE, key=KEY)
    assert opened_layout(data, case=CASE, key=KEY) == LAYOUT_OF_TWO
    assert layout_of(infos(4), case=CASE, count=2, window_s=60.0, origin_s=T0) == LAYOUT_OF_TWO


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body["infos"].append(body["infos"][0]),
        lambda body: body["infos"][0].update(kind="work"),
        lambda body: body["infos"].pop(),
        lambda body: body["shards"].clear(),
        lambda body: body["shards"].update({"../x": []}),
        lambda body: body.update(origin_s=1e15),
        lambda body: body.update(origin_s="soon"),
        lambda body: body.update(volume_size=0),
        lambda body: body.update(volume_size=4097),
        lambda body: body.update(volume_size=1),  # its shards have two references each
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(change: Callable[[Any], Any]) -> None:
    body = layout_json(LAYOUT_OF_TWO)
    change(body)
    with pytest.raises(InputError):
        layout_from(body)


def test_a_large_night_lies_in_volumes_and_each_question_has_room() -> None:
    events = [replace(one, id=f"event{at}", event=str(at // 3)) for at, one in enumerate(infos(90))]
    films = [replace(one, id=f"film{at}", kind="work") for at, one in enumerate(infos(50))]
    everybody = (*infos(9_860), *events, *films)
    whole = layout_of(everybody, case=CASE, count=34, window_s=420.0, origin_s=T0)
    assert opened_layout(layout_bytes(whole, case=CASE, key=KEY), case=CASE, key=KEY) == whole
    volumes = whole.volumes()
    assert [len(volume.infos) for volume in volumes] == [3334, 3333, 3333]
    assert {info.id for info in (*events, *films)} <= {info.id for info in volumes[0].infos}
    live = [names for shard, names in whole.shards.items() if not shard.endswith("works")]
    assert max(map(len, live)) <= 300
    for volume in volumes:
        own = set(volume.infos)
        assert list(volume.infos) == [info for info in whole.infos if info in own]
        shard, names = next(iter(volume.shards.items()))
        feeds = tuple(
            ShardFeed(id=name, url=f"https://{name}.feeds.example/live/{name}", pictures=False)
            for name in names
        )
        question = hear_json(HearQuestion(shard=shard, layout=volume, feeds=feeds))
        assert hear_from(question).layout == volume
        assert len(json.dumps(question)) < MOST_BYTES["question"]


def test_recordings_of_several_volumes_are_shared_and_copied(tmp_path: Path) -> None:
    shelf = FailingShelf(tmp_path / "of recordings")
    films = tuple(replace(one, id=f"film{at}", kind="work") for at, one in enumerate(infos(3)))
    whole = layout_of(films, case=CASE, count=1, window_s=60.0, origin_s=T0, volume_size=2)
    assert [shard.rpartition("-")[2] for shard in whole.shards] == ["works", "1works"]
    recordings = whole.references(DEFAULT_RECIPE)
    for seed, film in enumerate(films):
        recordings.add(film.id, sound(music(seed, 90), 0, 20 + seed), at_s=0.0)
    shared = Shared(shelf=shelf, case=CASE, epoch=1, key=KEY)
    assert share_out(shared, whole, recordings, room=tmp_path) == whole
    node = pulling(tmp_path, shelf, told := [])
    node.pull()
    spans = {film.id: node.references.span(film.id) for film in films}
    assert [span and round(span[1]) for span in spans.values()] == [20, 21, 22]
    assert told == []


def test_more_references_than_volumes_have_room_for_are_refused() -> None:
    with pytest.raises(InputError, match="100 references have no room in 16 volumes of 6") as error:
        layout_of(infos(100), case=CASE, count=1, window_s=60.0, origin_s=T0, volume_size=6)
    assert "Split the mandate" in str(error.value.hint)


def test_recordings_have_a_shard_of_their_own_and_come_last() -> None:
    film = replace(infos(1)[0], id="film", kind="work")
    made = layout_of((film, *infos(3)), case=CASE, count=2, window_s=60.0, origin_s=T0)
    assert made.infos[-1] == film
    assert [names for shard, names in made.shards.items() if shard.endswith("-works")] == [
        ("film",)
    ]
    assert isinstance(made, Layout)
