"""Accounts of the operations room: who somebody is to it, sessions and passkeys."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery.errors import InputError
from cautery.model.room import OF_OTHER_AGENCIES, Right, RoomRole, rights_of

LONGEST_NAME = 80
LONGEST_WHY = 300
WHOLE_S = timedelta(hours=12)
"""A session ends so long after its login, whatever is done in it."""
IDLE = timedelta(hours=1)
"""A session in which nothing is done for so long asks again; an open wall does something."""
ACCOUNT_ID = re.compile(r"(?<![\w-])p-[0-9a-f]{12}(?![\w-])")
"""The id of an account, also within a text."""
_SERVICE_NUMBER = re.compile(r"[a-z0-9.-]+/[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may come in.

    Parameters
    ----------
    id : str
        Stands in logs; it says nothing about the person, and is never given again.
    name : str
        By which the person comes in; erased with the account.
    cases : frozenset of str or None
        Names of the cases that the person may see, and seats at tables (:meth:`seat`); ``None``:
        all cases.
    why : str
        What was written when these were given.
    password : str
        Its hash as argon2 writes it; empty: none has been set.
    era : int
        Grows when everything that was handed out must end: sessions and marks of browsers.
    """

    id: str
    name: str
    roles: frozenset[RoomRole]
    cases: frozenset[str] | None
    why: str
    made_at: datetime
    password: str = field(default="", repr=False)
    era: int = 0

    @property
    def rights(self) -> frozenset[Right]:
        """What the person may do."""
        return rights_of(self.roles)

    def sees(self, case: str) -> bool:
        """Tell whether the person may see a case at all."""
        return self.cases is None or case in self.cases

    def seat(self, case: str) -> str | None:
        """Return the agency for which the person sits at the table of an operation; ``None``: none.

        Among :attr:`cases` a seat is ``CASE/AGENCY``: no case has a slash in its name, so whoever
        has a seat alone does not see the case. Two seats at one table are none.

        Examples
        --------
        >>> Account(id="p-000000000000", name="a", roles=frozenset({RoomRole("guest-agency")}),
        ...     cases=frozenset({"op-rome/bg-gdbop"}), why="w", made_at=datetime(2026, 1, 1),
        ... ).seat("op-rome")
        'bg-gdbop'
        """
        given = (name.rpartition("/") for name in self.cases or ())
        agencies = [agency for table, slash, agency in given if slash and table == case]
        return agencies[0] if len(agencies) == 1 else None

    @property
    def is_guest(self) -> bool:
        """Whether the person is of another agency: of an operation it sees what it was told."""
        return bool(self.roles & OF_OTHER_AGENCIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login that lasts.

    Parameters
    ----------
    digest : str
        SHA-256 of what the browser brings, hexadecimal: nobody who reads it can come in with it.
    whence : str
        Keyed hash of the browser's kind and network.
    ended : str
        Why it has ended: ``out``, ``elsewhere``, ``idle`` or ``over``; empty: it has not.
    """

    digest: str
    account: str
    whence: str
    born_at: datetime
    seen_at: datetime
    ended: str = ""

    def state(self, now: datetime) -> str:
        """Return why it has ended by now; empty: it has not."""
        if self.ended:
            return self.ended
        if not timedelta(minutes=-5) <= now - self.born_at < WHOLE_S:  # clocks jump both ways
            return "over"
        return "idle" if now - self.seen_at >= IDLE else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A public key that an authenticator holds for an account (W3C Web Authentication).

    Parameters
    ----------
    id : bytes
        The credential's id.
    key : bytes
        The public key, COSE.
    count : int
        The authenticator's counter when it was last used; 0: it has none.
    name : str
        What its owner calls it.
    approves_at : str
        Origin of the room in which it may approve acts; empty: it may not.
    """

    id: bytes
    account: str
    key: bytes
    count: int
    name: str
    made_at: datetime
    approves_at: str = ""


def require_name(name: str) -> str:
    """Return a name in the one form in which it is compared.

    Raises
    ------
    InputError
        If it cannot be a name.

    Examples
    --------
    >>> require_name(" A.Rossi ")
    'a.rossi'
    """
    shown_name = unicodedata.normalize("NFKC", name).strip().casefold()
    if not 0 < len(shown_name) <= LONGEST_NAME or not shown_name.isprintable():
        raise InputError(f"a name has 1 to {LONGEST_NAME} letters, in one line")
    return shown_name


def require_why(why: str) -> str:
    """Return a reason in one line.

    Raises
    ------
    InputError
        If there is none.
    """
    shown_name = " ".join(why.split())
    if not 0 < len(shown_name) <= LONGEST_WHY or not shown_name.isprintable():
        raise InputError(f"say why, in 1 to {LONGEST_WHY} letters")
    return shown_name


def spoken_of(name: str, id: str) -> str:
    """Return who did something, as a record of a case may say it: officers stand in none by name.

    Returns
    -------
    str
        The name by which an account comes in, where it is a service number such as
        ``it-postal/7``; else the account's id, which says nothing once the account is erased.
    """
    return name if _SERVICE_NUMBER.fullmatch(name) else id


def is_account_id(text: str) -> bool:
    """Tell whether a text has the form of an account's id."""
    return ACCOUNT_ID.fullmatch(text) is not None
