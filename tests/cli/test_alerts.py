"""`cautery alerts`: settings, a look at a case of a night, and what comes out of the house."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cautery.wiring import alerts

from .notice_case import OTHER, URL, Watched, proven

Cautery = Callable[..., Any]
THIRD = "http://mirror.pirate.example/arena/stream.m3u8"


class Handler(BaseHTTPRequestHandler):
    bodies: list[tuple[str, bytes]] = []  # noqa: RUF012 - one server a test
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).bodies.append((self.headers["webhook-id"], body))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Handler, "bodies", [])
    monkeypatch.setattr(Handler, "status", 204)
    monkeypatch.setitem(alerts.run.__kwdefaults__, "waits_s", (0.0,))
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    thread.join()
    server.server_close()


def settings(cautery: Cautery, folder: Path, url: str, more: str = "") -> Path:
    secret = cautery("alerts", "secret").out.strip()
    path = folder / "alerts.toml"
    path.write_text(
        'room = "https://room.example"\n[rules]\nproven = true\nnothing_drafted = 0\n'
        f'[[webhook]]\nname = "duty"\nurl = "{url}"\nsecret = "{secret}"\n'
        f'allow = ["127.0.0.0/8"]\n{more}'
    )
    path.chmod(0o600)
    return path


@pytest.fixture
def shelf(proven_case: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Watched:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cases = proven_case.folder / "cases"
    cases.mkdir()
    proven_case.path.rename(cases / "md34")
    return Watched(cases / "md34", proven_case.folder)


def logged(folder: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "alerts/alerts.sqlite")) as ledger:
        rows = ledger.execute("SELECT leaf FROM entries ORDER BY idx").fetchall()
    return [json.loads(leaf) for (leaf,) in rows]


def test_people_are_told_once_by_a_link_and_it_is_written_down(
    cautery: Cautery, shelf: Watched, hook: str
) -> None:
    path = settings(cautery, shelf.folder, hook)
    look = ("alerts", "run", path, "--cases", shelf.path.parent, "--once")
    ran = cautery(*look)
    assert (ran.code, "0 alerts raised" in ran.err) == (0, True), ran.err
    exhibit = shelf.records("verdict")[0]["observations"][0]["exhibits"][0]
    shelf.write(proven(THIRD, exhibit))
    ran = cautery(*look)
    assert (ran.code, "2 alerts raised" in ran.err) == (0, True), ran.err
    told = [json.loads(body) for _, body in Handler.bodies]
    assert [one["type"] for one in told] == ["case.proven", "case.nothing-drafted"]
    assert told[0]["data"]["link"] == "https://room.example/cases/md34/tonight"
    for _, body in Handler.bodies:
        for secret in (b"pirate", b"Home v Away", b"anna", b"bert", URL.encode(), OTHER.encode()):
            assert secret not in body
    assert cautery(*look).code == 0
    assert len(Handler.bodies) == 2
    kinds = [record["kind"] for record in logged(shelf.folder)]
    assert kinds == ["alert.begun", *["alert.raised"] * 2, *["alert.sent"] * 2]


def test_what_a_receiver_does_not_take_is_on_record_and_ends_in_one(
    cautery: Cautery, shelf: Watched, hook: str
) -> None:
    path = settings(cautery, shelf.folder, hook)
    look = ("alerts", "run", path, "--cases", shelf.path.parent, "--once")
    assert cautery(*look).code == 0
    exhibit = shelf.records("verdict")[0]["observations"][0]["exhibits"][0]
    shelf.write(proven(THIRD, exhibit))
    Handler.status = 500
    ran = cautery(*look)
    assert (ran.code, "not taken: SourceError" in ran.err) == (1, True), ran.err
    sent = [one["body"] for one in logged(shelf.folder) if one["kind"] == "alert.sent"]
    assert [(one["tries"], one["error"]) for one in sent] == [(2, "SourceError")] * 2
    ids = [alert for alert, _ in Handler.bodies]
    assert ids == sorted(set(ids)) * 2  # one that waits holds up no other
    assert len(ids) == 4


def test_each_way_is_tried_out(cautery: Cautery, shelf: Watched, hook: str, tmp_path: Path) -> None:
    gone = f'[[syslog]]\nname = "log"\naddress = "unix:{tmp_path}/gone"\n'
    ran = cautery("alerts", "test", settings(cautery, shelf.folder, hook, gone))
    assert (ran.code, "duty: taken" in ran.err, "log: syslog" in ran.err) == (1, True, True)
    assert json.loads(Handler.bodies[0][1])["type"] == "case.test"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("proven = true\nnothing_drafted = 0\n", "", "names no rule"),
        ("nothing_drafted = 0", "nothing_drafted = -1", "rules.nothing_drafted"),
        ("nothing_drafted = 0", "unknown = 1", "rules.unknown"),
        ('room = "https://room.example"', 'room = "room"', "room"),
        ("[[webhook]]", "[[hook]]", "hook"),
        ('name = "duty"', 'name = "Duty Room"', "webhook.0.name"),
        ("whsec_", "whsec", "secret of a webhook"),
        ("http://", "http://u:p@", "without a login"),
        ("http://", "ftp://", "not a URL"),
    ],
)
def test_settings_that_cannot_be_used_are_a_sentence_without_the_secret(
    cautery: Cautery, tmp_path: Path, old: str, new: str, words: str
) -> None:
    path = settings(cautery, tmp_path, "http://127.0.0.1:9/hook")
    text = path.read_text()
    secret = text.partition("whsec_")[2].partition('"')[0]
    assert old in text
    path.write_text(text.replace(old, new))
    ran = cautery("alerts", "test", path)
    assert (ran.code, words in ran.err, secret in ran.err) == (2, True, False), ran.err


def test_settings_that_others_can_read_are_refused(cautery: Cautery, tmp_path: Path) -> None:
    path = settings(cautery, tmp_path, "http://127.0.0.1:9/hook")
    path.chmod(0o640)
    ran = cautery("alerts", "run", path, "--once")
    assert (ran.code, "other users can read it" in ran.err) == (2, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
