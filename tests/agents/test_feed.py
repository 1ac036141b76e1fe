"""How a feed is asked, and what it cannot do to the agent."""

import contextlib
import gzip
import queue
import random
import socket
import threading
import time

import pytest

from cautery_provider import feed
from cautery_provider.feed import Client, FeedError, Poller
from cautery_provider.settings import Tls

CLIENT = Client(Tls(None, None, None))


def poller(server, *, since=None, poll_s=10):
    inbox = queue.Queue()
    made = Poller(
        server.url(),
        CLIENT,
        inbox,
        since=lambda: since,
        poll_s=poll_s,
        rng=random.Random(1),
    )
    return made, inbox


def test_a_feed_is_asked_for_what_is_newer(server):
    server.body, server.headers = b"one", {"ETag": '"x"'}
    made, inbox = poller(server, since="sha256:00")
    assert 8 <= made.ask() <= 12
    server.status, server.body = 304, b""
    made.ask()
    assert server.asked == [("/L-1?since=sha256%3A00", None), ("/L-1?since=sha256%3A00", '"x"')]
    assert [inbox.get_nowait().body, inbox.empty()] == [b"one", True]


def test_a_feed_is_asked_for_everything_when_something_is_missing(server):
    server.headers = {"ETag": '"x"'}
    made, _ = poller(server, since="sha256:00")
    made.ask()
    made.whole = True
    made.ask()
    made.ask()
    assert [path for path, _ in server.asked] == [
        "/L-1?since=sha256%3A00",
        "/L-1",
        "/L-1?since=sha256%3A00",
    ]
    assert server.asked[1][1] is None


@pytest.mark.parametrize("tag", ["x" * 9_000, "\xe9", "a\tb", ""])
def test_an_etag_that_a_good_server_would_refuse_is_not_sent_back(server, tag):
    server.headers, server.body = {"ETag": tag}, b"one"
    made, _ = poller(server)
    made.ask()
    made.ask()
    assert server.asked == [("/L-1", None)] * 2


def test_after_an_error_or_a_list_that_is_refused_a_feed_cannot_say_nothing_new(server):
    server.headers, server.body = {"ETag": '"x"'}, b"one"
    made, inbox = poller(server)
    made.ask()
    server.status = 400
    made.ask()
    server.status = 200
    made.ask()
    made.refused()
    made.ask()
    assert [tag for _, tag in server.asked] == [None, '"x"', None, None]
    assert inbox.qsize() == 4


@pytest.mark.parametrize(
    ("seconds", "least", "most"), [("20", 16, 24), ("99999", 19, 29), ("-5", 8, 12), ("x", 8, 12)]
)
def test_a_feed_may_ask_for_patience_but_not_for_silence(server, seconds, least, most):
    server.headers = {"Retry-After": seconds}
    assert least <= poller(server)[0].ask() <= most


def test_a_feed_in_trouble_is_asked_half_as_often(server):
    server.status = 503
    made, inbox = poller(server)
    assert all(16 <= made.ask() <= 24 for _ in range(6))
    assert inbox.get_nowait().error == "HTTP 503"


def test_a_redirect_is_not_followed(server):
    server.status, server.headers = 302, {"Location": server.url("/elsewhere")}
    with pytest.raises(FeedError, match="HTTP 302"):
        CLIENT.get(server.url(), etag=None, since=None)
    assert len(server.asked) == 1


def test_a_body_that_is_too_large_is_not_read_to_its_end(server, monkeypatch):
    monkeypatch.setattr(feed, "MOST_BYTES", 1_000)
    server.body = b"x" * 2_000
    with pytest.raises(FeedError, match="more than 1000 bytes"):
        CLIENT.get(server.url(), etag=None, since=None)


def test_a_body_that_is_cut_is_an_error(server):
    server.headers, server.body = {"Content-Length": "10"}, b"x"
    with pytest.raises(FeedError, match=r"1 of 10 bytes|Incomplete"):
        CLIENT.get(server.url(), etag=None, since=None)


def zipped(server, body):
    server.body, server.headers = body, {"Content-Encoding": "gzip", "ETag": '"x"'}
    return CLIENT.get(server.url(), etag=None, since=None)


def test_gzip_is_asked_for_and_read(server):
    assert zipped(server, gzip.compress(b"a list")).body == b"a list"
    assert server.accepted == ["gzip"]


def test_gzip_that_grows_beyond_a_list_is_refused_within_bounds(server, monkeypatch):
    monkeypatch.setattr(feed, "MOST_BYTES", 10_000)
    bomb = gzip.compress(bytes(8_000_000))
    assert len(bomb) < 10_000
    with pytest.raises(FeedError, match="more than 10000 bytes"):
        zipped(server, bomb)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a list",
        gzip.compress(b"a list", mtime=0)[:-1],
        gzip.compress(b"a list", mtime=0)[:-8] + bytes(8),
        gzip.compress(b"a list", mtime=0) + b"more",
        gzip.compress(b"a list", mtime=0) * 2,
    ],
    ids=["nothing", "plain", "cut", "false-sum", "more", "twice"],
)
def test_what_is_not_one_whole_gzip_is_refused(server, body):
    with pytest.raises(FeedError, match="gzip"):
        zipped(server, body)


def test_a_coding_that_nobody_asked_for_is_refused(server):
    server.body, server.headers = b"x", {"Content-Encoding": "br"}
    with pytest.raises(FeedError, match="coding 'br'"):
        CLIENT.get(server.url(), etag=None, since=None)


def test_a_body_that_drips_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(feed, "_WHOLE_S", -1.0)
    server.body = b"x"
    with pytest.raises(FeedError, match="not done"):
        CLIENT.get(server.url(), etag=None, since=None)


ENDLESS = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "a chunk's length": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b";a"),
    "trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        b"X: y\r\n",
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_answer_without_end_is_ended(what, monkeypatch):
    monkeypatch.setattr(feed, "_WHOLE_S", 0.5)
    first, again = ENDLESS[what]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def send():
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                connection.sendall(first)
                while True:
                    connection.sendall(again)
                    time.sleep(0.01)

        sender = threading.Thread(target=send)
        sender.start()
        begun = time.monotonic()
        with pytest.raises(FeedError, match="not done"):
            CLIENT.get(f"http://127.0.0.1:{listening.getsockname()[1]}/", etag=None, since=None)
        assert time.monotonic() - begun < 5
        sender.join(5)
        assert not sender.is_alive()


def test_nobody_there_is_an_error():
    with pytest.raises(FeedError, match="refused"):
        CLIENT.get("http://127.0.0.1:9/", etag=None, since=None)


def test_a_feed_that_is_a_file_is_read_when_it_changes(tmp_path):
    path = tmp_path / "list.json"
    with pytest.raises(FeedError, match="No such file"):
        CLIENT.get(f"file://{path}", etag=None, since=None)
    path.write_bytes(b"one")
    first = CLIENT.get(f"file://{path}", etag=None, since=None)
    again = CLIENT.get(f"file://{path}", etag=first.etag, since=None)
    assert (first.body, again.body) == (b"one", None)
