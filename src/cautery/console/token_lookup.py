"""Looks tokens up, a few at a time: a database that is silent or locked holds up nothing else.

Anybody can send what looks like a token, and to learn that nobody made it the database is asked. So
strangers have few places of their own, and each address a budget of made-up tokens. A token that
was found before has other places and no budget: it is looked up each time like any other, but a
flood of made-up ones, even from its own address, keeps it out of nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from cautery.console.places import Places
from cautery.errors import StorageError
from cautery.model.tokens import AccessToken
from cautery.model.web import neighbourhood
from cautery.workflows.people.budgets import Budgets

MADE_UP, MADE_UP_EACH_S = 20.0, 6.0
"""Tokens that nobody made, from one address: as many as it has logins."""
_MOST_KNOWN = 1_000
_STRANGERS, _STRANGERS_WAIT = 2, 6
"""Look-ups under way for tokens that were not found yet, and how many wait for them. Judgement: the
last one waits for half a minute while the database is silent for 5 s each time."""
_KNOWN, _KNOWN_WAIT = 4, 28


class Tokens(Protocol):
    """Where tokens are kept."""

    def get(self, id: str) -> AccessToken | None:
        """Return a token; ``None``: there is none for this room."""
        ...


class Unasked(NamedTuple):
    """Why a token was not looked up: a status, in words, and after how many seconds to try again.

    ``wait_s`` 0: nobody knows.
    """

    status: int
    words: str
    wait_s: int = 0


_TOO_MANY = "Too many tokens that nobody made came from where you are."
_SILENT = Unasked(503, "The server of the cases does not answer.")
_FULL = Unasked(503, "Many tokens are being looked up at the moment.", 5)


class TokenLookup:
    """Tells whose a token is. For one event loop at a time.

    Parameters
    ----------
    tokens : Tokens
        Asked each time: one that was revoked is gone at once.
    now : callable
        The time, in UTC.
    seconds : callable
        Seconds of a clock that never goes back.
    """

    def __init__(
        self, tokens: Tokens, now: Callable[[], datetime], seconds: Callable[[], float]
    ) -> None:
        self._tokens, self._now = tokens, now
        self._made_up = Budgets(MADE_UP, MADE_UP_EACH_S, seconds)
        self._found: OrderedDict[bytes, None] = OrderedDict()
        self._strangers = Places(_STRANGERS, _STRANGERS_WAIT)
        self._known = Places(_KNOWN, _KNOWN_WAIT)

    def has_found(self, id: str, secret: str) -> bool:
        """Tell whether a token was there when it was asked for last."""
        return _digest_of(id, secret) in self._found

    async def find(self, id: str, secret: str, address: str) -> AccessToken | Unasked | None:
        """Return the token that was sent; ``None``: it does not hold.

        Parameters
        ----------
        id, secret : str
            Its parts.
        address : str
            Whence it came.
        """
        sent = _digest_of(id, secret)
        if sent in self._found:
            found = await self._looked_up(self._known, id, secret)
        else:
            whose = neighbourhood(address)
            if wait_s := self._made_up.spend(whose):
                return Unasked(429, _TOO_MANY, math.ceil(wait_s))
            found = await self._looked_up(self._strangers, id, secret)
            if found is not None:
                self._made_up.give_back(whose)
        if isinstance(found, Unasked):
            return found
        self._note(sent, is_one=found is not None)
        return found if found is not None and found.is_of(secret, now=self._now()) else None

    async def _looked_up(
        self, places: Places, id: str, secret: str
    ) -> AccessToken | Unasked | None:
        """Return the token that was made so; it may have ended."""
        if places.are_taken:
            return _FULL
        try:
            token = await places.run(lambda: self._tokens.get(id))
        except StorageError:
            return _SILENT
        return token if token is not None and token.has(secret) else None

    def _note(self, sent: bytes, *, is_one: bool) -> None:
        self._found.pop(sent, None)
        if is_one:
            self._found[sent] = None
        if len(self._found) > _MOST_KNOWN:
            self._found.popitem(last=False)


def _digest_of(id: str, secret: str) -> bytes:
    return hashlib.sha256(f"{id}_{secret}".encode()).digest()
