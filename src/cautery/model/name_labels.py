"""A label of a host name in punycode (RFC 3490 and 3492), in a time that others cannot choose.

Python's codec looks at all letters anew for each different one, and asks ten tables about each of
them: a label of 57 Chinese letters, which is too long for any name, took it a millisecond. Here a
letter is looked up once, and a label that grows too long is refused there.
"""

from __future__ import annotations

import bisect
import stringprep
from functools import lru_cache
from unicodedata import ucd_3_2_0

LONGEST = 63
"""Characters of a label in punycode (RFC 1035)."""
_PREFIX = "xn--"
_FORBIDDEN = (
    stringprep.in_table_c12, stringprep.in_table_c22, stringprep.in_table_c3,
    stringprep.in_table_c4, stringprep.in_table_c5, stringprep.in_table_c6,
    stringprep.in_table_c7, stringprep.in_table_c8, stringprep.in_table_c9,
)  # fmt: skip
"""What no name may hold (RFC 3491, 5)."""
_LETTERS_KEPT = 1 << 16
# Parameters of punycode (RFC 3492, 5).
_BASE, _LEAST, _MOST, _SKEW, _DAMP, _FIRST_BIAS, _FIRST = 36, 1, 26, 38, 700, 72, 128
_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"


def ascii_label(text: str) -> str:
    """Return a label as it is looked up, after nameprep (RFC 3491); lower case is kept apart.

    Raises
    ------
    UnicodeError
        If it is empty or too long, or holds what no label may.

    Examples
    --------
    >>> ascii_label("b\u00fccher")
    'xn--bcher-kva'
    """
    prepared = text if text.isascii() else _prepared(text)
    if prepared.isascii():
        if 0 < len(prepared) <= LONGEST:
            return prepared
        raise UnicodeError("a label is empty or too long")
    if prepared.startswith(_PREFIX):
        raise UnicodeError("a label in punycode holds other letters")
    return punycode_label(prepared)


def punycode_label(text: str) -> str:
    """Return letters, of which some are not ASCII, as a label of punycode, as they are.

    Raises
    ------
    UnicodeError
        If it is too long.
    """
    plain = "".join(letter for letter in text if letter.isascii())
    head = _PREFIX + (f"{plain}-" if plain else "")
    places = [place for place, letter in enumerate(text) if letter.isascii()]
    others = sorted(
        (ord(letter), place) for place, letter in enumerate(text) if not letter.isascii()
    )
    digits: list[str] = []
    code, after, bias = _FIRST, 0, _FIRST_BIAS
    for number, (letter, place) in enumerate(others):
        # Where it goes among the letters that are there already; what was passed over since the
        # last one is counted, not walked.
        rank = bisect.bisect(places, place)
        steps = (letter - code) * (len(places) + 1) + rank - after
        digits += _digits(steps, bias)
        if len(head) + len(digits) > LONGEST:
            raise UnicodeError(f"a label of {len(text)} such letters is too long")
        places.insert(rank, place)
        code, after, bias = letter, rank + 1, _bias(steps, len(places), first=not number)
    return head + "".join(digits)


def _digits(steps: int, bias: int) -> list[str]:
    found, place = list[str](), _BASE
    while True:
        threshold = min(max(place - bias, _LEAST), _MOST)
        if steps < threshold:
            return [*found, _DIGITS[steps]]
        steps, digit = divmod(steps - threshold, _BASE - threshold)
        found.append(_DIGITS[threshold + digit])
        place += _BASE


def _bias(steps: int, letters: int, *, first: bool) -> int:
    steps = steps // _DAMP if first else steps // 2
    steps += steps // letters
    places = 0
    while steps > (_BASE - _LEAST) * _MOST // 2:
        steps //= _BASE - _LEAST
        places += _BASE
    return places + (_BASE - _LEAST + 1) * steps // (steps + _SKEW)


def _prepared(text: str) -> str:
    """Return letters after nameprep, which Unicode 3.2 defines."""
    mapped = ucd_3_2_0.normalize("NFKC", "".join(map(_mapped, text)))
    directions = [_direction(letter) for letter in mapped]
    if "forbidden" in directions:
        raise UnicodeError("a label holds a character that no name may")
    # From right to left: no letter the other way, and such a letter at each end (RFC 3454, 6).
    if "right" in directions and (
        "left" in directions or directions[0] != "right" or directions[-1] != "right"
    ):
        raise UnicodeError("a label is written in both directions")
    return mapped


@lru_cache(maxsize=_LETTERS_KEPT)
def _mapped(letter: str) -> str:
    return "" if stringprep.in_table_b1(letter) else stringprep.map_table_b2(letter)


@lru_cache(maxsize=_LETTERS_KEPT)
def _direction(letter: str) -> str:
    if any(forbids(letter) for forbids in _FORBIDDEN):
        return "forbidden"
    if stringprep.in_table_d1(letter):
        return "right"
    return "left" if stringprep.in_table_d2(letter) else "none"
