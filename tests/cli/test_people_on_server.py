"""People of a room in the organisation's database, from the command line."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.adapters.people_file import PeopleFile, PeopleTables
from cautery.adapters.people_server import ServerPeople
from cautery.adapters.people_sql import SqlPeople
from cautery.adapters.server_place import Server
from cautery.errors import StorageError
from cautery.wiring import people_moving
from cautery.wiring.people_places import MARK
from cautery.wiring.tokens import TokensOfRoom, tokens

Cautery = Callable[..., Any]
FOLDER = Path("people")
WHY = ("--why", "a test")


@pytest.fixture
def unnamed(
    cautery: Cautery, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """A prepared server that no command is told of yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("CAUTERY_TOKENS", str(tmp_path / "tokens"))
    for name in ("CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    with database_of_its_own() as database:
        server = Server(database=database, vault=bucket.url)
        named = ("--database", database, "--vault", bucket.url)
        assert cautery(*named, "server", "prepare", "--regime", "gdpr").code == 0
        monkeypatch.delenv("CAUTERY_DATABASE")
        monkeypatch.delenv("CAUTERY_VAULT")
        yield server


@pytest.fixture
def name_it(unnamed: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Name the server to the commands from now on."""

    def name() -> None:
        monkeypatch.setenv("CAUTERY_DATABASE", unnamed.database)
        monkeypatch.setenv("CAUTERY_VAULT", unnamed.vault)

    return name


@pytest.fixture
def in_folder(cautery: Cautery, unnamed: Server, name_it: Callable[[], None]) -> Server:
    """A folder with two accounts, and a server that has none."""
    for name in ("anna", "bert"):
        cautery("people", "add", name, "--role", "analyst", "--all-cases")
    cautery(
        "people", "bind", "bert", "--issuer", "https://id.example", "--subject", "7", *WHY
    )  # fmt: skip
    name_it()
    return unnamed


def names(cautery: Cautery) -> list[str]:
    listed = cautery("people", "list", "--json")
    assert listed.code == 0, listed.err
    return [json.loads(line)["name"] for line in listed.out.splitlines()]


def rows(people: SqlPeople) -> dict[str, list[tuple[Any, ...]]]:
    found = {table: sorted(rows) for table, rows in people.everything().items()}
    people.close()
    return found


def test_new_people_are_in_the_database_that_is_named(
    cautery: Cautery, unnamed: Server, name_it: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    name_it()
    added = cautery("people", "add", "anna", "--role", "analyst", "--all-cases")
    assert added.code == 0, added.err
    assert {path.name for path in FOLDER.iterdir()} >= {MARK, "room.key", "access.sqlite"}
    assert not (FOLDER / "people.sqlite").exists()
    assert rows(ServerPeople(unnamed, None))["accounts"][0][1] == "anna"
    monkeypatch.delenv("CAUTERY_DATABASE")
    monkeypatch.delenv("CAUTERY_VAULT")
    for command in (("people", "list"), ("serve", "--no-browser", "--port", "0")):
        ran = cautery(*command)
        assert (ran.code, "lie in the organisation's database" in ran.err) == (2, True)


def test_accounts_move_to_the_database_and_back_as_they_are(
    cautery: Cautery, in_folder: Server
) -> None:
    before = rows(PeopleFile(FOLDER))
    assert names(cautery) == ["anna", "bert"]  # from the folder, until they are moved
    moved = cautery("people", "move", "people", "server:")
    assert "accounts now: 2" in moved.err
    assert not (FOLDER / "people.sqlite").exists()
    assert rows(ServerPeople(in_folder, None)) == before
    assert names(cautery) == ["anna", "bert"]
    assert cautery("people", "move", "people", "server:", *WHY).code == 0  # nothing is left to do
    assert cautery("people", "move", "server:", "people", *WHY).code == 0
    assert rows(PeopleFile(FOLDER)) == before
    gone = ServerPeople(in_folder, None)
    assert not gone.begun()
    assert not any(rows(gone).values())
    assert cautery("people", "move", "server:", "people", *WHY).code == 2
    log = cautery("people", "log", "--purpose", "security", *WHY, "--json").out
    what = [json.loads(line)["what"] for line in log.splitlines()]
    assert what.count("account moved") == 4


def test_a_room_says_that_its_accounts_are_not_in_the_database_yet(
    cautery: Cautery, in_folder: Server
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = cautery("serve", "--no-browser", "--port", port, "--cases", "server:")
    assert f"cautery people move {FOLDER.absolute()} server:" in ran.err


def test_accounts_do_not_move_under_an_open_room(cautery: Cautery, in_folder: Server) -> None:
    open_room = PeopleFile(FOLDER)
    ran = cautery("people", "move", "people", "server:", *WHY)
    assert (ran.code, "Stop the room" in ran.err) == (1, True), ran.err
    assert not ServerPeople(in_folder, None).begun()
    assert len(open_room.accounts()) == 2
    open_room.close()
    assert names(cautery) == ["anna", "bert"]


class Killed(BaseException):
    """What nobody handles."""


STEPS = {
    "there": (
        (people_moving, "_note"),
        (people_moving, "mark"),
        (ServerPeople, "take"),
        (PeopleTables, "writing"),
        (people_moving, "sync_folder"),
    ),
    "back": (
        (people_moving, "_note"),
        (ServerPeople, "leaving"),
        (people_moving, "fill"),
        (people_moving, "sync_folder"),
    ),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("way", "at"), [(way, at) for way, steps in STEPS.items() for at in steps])
def test_a_move_that_is_cut_short_anywhere_is_finished_by_the_same_command(
    cautery: Cautery, in_folder: Server, way: str, at: tuple[Any, str], when: str
) -> None:
    owner, step = at
    before = rows(PeopleFile(FOLDER))
    there, back = ("people", "server:"), ("server:", "people")
    if way == "back":
        assert cautery("people", "move", *there, *WHY).code == 0
    ends = there if way == "there" else back
    real = getattr(owner, step)

    def cut(*given: Any, **named: Any) -> Any:
        if when == "after":
            real(*given, **named)
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, step, cut)
        with pytest.raises(Killed):
            cautery("people", "move", *ends, *WHY)
    finished = cautery("people", "move", *ends, *WHY)
    assert finished.code == 0, finished.err
    kept = PeopleFile(FOLDER) if way == "back" else ServerPeople(in_folder, None)
    assert rows(kept) == before
    assert names(cautery) == ["anna", "bert"]
    assert (FOLDER / "people.sqlite").exists() == (way == "back")
    assert ServerPeople(in_folder, None).begun() == (way == "there")


def test_a_room_does_not_open_on_a_move_that_was_cut_short(
    cautery: Cautery, in_folder: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(ServerPeople, "take", killed)
        with pytest.raises(Killed):
            cautery("people", "move", "people", "server:", *WHY)
    for command in (("people", "list"), ("serve", "--no-browser", "--port", "0")):
        ran = cautery(*command)
        assert (ran.code, "was cut short" in ran.err) == (2, True)


def test_a_move_that_fails_leaves_the_accounts_where_they_were(
    cautery: Cautery, in_folder: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StorageError("no space is left")

    with monkeypatch.context() as patched:
        patched.setattr(ServerPeople, "take", full)
        assert cautery("people", "move", "people", "server:", *WHY).code == 1
    assert names(cautery) == ["anna", "bert"]
    assert not (FOLDER / MARK).exists()
    assert cautery("people", "move", "people", "server:", *WHY).code == 0
    with monkeypatch.context() as patched:
        patched.setattr(people_moving, "fill", full)
        assert cautery("people", "move", "server:", "people", *WHY).code == 1
    assert names(cautery) == ["anna", "bert"]
    assert ServerPeople(in_folder, None).begun()


def test_other_people_never_come_into_one_database(
    cautery: Cautery, in_folder: Server, tmp_path: Path
) -> None:
    shutil.copytree(FOLDER, "copy")
    assert cautery("people", "move", "people", "server:", *WHY).code == 0
    again = cautery("people", "move", "copy", "server:", *WHY)
    assert (again.code, "in the database already" in again.err) == (2, True)
    other = cautery("people", "add", "carl", "--role", "keeper", "--people", "other")
    assert (other.code, "cautery people join" in other.err) == (2, True)
    assert not Path("other").exists()
    assert cautery("people", "move", "server:a", "people", *WHY).code == 2
    assert cautery("people", "move", "people", "copy", *WHY).code == 2


def test_another_machine_joins_with_the_rooms_key_and_no_room_opens_without_people(
    cautery: Cautery, in_folder: Server, tmp_path: Path
) -> None:
    assert cautery("people", "move", "people", "server:", *WHY).code == 0
    there = tmp_path / "there"
    there.mkdir()
    beside = ("--people", there / "people", "--keys", there / "keys")
    FOLDER.rename("elsewhere")
    alone = cautery("serve", "--no-browser", "--port", "0")
    assert (alone.code, "cautery people join" in alone.err) == (2, True)
    for wrong in (b"short", b"x" * 32):
        (there / "wrong.key").write_bytes(wrong)
        assert cautery("people", "join", there / "wrong.key", *beside).code == 2
        assert not (there / "people").exists()
    joined = cautery("people", "join", "elsewhere/room.key", *beside)
    assert joined.code == 0, joined.err
    listed = cautery("people", "list", "--json", *beside)
    assert len(listed.out.splitlines()) == 2
    assert cautery("people", "join", "elsewhere/room.key", *beside).code == 2
    back = cautery("people", "move", "server:", "elsewhere", *WHY)
    assert back.code == 0, back.err
    assert cautery("serve", "--no-browser", "--port", "0", "--people", there / "people").code == 1
    nobody = ("people", "move", there / "people", "server:", *WHY, "--keys", there / "keys")
    ran = cautery(*nobody)
    assert (ran.code, "no accounts lie here" in ran.err) == (2, True)
    assert not ServerPeople(in_folder, None).begun()
    assert (there / "people/access.pub").read_bytes() != Path("elsewhere/access.pub").read_bytes()


def test_a_backup_has_the_people_of_the_database_and_lets_nobody_in(
    cautery: Cautery, in_folder: Server
) -> None:
    assert cautery("people", "move", "people", "server:", *WHY).code == 0
    made = cautery("backup", "make", "backups", "--people", "people")
    assert made.code == 0, made.err
    (copy,) = Path("backups").glob("*/people/people.sqlite")
    with sqlite3.connect(copy) as kept:
        counts = [
            kept.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("accounts", "identities", "words", "sessions", "challenges")
        ]
    kept.close()
    assert counts == [2, 1, 0, 0, 0]
    with psycopg.connect(in_folder.database, autocommit=True) as lost:
        lost.execute("DELETE FROM cautery_people.accounts")
        lost.execute("DELETE FROM cautery_people.room")
    FOLDER.rename("lost")
    back = cautery("backup", "people", "backups", "--to", "people", *WHY)
    assert back.code == 0, back.err
    assert names(cautery) == ["anna", "bert"]
    assert cautery("people", "move", "people", "server:", *WHY).code == 0
    assert names(cautery) == ["anna", "bert"]


def test_a_token_of_the_server_opens_its_rooms_on_every_machine_until_it_is_revoked(
    cautery: Cautery, in_folder: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = cautery("token", "make", "screen", "--cases", "server:")
    number = made.out.split("_")[1]
    own = cautery("token", "make", "own", "--cases", "cases").out.split("_")[1]
    assert [path.stem for path in (tmp_path / "tokens").iterdir()] == [own]
    listed = [
        json.loads(line)["id"] for line in cautery("token", "list", "--json").out.splitlines()
    ]
    assert listed == [own, number]
    monkeypatch.setenv("CAUTERY_TOKENS", str(tmp_path / "of another machine"))
    room = TokensOfRoom(tokens(), Path("server:"))
    found = room.get(number)
    assert found
    assert found.is_of(made.out.strip().split("_", 2)[2], now=found.made_at)
    assert room.get(own) is TokensOfRoom(tokens(), Path("cases")).get(number) is None
    assert cautery("token", "revoke", number).code == 0
    assert room.get(number) is None
    assert cautery("token", "revoke", number).code == 2
    with psycopg.connect(in_folder.database, autocommit=True) as connection:
        connection.execute("INSERT INTO cautery_people.tokens VALUES (%s, %s)", [number, b"{"])
    assert room.get(number) is None
