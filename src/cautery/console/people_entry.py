"""The entry of a room for many people: by a session that a login began.

A session is a cookie that names nobody; what belongs to it lies on the server, under its digest.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from cautery.console.door import MOST_BODY, cookie_of, names_this_machine, plain
from cautery.console.places import Places
from cautery.console.rights import STRANGER, Caller, address_of, set_address, set_caller
from cautery.errors import CauteryError, InputError
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.people.sessions import Coming, digest_of_token

_MOST_LOGIN = 4 * MOST_BODY
"""A login may bring along what was typed before it, which is escaped once more."""
_BURST, _EACH_S = 300.0, 1 / 30
_MOST_COUNTED = 10_000
_AT_ONCE, _WAITING = 8, 120
"""Sessions that are looked up at a time, and how many wait for that: for those that were good when
they were looked up last, and for all others. Judgement: a database answers in milliseconds, or
nobody comes in."""
_TOO_MUCH = "So many pages in so short a time: wait a few seconds."
_NOT_NOW = "Who you are cannot be looked up now. Try again in a moment."
LOGIN = "/login"
IDENTITY = "/login/identity"
"""Where somebody goes on to the identity provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people reach the room.

    Parameters
    ----------
    address : str
        The origin, such as ``https://room.league.example``; empty: this machine by its own names.
    proxy : str
        Address of the proxy from which alone requests come; empty: there is none.
    """

    address: str = ""
    proxy: str = ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers speak TLS to it."""
        return self.address.startswith("https://")

    def peer(self, scope: Scope) -> str:
        """Return whence a request comes: from the proxy's word, where one is named.

        Raises
        ------
        InputError
            If it does not come from the proxy.
        """
        client = scope.get("client")
        address = str(client[0]) if client else ""
        if not self.proxy:
            return address
        if address != self.proxy:
            raise InputError("This room is reached through its proxy alone.")
        # The last one is what the proxy itself saw; those before it anybody can write.
        named = Headers(scope=scope).getlist("x-forwarded-for")
        return ",".join(named).rpartition(",")[2].strip() or address


class PeopleEntry:
    """Lets in who has a session, and sends everybody else to the login.

    Parameters
    ----------
    is_open : callable
        Tells whether strangers may ask for a path.
    login : callable
        Returns the page of the login for who may not come in.
    """

    def __init__(
        self,
        people: PeopleOfRoom,
        place: Place,
        *,
        is_open: Callable[[str], bool],
        login: Callable[[Request, Coming], Awaitable[Response]],
    ) -> None:
        self._people, self._place = people, place
        self._is_open, self._login = is_open, login
        self._asked: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._strangers = Places(_AT_ONCE, _WAITING)
        self._known = Places(_AT_ONCE, _WAITING)

    def knows(self, host: str) -> bool:
        """Tell whether the room answers to this ``Host``."""
        if self._place.address:
            return host.lower() == urlsplit(self._place.address).netloc
        return names_this_machine(host)

    def origin(self, scope: Scope, host: str) -> str:
        """Return the origin of the room's own pages."""
        return self._place.address or f"{scope['scheme']}://{host}"

    def most_body(self, path: str) -> int:
        """Return how many bytes a form may have."""
        return _MOST_LOGIN if path in {LOGIN, IDENTITY} else MOST_BODY

    def stray(self, scope: Scope) -> Response | None:
        """Say whence a request comes; refuse one that passes by the proxy."""
        try:
            set_address(scope, self._place.peer(scope))
        except InputError as error:
            return plain(403, str(error))
        return None

    def has_seen(self, headers: Headers) -> bool:
        """Tell whether the session that a request brings was good when it was looked up last."""
        token = self._token(headers)
        return bool(token) and digest_of_token(token) in self._seen

    async def let_in(self, scope: Scope, receive: Receive) -> Response | None:
        """Say who asks; return the login for who has no session where one is needed."""
        headers = Headers(scope=scope)
        address = address_of(Request(scope))
        token = self._token(headers)
        coming = Coming()
        if token:  # a flood comes without a session: it costs no thread
            # Made-up ones, however many they are, keep nobody out whose session is good.
            is_known = self.has_seen(headers)
            if is_known and self._asks_too_much(digest_of_token(token)):
                return plain(429, _TOO_MUCH)
            places = self._known if is_known else self._strangers
            if places.are_taken:
                return plain(503, _NOT_NOW)
            agent = headers.get("user-agent", "")
            try:
                coming = await places.run(
                    lambda: self._people.sessions.admit(token, agent=agent, address=address)
                )
            except CauteryError:
                return plain(503, _NOT_NOW)
            self._note(token, is_good=coming.account is not None)
            if coming.session is not None and not is_known:
                self._asks_too_much(coming.session.digest)
        if coming.account is not None and coming.session is not None:
            set_caller(
                scope,
                Caller(
                    rights=coming.account.rights,
                    account=coming.account,
                    csrf=csrf_of(token),
                    session=coming.session.digest,
                ),
            )
            return None
        set_caller(scope, STRANGER)
        if self._is_open(scope["path"]):
            return None
        return await self._login(Request(scope, receive), coming)

    def _token(self, headers: Headers) -> str:
        key, secure = self._people.key, self._place.is_secure
        return cookie_of(headers, session_cookie(key, secure=secure))

    def _note(self, token: str, *, is_good: bool) -> None:
        digest = digest_of_token(token)
        self._seen.pop(digest, None)
        if is_good:
            self._seen[digest] = None
        if len(self._seen) > _MOST_COUNTED:
            self._seen.popitem(last=False)

    def _asks_too_much(self, session: str) -> bool:
        now = time.monotonic()
        left, at = self._asked.pop(session, (_BURST, now))
        left = min(_BURST, left + (now - at) / _EACH_S)
        self._asked[session] = (max(left - 1, 0.0), now)
        if len(self._asked) > _MOST_COUNTED:
            self._asked.popitem(last=False)
        return left < 1


def session_cookie(key: bytes, *, secure: bool) -> str:
    """Return the name of the cookie of a session.

    Without TLS rooms on other ports of this machine share its cookies, so each has a name of its
    own; with it a browser takes ``__Host-`` from this server alone (RFC 6265bis, 4.1.3.2).
    """
    return "__Host-cautery" if secure else f"cautery-{_derived(key, 'session')}"


def mark_cookie(key: bytes, *, secure: bool) -> str:
    """Return the name of the cookie by which a browser that came in before is known."""
    return "__Host-cautery-mark" if secure else f"cautery-mark-{_derived(key, 'mark')}"


def question_cookie(key: bytes, *, secure: bool) -> str:
    """Return the name of the cookie of a login that goes on at the identity provider."""
    return "__Host-cautery-identity" if secure else f"cautery-identity-{_derived(key, 'identity')}"


def csrf_of(token: str) -> str:
    """Return what the forms of a session bring back."""
    return hmac.digest(token.encode("utf-8", "replace"), b"cautery room csrf", "sha256").hex()


def _derived(key: bytes, what: str) -> str:
    return hmac.digest(key, f"cautery room {what}".encode(), "sha256").hex()[:12]
