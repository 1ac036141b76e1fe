"""Hashes of passwords by argon2id.

Reaches: nothing; 64 MiB of memory and a fifth of a second of CPU for each hash.
Lawful basis: GDPR art. 32(1): who steals the accounts does not have the passwords.
Manners: the caller bounds how many are made at a time.
Format: RFC 9106, section 4 (the second recommended option); the string of argon2's reference code.
"""

from __future__ import annotations

from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY


class Argon2Passwords:
    """Makes and checks hashes (port :class:`~cautery.workflows.people.ports.Passwords`)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody's password")

    def hashed(self, password: str) -> str:
        """Return the hash of a password, with its salt."""
        return self._hasher.hash(password)

    def fits(self, hashed: str, password: str) -> bool:
        """Tell whether a password has this hash; for an empty hash no, after as long a time."""
        try:
            return self._hasher.verify(hashed or self._nobody, password) and bool(hashed)
        except (Argon2Error, InvalidHashError):
            return False

    def is_old(self, hashed: str) -> bool:
        """Tell whether a hash should be made anew."""
        return self._hasher.check_needs_rehash(hashed)
