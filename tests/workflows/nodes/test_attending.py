"""What the case of a watch hears of its nodes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cautery.errors import StorageError
from cautery.model import Entry
from cautery.model.nodes import JobCounts, NodesSeen
from cautery.model.ports import NodeSeen
from cautery.model.records import Failure, NodeChanged, NodesAwaited, NodeState
from cautery.projections.presence import LEAST_FREE_BYTES, Fit
from cautery.workflows.case.journal import Journal
from cautery.workflows.nodes.attending import Attending

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIT = Fit(version="0.2.0", recipe="r")


def seen(*versions: str) -> NodesSeen:
    nodes = tuple(
        NodeSeen(
            name=f"node-{number}", version=version, recipe="r", clock_late_s=0.0,
            free_bytes=LEAST_FREE_BYTES, capacity=2, at_work=0, shards=(), seen_at=NOW,
        )
        for number, version in enumerate(versions)
    )  # fmt: skip
    return NodesSeen(now=NOW, nodes=nodes, jobs=JobCounts())


def said(heard: list[Entry]) -> list[Any]:
    kinds = NodeChanged | NodesAwaited | Failure
    return [entry.content for entry in heard if isinstance(entry.content, kinds)]


async def test_who_comes_and_goes_is_recorded_when_it_changes(
    journal: Journal, heard: list[Entry]
) -> None:
    answers = [seen(), seen("0.2.0", "0.1.9"), seen("0.2.0", "0.1.9"), seen("0.2.0"), seen()]
    attending = Attending(lambda: answers.pop(0), FIT)
    for _ in range(5):
        await attending.look(journal)
    told = [
        (one.name, one.state) if isinstance(one, NodeChanged) else "awaited" for one in said(heard)
    ]
    assert told == [
        "awaited",
        ("node-0", NodeState.AT_WORK),
        ("node-1", NodeState.REFUSED),
        ("node-1", NodeState.GONE),
        ("node-0", NodeState.GONE),
        "awaited",
    ]


async def test_a_clock_of_the_watch_itself_that_is_off_is_recorded_once(
    journal: Journal, heard: list[Entry]
) -> None:
    """Each node's answer would be refused as of another hour, and the node blamed for it."""
    hour = timedelta(hours=1)
    clocks = [replace(seen(), now=journal.now() + late) for late in (hour, hour, 0 * hour, -hour)]
    attending = Attending(lambda: clocks.pop(0), FIT)
    for _ in range(4):
        await attending.look(journal)
    failures = [one for one in said(heard) if isinstance(one, Failure)]
    assert [one.message.partition(";")[0] for one in failures] == [
        "the clock of this machine is 3,600 s behind the database's",
        "the clock of this machine is 3,600 s ahead of the database's",
    ]


async def test_a_register_that_does_not_answer_is_recorded_once(
    journal: Journal, heard: list[Entry]
) -> None:
    looks = 0

    def away() -> NodesSeen:
        raise StorageError("no answer")

    async def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.001)

    async with Attending(away, FIT, sleep=sleep).beside(journal):
        async with asyncio.timeout(20):
            while looks < 4:  # noqa: ASYNC110 - nothing of ours is told of it
                await asyncio.sleep(0.005)
    [failure] = said(heard)
    assert (failure.what, failure.where) == ("nodes", "register")
