"""The order in which a text is screened: what is plain, what is decoded, what is replaced."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

from cautery.model.pseudonyms import Pseudonyms
from cautery.model.screen.addresses import (
    hide_handles,
    hide_ips,
    hide_macs,
    hide_mails,
    hide_whatsapp,
)
from cautery.model.screen.logins import (
    STANDS,
    hide_logins,
    hide_paths,
    hide_tokens,
    hide_web_tokens,
    may_hold_logins,
)
from cautery.model.screen.numbers import hide_accounts, hide_cards, hide_telephones
from cautery.model.screen.spellings import ENCODED, decoded, folded
from cautery.model.whole_text import whole_text

_MAYBE = re.compile(
    r"[%&#][0-9A-Fa-fxa-z]{2}|[0-9]\D{0,3}[0-9]\D{0,3}[0-9]\D{0,3}[0-9]\D{0,3}[0-9]\D{0,3}[0-9]"
    r"|[A-Za-z0-9+/_-]{15}|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]{12}|[0-9a-f]{4}\.[0-9a-f]{4}\.|\\[ux][0-9a-f]{2}"
)
"""Where none of this stands, and none of what `_is_plain` looks for, nothing is to be hidden."""
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:|[0-9]\w{0,30}:\S{0,30}[0-9]")
_WORDS = ("pass", "pw", "login", "user", "usr", "utente", "usuario", "benutzer", "kennwort",
          "parola", "senha", "contrase", "pin", "token", "key", "secret", "mac", "sid", "auth",
          "bearer", "utilisateur", "mot de", "sess", "u:", "u=", "\U0001f464", "\U0001f510",
          "\U0001f511")  # fmt: skip
"""Beside what points at a login."""
Kind = Literal["title", "url", "message"]
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_~-])[A-Za-z0-9+/_-]{12,}={0,2}(?![A-Za-z0-9+/_=-])")
_PRINTED = re.compile(r"[\x20-\x7e\u00a0-\uffff]{6,}")


def screened(text: str, pseudonyms: Pseudonyms, *, kind: Kind = "title") -> str:
    """Return a text with the personal data in it replaced by ``~`` and keyed hashes.

    The same address, number or MAC gets the same hash however it is written. A text that had to be
    taken apart to find something comes back as it was read: decoded, without unseen characters.
    Half a surrogate pair comes back as U+FFFD, a control character that an escape made as a blank.

    Parameters
    ----------
    kind : str
        ``title``: all that is recognised. ``url``: a part of one, where numbers and letters stand
        that nobody dials: without what only its shape speaks for. ``message``: a message of
        Cautery, which names servers: without IP addresses, too.

    Examples
    --------
    >>> from cautery.model.pseudonyms import KeyedPseudonyms
    >>> hidden = KeyedPseudonyms(b"k")
    >>> screened("Renew: anna@mail.example, +39 347 123 4567", hidden)
    'Renew: ~f44e2cd21b3398f7, ~ee024e7dab15e51a'
    >>> screened("Sky Sports 1080p 50fps 2026-11-28 20:45", hidden)
    'Sky Sports 1080p 50fps 2026-11-28 20:45'
    """
    text = whole_text(text)
    if _is_plain(text):
        return text
    return _screened(text, pseudonyms.of, kind, 0)


def finds_personal(text: str) -> bool:
    """Tell whether a text holds what :func:`screened` would replace."""
    text = whole_text(text)
    if _is_plain(text):
        return False
    return _screened(text, lambda _: "0" * 16, "title", 0) != text


def without_pseudonyms(text: str) -> str:
    """Return a text that was screened without what stands for people: a title to be compared."""
    return STANDS.sub("", text) if "~" in text else text


def _is_plain(text: str) -> bool:
    """Tell most titles, which hold nothing, at little cost."""
    if not text.isascii():
        text = folded(text)
    if "@" in text or _MAYBE.search(text) is not None:
        return False
    lower = text.lower()
    if may_hold_logins(text) and (
        _COLONS.search(text) is not None or any(word in lower for word in _WORDS)
    ):
        return False
    return not (  # written out: a loop over them takes four times as long
        "(at" in lower or "[at" in lower or "{at" in lower or "<at" in lower or " at " in lower
        or "arroba" in lower or "arobase" in lower or "chiocciola" in lower
        or ".me/" in lower or "telegram" in lower or "[.]" in lower or "(.)" in lower
        or "\\/" in lower
    )  # fmt: skip


def _screened(text: str, of: Callable[[str], str], kind: Kind, depth: int) -> str:
    reading = folded(text)
    masked = _replaced(reading, of, kind, depth)
    text = text if masked == reading else masked
    if not ENCODED.search(masked):
        return text
    reading = decoded(masked, text)
    remasked = masked if reading == masked else _replaced(reading, of, kind, depth)
    return text if reading in (remasked, masked) else remasked


def _replaced(text: str, of: Callable[[str], str], kind: Kind, depth: int) -> str:
    def hidden(secret: str) -> str:
        return "~" + of(secret)

    # The order matters: what one step replaces, no later step sees. A login's path goes before the
    # numbers in it, a MAC and an IP before the telephone numbers that their digits look like.
    if "/" in text:
        text = hide_paths(text, hidden)
        text = hide_handles(text, hidden)
        text = hide_whatsapp(text, hidden)
    if may_hold_logins(text):
        text = hide_logins(text, hidden, pairs=kind == "title")
    if "@" in text:
        text = hide_mails(text, hidden)
        text = hide_handles(text, hidden)
    text = hide_web_tokens(text, hidden)
    text = hide_macs(text, hidden, tight=kind == "title")
    if kind != "message":
        text = hide_ips(text, hidden)
    text = hide_accounts(text, hidden)
    if kind == "title":
        text = hide_cards(text, hidden)
    text = hide_telephones(text, hidden, national=kind == "title")
    if kind == "title":
        text = hide_tokens(text, hidden)
    if depth < 2:
        text = _BASE64.sub(partial(_base64, hidden, of, kind, depth), text)
    return text


def _base64(
    hidden: Callable[[str], str],
    of: Callable[[str], str],
    kind: Kind,
    depth: int,
    match: re.Match[str],
) -> str:
    for plain in _out_of_base64(match[0]):
        if _screened(plain, of, kind, depth + 1) != plain:
            return hidden(match[0])
    return match[0]


def _out_of_base64(text: str) -> Iterator[str]:
    """Yield what a text is in Base64, if that is something that can be read."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(plain) % 4 == 1:
        return
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        reading = raw.decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    if _PRINTED.fullmatch(reading):
        yield reading
