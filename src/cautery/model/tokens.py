"""Tokens with which a program reads cases: who has one, what it may read, and until when.

A token is shown once, to the person who makes it. What is kept is a digest of its secret: 256
random bits need no slow hash (NIST SP 800-63B, 5.1.2.2, for look-up secrets of this length).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.marking import Marking
from cautery.model.times import require_utc

PREFIX = "cautery"
_TOKEN = re.compile(rf"{PREFIX}_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})", re.ASCII)
_LONGEST_NAME = 80


class Scope(StrEnum):
    """What a token may read."""

    CASES = "cases"
    """How cases stand: their heads, the wall of a night, streams, verdicts, referrals, notices."""
    RECORDS = "records"
    """Records, whole, with their proofs, and the search over them."""
    EXHIBITS = "exhibits"
    """What was sealed, and its bytes."""
    TAXII = "taxii"
    """What cases give to partners' tools by TAXII, under the marking of the token."""
    METRICS = "metrics"
    """Counts of this room, without a case, a host or a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token, without its secret.

    Parameters
    ----------
    id : str
        16 hex digits.
    name : str
        Who or what has it.
    scopes : tuple of Scope
        What it may read.
    cases : tuple of str
        The cases that it may read, by their names in addresses; empty: all.
    room : str
        Whose cases they are: the folder of the cases, or the id of the organisation's server.
    made_at, ends_at : datetime
        From when to when it holds, in UTC.
    digest : str
        SHA-256 of its secret, hexadecimal.
    marking : Marking or None
        Under which cases leave by TAXII; ``None``: none does.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    cases: tuple[str, ...] = ()
    room: str = ""
    made_at: datetime
    ends_at: datetime
    digest: str
    marking: Marking | None = None

    def __post_init__(self) -> None:
        require_utc("made_at", self.made_at)
        require_utc("ends_at", self.ends_at)
        if not self.scopes:
            raise InputError("a token without a scope reads nothing")
        if (Scope.TAXII in self.scopes) != (self.marking is not None):
            raise InputError("a token for TAXII names the marking under which cases leave by it")
        if not self.name.strip() or len(self.name) > _LONGEST_NAME or not self.name.isprintable():
            raise InputError(f"a token's name has 1 to {_LONGEST_NAME} characters on one line")

    def is_of(self, secret: str, *, now: datetime) -> bool:
        """Tell whether a secret is this token's, which holds now; it takes as long either way."""
        return self.has(secret) and self.made_at <= now < self.ends_at

    def has(self, secret: str) -> bool:
        """Tell whether a secret is this token's, whether it holds or not."""
        return hmac.compare_digest(_digest(secret), self.digest)

    def may_read(self, case: str) -> bool:
        """Tell whether it is for a case."""
        return not self.cases or case in self.cases


def new_token(
    name: str,
    scopes: tuple[Scope, ...],
    *,
    made_at: datetime,
    ends_at: datetime,
    cases: tuple[str, ...] = (),
    room: str = "",
    marking: Marking | None = None,
) -> tuple[AccessToken, str]:
    """Return a token to keep, and what its holder sends.

    Raises
    ------
    InputError
        If it has no name or scope, or would never hold; or has one of a marking and the scope
        for TAXII without the other.
    """
    if ends_at <= made_at:
        raise InputError("a token ends after it begins")
    secret = secrets.token_urlsafe(32)
    token = AccessToken(
        id=secrets.token_hex(8),
        name=name,
        scopes=tuple(dict.fromkeys(scopes)),
        cases=tuple(dict.fromkeys(cases)),
        room=room,
        made_at=made_at,
        ends_at=ends_at,
        digest=_digest(secret),
        marking=marking,
    )
    return token, f"{PREFIX}_{token.id}_{secret}"


def parts_of(sent: str) -> tuple[str, str] | None:
    """Return the id and the secret of what somebody sent; ``None``: it is no token.

    Examples
    --------
    >>> parts_of("cautery_0123456789abcdef_" + "x" * 43)[0], parts_of("Basic x")
    ('0123456789abcdef', None)
    """
    match = _TOKEN.fullmatch(sent)
    return None if match is None else (match[1], match[2])


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
