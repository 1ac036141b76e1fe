"""What a password must be: long, and not what everybody tries first (NIST SP 800-63B-4, 3.1.1.2).

No rule asks for signs or digits, and none for a new one each month: both make people choose worse.
"""

from __future__ import annotations

import secrets
import unicodedata

from cautery.errors import InputError
from cautery.messages import tr

SHORTEST, LONGEST = 15, 256
_COMMON = ("password", "passwort", "motdepasse", "contrasena", "qwerty", "letmein", "cautery")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _IN_GROUP = 5, 5


def require_password(password: str, *, name: str) -> str:
    """Return a password in the form that is hashed.

    Raises
    ------
    InputError
        If it is too short, too long or easily guessed.
    """
    shown = unicodedata.normalize("NFKC", password)
    if len(shown) < SHORTEST:
        raise InputError(
            tr("A password has at least %(count)s letters.", count=SHORTEST),
            hint=tr("Four or five words that do not belong together are easy to keep in mind."),
        )
    if len(shown) > LONGEST:
        raise InputError(tr("A password has at most %(count)s letters.", count=LONGEST))
    plain = "".join(shown.casefold().split())
    for common in (*_COMMON, name.casefold()):
        plain = plain.replace(common, "")
    if len(set(plain)) < 6:
        raise InputError(
            tr("This password is among the first that somebody would try."),
            hint=tr("Four or five words that do not belong together are easy to keep in mind."),
        )
    return shown


def normal(password: str) -> str:
    """Return a password that somebody comes in with, in the form that is hashed."""
    return unicodedata.normalize("NFKC", password)[: LONGEST + 1]


def new_word() -> str:
    """Return a one-time word that can be read out on the telephone, of some 123 bits."""
    return "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(_IN_GROUP)) for _ in range(_GROUPS)
    )
