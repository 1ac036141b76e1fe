"""Answers of stores that moto never gives: 503 for a while, and versions compared without quotes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.servers import s3_environment

from cautery.adapters import objects
from cautery.adapters.objects import Objects
from cautery.errors import AwayError, StorageError

URL = "s3://vault/of/police"


class Busy(BaseHTTPRequestHandler):
    """Answers 503 to the first seven requests."""

    asked = 0

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked += 1
        self.send_response(503 if type(self).asked <= 7 else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class OldCeph(BaseHTTPRequestHandler):
    """Holds one object, and compares ``If-Match`` as it stands with the bare MD5."""

    held: bytes | None = None

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        wanted = self.headers["If-Match"]
        if wanted is not None and wanted != self.version():
            self.answer(412)
            return
        type(self).held = data
        self.answer(200)

    def do_HEAD(self) -> None:
        self.answer(404 if self.held is None else 200)

    def version(self) -> str | None:
        return None if self.held is None else hashlib.md5(self.held).hexdigest()

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("ETag", f'"{self.version()}"')
        self.send_header("Last-Modified", "Tue, 24 Nov 2026 12:00:00 GMT")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve what a test names."""
    with HTTPServer(("127.0.0.1", 0), request.param) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        for name, value in s3_environment(f"http://127.0.0.1:{server.server_port}").items():
            monkeypatch.setenv(name, value)
        yield
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("store", [Busy], indirect=True)
def test_who_drives_a_case_waits_for_a_store_that_is_away_and_others_say_so() -> None:
    Busy.asked = 0
    with pytest.raises(StorageError, match="cannot write to it"):
        Objects(URL).put_new("a", b"1")
    assert Busy.asked == 5
    Busy.asked = 0
    assert Objects(URL, waits=True).put_new("a", b"1")
    assert Busy.asked == 8


@pytest.mark.parametrize("store", [Busy], indirect=True)
def test_no_message_has_the_address_of_the_store() -> None:
    Busy.asked = 0
    with pytest.raises(AwayError, match="503") as away:
        Objects(URL).put_new("a", b"1")
    assert "127.0.0.1" not in str(away.value)
    assert "http:" not in str(away.value)


@pytest.mark.parametrize("store", [Busy], indirect=True)
def test_a_store_that_stays_away_is_said_in_the_same_words() -> None:
    said = set()
    for _ in range(3):
        Busy.asked = 0
        with pytest.raises(AwayError) as away:
            Objects(URL).put_new("a", b"1")
        said.add(str(away.value))
    assert len(said) == 1, said


@pytest.mark.timeout(60)
@pytest.mark.parametrize("store", [Busy], indirect=True)
def test_a_store_that_takes_a_question_and_never_answers_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()
    monkeypatch.setattr(Busy, "do_PUT", lambda _: over.wait(600))
    monkeypatch.setattr(objects, "_SILENT_S", 1)
    monkeypatch.setattr(objects, "_ASKS", {"max_retries": 0})
    try:
        with pytest.raises(AwayError, match="cannot write to it"):
            Objects(URL).put_new("a", b"1")
    finally:
        over.set()


@pytest.mark.parametrize("store", [OldCeph], indirect=True)
def test_a_store_that_compares_versions_without_their_quotes_replaces_what_is_still_of_it() -> None:
    OldCeph.held = None
    held = Objects(URL)
    first = held.replace("a", b"one", version=None)
    second = held.replace("a", b"two", version=first)
    assert (OldCeph.held, second not in {None, first}) == (b"two", True)
    assert held.replace("a", b"late", version=first) is None
    OldCeph.held = None
    assert held.replace("a", b"three", version=second) is None
    assert OldCeph.held is None
