"""A node from its first word to its last: at work, refused, drained, cut off, and gone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.errors import AwayError, ConflictError, SourceError, StorageError
from cautery.model.evidence import Json
from cautery.model.ports import Handler, JobAsked, NodeSeen
from cautery.model.ports.jobs import JobLeftError, NameTakenError
from cautery.projections.presence import LEAST_FREE_BYTES
from cautery.workflows.nodes import serving
from cautery.workflows.nodes.reach import StoreReach
from cautery.workflows.nodes.serving import Node, NodeEvent, NodePorts, NodeTurn, References

NOW = datetime(2026, 11, 28, 20, 10, tzinfo=UTC)


@dataclass
class Told:
    draining: bool = False
    clock_late_s: float = 0.0
    among: int = 1
    well: int = 0


@dataclass
class Book:
    """A register whose answers a test sets."""

    answer: Told = field(default_factory=Told)
    fails: Exception | None = None
    said: list[NodeSeen] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def say(self, node: NodeSeen, *, holder: str) -> Told:
        assert holder == "a-process"
        if self.fails is not None:
            raise self.fails
        self.said.append(node)
        return self.answer

    def leave(self, name: str, *, holder: str) -> None:
        self.left.append(f"{name} {holder}")


class Queue:
    """A server of jobs that a test gives jobs to."""

    def __init__(self) -> None:
        self.jobs: asyncio.Queue[JobAsked | None] = asyncio.Queue()
        self.serving = 0
        self.served = 0
        self.held = False
        self.fails: list[Exception] = []
        self.outcomes: list[Json | Exception] = []

    async def serve(self, handlers: Mapping[str, Handler], *, capacity: int) -> None:
        assert capacity == 2
        if self.fails:
            raise self.fails.pop()
        self.serving += 1
        self.served += 1
        try:
            while (job := await self.jobs.get()) is not None:
                try:
                    self.outcomes.append(await handlers[job.kind](job))
                except (SourceError, JobLeftError) as error:
                    self.outcomes.append(error)
        finally:
            self.serving -= 1

    async def home(self, shard: str, *, here: bool) -> None: ...

    def hold(self, *, held: bool) -> None:
        self.held = held

    def drain(self) -> None:
        self.jobs.put_nowait(None)


def job(key: str) -> JobAsked:
    return JobAsked(case="c", epoch=1, night=None, kind="look", key=key, question=None)


class Running:
    """A node at work, and all that happens to it."""

    def __init__(self) -> None:
        self.book, self.queue, self.events = Book(), Queue(), list[NodeEvent]()
        self.free, self.gate = LEAST_FREE_BYTES, asyncio.Event()
        self.reach = StoreReach(lambda: None)
        ports = NodePorts(
            register=self.book,
            server=self.queue,
            handlers={"look": self.look},
            references=lambda: References(lag_s=1.5, shards=("c/0",)),
            free_bytes=lambda: self.free,
            now=lambda: NOW,
            listen=self.events.append,
            reach=self.reach,
        )
        self.node = Node(
            ports, name="paris", version="0.2.0", recipe="r", country="FR",
            holder="a-process", capacity=2,
        )  # fmt: skip

    async def look(self, asked: JobAsked) -> Json:
        if asked.key == "unsealed":
            self.reach.failed(AwayError("the store answers 503"))
            raise JobLeftError("it is left to another node")
        if asked.key == "bad":
            raise SourceError("it is dark")
        if asked.key == "long":
            await self.gate.wait()
        return asked.key

    def turns(self) -> list[NodeTurn]:
        return [event.turn for event in self.events]

    async def until(self, reached: Any) -> None:
        async with asyncio.timeout(20):
            while not reached():  # noqa: ASYNC110 - whatever a test waits for
                await asyncio.sleep(0.005)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Running:
    monkeypatch.setattr(serving, "SAID_S", 0.02)
    monkeypatch.setattr(serving, "AGAIN_S", 0.02)
    return Running()


@contextlib.asynccontextmanager
async def started(running: Running) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.ensure_future(running.node.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_ends_what_is_under_way_and_leaves(running: Running) -> None:
    async with started(running) as task:
        running.queue.jobs.put_nowait(job("long"))
        await running.until(lambda: running.node.standing.at_work == 1)
        running.node.end()
        await asyncio.sleep(0.1)
        assert not task.done()
        running.gate.set()
        await asyncio.wait_for(task, 20)
    assert running.queue.outcomes == ["long"]
    assert running.book.left == ["paris a-process"]
    assert running.turns()[-1] is NodeTurn.LEFT


async def test_a_drained_node_stays_and_is_resumed(running: Running) -> None:
    async with started(running):
        await running.until(lambda: running.queue.serving == 1)
        running.book.answer = Told(draining=True)
        await running.until(lambda: running.queue.serving == 0)
        said = len(running.book.said)
        await running.until(lambda: len(running.book.said) > said + 3)
        assert running.queue.served == 1
        running.book.answer = Told()
        await running.until(lambda: running.queue.serving == 1)
        running.queue.jobs.put_nowait(job("again"))
        await running.until(lambda: running.queue.outcomes == ["again"])
    assert [turn for turn in running.turns() if turn in (NodeTurn.DRAINING, NodeTurn.RESUMED)] == [
        NodeTurn.DRAINING,
        NodeTurn.RESUMED,
    ]


@pytest.mark.parametrize("ill", ["clock", "disk"])
async def test_a_node_with_which_something_is_wrong_takes_no_job_and_says_why(
    running: Running, ill: str
) -> None:
    if ill == "clock":
        running.book.answer = Told(clock_late_s=3600.0)
    else:
        running.free = 5
    async with started(running):
        await running.until(lambda: len(running.book.said) > 3)
        assert running.queue.served == 0
        assert running.book.said[-1].refused
        running.book.answer, running.free = Told(), LEAST_FREE_BYTES
        await running.until(lambda: running.queue.serving == 1)
        await running.until(lambda: running.book.said[-1].refused == "")
    [refused] = [event for event in running.events if event.turn is NodeTurn.REFUSED]
    assert {"clock": "3,600 s", "disk": "0 MB free"}[ill] in refused.why


async def test_a_database_that_is_away_costs_no_job_that_is_under_way(running: Running) -> None:
    async with started(running):
        running.queue.jobs.put_nowait(job("long"))
        await running.until(lambda: running.node.standing.at_work == 1)
        running.book.fails = StorageError("no answer")
        await running.until(lambda: NodeTurn.CUT_OFF in running.turns())
        running.gate.set()
        await running.until(lambda: running.queue.outcomes == ["long"])
        running.book.fails = None
        await running.until(lambda: running.book.said[-1].done == 1)
    assert running.turns().count(NodeTurn.CUT_OFF) == 1


async def test_it_goes_on_after_the_queue_lost_the_database(running: Running) -> None:
    running.queue.fails = [StorageError("gone"), StorageError("gone")]
    async with started(running):
        await running.until(lambda: running.queue.serving == 1)
    assert running.turns().count(NodeTurn.CUT_OFF) == 2


async def test_another_process_of_its_name_ends_it(running: Running) -> None:
    running.book.fails = ConflictError("another node is called paris")
    with pytest.raises(ConflictError, match="another node"):
        await running.node.run()
    assert running.queue.served == 0
    assert running.book.left == []


async def test_the_name_of_a_process_that_was_killed_is_waited_for(running: Running) -> None:
    running.book.fails = NameTakenError("another node is called paris", seen_at=NOW)
    async with started(running) as task:
        await running.until(lambda: NodeTurn.TOLD in running.turns())
        await asyncio.sleep(0.1)
        assert not task.done()
        running.book.fails = None
        await running.until(lambda: running.queue.serving == 1)
    [told] = [event.why for event in running.events if event.turn is NodeTurn.TOLD]
    assert told == (
        "another node is called paris; this one begins when that has been silent for 15 s"
    )


async def test_a_process_of_its_name_that_is_there_ends_it(running: Running) -> None:
    running.book.fails = NameTakenError("another node is called paris", seen_at=NOW)
    async with started(running) as task:
        await running.until(lambda: NodeTurn.TOLD in running.turns())
        later = NOW + timedelta(seconds=2)
        running.book.fails = NameTakenError("another node is called paris", seen_at=later)
        with pytest.raises(NameTakenError):
            await asyncio.wait_for(task, 20)
    assert running.queue.served == 0


async def test_while_the_store_is_away_it_begins_nothing_and_keeps_what_it_hears(
    running: Running,
) -> None:
    async with started(running):
        await running.until(lambda: running.queue.serving == 1)
        running.reach.failed(AwayError("the store answers 503"))
        await running.until(lambda: running.queue.held)
        await running.until(lambda: bool(running.book.said[-1].refused))
        assert running.queue.serving == 1
        running.reach.worked()
        await running.until(lambda: not running.queue.held)
        await running.until(lambda: running.book.said[-1].refused == "")
    [refused] = [event.why for event in running.events if event.turn is NodeTurn.REFUSED]
    assert refused == "it cannot reach the store, and tries again: the store answers 503"
    assert running.turns().count(NodeTurn.RESUMED) == 1


async def test_what_it_hears_goes_to_another_node_that_reaches_the_store(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "HOMES_S", 0.1)
    running.book.answer = Told(well=1)
    async with started(running):
        await running.until(lambda: running.queue.serving == 1)
        running.reach.failed(AwayError("the store answers 503"))
        await running.until(lambda: running.queue.serving == 0)
        running.reach.worked()
        await running.until(lambda: running.queue.serving == 1)


async def test_a_look_that_was_left_to_another_node_holds_it_at_once(running: Running) -> None:
    async with started(running):
        running.queue.jobs.put_nowait(job("unsealed"))
        await running.until(lambda: len(running.queue.outcomes) == 1)
        assert running.queue.held
    assert running.node.standing.at_work == 0


async def test_it_ends_soon_although_the_database_is_away(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "END_S", 0.1)
    async with started(running) as task:
        running.queue.jobs.put_nowait(job("long"))
        await running.until(lambda: running.node.standing.at_work == 1)
        running.book.fails = StorageError("no answer")
        await running.until(lambda: NodeTurn.CUT_OFF in running.turns())
        running.node.end()
        await asyncio.wait_for(task, 20)
    assert running.book.left == []
    assert running.turns()[-1] is NodeTurn.LEFT


async def test_a_database_that_hangs_is_cut_off_and_asked_once(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "ANSWER_S", 0.05)
    monkeypatch.setattr(serving, "END_S", 0.1)
    answers, asked = threading.Event(), list[str]()
    async with started(running) as task:
        await running.until(lambda: running.queue.serving == 1)

        def hang(node: NodeSeen, *, holder: str) -> Told:
            asked.append(holder)
            answers.wait(30)
            return Told()

        monkeypatch.setattr(running.book, "say", hang)
        await running.until(lambda: NodeTurn.CUT_OFF in running.turns())
        await asyncio.sleep(0.3)
        assert len(asked) == 1
        running.queue.jobs.put_nowait(job("long"))
        await running.until(lambda: NodeTurn.BEGAN in running.turns())
        running.node.end()
        await asyncio.wait_for(task, 20)
        answers.set()
    assert running.turns()[-1] is NodeTurn.LEFT


async def test_a_job_that_fails_is_told_with_its_reason(running: Running) -> None:
    async with started(running):
        running.queue.jobs.put_nowait(job("bad"))
        await running.until(lambda: len(running.queue.outcomes) == 1)
    [failed] = [event for event in running.events if event.turn is NodeTurn.FAILED]
    assert (failed.key, failed.why) == ("bad", "SourceError: it is dark")
    assert running.node.standing.at_work == 0
