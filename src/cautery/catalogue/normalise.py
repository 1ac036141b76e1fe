"""Titles as sellers write them to what they mean: words, numbers, a country, no decoration."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_ISO_COUNTRIES = frozenset(
    """
    ad ae af ag al am ao ar at au az ba bb bd be bf bg bh bi bj bn bo br bs bw by bz ca cd cf
    cg ch ci cl cm cn co cr cu cv cy cz de dj dk do dz ec ee eg er es et fi fj fo fr ga gb ge
    gh gm gn gq gr gt gw gy hk hn hr ht hu id ie il in iq ir is it jm jo jp ke kg kh km kp kr
    kw kz la lb lk lr lt lu lv ly ma mc md me mg mk ml mm mn mo mr mt mu mv mw mx my mz na ne
    ng ni nl no np nz om pa pe pg ph pk pl pr ps pt py qa ro rs ru rw sa sc sd se sg si sk sl
    sm sn so sr sv sy sz td tg th tj tm tn tr tt tw tz ua ug us uy uz va ve vn xk ye za zm zw
    """.split()  # noqa: SIM905 - a table of words
)
_OTHER_CODES = {
    "uk": "gb", "usa": "us", "ger": "de", "fra": "fr", "ita": "it", "esp": "es", "spa": "es",
    "por": "pt", "prt": "pt", "nld": "nl", "bel": "be", "aut": "at", "sui": "ch", "che": "ch",
    "swe": "se", "nor": "no", "dnk": "dk", "den": "dk", "fin": "fi", "pol": "pl", "cze": "cz",
    "svk": "sk", "hun": "hu", "rou": "ro", "rom": "ro", "bul": "bg", "bgr": "bg", "gre": "gr",
    "grc": "gr", "hrv": "hr", "cro": "hr", "srb": "rs", "slo": "si", "svn": "si", "alb": "al",
    "tur": "tr", "rus": "ru", "ukr": "ua", "irl": "ie", "bra": "br", "arg": "ar", "mex": "mx",
    "can": "ca", "aus": "au", "ind": "in", "isr": "il",
}  # fmt: skip
"""ISO 3166-1 alpha-3, IOC and sellers' codes to alpha-2."""

_QUALITY = frozenset(
    """
    hd fhd uhd qhd sd 4k 8k hevc h264 h265 x264 x265 avc raw vip backup lq hq low hdr sdr
    10bit fullhd ultrahd 50fps 60fps 25fps 2160p 1440p 1280p 1080p 1080i 720p 576p 576i 540p
    480p 480i 404p 360p 240p multiaudio dolby
    """.split()  # noqa: SIM905 - a table of words
)
_BRACKETS = re.compile(r"\[[^\]]{0,60}\]|\{[^}]{0,60}\}|\((?:\d{3,4}[pi]|[^)]{0,20}fps|not 24/7)\)")
_PREFIX = re.compile(
    r"^[\s|\[({<:*#★•┃│┋|▎-]{0,6}(?P<code>[a-z]{2,3})\s{0,3}(?:[|\])}>:★•┃│┋▎-]+|\s-\s)[\s:|>-]*(?=\S)"
)
_PLUS = re.compile(r"(?<=\w)\s?\+(?!\d)")
_PLUS_HOURS = re.compile(r"\+\s?(\d)\b")
_WORDS = re.compile(r"[^\W_]+")
_LETTERS_DIGITS = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4"}
_NUMBER_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Title:
    """A title without its decoration.

    Parameters
    ----------
    words : tuple of str
        In order, case-folded, without accents; numbers stand among them.
    numbers : frozenset of str
        Those words that number a channel of a family; years are apart.
    years : frozenset of str
        19xx and 20xx.
    country : str or None
        ISO 3166-1 alpha-2, lower case, from a prefix like ``|FR|`` or ``UK:``.
    """

    words: tuple[str, ...]
    numbers: frozenset[str]
    years: frozenset[str]
    country: str | None

    @property
    def compact(self) -> str:
        """The words without spaces."""
        return "".join(self.words)


def normalise(title: str) -> Title:
    """Read a title.

    Examples
    --------
    >>> normalise("|UK| Sky Arena 2 FHD [backup]")
    Title(words=('sky', 'arena', '2'), numbers=frozenset({'2'}), years=frozenset(), country='gb')
    """
    text = unicodedata.normalize("NFKC", title[:_LONGEST]).casefold()
    country = None
    if (found := _PREFIX.match(text)) and (code := country_code(found["code"])):
        country, text = code, text[found.end() :]
    text = _BRACKETS.sub(" ", text)
    text = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(letter)
    )
    text = _PLUS_HOURS.sub(r" plus \1 ", text)
    text = _PLUS.sub(" plus ", text)
    raw = _WORDS.findall(text)
    kept = [word for word in raw if word not in _QUALITY] or raw
    words: list[str] = []
    for word in kept:
        words += _LETTERS_DIGITS.split(word)
    words = [_ROMAN.get(word, word) if index else word for index, word in enumerate(words)]
    words = [_plain(word) if word.isdigit() else word for word in words]
    numbers = {_NUMBER_WORDS.get(word, word) for word in words[1:]} | set(words[:1])
    digits = {word for word in numbers if word.isdigit()}
    years = {word for word in digits if len(word) == 4 and word[:2] in ("19", "20")}
    return Title(
        words=tuple(words),
        numbers=frozenset(digits - years),
        years=frozenset(years),
        country=country,
    )


def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code, lower case, that ``text`` stands for, if any."""
    low = text.strip().lower()
    low = _OTHER_CODES.get(low, low)
    return low if low in _ISO_COUNTRIES else None


def _plain(digits: str) -> str:
    try:
        return str(int(digits))
    except ValueError:
        return digits
