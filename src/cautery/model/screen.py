"""Personal data in a text of strangers, replaced by keyed hashes before the text goes anywhere.

A title may hold an e-mail address, a telephone number, an IP, a MAC, a login, a card or an IBAN:
plainly, in a URL's or a page's spelling, in Base64, spelt out (``anna (at) mail . com``) or with
characters that nobody sees. What is recognised and what slips through is told in
docs/explanation/personal-data.md, with the rates that bench/watch/screen.py measures. Every
pattern takes time that is linear in the text.
"""

from __future__ import annotations

import base64
import binascii
import html
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal
from urllib.parse import unquote

from cautery.model.pseudonyms import Pseudonyms
from cautery.model.whole_text import whole_text

_MAYBE = re.compile(
    r"[%&#][0-9A-Fa-fxa-z]{2}|[0-9]\D{0,3}[0-9]\D{0,3}[0-9]\D{0,3}[0-9]\D{0,3}[0-9]\D{0,3}[0-9]"
    r"|[A-Za-z0-9+/_-]{15}|[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]{12}|[0-9a-f]{4}\.[0-9a-f]{4}\.|\\[ux][0-9a-f]{2}"
)
"""Where none of this stands, and none of what `_is_plain` looks for, nothing is to be hidden."""
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:|[0-9]\w{0,30}:\S{0,30}[0-9]")
_WORDS = ("pass", "pw", "login", "user", "usr", "utente", "usuario", "benutzer", "kennwort",
          "parola", "senha", "contrase", "pin", "token", "key", "secret", "mac", "sid", "auth",
          "bearer", "utilisateur", "mot de", "u:", "u=")  # fmt: skip
"""With a sign of equality or a colon."""
Kind = Literal["title", "url", "message"]
_STANDS = re.compile("~[0-9a-f]{16}")

# -- unseen, twice written and spelt out --------------------------------------------------------

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

# -- what is personal ---------------------------------------------------------------------------

_MAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[^\W_](?:[\w-]{0,62}\.){1,5}[^\W\d_]{2,24}(?![\w-])"
)
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![\w.]){_OCTET}(?:\.{_OCTET}){{3}}(?![\w]|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{6,39}(?:%\w{1,16})?(?![\w:])")
_VERSION = re.compile(r"(?i)(?:\bv|\bver\.?|\bversion|\bfirmware|\bbuild|\brel\.?|\brelease)\s?$")
_MAC = re.compile(
    r"(?i)(?<![0-9a-f])(?<![0-9a-f][:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"
    r"(?![0-9a-f]|[:-][0-9a-f])"
    r"|(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])"
)
_TIGHT_MAC = re.compile(
    r"(?i)(?<!\w)(?=[0-9]{0,11}[a-f])(?=[a-f]{0,11}[0-9])[0-9a-f]{12}(?!\w)"
    r"|(?<!\w)001a79[0-9a-f]{6}(?!\w)"
)
_NUMBER = re.compile(
    r"(?<![\w.,/~=-])(?<![0-9]:)(?<!\w\+)\+?\(?[0-9](?:[\s().\-/]{0,3}[0-9]){6,29}(?!\w|:[0-9])"
)
_GROUP = re.compile(r"\+?\(?([0-9]+)\)?")
_NO_DIGIT = re.compile(r"[^0-9]+")
_LEAST_DIGITS, _MOST_NATIONAL, _MOST_DIGITS = 7, 12, 17
_MOST_TRIED = 12
"""Parts of one run of digits that are held to be a number, at most: a title has five."""
_CALL = re.compile(
    r"(?i)(?:\b(?:tel|phone|t[ée]l[ée]fono?|telefone?|mobile?|cell?|cellulare|handy|gsm|whats?\s?app|"
    r"wsp|wapp|wa|sms|call|chiama|anruf|appel|viber|signal|imo|fax|hotline|contacto?|kontakt|"
    r"contatt[oi]|msisdn|no|nr|num[eé]ro|number)\b|wa\.me/|[\u260e\u2706\U0001f4de\U0001f4f1\U0001f4f2])"
    r"[\s.:=#/+-]{0,4}$"
)
_DATES = re.compile(
    r"(?:19|20)[0-9]{2}([-./ ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])([-./ ])(?:0?[1-9]|1[0-2])\2(?:19|20)?[0-9]{2}(?![0-9])"
    r"|(?:0?[1-9]|1[0-2])([-./])(?:0?[1-9]|[12][0-9]|3[01])\3(?:19|20)[0-9]{2}(?![0-9])"
    r"|(?:19|20)[0-9]{2}\s?[-/ ]\s?(?:(?:19|20)[0-9]{2}|[0-9]{2}(?![0-9]))"
    r"|(?:[01]?[0-9]|2[0-3])[.][0-5][0-9]\s?-\s?(?:[01]?[0-9]|2[0-3])[.][0-5][0-9]"
)
_NATIONAL = tuple(
    re.compile(pattern)
    for pattern in (
        r"\(?0[1-9][0-9]{0,4}\)?[\s./-]{0,3}(?:[0-9][\s.-]?){5,9}",  # with a trunk prefix
        r"\(?[2-9][0-9]{2}\)?[\s.-][1-9][0-9]{2}[\s.-][0-9]{4}",  # North America
        r"3[2-9][0-9][\s./-]?[0-9]{3}[\s.-]?[0-9]{3,4}",  # Italian mobile
        r"[6-9][0-9]{2}([\s.-])[0-9]{3}\1[0-9]{3}",  # Spain, Portugal, Poland ...
        r"[679][0-9]{2}([\s.-])[0-9]{2}\1[0-9]{2}\1[0-9]{2}",
        r"\([1-9][0-9]\)\s?9?[0-9]{4}-[0-9]{4}",  # Brazil
        r"8[\s(-]{1,2}[3-9][0-9]{2}[\s)-]{1,2}[0-9]{3}-[0-9]{2}-[0-9]{2}",  # Russia
    )
)
"""Whole numbers without a country; more or fewer digits are another thing."""
_IN_PAIRS = re.compile(r"0[1-9]([ .-])[0-9]{2}\1[0-9]{2}\1[0-9]{2}\1[0-9]{2}")
"""A French number: more pairs than a date has."""
_CARD = re.compile(r"(?<![\w.,~-])[2-6][0-9](?:[ .-]?[0-9]){11,17}(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}")
_IBANS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29
ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29
RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 TN24 TR26 UA29 VA22 VG24 XK20
"""
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}
"""Letters and digits of each country's account numbers (SWIFT's IBAN registry)."""
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")
NAMES = (
    r"user(?:name)?|usr|login|benutzer(?:name)?|utente|usuario|utilisateur|"
    r"pass(?:word|wd|wort)?|pwd|pw|senha|contrase\u00f1a|mot de passe|parola|passwort|kennwort|pin"
)
"""What a user, a word or a number of a login is called, as a pattern."""
_EQUALS = re.compile(
    rf"(?i)(?<![\w-])((?:{NAMES}|pub(?:user|passwd)|conn|jtv|(?:\w{{1,20}}_)?token|mac|api_?key"
    r"|key|secret|auth|bearer|sid)"
    r"(?:\s?=\s?|['\"]\s?:\s?['\"]))(?!~[0-9a-f]{16})([^\s&'\"|;,<>]{1,512})"
)
"""A secret and its name as in a query without its URL, or in a quoted JSON object."""
_LOGIN = re.compile(
    rf"(?i)(?<![\w-])((?:{NAMES}|u)\s?[:=]\s{{0,2}})(?!~[0-9a-f]{{16}})([^\s|;,<>]{{2,128}})"
    rf"(\W{{1,5}}(?:{NAMES}|p)\s?[:=]\s{{0,2}})(?!~[0-9a-f]{{16}})([^\s|;,<>]{{2,128}})"
)
_WORD = re.compile(
    rf"(?i)(?<![\w-])((?:{NAMES})\s?:\s{{0,2}})(?!~[0-9a-f]{{16}})([^\s|;,<>]{{3,128}})"
)
_PAIR = re.compile(r"(?<![\w.:/@-])([\w.-]{4,48}):([\w.!$*-]{5,48})(?![\w:/@-])")
_CHANNEL = re.compile(r"(?i)[a-z]{1,12}[0-9]{1,2}[a-z]{0,3}|[0-9]{1,4}[a-z]{1,4}")
_AT_HOST = re.compile(r"(?<![\w/@])[^\s:/@]{1,64}:[^\s:/@]{1,64}@(?=[\w-]{1,63}(?:\.|:[0-9]))")
_HANDLE = re.compile(
    r"(?i)(\b(?:t\.me|telegram\.(?:me|dog))/|\btelegram\W{1,4}@|\btg\W{1,3}@)(?!~)(\+?[a-z0-9_]{4,64})"
)
_WA = re.compile(r"(?i)(\bwa\.me/)\+?([0-9]{7,15})(?![0-9])")
_ESCAPE = re.compile(r"(?i)\\(?:u([0-9a-f]{4})|x([0-9a-f]{2}))")
_PATH = re.compile(
    r"(?i)(?<![\w/.])((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}(?::[0-9]{1,5})?)?"
    r"/(?:live|movie|series|timeshift|hls|streaming|play)/[^\s/'\"<>]{3,64}/[^\s/'\"<>]{3,64}/[^\s'\"<>]{1,256}"
)
_TOKEN = re.compile(r"(?<![\w~%-])[A-Za-z0-9_-]{24,}(?![\w-])")
_CHANGES = re.compile(r"[0-9][A-Za-z]|[A-Za-z][0-9]")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_~-])[A-Za-z0-9+/_-]{12,}={0,2}(?![A-Za-z0-9+/_=-])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
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
        that nobody dials: without what only its shape speaks for. ``message``: of our own, which
        names servers: without IP addresses, too.

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
    return _STANDS.sub("", text) if "~" in text else text


def _is_plain(text: str) -> bool:
    """Tell most titles, which hold nothing, at little cost."""
    if not text.isascii():
        text = _folded(text)
    if "@" in text or _MAYBE.search(text) is not None:
        return False
    lower = text.lower()
    if (":" in text or "=" in text) and (
        _COLONS.search(text) is not None or any(word in lower for word in _WORDS)
    ):
        return False
    return not (  # written out: a loop over them takes four times as long
        "(at" in lower or "[at" in lower or "{at" in lower or "<at" in lower or " at " in lower
        or "arroba" in lower or "arobase" in lower or "chiocciola" in lower
        or ".me/" in lower or "telegram" in lower or "[.]" in lower or "(.)" in lower
    )  # fmt: skip


def _screened(text: str, of: Callable[[str], str], kind: Kind, depth: int) -> str:
    reading = _folded(text)
    masked = _replaced(reading, of, kind, depth)
    text = text if masked == reading else masked
    if not _ENCODED.search(masked):
        return text
    reading = masked
    for rewrite in (_percent, html.unescape, _percent, _escapes, _spelt):
        reading = _without_made(whole_text(rewrite(reading)), text)
    remasked = masked if reading == masked else _replaced(reading, of, kind, depth)
    return text if reading in (remasked, masked) else remasked


_ENCODED = re.compile(
    r"(?i)%[0-9a-f]{2}|\\[ux][0-9a-f]{2}|&[#a-z0-9]{2}|[(\[{<]\s?(?:at|dot|arroba|arobase|chiocciola|punto|punkt|point|\.|@)"
    r"|\b(?:at|arroba|arobase|chiocciola)\b|\s[@.]|[@.]\s|(?:\S[ _]){6}"
)


def _folded(text: str) -> str:
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


def _without_made(decoded: str, text: str) -> str:
    """Return decoded text with blanks for control characters that ``text`` did not hold."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in text else " ", decoded)


def _spelt(text: str) -> str:
    text = _DOT.sub(".", _AT.sub("@", text))
    text = _AT_WORD.sub(lambda at: f"{at[1]}@{_DOT_WORD.sub('.', at[2])}", text)
    text = _LETTERED.sub(_tightened, text)
    return _SPACED_MAIL.sub(_joined, text)


def _tightened(run: re.Match[str]) -> str:
    tight = re.sub(r"[ _]", "", run[0])
    return tight if "@" in tight or _TIGHT_MAC.fullmatch(tight) else run[0]


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


def _replaced(text: str, of: Callable[[str], str], kind: Kind, depth: int) -> str:
    def hidden(secret: str) -> str:
        return "~" + of(secret)

    if "/" in text:
        text = _PATH.sub(partial(_path, hidden), text)
        text = _HANDLE.sub(lambda match: match[1] + hidden("telegram:" + match[2].lower()), text)
        text = _WA.sub(lambda match: match[1] + hidden("phone:+" + match[2]), text)
    if ":" in text or "=" in text:
        text = _AT_HOST.sub(lambda match: hidden(match[0][:-1]) + "@", text)
        text = _LOGIN.sub(
            lambda match: match[1] + hidden(match[2]) + match[3] + hidden(match[4]), text
        )
        text = _EQUALS.sub(lambda match: match[1] + hidden(match[2]), text)
        text = _WORD.sub(
            lambda match: match[1] + hidden(match[2]) if _odd(match[2]) else match[0], text
        )
        if kind == "title":
            text = _PAIR.sub(lambda match: hidden(match[0]) if _is_pair(match) else match[0], text)
    if "@" in text:
        text = _MAIL.sub(lambda match: hidden("email:" + match[0].lower()), text)
        text = _HANDLE.sub(lambda match: match[1] + hidden("telegram:" + match[2].lower()), text)
    if "eyJ" in text:
        text = _JWT.sub(lambda match: hidden(match[0]), text)
    text = _MAC.sub(lambda match: hidden(_mac(match[0])), text)
    if kind == "title":
        text = _TIGHT_MAC.sub(lambda match: hidden(_mac(match[0])), text)
    if kind != "message":
        if "." in text:
            text = _IPV4.sub(partial(_ipv4, text, hidden), text)
        if ":" in text:
            text = _IPV6.sub(partial(_ipv6, hidden), text)
    text = _IBAN.sub(partial(_iban, hidden), text)
    if kind == "title":
        text = _CARD.sub(
            lambda match: hidden(_tight(match[0])) if _is_card(match[0]) else match[0], text
        )
    text = _NUMBER.sub(partial(_number, text, hidden, kind), text)
    if kind == "title":
        text = _TOKEN.sub(lambda match: hidden(match[0]) if _is_token(match[0]) else match[0], text)
    if depth < 2:
        text = _BASE64.sub(partial(_base64, hidden, of, kind, depth), text)
    return text


def _odd(word: str) -> bool:
    """Tell a word that nobody would give a channel: ``BBC1HD`` and ``Sport24`` are none."""
    return _mixed(word) and not _CHANNEL.fullmatch(word)


def _mixed(word: str) -> bool:
    return any(letter.isdigit() for letter in word) and any(letter.isalpha() for letter in word)


def _is_pair(match: re.Match[str]) -> bool:
    return _odd(match[2]) or (_mixed(match[1]) and _mixed(match[2]))


def _path(hidden: Callable[[str], str], match: re.Match[str]) -> str:
    host, steps = match[1] or "", match[0][len(match[1] or "") :].split("/")
    if all(_STANDS.fullmatch(step) for step in steps[2:4]):
        return match[0]
    steps[2:4] = (step if _STANDS.fullmatch(step) else hidden(unquote(step)) for step in steps[2:4])
    return host + "/".join(steps)


def _mac(text: str) -> str:
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _ipv4(text: str, hidden: Callable[[str], str], match: re.Match[str]) -> str:
    if match[0].startswith("0.") or _VERSION.search(
        text, max(0, match.start() - 12), match.start()
    ):
        return match[0]
    return hidden("address:" + match[0])


def _ipv6(hidden: Callable[[str], str], match: re.Match[str]) -> str:
    text = match[0]
    if text.count(":") < 3 or not any(digit.isdigit() for digit in text):
        return text
    try:
        address = ipaddress.IPv6Address(text.partition("%")[0])
    except ValueError:
        return text
    return hidden(f"address:{address}")


def _tight(text: str) -> str:
    return re.sub(r"[ .\u00a0-]", "", text).upper()


def _iban(hidden: Callable[[str], str], match: re.Match[str]) -> str:
    """Replace an account number, and leave a word that follows it."""
    count = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
    end = length = 0
    for letter in match[0]:
        if length == count:
            break
        end += 1
        length += letter.isalnum()
    iban = _tight(match[0][:end])
    if not count or length != count or match[0][end : end + 1].isalnum():
        return match[0]
    if int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 != 1:
        return match[0]
    return hidden(iban) + match[0][end:]


def _is_card(text: str) -> bool:
    digits = [int(digit) for digit in _tight(text)][::-1]
    if len(digits) not in (13, 14, 15, 16, 19) or len(set(digits)) < 2:
        return False
    doubled = (
        digit if at % 2 == 0 else sum(divmod(2 * digit, 10)) for at, digit in enumerate(digits)
    )
    return sum(doubled) % 10 == 0


def _number(text: str, hidden: Callable[[str], str], kind: Kind, match: re.Match[str]) -> str:
    """Replace the telephone numbers in a run of digits; what else is in it stays as it is."""
    run = match[0]
    groups = list(_GROUP.finditer(run))
    counts = [len(group[1]) for group in groups]
    masked, copied, first, tried = "", 0, 0, 0
    while first < len(groups) and tried < _MOST_TRIED:
        last, digits = first, counts[first]
        start = groups[first].start()
        at = match.start() + start
        before = text[max(0, at - 24) : at]
        is_labelled = bool(before.strip("0123456789 ().-/+")) and _CALL.search(before) is not None
        head = groups[first][1] + (groups[first + 1][1] if first + 1 < len(groups) else "")
        abroad = "+" in groups[first][0] or head.startswith("00")
        limit = _MOST_DIGITS if is_labelled or abroad else _MOST_NATIONAL
        while last + 1 < len(groups) and digits + counts[last + 1] <= limit:
            last += 1
            digits += counts[last]
        while digits >= _LEAST_DIGITS:
            end = groups[last].end()
            tried += 1
            number = _telephone(run[start:end], is_labelled=is_labelled, national=kind == "title")
            if number is not None:
                masked += run[copied:start] + hidden("phone:" + number)
                copied, first = end, last
                break
            digits -= counts[last]
            last -= 1
        first += 1
    return masked + run[copied:]


def _telephone(text: str, *, is_labelled: bool, national: bool) -> str | None:
    digits = _NO_DIGIT.sub("", text)
    if text.lstrip("(").startswith("+") or (digits.startswith("00") and len(digits) > 9):
        digits = digits.removeprefix("00")
        return "+" + digits if 8 <= len(digits) <= 15 and digits[0] != "0" else None
    if not ((is_labelled and len(digits) <= 15) or (national and _is_national(text, digits))):
        return None
    if _DATES.search(text) and not _IN_PAIRS.fullmatch(text):
        return None
    return digits


def _is_national(text: str, digits: str) -> bool:
    if not 8 <= len(digits) <= _MOST_NATIONAL or len(set(digits)) < 4:
        return False
    return any(pattern.fullmatch(text) for pattern in _NATIONAL)


def _is_token(text: str) -> bool:
    return len(_CHANGES.findall(text)) >= 4


def _base64(
    hidden: Callable[[str], str],
    of: Callable[[str], str],
    kind: Kind,
    depth: int,
    match: re.Match[str],
) -> str:
    for decoded in _decoded(match[0]):
        if _screened(decoded, of, kind, depth + 1) != decoded:
            return hidden(match[0])
    return match[0]


def _decoded(text: str) -> Iterator[str]:
    """Yield what a text is in Base64, if that is something that can be read."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(plain) % 4 == 1:
        return
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        decoded = raw.decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    if _PRINTED.fullmatch(decoded):
        yield decoded
