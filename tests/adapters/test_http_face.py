"""The face's server: bounds on bodies, times and connections, whatever is sent to it."""

from __future__ import annotations

import http.client
import logging
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest
from tests.adapters.face_server import Running, listener

from cautery.adapters import http_face
from cautery.model.web import Answered, Asked


def echo(asked: Asked) -> Answered:
    words = f"{asked.method} {asked.path} {asked.host} {asked.query.get('q')} {len(asked.body)}"
    return Answered(pieces=(words.encode(), b"!"), headers={"ETag": '"1"'})


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body=body, headers={"Host": "Shop.Example:80"})
    answer = connection.getresponse()
    seen = answer.status, answer.read()
    connection.close()
    return seen


def test_requests_arrive_as_they_are_and_answers_as_well() -> None:
    with Running(listener(echo)) as server:
        [port] = server.ports
        assert ask(port, "GET", "/a%20b?q=1&q=2") == (200, b"GET /a b shop.example 1 0!")
        assert ask(port, "POST", "/", b"x" * 1_000) == (200, b"POST / shop.example None 1000!")
        assert ask(port, "HEAD", "/") == (200, b"")
        assert ask(port, "PUT", "/")[0] == 405


def test_a_body_of_two_megabytes_is_refused_by_its_rule() -> None:
    with Running(listener(echo)) as server:
        [port] = server.ports
        status, words = ask(port, "POST", "/", b"x" * 2_000_000)
        assert (status, words[:9]) == (413, b"too-long:")
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            raw.sendall(b"800\r\n" + b"x" * 2_048 + b"\r\n0\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_who_sends_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_face, "_IDLE_S", 0.5)
    monkeypatch.setattr(http_face, "_BODY_S", 0.5)
    with Running(listener(echo)) as server:
        [port] = server.ports
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.settimeout(8)
            silent.sendall(b"GET / HTTP/1.1\r\nHost:")
            assert silent.recv(1) == b""
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.settimeout(8)
            slow.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1")
            assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_one_address_does_not_take_every_connection() -> None:
    with Running(replace(listener(echo), most_of_one=3)) as server:
        [port] = server.ports
        taken = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", port)) as more:
            more.settimeout(5)
            assert answered(more) == b""
        for connection in taken:
            connection.close()
        time.sleep(0.2)
        assert ask(port, "GET", "/")[0] == 200


BIG = 64 << 20
"""Bytes of an answer that no buffer of a socket holds."""


class Shelf:
    """Gives a big answer, and notes each request for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(self, asked: Asked) -> Answered:
        if asked.path != "/big":
            return echo(asked)
        self.asked.append(asked.address)
        return Answered(pieces=(bytes(1 << 20),) * (BIG >> 20))

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + 10
        while len(self.asked) < count:
            assert time.monotonic() < until
            time.sleep(0.01)


def fetching(port: int, *, source: str = "127.0.0.1") -> socket.socket:
    """Ask for the big answer and read none of it."""
    connection = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
    connection.settimeout(10)
    connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection


@pytest.mark.parametrize("bound", ["MOST_LARGE", "MOST_LARGE_OF_ONE"])
def test_large_answers_beyond_the_bound_are_put_off_and_small_ones_are_not(
    bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_face, "_MOST_SENT", 1)
    monkeypatch.setattr(http_face, bound, 3)
    shelf = Shelf()
    with Running(listener(shelf.answer)) as server:
        [port] = server.ports
        taken = [fetching(port) for _ in range(3)]
        shelf.wait_for(3)
        with fetching(port) as more:
            head = more.recv(1_000)
        assert head.startswith(b"HTTP/1.1 503")
        assert b"\r\nRetry-After: 20\r\n" in head
        assert ask(port, "GET", "/small")[0] == 200
        assert ask(port, "HEAD", "/big") == (200, b"")
        with fetching(port, source="127.0.0.2") as other:
            shelf.wait_for(6)
            for connection in taken:
                connection.close()
            expected = b"HTTP/1.1 503" if bound == "MOST_LARGE" else b"HTTP/1.1 200"
            assert other.recv(12) == expected


def test_a_place_in_the_row_comes_free_when_a_client_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_face, "MOST_LARGE", 1)
    shelf = Shelf()
    with Running(listener(shelf.answer)) as server:
        [port] = server.ports
        fetching(port).close()
        until, status = time.monotonic() + 10, 503
        while status == 503 and time.monotonic() < until:
            status, body = ask(port, "GET", "/big")
        assert (status, len(body)) == (200, BIG)


def test_many_addresses_do_not_keep_out_one_that_has_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_face, "MOST_CONNECTIONS", 12)
    with Running(replace(listener(echo), most_of_one=6)) as server:
        [port] = server.ports
        silent = [connected(port, of=f"127.0.0.{2 + at % 3}") for at in range(12)]
        for address in ("127.0.0.9", "127.0.0.10"):
            with connected(port, of=address) as newcomer:
                assert answered(newcomer).startswith(b"HTTP/1.1 2")
                with connected(port, of=address) as second:
                    assert answered(second).startswith(b"HTTP/1.1 2")
        for connection in silent:
            connection.close()


def connected(port: int, *, of: str) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(of, 0))
    time.sleep(0.02)
    return made


def answered(connection: socket.socket) -> bytes:
    """Return what comes back of a request; nothing if the connection is cut."""
    try:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return connection.recv(10)
    except ConnectionError:
        return b""


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00" + b"\x00" * 200,
        b"GET / HTTP/1.1\r\n" + b"A: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_request_costs_itself_alone(raw: bytes) -> None:
    with Running(listener(echo)) as server:
        [port] = server.ports
        with socket.create_connection(("127.0.0.1", port)) as hostile:
            hostile.settimeout(10)
            try:
                hostile.sendall(raw)
                assert b" 400 " in hostile.recv(100)
            except ConnectionResetError:
                pass
        assert ask(port, "GET", "/")[0] == 200


def test_nothing_of_a_bad_request_is_logged(
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("cautery.face"), "disabled", False)
    caplog.set_level(logging.ERROR, logger="cautery.face")

    def fails(asked: Asked) -> Answered:
        raise RuntimeError(asked.query["q"])

    bad = (
        b"GET /?q=secret-name HTTP/1.1\nHost: x\n\n",
        b"GET http://secret-name:99999999/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /?q=secret-name HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /?q=secret-name HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    )
    with Running(listener(fails)) as server:
        [port] = server.ports
        for raw in bad:
            with socket.create_connection(("127.0.0.1", port)) as hostile:
                hostile.settimeout(10)
                hostile.sendall(raw)
                assert hostile.recv(100)[9:12] in (b"400", b"500")
    told = caplog.text + "".join(capfd.readouterr())
    assert "a request was not answered: RuntimeError" in told
    assert "secret-name" not in told
    assert "127.0.0.1" not in told
    assert "Traceback" not in told


def test_what_is_packed_is_not_unpacked() -> None:
    with Running(listener(echo)) as server:
        [port] = server.ports
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
                b"Content-Length: 5\r\n\r\nhello"
            )
            assert raw.recv(200).startswith(b"HTTP/1.1 200")


def test_an_address_with_many_connections_waits_for_each_other_address() -> None:
    asked_for, sent = [], threading.Event()

    def answer(asked: Asked) -> Answered:
        asked_for.append(asked.path)
        if asked.path == "/first":
            assert sent.wait(30)
        return Answered(pieces=(b"x",))

    def question(path: str) -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    with Running(listener(answer)) as server, ExitStack() as stack:
        place = ("127.0.0.1", server.ports[0])
        *flood, other = (
            stack.enter_context(socket.create_connection(place, 30, (source, 0)))
            for source in ("127.0.0.1",) * 20 + ("127.0.0.2",)
        )
        for connection in (*flood, other):
            connection.sendall(question("/before"))  # it is let in
            assert connection.recv(1_000)
        flood[0].sendall(question("/first"))
        while "/first" not in asked_for:
            time.sleep(0.01)
        for connection in flood:
            connection.sendall(question("/flood") * 5)
        other.sendall(question("/other"))
        sent.set()
        assert other.recv(1_000)
    assert asked_for.index("/other") - asked_for.index("/first") < 6
