"""Ways to write a text so that its personal data is not seen: read back to the plain one.

Characters without width, digits of other scripts, the escapes of URLs, pages and JSON, and
addresses that are spelt out: ``anna (at) mail . com``.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from cautery.model.screen.addresses import TIGHT_MAC
from cautery.model.whole_text import unescaped, whole_text

_UNSEEN: dict[int, str | None] = dict.fromkeys(
    [0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, *range(0x200B, 0x2010),
     *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, 0xFE0F, 0xFEFF, 0xFFA0]
)  # fmt: skip
"""Characters without width or a picture, and marks of direction; dashes become one."""
_UNSEEN |= dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"), "-")
_STRANGE = re.compile("[" + "".join(map(chr, _UNSEEN)) + "]")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_AT = re.compile(
    r"(?i)\s{0,3}[(\[{<]\s{0,2}(?:at|arroba|arobase|chiocciola|@)\s{0,2}[)\]}>]\s{0,3}"
)
_DOT = re.compile(r"(?i)\s{0,3}[(\[{<]\s{0,2}(?:dot|punto|punkt|point|\.)\s{0,2}[)\]}>]\s{0,3}")
_AT_WORD = re.compile(
    r"(?i)(?<![\w.+-])([\w.+-]{1,64})\s{1,2}(?:at|arroba|arobase|chiocciola)\s{1,2}"
    r"([\w-]{1,63}(?:\s{1,2}(?:dot|punto|punkt|point)\s{1,2}[\w-]{1,63}){1,4})(?![\w-])"
)
_DOT_WORD = re.compile(r"(?i)\s{1,2}(?:dot|punto|punkt|point)\s{1,2}")
_SPACED_MAIL = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64})\s{0,2}@\s{0,2}([\w-]{1,63}(?:\s{0,2}\.\s{0,2}[\w-]{2,63}){1,4})(?![\w-])"
)
_LETTERED = re.compile(r"(?<!\S)(?:\S[ _]){6,80}\S(?!\S)")
"""``a n n a @ m a i l . c o m``"""
_ESCAPE = re.compile(r"(?i)\\(?:u([0-9a-f]{4})|x([0-9a-f]{2}))")
_ESCAPED_SLASH = re.compile(r"\\++/")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

ENCODED = re.compile(
    r"(?i)%[0-9a-f]{2}|\\[ux][0-9a-f]{2}|\\/|&[#a-z0-9]{2}|[(\[{<]\s?(?:at|dot|arroba|arobase|chiocciola|punto|punkt|point|\.|@)"
    r"|\b(?:at|arroba|arobase|chiocciola)\b|\s[@.]|[@.]\s|(?:\S[ _]){6}"
)
"""Where none of this stands, :func:`decoded` changes nothing."""


def decoded(text: str, original: str) -> str:
    """Return what a text says once its escapes and spelt-out addresses are read.

    A control character that ``original`` does not hold becomes a blank.
    """
    reading = text
    for rewrite in (_percent, unescaped, _percent, _escapes, _slashes, _spelt):
        reading = _without_made(whole_text(rewrite(reading)), original)
    return reading


def folded(text: str) -> str:
    """Return a text without unseen characters, in the common form of its letters and digits."""
    if text.isascii():
        return text
    if _STRANGE.search(text) is not None:
        text = text.translate(_UNSEEN)
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return _OTHER_DIGIT.sub(lambda match: str(unicodedata.digit(match[0])), text)


def _percent(text: str) -> str:
    return unquote(text) if "%" in text else text


def _escapes(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)


def _slashes(text: str) -> str:
    """Read slashes as PHP writes them into JSON, however often that was done."""
    return _ESCAPED_SLASH.sub("/", text) if "\\/" in text else text


def _without_made(decoded: str, text: str) -> str:
    """Return decoded text with blanks for control characters that ``text`` did not hold."""
    if _CONTROL.search(decoded) is None:
        return decoded
    own_letters = frozenset(_CONTROL.findall(text))
    return _CONTROL.sub(lambda match: match[0] if match[0] in own_letters else " ", decoded)


def _spelt(text: str) -> str:
    text = _DOT.sub(".", _AT.sub("@", text))
    text = _AT_WORD.sub(lambda at: f"{at[1]}@{_DOT_WORD.sub('.', at[2])}", text)
    text = _LETTERED.sub(_tightened, text)
    return _SPACED_MAIL.sub(_joined, text)


def _tightened(run: re.Match[str]) -> str:
    tight = re.sub(r"[ _]", "", run[0])
    return tight if "@" in tight or TIGHT_MAC.fullmatch(tight) else run[0]


def _joined(mail: re.Match[str]) -> str:
    """Join an address around its blanks, unless they are those of a sentence."""
    host = re.sub(r"\s", "", mail[2])
    spaced = host != mail[2]
    around = mail[0][len(mail[1])].isspace()
    if spaced and not (around or re.fullmatch(r"[\w-]+(?:\s{1,2}\.\s{1,2}[\w-]+)+", mail[2])):
        return mail[0]
    if spaced and not re.fullmatch(r"[\w-]+(?:\s{0,2}\.\s{0,2}[a-z]+)+", mail[2]):
        return mail[0]
    return f"{mail[1]}@{host}"
