"""What the workflows of people need from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from cautery.model.account import Account, Passkey, Session
from cautery.model.asking import Asking, AskingState
from cautery.model.evidence import Json
from cautery.model.identity import Claimed, Identity
from cautery.model.passkey import Made
from cautery.model.records import Entry
from cautery.model.signing_request import SigningRequest


class Askings(Protocol):
    """Where questions for persons over cases are kept. Safe for threads and processes."""

    def add(self, asking: Asking, sealed: bytes) -> None:
        """Write a new question with its sealed name."""

    def get(self, id: str) -> Asking | None:
        """Return a question."""

    def newest(self, most: int) -> Sequence[Asking]:
        """Return the newest questions."""

    def count(self, since: datetime, *, by: str = "") -> int:
        """Return how many were asked since a time, by one account or by all."""

    def sealed(self, id: str) -> bytes | None:
        """Return the sealed name of a question that somebody agreed to."""

    def second(self, id: str, *, by: str, state: AskingState) -> bool:
        """Note what a second person says; tell whether the question still waited for one."""

    def answer(self, id: str, *, hit: bool, asked_cases: int, silent_cases: int) -> bool:
        """Note the answer and overwrite the name; tell whether it still waited for one."""

    def lapse(self, before: datetime) -> None:
        """Overwrite the names of questions that were asked before a time and not answered."""

    def drop(self, id: str) -> bool:
        """Let a question lapse and overwrite its name; tell whether it was open."""


class Requests(Protocol):
    """Where texts wait for passkeys, and their answers for who asked. Safe for processes."""

    def add(self, request: SigningRequest) -> None:
        """Write a new request."""

    def all(self) -> Sequence[SigningRequest]:
        """Return all requests with their answers, the oldest first."""

    def get(self, id: str) -> SigningRequest | None:
        """Return a request with its answer; ``None``: there is none."""

    def answer(self, id: str, signature: str) -> bool:
        """Write what a passkey answered; tell whether the request was still there."""

    def drop(self, id: str) -> None:
        """Remove a request with its answer."""

    def lapse(self, now: datetime) -> None:
        """Remove the requests that are over."""


class People(Protocol):
    """Where accounts are kept. Safe for threads; other processes may change it meanwhile."""

    def any(self) -> bool:
        """Tell whether there is an account."""

    def accounts(self) -> Sequence[Account]:
        """Return all accounts, by name."""

    def by_id(self, id: str) -> Account | None:
        """Return an account by its id."""

    def by_name(self, name: str) -> Account | None:
        """Return an account by its name, as :func:`~cautery.model.account.require_name` has it."""

    def add(self, account: Account) -> None:
        """Write a new account; ConflictError if another one has its name."""

    def change(
        self,
        before: Account,
        after: Account,
        *,
        but: str = "",
        word: str | None = None,
        now: datetime | None = None,
    ) -> bool:
        """Change an account, unless it is not as before any more; tell whether it was.

        With a new era all its sessions end, but for one by its digest; where no password is left,
        its passkeys and identities go as well, and that it had identities stays known. A one-time
        word, by its digest and with the time, is used up with it; nothing is changed without that
        word. All of it is written, or nothing.
        """

    def erase(self, account: Account) -> bool:
        """Erase an account with all that is its own; tell whether it was there with its roles."""

    def invite(self, id: str, digest: str, until: datetime) -> None:
        """Keep the digest of an account's one-time word; an earlier one is worth nothing then."""

    def is_invited(self, id: str, digest: str, now: datetime) -> bool:
        """Tell whether a digest is that of an account's one-time word."""

    def passkeys(self, account: str) -> Sequence[Passkey]:
        """Return the passkeys of an account."""

    def passkey(self, id: bytes) -> Passkey | None:
        """Return a passkey by its id."""

    def add_passkey(self, passkey: Passkey, *, era: int) -> None:
        """Write a new passkey of an account with this era; ConflictError if that has ended."""

    def count_passkey(self, id: bytes, count: int) -> bool:
        """Note how often a passkey has signed; tell whether it is there and this is more often."""

    def drop_passkey(self, account: str, id: bytes) -> bool:
        """Erase a passkey of an account; tell whether there was one."""

    def identities(self, account: str) -> Sequence[Identity]:
        """Return who an account is at identity providers."""

    def identity(self, issuer: str, subject: str) -> Identity | None:
        """Return whose account a subject of an identity provider is bound to."""

    def add_identity(self, identity: Identity, *, era: int) -> None:
        """Bind a subject, end its account's era and use up the one-time word, all or nothing.

        ConflictError: the era has ended, or the subject, or its account there, is bound already.
        """

    def drop_identities(self, account: str) -> int:
        """Erase the identities of an account; if it had any, its era and all sessions end."""

    def was_bound(self, account: str) -> bool:
        """Tell whether an account has ever lost its identities."""

    def use_up(self, challenge: bytes, now: datetime) -> bool:
        """Note that a challenge was answered; tell whether this is the first time."""

    def give_back(self, challenge: bytes) -> None:
        """Note that a challenge was not answered after all."""

    def session(self, digest: str) -> Session | None:
        """Return a session."""

    def sessions(self, account: str) -> Sequence[Session]:
        """Return the sessions of an account, newest first."""

    def begin_session(self, session: Session, *, era: int) -> bool:
        """Write a new session of an account; tell whether it still had this era."""

    def end_session(self, digest: str, why: str) -> None:
        """End a session, if it has not ended."""

    def seen(self, digest: str, now: datetime) -> None:
        """Note that a session was used; nothing is lost if this is not written."""

    def end_sessions(self, account: str, why: str, *, but: str = "") -> int:
        """End the sessions of an account, but for one; return how many there were."""

    def forget_sessions(self, before: datetime) -> None:
        """Erase the sessions that began before a time."""


class Passwords(Protocol):
    """Hashes of passwords."""

    def hashed(self, password: str) -> str:
        """Return the hash of a password, with its salt."""

    def fits(self, hashed: str, password: str) -> bool:
        """Tell whether a password has this hash; for an empty hash no, after as long a time."""

    def is_old(self, hashed: str) -> bool:
        """Tell whether a hash should be made anew."""


class Authenticators(Protocol):
    """What browsers are asked for passkeys, and what they answer."""

    def to_make(self, account: Account, challenge: bytes, known: Sequence[Passkey]) -> str:
        """Return what a browser is asked to make a passkey, as JSON."""

    def to_come_in(self, challenge: bytes) -> str:
        """Return what a browser is asked to show a passkey, as JSON."""

    def to_approve(self, challenge: bytes, id: bytes) -> str:
        """Return what a browser is asked to sign with one passkey, as JSON."""

    def challenge(self, answer: str) -> bytes:
        """Return the challenge that an answer is to; InputError if it is none."""

    def key_of(self, answer: str) -> bytes:
        """Return the id of the passkey that an answer is of; InputError if it is none."""

    def made(self, answer: str, challenge: bytes) -> Made:
        """Return the passkey that an answer brings; ApprovalError if it does not hold."""

    def approval(self, answer: str) -> str:
        """Return what an answer says, as an approval has it; InputError if it is none."""

    def used(self, answer: str, challenge: bytes, passkey: Passkey) -> int:
        """Return the counter of a passkey that signed; ApprovalError if it did not."""


class IdentityProvider(Protocol):
    """Where the people of an organisation show who they are (OpenID Connect)."""

    @property
    def issuer(self) -> str:
        """Return its URL, as it writes it."""

    @property
    def name(self) -> str:
        """Return what people call it; empty: nobody said."""

    async def address(self, *, state: str, nonce: str, verifier: str, back: str) -> str:
        """Return where a browser shows who its person is; SourceError if nobody knows now."""

    async def claimed(
        self, code: str, *, issuer: str | None, nonce: str, verifier: str, back: str
    ) -> Claimed:
        """Return who came back with a code.

        ApprovalError: the answer does not hold; SourceError: there is none. ``issuer`` is what came
        with the code (RFC 9207), ``None``: nothing.
        """


class AccessLedger(Protocol):
    """The access log's own ledger."""

    def append(self, kind: str, body: Json, *, at: datetime) -> Entry:
        """Append one record durably."""

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield entries."""

    def size(self) -> int:
        """Return how many records it has."""


class ArrivingFile(Protocol):
    """A file that arrives."""

    def write(self, piece: bytes) -> None:
        """Write a piece."""


class TrayFiles(Protocol):
    """Where photographs wait that were sent by telephone. Safe for threads and processes.

    A name is the SHA-256 of a photograph, a dash, and the key of its exhibit. One counts as soon as
    its entry is there.
    """

    def locked(self) -> AbstractContextManager[None]:
        """Keep out everybody else who puts something in or takes it out."""

    def arriving(self) -> AbstractContextManager[Any]:
        """Lend an :class:`ArrivingFile`, which is gone afterwards unless it was put in."""

    def put(self, arriving: Any, name: str) -> None:
        """Put what has arrived whole in, durably, without an entry."""

    def enter(self, name: str, entry: bytes) -> None:
        """Write the entry of a photograph that was put in, durably."""

    def names(self) -> Sequence[str]:
        """Return the names of the photographs that count."""

    def entry(self, name: str) -> bytes:
        """Return an entry."""

    def photo(self, name: str) -> bytes:
        """Return the bytes of a photograph."""

    def pieces(self, name: str, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range of a photograph, once all of it has the digest of its name."""

    def remove(self, name: str) -> None:
        """Take a photograph out, its entry first."""

    def sweep(self) -> None:
        """Remove what killed writers left; the caller has the lock."""
