"""Numbers of people in a text: telephones, payment cards and bank accounts."""

from __future__ import annotations

import re
from functools import partial

from cautery.model.screen.addresses import Hidden

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


def hide_accounts(text: str, hidden: Hidden) -> str:
    """Replace bank accounts whose check digits are right (ISO 13616)."""
    return _IBAN.sub(partial(_iban, hidden), text)


def hide_cards(text: str, hidden: Hidden) -> str:
    """Replace numbers of payment cards whose check digit is right (ISO/IEC 7812, Luhn)."""
    return _CARD.sub(
        lambda match: hidden(_tight(match[0])) if _is_card(match[0]) else match[0], text
    )


def hide_telephones(text: str, hidden: Hidden, *, national: bool) -> str:
    """Replace telephone numbers; with ``national`` also those that only their shape speaks for."""
    return _NUMBER.sub(partial(_number, text, hidden, national=national), text)


def _tight(text: str) -> str:
    return re.sub(r"[ .\u00a0-]", "", text).upper()


def _iban(hidden: Hidden, match: re.Match[str]) -> str:
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
    # ISO 13616: with the first four letters behind and letters as numbers, 1 is left of 97.
    if int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 != 1:
        return match[0]
    return hidden(iban) + match[0][end:]


def _is_card(text: str) -> bool:
    digits = [int(digit) for digit in _tight(text)][::-1]
    if len(digits) not in (13, 14, 15, 16, 19) or len(set(digits)) < 2:
        return False
    # Luhn's check (ISO/IEC 7812-1): every second digit from the right counts twice.
    doubled = (
        digit if at % 2 == 0 else sum(divmod(2 * digit, 10)) for at, digit in enumerate(digits)
    )
    return sum(doubled) % 10 == 0


def _number(text: str, hidden: Hidden, match: re.Match[str], *, national: bool) -> str:
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
            number = _telephone(run[start:end], is_labelled=is_labelled, national=national)
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
