"""A watch has nodes hear its references, and knows how far each was heard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.shared_references import KEY, NOON, FailingShelf, World, hear_ports, music, sound

from cautery.adapters.engine import ThreadEngine
from cautery.errors import InputError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.references.saved import save
from cautery.lab.jobs import LabJobs, LabQueue
from cautery.lab.readers import ReadersHere
from cautery.model import Channel, Mandate, Window, Work
from cautery.model.ports.jobs import JobAsked
from cautery.workflows.media.pulling import Pulling
from cautery.workflows.media.sharing_out import Shared
from cautery.workflows.nodes import hearing
from cautery.workflows.nodes.hearing import HearPorts, hear_handlers
from cautery.workflows.watch.probing import node_hearing
from cautery.workflows.watch.probing.node_hearing import NodeHearing

CASE = "ab" * 8


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (hearing, node_hearing):
        monkeypatch.setattr(module, "PULL_S", 0.05)
    monkeypatch.setattr(hearing, "PUBLISH_S", 0.05)


@pytest.fixture
def engine() -> Iterator[ThreadEngine]:
    made = ThreadEngine(1)
    yield made
    made.close()


@pytest.fixture
def shelf(tmp_path: Path) -> FailingShelf:
    return FailingShelf(tmp_path / "shelf")


def mandate(tmp_path: Path, *names: str, film: bool = True) -> Mandate:
    if film:
        held = References(DEFAULT_RECIPE, [ReferenceInfo(id="film", kind="work")])
        held.add("film", sound(music(9, 60), 0, 60), at_s=0.0)
        save(held, tmp_path / "film.ref")
    return Mandate(
        id="m",
        who="w",
        regime="gdpr",  # type: ignore[arg-type]
        legal_basis="l",
        territories=("FR",),
        window=Window(start=NOON - timedelta(hours=1), end=NOON + timedelta(hours=3)),
        channels=tuple(
            Channel(
                id=name,
                names=(name,),
                legal_basis="l",
                reference=f"http://feeds.example/{name}.m3u8",
            )
            for name in names
        ),
        works=(
            (Work(id="film", title="F", legal_basis="l", reference=str(tmp_path / "film.ref")),)
            if film
            else ()
        ),
    )


class Journal:
    """Takes what is recorded."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    async def aside(self, act: Callable[..., Any], *arguments: Any) -> Any:
        return act(*arguments)

    def take_over(self, contents: list[Any]) -> None:
        self.records += contents


class Night:
    """A watch, and nodes that hear for it."""

    def __init__(self, tmp_path: Path, shelf: FailingShelf, engine: ThreadEngine) -> None:
        self.tmp_path, self.shelf, self.engine = tmp_path, shelf, engine
        self.world, self.queue = World(), LabQueue()
        self.failed: list[tuple[str, str, str]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.servers: dict[str, Any] = {}

    def begin(self, name: str) -> None:
        server = self.servers[name] = self.queue.server(name)
        ports = hear_ports(
            name, self.tmp_path, self.shelf, self.world, self.engine, server, lambda _: None
        )

        async def ports_of(_: JobAsked) -> HearPorts:
            return ports

        self.tasks.append(asyncio.ensure_future(server.serve(hear_handlers(ports_of), capacity=2)))

    def hearing(
        self, whole: Mandate, jobs: LabJobs, *, epoch: int = 1, volume_size: int = 4096
    ) -> NodeHearing:
        tape = self.tmp_path / "tape"
        tape.mkdir(exist_ok=True)
        return NodeHearing(
            whole,
            jobs=jobs,
            shared=Shared(shelf=self.shelf, case=CASE, epoch=epoch, key=KEY),
            folder=tape,
            fetcher=self.world,  # type: ignore[arg-type]
            readers=ReadersHere(),
            decoder=self.world,  # type: ignore[arg-type]
            engine=self.engine,
            streams=None,  # type: ignore[arg-type]
            fail=lambda what, where, error: self.failed.append((what, where, str(error))),
            volume_size=volume_size,
        )

    def reader(self) -> Pulling:
        made = Pulling(
            self.shelf, CASE, self.tmp_path / "reader", KEY, DEFAULT_RECIPE, lambda _: None, 0
        )
        made.pull()
        return made


@pytest.fixture
async def night(tmp_path: Path, shelf: FailingShelf, engine: ThreadEngine) -> AsyncIterator[Night]:
    made = Night(tmp_path, shelf, engine)
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def until(true: Callable[[], Any], *, what: str) -> None:
    for _ in range(600):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it did not come: {what}")


def at(segments: int) -> float:
    return NOON.timestamp() + 4 * segments


@contextlib.asynccontextmanager
async def filled(hears: NodeHearing) -> AsyncIterator[NodeHearing]:
    try:
        await asyncio.wait_for(hears.fill(), 60)
        hears.follow()
        yield hears
    finally:
        await hears.stop()


@pytest.mark.parametrize(("volume_size", "volumes"), [(4096, 1), (2, 2), (1, 3)])
async def test_nodes_hear_what_is_live_and_the_watch_what_is_recorded(
    tmp_path: Path, night: Night, volume_size: int, volumes: int
) -> None:
    night.begin("n1")
    night.begin("n2")
    night.world.shows(0, 4)
    jobs = night.queue.jobs(CASE, epoch=1)
    hears = night.hearing(mandate(tmp_path, "ch0", "ch1"), jobs, volume_size=volume_size)
    assert hears.heard().until == {}
    async with filled(hears):
        assert hears.filled
        assert set(hears.references.infos) == {feed.info for feed in hears.feeds}
        await until(lambda: hears.heard().until == {"ch0": at(4), "ch1": at(4)}, what="both feeds")
        held = night.reader().references
        assert len(held.volumes) == len(hears.references.volumes) == volumes
        assert held.span("ch0") == pytest.approx((at(0), at(4)), abs=0.1)
        assert held.span("film") == pytest.approx((0, 60), abs=0.1)
        night.world.shows(1, 6)
        await until(lambda: hears.heard().until["ch1"] == at(6), what="what is new")
        journal = Journal()
        piece = await hears.pieces(journal)("ch1", at(5))  # type: ignore[arg-type]
        assert piece is not None
        assert piece.start_s <= at(5)
        assert [record.exhibit.id for record in journal.records] == [piece.exhibit]
        assert journal.records[0].what == "reference ch1"
        assert await hears.pieces(journal)("ch1", at(-900)) is None  # type: ignore[arg-type]
    assert not night.failed
    jobs.end()


async def test_a_home_that_dies_is_replaced_and_what_it_heard_stays(
    tmp_path: Path, night: Night
) -> None:
    night.begin("n1")
    night.world.shows(0, 4)
    jobs = night.queue.jobs(CASE, epoch=1)
    async with filled(night.hearing(mandate(tmp_path, "ch0", film=False), jobs)) as hears:
        await until(lambda: hears.heard().until == {"ch0": at(4)}, what="the feed")
        night.servers["n1"].die()
        night.world.shows(3, 8)
        night.begin("n2")
        await until(lambda: hears.heard().until == {"ch0": at(8)}, what="its next home")
    assert night.reader().references.span("ch0") == pytest.approx((at(0), at(8)), abs=0.1)
    jobs.end()


async def test_a_watch_that_goes_on_keeps_the_shards_and_what_they_hold(
    tmp_path: Path, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.begin("n1")
    night.world.shows(0, 4)
    whole = mandate(tmp_path, "ch0", "ch1")
    first = night.queue.jobs(CASE, epoch=1)
    async with filled(night.hearing(whole, first)) as hears:
        shards = dict(hears._layout.shards)
        await until(lambda: len(hears.heard().until) == 2, what="both feeds")
    # By then there would be a shard for each feed.
    monkeypatch.setattr(node_hearing, "FEEDS_A_SHARD", 1)
    night.world.shows(3, 8)
    async with filled(night.hearing(whole, night.queue.jobs(CASE, epoch=2), epoch=2)) as hears:
        assert hears._layout.shards == shards
        await until(
            lambda: hears.heard().until == {"ch0": at(8), "ch1": at(8)}, what="both feeds again"
        )
    assert night.reader().references.span("ch0") == pytest.approx((at(0), at(8)), abs=0.1)


async def test_other_feeds_make_other_shards_and_the_old_ones_go(
    tmp_path: Path, night: Night
) -> None:
    night.begin("n1")
    night.world.shows(0, 4)
    jobs = night.queue.jobs(CASE, epoch=1)
    async with filled(night.hearing(mandate(tmp_path, "ch0"), jobs)) as hears:
        old = set(hears._layout.shards)
    async with filled(night.hearing(mandate(tmp_path, "ch0", "ch1"), jobs)) as hears:
        await until(lambda: len(hears.heard().until) == 2, what="both feeds")
        assert not old & {name.rpartition("/")[0] for name in night.shelf.names(CASE)}
    jobs.end()


async def test_what_befalls_a_feed_is_recorded_by_the_watch_once(
    tmp_path: Path, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.begin("n1")
    night.world.shows(0, 4)
    jobs = night.queue.jobs(CASE, epoch=1)
    async with filled(night.hearing(mandate(tmp_path, "ch0", film=False), jobs)) as hears:
        await until(lambda: hears.heard().until == {"ch0": at(4)}, what="the feed")
        night.world.shows(9, 11)
        await until(lambda: hears.heard().until == {"ch0": at(11)}, what="a new run")
        await asyncio.sleep(0.5)
    assert night.failed == [
        ("reference", "ch0", "a new run begins: 5 segments of its playlist are gone")
    ]
    jobs.end()


async def test_a_shelf_that_is_away_is_recorded_once_and_the_watch_goes_on(
    tmp_path: Path, night: Night
) -> None:
    night.begin("n1")
    night.world.shows(0, 4)
    night.shelf.away = True
    jobs = night.queue.jobs(CASE, epoch=1)
    hears = night.hearing(mandate(tmp_path, "ch0"), jobs)
    filling = asyncio.ensure_future(hears.fill())
    await until(lambda: night.failed, what="a sentence")
    await asyncio.sleep(0.5)
    assert night.failed == [("reference", "shared references", "the shelf answers 503")]
    night.shelf.away = False
    await asyncio.wait_for(filling, 60)
    await hears.stop()
    jobs.end()


class HeedsNothing(FailingShelf):
    """Replaces whatever is there, as stores do that do not know ``If-Match``."""

    def replace(self, name: str, data: bytes, *, version: str | None) -> str | None:
        del version
        return super().replace(name, data, version=self.version(name))


async def test_a_store_that_cannot_keep_two_writers_apart_is_refused(
    tmp_path: Path, engine: ThreadEngine
) -> None:
    night = Night(tmp_path, HeedsNothing(tmp_path / "shelf"), engine)
    hears = night.hearing(mandate(tmp_path, "ch0", film=False), night.queue.jobs(CASE, epoch=1))
    with pytest.raises(InputError, match="replaces a file whatever version is asked for"):
        await hears.fill()
    await hears.stop()
