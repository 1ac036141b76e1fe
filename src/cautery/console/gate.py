"""The door for programs: a token, and nothing that a browser sends by itself.

A cookie opens nothing here, so no page of strangers can ask in the name of who is logged in.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope as Asked

from cautery.console.problems import problem
from cautery.console.rights import CASE, LONGEST_CASE, address_of, numbers_of
from cautery.console.taxii_faults import fault, is_taxii
from cautery.console.token_lookup import TokenLookup, Tokens, Unasked
from cautery.model.room import Act
from cautery.model.tokens import AccessToken, Scope, parts_of
from cautery.workflows.people.log import AccessLog

API = "/api/"
METRICS = "/metrics"
OPEN = ("/health", "/ready")
"""Whoever asks these is told that the room lives, and nothing else."""
_CHALLENGE = {"www-authenticate": "Bearer"}
"""Not Basic, which the addresses of TAXII take as well: a browser would ask for a password, and
send it by itself from then on."""


class Gate:
    """Admits programs.

    Parameters
    ----------
    tokens : Tokens
        Asked for each request (:mod:`cautery.console.token_lookup`).
    now : callable
        The time, in UTC.
    seconds : callable, optional
        Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        tokens: Tokens,
        now: Callable[[], datetime],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lookup = TokenLookup(tokens, now, seconds)

    def is_for_programs(self, path: str) -> bool:
        """Tell whether an address is none for people."""
        return path.startswith(API) or path == API.rstrip("/") or path in OPEN or is_taxii(path)

    def has_seen(self, headers: Headers) -> bool:
        """Tell whether a request brings a token that was found before."""
        parts = _parts(headers, basic=True)
        return parts is not None and self._lookup.has_found(*parts)

    async def is_counted(self, asked: Asked, headers: Headers) -> bool:
        """Tell whether a program may read the room's counts, which people may as well."""
        if asked["path"] != METRICS:
            return False
        # Of whom it cannot be told now is asked for a login, like people.
        token = await self._token(asked, headers)
        return isinstance(token, AccessToken) and Scope.METRICS in token.scopes

    async def refusal(self, asked: Asked, headers: Headers) -> Response | None:
        """Return why a program is not let in; ``None``: it is, and its token is noted."""
        if asked["path"] in OPEN:
            return None
        says = fault if is_taxii(asked["path"]) else problem
        origins = headers.getlist("origin")
        if origins and origins != [f"{asked['scheme']}://{headers['host']}"]:
            return says(403, "A page of another site may not ask this room.")
        token = await self._token(asked, headers, basic=is_taxii(asked["path"]))
        if isinstance(token, Unasked):
            later = {"retry-after": str(token.wait_s)} if token.wait_s else {}
            return says(token.status, token.words, "Ask again later.", later)
        if token is None:
            return says(
                401,
                "Send a token that holds: Authorization: Bearer TOKEN.",
                "Whoever runs this room makes one with: cautery token make NAME",
                _CHALLENGE,
            )
        asked.setdefault("state", {})["token"] = token
        return None

    async def _token(
        self, asked: Asked, headers: Headers, *, basic: bool = False
    ) -> AccessToken | Unasked | None:
        """Return the token of a request, if it holds.

        Parameters
        ----------
        basic : bool
            It may stand as the password of any user as well (RFC 7617).
        """
        parts = _parts(headers, basic=basic)
        if parts is None:
            return None
        return await self._lookup.find(*parts, address_of(Request(asked)))


def _parts(headers: Headers, *, basic: bool) -> tuple[str, str] | None:
    """Return the parts of the token that a request brings; ``None``: it brings none."""
    fields = headers.getlist("authorization")
    kind, _, value = fields[0].partition(" ") if len(fields) == 1 else ("", "", "")
    if basic and kind.lower() == "basic":
        kind, value = "bearer", _password(value.strip())
    return parts_of(value.strip()) if kind.lower() == "bearer" else None


def _password(value: str) -> str:
    """Return the password of a user as a program sends it; empty: there is none."""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def logged(log: AccessLog | None) -> Callable[[Request], Awaitable[None]]:
    """Return what writes into the access log that a program looks, before it is answered.

    Parameters
    ----------
    log : AccessLog or None
        ``None``: the room is for one person.
    """

    async def note(request: Request) -> None:
        token = getattr(request.state, "token", None)
        if log is None or not isinstance(token, AccessToken):
            return
        await run_in_threadpool(
            log.used,
            f"token-{token.id}",
            Act.CONSULTATION,
            why=token.name,
            case=str(request.path_params.get(CASE, ""))[:LONGEST_CASE],
            page=f"{API}v1{request.scope['route'].path}",
            numbers=[*numbers_of(request)],
        )

    return note


def needs(scope: Scope | None) -> Callable[[Request], AccessToken]:
    """Return what admits a request whose token has a scope, and is for its case.

    Parameters
    ----------
    scope : Scope or None
        ``None``: any token will do.
    """

    def admitted(request: Request) -> AccessToken:
        token = getattr(request.state, "token", None)
        if not isinstance(token, AccessToken):  # the door did not see it: nobody is let in
            raise HTTPException(401, "Send a token that holds: Authorization: Bearer TOKEN.")
        if scope is not None and scope not in token.scopes:
            raise HTTPException(403, f"This token may not read this: it lacks {scope}.")
        case = request.path_params.get("id")
        if case is not None and not token.may_read(case):
            raise HTTPException(403, "This token is for other cases.")
        return token

    return admitted
