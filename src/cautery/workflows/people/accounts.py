"""Accounts: made, given roles and cases, invited, and erased; each step is in the access log."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from cautery.errors import AbsentError, ApprovalError, InputError
from cautery.messages import tr
from cautery.model.account import Account, require_name, require_why
from cautery.model.ports import Clock
from cautery.model.records import AccountChanged
from cautery.model.room import BY_OWNER_ALONE, RoomRole, require_roles
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import Passwords, People
from cautery.workflows.people.sessions import digest_of_token
from cautery.workflows.people.words import new_word, require_password

WORD_LASTS = timedelta(hours=72)
OWNER = "owner"
"""Begins the id of who changes accounts at the command line, before the number of the user."""


class Accounts:
    """Changes accounts."""

    def __init__(self, people: People, passwords: Passwords, log: AccessLog, clock: Clock) -> None:
        self._people, self._passwords, self._log, self._clock = people, passwords, log, clock

    def make(
        self,
        name: str,
        roles: Iterable[RoomRole],
        cases: Iterable[str] | None,
        *,
        by: str,
        why: str,
    ) -> tuple[Account, str]:
        """Make an account; return it with the one-time word with which the person comes in.

        Parameters
        ----------
        cases : iterable of str or None
            That the person may see; ``None``: all.
        by : str
            Id of who does it.

        Raises
        ------
        InputError
            If the name is taken, or nobody may have these roles at a time.
        ApprovalError
            If who does it may not give them.
        """
        account = Account(
            id=f"p-{secrets.token_hex(6)}",
            name=require_name(name),
            roles=frozenset(roles),
            cases=None if cases is None else frozenset(cases),
            why=require_why(why),
            made_at=self._clock.now(),
        )
        require_roles(account.roles, all_cases=account.cases is None)
        _may_give(by, account.roles)
        if self._people.by_name(account.name) is not None:
            raise InputError(tr("There is an account of this name."))
        self._log.write(_changed(account, by, "made"))
        self._people.put(account)
        return account, self._invited(account, by)

    def give(
        self,
        id: str,
        roles: Iterable[RoomRole],
        cases: Iterable[str] | None,
        *,
        by: str,
        why: str,
    ) -> Account:
        """Give an account other roles and cases, in place of those that it has.

        Raises
        ------
        AbsentError
            If there is none.
        InputError
            If nobody may have these roles at a time.
        ApprovalError
            If who does it may not.
        """
        before = self.account(id)
        account = replace(
            before,
            roles=frozenset(roles),
            cases=None if cases is None else frozenset(cases),
            why=require_why(why),
        )
        require_roles(account.roles, all_cases=account.cases is None)
        if by == id:
            raise ApprovalError(tr("Nobody gives rights to himself or herself."))
        _may_give(by, account.roles | before.roles)
        self._log.write(_changed(account, by, "given"))
        self._people.put(account)
        return account

    def invite(self, id: str, *, by: str, why: str) -> str:
        """Return a new one-time word; all sessions, passkeys and the password end, as if lost.

        Raises
        ------
        AbsentError
            If there is no such account.
        ApprovalError
            If who does it may not.
        """
        account = self.account(id)
        if by == id:
            raise ApprovalError(tr("Nobody gives rights to himself or herself."))
        _may_give(by, account.roles)
        require_why(why)
        self._log.write(replace(_changed(account, by, "invited"), why=" ".join(why.split())))
        for passkey in self._people.passkeys(id):
            self._people.drop_passkey(id, passkey.id)
        account = replace(account, password="", era=account.era + 1)
        self._people.put(account)
        self._people.end_sessions(id, "out")
        word = new_word()
        self._people.invite(id, digest_of_token(word), self._clock.now() + WORD_LASTS)
        return word

    def set_password(self, id: str, password: str, *, but: str = "") -> Account:
        """Set the password of an account; all its sessions end, but for one by its digest.

        Raises
        ------
        AbsentError
            If there is no such account.
        InputError
            If it is no good password.
        """
        account = self.account(id)
        hashed = self._passwords.hashed(require_password(password, name=account.name))
        self._log.write(AccountChanged(account=id, by=id, what="password"))
        account = replace(account, password=hashed, era=account.era + 1)
        self._people.put(account)
        self._people.end_sessions(id, "out", but=but)
        return account

    def erase(self, id: str, *, by: str, why: str) -> None:
        """Erase an account: its name, password, passkeys and sessions; the log keeps its id.

        Raises
        ------
        AbsentError
            If there is none.
        ApprovalError
            If who does it may not.
        """
        account = self.account(id)
        if by == id:
            raise ApprovalError(tr("Somebody else erases this account."))
        _may_give(by, account.roles)
        self._log.write(AccountChanged(account=id, by=by, what="erased", why=require_why(why)))
        self._people.erase(id)

    def account(self, id: str) -> Account:
        """Return an account.

        Raises
        ------
        AbsentError
            If there is none.
        """
        account = self._people.by_id(id)
        if account is None:
            raise AbsentError(tr("There is no such account."))
        return account

    def named(self, name: str) -> Account:
        """Return an account by its name.

        Raises
        ------
        AbsentError
            If there is none.
        """
        account = self._people.by_name(require_name(name))
        if account is None:
            raise AbsentError(tr("There is no such account."))
        return account

    def _invited(self, account: Account, by: str) -> str:
        word = new_word()
        self._log.write(replace(_changed(account, by, "invited"), why=""))
        self._people.invite(account.id, digest_of_token(word), self._clock.now() + WORD_LASTS)
        return word


def _may_give(by: str, roles: frozenset[RoomRole]) -> None:
    if not by.startswith(OWNER) and roles & BY_OWNER_ALONE:
        raise ApprovalError(
            tr("Only the owner of the machine makes, changes or erases keepers and auditors."),
            hint=tr("At the command line of that machine: cautery people --help"),
        )


def _changed(account: Account, by: str, what: str) -> AccountChanged:
    return AccountChanged(
        account=account.id,
        by=by,
        what=what,
        roles=tuple(sorted(account.roles)),
        cases=None if account.cases is None else tuple(sorted(account.cases)),
        why=account.why,
    )
