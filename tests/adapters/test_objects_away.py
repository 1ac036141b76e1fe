"""A store that answers 503 for a while: whoever drives a case waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cautery.adapters import objects
from cautery.adapters.objects import Objects
from cautery.errors import AwayError, StorageError


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


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Busy, "asked", 0)
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        yield "s3://vault/of/police"
        server.shutdown()
        serving.join()


def test_who_drives_a_case_waits_for_a_store_that_is_away_and_others_say_so(vault: str) -> None:
    with pytest.raises(StorageError, match="cannot write to it"):
        Objects(vault).put_new("a", b"1")
    assert Busy.asked == 5
    Busy.asked = 0
    assert Objects(vault, waits=True).put_new("a", b"1")
    assert Busy.asked == 8


def test_no_message_has_the_address_of_the_store(vault: str) -> None:
    with pytest.raises(AwayError, match="503") as away:
        Objects(vault).put_new("a", b"1")
    assert "127.0.0.1" not in str(away.value)
    assert "http:" not in str(away.value)


def test_a_store_that_stays_away_is_said_in_the_same_words(vault: str) -> None:
    said = set()
    for _ in range(3):
        Busy.asked = 0
        with pytest.raises(AwayError) as away:
            Objects(vault).put_new("a", b"1")
        said.add(str(away.value))
    assert len(said) == 1, said


@pytest.mark.timeout(60)
def test_a_store_that_takes_a_question_and_never_answers_is_away(
    vault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(Busy, "do_PUT", lambda _: over.wait(600))
    monkeypatch.setattr(objects, "_SILENT_S", 1)
    monkeypatch.setattr(objects, "_ASKS", {"max_retries": 0})
    try:
        with pytest.raises(AwayError, match="cannot write to it"):
            Objects(vault).put_new("a", b"1")
    finally:
        over.set()
