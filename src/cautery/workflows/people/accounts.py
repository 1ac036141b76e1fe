"""Accounts: made, given roles and cases, invited, and erased; each step is in the access log."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from cautery.errors import AbsentError, ApprovalError, InputError, StorageError
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
_MOST_TRIES = 50
"""How often a change begins again: so many others would have had to change the account since."""


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
        self._people.add(account)
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
        if by == id:
            raise ApprovalError(tr("Nobody gives rights to himself or herself."))
        named = None if cases is None else frozenset(cases)

        def given(before: Account) -> Account:
            account = replace(before, roles=frozenset(roles), cases=named, why=require_why(why))
            require_roles(account.roles, all_cases=account.cases is None)
            _may_give(by, account.roles | before.roles)
            return account

        self._log.write(_changed(given(self.account(id)), by, "given"))
        return self._change(id, given)

    def invite(self, id: str, *, by: str, why: str) -> str:
        """Return a new one-time word; all sessions, passkeys and the password end, as if lost.

        Raises
        ------
        AbsentError
            If there is no such account.
        ApprovalError
            If who does it may not.
        """
        if by == id:
            raise ApprovalError(tr("Nobody gives rights to himself or herself."))
        require_why(why)

        def invited(before: Account) -> Account:
            _may_give(by, before.roles)
            return replace(before, password="", era=before.era + 1)

        account = invited(self.account(id))
        self._log.write(replace(_changed(account, by, "invited"), why=" ".join(why.split())))
        self._change(id, invited)
        word = new_word()
        self._people.invite(id, digest_of_token(word), self._clock.now() + WORD_LASTS)
        return word

    def set_password(
        self,
        id: str,
        password: str,
        *,
        era: int | None = None,
        but: str = "",
        word: str | None = None,
    ) -> Account:
        """Set the password of an account; all its sessions end, but for one by its digest.

        Parameters
        ----------
        era : int, optional
            The account's when somebody proved to be its owner; default: as it is now.
        word : str, optional
            Digest of the one-time word by which that was proven: it is used up with the password
            that it sets, or stays good.

        Raises
        ------
        AbsentError
            If there is no such account.
        InputError
            If it is no good password, or another word or password came first.
        """
        account = self.account(id)
        proven = account.era if era is None else era
        hashed = self._passwords.hashed(require_password(password, name=account.name))

        def renewed(before: Account) -> Account:
            if before.era != proven:
                raise InputError(tr("This login is not known here any more."))
            return replace(before, password=hashed, era=before.era + 1)

        renewed(self.account(id))
        self._log.write(AccountChanged(account=id, by=id, what="password"))
        return self._change(id, renewed, but=but, word=word)

    def erase(self, id: str, *, by: str, why: str) -> None:
        """Erase an account: its name, password, passkeys and sessions; the log keeps its id.

        Raises
        ------
        AbsentError
            If there is none.
        ApprovalError
            If who does it may not.
        """
        if by == id:
            raise ApprovalError(tr("Somebody else erases this account."))

        def checked() -> Account:
            account = self.account(id)
            _may_give(by, account.roles)
            return account

        checked()
        self._log.write(AccountChanged(account=id, by=by, what="erased", why=require_why(why)))
        for _ in range(_MOST_TRIES):
            if self._people.erase(checked()):
                return
        raise _never_still(id)  # it was given other roles each time

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

    def _change(
        self,
        id: str,
        change: Callable[[Account], Account],
        *,
        but: str = "",
        word: str | None = None,
    ) -> Account:
        """Change an account as it is now: what others change at the same moment is not undone."""
        for _ in range(_MOST_TRIES):
            before, now = self.account(id), self._clock.now()
            after = change(before)
            if self._people.change(before, after, but=but, word=word, now=now):
                return after
            if word is not None and not self._people.is_invited(id, word, now):
                raise InputError(tr("This login is not known here any more."))
        raise _never_still(id)

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


def _never_still(id: str) -> StorageError:
    return StorageError(
        f"the account {id} is never as it was read a moment ago",
        hint="Either others change it all the time, or its row was not written by Cautery.",
    )
