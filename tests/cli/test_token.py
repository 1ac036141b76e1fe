"""`cautery token`: what is made opens a room, is kept nowhere whole, and ends when it is revoked."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cautery import wiring
from cautery.adapters.token_folder import TokenFolder, json_of, token_of
from cautery.cli import app
from cautery.errors import AbsentError, InputError
from cautery.model import Regime
from cautery.model.marking import marking_of
from cautery.model.tokens import AccessToken, Scope, new_token, parts_of
from cautery.wiring.tokens import TokensOfRoom


def run(folder: Path, *words: str, fails: type[InputError] | None = None) -> str:
    result = CliRunner().invoke(app, ["token", *words, "--tokens", str(folder)])
    if fails is None:
        assert result.exit_code == 0, result.output
    else:
        assert isinstance(result.exception, fails)
    return result.stdout


def test_a_token_is_printed_once_and_only_its_digest_is_kept(tmp_path: Path) -> None:
    sent = run(tmp_path, "make", "wall screen", "--scope", "cases", "--case", "md34").strip()
    parts = parts_of(sent)
    assert parts
    (file,) = tmp_path.iterdir()
    assert parts[1] not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    token = TokenFolder(tmp_path).get(parts[0])
    assert token
    now = wiring.clock().now()
    assert token.is_of(parts[1], now=now)
    assert not token.is_of(parts[1][:-1] + "x", now=now)
    assert not token.is_of(parts[1], now=now + timedelta(days=31))
    assert (token.scopes, token.cases) == ((Scope.CASES,), ("md34",))
    assert token.may_read("md34")
    assert not token.may_read("md35")


def test_tokens_are_listed_without_what_opens_the_room_and_revoked_by_id(tmp_path: Path) -> None:
    sent = run(tmp_path, "make", "one", "--scope", "records").strip()
    number = sent.split("_")[1]
    (told,) = map(json.loads, run(tmp_path, "list", "--json").splitlines())
    assert (told["id"], told["scopes"]) == (number, ["records"])
    assert "digest" not in told
    run(tmp_path, "revoke", sent, fails=InputError)
    run(tmp_path, "revoke", number)
    assert TokenFolder(tmp_path).get(number) is None
    run(tmp_path, "revoke", number, fails=AbsentError)
    assert run(tmp_path, "list", "--json") == ""


def test_a_token_opens_the_room_that_it_was_made_for_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, league, police = tmp_path / "kept", tmp_path / "league", tmp_path / "police"
    number = run(kept, "make", "screen", "--cases", str(league)).split("_")[1]
    league.mkdir()
    police.mkdir()
    (tmp_path / "link").symlink_to(league)
    for cases in (league, tmp_path / "link"):
        assert TokensOfRoom(TokenFolder(kept), cases).get(number)
    servers = {"one": SimpleNamespace(about=("one", Regime.LED))}
    monkeypatch.setattr("cautery.wiring.tokens.server_store", lambda _: servers["one"])
    for cases in (police, tmp_path, Path("server:")):
        assert TokensOfRoom(TokenFolder(kept), cases).get(number) is None
    number = run(kept, "make", "screen", "--cases", "server:").split("_")[1]
    assert TokensOfRoom(TokenFolder(kept), Path("server:")).get(number)
    servers["one"] = SimpleNamespace(about=("another", Regime.LED))
    for cases in (league, Path("server:")):
        assert TokensOfRoom(TokenFolder(kept), cases).get(number) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"id": 1}', b"\xff", b"[" * 60_000, b'{"scopes": ["all"]}'],
)
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, content: bytes) -> None:
    sent = run(tmp_path, "make", "one").strip()
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert TokenFolder(tmp_path).get(sent.split("_")[1]) is None
    assert TokenFolder(tmp_path).all() == ()


@pytest.mark.parametrize("id", ["../../etc/passwd", "", "0" * 15, "0" * 17, "0123456789ABCDEF"])
def test_what_is_no_id_reaches_no_file(tmp_path: Path, id: str) -> None:
    assert TokenFolder(tmp_path).get(id) is None
    assert parts_of(f"cautery_{id}_" + "x" * 43) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "two\nlines", "\x1b[2J"])
def test_a_token_has_a_name_that_people_can_read(name: str) -> None:
    now = wiring.clock().now()
    with pytest.raises(InputError, match="name"):
        new_token(name, (Scope.CASES,), made_at=now, ends_at=now + timedelta(days=1))


def test_a_token_reads_something_and_ends_after_it_begins() -> None:
    now = wiring.clock().now()
    with pytest.raises(InputError, match="scope"):
        new_token("x", (), made_at=now, ends_at=now + timedelta(days=1))
    with pytest.raises(InputError, match="ends"):
        new_token("x", (Scope.CASES,), made_at=now, ends_at=now)
    with pytest.raises(InputError, match="marking"):
        new_token("x", (Scope.TAXII,), made_at=now, ends_at=now + timedelta(days=1))
    token, sent = new_token(
        "x",
        tuple(Scope),
        made_at=now,
        ends_at=now + timedelta(days=1),
        marking=marking_of("TLP:GREEN"),
    )
    assert token_of(token.id, json_of(token)) == token
    assert isinstance(token, AccessToken)
    assert re.fullmatch(r"cautery_[0-9a-f]{16}_[\w-]{43}", sent)
    assert sent.split("_", 2)[2] not in repr(token)
