"""The door of the room: it lets in only those for whom the room was opened.

A web page of strangers can make a browser ask 127.0.0.1 for anything, under a name of its own too
(DNS rebinding); another user of the machine can ask as well. So each request must name this
machine, and bring the cookie that the key of the start was exchanged for, or in a room for many
people the one of a login (:mod:`cautery.console.people_entry`); one that writes must come from a
page of the room.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cautery.adapters.fair_line import FairLine, Turn
from cautery.console.files_form import FILES, bounded, no_body
from cautery.console.gate import Gate
from cautery.console.rights import COUNTER, STRANGER, address_of, alone, caller_of, set_caller
from cautery.console.taxii_faults import fault, is_taxii
from cautery.model.tokens import AccessToken
from cautery.model.web import neighbourhood

MOST_BODY = 16_384
"""Bytes of a form. The room's forms have a few words."""
MOST_QUERY = 4_096
BODY_S = 15.0
"""In which a form must have come: who sends it slower holds a place for nothing."""
MOST_AT_A_TIME = 24
"""Answers under way to one account or token, live pages among them: a browser asks for six."""
STRANGERS_AT_ONCE, STRANGERS_WAIT = 4, 200
"""Questions of strangers that are answered at a time, and how many wait for that."""
REST_S, STRANGER_S = 0.05, 0.1
"""Seconds between two of them in one place, and after which one that waits for something else lets
the next one on. Judgement: 80 a second at most, of some milliseconds each, leave more than half of
the time to others; a browser that comes for the first time asks for six things."""
KEY = "key"
"""Name of the start key in an address."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
FORM = "application/x-www-form-urlencoded"
_OPEN = "/static/"
"""Whoever asks for these gets them: they are the same for everybody."""
_ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "cache-control": "no-store",
}
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secret:
    """What a room was opened with; everything else is derived from it.

    Parameters
    ----------
    key : str
        Stands in the address that opens the room.
    """

    key: str

    @classmethod
    def new(cls) -> Secret:
        """Return one that nobody can guess."""
        return cls(secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """The cookie's name: rooms on other ports of this machine share its cookies."""
        return f"cautery-room-{self._derived('name')[:12]}"

    @property
    def session(self) -> str:
        """The cookie's value."""
        return self._derived("session")

    @property
    def csrf(self) -> str:
        """What a form of the room brings back."""
        return self._derived("csrf")

    def is_key(self, given: str) -> bool:
        """Tell whether it is the key, in the same time whatever is given."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.key.encode())

    def is_session(self, given: str) -> bool:
        """Tell whether it is the cookie's value."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.session.encode())

    def is_csrf(self, given: str) -> bool:
        """Tell whether a form of the room was sent."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.csrf.encode())

    def _derived(self, what: str) -> str:
        return hmac.digest(self.key.encode(), f"cautery room {what}".encode(), "sha256").hex()


class Entry(Protocol):
    """Who may come in, and under which names the room answers."""

    def knows(self, host: str) -> bool:
        """Tell whether the room answers to this ``Host``."""

    def origin(self, scope: Scope, host: str) -> str:
        """Return the origin of the room's own pages."""

    def most_body(self, path: str) -> int:
        """Return how many bytes a form may have."""

    def stray(self, scope: Scope) -> Response | None:
        """Return what is answered to a request that comes another way; ``None``: it does not."""

    def has_seen(self, headers: Headers) -> bool:
        """Tell whether who asks was let in before by what the request brings."""

    async def let_in(self, scope: Scope, receive: Receive) -> Response | None:
        """Return what is answered to who may not come in; ``None``: come in, and who it is said."""


class KeyEntry:
    """Lets in who opened the address of the start.

    Parameters
    ----------
    locked : callable
        Returns the page for who has no cookie, or has just got one, for an address.
    """

    def __init__(self, secret: Secret, *, locked: Callable[[Scope, str, bool], Response]) -> None:
        self._secret, self._locked = secret, locked

    def knows(self, host: str) -> bool:
        """Tell whether the room answers to this ``Host``."""
        return names_this_machine(host)

    def origin(self, scope: Scope, host: str) -> str:
        """Return the origin of the room's own pages."""
        return f"{scope['scheme']}://{host}"

    def most_body(self, path: str) -> int:  # noqa: ARG002 - the same for all
        """Return how many bytes a form may have."""
        return MOST_BODY

    def stray(self, scope: Scope) -> Response | None:  # noqa: ARG002 - there is one way
        """Return nothing: the machine itself asks."""
        return None

    def has_seen(self, headers: Headers) -> bool:
        """Tell whether who asks has the cookie."""
        return self._secret.is_session(cookie_of(headers, self._secret.cookie))

    async def let_in(self, scope: Scope, receive: Receive) -> Response | None:  # noqa: ARG002
        """Return the locked page, or the one that hands the cookie over; ``None``: come in."""
        if scope["path"].startswith(_OPEN):
            set_caller(scope, STRANGER)
            return None
        query = (
            parse_qsl(
                scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=50
            )
            if scope["query_string"].count(b"&") < 50
            else []
        )
        keys = [value for name, value in query if name == KEY]
        rest = urlencode([(name, value) for name, value in query if name != KEY])
        path = own_path(scope) + (f"?{rest}" if rest else "")
        if keys and scope["method"] == "GET" and self._secret.is_key(keys[0]):
            answer = self._locked(scope, path, True)
            answer.set_cookie(
                self._secret.cookie,
                self._secret.session,
                httponly=True,
                samesite="strict",
                path="/",
            )
            return answer
        if self.has_seen(Headers(scope=scope)):
            set_caller(scope, alone(self._secret.csrf))
            return None
        return self._locked(scope, path, False)


class Door:
    """Wraps the room's application: refuses, opens, and writes the headers of every answer.

    Parameters
    ----------
    entry : Entry
        Who may come in.
    gate : Gate
        Admits programs, to their own addresses alone.
    always : mapping of str to str
        Headers of every answer besides those of every room.
    uploads : callable
        Returns how many bytes a form with a file may have at an address; 0: none is taken there.
        Such a form is handed on as it comes, to who may come in alone.
    """

    def __init__(
        self,
        app: ASGIApp,
        entry: Entry,
        gate: Gate,
        *,
        always: Mapping[str, str] = MappingProxyType({}),
        uploads: Callable[[str], int] = lambda _: 0,
    ) -> None:
        self._app, self._entry, self._gate, self._uploads = app, entry, gate, uploads
        self._always = {**_ALWAYS, **always}
        self._under_way: Counter[str] = Counter()
        self._line = FairLine(
            STRANGERS_AT_ONCE, STRANGERS_WAIT, rest_s=REST_S, patience_s=STRANGER_S
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # the room has no web sockets
            return
        headers = Headers(scope=scope)
        upload = self._uploads(scope["path"]) if _form_of(headers) == FILES else 0
        answer = self._refusal(scope, headers, upload) or self._entry.stray(scope)
        if is_taxii(scope["path"]):
            answer = _refused_taxii(scope, answer)
        coming = receive
        if answer is None and scope["method"] == "POST" and upload:
            coming, receive = bounded(receive, int(headers["content-length"])), no_body
        elif answer is None and scope["method"] == "POST":
            whole = await _whole(receive, int(headers["content-length"]))
            if isinstance(whole, Response):
                answer = _over(whole)
            else:
                coming = receive = whole
        turn = None
        if not (self._entry.has_seen(headers) or self._gate.has_seen(headers)):
            turn = await self._line.turn(neighbourhood(address_of(Request(scope))))
            if turn is None:
                answer = _over(plain(503, "So many strangers ask at the moment: try again."))
        try:
            sending = _leaving(send, turn)
            await self._answer(scope, headers, coming, receive, sending, answer=answer)
        finally:
            if turn is not None:
                turn.leave()

    async def _answer(
        self,
        scope: Scope,
        headers: Headers,
        coming: Receive,
        receive: Receive,
        send: Send,
        *,
        answer: Response | None,
    ) -> None:
        """Answer whose turn it is; ``answer``: what it is refused with already."""
        if answer is None and self._gate.is_for_programs(scope["path"]):
            answer = await self._gate.refusal(scope, headers)
        elif answer is None and await self._gate.is_counted(scope, headers):
            set_caller(scope, COUNTER)
        elif answer is None:
            answer = await self._entry.let_in(scope, receive)
        sending = _with_headers(send, self._always)
        if answer is not None:
            await answer(scope, receive, sending)
            return
        whose = _whose(scope)
        if self._under_way[whose] >= MOST_AT_A_TIME:
            await plain(503, "So many questions at a time: close a page.")(scope, receive, sending)
            return
        self._under_way[whose] += bool(whose)
        try:
            await self._app(scope, coming, sending)
        finally:
            self._under_way[whose] -= bool(whose)
            if not self._under_way[whose]:
                del self._under_way[whose]

    def _refusal(self, scope: Scope, headers: Headers, upload: int) -> Response | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._entry.knows(hosts[0]):
            return plain(421, "This room does not answer to this name.")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return plain(405, "Ask with GET or POST.")
        if len(scope["query_string"]) > MOST_QUERY:
            return plain(414, f"An address has at most {MOST_QUERY} bytes behind its path.")
        if scope["method"] == "POST":
            return _refused_form(
                headers,
                origin=self._entry.origin(scope, hosts[0]),
                most=upload or self._entry.most_body(scope["path"]),
                kind=FILES if upload else FORM,
            )
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return _over(plain(413, "A question has no body."))
        return None


def _refused_taxii(scope: Scope, answer: Response | None) -> Response | None:
    """Return what a partner's tool is refused with, in the words of its protocol."""
    if scope["method"] not in ("GET", "HEAD"):
        return fault(
            405, "Nothing is taken by TAXII here: ask with GET.", "", {"allow": "GET, HEAD"}
        )
    if answer is None:
        return None
    return fault(answer.status_code, bytes(answer.body).decode().strip(), "")


def names_this_machine(host: str) -> bool:
    """Tell whether a ``Host`` field names the machine itself, by whatever port.

    Examples
    --------
    >>> names_this_machine("127.0.0.1:8017"), names_this_machine("rebound.example:8017")
    (True, False)
    """
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return False
    name = match[1]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _refused_form(headers: Headers, *, origin: str, most: int, kind: str) -> Response | None:
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return plain(411, "A form says how long it is.")
    if len(length) > 9 or int(length) > most:
        return plain(413, f"A form has at most {most} bytes.")
    if "transfer-encoding" in headers:  # it would count, and not the length (RFC 9112, 6.3)
        return _over(plain(400, "A form comes in one piece."))
    if _form_of(headers) != kind:
        return plain(415, "The room takes forms alone.")
    # Browsers name the origin of each form; what names none, or another, is not our page.
    if headers.get("origin") != origin:
        return plain(403, "This form does not come from a page of the room.")
    return None


def _form_of(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip()


def own_path(scope: Scope) -> str:
    """Return the path as it came; it begins with one slash, so that it leads nowhere else."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return "/" + raw.partition(b"?")[0].decode("latin-1").lstrip("/\\")


def cookie_of(headers: Headers, name: str) -> str:
    """Return a cookie's value as it stands: undoing quotes takes the square of their letters."""
    parts = (part.partition("=") for text in headers.getlist("cookie") for part in text.split(";"))
    return next((value.strip() for key, _, value in parts if key.strip() == name), "")


def plain(status: int, words: str) -> Response:
    """Return an answer of one sentence."""
    return PlainTextResponse(f"{words}\n", status_code=status)


def _over(answer: Response) -> Response:
    """Return an answer after which the connection ends: what follows on it may be no request.

    Where a form says its length in two ways, a proxy may have taken the other one, and what it
    sends next would be read as a request of somebody else (RFC 9112, 6.3).
    """
    answer.headers["connection"] = "close"
    return answer


async def _whole(receive: Receive, length: int) -> Receive | Response:
    """Return what hands on a form that has come whole, or what is answered to another."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            more = True
            while more:
                message = await receive()
                body += message.get("body", b"")
                if message["type"] != "http.request" or len(body) > length:
                    return plain(400, "A form is as long as it says.")
                more = message.get("more_body", False)
    except TimeoutError:
        return plain(408, f"A form comes whole within {BODY_S:.0f} s.")
    waiting: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def handing() -> Message:
        return waiting.pop() if waiting else await receive()

    return handing


def _whose(scope: Scope) -> str:
    """Return which account or token asks; empty: none does, or the room is for one person."""
    token = scope.get("state", {}).get("token")
    if isinstance(token, AccessToken):
        return token.id
    account = caller_of(Request(scope)).account
    return "" if account is None else account.id


def _leaving(send: Send, turn: Turn | None) -> Send:
    """Return what gives a turn back as soon as an answer begins: who reads slowly keeps none."""
    if turn is None:
        return send

    async def sending(message: Message) -> None:
        turn.leave()
        await send(message)

    return sending


def _with_headers(send: Send, always: Mapping[str, str]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in always.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
