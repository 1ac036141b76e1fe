"""WHOIS answers: dates, registrar, status and name servers from the registries' many dialects."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cautery.errors import SourceError
from cautery.formats._dates import day_comes_first, moment_of
from cautery.formats._text import markup_of, text_of, what_is, whole
from cautery.formats._whois_words import (
    ABSENT,
    BREAKS,
    DAY_FIRST,
    FIELDS,
    MASKED,
    MONTH_FIRST,
    words_of,
)
from cautery.model import Registration

FORMAT = "WHOIS answer about a domain, as text"
SPECIFICATION = "RFC 3912 for the protocol; none for the text, which is each registry's own"
MEDIA_TYPES = ("text/plain",)

_MOST_BYTES = 1_000_000
_MOST_LINES = 5_000
_LONGEST_LINE = 4_000
_MOST_EXTRAS = 500
_BRACKETED = re.compile(r"^\s*(?:[0-9a-z]{1,2}\.?\s+)?\[([^\]\[]{1,60})\]\s*(.*)$")
_KEYED = re.compile(
    r"^(\s*+(?:\d{1,2}[a-z]?\.\s++)?)([^:\t]{1,60}?)[ .\t]*:(?!//|\d\d:|\d\d(?![\d./-]))\s*(.*)$"
)
_TABBED = re.compile(r"^()([A-Za-z][A-Za-z ]{2,40})\t+(\S.*)$")
_SPACED = re.compile(r"^()([A-Za-z][A-Za-z_-]{2,30}) {2,}(\S.*)$")
_DOTTED = re.compile(r"^()([A-Za-z][A-Za-z -]{2,30})#?(?:\. ?){5,}[ :]*(\S.*)$")
_REFERRAL = re.compile(r"^domain:(?=[A-Z])")
_UNTIL = re.compile(r"(?i)^(\S{1,40})[- ]until (\d{8,14})$")
_PHRASE = re.compile(
    r"(?i)^\s*((?:(?:record|domain) (?:last updated|last modified|created|registered|expires|"
    r"will expire)|registered|created|activated|expires)(?: on| until)?)\s{1,8}(\S.*\d.*)$"
)
_IS_STATUS = re.compile(r"^\s*(\S{3,253}) is (active|registered|not available)\b", re.IGNORECASE)
_HOST = re.compile(r"^[a-z0-9_](?:[a-z0-9_-]*\.)+[a-z0-9-]{2,}$")
_HOST_AND_ADDRESSES = re.compile(
    r"(?i)^\s*[a-z0-9_-]{1,63}(?:\.[a-z0-9-]{1,63}){1,9}\.?\s+(?=\S*[:.])[\da-f:.,;()\[\]\s]{3,200}$"
)
_NAME = re.compile(r"^[\w.-]{1,253}$")
_HANDLE = re.compile(r"^[A-Z0-9][A-Z0-9_.-]{2,19}$")
_NO_TEXT = ("%", "#", ">>>", "<<<", "----", "===", "***", "* ", "[ ")
_SAME_STATUS = ("status", "state", "estado")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoisAnswer:
    """What a registry or registrar answers.

    Parameters
    ----------
    registration : Registration or None
        ``None``: nobody has the name.
    other : tuple of (str, str)
        All that is not understood: the key, and the value as its keyed hash, for it may be a
        person's.
    """

    registration: Registration | None
    other: tuple[tuple[str, str], ...]


def read_whois(
    chunks: Iterable[bytes],
    *,
    redact: Callable[[str], str],
    seen_at: datetime,
    domain: str = "",
) -> WhoisAnswer:
    r"""Read one answer of port 43.

    Parameters
    ----------
    redact : callable
        Turns a contact into its keyed hash; contacts leave this function in no other form.
    domain : str
        What was asked, where the answer itself does not name it.

    Raises
    ------
    SourceError
        If it is no such answer.

    Examples
    --------
    >>> from datetime import UTC
    >>> text = b"domain: A.EXAMPLE\nregistrar: R-1\ncreated: 2001.11.20\npaid-till: 0000-00-00\n"
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> found = read_whois([text], redact=str, seen_at=now).registration
    >>> found.registrar, found.created.year, found.expires
    ('R-1', 2001, None)
    """
    data = whole(chunks, most_bytes=_MOST_BYTES, expected_format="WHOIS answer")
    if (kind := what_is(data[:4096])) is not None:
        raise SourceError(f"not a WHOIS answer: this is {kind}")
    text = text_of(data)
    if (markup := markup_of(text)) is not None:
        raise SourceError(f"not a WHOIS answer: this is {markup}")
    record = _Kept()
    for paragraph, key, value in pairs(text):
        record.take(paragraph, key, value)
    free = any(status.lower().startswith(_FREE) for status in record.status)
    if free or not record.says_something:
        if free or ABSENT.search(text[:20_000]):
            return WhoisAnswer(registration=None, other=())
        raise SourceError("not a WHOIS answer: it says nothing about a domain")
    name = record.domain or domain.lower()
    day_first = day_comes_first(text)
    if day_first is None:
        zone = name.rsplit(".", 1)[-1]
        day_first = False if zone in MONTH_FIRST else True if zone in DAY_FIRST else None
    dates = {
        what: next(filter(None, (moment_of(date, day_first=day_first) for date in values)), None)
        for what, values in record.dates.items()
    }
    registrant = next(
        (registrant for registrant in record.registrants if not MASKED.search(registrant)), None
    )
    return WhoisAnswer(
        registration=Registration(
            domain=name,
            registrar=record.registrar,
            created=dates["created"],
            changed=dates["changed"],
            expires=dates["expires"],
            status=tuple(record.status)[:32],
            nameservers=tuple(sorted(record.nameservers))[:64],
            registrant=redact(registrant.casefold()) if registrant else None,
            seen_at=seen_at,
        ),
        other=tuple((key, redact(value)) for key, value in record.others),
    )


@dataclass(slots=True)
class _Kept:
    """What was understood so far; the first that says something counts."""

    domain: str = ""
    domain_in: int | None = None
    registrar: str | None = None
    dates: dict[str, list[str]] = field(
        default_factory=lambda: {"created": [], "changed": [], "expires": []}
    )
    status: dict[str, None] = field(default_factory=dict)
    status_from: int | None = None
    nameservers: set[str] = field(default_factory=set)
    registrants: list[str] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    in_registrar: bool = False
    in_contact: bool = False
    in_address: bool = False

    @property
    def says_something(self) -> bool:
        """Whether there is anything about a domain."""
        return bool(self.registrar or self.status or self.nameservers or any(self.dates.values()))

    def take(self, paragraph: int, key: str, value: str) -> None:
        """Take in one pair."""
        words = words_of(key)
        what = FIELDS.get(words)
        if what == "registrar":
            self.in_registrar, self.in_contact = True, False
        elif not value or words in _OPENS_CONTACT:
            self.in_contact, self.in_registrar = bool(BREAKS.match(words)), False
        elif words in _ADDRESS:
            self.in_address = True
        elif what in ("domain", "nameserver") or words.startswith(("domain", "record")):
            self.in_registrar = self.in_contact = False
        if not value:
            return
        if (
            self.in_registrar
            and words
            in (
                "name",
                "organization",
                "organisation",
                "organization name",
            )
        ) or what == "registrar":
            self._name_registrar(value)
        elif what in self.dates:
            if not (self.in_contact or (self.in_registrar and self.dates[what])):
                self.dates[what].append(value)
        elif what == "status":
            self._add_status(paragraph, words, value)
        elif what == "nameserver":
            host = value.split(maxsplit=1)[0].lower().rstrip(".,")
            # The registry of .dk writes the domain itself under "DNS".
            if _HOST.match(host) and not (words == "dns" and host == self.domain):
                self.nameservers.add(host[:253])
        elif what == "domain":
            name = value.split(maxsplit=1)[0].lower().rstrip(".")[:253]
            if not self.domain and _NAME.match(name):
                self.domain, self.domain_in = name, paragraph
        elif what == "registrant":
            self.registrants.append(value[:300])
        elif len(self.others) < _MOST_EXTRAS:
            self.others.append((words, value[:1000]))

    def _name_registrar(self, value: str) -> None:
        # A handle such as REG-1234 gives way to the name that stands below it.
        if self.registrar is None or _HANDLE.match(self.registrar):
            self.registrar = _LINK.sub("", " ".join(value.split()))[:200]

    def _add_status(self, paragraph: int, words: str, value: str) -> None:
        if words == "state" and (self.in_address or self.domain_in not in (None, paragraph)):
            return  # of an address
        if words in _SAME_STATUS:
            if self.status_from is None:
                self.status_from = paragraph
            elif self.status_from != paragraph:
                return  # a contact's or host's own
        if (until := _UNTIL.match(value)) is not None:
            self.dates["expires"].append(until[2])
            value = until[1]
        for part in re.split(r",\s*", value):
            if status := _status(part):
                self.status.setdefault(status[:80])


_FREE = ("free", "available", "no object found", "not registered", "no match", "220")
_TAIL = re.compile(r"\s+(?:\(|https?://|-(?=\s|$)|until\b|as of\b).*$|\s*<.*$")
_LINK = re.compile(r"\s+\(\s*https?://[^)]*\)$")
_ADDRESS = ("address", "city", "street", "street address")
_OPENS_CONTACT = ("nic-hdl", "nic-hdl-br", "person", "personname", "contact")
_BY_REGISTRAR = re.compile(r"^(Delete|Update|Transfer|Renew) Prohibited by Registrar$")


def _status(text: str) -> str:
    text = _TAIL.sub("", " ".join(text.split())).strip(" .\"'")
    if (match := _BY_REGISTRAR.match(text)) is not None:
        return f"client{match[1]}Prohibited"
    code, _, words = text.partition(" ")
    return words if code.isdigit() and words else text


def pairs(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (paragraph, key, value); a heading without a value gets the line below it."""
    paragraph, heading = 0, ""
    last_key = ""
    for full in text.splitlines()[:_MOST_LINES]:
        bare = full.strip()[:_LONGEST_LINE]
        line = f" {bare}" if full[:1].isspace() else bare
        if not bare or bare.startswith(_NO_TEXT):
            if not bare:
                last_key = ""
            if not heading:
                paragraph += 1
            continue
        if (match := _IS_STATUS.match(line)) is not None:
            yield paragraph, "domain", match[1]
            yield paragraph, "status", match[2]
            continue
        pair = _pair(line)
        if pair is None:
            words = words_of(bare.rstrip(":"))
            if words in FIELDS or BREAKS.match(words):
                heading = last_key = words
                yield paragraph, words, ""
            elif heading:
                yield paragraph, heading, bare
                heading = ""
            elif FIELDS.get(last_key) in ("nameserver", "status"):
                yield paragraph, last_key, bare
            continue
        key, value = pair
        heading = key if not value else ""
        last_key = words_of(key)
        yield paragraph, key, value


def _pair(line: str) -> tuple[str, str] | None:
    if (bracketed := _BRACKETED.match(line)) is not None:
        return bracketed[1], bracketed[2].strip()
    if _HOST_AND_ADDRESSES.match(line) is not None:
        return None  # the colons are an IPv6 address's
    line = _REFERRAL.sub("", line)  # RWhois (RFC 2167) names the class before each key
    for form in (_KEYED, _TABBED, _SPACED, _DOTTED):
        if (match := form.match(line)) is not None and len(match[2].split()) <= 8:
            return match[2], match[3].strip()
    phrase = _PHRASE.match(line)
    return (phrase[1], phrase[2].strip()) if phrase else None
