"""Addresses in a text: e-mail, Telegram and WhatsApp, MAC and IP; each in its one spelling."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import partial

Hidden = Callable[[str], str]
"""Returns what stands for a secret."""
_MAIL = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64})\s{0,2}@\s{0,2}([\w-]{1,63}(?:\s{0,2}\.\s{0,2}[\w-]{2,63}){1,4})(?![\w-])"
)
_LETTERED = re.compile(r"(?<!\S)(?:\S[ _]){6,80}\S(?!\S)")
"""``a n n a @ m a i l . c o m``"""

# -- what is personal ---------------------------------------------------------------------------

_MAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[^\W_](?:[\w-]{0,62}\.){1,5}[^\W\d_]{2,24}(?![\w-])"
)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![\w.]){_OCTET}(?:\.{_OCTET}){{3}}(?![\w]|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{6,39}(?:%\w{1,16})?(?![\w:])")
_VERSION = re.compile(r"(?i)(?:\bv|\bver\.?|\bversion|\bfirmware|\bbuild|\brel\.?|\brelease)\s?$")
_MAC = re.compile(
    r"(?i)(?<![0-9a-f])(?<!\b[0-9a-f][:-])(?<!\b[0-9a-f][0-9][:-])(?<!\b[0-9][0-9a-f][:-])"
    r"(?<![0-9a-f]{2}[:-][0-9a-f]{2}[:-])(?<!\b[0-9a-f]{3}[:-])(?<!\b[0-9a-f]{4}[:-])(?<!::)"
    r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f]|[:-][0-9a-f]{1,4}\b)"
    r"|(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])"
)
"""Not within a longer row of such numbers; ``MAC:``, ``DE:`` and ``-Expires`` are none."""
TIGHT_MAC = re.compile(
    r"(?i)(?<!\w)(?=[0-9]{0,11}[a-f])(?=[a-f]{0,11}[0-9])[0-9a-f]{12}(?!\w)"
    r"|(?<!\w)001a79[0-9a-f]{6}(?!\w)"
)
_HANDLE = re.compile(
    r"(?i)(\b(?:t\.me|telegram\.(?:me|dog))/|\btelegram\W{1,4}@|\btg\W{1,3}@)(?!~)(\+?[a-z0-9_]{4,64})"
)
_WA = re.compile(r"(?i)(\bwa\.me/)\+?([0-9]{7,15})(?![0-9])")


def hide_mails(text: str, hidden: Hidden) -> str:
    """Replace e-mail addresses."""
    return _MAIL.sub(lambda match: hidden("email:" + match[0].lower()), text)


def hide_handles(text: str, hidden: Hidden) -> str:
    """Replace names at Telegram."""
    return _HANDLE.sub(lambda match: match[1] + hidden("telegram:" + match[2].lower()), text)


def hide_whatsapp(text: str, hidden: Hidden) -> str:
    """Replace telephone numbers in links to WhatsApp."""
    return _WA.sub(lambda match: match[1] + hidden("phone:+" + match[2]), text)


def hide_macs(text: str, hidden: Hidden, *, tight: bool) -> str:
    """Replace MACs; with ``tight`` also those without signs between their digits."""
    text = _MAC.sub(lambda match: hidden(_mac(match[0])), text)
    return TIGHT_MAC.sub(lambda match: hidden(_mac(match[0])), text) if tight else text


def hide_ips(text: str, hidden: Hidden) -> str:
    """Replace IP addresses."""
    if "." in text:
        text = _IPV4.sub(partial(_ipv4, text, hidden), text)
    if ":" in text:
        text = _IPV6.sub(partial(_ipv6, hidden), text)
    return text


def _mac(text: str) -> str:
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _ipv4(text: str, hidden: Hidden, match: re.Match[str]) -> str:
    if match[0].startswith("0.") or _VERSION.search(
        text, max(0, match.start() - 12), match.start()
    ):
        return match[0]
    return hidden("address:" + match[0])


def _ipv6(hidden: Hidden, match: re.Match[str]) -> str:
    text = match[0]
    if text.count(":") < 3 or not any(digit.isdigit() for digit in text):
        return text
    try:
        address = ipaddress.IPv6Address(text.partition("%")[0])
    except ValueError:
        return text
    return hidden(f"address:{address}")
