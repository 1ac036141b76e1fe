"""One suite over both places of accounts: a folder, and the database of an organisation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.adapters.people_file import PeopleFile
from cautery.adapters.people_server import ServerPeople
from cautery.adapters.people_sql import SqlPeople
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.errors import ConflictError, InputError, StorageError
from cautery.model import Regime
from cautery.model.account import Account, Passkey, Session
from cautery.model.identity import Identity
from cautery.model.room import RoomRole

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=1)
KEY = b"k" * 32
ISSUER = "https://id.league.example"


class InFolder:
    """Accounts in a folder."""

    def __init__(self, tmp_path: Path) -> None:
        self._folder = tmp_path / "people"

    def open(self) -> SqlPeople:
        """As another process would."""
        return PeopleFile(self._folder)


class InDatabase:
    """Accounts in a database."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def open(self) -> ServerPeople:
        """As another process would."""
        people = ServerPeople(self.server, KEY)
        people.begin()
        return people

    def sql(self) -> Any:
        return psycopg.connect(self.server.database, autocommit=True)

    def hang_up(self) -> None:
        """End every connection to the database but one's own."""
        with self.sql() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def waits(self) -> None:
        """Return when somebody waits for a lock."""
        with self.sql() as connection:
            while not connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            ).fetchone():
                pass


@pytest.fixture
def database(bucket: Bucket) -> Iterator[InDatabase]:
    with database_of_its_own() as url:
        server = Server(database=url, vault=bucket.url)
        prepare(server, Regime.GDPR)
        yield InDatabase(server)


@pytest.fixture(params=["folder", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> InFolder | InDatabase:
    if request.param == "folder":
        return InFolder(tmp_path)
    made: InDatabase = request.getfixturevalue("database")
    return made


@pytest.fixture
def people(place: InFolder | InDatabase) -> Iterator[SqlPeople]:
    opened = place.open()
    yield opened
    opened.close()


def account(number: int = 1, **other: Any) -> Account:
    made = Account(
        id=f"p-{number:012x}",
        name=f"anna{number}",
        roles=frozenset({RoomRole.ANALYST}),
        cases=frozenset({"md34"}),
        why="a test",
        made_at=NOON,
        password="$argon2id$",
        era=1,
    )
    return replace(made, **other)


def session(number: int = 1, of: str = account().id) -> Session:
    return Session(digest=f"{number:064x}", account=of, whence="w", born_at=NOON, seen_at=NOON)


def passkey(number: int = 1, **other: Any) -> Passkey:
    made = Passkey(
        id=bytes([number]), account=account().id, key=b"\0k", count=0, name="blue", made_at=NOON
    )
    return replace(made, **other)


def identity(subject: str = "1", of: str = account().id) -> Identity:
    return Identity(issuer=ISSUER, subject=subject, account=of, made_at=NOON)


def test_an_account_is_made_found_changed_and_erased(people: SqlPeople) -> None:
    assert not people.any()
    everybody = account(2, name="ägir", cases=None), account(1), account(3, name="Zoe")
    for one in everybody:
        people.add(one)
    assert [one.name for one in people.accounts()] == ["Zoe", "anna1", "ägir"]
    assert (people.by_id(account().id), people.by_name("ägir")) == (account(), everybody[0])
    with pytest.raises(ConflictError):
        people.add(account(4, name="anna1"))
    after = account(roles=frozenset({RoomRole.LEGAL}), cases=None)
    assert people.change(account(), after)
    assert not people.change(account(), after)  # it is another one now
    assert people.change(everybody[0], replace(everybody[0], cases=frozenset()))
    assert not people.erase(account())  # with these roles there is none
    assert people.erase(after)
    assert people.by_id(account().id) is people.by_name("anna1") is None


def test_a_new_era_ends_sessions_and_without_a_password_all_else(people: SqlPeople) -> None:
    people.add(account())
    for number in (1, 2):
        assert people.begin_session(session(number), era=1)
    people.add_passkey(passkey(approves_at="https://room"), era=1)
    people.add_identity(identity(), era=1)
    changed = account(password="$other", era=3)
    assert people.change(account(era=2), changed, but=session(2).digest)
    assert [one.ended for one in people.sessions(account().id)].count("out") == 1
    assert not people.begin_session(session(3), era=1)
    [kept] = people.passkeys(account().id)
    assert kept == passkey(approves_at="https://room") == people.passkey(b"\1")
    assert people.change(changed, account(password="", era=4))
    assert not people.passkeys(account().id)
    assert not people.identities(account().id)
    assert people.was_bound(account().id)
    assert all(one.ended for one in people.sessions(account().id))


def test_a_word_is_used_up_with_the_password_that_it_sets_or_stays(people: SqlPeople) -> None:
    people.add(account(password=""))
    people.invite(account().id, "old", SOON)
    people.invite(account().id, "word", SOON)
    assert not people.is_invited(account().id, "old", NOON)
    assert not people.is_invited(account().id, "word", SOON)
    before, after = account(password=""), account(era=2)
    assert not people.change(before, after, word="old", now=NOON)
    assert not people.change(before, after, word="word", now=SOON)
    assert people.is_invited(account().id, "word", NOON)
    assert people.by_id(account().id) == before
    assert people.change(before, after, word="word", now=NOON)
    assert not people.is_invited(account().id, "word", NOON)
    assert people.by_id(account().id) == after


def test_a_passkey_is_counted_and_taken_away(people: SqlPeople) -> None:
    people.add(account())
    people.add_passkey(passkey(), era=1)
    for one, era in ((passkey(), 1), (passkey(2), 2)):
        with pytest.raises(ConflictError):
            people.add_passkey(one, era=era)
    assert people.count_passkey(b"\1", 5)
    assert not any(people.count_passkey(b"\1", count) for count in (5, 4, 0))
    assert people.passkey(b"\1") == passkey(count=5)
    assert people.count_passkey(b"\1", 2**32 - 1)
    assert people.passkey(b"\1") == passkey(count=2**32 - 1)
    assert not people.drop_passkey("p-000000000002", b"\1")
    assert people.drop_passkey(account().id, b"\1")
    assert not people.count_passkey(b"\1", 3)


def test_a_subject_is_of_one_account_and_unbound_with_its_sessions(people: SqlPeople) -> None:
    for number in (1, 2):
        people.add(account(number))
    people.invite(account().id, "word", SOON)
    people.add_identity(identity(), era=1)
    assert not people.is_invited(account().id, "word", NOON)
    for other, era in (
        (identity(of=account(2).id), 1),
        (identity("2"), 2),
        (identity("3", of="p-000000000009"), 1),
        (identity("4", of=account(2).id), 0),  # of an era that has ended
    ):
        with pytest.raises(ConflictError):
            people.add_identity(other, era=era)
    assert [one.era for one in people.accounts()] == [2, 1]
    assert people.identity(ISSUER, "1") == identity()
    people.begin_session(session(), era=2)
    assert people.drop_identities(account().id) == 1
    assert people.drop_identities(account().id) == 0
    assert people.was_bound(account().id)
    now = people.by_id(account().id)
    assert now
    assert now.era == 3
    assert people.session(session().digest) == replace(session(), ended="out")
    assert people.change(now, replace(now, password="", era=4))
    assert people.was_bound(account().id)  # also after a new one-time word


def test_a_challenge_is_answered_once(people: SqlPeople) -> None:
    assert people.use_up(b"\0\1", NOON)
    assert not people.use_up(b"\0\1", NOON)
    assert people.use_up(b"\0\1", NOON + timedelta(hours=2))  # its time in it is over by then


def test_a_challenge_that_was_given_back_is_answered_once_more(people: SqlPeople) -> None:
    people.use_up(b"\0\1", NOON)
    people.use_up(b"\0\2", NOON)
    people.give_back(b"\0\1")
    assert [people.use_up(challenge, NOON) for challenge in (b"\0\1", b"\0\1", b"\0\2")] == [
        True,
        False,
        False,
    ]


def test_sessions_are_seen_ended_and_forgotten(people: SqlPeople) -> None:
    people.add(account())
    for number in (1, 2, 3):
        people.begin_session(session(number), era=1)
    people.seen(session(1).digest, SOON)
    assert people.session(session(1).digest) == replace(session(1), seen_at=SOON)
    people.end_session(session(2).digest, "idle")
    people.end_session(session(2).digest, "out")
    assert people.end_sessions(account().id, "out", but=session(1).digest) == 1
    ended = {one.digest[-1]: one.ended for one in people.sessions(account().id)}
    assert ended == {"1": "", "2": "idle", "3": "out"}
    people.forget_sessions(NOON)
    assert len(people.sessions(account().id)) == 3
    people.forget_sessions(SOON)
    assert not people.sessions(account().id)


def test_two_rooms_see_the_same_people_at_once(
    place: InFolder | InDatabase, people: SqlPeople
) -> None:
    other = place.open()
    people.add(account())
    assert other.by_name("anna1") == account()
    assert other.begin_session(session(), era=1)
    people.end_sessions(account().id, "out")
    assert other.session(session().digest) == replace(session(), ended="out")
    assert other.erase(account())
    assert people.session(session().digest) is None
    other.close()


def in_thread(do: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(do()))
    thread.start()
    return thread, answers


def test_what_was_proven_ends_with_the_era_also_at_the_same_moment(database: InDatabase) -> None:
    people = database.open()
    people.add(account())
    acts: tuple[Callable[[], Any], ...] = (
        lambda: people.begin_session(session(), era=1),
        lambda: suppressed(lambda: people.add_passkey(passkey(), era=1)),
    )
    for act in acts:
        with database.sql() as keeper:
            # As it was when the password was shown.
            keeper.execute("UPDATE cautery_people.accounts SET era = 1")
            keeper.execute("BEGIN")
            keeper.execute("UPDATE cautery_people.accounts SET era = era + 1")
            thread, answers = in_thread(act)
            database.waits()
            keeper.execute("COMMIT")
            thread.join()
        assert answers == [False]
    assert not people.sessions(account().id)
    assert not people.passkeys(account().id)
    people.close()


def suppressed(do: Callable[[], None]) -> bool:
    with suppress(ConflictError):
        do()
        return True
    return False


def test_a_database_that_hung_up_is_asked_again_and_one_that_is_gone_is_said_to_be(
    database: InDatabase,
) -> None:
    people = database.open()
    people.add(account())
    database.hang_up()
    assert people.by_name("anna1") == account()
    database.hang_up()
    assert people.begin_session(session(), era=1)
    with database.sql() as connection:
        connection.execute("ALTER SCHEMA cautery_people RENAME TO away")
        for do in (
            lambda: people.by_name("anna1"),
            lambda: people.change(account(), account(era=2)),
        ):
            with pytest.raises(StorageError):
                do()
        people.seen(session().digest, SOON)
        connection.execute("ALTER SCHEMA away RENAME TO cautery_people")
    assert people.by_name("anna1") == account()
    assert people.session(session().digest) == session()
    people.close()


def test_what_is_half_written_when_the_database_hangs_up_is_not_written(
    database: InDatabase,
) -> None:
    people = database.open()
    people.add(account(password=""))
    people.add_identity(identity(), era=1)
    people.invite(account().id, "word", SOON)

    def half() -> None:
        with people.tables.writing() as do:
            do("DELETE FROM words")
            do("UPDATE accounts SET password = 'x'")
            database.hang_up()
            do("DELETE FROM identities")

    with pytest.raises(StorageError):
        half()
    assert people.is_invited(account().id, "word", NOON)
    assert people.by_id(account().id) == account(password="", era=2)
    people.close()


def test_rooms_of_one_database_have_one_key_of_which_it_knows_nothing(
    database: InDatabase,
) -> None:
    people = database.open()
    people.add(account())
    with pytest.raises(InputError, match="other rooms"):
        ServerPeople(database.server, b"o" * 32)
    with database.sql() as connection:
        ((kept,),) = connection.execute("SELECT key FROM cautery_people.room").fetchall()
    assert KEY.hex() not in kept
    reader = ServerPeople(database.server, None)
    assert reader.accounts() == [account()]
    reader.close()
    people.close()


def test_wrong_logins_are_counted_for_all_rooms_and_no_name_is_kept(database: InDatabase) -> None:
    rooms = [database.open(), database.open()]
    tries = [room.tries(KEY) for room in rooms]
    counts = [tries[number % 2].failed("anna\n", lambda n: 60.0 * (n >= 3)) for number in range(3)]
    assert counts == [1, 2, 3]
    assert all(50 < one.wait_s("anna\n") <= 60 for one in tries)
    assert tries[0].wait_s("bert\n") == 0
    with database.sql() as connection:
        ((kept,),) = connection.execute("SELECT who FROM cautery_people.tries").fetchall()
        assert b"anna" not in kept
        connection.execute("UPDATE cautery_people.tries SET at = at - interval '25 hours'")
    assert tries[1].failed("anna\n", lambda _: 0.0) == 1
    tries[1].came_in("anna\n")
    assert tries[0].failed("anna\n", lambda _: 0.0) == 1
    for room in rooms:
        room.close()
