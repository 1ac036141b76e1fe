"""`cautery people` from the command line."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from tests.passkeys import Device, cose
from typer.testing import CliRunner, Result

from cautery.adapters.people_file import PeopleFile
from cautery.cli import app
from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.model.account import Passkey


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)


def people(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["people", *arguments])


def test_an_account_is_made_given_listed_invited_and_erased() -> None:
    word = people("add", "A.Rossi", "--role", "analyst", "--all-cases").stdout.strip()
    assert re.fullmatch(r"([a-z0-9]{5}-){4}[a-z0-9]{5}", word)
    given = people("give", "a.rossi", "--role", "legal", "--case", "md34", "--why", "moved")
    assert given.exit_code == 0, given.output
    [row] = [json.loads(line) for line in people("list", "--json").stdout.splitlines()]
    assert (row["name"], row["roles"], row["cases"]) == ("a.rossi", ["legal"], ["md34"])
    assert people("invite", "a.rossi", "--why", "lost it").stdout.strip() != word
    assert people("erase", "a.rossi", "--why", "left").exit_code == 0
    assert people("list", "--json").stdout == ""
    log = people("log", "--purpose", "self-monitoring", "--why", "a test", "--json").stdout
    rows = [json.loads(line) for line in log.splitlines()]
    assert [one["what"] for one in rows[:2]] == ["log read", "account erased"]
    assert "rossi" not in log


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "x", "--role", "keeper", "--role", "analyst"),
        ("add", "x", "--role", "guest-agency", "--all-cases"),
        ("add", "x", "--role", "analyst", "--all-cases", "--case", "a"),
        ("add", "", "--role", "analyst"),
        ("add", "x", "--role", "analyst", "--why", " "),
        ("give", "nobody", "--role", "analyst", "--why", "x"),
        ("erase", "nobody", "--why", "x"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_no_account(arguments: tuple[str, ...]) -> None:
    people("add", "first", "--role", "keeper")
    result = people(*arguments)
    assert isinstance(result.exception, InputError)
    assert len(people("list", "--json").stdout.splitlines()) == 1


def test_where_nobody_is_it_says_how_to_begin() -> None:
    result = people("list")
    assert isinstance(result.exception, InputError)
    assert "cautery people add" in result.exception.hint


def test_a_log_that_was_cut_is_said_to_be_cut(tmp_path: Path) -> None:
    import sqlite3

    people("add", "first", "--role", "keeper")
    with sqlite3.connect(tmp_path / "people" / "access.sqlite") as ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            ledger.execute(f"DROP TRIGGER {name}")
        ledger.execute("DELETE FROM entries WHERE idx = 1")
    result = people("log", "--purpose", "security", "--why", "a test")
    assert isinstance(result.exception, EvidenceError)


@pytest.mark.parametrize("left", [b"", b"this is no database" * 300, None])
def test_a_room_that_lost_its_accounts_does_not_open_without_a_login(
    tmp_path: Path, left: bytes | None
) -> None:
    people("add", "first", "--role", "keeper")
    accounts = tmp_path / "people" / "people.sqlite"
    for beside in accounts.parent.glob("people.sqlite-*"):
        beside.unlink()
    accounts.unlink()
    if left is not None:
        accounts.write_bytes(left)
    result = CliRunner().invoke(app, ["serve", "--cases", "cases", "--no-browser", "--port", "0"])
    assert isinstance(result.exception, EvidenceError)
    assert "disk space" not in (result.exception.hint or "")


def test_a_passkey_is_handed_to_the_author_of_a_mandate() -> None:
    people("add", "anna", "--role", "commander", "--all-cases")
    named = ("approver", "anna", "--as", 'Anna "A" Rossi', "--role", "counsel")
    assert isinstance(people(*named).exception, InputError)  # she has none yet
    accounts = PeopleFile(Path("people"))
    anna = accounts.by_name("anna")
    assert anna
    device = Device.of(1, account=anna.id)
    accounts.add_passkey(
        Passkey(
            id=device.credential,
            account=anna.id,
            key=cose(device),
            count=0,
            name="blue",
            made_at=anna.made_at,
            approves_at=device.origin,
        ),
        era=anna.era,
    )
    accounts.close()
    [table] = tomllib.loads(people(*named).stdout)["approver"]
    assert table == {"name": 'Anna "A" Rossi', "role": "counsel", "public_key": device.text}


ISSUER, SUBJECT = "https://id.league.example", "248289761001"
BOUND = ("--issuer", ISSUER, "--subject", SUBJECT, "--why", "moved to the organisation's login")


def identities(name: str) -> list[tuple[str, str]]:
    accounts = PeopleFile(Path("people"))
    try:
        account = accounts.by_name(name)
        assert account
        return [(one.issuer, one.subject) for one in accounts.identities(account.id)]
    finally:
        accounts.close()


def test_an_account_is_bound_to_a_provider_and_unbound_and_the_log_has_no_subject() -> None:
    people("add", "anna", "--role", "analyst", "--all-cases")
    bound = people("bind", "anna", *BOUND)
    assert bound.exit_code == 0, bound.output
    assert f"anna comes in through {ISSUER}" in bound.stderr
    assert identities("anna") == [(ISSUER, SUBJECT)]
    assert people("unbind", "anna", "--why", "left").exit_code == 0
    assert identities("anna") == []
    log = people("log", "--purpose", "self-monitoring", "--why", "a test", "--json").stdout
    changes = [json.loads(line)["what"] for line in log.splitlines()]
    assert changes[1:3] == ["account identity-removed", "account identity"]
    assert SUBJECT not in log


def test_one_subject_is_of_one_account_and_one_account_of_one_provider() -> None:
    for name in ("anna", "bert"):
        people("add", name, "--role", "analyst", "--all-cases")
    assert people("bind", "anna", *BOUND).exit_code == 0
    assert isinstance(people("bind", "bert", *BOUND).exception, InputError)
    more = people("bind", "anna", "--issuer", ISSUER, "--subject", "2", "--why", "another")
    assert isinstance(more.exception, InputError)
    assert (identities("anna"), identities("bert")) == ([(ISSUER, SUBJECT)], [])


@pytest.mark.parametrize(
    "arguments",
    [
        ("bind", "nobody", *BOUND),
        ("bind", "anna", "--issuer", "http://id.league.example", "--subject", "1", "--why", "x"),
        ("bind", "anna", "--issuer", "no address", "--subject", "1", "--why", "x"),
        ("bind", "anna", "--issuer", ISSUER, "--subject", "", "--why", "x"),
        ("bind", "anna", "--issuer", ISSUER, "--subject", "a\nb", "--why", "x"),
        ("bind", "anna", "--issuer", ISSUER, "--subject", "1", "--why", " "),
        ("unbind", "anna", "--why", "x"),
        ("unbind", "nobody", "--why", "x"),
    ],
)
def test_what_cannot_be_bound_is_a_sentence_and_binds_nothing(arguments: tuple[str, ...]) -> None:
    people("add", "anna", "--role", "analyst", "--all-cases")
    assert isinstance(people(*arguments).exception, CauteryError)
    assert identities("anna") == []
