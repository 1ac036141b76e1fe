"""The same commands on a case of the organisation's server as on one in a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.wiring.kept import lists_folder, usual_place
from cautery.wiring.server import server

from .notice_case import AT_THE_HOST, COMPLETE, URL, Watched

Cautery = Callable[..., Any]
CASE = "server:derby"


@pytest.fixture
def prepared(
    cautery: Cautery, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A server that is named by the environment; its database."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with database_of_its_own() as database:
        monkeypatch.setenv("CAUTERY_DATABASE", database)
        monkeypatch.setenv("CAUTERY_VAULT", bucket.url)
        ran = cautery("server", "prepare", "--regime", "gdpr")
        assert "are prepared" in ran.err
        yield database


@pytest.fixture
def on_server(prepared: str, cautery: Cautery, proven_case: Watched) -> Watched:
    """The case of two proven URLs, on the server."""
    ran = cautery("case", "move", proven_case.path, CASE)
    assert (ran.code, proven_case.path.exists()) == (0, False), ran.err
    return proven_case


def test_a_case_is_listed_searched_and_its_exhibits_are_read(
    cautery: Cautery, on_server: Watched, tmp_path: Path
) -> None:
    listed = cautery("cases", "--json")
    [line] = map(json.loads, listed.out.splitlines())
    assert (line["path"], line["state"], line["title"]) == (CASE, "open", "Home v Away")
    assert cautery("cases", "server:").out.count(CASE) == 1
    found = cautery("find", CASE, "edge", "--streams")
    assert URL in found.out, found.err
    [row] = map(json.loads, cautery("exhibit", CASE, "--json").out.splitlines()[:1])
    out = tmp_path / "exhibit"
    ran = cautery("exhibit", CASE, row["id"], "-o", out, "--why", "a test", "--by", "A")
    assert (ran.code, out.stat().st_size) == (0, row["size"]), ran.err
    chain = cautery("custody", "list", CASE)
    assert "a test" in chain.out, chain.err
    assert not [*Path().glob("server:*")]


def test_all_cases_of_a_named_database_are_searched(
    cautery: Cautery,
    on_server: Watched,
    prepared: str,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CAUTERY_DATABASE")
    monkeypatch.delenv("CAUTERY_VAULT")
    assert cautery("find", "edge", "--cases", "server:").code == 2
    named = ("--database", prepared, "--vault", bucket.url)
    ran = cautery(*named, "find", "edge", "--cases", "server:", "--json")
    things = [json.loads(line) for line in ran.out.splitlines()]
    assert things, ran.err
    assert all("edge" in thing["name"] for thing in things)
    assert {row["case"] for thing in things for row in thing["newest"]} == {"derby"}
    streams = cautery(*named, "find", CASE, "edge", "--streams")
    assert URL in streams.out, streams.err


def test_people_work_on_it_and_it_is_closed_verified_and_handed_over(
    cautery: Cautery, on_server: Watched, tmp_path: Path
) -> None:
    drafted = cautery("notice", "draft", CASE, "--as", "carl", *AT_THE_HOST, *COMPLETE)
    assert drafted.code == 0, drafted.err
    shown = cautery("notice", "list", CASE)
    assert "Example Hosting" in shown.out, shown.err
    closed = cautery("close", CASE)
    assert closed.code == 0, closed.err
    assert cautery("close", CASE).code == 2
    assert cautery("verify", CASE).code == 3  # consistent
    key = next((tmp_path / "keys").glob("case-*.key")).stem
    back = tmp_path / "back"
    moved = cautery("case", "move", CASE, back, "--json")
    said = json.loads(moved.out)
    assert (said["closed"], said["path"], f"case-{said['case']}") == (True, str(back), key)
    outside = tmp_path / "outside.pub"
    shutil.copy(back / "keys/case.pub", outside)
    assert cautery("verify", back, "--public-key", outside).code == 0
    again = cautery("case", "move", back, CASE, "--public-key", outside)
    assert "verified: authentic" in again.err
    assert cautery("verify", CASE, "--public-key", outside).code == 0
    bag = tmp_path / "bag"
    given = cautery(
        "dossier", CASE, "-o", bag, "--for", "court", "--by", "A", "--to", "B", "--why", "trial",
        "--key", next(tmp_path.glob("*.pem")),
    )  # fmt: skip
    assert given.code == 0, given.err
    assert (bag / "data/case/ledger.sqlite").exists()
    assert "handed over" in cautery("custody", "list", CASE).out


def test_who_has_the_database_shows_no_other_approver_after_the_roots_were_compared(
    cautery: Cautery, on_server: Watched, prepared: str
) -> None:
    """A view that shows the true rows to a walk over all, and others to who asks for a kind."""
    schema = f"case_{next((on_server.folder / 'keys').glob('case-*.key')).stem[5:]}"
    shown = """
        ALTER TABLE entries RENAME TO true_entries;
        CREATE FUNCTION shown(leaf bytea) RETURNS bytea LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            IF current_query() LIKE '%length(leaf)%' THEN
                PERFORM set_config('who.lies', (current_query() LIKE '%kind = %')::text, false);
            END IF;
            IF current_setting('who.lies', true) = 'true' THEN
                RETURN convert_to(replace(convert_from(leaf, 'UTF8'), 'anna', 'mall'), 'UTF8');
            END IF;
            RETURN leaf;
        END $$;
        CREATE VIEW entries AS SELECT idx, kind,
            CASE WHEN idx = 0 THEN shown(leaf) ELSE leaf END AS leaf FROM true_entries
    """
    with psycopg.connect(prepared, autocommit=True) as connection:
        connection.execute(f"SET search_path = {schema}")
        connection.execute(shown.replace("shown(leaf)", f"{schema}.shown(leaf)"))
    for command in (
        ("notice", "settle", CASE, "N-0123456789ab", "--unsent", "--as", "carl"),
        ("export", CASE, "--to", "stix"),
    ):
        ran = cautery(*command)
        assert (ran.code, "record 0 is not as it was" in ran.err) == (1, True), ran.err


def test_what_is_not_on_the_server_is_said(cautery: Cautery, prepared: str) -> None:
    ran = cautery("verify", "server:final")
    assert (ran.code, "no such case on the server" in ran.err) == (2, True)
    ran = cautery("find", "server:final", "x")
    assert (ran.code, "no such case on the server" in ran.err) == (2, True)
    ran = cautery("cases")
    assert (ran.code, "There is no case on the server yet" in ran.err) == (0, True)
    ran = cautery("case", "move", "server:a", "server:b")
    assert (ran.code, "from the server to a folder" in ran.err) == (2, True)


def test_lists_of_a_case_are_kept_once_wherever_one_asks_from(
    cautery: Cautery, on_server: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path, Path("/")):
        monkeypatch.chdir(folder)
        assert URL in cautery("find", CASE, "edge", "--streams").out
    assert len([*lists_folder().iterdir()]) == 1
    assert cautery("case", "move", CASE, tmp_path / "back").code == 0
    assert [*lists_folder().iterdir()] == []


@pytest.mark.parametrize("missing", ["CAUTERY_DATABASE", "CAUTERY_VAULT"])
def test_one_of_the_two_is_not_enough(
    cautery: Cautery, prepared: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(missing)
    ran = cautery("cases", "server:")
    assert (ran.code, "is not named" in ran.err) == (2, True)


def test_without_a_server_its_cases_are_said_to_be_nowhere(
    cautery: Cautery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert usual_place() == Path("cases")
    ran = cautery("verify", CASE)
    assert (ran.code, "no server is named" in ran.err) == (2, True)


def test_options_go_before_the_environment_and_that_before_the_file(
    cautery: Cautery, prepared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config/cautery/server.toml"
    file.parent.mkdir(parents=True)
    file.write_text('database = "postgresql://file.example/x"\nvault = "s3://file"\n')
    found = server()
    assert found is not None
    assert (found.database, found.vault.startswith("s3://vault-")) == (prepared, True)
    monkeypatch.delenv("CAUTERY_VAULT")
    found = server()
    assert found is not None
    assert found.vault == "s3://file"
    ran = cautery("--database", "postgresql://127.0.0.1:1/x", "--vault", "s3://x", "cases")
    assert (ran.code, "127.0.0.1" in ran.err) == (1, True)
    assert "when the database answers" in ran.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'database = "postgresql://u:secret@h/x"\nvault = "s3://x"\n',
            "others on this machine may",
        ),
        (
            'database = "postgresql://h/x?password=secret"\nvault = "s3://x"\n',
            "others on this machine may",
        ),
        ('key = "secret"\n', "nothing else"),
        ("database = 3\n", "nothing else"),
        ("database = \n", "Invalid value"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    cautery: Cautery, tmp_path: Path, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "cautery").mkdir()
    (tmp_path / "cautery/server.toml").write_text(text)
    ran = cautery("cases")
    assert (ran.code, words in ran.err, "secret" in ran.err) == (2, True, False)


def test_a_package_that_is_not_installed_is_named(
    cautery: Cautery, prepared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "obstore", None)
    ran = cautery("server", "prepare", "--regime", "gdpr")
    assert (ran.code, "pip install 'cautery[server]'" in ran.err) == (2, True)
    assert "obstore" in ran.err


def test_nothing_in_database_or_messages_has_a_secret_of_the_store(
    cautery: Cautery, on_server: Watched, prepared: str
) -> None:
    with psycopg.connect(prepared) as connection:
        text = ""
        for (table,) in connection.execute(
            "SELECT schemaname || '.' || tablename FROM pg_tables"
            " WHERE schemaname LIKE 'case\\_%' OR schemaname = 'cautery'"
        ).fetchall():
            text += str(connection.execute(f"SELECT * FROM {table}").fetchall())
    assert "Home v Away" in text
    assert "its-secret" not in text
    assert "its-user" not in text


@pytest.mark.parametrize(
    "written",
    [
        "u:secret#secret@127.0.0.1:1/x",
        "u:secret?secret@127.0.0.1:1/x",
        "u:secret@secret@127.0.0.1:1/x",
        "u:secret/secret@127.0.0.1:1/x",
        "u:1/secret@127.0.0.1:1/x",
        "u:secret%zz@127.0.0.1:1/x",
        "u@127.0.0.1:1/x?password=secret",
        "u@127.0.0.1:1/x?sslpassword=secret",
    ],
)
def test_the_password_of_the_database_is_in_no_error(
    cautery: Cautery, tmp_path: Path, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for command in ("cases", ("verify", CASE)):
        arguments = (command,) if isinstance(command, str) else command
        ran = cautery("--database", f"postgresql://{written}", "--vault", "s3://x", *arguments)
        assert (ran.code > 0, "secret" in ran.err) == (True, False), ran.err
        assert "database" in ran.err
