"""The table of nodes: one process a name, a clock that is measured, and rows that strangers write."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.adapters.job_queue import job_counts
from cautery.adapters.node_key import make_node_key, read_node_key
from cautery.adapters.node_register import MOST_BYTES, NodeRegister
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.errors import ConflictError, InputError, StorageError
from cautery.model import Regime
from cautery.model.ports import NodeMoment, NodeSeen
from cautery.model.ports.jobs import NameTakenError
from cautery.projections.presence import GONE_S, MOST_NODES


def now() -> datetime:
    return datetime.now(UTC)


def node(name: str = "paris", **more: Any) -> NodeSeen:
    given: dict[str, Any] = {
        "name": name, "version": "0.2.0", "recipe": "r", "clock_late_s": 0.0, "free_bytes": 1 << 40,
        "capacity": 4, "at_work": 1, "shards": ("c/0",), "seen_at": now(), "lag_s": 2.0,
        "history": (NodeMoment(at_s=1.5, at_work=1, lag_s=None),),
    }  # fmt: skip
    return NodeSeen(**given | more)


@pytest.fixture
def database(bucket: Bucket) -> Iterator[str]:
    with database_of_its_own() as url:
        prepare(Server(database=url, vault=bucket.url), Regime.GDPR)
        yield url


def of(url: str, clock: Any = now) -> NodeRegister:
    return NodeRegister(Server(database=url, vault="s3://a/b"), clock, counts=job_counts)


@pytest.fixture
def register(database: str) -> Iterator[NodeRegister]:
    opened = of(database)
    yield opened
    opened.close()


def test_what_a_node_says_is_what_others_see(register: NodeRegister) -> None:
    said = node()
    told = register.say(said, holder="one")
    assert not told.draining
    assert abs(told.clock_late_s) < 2
    seen = register.seen()
    [stands] = seen.nodes
    assert abs((seen.now - stands.seen_at).total_seconds()) < 20
    assert stands == NodeSeen(**{**_fields(said), "seen_at": stands.seen_at})
    assert (seen.jobs.waiting, seen.jobs.under_way, seen.jobs.oldest_waiting_s) == (0, 0, 0.0)


def _fields(seen: NodeSeen) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in NodeSeen.__slots__}


def test_a_node_hears_among_how_many_the_rate_of_a_host_is_shared(
    register: NodeRegister, database: str
) -> None:
    assert register.say(node("paris"), holder="one").among == 1
    assert register.say(node("lyon"), holder="two").among == 2
    assert register.say(node("paris"), holder="one").among == 2
    with psycopg.connect(database) as connection:
        connection.execute(
            f"UPDATE cautery.nodes SET seen_at = now() - interval '{GONE_S + 1} s'"
            " WHERE name = 'lyon'"
        )
    assert register.say(node("paris"), holder="one").among == 1


def test_a_node_hears_how_many_others_could_go_on_in_its_place(register: NodeRegister) -> None:
    def well(of: str) -> int:
        return register.say(node(of), holder=of).well

    assert well("paris") == 0
    register.say(node("lyon"), holder="lyon")
    assert well("paris") == 1
    for wrong in ({"refused": "its disk is full"}, {"version": "0.1.0"}, {"recipe": "other"}):
        register.say(node("lyon", **wrong), holder="lyon")
        assert well("paris") == 0
    register.say(node("lyon"), holder="lyon")
    register.drain("lyon", draining=True)
    assert well("paris") == 0


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "0044-01-01 BC", "20000-01-01"])
def test_a_row_of_a_moment_that_no_calendar_has_hides_no_node(
    register: NodeRegister, database: str, moment: str
) -> None:
    register.say(node(), holder="one")
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO cautery.nodes VALUES ('evil', '{}', %s)", [moment])
    assert [seen.name for seen in register.seen().nodes] == ["evil", "paris"]


def test_a_clock_that_is_an_hour_off_is_measured(database: str) -> None:
    early = of(database, lambda: now() - timedelta(hours=1))
    assert 3590 < early.say(node(), holder="one").clock_late_s < 3610
    early.close()


def test_two_processes_of_one_name_are_never_there_at_once(
    register: NodeRegister, database: str
) -> None:
    register.say(node(), holder="one")
    with pytest.raises(NameTakenError, match="another node is called paris") as first:
        register.say(node(), holder="two")
    register.say(node(), holder="one")
    with pytest.raises(NameTakenError) as second:
        register.say(node(), holder="two")
    assert second.value.seen_at > first.value.seen_at  # it is alive
    register.leave("paris", holder="two")
    assert len(register.seen().nodes) == 1
    with psycopg.connect(database) as connection:
        connection.execute(f"UPDATE cautery.nodes SET seen_at = now() - interval '{GONE_S + 1} s'")
    register.say(node(), holder="two")  # the first is dead
    with pytest.raises(ConflictError):
        register.say(node(), holder="one")
    register.leave("paris", holder="two")
    assert register.seen().nodes == ()


def test_a_drained_node_hears_of_it_and_stays_drained_when_it_starts_again(
    register: NodeRegister, database: str
) -> None:
    register.say(node(), holder="one")
    register.drain("paris", draining=True)
    assert register.say(node(), holder="one").draining
    assert register.seen().nodes[0].draining
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE cautery.nodes SET seen_at = now() - interval '1 h'")
    assert register.say(node(), holder="two").draining
    register.drain("paris", draining=False)
    assert not register.say(node(), holder="two").draining
    with pytest.raises(InputError, match="there is no node 'lyon'"):
        register.drain("lyon", draining=True)


def test_a_drained_node_that_leaves_is_still_drained_when_it_comes_back(
    register: NodeRegister,
) -> None:
    register.say(node(), holder="one")
    register.drain("paris", draining=True)
    register.leave("paris", holder="another")
    assert register.seen().nodes[0].at_work == 1
    register.leave("paris", holder="one")
    [stands] = register.seen().nodes
    assert (stands.draining, stands.at_work, stands.shards) == (True, 0, ())
    assert register.say(node(), holder="two").draining  # at once, as nobody has the name
    with pytest.raises(ConflictError):
        register.say(node(), holder="three")
    register.drain("paris", draining=False)
    register.leave("paris", holder="two")
    assert register.seen().nodes == ()


@pytest.mark.parametrize(
    "about",
    ["{}", "[]", "7", '{"name": "x", "version": 7}', '{"clock_late_s": 1e400}', '"\\u0001"'],
)
def test_a_row_that_no_node_wrote_is_a_node_of_an_unknown_version(
    register: NodeRegister, database: str, about: str
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO cautery.nodes VALUES ('odd', %s, now())", [about])
    [odd] = register.seen().nodes
    assert (odd.name, odd.version, odd.capacity) == ("odd", "?", 0)


def test_rows_that_are_too_long_or_too_many_or_oddly_named_cost_nothing(
    register: NodeRegister, database: str
) -> None:
    register.say(node(), holder="one")
    with psycopg.connect(database) as connection:
        for name, about in (
            ("long", f'{{"version": "{"x" * MOST_BYTES}"}}'),
            ("../etc", "{}"),
            ("<b>", "{}"),
            ("n" * 41, "{}"),
        ):
            connection.execute("INSERT INTO cautery.nodes VALUES (%s, %s, now())", [name, about])
    assert [one.name for one in register.seen().nodes] == ["paris"]
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO cautery.nodes SELECT 'a' || n, '{}', now()"
            f" FROM generate_series(1, {MOST_NODES + 5}) AS n"
        )
    assert MOST_NODES - 10 < len(register.seen().nodes) <= MOST_NODES


def test_a_connection_that_was_cut_is_made_anew(register: NodeRegister, database: str) -> None:
    register.say(node(), holder="one")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(StorageError):
        register.say(node(), holder="one")
    register.say(node(), holder="one")


def test_the_key_is_for_its_owner_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "node.key"
    make_node_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = read_node_key(path)
    assert len(key) == 32
    with pytest.raises(InputError, match="no key is ever replaced"):
        make_node_key(path)
    assert read_node_key(path) == key
    path.chmod(0o640)
    with pytest.raises(InputError, match="other users may read it"):
        read_node_key(path)
    path.chmod(0o600)
    path.write_bytes(b"x" * 31)
    with pytest.raises(InputError, match="must have 32 bytes"):
        read_node_key(path)
    link = tmp_path / "link.key"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no key is ever replaced"):
        make_node_key(link)
    with pytest.raises(StorageError):
        make_node_key(tmp_path / "no" / "folder")
