"""What only jobs in a database can suffer: dead nodes, a server that is away, and strangers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.jobs import CASE, FIT, KEY, OTHER, InDatabase, prepared_database, serving, until

from cautery.adapters import _job_database, _job_nights, _servers, job_queue
from cautery.adapters._job_database import JobDatabase
from cautery.adapters._job_sealing import TRIES, NightKey
from cautery.adapters._job_statements import TAKE, queue_name
from cautery.adapters.job_queue import job_counts
from cautery.errors import (
    ConflictError,
    EvidenceError,
    InputError,
    LimitError,
    StorageError,
    WorkerError,
)
from cautery.model.ports.jobs import JobAsked
from cautery.projections.presence import GONE_S

LONG_S = 60.0
_NODE = Path(__file__).parents[1] / "_node_process.py"


@pytest.fixture
def place(bucket: Any) -> Iterator[InDatabase]:
    with prepared_database(bucket.url) as there:
        yield there


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes are given up sooner, so that a test takes less long."""
    monkeypatch.setattr(_job_nights, "STALLED_S", 2.0)
    monkeypatch.setattr(job_queue, "STALLED_S", 2.0)


class Processes:
    """Nodes in processes of their own."""

    def __init__(self, place: InDatabase, folder: Path) -> None:
        self._place, self._log = place, folder / "begun.log"
        self._log.touch()
        self.alive: list[subprocess.Popen[bytes]] = []
        self._number = 0

    def start(self) -> None:
        self._number += 1
        name, url = f"node-{self._number}", self._place.server.database
        asked = [sys.executable, _NODE, url, name, FIT, KEY.hex(), str(self._log)]
        self.alive.append(subprocess.Popen(asked))

    def kill(self, which: int = 0) -> None:
        """End one as loss of power does."""
        process = self.alive.pop(which)
        process.kill()
        process.wait()

    def begun(self) -> list[tuple[str, int]]:
        """Keys, and how often each was begun before, in the order of beginning."""
        return [tuple(json.loads(line)) for line in self._log.read_text().splitlines()]


@pytest.fixture
def nodes(place: InDatabase, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(place, tmp_path)
    yield made
    while made.alive:
        made.kill()


async def echo(job: JobAsked) -> dict[str, Any]:
    return {"said": job.question["say"]}


async def test_jobs_of_a_killed_node_are_done_by_another_within_seconds(
    place: InDatabase, nodes: Processes
) -> None:
    nodes.start()
    async with place.driver() as jobs:
        asked = asyncio.ensure_future(jobs.ask("work", {"takes_s": 9}, key="1", within_s=LONG_S))
        await jobs.keep("hear", {"takes_s": 600}, key="shard 1")
        await until(lambda: len(nodes.begun()) == 2)
        nodes.start()
        nodes.kill()
        await until(lambda: len(nodes.begun()) == 4)
        assert sorted(nodes.begun()[2:]) == [("1", 1), ("shard 1", 1)]
        assert (await asked).node == "node-2"
        with psycopg.connect(place.server.database, autocommit=True) as connection:
            assert job_counts(connection).under_way == 1
            await jobs.withdraw("shard 1")
            await until(lambda: job_counts(connection).under_way == 0)
            assert job_counts(connection).redone == 2


@pytest.mark.usefixtures("impatient")
async def test_a_job_of_which_nodes_die_is_given_up(place: InDatabase, nodes: Processes) -> None:
    for _ in range(TRIES):
        nodes.start()
    async with place.driver() as jobs:
        with pytest.raises(WorkerError, match=f"{TRIES} nodes died while they did the job 1"):
            await jobs.ask("work", {"deadly": True}, key="1", within_s=LONG_S)
    assert nodes.begun() == [("1", run) for run in range(TRIES)]


@pytest.mark.usefixtures("impatient")
async def test_whatever_node_is_killed_when_every_key_is_answered_exactly_once(
    place: InDatabase, nodes: Processes
) -> None:
    draw = random.Random(93)
    for _ in range(3):
        nodes.start()
    async with place.driver() as jobs:
        asked = [
            asyncio.ensure_future(
                jobs.ask("work", {"takes_s": draw.uniform(0, 0.4)}, key=f"k{n}", within_s=LONG_S)
            )
            for n in range(200)
        ]
        await until(nodes.begun)
        for _ in range(6):
            await asyncio.sleep(draw.uniform(0, 0.7))
            nodes.kill(draw.randrange(3))
            nodes.start()
        answers = await asyncio.gather(*asked)
        kept = place.sql("SELECT key, count(*) FROM cautery.answers GROUP BY key")
    assert [answer.content["of"] for answer in answers] == [f"k{n}" for n in range(200)]
    assert Counter(count for _, count in kept) == {1: 200}


class Wire:
    """The way to the database, which can be cut and mended: nothing comes through, nothing ends."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._there = parts.hostname or "127.0.0.1", parts.port or 5432
        self._whole = asyncio.Event()
        self._whole.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._url = url

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        parts = urlsplit(self._url)
        self.url = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.mend()
        self._server.close()
        self.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def hang_up(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        there_reader, there_writer = await asyncio.open_connection(*self._there)
        self._writers |= {writer, there_writer}
        for one, other in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.ensure_future(self._carry(one, other))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            while data := await reader.read(1 << 16):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def wire(place: InDatabase) -> AsyncIterator[Wire]:
    async with Wire(place.server.database) as made:
        yield made


@pytest.mark.usefixtures("impatient")
async def test_a_node_cut_off_answers_nothing_twice_and_ends_what_was_begun_elsewhere(
    place: InDatabase,
) -> None:
    begun: list[tuple[str, str, int]] = []
    ended: list[str] = []

    def does(name: str, *, slow: bool) -> Any:
        async def work(job: JobAsked) -> dict[str, Any]:
            begun.append((name, job.key, job.run))
            try:
                await asyncio.sleep(6 if slow else 0.1)
                if job.kind == "hear":
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.append(name)
                raise
            return {"by": name}

        return {"work": work, "hear": work}

    async with wire(place) as way, place.driver() as jobs:
        far = place.node("far", url=way.url)
        async with serving(far, does("far", slow=True)):
            asked = asyncio.ensure_future(jobs.ask("work", {}, key="1", within_s=LONG_S))
            await jobs.keep("hear", {}, key="shard 1")
            await until(lambda: len(begun) == 2)
            way.cut()
            async with serving(place.node("near"), does("near", slow=False)):
                answer = await asked
                assert answer.content == {"by": "near"}
                await until(lambda: ("near", "shard 1", 1) in begun)
                await asyncio.sleep(4)  # the far node has its own answer now
                way.mend()
                await until(lambda: ended == ["far"])  # the reference, not the near one's
                await asyncio.sleep(1.5)
                assert ended == ["far"]
                again = await jobs.ask("work", {}, key="1", within_s=LONG_S)
                assert again.content == {"by": "near"}
    assert sorted(begun)[:2] == [("far", "1", 0), ("far", "shard 1", 0)]


async def test_a_database_that_is_away_for_seconds_loses_and_repeats_nothing(
    place: InDatabase,
) -> None:
    begun: Counter[str] = Counter()

    async def work(job: JobAsked) -> dict[str, Any]:
        begun[job.key] += 1
        await asyncio.sleep(0.3)
        return {"of": job.key}

    async with wire(place) as way, place.driver(url=way.url) as jobs:
        node = place.node("node-a", url=way.url)
        async with serving(node, {"work": work, "hear": work, "echo": echo}):
            await jobs.ask("echo", {"say": 1}, key="first", within_s=LONG_S)
            asked = [
                asyncio.ensure_future(jobs.ask("work", {}, key=f"k{n}", within_s=LONG_S))
                for n in range(20)
            ]
            await until(lambda: begun)
            way.cut()
            way.hang_up()
            asked += [
                asyncio.ensure_future(jobs.ask("work", {}, key=f"k{n}", within_s=LONG_S))
                for n in range(20, 30)
            ]
            await asyncio.sleep(7)
            way.mend()
            answers = await asyncio.gather(*asked)
    assert [answer.content["of"] for answer in answers] == [f"k{n}" for n in range(30)]
    assert set(begun.values()) == {1}


async def test_a_database_that_stays_away_is_said_to_be(place: InDatabase) -> None:
    async with wire(place) as way:
        node = place.node("node-a", url=way.url)
        node._patience_s = 2.0
        async with place.driver(url=way.url, patience_s=2.0) as jobs:
            task = asyncio.ensure_future(node.serve({"echo": echo}, capacity=1))
            await jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S)
            way.cut()
            way.hang_up()
            with pytest.raises(StorageError, match="has not answered for 2 s"):
                await jobs.ask("echo", {"say": 1}, key="2", within_s=LONG_S)
            with pytest.raises(StorageError, match="has not answered for 2 s"):
                await asyncio.wait_for(task, LONG_S)
    nowhere = InDatabase(_of(place, "postgresql://postgres@127.0.0.1:1/test"))
    with pytest.raises(StorageError, match="cannot open it"):
        async with nowhere.driver():
            pass
    with pytest.raises(StorageError, match="cannot open it"):
        await nowhere.node("node-a").serve({}, capacity=1)


def _of(place: InDatabase, url: str) -> Any:
    return type(place.server)(database=url, vault=place.server.vault)


async def test_the_answer_that_a_crash_of_the_database_took_along_is_asked_for_again(
    place: InDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "_MISSED_S", 1.0)
    begun = []

    async def work(job: JobAsked) -> dict[str, Any]:
        begun.append(job.key)
        if len(begun) == 1:
            place.sql("DELETE FROM cautery_jobs.procrastinate_jobs")
            await asyncio.Event().wait()
        return {}

    async with place.driver() as jobs, serving(place.node("node-a"), {"work": work}):
        await jobs.ask("work", {}, key="1", within_s=LONG_S)
    assert begun == ["1", "1"]


class LosesCommits:
    """A connection that is lost after a commit that took answers, before it says so."""

    def __init__(self, connection: Any, lost: list[str]) -> None:
        self._connection, self._lost = connection, lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            yield
        taken = await self._connection.execute("SELECT FROM cautery.answers WHERE taken")
        if taken.rowcount and not self._lost:
            self._lost.append("one")
            raise psycopg.OperationalError("the connection is lost")


async def test_an_answer_is_not_lost_with_the_word_that_it_was_taken(
    place: InDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    alone = JobDatabase.alone

    async def lossy(self: JobDatabase) -> LosesCommits:
        return LosesCommits(await alone(self), lost)

    monkeypatch.setattr(JobDatabase, "alone", lossy)
    async with place.driver() as jobs, serving(place.node("node-a"), {"echo": echo}):
        for number in range(3):
            answer = await jobs.ask("echo", {"say": number}, key=f"{number}", within_s=10.0)
            assert answer.content == {"said": number}
    assert lost


async def test_what_was_taken_and_what_nights_left_does_not_stay(
    place: InDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queue, "_MISSED_S", 0.5)
    monkeypatch.setattr(job_queue, "_KEPT_S", 0.5)

    def rows(table: str) -> int:
        return int(place.sql(f"SELECT count(*) FROM {table}")[0][0])

    dead = asyncio.Event()

    async def dies(_: JobAsked) -> dict[str, Any]:
        dead.set()
        await asyncio.Event().wait()
        return {}

    async with place.driver() as jobs, serving(place.node("node-a"), {"echo": echo, "dies": dies}):
        await jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S)
        await until(lambda: not rows("cautery.answers"))
        asked = asyncio.ensure_future(jobs.ask("dies", {}, key="2", within_s=LONG_S))
        await dead.wait()
        # Its driver never comes back, and its node dies.
        copied = place.sql("SELECT args FROM procrastinate_jobs")[0][0]
        asked.cancel()
    told = json.dumps(copied | {"key": "3"})
    place.sql(
        "INSERT INTO procrastinate_jobs (task_name, queue_name, status, args)"
        " VALUES ('job', 'q', 'doing', %s)",
        told,
    )
    place.sql("INSERT INTO cautery.answers VALUES (%s, 1, 'late', 'x', 'node-a')", CASE)
    place.sql("UPDATE cautery.nights SET package = 'x', seen_at = now() - interval '2 days'")
    place.sql(
        "INSERT INTO cautery.nodes VALUES ('old', '{}', now() - interval '8 days', false),"
        " ('drained', '{}', now() - interval '8 days', true), ('new', '{}', now(), false)"
    )
    with psycopg.connect(place.server.database) as connection:
        assert job_counts(connection).under_way == 1
    async with job_queue.JobQueue(
        place.server, key=KEY, case=OTHER, epoch=1, driver="d", fit=FIT, night={}
    ):
        assert rows("procrastinate_jobs") == rows("cautery.answers") == 0
        assert place.sql("SELECT package FROM cautery.nights WHERE case_id = %s", CASE) == [(None,)]
        assert place.sql("SELECT name FROM cautery.nodes ORDER BY name") == [("drained",), ("new",)]


async def test_a_night_that_is_over_takes_no_answer_and_counts_no_job(place: InDatabase) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def stubborn(_: JobAsked) -> dict[str, Any]:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await go.wait()
        return {}

    async with serving(place.node("node-a"), {"work": stubborn}):
        async with place.driver() as jobs:
            asked = asyncio.ensure_future(jobs.ask("work", {}, key="1", within_s=LONG_S))
            await begun.wait()
        with pytest.raises(ConflictError):
            await asked
        with psycopg.connect(place.server.database) as connection:
            assert job_counts(connection).under_way == 0
        go.set()
        await until(lambda: not place.sql("SELECT FROM procrastinate_jobs"))
        assert not place.sql("SELECT FROM cautery.answers")


async def test_a_node_that_was_thought_dead_does_its_own_job_anew_and_never_twice_at_once(
    place: InDatabase,
) -> None:
    runs: list[int] = []
    at_work, most = Counter[str](), Counter[str]()

    async def work(job: JobAsked) -> dict[str, Any]:
        runs.append(job.run)
        at_work[job.key] += 1
        most[job.key] = max(most[job.key], at_work[job.key])
        try:
            await asyncio.sleep(600 if job.kind == "hear" or not job.run else 1)
        finally:
            at_work[job.key] -= 1
        return {"run": job.run}

    node = place.node("node-a")
    async with place.driver() as jobs, serving(node, {"work": work, "hear": work}):
        asked = asyncio.ensure_future(jobs.ask("work", {}, key="1", within_s=LONG_S))
        await jobs.keep("hear", {}, key="shard 1")
        await until(lambda: len(runs) == 2)
        place.sql(
            "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM procrastinate_jobs"
        )
        assert (await asked).content == {"run": 1}
        await until(lambda: len(runs) == 4)
        await asyncio.sleep(3)
        assert at_work == {"1": 0, "shard 1": 1}
    assert sorted(runs) == [0, 0, 1, 1]
    assert most == {"1": 1, "shard 1": 1}


async def test_a_node_with_another_key_does_nothing_and_says_so(place: InDatabase) -> None:
    stranger = place.node("stranger", key=b"s" * 32)
    did = []

    async def mine(job: JobAsked) -> dict[str, Any]:
        did.append(job)
        return {}

    async with place.driver() as jobs:
        asked = asyncio.ensure_future(jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S))
        with pytest.raises(EvidenceError, match="not begun with the nodes' key that the node str"):
            await asyncio.wait_for(stranger.serve({"echo": mine}, capacity=1), LONG_S)
        async with serving(place.node("node-a"), {"echo": echo}):
            assert (await asked).node == "node-a"
    assert not did
    with pytest.raises(InputError, match="32 bytes"):
        place.node("short", key=b"short")


@pytest.mark.parametrize(
    "change",
    [
        "args = jsonb_set(args, '{kind}', '\"dance\"')",
        "args = jsonb_set(args, '{question}', '\"AAAA\"')",
        "args = jsonb_set(args, '{question}', '7')",
        "args = args || '{\"more\": 1}'",
        "args = args - 'question'",
        "args = jsonb_set(args, '{key}', '\"2\"')",
        "args = jsonb_set(args, '{question}', to_jsonb(overlay(args->>'question' placing 'zz' from 30)))",
    ],
)
async def test_a_job_that_somebody_changed_is_refused(place: InDatabase, change: str) -> None:
    did = []

    async def work(job: JobAsked) -> dict[str, Any]:
        did.append(job)
        return {}

    async with place.driver() as jobs:
        asked = asyncio.ensure_future(jobs.ask("work", {"a": 1}, key="1", within_s=LONG_S))
        await until(lambda: place.sql("SELECT 1 FROM cautery_jobs.procrastinate_jobs"))
        place.sql(f"UPDATE cautery_jobs.procrastinate_jobs SET {change}")
        async with serving(place.node("node-a"), {"work": work, "dance": work}):
            with pytest.raises(EvidenceError, match="no node could open the job 1"):
                await asked
    assert not did


async def test_an_answer_of_a_stranger_is_refused(place: InDatabase) -> None:
    forged = NightKey(b"s" * 32, CASE, 1).seal(
        "answer", "echo", "1", {"node": "n", "at": "2026-11-30T20:00:00+00:00", "content": {}}
    )
    async with place.driver() as jobs:
        asked = asyncio.ensure_future(jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S))
        place.sql(
            "INSERT INTO cautery.answers (case_id, epoch, key, answer, node)"
            " VALUES (%s, 1, '1', %s, 'node-a')",
            CASE,
            forged,
        )
        with pytest.raises(EvidenceError, match="the answer of the job 1 was not sealed"):
            await asked


async def test_an_answer_that_is_longer_than_any_is_refused_unread(
    place: InDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []
    opened = NightKey.open

    def opening(self: NightKey, what: str, kind: str, key: str, sealed: bytes) -> Any:
        read.append(len(sealed))
        return opened(self, what, kind, key, sealed)

    monkeypatch.setattr(NightKey, "open", opening)
    async with place.driver() as jobs:
        place.sql(
            "INSERT INTO cautery.answers VALUES (%s, 1, '1', convert_to(repeat('x', 17000000),"
            " 'UTF8'), 'evil')",
            CASE,
        )
        with pytest.raises(EvidenceError, match="was not sealed"):
            await jobs.ask("echo", {}, key="1", within_s=LONG_S)
    assert read == [0]


async def test_answers_that_nobody_asked_for_are_not_read_and_others_not_all_at_once(
    place: InDatabase,
) -> None:
    async with place.driver():
        place.sql(
            "INSERT INTO cautery.answers SELECT %s, 1, i::text,"
            " convert_to(repeat('x', CASE WHEN i = 1 THEN 3 ELSE 16000000 END), 'UTF8'), 'evil'"
            " FROM generate_series(1, 7) AS i",
            CASE,
        )
        with psycopg.connect(place.server.database, autocommit=True) as connection:

            def taken(*asked: str) -> list[tuple[str, int]]:
                told = {"case": CASE, "epoch": 1, "asked": list(asked)}
                rows = connection.execute(TAKE, told, binary=True).fetchall()
                return sorted((key, len(answer)) for key, answer in rows)

            assert taken() == []
            assert taken("1", "other") == [("1", 3)]
            sizes = [size for _, size in taken(*"1234567")]
            assert sizes == [16_000_000] * 4
            assert len(taken(*"1234567")) == 2
            assert taken(*"1234567") == []


@pytest.mark.parametrize(
    ("about", "moment"),
    [("{}", "infinity"), ("{}", "0044-01-01 BC"), ("5", "now"), ("[1]", "now"), ("null", "now")],
)
async def test_rows_of_strangers_among_the_nodes_end_no_watch(
    place: InDatabase, monkeypatch: pytest.MonkeyPatch, about: str, moment: str
) -> None:
    monkeypatch.setattr(job_queue, "_TICK_S", 0.05)
    long = json.dumps({"shards": ["s" * 5_000]})
    place.sql(
        "INSERT INTO cautery.nodes VALUES ('evil', %s, %s), (repeat('n', 9999), '{}', now()),"
        " ('long', %s, now())",
        *(about, moment, long),
    )
    async with place.driver() as jobs, serving(place.node("node-a"), {"echo": echo}):
        place.sql("INSERT INTO cautery.nodes VALUES ('true', '{}', now())")
        await until(lambda: "true" in [node.name for node in jobs.nodes()])
        answer = await jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S)
        names = {node.name for node in jobs.nodes()}
    assert answer.content == {"said": 1}
    assert names <= {"true", "evil"}


async def test_a_true_answer_at_another_place_is_refused(place: InDatabase) -> None:
    async with place.driver() as jobs, serving(place.node("node-a"), {"echo": echo}):
        await jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S)
        asked = asyncio.ensure_future(
            jobs.ask("echo", {"say": 2}, key="2", shard="nobody's", within_s=LONG_S)
        )
        place.sql(
            "INSERT INTO cautery.answers (case_id, epoch, key, answer, node)"
            " SELECT case_id, epoch, '2', answer, node FROM cautery.answers WHERE key = '1'"
        )
        with pytest.raises(EvidenceError, match="the answer of the job 2 was not sealed"):
            await asked


async def test_a_job_that_is_played_again_does_nothing(place: InDatabase) -> None:
    did = []

    async def work(job: JobAsked) -> dict[str, Any]:
        did.append((job.epoch, job.key))
        return {}

    keep = "CREATE TABLE public.kept AS SELECT * FROM cautery_jobs.procrastinate_jobs"
    again = (
        "INSERT INTO cautery_jobs.procrastinate_jobs (queue_name, task_name, args)"
        " SELECT queue_name, task_name, args FROM public.kept"
    )
    left = "SELECT 1 FROM cautery_jobs.procrastinate_jobs"
    async with place.driver(1) as jobs:
        asked = asyncio.ensure_future(jobs.ask("work", {}, key="1", within_s=LONG_S))
        await until(lambda: place.sql("SELECT 1 FROM cautery_jobs.procrastinate_jobs"))
        place.sql(keep)
        async with serving(place.node("node-a"), {"work": work}):
            await asked
            place.sql(again)  # in the same night
            await until(lambda: not place.sql(left))
    async with place.driver(2), serving(place.node("node-a"), {"work": work}):
        place.sql(again)  # in a later one
        await until(lambda: not place.sql(left))
    place.sql("UPDATE public.kept SET args = jsonb_set(args, '{case}', %s)", json.dumps(OTHER))
    async with serving(place.node("node-a"), {"work": work}):
        place.sql(again)  # for a case that nobody watches
        await until(lambda: not place.sql(left))
    assert did == [(1, "1")]


async def test_what_the_database_keeps_says_nothing_of_what_is_asked_and_answered(
    place: InDatabase,
) -> None:
    async def look(job: JobAsked) -> dict[str, Any]:
        return {"token": "secret-of-a-line"}

    async with place.driver(night={"mandate": "secret-of-a-line"}) as jobs:
        asked = asyncio.ensure_future(
            jobs.ask("look", {"password": "secret-of-a-line"}, key="1", within_s=LONG_S)
        )
        await until(lambda: place.sql("SELECT 1 FROM cautery_jobs.procrastinate_jobs"))
        ((args,),) = place.sql("SELECT args FROM cautery_jobs.procrastinate_jobs")
        async with serving(place.node("node-a"), {"look": look}):
            await asked
        ((answer,),) = place.sql("SELECT answer FROM cautery.answers")
        ((package,),) = place.sql("SELECT package FROM cautery.nights")
    assert set(args) == {"case", "epoch", "kind", "key", "question"}
    for kept in (base64.b64decode(args["question"]), answer, package):
        assert b"secret" not in kept
    assert place.sql("SELECT package FROM cautery.nights") == [(None,)]
    assert not place.sql("SELECT * FROM cautery.answers")
    assert not place.sql("SELECT * FROM cautery_jobs.procrastinate_jobs")


async def test_a_role_without_rights_is_refused_with_a_sentence(place: InDatabase) -> None:
    place.sql("DROP ROLE IF EXISTS cautery_stranger")
    place.sql("CREATE ROLE cautery_stranger LOGIN")
    try:
        parts = urlsplit(place.server.database)
        url = f"postgresql://cautery_stranger@{parts.hostname}:{parts.port}{parts.path}"
        with pytest.raises(StorageError, match="permission denied"):
            async with place.driver(url=url):
                pass
        with pytest.raises(StorageError, match="permission denied"):
            await place.node("node-a", url=url).serve({}, capacity=1)
    finally:
        place.sql("DROP OWNED BY cautery_stranger")
        place.sql("DROP ROLE cautery_stranger")


async def test_a_role_for_nodes_alone_does_jobs_and_reads_no_ledger(place: InDatabase) -> None:
    place.sql("DROP ROLE IF EXISTS cautery_node")
    place.sql("CREATE ROLE cautery_node LOGIN")
    try:
        for rights in (  # as docs/reference/server-format.md says
            "USAGE ON SCHEMA cautery, cautery_jobs",
            "SELECT ON cautery.alembic_version, cautery.nights",
            "SELECT, INSERT, UPDATE ON cautery.answers",
            "ALL ON cautery.nodes",
            "ALL ON ALL TABLES IN SCHEMA cautery_jobs",
            "ALL ON ALL SEQUENCES IN SCHEMA cautery_jobs",
        ):
            place.sql(f"GRANT {rights} TO cautery_node")
        parts = urlsplit(place.server.database)
        url = f"postgresql://cautery_node@{parts.hostname}:{parts.port}{parts.path}"
        node = place.node("node-a", url=url)
        begun = asyncio.Event()

        async def hear(job: JobAsked) -> dict[str, Any]:
            begun.set()
            return {}

        async with place.driver() as jobs, serving(node, {"echo": echo, "hear": hear}):
            await jobs.keep("hear", {}, key="shard 1")
            answer = await jobs.ask("echo", {"say": 1}, key="1", within_s=LONG_S)
            assert answer.content == {"said": 1}
            await asyncio.wait_for(begun.wait(), LONG_S)
        with (
            psycopg.connect(url) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT * FROM cautery.files")
    finally:
        place.sql("DROP OWNED BY cautery_node")
        place.sql("DROP ROLE cautery_node")


async def test_a_database_that_was_not_prepared_is_refused(place: InDatabase) -> None:
    place.sql("UPDATE cautery.alembic_version SET version_num = '0002'")
    with pytest.raises(InputError, match="older tables"):
        async with place.driver():
            pass
    with pytest.raises(InputError, match="older tables"):
        await place.node("node-a").serve({}, capacity=1)


def test_a_database_on_another_machine_must_prove_its_name() -> None:
    database = JobDatabase("postgresql://u@db.example/x", connections=1)
    assert database._options["sslmode"] == "verify-full"
    assert database.pool.kwargs is database._options
    with pytest.raises(InputError, match="sslmode"):
        JobDatabase("postgresql://u@db.example/x?sslmode=prefer", connections=1)


def test_who_has_no_procrastinate_learns_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    monkeypatch.delitem(sys.modules, "cautery.adapters._job_connector", raising=False)
    with pytest.raises(InputError, match="nodes need the package procrastinate") as told:
        _servers.server_package("cautery.adapters._job_connector", nodes=True)
    assert told.value.hint == "pip install 'cautery[cluster]'"


def test_the_migration_has_the_schema_of_the_procrastinate_that_is_used() -> None:
    from procrastinate.schema import SchemaManager

    file = Path(_job_database.__file__).parent / "migrations" / "procrastinate_3_4.sql"
    assert file.read_text().endswith(SchemaManager.get_schema())


@given(st.binary(max_size=200), st.integers(0, 10**6), st.integers(1, 255))
def test_no_changed_byte_opens(filling: bytes, place_: int, change: int) -> None:
    key = NightKey(KEY, CASE, 1)
    content = {"a": filling.hex()}
    sealed = bytearray(key.seal("answer", "look", "1", content))
    assert key.open("answer", "look", "1", bytes(sealed)) == content
    sealed[place_ % len(sealed)] ^= change
    with pytest.raises(EvidenceError):
        key.open("answer", "look", "1", bytes(sealed))


@pytest.mark.parametrize(
    ("what", "kind", "job", "key"),
    [
        ("question", "look", "1", NightKey(KEY, CASE, 1)),
        ("answer", "show", "1", NightKey(KEY, CASE, 1)),
        ("answer", "look", "2", NightKey(KEY, CASE, 1)),
        ("answer", "look", "1", NightKey(KEY, CASE, 2)),
        ("answer", "look", "1", NightKey(KEY, OTHER, 1)),
        ("answer", "look", "1", NightKey(b"s" * 32, CASE, 1)),
    ],
)
def test_what_is_sealed_opens_at_its_own_place_alone(
    what: str, kind: str, job: str, key: NightKey
) -> None:
    sealed = NightKey(KEY, CASE, 1).seal("answer", "look", "1", {})
    assert NightKey(KEY, CASE, 1).open("answer", "look", "1", sealed) == {}
    with pytest.raises(EvidenceError, match="was not sealed with this nodes' key"):
        key.open(what, kind, job, sealed)


def test_names_of_queues_do_not_meet() -> None:
    names = [queue_name(FIT), queue_name(FIT, lasts=True), queue_name(FIT, shard="any")]
    assert len(set(names)) == 3
    with pytest.raises(InputError):
        queue_name("a\0b")


async def test_what_nobody_waits_for_is_not_done(place: InDatabase) -> None:
    did = []

    async def work(job: JobAsked) -> dict[str, Any]:
        did.append(job.key)
        return {}

    async with place.driver() as jobs:
        with pytest.raises(LimitError):
            await jobs.ask("work", {}, key="1", within_s=0.5)
        await until(lambda: not place.sql("SELECT 1 FROM cautery_jobs.procrastinate_jobs"))
        async with serving(place.node("node-a"), {"work": work}):
            await jobs.ask("work", {}, key="2", within_s=LONG_S)
    assert did == ["2"]


async def test_a_node_that_is_gone_counts_for_nothing(place: InDatabase) -> None:
    with psycopg.connect(place.server.database) as connection:
        for name, silent_s in (("alive", 0.0), ("dead", GONE_S + 1)):
            connection.execute(
                "INSERT INTO cautery.nodes (name, about, seen_at)"
                " VALUES (%s, '{}', clock_timestamp() - %s * interval '1 s')",
                [name, silent_s],
            )
    async with place.driver() as jobs:
        async with asyncio.timeout(20):
            while not jobs.nodes():  # noqa: ASYNC110 - the database is asked each second
                await asyncio.sleep(0.05)
        assert [node.name for node in jobs.nodes()] == ["alive"]
