"""Two rooms of one organisation, each on a machine of its own, with people in one database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.adapters.passwords import Argon2Passwords
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.adapters.token_server import ServerTokens
from cautery.console import door
from cautery.console.app import room_app
from cautery.errors import StorageError
from cautery.model import Regime
from cautery.model.records import AccountChanged, DoorUsed
from cautery.model.room import RoomRole
from cautery.wiring.people import join, owner, people_of

PEOPLE = sys.modules["people_room"]
NEW = "five more words that fit"


@dataclass
class TwoRooms:
    """Two open rooms."""

    here: Any
    there: Any
    database: str

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(statement)

    def go_away(self) -> None:
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        self.sql("ALTER SCHEMA cautery_people RENAME TO away")

    def come_back(self) -> None:
        self.sql("ALTER SCHEMA away RENAME TO cautery_people")


@pytest.fixture
def two(
    room: Any, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TwoRooms]:
    with database_of_its_own() as database, ExitStack() as stack:
        prepare(Server(database=database, vault=bucket.url), Regime.GDPR)
        monkeypatch.setenv("CAUTERY_DATABASE", database)
        monkeypatch.setenv("CAUTERY_VAULT", bucket.url)
        here = PEOPLE.open_people_room(stack, room.desk, tmp_path)
        folder, keys = tmp_path / "there" / "people", tmp_path / "there" / "keys"
        join(folder, tmp_path / "people" / "room.key", keys_dir=keys)
        people = stack.enter_context(
            people_of(
                folder,
                keys_dir=keys,
                clock=here.clock,
                passwords=Argon2Passwords(PEOPLE.QUICK),
            )
        )
        desk = replace(here.desk, people=people)
        there = PEOPLE.PeopleRoom(desk, people, here.clock, room_app(desk), here.accounts)
        yield TwoRooms(here, there, database)


def test_an_account_that_is_locked_in_one_room_is_locked_in_the_other(two: TwoRooms) -> None:
    analyst = two.here.accounts[RoomRole.ANALYST].id
    client = two.there.as_(RoomRole.ANALYST)
    assert client.get("/cases/night-1").status_code == 200
    two.here.people.accounts.invite(analyst, by=owner(), why="lost her telephone")
    assert client.get("/cases/night-1").status_code == 401
    assert two.there.login(two.there.browser(), "analyst").status_code == 401


def test_a_session_is_one_session_in_both_rooms_and_ends_in_both(two: TwoRooms) -> None:
    client = two.here.as_(RoomRole.ANALYST)
    beside = two.there.browser()
    beside.cookies.set(two.here.cookie, two.here.token(client))
    assert beside.get("/cases/night-1").status_code == 200
    assert two.here.send(client, "/logout").status_code == 303
    assert beside.get("/cases/night-1").status_code == 401


def test_rights_that_are_taken_away_in_one_room_are_gone_in_the_other(two: TwoRooms) -> None:
    client = two.there.as_(RoomRole.ANALYST)
    two.here.people.accounts.give(
        two.here.accounts[RoomRole.ANALYST].id,
        [RoomRole.ANALYST],
        ["another"],
        by=owner(),
        why="moved",
    )
    assert client.get("/cases/night-1").status_code == 404


def test_wrong_passwords_in_one_room_cost_a_wait_in_the_other(two: TwoRooms) -> None:
    for _ in range(5):
        assert two.here.login(two.here.browser(), "analyst", "wrong").status_code == 401
    assert two.there.login(two.there.browser(), "analyst").status_code == 429
    assert two.there.login(two.there.browser(), "legal").status_code == 303


def test_each_room_has_a_log_of_its_own_with_what_was_done_in_it(two: TwoRooms) -> None:
    two.there.as_(RoomRole.ANALYST)
    here, there = (
        [entry.content for entry in one.people.ledger.read()] for one in (two.here, two.there)
    )
    assert any(isinstance(content, AccountChanged) for content in here)
    assert not any(isinstance(content, DoorUsed) for content in here)
    assert [content.what for content in there if isinstance(content, DoorUsed)] == ["in"]
    assert two.here.people.signed.verifier != two.there.people.signed.verifier
    for one in (two.here, two.there):
        one.people.settle()
        assert one.people.check().signed == one.people.ledger.size()


@pytest.mark.parametrize("password", [PEOPLE.SECRET, "wrong"])
def test_a_database_that_goes_away_in_a_login_is_a_sentence_and_what_was_typed_stays(
    two: TwoRooms, while_hashing: Callable[[str, Callable[[], Any]], None], password: str
) -> None:
    client = two.there.browser()
    while_hashing("fits", two.go_away)
    typed = {"kept": "why=typed+before", "kept_to": "/cases/night-1"}
    answer = two.there.login(client, "analyst", password, **typed)
    assert answer.status_code == 503
    assert "Nothing is lost: try again in a moment." in answer.text
    assert "why=typed+before" in answer.text
    assert "postgresql" not in answer.text
    assert "set-cookie" not in answer.headers
    assert client.get("/login").status_code == 200
    two.come_back()
    assert two.there.login(client, "analyst").status_code == 303
    assert client.get("/cases/night-1").status_code == 200


def test_who_is_in_is_told_while_the_database_is_away_and_is_in_when_it_is_back(
    two: TwoRooms,
) -> None:
    client = two.there.as_(RoomRole.ANALYST)
    two.go_away()
    answer = client.get("/cases/night-1")
    assert (answer.status_code, "Try again in a moment" in answer.text) == (503, True)
    two.come_back()
    assert client.get("/cases/night-1").status_code == 200


def test_a_first_visit_keeps_its_word_when_the_database_goes_away(
    two: TwoRooms, while_hashing: Callable[[str, Callable[[], Any]], None]
) -> None:
    accounts, client = two.here.people.accounts, two.there.browser()
    _, word = accounts.make("newcomer", [RoomRole.ANALYST], None, by=owner(), why="a test")
    form = {"name": "newcomer", "word": word, "password": NEW, "again": NEW}
    while_hashing("hashed", two.go_away)
    answer = client.post("/login/first", data=form, headers=PEOPLE.FORM)
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text
    two.come_back()
    assert client.post("/login/first", data=form, headers=PEOPLE.FORM).status_code == 303
    assert client.post("/login/first", data=form, headers=PEOPLE.FORM).status_code == 401
    assert two.here.login(two.here.browser(), "newcomer", NEW).status_code == 303


@pytest.mark.parametrize("act", ["set_password", "erase"])
def test_a_row_that_cautery_never_wrote_so_holds_nobody_up(two: TwoRooms, act: str) -> None:
    analyst = two.here.accounts[RoomRole.ANALYST]
    two.sql(
        f"UPDATE cautery_people.accounts SET roles = '[ \"analyst\"]' WHERE id = '{analyst.id}'"
    )
    accounts = two.here.people.accounts
    acts = {
        "erase": partial(accounts.erase, by=owner(), why="left us"),
        "set_password": lambda one: accounts.set_password(one, "five more words that fit"),
    }
    with pytest.raises(StorageError, match="never as it was read"):
        acts[act](analyst.id)


async def answer_to(app: Any, path: str, **headers: str) -> int:
    """Ask on the loop that runs, and return the status."""
    fields = {"host": "127.0.0.1:8017", **headers}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "client": ("testclient", 5),  # where the session began
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "state": {},
    }
    got = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        got.append(message)

    await app(scope, receive, send)
    return int(got[0]["status"])


def test_while_the_table_of_tokens_is_locked_made_up_ones_hold_up_nothing_else(
    two: TwoRooms, bucket: Bucket
) -> None:
    kept = ServerTokens(Server(database=two.database, vault=bucket.url))
    app = room_app(replace(two.there.desk, tokens=kept))
    session = two.there.token(two.there.as_(RoomRole.ANALYST))
    browser = {"cookie": f"{two.there.cookie}={session}", "user-agent": "Firefox"}

    def asked_with(number: int) -> Any:
        made_up = f"Bearer cautery_{number:016x}_{'x' * 43}"
        return asyncio.create_task(answer_to(app, "/api/v1/cases", authorization=made_up))

    async def meanwhile() -> None:
        with psycopg.connect(two.database) as locking:
            locking.execute("LOCK TABLE cautery_people.tokens IN ACCESS EXCLUSIVE MODE")
            tasks = [asked_with(number) for number in range(12)]
            assert await asyncio.gather(*tasks[8:]) == [503] * 4  # all others have begun
            assert await answer_to(app, "/health") == 200
            assert not any(task.done() for task in tasks[:8])
            assert await answer_to(app, "/login") == 200
            assert await answer_to(app, "/cases/night-1", **browser) == 200
        # On a slow machine the first of them waited longer than the database may be silent.
        assert set(await asyncio.gather(*tasks[:8])) <= {401, 503}

    asyncio.run(meanwhile())


def test_while_the_table_of_sessions_is_locked_made_up_ones_hold_up_nothing_else(
    two: TwoRooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STRANGERS_AT_ONCE", 200)  # else few of them come that far
    app = room_app(two.there.desk)

    def asked_with(number: int) -> Any:
        cookie = f"{two.there.cookie}=made-up-{number}"
        return asyncio.create_task(answer_to(app, "/cases/night-1", cookie=cookie))

    async def meanwhile() -> None:
        with psycopg.connect(two.database) as locking:
            locking.execute("LOCK TABLE cautery_people.sessions IN ACCESS EXCLUSIVE MODE")
            tasks = [asked_with(number) for number in range(140)]
            assert await asyncio.gather(*tasks[128:]) == [503] * 12  # all others have begun
            assert await answer_to(app, "/health") == 200
            assert not any(task.done() for task in tasks[:128])
        assert set(await asyncio.gather(*tasks[:128])) <= {401, 503}

    asyncio.run(meanwhile())
