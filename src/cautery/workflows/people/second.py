"""An act is signed on a second device: a token names the act, and signs once, in another session.

Whoever has taken over one browser has not the session of the other one. That browser may log in
again: this ends its login before, and the links that were made in it.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cautery.errors import CauteryError, InputError
from cautery.json_text import parsed_json
from cautery.messages import tr
from cautery.model.ports import Clock
from cautery.workflows.people.ports import People

LASTS = timedelta(minutes=10)
_LONGEST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """What is to be signed on a second device.

    Parameters
    ----------
    case, act : str
        Which act.
    account : str
        Whose second device it is.
    session : str
        Digest of the session in which the token was made.
    """

    case: str
    act: str
    account: str
    session: str


class Seconds:
    """Makes and reads tokens.

    Parameters
    ----------
    key : bytes
        The room's own: it seals them.
    """

    def __init__(self, people: People, clock: Clock, key: bytes) -> None:
        self._people, self._clock, self._key = people, clock, key

    def token(self, second: Second) -> str:
        """Return the token of an act for a second device of the same account."""
        until = int((self._clock.now() + LASTS).timestamp())
        members = [second.case, second.act, second.account, second.session, until]
        body = json.dumps([*members, secrets.token_hex(8)]).encode()
        return _spelled(body, self._sealed(body))

    def read(self, token: str, *, case: str, account: str, session: str) -> Second:
        """Return the act of a token, for its account in another session than it was made in.

        Parameters
        ----------
        case : str
            Where the token is used; empty: for a text of no case.

        Raises
        ------
        InputError
            If it is none, is too old, or was made for another case or account, or in this session.
        """
        body, _, seal = token[:_LONGEST].partition(".")
        try:
            raw, given = _decoded(body), _decoded(seal)
        except ValueError:
            raw, given = b"", b""
        is_ours = hmac.compare_digest(given, self._sealed(raw))
        if not is_ours or token != _spelled(raw, given):  # base64 has many spellings
            raise InputError(tr("This link is none of this room."))
        made_for, act, owner, made_in, until, _ = parsed_json(raw)
        if made_for != case:
            raise InputError(tr("This link is none of this room."))
        if datetime.fromtimestamp(until, UTC) < self._clock.now():
            raise InputError(
                tr("That took too long: this link has ended."),
                hint=tr("Open the act again on the first device, and ask for another link."),
            )
        if owner != account:
            raise InputError(tr("This link is for another account."))
        if made_in == session:
            raise InputError(
                tr("This is the first device: the link was made in this login."),
                hint=tr("Open the link on another device, and log in there."),
            )
        made = self._people.session(made_in)
        if made is None or made.state(self._clock.now()):
            # Also: the same browser has logged in again, which ended its login before.
            raise InputError(
                tr("The login in which this link was made has ended."),
                hint=tr("Log in on the first device, and ask for another link."),
            )
        return Second(case=case, act=act, account=owner, session=made_in)

    @contextlib.contextmanager
    def using(self, token: str) -> Iterator[None]:
        """Sign by a token, which is used up by that; one whose signature is refused is good again.

        Raises
        ------
        InputError
            If it was used before, or is being used.
        """
        if not self._people.use_up(token.encode(), self._clock.now()):
            raise InputError(tr("This link was used already."))
        try:
            yield
        except CauteryError:
            self._people.give_back(token.encode())
            raise

    def _sealed(self, body: bytes) -> bytes:
        return hmac.digest(self._key, b"second\n" + body, "sha256")


def _spelled(body: bytes, seal: bytes) -> str:
    return f"{_coded(body)}.{_coded(seal)}"


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
