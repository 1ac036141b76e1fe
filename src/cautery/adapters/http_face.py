"""A small HTTP server: listeners, TLS, bounds; what is answered is somebody else's business.

Reaches: nothing; it listens where a person says.

Lawful basis: it gives access providers what two people approved, and the public its right to ask.

Manners: bounded connections, bodies and times; no log of who asked, or of what, and no cookie.

Format: HTTP/1.1; TLS 1.2 or newer; a listener for providers asks for the client's certificate.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from cautery.adapters._face_door import MOST_CONNECTIONS, Door, Handler, body_of, room
from cautery.adapters.fair_line import FairLine
from cautery.errors import InputError, LimitError, StorageError
from cautery.model.web import Answered, Asked, neighbourhood

MOST_OF_ONE = 64
"""Connections of one address, or of one /64 of IPv6, at a time, if nothing else is said."""
_LOG = logging.getLogger("cautery.face")
_IDLE_S = 20.0
_BODY_S = 20.0
_WHOLE_S = 120.0
"""The longest that an answer may take to be fetched: a provider's first list has megabytes."""
_LARGE, _PART = 1 << 20, 1 << 16
_MOST_SENT = 16
"""Large answers that are sent at a time, so that small ones come between."""
MOST_LARGE, MOST_LARGE_OF_ONE = 64, 8
"""Large answers in flight at a time, of all and of one client: those that are sent, and those that
wait for it. Judgement: 64 first lists of ten megabytes are a minute on a line of 100 Mbit/s."""
LATER_S = 20
"""Seconds after which a client that was turned away asks again; a provider's agent waits no
longer than 24."""
_SECURE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "cautery",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A place to listen at.

    Parameters
    ----------
    host, port
        The address; port 0 takes one that is free.
    answer : callable
        Answers a request, at once.
    most_body : int
        Bytes that a request may have.
    tls : ssl.SSLContext or None
        ``None``: HTTP in clear.
    most_of_one : int
        Connections of one address at a time.
    """

    host: str
    port: int
    answer: Callable[[Asked], Answered]
    most_body: int
    tls: ssl.SSLContext | None = None
    most_of_one: int = MOST_OF_ONE


def server_tls(
    certificate: Path, key: Path | None, *, clients: Sequence[Path] = ()
) -> ssl.SSLContext:
    """Return the TLS of a listener.

    Parameters
    ----------
    certificate, key : Path
        PEM files of the server's certificate, with its chain, and of its private key.
    clients : sequence of Path
        PEM files of the certificates that clients may show, each vouching for itself; empty: no
        client is asked for one.

    Raises
    ------
    InputError
        If a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    path = certificate
    try:
        # An empty password: a key that has one is an error here, not a question in a terminal.
        context.load_cert_chain(certificate, key, password=b"")
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            # Each certificate is trusted by itself: no authority can make another provider's.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            for path in clients:
                context.load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InputError(f"{path}: not a PEM file that TLS can use: {error}") from error
    return context


def certificates_in(path: Path) -> tuple[str, ...]:
    """Return the SHA-256 of each certificate of a PEM file, 64 hex digits.

    Raises
    ------
    InputError
        If there is none.
    """
    from cryptography import x509  # noqa: PLC0415 - only a server needs it
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    try:
        certificates = x509.load_pem_x509_certificates(path.read_bytes()[:1_000_000])
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: holds no certificate in PEM") from error
    return tuple(
        hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
        for certificate in certificates
    )


async def serve(
    listeners: Sequence[Listener],
    *,
    ready: Callable[[Sequence[int]], None],
    stop: asyncio.Event,
) -> None:
    """Serve until ``stop`` is set.

    Parameters
    ----------
    ready : callable
        Called with the ports, once all listen.

    Raises
    ------
    StorageError
        If one of them cannot listen.
    """
    per_listener = room() // max(1, len(listeners))
    async with AsyncExitStack() as stack:
        line = FairLine(1, MOST_CONNECTIONS * len(listeners))
        ports = [await _listen(listener, stack, line, most=per_listener) for listener in listeners]
        ready(ports)
        await stop.wait()


async def _listen(listener: Listener, stack: AsyncExitStack, line: FairLine, *, most: int) -> int:
    door = Door(
        _handler(listener, line),
        tls=listener.tls,
        most=max(1, min(most, MOST_CONNECTIONS)),
        most_of_one=listener.most_of_one,
        idle_s=_IDLE_S,
    )
    stack.push_async_callback(door.close)  # after nobody is let in any more
    try:
        _, port = await stack.enter_async_context(door.open(listener.host, listener.port))
    except OSError as error:
        raise StorageError(
            f"cannot listen at {listener.host} port {listener.port}: {error.strerror or error}",
            hint="Is something else listening there?",
        ) from error
    return port


def _handler(listener: Listener, line: FairLine) -> Handler:
    sending = asyncio.Semaphore(_MOST_SENT)
    in_flight: Counter[str] = Counter()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD", "POST"):
            return _plain(405, "Ask with GET or POST.")
        try:
            async with asyncio.timeout(_BODY_S):
                body = await body_of(request, listener.most_body)
        except TimeoutError:
            return _plain(408, "The request took too long.")
        except LimitError:
            return _plain(413, f"too-long: a request has at most {listener.most_body} bytes.")
        except web.RequestPayloadError:
            return _plain(400, "The body of the request is broken.")
        question = _asked(request, body)
        client = question.certificate or neighbourhood(question.address)
        # One answer at a time, of each client in its turn: a connection may ask hundreds of things
        # before it reads an answer, and the lists of providers leave by the same loop.
        turn = await line.turn(client)
        if turn is None:
            return _plain(503, "Too many ask at the moment.", later_s=LATER_S)
        try:
            answered = listener.answer(question)
        except Exception as error:  # noqa: BLE001 - the next one is answered all the same
            # The kind alone: the error's text may quote what a stranger asked or wrote.
            _LOG.error("a request was not answered: %s", type(error).__name__)
            return _plain(500, "It cannot be answered at the moment.")
        finally:
            turn.leave()
        if request.method == "HEAD" or sum(map(len, answered.pieces)) < _LARGE:
            return await _send(request, answered)
        if in_flight.total() >= MOST_LARGE or in_flight[client] >= MOST_LARGE_OF_ONE:
            return _plain(503, "Too many ask for this at the moment.", later_s=LATER_S)
        in_flight[client] += 1
        try:
            async with sending:
                return await _send(request, answered)
        finally:
            in_flight[client] -= 1
            if not in_flight[client]:
                del in_flight[client]

    return handle


def _asked(request: web.BaseRequest, body: bytes) -> Asked:
    tls = request.transport.get_extra_info("ssl_object") if request.transport else None
    client_certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    query: dict[str, str] = {}
    for name, value in request.query.items():
        query.setdefault(name, value)
    return Asked(
        method=request.method,
        path=request.path,
        address=request.remote or "",
        host=request.host.rpartition(":")[0].lower() if ":" in request.host else request.host,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        certificate=None
        if client_certificate is None
        else hashlib.sha256(client_certificate).hexdigest(),
    )


async def _send(request: web.BaseRequest, answered: Answered) -> web.StreamResponse:
    headers = {**_SECURE, **answered.headers, "Content-Type": answered.media_type}
    response = web.StreamResponse(status=answered.status, headers=headers)
    if answered.status not in (204, 304):
        response.content_length = sum(map(len, answered.pieces))
    async with asyncio.timeout(_WHOLE_S):
        await response.prepare(request)
        if request.method != "HEAD" and answered.status not in (204, 304):
            for part in _parts(answered.pieces):
                await response.write(part)
        await response.write_eof()
    return response


def _parts(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """Yield pieces joined to parts of some size: each write takes its time."""
    joined: list[bytes] = []
    size = 0
    for piece in pieces:
        joined.append(piece)
        size += len(piece)
        if size >= _PART:
            yield b"".join(joined)
            joined, size = [], 0
    if joined:
        yield b"".join(joined)


def _plain(status: int, words: str, *, later_s: int | None = None) -> web.Response:
    later = {} if later_s is None else {"Retry-After": str(later_s)}
    return web.Response(status=status, text=f"{words}\n", headers={**_SECURE, **later})
