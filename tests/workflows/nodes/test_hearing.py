"""A node is the home of a shard: it hears, publishes, gives pieces, and another one goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.shared_references import (
    KEY,
    NOON,
    STAMP_S,
    FailingShelf,
    World,
    hear_ports,
    infos,
    music,
    sound,
)

from cautery.adapters.engine import ThreadEngine
from cautery.adapters.vault_folder import FolderVault
from cautery.errors import ConflictError, InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import References
from cautery.model.ports.jobs import Handler, JobAsked
from cautery.workflows.media.layout import LAYOUT, Layout, layout_bytes, layout_of
from cautery.workflows.media.published import LIST, Listed, list_bytes, list_of
from cautery.workflows.media.pulling import Pulling
from cautery.workflows.media.pump import Feed, Pump
from cautery.workflows.media.shard_jobs import (
    HEAR,
    PIECE,
    HearQuestion,
    ShardFeed,
    hear_from,
    hear_json,
    piece_from,
)
from cautery.workflows.nodes import hearing
from cautery.workflows.nodes.hearing import HearPorts, hear_handlers

CASE = "0123abcd"
ORIGIN_S = NOON.timestamp() - 1000
LAYOUT_OF_ONE = layout_of(infos(2), case=CASE, count=1, window_s=60.0, origin_s=ORIGIN_S)
(SHARD,) = LAYOUT_OF_ONE.shards


class Server:
    def __init__(self) -> None:
        self.homes: list[tuple[str, bool]] = []

    async def home(self, shard: str, *, here: bool) -> None:
        self.homes.append((shard, here))


@pytest.fixture
def engine() -> Iterator[ThreadEngine]:
    made = ThreadEngine(1)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "PUBLISH_S", 0.05)
    monkeypatch.setattr(hearing, "PULL_S", 0.05)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def shelf(tmp_path: Path) -> FailingShelf:
    made = FailingShelf(tmp_path / "shelf")
    made.replace(f"{CASE}/{LAYOUT}", layout_bytes(LAYOUT_OF_ONE, case=CASE, key=KEY), version=None)
    return made


class Node:
    """A node that can be a home, with a folder of its own."""

    def __init__(self, name: str, tmp_path: Path, shelf: Any, world: World, engine: Any) -> None:
        self.told: list[str] = []
        self.server = Server()
        ports = hear_ports(name, tmp_path, shelf, world, engine, self.server, self.told.append)
        self.reach = ports.reach

        async def ports_of(_: JobAsked) -> HearPorts:
            return ports

        self.handlers = hear_handlers(ports_of)

    @contextlib.asynccontextmanager
    async def hears(self, *, run: int = 0, layout: Layout = LAYOUT_OF_ONE) -> AsyncIterator[Any]:
        (shard,) = layout.shards
        question = HearQuestion(
            shard=shard,
            layout=layout,
            feeds=tuple(
                ShardFeed(id=name, url=f"http://feeds.example/{name}.m3u8", pictures=False)
                for name in layout.shards[shard]
            ),
        )
        job = asyncio.ensure_future(self.handlers[HEAR](asked(HEAR, hear_json(question), run)))
        try:
            yield job
        finally:
            job.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConflictError):
                await job

    async def piece(self, reference: str, at_s: float) -> Any:
        body = {"shard": SHARD, "reference": reference, "at_s": at_s}
        return piece_from(await self.handlers[PIECE](asked(PIECE, body, 0))).piece


def asked(kind: str, question: Any, run: int) -> JobAsked:
    return JobAsked(
        case=CASE, epoch=1, night={}, kind=kind, key=f"{kind}-{run}", question=question, run=run
    )


async def until(true: Callable[[], Any], *, what: str) -> None:
    """Wait for something that a home does beside us; for half a minute at most."""
    for _ in range(600):
        if await asyncio.to_thread(true):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it did not come: {what}")


def newest(shelf: FailingShelf) -> Listed:
    found = shelf.get(f"{SHARD}/{LIST}", most=1 << 20)
    if found is None:
        return Listed(run=(0, 0), serial=0, node="", at_s=0.0)
    try:
        return list_of(found[1], shard=SHARD, key=KEY)
    except InputError:
        return Listed(run=(0, 0), serial=0, node="", at_s=0.0)


def heard_to(shelf: FailingShelf, segments: int) -> bool:
    until_s = newest(shelf).until
    end_s = NOON.timestamp() + 4 * segments
    return len(until_s) == 2 and min(until_s.values()) >= end_s - 0.5


def reader(tmp_path: Path, shelf: FailingShelf) -> Pulling:
    made = Pulling(
        shelf, CASE, tmp_path / "reader", KEY, DEFAULT_RECIPE, lambda _: None, spare_bytes=0
    )
    made.pull()
    return made


def without_a_break(segments: int) -> References:
    held = References(DEFAULT_RECIPE, infos(2), 60.0)
    held.set_origin(ORIGIN_S)
    for at in range(segments):
        for k, name in enumerate(("ch0", "ch1")):
            part = sound(music(k, 120), 4 * at, 4)
            held.add(name, part, at_s=NOON.timestamp() + 4 * at)
    return held


def marks(held: References) -> list[tuple[int, int, int]]:
    return list(zip(*(one.tolist() for one in held.live.everything()), strict=True))


def words(held: References, name: str) -> dict[int, int]:
    return {
        first + k: int(word) for first, piece in held.codes(name) for k, word in enumerate(piece)
    }


async def test_what_a_home_hears_is_held_by_every_node(
    tmp_path: Path, shelf: FailingShelf, world: World, engine: ThreadEngine
) -> None:
    node = Node("n1", tmp_path, shelf, world, engine)
    world.shows(0, 4)
    async with node.hears():
        await until(lambda: heard_to(shelf, 4) and newest(shelf).filled, what="the window")
        world.shows(1, 6)
        await until(lambda: heard_to(shelf, 6), what="what is new")
        assert node.server.homes == [(SHARD, True)]
    pulled = reader(tmp_path, shelf)
    expected = without_a_break(6)
    for name in ("ch0", "ch1"):
        assert words(pulled.references, name) == words(expected, name)
        # The last published stamp ties the reference's axis to the feed's own.
        assert pulled.stamps_s(name) == pytest.approx(NOON.timestamp() - STAMP_S)
    assert newest(shelf).node == "n1"
    assert node.server.homes == [(SHARD, True), (SHARD, False)]
    assert not node.told
    assert list((tmp_path / "n1").iterdir()) == []


async def test_another_node_goes_on_and_doubles_nothing(
    tmp_path: Path, shelf: FailingShelf, world: World, engine: ThreadEngine
) -> None:
    world.shows(0, 5)
    async with Node("n1", tmp_path, shelf, world, engine).hears():
        await until(lambda: heard_to(shelf, 5), what="the first home")
    world.shows(2, 8)
    world.now += timedelta(seconds=1.7)  # it asks a moment after the newest segment came
    async with Node("n2", tmp_path, shelf, world, engine).hears(run=1):
        await until(
            lambda: newest(shelf).node == "n2" and heard_to(shelf, 8), what="the second home"
        )
    assert newest(shelf).run == (1, 1)
    pulled, expected = reader(tmp_path, shelf).references, without_a_break(8)
    found, wanted = marks(pulled), marks(expected)
    assert len(found) == len(set(found))
    # Of 32 s, what would lie over the moment of the take-over is missing, no more; a few landmarks
    # near it have other partners.
    assert len(set(wanted) - set(found)) < 5 / 32 * len(wanted)
    assert len(set(found) - set(wanted)) < 0.05 * len(wanted)
    for name in ("ch0", "ch1"):
        kept, whole = words(pulled, name), words(expected, name)
        assert {at: kept[at] for at in kept if at in whole} == {at: whole[at] for at in kept}
        assert len(kept) > 0.9 * len(whole)
        assert pulled.span(name) == pytest.approx(expected.span(name))


async def test_what_the_feeds_have_is_published_as_soon_as_it_is_in(
    tmp_path: Path,
    shelf: FailingShelf,
    world: World,
    engine: ThreadEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hearing, "PUBLISH_S", 3600.0)
    world.shows(0, 4)
    async with Node("n1", tmp_path, shelf, world, engine).hears():
        await until(lambda: heard_to(shelf, 4), what="the first list")
        assert newest(shelf).filled
        assert newest(shelf).serial == 1


async def test_a_feed_that_is_slow_keeps_nothing_from_the_first_list(
    tmp_path: Path,
    shelf: FailingShelf,
    world: World,
    engine: ThreadEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hangs, take = asyncio.Event(), Pump._try

    async def slow(pump: Pump, feed: Feed) -> float:
        if feed.info.id == "ch1":
            await hangs.wait()
        return await take(pump, feed)

    monkeypatch.setattr(Pump, "_try", slow)
    world.shows(0, 4)
    async with Node("n1", tmp_path, shelf, world, engine).hears():
        await until(lambda: "ch0" in newest(shelf).until, what="a list without the slow feed")
        assert not newest(shelf).filled
        hangs.set()
        await until(lambda: newest(shelf).filled, what="the slow feed")


async def test_the_later_run_wins_and_the_earlier_ends(
    tmp_path: Path, shelf: FailingShelf, world: World, engine: ThreadEngine
) -> None:
    world.shows(0, 4)
    first = Node("n1", tmp_path, shelf, world, engine)
    async with first.hears() as job:
        await until(lambda: heard_to(shelf, 4), what="the first home")
        async with Node("n2", tmp_path, shelf, world, engine).hears(run=1):
            with pytest.raises(ConflictError, match="heard by n2 by now"):
                await asyncio.wait_for(job, 30)
        assert first.server.homes[-1] == (SHARD, False)


async def test_a_home_that_ends_late_takes_nothing_from_the_next_one_on_its_node(
    tmp_path: Path, shelf: FailingShelf, world: World, engine: ThreadEngine
) -> None:
    node = Node("n1", tmp_path, shelf, world, engine)
    world.shows(0, 4)
    async with node.hears() as first:
        await until(lambda: heard_to(shelf, 4), what="the first home")
        # Another driver has begun: its job is here before the earlier one is ended as void.
        async with node.hears(run=1):
            await asyncio.sleep(0.3)
            first.cancel()
            world.shows(0, 6)
            await until(
                lambda: newest(shelf).run == (1, 1) and heard_to(shelf, 6), what="the second home"
            )
            assert node.server.homes[-1] == (SHARD, True)
            assert await node.piece("ch1", NOON.timestamp() + 5) is not None
    assert not node.told


async def test_a_shelf_that_is_away_is_said_once_and_hearing_goes_on(
    tmp_path: Path, shelf: FailingShelf, world: World, engine: ThreadEngine
) -> None:
    node = Node("n1", tmp_path, shelf, world, engine)
    shelf.away = True
    world.shows(0, 3)
    async with node.hears():
        await until(lambda: node.told, what="a sentence")
        assert "503" in node.reach.why
        shelf.away = False
        node.reach.worked()
        await until(lambda: heard_to(shelf, 3), what="the window")
        shelf.away = True
        world.shows(0, 5)
        await until(lambda: len(node.told) == 2, what="a second sentence")
        await asyncio.sleep(0.3)
        shelf.away = False
        await until(lambda: heard_to(shelf, 5), what="what came in meanwhile")
    assert [text.partition(": ")[2] for text in node.told] == ["the shelf answers 503"] * 2
    assert words(reader(tmp_path, shelf).references, "ch0") == words(without_a_break(5), "ch0")


@pytest.mark.parametrize("damage", ["another key", "another layout", "not a list"])
async def test_what_cannot_be_gone_on_with_is_heard_anew_with_a_sentence(
    tmp_path: Path, shelf: FailingShelf, world: World, engine: ThreadEngine, damage: str
) -> None:
    world.shows(0, 4)
    async with Node("n1", tmp_path, shelf, world, engine).hears():
        await until(lambda: heard_to(shelf, 4), what="the first home")
    name = f"{SHARD}/{LIST}"
    data = {
        "another key": list_bytes(newest(shelf), shard=SHARD, key=b"x" * 32),
        "another layout": list_bytes(newest(shelf), shard=SHARD, key=KEY),
        "not a list": b"\0" * 100,
    }[damage]
    shelf.replace(name, data, version=shelf.version(name))
    layout = LAYOUT_OF_ONE
    if damage == "another layout":
        layout = layout_of(infos(2), case=CASE, count=1, window_s=60.0, origin_s=ORIGIN_S)
        layout = Layout(
            infos=layout.infos, window_s=60.0, origin_s=ORIGIN_S + 1, shards=layout.shards
        )
    node = Node("n2", tmp_path, shelf, world, engine)
    async with node.hears(run=1, layout=layout):
        await until(
            lambda: (newest(shelf).node, heard_to(shelf, 4)) == ("n2", True), what="the second home"
        )
    assert "is heard anew" in node.told[0]


async def test_pieces_are_sealed_by_the_home_and_are_gone_when_they_left_the_window(
    tmp_path: Path, shelf: FailingShelf, world: World, engine: ThreadEngine
) -> None:
    node = Node("n1", tmp_path, shelf, world, engine)
    world.shows(0, 2)
    at_s = NOON.timestamp() + 5
    async with node.hears():
        await until(lambda: heard_to(shelf, 2), what="the window")
        piece = await node.piece("ch1", at_s)
        assert piece.start_s <= at_s < piece.end_s
        assert piece.media_s == pytest.approx(STAMP_S + piece.start_s - NOON.timestamp())
        vault = FolderVault(tmp_path / "vault", read_only=True)
        assert vault.read(piece.exhibit) == b"ch1-0;ch1-1;"
        assert piece.record("ch1").what == "reference ch1"
        assert await node.piece("ch1", at_s - 3600) is None
        assert await node.piece("nobody", at_s) is None
    with pytest.raises(InputError, match="not at home here"):
        await node.piece("ch1", at_s)


def body() -> dict[str, Any]:
    question = HearQuestion(
        shard=SHARD,
        layout=LAYOUT_OF_ONE,
        feeds=tuple(
            ShardFeed(id=f"ch{at}", url=f"https://feeds.example/{at}?k=secret", pictures=False)
            for at in range(2)
        ),
    )
    made = hear_json(question)
    assert isinstance(made, dict)
    return made


def test_a_question_comes_back_and_hides_where_its_feeds_lie() -> None:
    question = hear_from(body())
    assert hear_json(question) == body()
    assert "secret" not in repr(question)
    assert "secret" not in repr(question.feeds_to_follow())


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("feeds"),
        lambda body: body.update(more=1),
        lambda body: body.update(shard="other"),
        lambda body: body["feeds"].pop(),
        lambda body: body["feeds"].append(body["feeds"][0]),
        lambda body: body["feeds"][0].update(id="ch9"),
        lambda body: body["feeds"][0].update(url="/etc/passwd"),
        lambda body: body["feeds"][0].update(pictures="perhaps"),
        lambda body: body["layout"].update(infos=3),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(change: Callable[[Any], Any]) -> None:
    made = body()
    change(made)
    with pytest.raises(InputError):
        hear_from(made)


def test_handlers_are_those_of_the_two_kinds() -> None:
    async def nobody(_: JobAsked) -> HearPorts:
        raise AssertionError

    handlers: dict[str, Handler] = dict(hear_handlers(nobody))
    assert set(handlers) == {"hear", "piece"}
