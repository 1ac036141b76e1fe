"""Sessions: begun by a login, bound to a browser and a network, and ended for a said reason."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cautery.errors import InputError
from cautery.messages import tr
from cautery.model.account import WHOLE_S, Account, Session
from cautery.model.ports import Clock
from cautery.model.records import DoorUsed
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import People

_TOUCH = timedelta(minutes=1)
_KEPT = WHOLE_S * 4
"""An ended session is remembered so long, to say why it ended and to give back what was typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What a browser brought with it.

    Parameters
    ----------
    account : Account or None
        Who it is; ``None``: nobody that may come in.
    session : Session or None
        Its session, which may have ended.
    why : str
        Why it may not come in: ``out``, ``elsewhere``, ``idle``, ``over`` or ``unknown``; empty: it
        may, or it brought nothing.
    """

    account: Account | None = None
    session: Session | None = None
    why: str = ""


class Sessions:
    """The sessions of a room.

    Parameters
    ----------
    key : bytes
        The room's own, which makes what is kept of a browser worthless to others.
    """

    def __init__(self, people: People, log: AccessLog, clock: Clock, key: bytes) -> None:
        self._people, self._log, self._clock, self._key = people, log, clock, key

    def begin(
        self, account: Account, *, agent: str, address: str, by: str, instead_of: str = ""
    ) -> str:
        """Begin a session, and return what the browser must bring: it is kept nowhere.

        Parameters
        ----------
        by : str
            How the person showed who it is.
        instead_of : str
            What the browser brought before: that session ends, whoever's it was.

        Raises
        ------
        InputError
            If what was judged of the account has ended meanwhile.
        """
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        if instead_of:
            self.end(instead_of, "out")
        self._log.write(DoorUsed(account=account.id, what="in", by=by))
        session = Session(
            digest=digest_of_token(token),
            account=account.id,
            whence=self._whence(agent, address),
            born_at=now,
            seen_at=now,
        )
        if not self._people.begin_session(session, era=account.era):
            raise InputError(tr("This login is not known here any more."))
        self._people.forget_sessions(now - _KEPT)
        return token

    def admit(self, token: str, *, agent: str, address: str) -> Coming:
        """Return who brings this."""
        if not token:
            return Coming()
        session = self._people.session(digest_of_token(token))
        if session is None:
            return Coming(why="unknown")
        now = self._clock.now()
        why = session.state(now)
        account = self._people.by_id(session.account)
        if account is None:
            why = "unknown"
        elif not why and not hmac.compare_digest(session.whence, self._whence(agent, address)):
            # It may be a thief, or the person at another place: both are asked who they are.
            why = "elsewhere"
            self._end(session, why)
            self._log.write(DoorUsed(account=account.id, what=why))
        if why:
            return Coming(session=session, why=why)
        if now - session.seen_at >= _TOUCH:
            self._people.seen(session.digest, now)
        return Coming(account=account, session=session)

    def still(self, digest: str) -> Account | None:
        """Return whose session this is, as the account is now; ``None``: the session has ended.

        Whoever looks at a page that lives uses the session.
        """
        session = self._people.session(digest)
        now = self._clock.now()
        if session is None or session.state(now):
            return None
        account = self._people.by_id(session.account)
        if account is not None and now - session.seen_at >= _TOUCH:
            self._people.seen(digest, now)
        return account

    def owner(self, token: str) -> str:
        """Return whose session this is or was; empty: nobody knows."""
        session = self._people.session(digest_of_token(token))
        return "" if session is None else session.account

    def end(self, token: str, why: str = "out") -> None:
        """End a session, if there is one."""
        session = self._people.session(digest_of_token(token))
        if session is not None and not session.ended:
            self._end(session, why)
            if why == "out":
                self._log.write(DoorUsed(account=session.account, what="out"))

    def end_all(self, account: str, *, but: str = "") -> int:
        """End all sessions of an account, but for one by its digest; return how many."""
        ended = self._people.end_sessions(account, "out", but=but)
        self._log.write(DoorUsed(account=account, what="out-everywhere", count=max(ended, 1)))
        return ended

    def _end(self, session: Session, why: str) -> None:
        self._people.end_session(session.digest, why)

    def _whence(self, agent: str, address: str) -> str:
        text = f"whence\n{agent}\n{network_of(address)}"
        return hmac.digest(self._key, text.encode("utf-8", "replace"), "sha256").hex()


def digest_of_token(token: str) -> str:
    """Return what is kept of what a browser brings."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def network_of(address: str) -> str:
    """Return the network of an address: telephones change theirs within it all the time.

    Examples
    --------
    >>> network_of("192.0.2.77"), network_of("2001:db8:1:2::7")
    ('192.0.2.0/24', '2001:db8:1::/48')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.is_loopback:
        return "loopback"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    bits = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, bits), strict=False))
