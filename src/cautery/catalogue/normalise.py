"""Titles as sellers write them to what they mean: words, numbers, a place, and decoration apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cautery.catalogue.places import prefix_code
from cautery.catalogue.script import fold

LONGEST = 400
"""Characters of a title that are read; no catalogue's name has a third of them."""
_MOST_WORDS = 32


WORD, NUMBER, QUALITY, PLACE, SHIFT, SUB = range(6)
"""What a word of a title is: plain small numbers, for the kernels read them too."""


_QUALITY = frozenset(
    """
    hd fhd uhd qhd sd hdtv sdtv uhdtv ultra hevc avc raw vip backup lq hq hdr
    sdr fullhd ultrahd bk bkp bkup dolby multiaudio multisub dvbs dvbt fps lowbit
    """.split()  # noqa: SIM905 - a table of words
)
_SPARE = frozenset(("backup", "bk", "bkp", "bkup"))
_SPARE_ASIDE = _SPARE | {"alt", "link", "mirror", "opt", "option", "server", "source", "src"}
"""A number after one of them, or of these in brackets, counts a seller's copies of a channel."""
_TOKENS = re.compile(
    r"\d{3,4}[pi]\b|\d{2,3} ?fps\b|\b(?:[fu]hd|hevc|[248]k)\+(?!\w)|[248]k\b|10bit\b"
    r"|[hx]\.?26[45]\b|hdr10\b|\b[kw]\d\d[a-z]{2}\b"
    # "Canal+ 1" is the first channel of "Canal plus"; "Canal +1" and "Canal + 1" are an hour later.
    r"|(?:\+|(?<![^\s])\+ )\d{1,2}h?\b(?!\+)|[a-z]+|[0-9]+|\+|[^\x00-\x7f]|[()\[\]{}]"
)
_SORT = r"(?:vip|raw|hevc|[fu]?hd|sd|[248]k)"
_PREFIX = re.compile(
    rf"[\s|\[({{<:*#~=.\-]*(?:{_SORT}[\s|\])}}>:*\-]+)?(ex[ \-]?yu|[a-z]{{2,5}})(?:[\s\-]{_SORT})?"
    r"\s*(?:[|\])}>:~*#=]++[\s|:>\-*]*+|\s-+\s|-\s|\s-)(?=.*[^\W_])"
)
_FLAG = re.compile(r"\W*?([\U0001F1E6-\U0001F1FF]{2})(?=.*\w)")
_ASCII_FROM_FLAG = ord("a") - 0x1F1E6
_MARK = r"[#=*~_\-–—•·\u2500-\u25ff\u2605\u2606\u2726-\u2730\u2796]"  # noqa: RUF001 - as they are typed
_HEADING = re.compile(rf"\s*+{_MARK}\s*+{_MARK}.*{_MARK}\s*+{_MARK}\s*+|\s*+{_MARK}{{4,}}+.*")
_NO_PREFIX = frozenset(("tv", "ni", "la", "no", "so", "to", "me"))
_ROMAN = {"ii": "2", "iii": "3", "iv": "4"}
_NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "uno": "1", "dos": "2",
    "due": "2", "tre": "3", "tres": "3", "eins": "1", "zwei": "2", "drei": "3", "six": "6",
    "seven": "7",
}  # fmt: skip
_NUMBERS = _ROMAN | _NUMBER_WORDS
_CALL = re.compile(
    r"(?P<call>[wkc][a-z]{2,3}|[kw]\d\d[a-z]{2}|x[he][a-z]{1,4})(?:tv|dt|ld|cd|lp|ca|hd)?"
)
_CALL_NAME = re.compile(
    r"(?P<call>[wk][a-z]{2,3}|[kw]\d\d[a-z]{2}|c[bfghijk][a-z]{2}|x[eh][a-z]{1,4})"
    r"(?:[- ]?(?:tv|dt|ld|cd|lp|ca|hd|d))?"
    r"(?:[- ]?(?P<sub>\d{1,2})|[- ]\d{1,2}\.(?P<minor>\d{1,2}))?"
)
_CALL_KINDS = frozenset(("tv", "dt", "ld", "cd", "lp", "ca", "hd", "d"))
_OPENING = frozenset("([{")
_CLOSING = frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart.

    Parameters
    ----------
    words : list of str
        In order, folded to plain letters; numbers stand among them.
    kinds : list of int
        What each word is: ``WORD``, ``NUMBER`` ...
    aside : list of bool
        Whether it stood in brackets.
    place : str or None
        The country or region that a prefix like ``|FR|`` or ``UK:`` names.
    call, sub : str or None, int
        A station's call sign and its sub-channel (0: not said).
    """

    words: list[str]
    kinds: list[int]
    aside: list[bool]
    place: str | None = None
    call: str | None = None
    sub: int = 0


def normalise(title: str, calls: frozenset[str] = frozenset()) -> Title:
    """Read a title.

    Parameters
    ----------
    calls : frozenset of str
        Call signs that a catalogue knows, so that ``(WKYC-DT5)`` is read as one.

    Examples
    --------
    >>> normalise("|UK| Sky Arena 2 FHD [backup]").words
    ['sky', 'arena', '2', 'fhd', 'backup']
    >>> normalise("Kanal +1").words
    ['kanal', '+1']
    """
    place, text = _placed(title[:LONGEST])
    words: list[str] = []
    kinds: list[int] = []
    aside: list[bool] = []
    inside = 0
    call = None
    for token in _TOKENS.findall(text):
        if token in _OPENING:
            inside += 1
            continue
        if token in _CLOSING:
            inside -= inside > 0
            continue
        word, kind = _read(token)
        if calls and call is None and kind == WORD and len(word) > 2:
            match = _CALL.fullmatch(word)
            if match is not None and match["call"] in calls:
                call = word = match["call"]
        if kind == NUMBER and words and words[-1] in (_SPARE_ASIDE if inside else _SPARE):
            words[-1] += f" {word}"
            kinds[-1] = QUALITY
            continue
        if kind == NUMBER and not words and token in _NUMBERS:
            word, kind = token, WORD
        words.append(word)
        kinds.append(kind)
        aside.append(inside > 0)
        if len(words) == _MOST_WORDS:
            break
    sub = 0 if call is None else _sub(words, kinds, call)
    return Title(words, kinds, aside, place, call, sub)


def is_heading(title: str) -> bool:
    """Tell whether a title only heads a group of a playlist, framed as sellers frame them.

    Examples
    --------
    >>> is_heading("##### UK | SPORTS #####"), is_heading("★ UK ★ Arena 1")
    (True, False)
    """
    return _HEADING.fullmatch(title[:LONGEST]) is not None


def _placed(title: str) -> tuple[str | None, str]:
    """Take the place that a title begins with, if it does; return it and the rest, folded."""
    if (flag := _FLAG.match(title)) is not None:
        place = prefix_code("".join(chr(ord(letter) + _ASCII_FROM_FLAG) for letter in flag[1]))
        if place is not None:
            return place, fold(title[flag.end() :])
    text = fold(title)
    if (match := _PREFIX.match(text)) is not None and match[1] not in _NO_PREFIX:
        place = prefix_code(match[1])
        if place is not None:
            return place, text[match.end() :]
    return None, text


@lru_cache(maxsize=65_536)
def _read(token: str) -> tuple[str, int]:
    """Return a token as a word, and its kind."""
    if token[0] == "+":
        # "+1" after a name is an hour later, "Canal+ 1" is the first channel of "Canal plus".
        digits = "".join(character for character in token if character.isdigit())
        return (f"+{int(digits)}", SHIFT) if digits else ("plus", WORD)
    if token.isdigit():
        return token[:9].lstrip("0") or "0", NUMBER
    if token[-1] == "+" or token in _QUALITY or token[0].isdigit():
        return token.replace(" ", ""), QUALITY
    if token[-1].isdigit() and token.isascii():
        return token, QUALITY
    if token in _NUMBERS:
        return _NUMBERS[token], NUMBER
    return token, WORD


def call_sign(name: str) -> tuple[str, int] | None:
    """Read a catalogue's name as a station: its call sign and sub-channel.

    Examples
    --------
    >>> call_sign("WKYC 3.5"), call_sign("CHBC-DT-2"), call_sign("Canal 5")
    (('wkyc', 5), ('chbc', 2), None)
    """
    match = _CALL_NAME.fullmatch(fold(name.strip()[:LONGEST]))
    if match is None:
        return None
    return match["call"], int(match["minor"] or match["sub"] or 1)


def _sub(words: list[str], kinds: list[int], call: str) -> int:
    """Take the sub-channel that follows a call sign: ``DT5``, ``-3``, ``51.2``."""
    at = words.index(call) + 1
    while at < len(words) and words[at] in _CALL_KINDS:
        kinds[at] = QUALITY
        at += 1
    numbers: list[int] = []
    while at < len(words) and kinds[at] == NUMBER and len(numbers) < 2:
        kinds[at] = SUB
        numbers.append(int(words[at]))
        at += 1
    return min(numbers[-1], 99) if numbers else 0
