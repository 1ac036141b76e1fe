"""Passkeys of accounts: made by who is in and knows the password, and used to come in.

A challenge is kept nowhere until it is answered: it has its time and a seal in it, so a flood of
questions costs no memory. An answered one is used up.
"""

from __future__ import annotations

import hmac
import secrets
import struct
from datetime import UTC, datetime, timedelta

from cautery.errors import ApprovalError, InputError
from cautery.messages import tr
from cautery.model.account import Account, Passkey
from cautery.model.ports import Clock
from cautery.model.records import AccountChanged
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import Authenticators, People

LASTS = timedelta(minutes=5)
MOST_OF_ONE = 10
LONGEST_NAME = 60
_HEAD = struct.Struct(">Q16s")
_SEAL_BYTES = 32


class Passkeys:
    """Makes and uses passkeys.

    Parameters
    ----------
    key : bytes
        The room's own: it seals challenges.
    """

    def __init__(self, people: People, log: AccessLog, clock: Clock, key: bytes) -> None:
        self._people, self._log, self._clock, self._key = people, log, clock, key

    def to_come_in(self, site: Authenticators) -> str:
        """Return what the browser of a stranger is asked."""
        return site.to_come_in(self._challenge("in"))

    def to_make(self, site: Authenticators, account: Account) -> str:
        """Return what the browser of an account is asked."""
        challenge = self._challenge(f"make {account.id}")
        return site.to_make(account, challenge, self._people.passkeys(account.id))

    def make(self, site: Authenticators, account: Account, answer: str, name: str) -> None:
        """Add a passkey to an account.

        Raises
        ------
        InputError
            If it is no answer, too late, or too many.
        ApprovalError
            If it does not hold.
        """
        shown = " ".join(name.split())[:LONGEST_NAME]
        if not shown or not shown.isprintable():
            raise InputError(tr("Give the passkey a name by which you know it again."))
        if len(self._people.passkeys(account.id)) >= MOST_OF_ONE:
            raise InputError(tr("An account has at most %(count)s passkeys.", count=MOST_OF_ONE))
        challenge = self._answered(site, answer, f"make {account.id}")
        created = site.made(answer, challenge)
        if not self._people.use_up(challenge, self._clock.now()):
            raise InputError(tr("This is not the answer of a passkey to this room."))
        self._log.write(AccountChanged(account=account.id, by=account.id, what="passkey"))
        self._people.add_passkey(
            Passkey(
                id=created.id,
                account=account.id,
                key=created.key,
                count=created.count,
                name=shown,
                made_at=self._clock.now(),
                approves_at=created.approves_at,
            ),
            era=account.era,
        )

    def drop(self, account: Account, id: bytes) -> None:
        """Erase a passkey of an account, if it is there."""
        if self._people.drop_passkey(account.id, id):
            self._log.write(
                AccountChanged(account=account.id, by=account.id, what="passkey-removed")
            )

    def comes_in(self, site: Authenticators, answer: str) -> Account | None:
        """Return who comes in with a passkey; ``None``: nobody.

        Raises
        ------
        InputError
            If it is no answer, or too late.
        """
        challenge = self._answered(site, answer, "in")
        passkey = self._people.passkey(site.key_of(answer))
        account = None if passkey is None else self._people.by_id(passkey.account)
        if passkey is None or account is None:
            return None
        try:
            count = site.used(answer, challenge, passkey)
        except ApprovalError:
            self._log.refused(account.id)
            return None
        # Only now: whoever has no passkey uses nothing up.
        if not self._people.use_up(challenge, self._clock.now()):
            return None
        # It may have been taken away meanwhile, or its copy came in.
        return account if self._people.count_passkey(passkey.id, count) else None

    def _challenge(self, what: str) -> bytes:
        head = _HEAD.pack(int(self._clock.now().timestamp()), secrets.token_bytes(16))
        return head + self._sealed(head, what)

    def _answered(self, site: Authenticators, answer: str, what: str) -> bytes:
        challenge = site.challenge(answer)
        head, seal = challenge[: _HEAD.size], challenge[_HEAD.size :]
        if not hmac.compare_digest(seal, self._sealed(head, what)):
            raise InputError(tr("This is not the answer of a passkey to this room."))
        at = datetime.fromtimestamp(_HEAD.unpack(head)[0], UTC)
        if not timedelta(minutes=-1) <= self._clock.now() - at < LASTS:
            raise InputError(tr("That took too long. Open the page again, and try once more."))
        return challenge

    def _sealed(self, head: bytes, what: str) -> bytes:
        return hmac.digest(self._key, b"challenge\n" + what.encode() + b"\n" + head, "sha256")
