"""Ids of films and series that carry a check letter: one slip of the hand is noticed.

Notes
-----
EIDR: "EIDR ID Format" 1.4; ISAN: ISO 15706-1 and 15706-2. Both close with the check character of
ISO/IEC 7064, MOD 37,36. An IMDb id has none.
"""

from __future__ import annotations

import re

_EIDR = re.compile(r"(?i)(?:eidr:)?10\.5240/((?:[0-9a-f]{4}-){5})([0-9a-z])")
_LIKE_EIDR = re.compile(r"(?i)\s*(?:eidr:|(?:eidr:)?10\.5240/).*")
_ISAN = re.compile(
    r"(?i)isan[ :]?((?:[0-9a-f]{4}-){3}[0-9a-f]{4})-([0-9a-z])"
    r"(?:-([0-9a-f]{4}-[0-9a-f]{4})-([0-9a-z]))?"
)
_LIKE_ISAN = re.compile(r"(?i)\s*isan[ :]?[0-9a-f]{4}-.*")
_IMDB = re.compile(r"(?:imdb:)?tt\d{7,10}")
_LIKE_IMDB = re.compile(r"(?:imdb:)?tt\d+")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def fault_of(own: str) -> str | None:
    """Say what is wrong with a work's id; ``None``: it is right, or one of the analyst's own.

    Examples
    --------
    >>> fault_of("10.5240/7791-8534-2C23-9030-8610-5"), fault_of("film-17")
    (None, None)
    >>> fault_of("10.5240/7791-8535-2C23-9030-8610-5")
    'an EIDR whose check letter must be I, not 5'
    """
    if _LIKE_EIDR.fullmatch(own):
        match = _EIDR.fullmatch(own)
        return "not a valid EIDR" if match is None else _unlike("an EIDR", match[1], match[2])
    if _LIKE_ISAN.fullmatch(own):
        match = _ISAN.fullmatch(own)
        if match is None:
            return "not a valid ISAN"
        fault = _unlike("an ISAN", match[1], match[2])
        if fault is None and match[3] is not None:
            fault = _unlike("an ISAN's version", match[1] + match[3], match[4])
        return fault
    if _LIKE_IMDB.fullmatch(own) and not _IMDB.fullmatch(own):
        return "not a valid IMDb id: it has fewer than seven digits"
    return None


def _unlike(what: str, digits: str, letter: str) -> str | None:
    expected = check_letter(digits)
    if expected == letter.upper():
        return None
    return f"{what} whose check letter must be {expected}, not {letter}"


def check_letter(digits: str) -> str:
    """Return the check character of ISO/IEC 7064, MOD 37,36; hyphens do not count.

    Examples
    --------
    >>> check_letter("0000-0000-D07A-0090")
    'Q'
    """
    check = 36
    for letter in digits.replace("-", "").upper():
        check = (check + _LETTERS.index(letter)) % 36 or 36
        check = check * 2 % 37
    return _LETTERS[(37 - check) % 36]
