"""A brand in a host's name: a label as people read it, without its numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

from cautery.errors import ForbiddenAddressError
from cautery.model.host_names import literal

_LONGEST_LABEL = 63
"""Of a label; RFC 1035, 2.3.4."""
_LONGEST_NAME = 253

_PREFIX = re.compile(r"^(?:w{2,4}\d*|m|new\d*|web\d*)[-.]|^w{3}\d*(?=[a-z]{3})")
_LOOK_ALIKES = str.maketrans("013457", "oieast")
_AMID_LETTERS = re.compile(r"(?<=[a-z])[013457](?=[a-z])")
_FOREIGN_LOOK_ALIKES = str.maketrans(
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u0432\u043d"
    "\u03bf\u03bd\u03b9\u03c1\u03c4\u03ba\u03b1",
    "aceopxyijsdhkmtbhoviptka",
)
"""Cyrillic and Greek letters that look Latin (Unicode TR 39 confusables, the common ones)."""


def plain(label: str) -> str:
    """Return a label of a host's name as people read it: no punycode, accents, hyphens, ``www``.

    >>> plain("www3-torrent9"), plain("xn--strm-7qa")
    ('torrent9', 'strom')
    """
    text = label[:_LONGEST_LABEL].lower()
    if text.startswith("xn--"):
        try:
            text = text.encode("ascii").decode("idna")
        except UnicodeError:
            text = text[4:]
    text = unicodedata.normalize("NFKD", text.translate(_FOREIGN_LOOK_ALIKES))
    text = _PREFIX.sub("", text) or text
    letters = "".join(character for character in text if character.isalnum())
    return letters or label


def brand(text: str) -> str:
    """Return a plain name with digits between letters read as letters, and the others dropped.

    >>> brand("kick4ss"), brand("torrentqq76"), brand("8800460")
    ('kickass', 'torrentqq', '')
    """
    read = _AMID_LETTERS.sub(lambda match: match[0].translate(_LOOK_ALIKES), text)
    return "".join(character for character in read if not character.isdigit())


@lru_cache(maxsize=65_536)
def brand_of_host(host: str) -> str:
    """Return the brand of a host's registrable domain; empty: it is an address, or has none.

    Examples
    --------
    >>> brand_of_host("cdn2.kick4ss-99.example"), brand_of_host("192.0.2.7")
    ('kickass', '')
    """
    try:
        if not 0 < len(host) <= _LONGEST_NAME or literal(host) is not None:
            return ""
    except ForbiddenAddressError:  # it looks like an address
        return ""
    domain = _suffixes().privatesuffix(host.lower().rstrip("."))
    return brand(plain(domain.partition(".")[0])) if domain else ""


@cache
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - heavy: 50 ms of CPU

    return PublicSuffixList()
