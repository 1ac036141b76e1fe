"""Who comes in, by a password, a one-time word or a passkey.

Of a name that there is not, all is done as of one that there is: who guesses learns neither.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cautery.errors import InputError
from cautery.messages import tr
from cautery.model.account import Account, require_name
from cautery.model.ports import Clock
from cautery.model.web import neighbourhood
from cautery.workflows.people.accounts import Accounts
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import Passwords, People
from cautery.workflows.people.sessions import digest_of_token
from cautery.workflows.people.throttle import Throttle, Tries
from cautery.workflows.people.words import normal, require_password

MARK_LASTS = timedelta(days=180)
_MOST_MARK = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A login that is about to be looked at.

    Parameters
    ----------
    name : str
        As it is compared.
    account : Account or None
        Of this name.
    mark : str
        The browser's, if it came in under this name before, or of the session that it has; else
        empty.
    wait_s : float
        Seconds until it may be tried; more than 0: nothing is looked at.
    """

    name: str
    account: Account | None
    mark: str
    address: str
    wait_s: float


class Logins:
    """Looks at logins.

    Parameters
    ----------
    key : bytes
        The room's own: it makes the marks of browsers.
    tries : Tries, optional
        Where wrong logins are counted; default: here.
    """

    def __init__(
        self,
        people: People,
        accounts: Accounts,
        log: AccessLog,
        clock: Clock,
        *,
        passwords: Passwords,
        key: bytes,
        seconds: Callable[[], float],
        tries: Tries | None = None,
    ) -> None:
        self._people, self._passwords, self._accounts = people, passwords, accounts
        self._log, self._clock, self._key = log, clock, key
        self.throttle = Throttle(seconds, tries)

    def begin(self, name: str, *, address: str, mark: str) -> Try:
        """Count a login, and tell whether it may be looked at."""
        try:
            account_name = require_name(name)
        except InputError:
            account_name = ""
        account = self._people.by_name(account_name) if account_name else None
        own_mark = mark if account is not None and self.is_mark(mark, account) else ""
        where = neighbourhood(address)
        wait = self.throttle.wait_s(where, account_name, own_mark)
        return Try(name=account_name, account=account, mark=own_mark, address=where, wait_s=wait)

    def wait_s(self, address: str) -> float:
        """Count a login by what cannot be guessed; return how long it must wait, as a try says."""
        return self.throttle.cheap_wait_s(neighbourhood(address))

    def by_password(self, attempt: Try, password: str) -> Account | None:
        """Return who comes in with a password; ``None``: nobody."""
        hashed = "" if attempt.account is None else attempt.account.password
        text = normal(password)
        if not self._passwords.fits(hashed, text) or attempt.account is None:
            self._fail(attempt)
            return None
        self.throttle.came_in(attempt.name, attempt.mark)
        if self._passwords.is_old(hashed):
            new = replace(attempt.account, password=self._passwords.hashed(text))
            self._people.change(attempt.account, new)  # if it was changed meanwhile, it stays so
        return attempt.account

    def by_word(self, name: str, word: str, password: str) -> Account | None:
        """Set a first password with a one-time word; ``None``: it is not the word.

        A word cannot be guessed, so wrong ones do not lock its name: nobody keeps a colleague from
        a first visit. Who comes in by an identity provider sets no password so: somebody else who
        knows the word would come in beside that person, who notices nothing.

        Raises
        ------
        InputError
            If the password is no good one; the word stays good.
        """
        try:
            account = self._people.by_name(require_name(name))
        except InputError:
            account = None
        require_password(password, name=name)
        digest = digest_of_token(word.strip().casefold())
        if (
            account is None
            or self._people.identities(account.id)
            or not self._people.is_invited(account.id, digest, self._clock.now())
        ):
            self._log.refused("" if account is None else account.id)
            return None
        return self._accounts.set_password(account.id, password, era=account.era, word=digest)

    def confirmed(self, account: Account, password: str, *, address: str, session: str) -> bool:
        """Tell whether somebody who is in knows the account's password, within the budgets.

        A session has a budget of its own: who guesses under the name without one does not use it.

        Raises
        ------
        InputError
            If it was tried too often.
        """
        where, mark = neighbourhood(address), f"session {session}"
        wait_s = self.throttle.wait_s(where, account.name, mark)
        if wait_s > 0:
            raise InputError(too_many(wait_s))
        attempt = Try(
            name=account.name,
            account=self._people.by_id(account.id),
            mark=mark,
            address=where,
            wait_s=wait_s,
        )
        return self.by_password(attempt, password) is not None

    def mark_of(self, account: Account) -> str:
        """Return a mark for a browser that has come in under a name."""
        at = int(self._clock.now().timestamp())
        text = f"{account.id}.{account.era}.{at}.{secrets.token_hex(8)}"
        return f"{text}.{self._sealed(text)}"

    def is_mark(self, mark: str, account: Account) -> bool:
        """Tell whether a browser came in under this name before, and nothing has ended it since."""
        text, _, seal = mark[:_MOST_MARK].rpartition(".")
        if not hmac.compare_digest(seal.encode("utf-8", "replace"), self._sealed(text).encode()):
            return False
        whose, era, at, _ = text.split(".")
        made_at = datetime.fromtimestamp(int(at), self._clock.now().tzinfo)
        return (whose, era) == (account.id, str(account.era)) and (
            self._clock.now() - made_at < MARK_LASTS
        )

    def _fail(self, attempt: Try) -> None:
        self._log.refused("" if attempt.account is None else attempt.account.id)
        self.throttle.failed(attempt.name, attempt.mark)

    def _sealed(self, text: str) -> str:
        raw = hmac.digest(self._key, f"mark\n{text}".encode("utf-8", "replace"), "sha256")
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def too_many(wait_s: float) -> str:
    """Say how long somebody must wait."""
    return tr("Too many logins were tried. Try again in %(count)s s.", count=max(1, round(wait_s)))
