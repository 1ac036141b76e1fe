"""Lists come from several URLs, each asked by a thread of its own: a slow one delays no other.

Reaches: the feeds and the acknowledgement's URL of the configuration, by HTTPS with the client's
certificate. Redirects and proxies of the environment are not followed. A feed may also be a file
(`file:///...`) that some other way brings.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import random
import socket
import ssl
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from cautery_provider.files import whole
from cautery_provider.readers import MOST_BYTES
from cautery_provider.settings import Tls

MOST_WAIT_S = 24.0
"""The longest wait, whatever Retry-After says. An unblocking is to arrive within 30 s (ADR 0041):
whoever serves a feed must not silence it for longer; waits are spread by a fifth."""
_LONGEST_TAG = 200
_SOCKET_S = 10.0
_WHOLE_S = 60.0
_NAMES_OF_US = {"User-Agent": "cautery-provider/0.1"}


class FeedError(Exception):
    """A feed did not answer as it should."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """What a feed sent; no body if it has nothing newer."""

    body: bytes | None
    etag: str | None
    retry_after_s: float | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An envelope, or why there is none, and which feed it is about."""

    feed: str
    body: bytes | None
    error: str | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        """Follow none: the configuration says where lists come from."""


class _Timed(threading.local):
    """The connection of a thread, which ends after a while wherever the conversation stands.

    A server may send a header, the length of a chunk or trailers without end: `http.client` reads
    on for as long as each byte comes within the timeout of the socket.
    """

    handle: socket.socket | None = None
    over = threading.Event()

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[threading.Event]:
        """Shut the connection down when the time is over; the event says so."""
        self.over = over = threading.Event()
        here = self.__dict__  # of this thread, while the timer runs in another

        def end() -> None:
            over.set()
            handle = here.get("handle")
            if handle is not None:
                with contextlib.suppress(OSError):  # it has ended by itself
                    handle.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield over
        finally:
            timer.cancel()
            timer.join()
            if self.handle is not None:
                self.handle.close()
                self.handle = None

    def holds(self, connection: socket.socket) -> None:
        """Keep a second handle of a connection, which no reader closes."""
        self.handle = socket.socket(fileno=os.dup(connection.fileno()))
        if self.over.is_set():  # the time went by before anybody answered
            self.handle.shutdown(socket.SHUT_RDWR)


def _opener(context: ssl.SSLContext, timed: _Timed) -> urllib.request.OpenerDirector:
    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            timed.holds(self.sock)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()  # a handshake has one time limit as a whole
            timed.holds(self.sock)

    class Http(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, request)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, request, context=context)

    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), Http(), Https(), _NoRedirect()
    )


class Client:
    """HTTP as the agent speaks it."""

    def __init__(self, tls: Tls) -> None:
        # Not create_default_context: it heeds SSLKEYLOGFILE, and would give secrets away.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if tls.authorities:
            context.load_verify_locations(tls.authorities)
        else:
            context.load_default_certs()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
        self._timed = _Timed()
        self._opener = _opener(context, self._timed)

    def get(self, feed: str, *, etag: str | None, since: str | None) -> Answer:
        """Ask a feed for what is newer.

        Parameters
        ----------
        etag : str or None
            What the feed called its last answer.
        since : str or None
            The digest of the last accepted version: referrals that it named need not be sent.

        Raises
        ------
        FeedError
            If it cannot be reached, answers an error, too much, or too slowly.
        """
        if feed.startswith("file:"):
            return _from_file(feed, etag)
        headers = _NAMES_OF_US | {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if etag:
            headers["If-None-Match"] = etag
        url = f"{feed}?{urlencode({'since': since})}" if since else feed
        status, body, answered = self._ask(urllib.request.Request(url, headers=headers))  # noqa: S310
        wait_s = _retry_after(answered)
        if status == 304:
            return Answer(None, etag, wait_s)
        if status != 200:
            raise FeedError(f"HTTP {status}", retry_after_s=wait_s)
        return Answer(body, _tag(answered.get("etag", "")), wait_s)

    def post(self, url: str, report: Mapping[str, Any]) -> None:
        """Send an acknowledgement.

        Raises
        ------
        FeedError
            If it is not taken.
        """
        headers = _NAMES_OF_US | {"Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - checked in the configuration
            url, data=json.dumps(report).encode(), headers=headers, method="POST"
        )
        status, _, answered = self._ask(request)
        if not 200 <= status < 300:
            raise FeedError(f"HTTP {status}", retry_after_s=_retry_after(answered))

    def _ask(self, request: urllib.request.Request) -> tuple[int, bytes, Mapping[str, str]]:
        with self._timed.within(_WHOLE_S) as over:
            try:
                answer = self._answer(request)
            except FeedError as error:
                if over.is_set():
                    raise FeedError(f"not done after {_WHOLE_S:.0f} s") from error
                raise
            if over.is_set():  # what was cut off may look whole
                raise FeedError(f"not done after {_WHOLE_S:.0f} s")
            return answer

    def _answer(self, request: urllib.request.Request) -> tuple[int, bytes, Mapping[str, str]]:
        try:
            with self._opener.open(request, timeout=_SOCKET_S) as answer:
                parts, size = [], 0
                while part := answer.read1(65_536):
                    size += len(part)
                    if size > MOST_BYTES:
                        raise FeedError(f"more than {MOST_BYTES} bytes")
                    parts.append(part)
                wanted = answer.headers.get("Content-Length")
                # `read1` ends without an error where a body is cut short.
                if wanted and wanted.isdigit() and int(wanted) != size:
                    raise FeedError(f"{size} of {wanted} bytes")
                headers = _lower(answer.headers)
                coding = headers.get("content-encoding", "identity").strip().lower()
                if coding == "gzip":
                    return answer.status, _unzipped(b"".join(parts)), headers
                if coding != "identity":
                    raise FeedError(f"an answer in the coding {coding[:20]!r}")
                return answer.status, b"".join(parts), headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, b"", _lower(error.headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FeedError(f"{error!s:.200}" or type(error).__name__) from error


def _unzipped(body: bytes) -> bytes:
    """Return what gzip holds, if that is one whole file of no more bytes than a list may have.

    Raises
    ------
    FeedError
        If it is not.
    """
    # 16: gzip's header alone (zlib.h, inflateInit2).
    work = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = work.decompress(body, MOST_BYTES + 1)
    except zlib.error as error:
        raise FeedError(f"not gzip: {error!s:.100}") from error
    if len(content) > MOST_BYTES:
        raise FeedError(f"more than {MOST_BYTES} bytes")
    if not work.eof or work.unused_data:
        raise FeedError("gzip that is cut, or has something behind it")
    return content


def _from_file(feed: str, etag: str | None) -> Answer:
    path = Path(urlsplit(feed).path)
    try:
        status = path.stat()
        now = f"{status.st_mtime_ns}-{status.st_ino}-{status.st_size}"
        if now == etag:
            return Answer(None, etag, None)
        return Answer(whole(path, MOST_BYTES), now, None)
    except OSError as error:
        raise FeedError(error.strerror or str(error)) from error


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _tag(text: str) -> str | None:
    """Return an ETag that can be sent back; a long one would have a good server refuse each ask."""
    return text if 0 < len(text) <= _LONGEST_TAG and text.isascii() and text.isprintable() else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return min(float(text), MOST_WAIT_S) if text.isascii() and text.isdigit() else None


class Poller:
    """One feed, asked again and again; what arrives goes to the inbox.

    Parameters
    ----------
    since : callable
        Returns the digest of the last accepted version, or None.
    rng : random.Random
        Spreads the questions of many providers over time.
    """

    def __init__(
        self,
        feed: str,
        client: Client,
        inbox: queue.Queue[Arrival],
        *,
        since: Callable[[], str | None],
        poll_s: float,
        rng: random.Random,
    ) -> None:
        self._feed = feed
        self._client = client
        self._inbox = inbox
        self._since = since
        self._poll_s = poll_s
        self._rng = rng
        self._etag: str | None = None
        self.whole = False  # the next answer must hold every referral

    def ask(self) -> float:
        """Ask once; return in how many seconds to ask again."""
        try:
            since = None if self.whole else self._since()
            answer = self._client.get(
                self._feed, etag=None if self.whole else self._etag, since=since
            )
        except FeedError as error:
            self._etag = None
            self._inbox.put(Arrival(self._feed, None, str(error)))
            wait_s = min(2 * self._poll_s, MOST_WAIT_S)
            return self._spread(max(wait_s, error.retry_after_s or 0.0))
        self._etag, self.whole = answer.etag, False
        if answer.body is not None:
            self._inbox.put(Arrival(self._feed, answer.body))
        return self._spread(max(self._poll_s, answer.retry_after_s or 0.0))

    def refused(self) -> None:
        """Ask anew for what came last: its ETag may be that of another, good list."""
        if not self._feed.startswith("file:"):  # whose tag nobody chooses
            self._etag = None

    def _spread(self, wait_s: float) -> float:
        return wait_s * self._rng.uniform(0.8, 1.2)

    def run(self, stop: threading.Event) -> None:
        """Ask until `stop` is set."""
        wait_s = self._rng.uniform(0, 1)
        while not stop.wait(wait_s):
            try:
                wait_s = self.ask()
            except Exception as error:  # noqa: BLE001 - whatever a feed does, it is asked again
                self._inbox.put(Arrival(self._feed, None, repr(error)))
                wait_s = MOST_WAIT_S
