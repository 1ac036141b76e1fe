"""The role of nodes has what a node needs, and sees no case."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.adapters.job_queue import JobQueue, JobWorker, job_counts
from cautery.adapters.node_register import NodeRegister
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import make_case, prepare
from cautery.errors import StorageError
from cautery.model import Regime
from cautery.model.evidence import Json
from cautery.model.ports import JobAsked, NodeSeen

from .units import DEPLOY

CASE = "0123456789abcdef"
KEY = bytes(range(32))
DENIED = (
    "SELECT * FROM cautery.cases",
    "SELECT * FROM cautery.files",
    "SELECT * FROM cautery.custody",
    "SELECT * FROM cautery.server",
    f"SELECT * FROM case_{CASE}.entries",
    f"INSERT INTO case_{CASE}.checkpoints DEFAULT VALUES",
    "SELECT * FROM cautery_people.accounts",
    "SELECT * FROM cautery_people.sessions",
    "UPDATE cautery.nights SET epoch = epoch + 1",
    "DELETE FROM cautery.nights",
    "INSERT INTO cautery.nights VALUES ('x', 1, 'd', NULL, now(), now())",
    "UPDATE cautery.nodes SET draining = true",
    "UPDATE cautery.nodes SET name = 'another'",
    "INSERT INTO cautery.nodes (name, about, seen_at, draining) VALUES ('a', '{}', now(), false)",
    "DELETE FROM cautery.answers",
    "UPDATE cautery.alembic_version SET version_num = '9999'",
    "INSERT INTO cautery_jobs.procrastinate_jobs (queue_name, task_name) VALUES ('any', 'job')",
    "CREATE TABLE cautery.mine (a INT)",
    "CREATE SCHEMA mine",
    "COPY cautery.nights TO PROGRAM 'true'",
    (
        "SELECT pg_advisory_lock((7165918::bigint << 32) | oid::bigint) FROM pg_class"
        f" WHERE relname = 'entries' AND relnamespace = 'case_{CASE}'::regnamespace"
    ),
    "SELECT pg_try_advisory_xact_lock_shared(7165918, 1)",
)


@pytest.fixture
def database(bucket: Bucket) -> Iterator[tuple[str, str]]:
    """A prepared database with a case; its URL for its owner, and for a node."""
    role, login = (f"cautery_{kind}_{uuid.uuid4().hex[:12]}" for kind in ("role", "node"))
    statements = (DEPLOY / "node-role.sql").read_text().replace("cautery_node", role)
    with database_of_its_own() as url:
        prepare(Server(database=url, vault=bucket.url), Regime.GDPR)
        with psycopg.connect(url, autocommit=True) as owner:
            with owner.transaction():
                make_case(owner, CASE, "derby", state="open")
            for _ in range(2):  # it may be run again
                owner.execute(statements.encode())
            owner.execute(f"CREATE ROLE {login} LOGIN IN ROLE {role}")
            try:
                yield url, url.replace("postgres@", f"{login}@", 1)
            finally:
                owner.execute(f"DROP ROLE {login}; DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_node_says_that_it_is_there_and_does_jobs(database: tuple[str, str]) -> None:
    of_owner, of_node = database
    node = NodeSeen(
        name="paris", version="1", recipe="r", clock_late_s=0.0, free_bytes=1, capacity=2,
        at_work=0, shards=(), seen_at=datetime.now(UTC),
    )  # fmt: skip
    register = NodeRegister(_server(of_node), lambda: datetime.now(UTC), counts=job_counts)
    register.say(node, holder="one")
    assert not register.say(node, holder="one").draining
    register.leave("paris", holder="one")
    register.close()
    assert asyncio.run(_job_done(of_owner, of_node)) == {"said": {"ask": "it"}}


def _server(url: str) -> Server:
    return Server(database=url, vault="s3://a/b")


async def _job_done(of_owner: str, of_node: str) -> Json:
    async def look(job: JobAsked) -> Json:
        return {"said": job.question}

    worker = JobWorker(_server(of_node), key=KEY, name="paris", fit="1/r")
    serving = asyncio.ensure_future(worker.serve({"look": look}, capacity=2))
    try:
        async with JobQueue(
            _server(of_owner),
            key=KEY,
            case=CASE,
            epoch=1,
            driver="d",
            fit="1/r",
            night={"mandate": "m"},
        ) as jobs:
            answer = await jobs.ask("look", {"ask": "it"}, key="1", within_s=40)
            assert answer.node == "paris"
            worker.drain()
            await asyncio.wait_for(serving, 40)
            # A node that was drained goes on; one of another version sees nothing of it.
            serving = asyncio.ensure_future(worker.serve({"look": look}, capacity=2))
            again = await jobs.ask("look", {"ask": "it"}, key="2", within_s=40)
            assert again.content == answer.content
            return answer.content
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.mark.parametrize("statement", DENIED)
def test_a_stolen_role_is_denied_the_rest(database: tuple[str, str], statement: str) -> None:
    with (
        psycopg.connect(database[1], autocommit=True) as node,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        node.execute(statement)


def test_a_node_that_cannot_be_registered_says_so(database: tuple[str, str]) -> None:
    with psycopg.connect(database[0], autocommit=True) as owner:
        owner.execute("REVOKE ALL ON cautery.nodes FROM PUBLIC")
        [(role,)] = owner.execute(
            "SELECT DISTINCT grantee FROM information_schema.role_table_grants"
            " WHERE table_name = 'nodes' AND grantee LIKE 'cautery_role_%'"
        ).fetchall()
        owner.execute(f"REVOKE ALL ON cautery.nodes FROM {role}")
    register = NodeRegister(_server(database[1]), lambda: datetime.now(UTC), counts=job_counts)
    with pytest.raises(StorageError, match="permission denied"):
        register.seen()
    register.close()
