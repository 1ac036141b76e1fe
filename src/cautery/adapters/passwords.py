"""Hashes of passwords by argon2id.

Reaches: nothing; 64 MiB of memory and a fifth of a second of CPU for each hash.
Lawful basis: GDPR art. 32(1): who steals the accounts does not have the passwords.
Manners: four are made at a time, whoever asks; the caller lets no stranger ask for many.
Format: RFC 9106, section 4 (the second recommended option); the string of argon2's reference code.
"""

from __future__ import annotations

from functools import cached_property
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

MOST_AT_A_TIME = 4
"""Hashes under way, a quarter of a gigabyte. Judgement: logins make three, and who is in and
confirms a password must not wait for them."""


class Argon2Passwords:
    """Makes and checks hashes (port :class:`~cautery.workflows.people.ports.Passwords`)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._places = BoundedSemaphore(MOST_AT_A_TIME)

    @cached_property
    def _nobody(self) -> str:
        return self.hashed("nobody's password")

    def hashed(self, password: str) -> str:
        """Return the hash of a password, with its salt."""
        with self._places:
            return self._hasher.hash(password)

    def fits(self, hashed: str, password: str) -> bool:
        """Tell whether a password has this hash; for an empty hash no, after as long a time."""
        known = hashed or self._nobody
        try:
            with self._places:
                return self._hasher.verify(known, password) and bool(hashed)
        except (Argon2Error, InvalidHashError):
            return False

    def is_old(self, hashed: str) -> bool:
        """Tell whether a hash should be made anew."""
        return self._hasher.check_needs_rehash(hashed)
