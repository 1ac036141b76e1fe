"""Any script to plain letters: what two spellings of one name have in common."""

# ruff: noqa: RUF001 - letters of other scripts are the point
from __future__ import annotations

import unicodedata


def _pairs(letters: str, plain: str) -> dict[str, str]:
    """Pair letters with what is written for them; "_" stands for nothing."""
    return {
        letter: "" if spelling == "_" else spelling
        for letter, spelling in zip(letters, plain.split(), strict=True)
    }


_CYRILLIC = _pairs(
    "абвгдежзийклмнопрстуфхцчшщыэюяёіїєґўјљњћђџѓќѕјъьәғқңөұүһ",
    "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya e i yi ye g u j lj nj c "
    "dj dz g k dz j _ _ a g k n o u u h",
)
_GREEK = _pairs("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o")
_ARABIC = _pairs(
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآؤئءٱـپچگڤکیژٹڈڑںہھےۆێە",
    "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a a a i a w y _ a _ p c g v k y "
    "zh t d r n h h e o e e",
)
_HEBREW = _pairs(
    "אבגדהוזחטיכךלמםנןסעפףצץקרשת", "a b g d h v z h t y k k l m m n n s a p p ts ts k r sh t"
)
_GEORGIAN = _pairs(
    "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h",
)
_ARMENIAN = _pairs(
    "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև",
    "a b g d e z e y t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts v p k o f ev",
)
_LATIN = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i",
    "ə": "e", "ħ": "h", "ŋ": "n", "ɪ": "i", "ɴ": "n", "ʀ": "r", "ᴛ": "t", "ᴠ": "v", "ʜ": "h",
    "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɢ": "g", "ᴊ": "j", "ᴋ": "k", "ʟ": "l",
    "ᴍ": "m", "ᴏ": "o", "ᴘ": "p", "ꜱ": "s", "ᴜ": "u", "ᴡ": "w", "ʏ": "y", "ᴢ": "z",
}  # fmt: skip
_TABLES = {
    ord(letter): plain
    for table in (_CYRILLIC, _GREEK, _ARABIC, _HEBREW, _GEORGIAN, _ARMENIAN, _LATIN)
    for letter, plain in table.items()
} | {ord("_"): " "}
_SPELT_BY_NAME = (
    "HANGUL SYLLABLE", "KATAKANA", "HIRAGANA", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU",
    "GUJARATI", "KANNADA", "MALAYALAM", "GURMUKHI", "ORIYA", "SINHALA", "THAI", "LAO", "KHMER",
    "MYANMAR", "ETHIOPIC", "MONGOLIAN",
)  # fmt: skip
"""Scripts whose letters are named in the Unicode Character Database by how they sound."""
_IDEOGRAPHS = dict(
    zip(
        "衛視電臺國際體樂聞東華廣綜藝戲劇頻兒財經資訊語龍鳳鳥馬島灣亞歐時報農業線無門澳",
        "卫视电台国际体乐闻东华广综艺戏剧频儿财经资讯语龙凤鸟马岛湾亚欧时报农业线无门澳",
        strict=True,
    )
)
"""Traditional to simplified, for the words that channels' names are made of."""


class _Folding(dict[int, str]):
    """Letter by letter, found once and kept; for :meth:`str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _plain(chr(code))
        return folded


def fold(text: str) -> str:
    """Return ``text`` in small Latin letters, digits, ideographs and the marks between them.

    Examples
    --------
    >>> fold("Первый Канал ᴴᴰ"), fold("Télé-Été"), fold("BBC")
    ('pervyy kanal hd', 'tele-ete', 'bbc')
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold().translate(_FOLDING)


def _plain(letter: str) -> str:
    """Return one case-folded character of NFKC text as plain letters; a mark stays as it is."""
    code = ord(letter)
    if code < 128 and letter != "_":
        return letter
    if code in _TABLES:
        return _TABLES[code]
    if 0x1F1E6 <= code <= 0x1F1FF:  # a flag is written with two of these
        return chr(code - 0x1F1E6 + ord("a"))
    if letter in _IDEOGRAPHS:
        return _IDEOGRAPHS[letter]
    kind = unicodedata.category(letter)
    if kind in ("Mn", "Me", "Cf") and not unicodedata.name(letter, "").startswith(_SPELT_BY_NAME):
        return ""
    apart = unicodedata.normalize("NFKD", letter)
    # A Hangul syllable is named as it sounds (GA), its parts as letters (KIYEOK), so it stays
    # whole.
    if apart != letter and not 0xAC00 <= code <= 0xD7A3:
        return "".join(_FOLDING[ord(part)] for part in apart.casefold())
    if kind[0] == "N":
        return str(unicodedata.digit(letter, "")) or " "
    if kind[0] in "LM":
        name = unicodedata.name(letter, "")
        if not name.startswith(_SPELT_BY_NAME):
            return letter if kind[0] == "L" else ""
        if "VIRAMA" in name or ("SIGN" in name and "VOWEL" not in name):
            return ""
        last = name.split()[-1].lower()
        return (
            last[0]
            if "THAI" in name
            else "".join(character for character in last if "a" <= character <= "z")
        )
    return "|" if kind in ("So", "Sm", "Sk", "Po", "Pd", "Ps", "Pe", "Pi", "Pf") else " "


_FOLDING = _Folding()
