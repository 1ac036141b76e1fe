"""Who somebody is at an identity provider of the organisation (OpenID Connect)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from cautery.errors import InputError

LONGEST_SUBJECT, LONGEST_ISSUER = 255, 500
"""Letters; the first number is of OpenID Connect Core 1.0, section 2."""
_NOT_IN_URLS = frozenset(' \\"<>^`{|}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an account is bound to.

    Parameters
    ----------
    issuer : str
        The identity provider's own URL, letter by letter as it writes it.
    subject : str
        Its id for the person, which it gives to nobody else.
    account : str
        Id of who that is in the room.
    """

    issuer: str
    subject: str
    account: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What an identity provider says of who came from it.

    Parameters
    ----------
    groups : tuple of str or None
        What stands for roles there; ``None``: the room does not take roles from it.
    """

    issuer: str
    subject: str
    groups: tuple[str, ...] | None = field(default=None, repr=False)


def require_subject(subject: str) -> str:
    """Return a subject as an identity provider may write it.

    Raises
    ------
    InputError
        If it cannot be one.
    """
    if not 0 < len(subject) <= LONGEST_SUBJECT or not (subject.isascii() and subject.isprintable()):
        raise InputError(f"a subject has 1 to {LONGEST_SUBJECT} letters of ASCII, in one line")
    return subject


def require_issuer(issuer: str) -> str:
    """Return an issuer whose answers can be believed.

    Raises
    ------
    InputError
        If it is no URL of https, or of this machine.

    Examples
    --------
    >>> require_issuer("https://id.league.example/staff")
    'https://id.league.example/staff'
    """
    if len(issuer) > LONGEST_ISSUER or not is_safe_url(issuer) or set("?#") & set(issuer):
        raise InputError(
            "an issuer is a URL of https without a question, as the identity provider writes it",
            hint="Such as https://id.league.example/realms/staff.",
        )
    return issuer


def is_safe_url(url: str) -> bool:
    """Tell whether who answers at a URL can prove it: https, or plain http on this machine.

    Examples
    --------
    >>> is_safe_url("http://127.0.0.1:9000/"), is_safe_url("http://id.league.example/")
    (True, False)
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    spelled = url.isascii() and url.isprintable() and not _NOT_IN_URLS & set(url)
    if not spelled or not host or "@" in parts.netloc or "#" in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
