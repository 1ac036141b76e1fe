"""The content of the room's pages on people: accounts, sessions, and the access log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.model.room import LogPurpose, RoomRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who looks at a page, as its head shows.

    Parameters
    ----------
    links : tuple of (str, str)
        Addresses for those with rights of their own, each with its text.
    """

    name: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginView:
    """The page of the login.

    Parameters
    ----------
    why : str
        Why somebody is asked who it is, in a sentence; empty: it came by itself.
    fault : str
        What was wrong with the last try.
    to : str
        The address that is shown next.
    kept : str
        The form that was typed before the session ended, as it came; empty: there is none.
    kept_to : str
        Where it was sent.
    passkeys : bool
        Whether a passkey may be used at this address.
    identity : str or None
        What people call their identity provider, which may be empty; ``None``: there is none.
    """

    why: str = ""
    fault: str = ""
    to: str = "/"
    kept: str = ""
    kept_to: str = ""
    passkeys: bool = False
    identity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session of one's own."""

    born_at: datetime
    seen_at: datetime
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRow:
    """A passkey of one's own; ``id`` is its credential id, hexadecimal."""

    id: str
    name: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """One's own account.

    Parameters
    ----------
    cases : tuple of str or None
        That one may see; ``None``: all.
    why : str
        Why one may.
    identities : tuple of str
        Issuers at which one shows who one is.
    done, fault : str
        What came of the form that was sent.
    """

    name: str
    id: str
    roles: tuple[RoomRole, ...]
    cases: tuple[str, ...] | None
    why: str
    sessions: tuple[SessionRow, ...]
    passkeys: tuple[PasskeyRow, ...]
    identities: tuple[str, ...]
    may_add: bool
    done: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """An account as who keeps the accounts sees it.

    Parameters
    ----------
    by_owner : bool
        Only the owner of the machine changes it.
    comes_in : bool
        It has a password, a passkey or an identity.
    keeper_binds : bool
        It never came in, so that who keeps the accounts may bind it.
    identities : tuple of str
        Issuers to whose subjects it is bound.
    """

    id: str
    name: str
    roles: tuple[RoomRole, ...]
    cases: tuple[str, ...] | None
    why: str
    made_at: datetime
    by_owner: bool
    comes_in: bool
    keeper_binds: bool
    identities: tuple[str, ...]
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView:
    """The accounts of a room.

    Parameters
    ----------
    may_give : tuple of RoomRole
        Roles that are given in the room.
    issuer : str
        Of the room's identity provider; empty: it has none.
    typed : dict of str to str
        What was typed into the form that failed.
    word : str
        A one-time word that was just made, shown once; for ``word_for``.
    """

    people: tuple[PersonRow, ...]
    may_give: tuple[RoomRole, ...]
    issuer: str = ""
    fault: str = ""
    typed: tuple[tuple[str, str], ...] = ()
    word: str = ""
    word_for: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """An entry of the access log in one line.

    Parameters
    ----------
    who : str
        The name of the account, if it is there still; else empty.
    id : str
        Of the account.
    what : str
        The act or the event.
    about : str
        The case and the page, or the account.
    why : str
        As it was written.
    """

    index: int
    at: datetime
    who: str
    id: str
    what: str
    about: str
    numbers: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessView:
    """Some entries of the access log, newest first, for a stated purpose.

    Parameters
    ----------
    look : int
        Number of the entry that says who reads, and for what.
    signed : int
        Entries under the newest signed root that holds.
    checked_at : datetime or None
        When they were all hashed again; ``None``: it is broken.
    broken : str
        Why the log cannot be believed; empty: it can.
    """

    look: int
    purpose: LogPurpose
    why: str
    rows: tuple[AccessRow, ...]
    total: int
    signed: int
    checked_at: datetime | None
    broken: str
    older: int | None
    about: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A text that waits for one's passkey; ``kind`` is a ``RequestKind``."""

    id: str
    kind: str
    person: str
    made_at: datetime
    until: datetime
    is_signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A text that waits for one's passkey, whole.

    Parameters
    ----------
    lines : tuple of str
        All that the text covers.
    digest, words : str
        Of the text, which is signed; and its four words.
    """

    row: RequestRow
    lines: tuple[str, ...]
    digest: str
    words: str
