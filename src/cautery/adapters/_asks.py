"""What is asked of each hop, and the headers that say it.

Reaches: nothing; it only words a request.
Lawful basis: none needed.
Manners: names itself by the mandate's user agent; what belongs to one host is told to it alone.
Format: RFC 9110 (HTTP semantics).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cautery.adapters._targets import Target
from cautery.errors import InputError
from cautery.model import Validator

_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of each hop.

    Parameters
    ----------
    headers : tuple of (str, str)
        Beside the usual ones, for the host that was asked first.
    told_to : str
        The only origin that is told them: a redirect elsewhere, or out of TLS, is not.
    """

    method: str
    body: bytes | None
    unless: Validator | None
    headers: tuple[tuple[str, str], ...] = ()
    told_to: str = ""


def headers_for(target: Target, ask: Ask, *, user_agent: str) -> dict[str, str]:
    """Return the headers of one request."""
    headers = {
        "Host": target.authority,
        "User-Agent": user_agent,
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
    }
    if ask.body is not None:
        is_json = ask.body.lstrip()[:1] in (b"{", b"[")
        headers["Content-Type"] = "application/json" if is_json else "application/octet-stream"
    if ask.unless is not None and ask.unless.url == target.url and ask.method == "GET":
        if ask.unless.etag is not None:
            headers["If-None-Match"] = ask.unless.etag
        if ask.unless.last_modified is not None:
            headers["If-Modified-Since"] = ask.unless.last_modified
    if ask.told_to == target.origin:
        headers |= dict(ask.headers)
    return headers


def refuse_broken(headers: Sequence[tuple[str, str]]) -> None:
    """Refuse headers that would break a request in two.

    Raises
    ------
    InputError
        If one is not a name and a line of printable ASCII.
    """
    for name, value in headers:
        if not _HEADER.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise InputError(f"HTTP header {name[:40]!r}: must be one line of printable ASCII")
