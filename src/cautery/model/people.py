"""How a person's name is compared: two people are two, however one of them is spelt."""

from __future__ import annotations

import unicodedata

_INVISIBLE = "\u115f\u1160"
"""The fillers of Hangul, as NFKC has them: letters for Unicode, and nothing to be seen."""


def person_key(name: str) -> str:
    """Return what tells people apart: neither spaces and dots, nor how letters are encoded.

    >>> person_key("A.  Legal") == person_key("a legal")
    True
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKC", plain)
        if letter.isalnum() and letter not in _INVISIBLE
    )
