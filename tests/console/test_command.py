"""`cautery serve`: where it listens, what it prints, and how the browser gets the key."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import stat
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from typer.testing import CliRunner

from cautery.cli import app
from cautery.console import assets as assets_module
from cautery.console import command
from cautery.console.assets import assets
from cautery.console.people_entry import Place
from cautery.errors import InputError, StorageError
from cautery.model import Entry, Record
from cautery.wiring.room import RoomBeside, has_desktop

STATIC = Path(assets_module.__file__).with_name("static")


ADDRESS = "https://room.league.example"


@pytest.mark.parametrize(
    ("place", "tls", "many", "why"),
    [
        (Place(), False, True, "plain HTTP"),
        (Place(address=ADDRESS), False, True, "plain HTTP"),
        (Place(), True, True, "--address"),
        (Place(address="http://room.league.example"), True, True, "--address"),
        (Place(address=f"{ADDRESS}/room"), True, True, "--address"),
        (Place(address=ADDRESS), True, False, "there are none"),
        (Place(address=ADDRESS, proxy="10.0.0.1"), False, False, "there are none"),
        (Place(address=ADDRESS, proxy="proxy.example"), False, True, "not an address"),
    ],
)
def test_for_other_machines_it_wants_people_tls_and_an_address(
    place: Place, tls: Any, many: Any, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        command.listening_place("10.0.0.7", place, many=many, tls=tls)


def test_with_people_tls_or_a_proxy_and_an_address_it_listens_for_other_machines() -> None:
    listening = command.listening_place
    assert listening("10.0.0.7", Place(address=ADDRESS), many=True, tls=True) == "10.0.0.7"
    behind = Place(address=ADDRESS, proxy="10.0.0.1")
    assert listening("10.0.0.7", behind, many=True, tls=False) == "10.0.0.7"
    assert listening("localhost", Place(), many=True, tls=False) == "127.0.0.1"


def test_nobody_in_the_named_folder_is_a_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "--people", str(tmp_path / "nobody")])
    assert isinstance(result.exception, InputError)
    assert "cautery people add" in result.exception.hint
    assert not (tmp_path / "nobody").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "192.168.1.1"])
def test_it_listens_at_this_machine_alone(host: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--host", host, "--no-browser"])
    assert isinstance(result.exception, InputError)
    assert "other machines" in str(result.exception)
    assert "ssh -L" in result.exception.hint


def test_what_is_no_address_and_a_port_that_is_taken_are_sentences(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["serve", "--host", "room.example"])
    assert isinstance(result.exception, InputError)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(app, ["serve", "--port", port, "--cases", str(tmp_path)])
    assert isinstance(result.exception, StorageError)
    assert "--port 0" in result.exception.hint


@pytest.mark.parametrize(("host", "shown"), [("localhost", "127.0.0.1"), ("[::1]", "[::1]")])
def test_it_prints_the_address_of_the_page_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, shown: str
) -> None:
    if "::1" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")

    def run(_desk: Any, listening: socket.socket, ready: Any, **_tls: Any) -> None:
        ready()
        listening.close()

    monkeypatch.setattr(command, "_run", run)
    arguments = ["serve", "--cases", str(tmp_path), "--port", "0", "--no-browser"]
    result = CliRunner().invoke(app, [*arguments, "--host", host, "--page", "/cases/md34"])
    address = result.output.split()[1]
    assert re.fullmatch(rf"http://{re.escape(shown)}:\d+/cases/md34\?key=[\w-]{{43}}", address)


def test_the_browser_is_led_by_a_file_that_only_its_owner_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", opened.append)
    command.open_privately("http://127.0.0.1:8017/?key=secret&x=1")
    [address] = opened
    assert "secret" not in address
    page = Path(unquote(urlparse(address).path))
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
    assert "url=http://127.0.0.1:8017/?key=secret&amp;x=1" in page.read_text()


@pytest.mark.parametrize(
    ("known", "desktop"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({}, False),
        ({"DISPLAY": ":0", "CI": "1"}, False),
        ({"DISPLAY": ":9", "SSH_CONNECTION": "a"}, False),
    ],
)
def test_a_browser_is_opened_where_somebody_sits_before_a_desktop(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, str], desktop: object
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "CI", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    assert has_desktop() is desktop


def test_what_is_vendored_is_what_its_list_says_with_its_licence() -> None:
    listed = (STATIC / "SOURCES.md").read_text()
    rows = re.findall(
        r"^\| `([\w.-]+)` \| npm .* \(`([\w.-]+)`\) \| `([0-9a-f]{64})` \|$", listed, re.MULTILINE
    )
    assert rows
    for name, licence, digest in rows:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest
        assert (STATIC / licence).stat().st_size > 100
    vendored = {name for row in rows for name in row[:2]} | {"SOURCES.md"}
    ours = {path.name for path in STATIC.iterdir()} - vendored
    assert all(f"| `{name}` | ours |" in listed for name in ours)


def test_a_script_s_address_and_digest_follow_from_its_bytes(room: Any) -> None:
    for asset in assets().values():
        answer = room.stranger().get(asset.address)
        assert answer.content == asset.content
        digest = base64.b64encode(hashlib.sha384(answer.content).digest()).decode()
        assert asset.digest == f"sha384-{digest}"
        assert "immutable" in answer.headers["cache-control"]


def test_our_scripts_evaluate_nothing_and_write_no_markup() -> None:
    for script in STATIC.glob("*.js"):
        if f"| `{script.name}` | ours |" in (STATIC / "SOURCES.md").read_text():
            code = script.read_text()
            for way in (
                "eval(",
                "Function(",
                "innerHTML =",
                "outerHTML",
                "insertAdjacent",
                "document.write",
            ):
                assert way not in code, (script.name, way)


def _entry(index: int) -> Entry:
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    return Entry(index=index, record=Record(kind="note", at=at, body={}), leaf=b"")


def test_a_demo_on_a_desktop_opens_the_room_at_the_first_record_and_takes_it_along(
    season: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "shown"
    opener = tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\necho "$1" > {shown}\n')
    opener.chmod(0o700)
    for name in ("CI", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("BROWSER", f"{opener} %s")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with RoomBeside(season, page="/cases/night-1/tonight") as room:
        assert room.address() is None
        room.hear(_entry(3))
        assert room.address() is None
        room.hear(_entry(0))
        address = room.address()
        assert address is not None
        assert "/cases/night-1/tonight?key=" in address
        for _ in range(200):
            if shown.exists() and shown.read_text().strip():
                break
            time.sleep(0.05)
        page = Path(unquote(urlparse(shown.read_text().strip()).path))
        assert address.replace("&", "&amp;") in page.read_text()
        with urllib.request.urlopen(
            address.partition("?")[0].replace(
                "/cases/night-1/tonight", assets()["room.css"].address
            )
        ) as answer:
            assert answer.status == 200
    port = int(urlparse(address).port or 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
