"""One suite over both queues of jobs: that of the lab, and that in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.jobs import CASE, InDatabase, InMemory, prepared_database, serving, until

from cautery.errors import (
    CauteryError,
    ConflictError,
    DecodeError,
    InputError,
    LeaseError,
    LimitError,
    SignerError,
    StorageError,
    TokenError,
    WorkerError,
)
from cautery.model.ports.jobs import JobAnswer, JobAsked, JobLeftError

Place = InMemory | InDatabase
LONG_S = 30.0


SHARD = "0123456789abcdef/4095"
"""As long as one is: its queue's name is part of the name of a channel, of 63 bytes at most."""


@pytest.fixture(params=["memory", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "memory":
        yield InMemory()
        return
    with prepared_database(request.getfixturevalue("bucket").url) as there:
        yield there


async def echo(job: JobAsked) -> dict[str, Any]:
    return {"said": job.question["say"]}


async def echo_run(job: JobAsked) -> dict[str, Any]:
    return {"run": job.run}


class Slow:
    """A job that lasts until it is let go, and remembers who did it."""

    def __init__(self) -> None:
        self.begun: list[JobAsked] = []
        self.ended: list[str] = []
        self.go = asyncio.Event()
        self.at_work = self.most_at_work = 0

    async def __call__(self, job: JobAsked) -> dict[str, Any]:
        self.begun.append(job)
        self.at_work += 1
        self.most_at_work = max(self.at_work, self.most_at_work)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended.append(job.key)
            raise
        finally:
            self.at_work -= 1
        return {"key": job.key}


async def test_a_node_does_a_job_and_the_driver_learns_which_node(place: Place) -> None:
    seen = []

    async def look(job: JobAsked) -> dict[str, Any]:
        seen.append(job)
        return {"é": [1, 2.5, None, "\u2028"], "of": job.night["mandate"]}

    node, night = place.node("node-a"), {"mandate": "Liga"}
    async with place.driver(3, night=night) as jobs, serving(node, {"look": look}):
        answer = await jobs.ask("look", {"url": "https://x"}, key="1", within_s=LONG_S)
    assert (answer.node, answer.content) == (
        "node-a",
        {"é": [1, 2.5, None, "\u2028"], "of": "Liga"},
    )
    assert answer.at.tzinfo is not None
    (job,) = seen
    assert (job.case, job.epoch, job.kind, job.key, job.run) == (CASE, 3, "look", "1", 0)
    assert job.question == {"url": "https://x"}


async def test_a_key_is_answered_once_however_often_it_is_asked(place: Place) -> None:
    slow = Slow()
    async with place.driver() as jobs, serving(place.node("node-a"), {"look": slow}):
        asked = [
            asyncio.ensure_future(jobs.ask("look", {"n": n}, key="same", within_s=LONG_S))
            for n in range(5)
        ]
        await until(lambda: slow.begun)
        slow.go.set()
        answers = await asyncio.gather(*asked)
        answers.append(await jobs.ask("look", {"n": 9}, key="same", within_s=LONG_S))
    assert len(slow.begun) == 1
    assert all(answer == answers[0] for answer in answers)


async def test_many_jobs_are_each_answered_by_their_own_answer(place: Place) -> None:
    async with (
        place.driver() as jobs,
        serving(place.node("node-a"), {"echo": echo}),
        serving(place.node("node-b"), {"echo": echo}),
    ):
        answers = await asyncio.gather(
            *(jobs.ask("echo", {"say": n}, key=f"k{n}", within_s=LONG_S) for n in range(60))
        )
    assert [answer.content["said"] for answer in answers] == list(range(60))


async def test_a_job_that_one_node_leaves_is_done_by_another(place: Place) -> None:
    node, runs = place.node("node-a"), list[int]()

    async def leave(job: JobAsked) -> dict[str, Any]:
        runs.append(job.run)
        node.hold(held=True)
        raise JobLeftError("the store is away")

    async with place.driver() as jobs, serving(node, {"look": leave}):
        asked = asyncio.ensure_future(jobs.ask("look", {}, key="1", within_s=LONG_S))
        await until(lambda: runs)
        async with serving(place.node("node-b"), {"look": echo_run}):
            answer = await asked
    assert (answer.node, answer.content, runs) == ("node-b", {"run": 1}, [0])


async def test_a_node_that_holds_goes_on_with_what_it_began(place: Place) -> None:
    slow, node = Slow(), place.node("node-a")
    async with place.driver() as jobs, serving(node, {"look": slow, "hear": slow}):
        await jobs.keep("hear", {}, key="hears")
        asked = [asyncio.ensure_future(jobs.ask("look", {}, key="1", within_s=LONG_S))]
        await until(lambda: len(slow.begun) == 2)
        node.hold(held=True)
        asked.append(asyncio.ensure_future(jobs.ask("look", {}, key="2", within_s=LONG_S)))
        await asyncio.sleep(1.0)
        slow.go.set()
        assert (await asked[0]).node == "node-a"
        assert {job.key for job in slow.begun} == {"hears", "1"}
        node.hold(held=False)
        assert (await asked[1]).node == "node-a"


async def test_what_a_job_raises_comes_back(place: Place) -> None:
    async def look(job: JobAsked) -> dict[str, Any]:
        if job.question["how"] == "ours":
            raise DecodeError("the stream has no picture", hint="Look again.")
        if job.question["how"] == "not JSON":
            return {"a": {1, 2}}
        raise ZeroDivisionError("of a kernel")

    async with place.driver() as jobs, serving(place.node("node-a"), {"look": look}):
        with pytest.raises(DecodeError, match="no picture") as told:
            await jobs.ask("look", {"how": "ours"}, key="1", within_s=LONG_S)
        assert told.value.hint == "Look again."
        with pytest.raises(WorkerError, match="node-a failed: ZeroDivisionError"):
            await jobs.ask("look", {"how": "theirs"}, key="2", within_s=LONG_S)
        with pytest.raises(InputError, match="is no JSON"):
            await jobs.ask("look", {"how": "not JSON"}, key="3", within_s=LONG_S)
        with pytest.raises(InputError, match="does no job of the kind dance"):
            await jobs.ask("dance", {}, key="4", within_s=LONG_S)


@pytest.mark.parametrize("error", [StorageError, LeaseError, SignerError, TokenError])
async def test_what_a_node_says_of_its_own_disk_and_keys_is_not_said_of_the_drivers(
    place: Place, error: type[CauteryError]
) -> None:
    async def look(_: JobAsked) -> dict[str, Any]:
        raise error("no space left on device", hint="Free some.")

    async with place.driver() as jobs, serving(place.node("node-a"), {"look": look}):
        with pytest.raises(WorkerError, match="node-a failed: no space left") as told:
            await jobs.ask("look", {}, key="1", within_s=LONG_S)
        assert told.value.hint == "Free some."


async def test_who_waits_too_long_hears_it_and_the_job_ends(place: Place) -> None:
    slow = Slow()
    async with place.driver() as jobs:
        with pytest.raises(LimitError, match="no node answered the job 1"):
            await jobs.ask("look", {}, key="1", within_s=0.3)
        async with serving(place.node("node-a"), {"look": slow}):
            with pytest.raises(LimitError):
                await jobs.ask("look", {}, key="2", within_s=5.0)
            await until(lambda: slow.ended)
        assert [job.key for job in slow.begun] == slow.ended == ["2"]


async def test_a_job_that_is_withdrawn_ends(place: Place) -> None:
    slow = Slow()
    async with place.driver() as jobs, serving(place.node("node-a"), {"look": slow}):
        asked = asyncio.ensure_future(jobs.ask("look", {}, key="1", within_s=LONG_S))
        await until(lambda: slow.begun)
        await jobs.withdraw("1")
        await jobs.withdraw("unknown")
        with pytest.raises(ConflictError, match="withdrawn"):
            await asked
        await until(lambda: slow.ended)


async def test_who_asks_and_goes_away_ends_the_job(place: Place) -> None:
    slow = Slow()
    async with place.driver() as jobs, serving(place.node("node-a"), {"look": slow}):
        asked = asyncio.ensure_future(jobs.ask("look", {}, key="1", within_s=LONG_S))
        await until(lambda: slow.begun)
        asked.cancel()
        await until(lambda: slow.ended)


async def test_what_has_a_higher_priority_is_begun_first(place: Place) -> None:
    slow = Slow()
    slow.go.set()
    async with place.driver() as jobs:
        asked = [
            asyncio.ensure_future(jobs.ask("look", {}, key=str(n), within_s=LONG_S, priority=p))
            for n, p in enumerate((0, 0, 9, 5))
        ]
        await asyncio.sleep(0.3)
        async with serving(place.node("node-a"), {"look": slow}, capacity=1):
            await asyncio.gather(*asked)
    assert [job.key for job in slow.begun] == ["2", "3", "0", "1"]


async def test_a_job_for_a_shard_goes_where_it_is_at_home(place: Place) -> None:
    a, b = place.node("node-a"), place.node("node-b")
    async with place.driver() as jobs, serving(a, {"echo": echo}), serving(b, {"echo": echo}):
        with pytest.raises(LimitError):
            await jobs.ask("echo", {"say": 1}, key="1", shard=SHARD, within_s=1.5)
        await b.home(SHARD, here=True)
        for n in range(2, 8):
            answer = await jobs.ask("echo", {"say": n}, key=str(n), shard=SHARD, within_s=LONG_S)
            assert answer.node == "node-b"
        await b.home(SHARD, here=False)
        await a.home(SHARD, here=True)
        answer = await jobs.ask("echo", {"say": 8}, key="8", shard=SHARD, within_s=LONG_S)
        assert answer.node == "node-a"
        with pytest.raises(InputError, match="name of a shard"):
            await jobs.ask("echo", {"say": 9}, key="9", shard="x" * 200, within_s=1.0)


async def test_a_node_of_another_recipe_gets_no_job(place: Place) -> None:
    async with place.driver() as jobs:
        async with serving(place.node("node-a", "2.0.0/landmarks"), {"echo": echo}):
            with pytest.raises(LimitError):
                await jobs.ask("echo", {"say": 1}, key="1", within_s=1.5)
        async with serving(place.node("node-b"), {"echo": echo}):
            await jobs.ask("echo", {"say": 1}, key="2", within_s=LONG_S)


async def test_a_drained_node_ends_what_it_does_and_takes_nothing_new(place: Place) -> None:
    slow, node = Slow(), place.node("node-a")
    async with place.driver() as jobs:
        async with serving(node, {"look": slow, "echo": echo}) as served:
            asked = asyncio.ensure_future(jobs.ask("look", {}, key="1", within_s=LONG_S))
            await until(lambda: slow.begun)
            node.drain()
            with pytest.raises(LimitError):
                await jobs.ask("echo", {"say": 1}, key="2", within_s=1.5)
            assert not served.done()
            slow.go.set()
            assert (await asked).content == {"key": "1"}
            await asyncio.wait_for(served, LONG_S)
        async with serving(node, {"echo": echo}):  # and may serve anew
            await jobs.ask("echo", {"say": 1}, key="3", within_s=LONG_S)


async def test_a_job_that_lasts_goes_from_a_drained_node_to_another(place: Place) -> None:
    slow = Slow()
    a, b = place.node("node-a"), place.node("node-b")
    async with place.driver() as jobs, serving(a, {"hear": slow}) as served:
        await jobs.keep("hear", {"feeds": []}, key="shard 1")
        await jobs.keep("hear", {"feeds": []}, key="shard 1")
        await until(lambda: slow.begun)
        async with serving(b, {"hear": slow}):
            a.drain()
            await asyncio.wait_for(served, LONG_S)
            await until(lambda: len(slow.begun) == 2)
            assert [job.run for job in slow.begun] == [0, 1]
            assert slow.most_at_work == 1
            await jobs.withdraw("shard 1")
            await until(lambda: len(slow.ended) == 2)
    assert len(slow.begun) == 2


async def test_jobs_that_last_take_no_place_of_others(place: Place) -> None:
    slow, node = Slow(), place.node("node-a")
    done = {"hear": slow, "echo": echo}
    async with place.driver() as jobs, serving(node, done, capacity=1):
        await jobs.keep("hear", {}, key="shard 1")
        await until(lambda: slow.begun)
        await jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S)
        assert slow.at_work == 1


async def test_a_job_that_lasts_is_begun_anew_when_it_ends_in_an_error(place: Place) -> None:
    begun, told = [], []

    async def hear(job: JobAsked) -> dict[str, Any]:
        begun.append(job)
        if len(begun) > 1:
            await asyncio.Event().wait()
        raise DecodeError("the disk is full")

    def refused(key: str, error: Exception) -> None:
        told.append((key, type(error), str(error)))

    node = place.node("node-a")
    async with place.driver(refused=refused) as jobs, serving(node, {"hear": hear}):
        await jobs.keep("hear", {}, key="shard 1")
        await until(lambda: len(begun) == 2)
    assert told == [("shard 1", DecodeError, "the disk is full")]


async def test_a_later_driver_ends_what_an_earlier_one_asked(place: Place) -> None:
    slow = Slow()
    done, node = {"look": slow, "hear": slow, "echo": echo}, place.node("node-a")
    async with serving(node, done), place.driver(1) as before:
        asked = asyncio.ensure_future(before.ask("look", {}, key="1", within_s=LONG_S))
        await before.keep("hear", {}, key="shard 1")
        await until(lambda: len(slow.begun) == 2)
        async with place.driver(2) as after:
            with pytest.raises(ConflictError, match="another machine drives"):
                await asked
            await until(lambda: len(slow.ended) == 2)
            with pytest.raises(ConflictError, match="another machine drives"):
                await before.ask("echo", {"say": 1}, key="2", within_s=LONG_S)
            answer = await after.ask("echo", {"say": 2}, key="1", within_s=LONG_S)
            assert answer.content == {"said": 2}
            with pytest.raises(ConflictError, match="another machine drives"):
                async with place.driver(1):
                    pass
            assert (await after.ask("echo", {"say": 3}, key="3", within_s=LONG_S)).node


async def test_the_end_of_the_night_ends_everything(place: Place) -> None:
    slow = Slow()
    async with serving(place.node("node-a"), {"look": slow, "hear": slow}):
        async with place.driver() as jobs:
            asked = asyncio.ensure_future(jobs.ask("look", {}, key="1", within_s=LONG_S))
            await jobs.keep("hear", {}, key="shard 1")
            await until(lambda: len(slow.begun) == 2)
        with pytest.raises(ConflictError, match="ended"):
            await asked
        await until(lambda: len(slow.ended) == 2)


async def test_what_cannot_travel_is_refused_at_once(place: Place) -> None:
    async with place.driver() as jobs:
        for question, key, why in (
            ({"a": b"bytes"}, "1", "is no JSON"),
            ({"a": float("nan")}, "2", "is no JSON"),
            ({"a": "x" * (1 << 21)}, "3", "at most"),
            ({}, "", "cannot be the key"),
            ({}, "k" * 600, "cannot be the key"),
            ({}, "a\0b", "cannot be the key"),
        ):
            with pytest.raises(InputError, match=why):
                await jobs.ask("look", question, key=key, within_s=1.0)


async def test_a_cancelled_node_leaves_its_jobs_to_others(place: Place) -> None:
    slow = Slow()
    answer: JobAnswer | None = None
    async with place.driver() as jobs:
        async with serving(place.node("node-a"), {"look": slow}):
            asked = asyncio.ensure_future(jobs.ask("look", {}, key="1", within_s=LONG_S))
            await until(lambda: slow.begun)
        slow.go.set()
        async with serving(place.node("node-b"), {"look": slow}):
            answer = await asked
    assert answer.node == "node-b"
    assert [job.run for job in slow.begun] == [0, 1]
