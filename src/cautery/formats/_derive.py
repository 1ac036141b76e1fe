"""Seized rows to what may leave: each field by its sort, and nothing that has none."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cautery.errors import InputError
from cautery.formats._seized import FIELDS, SeizedRow, Sort
from cautery.formats.access_log import ACTIONS, METHODS, ROUTES
from cautery.formats.sightings import redacted_text
from cautery.json_text import parsed_json
from cautery.model import Pseudonyms, RedactedUrl

Place = Callable[[str], tuple[str | None, int | None]]
"""An address to its country and AS number, as far as they are known."""

_WORDS = METHODS | ROUTES | ACTIONS | {"administrator", "reseller"}
_TRUTHS = {"1": True, "0": False, "true": True, "false": False, "t": True, "f": False}
_COUNTRY = re.compile(r"[A-Z]{2}")
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,6})?")
_LABEL = re.compile(r"(?i)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_MAC = re.compile(r"(?i)(?:[0-9a-f]{2}[:.-]?){5}[0-9a-f]{2}")
_BASE64_MAC = re.compile(r"[A-Za-z0-9+/]{16,24}={0,2}")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
"""In its one spelling: nearly all that a log holds, ten times as fast as by the library."""
_URL = re.compile(r"(?i)[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>\\]{1,4096}")
_MOST_SOURCES = 64
_MOST_CACHED = 1 << 17
"""Hashes remembered: customers come back row by row."""
# As seconds the year 11476, as milliseconds July 1979: panels and logs use both.
_MILLISECONDS_FROM = 300_000_000_000
TYPES: Mapping[Sort, type] = {
    Sort.NUMBER: float, Sort.MOMENT: datetime, Sort.TRUTH: bool, Sort.URLS: list,
}  # fmt: skip
"""What a field of a sort is in the derivative; text where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """How rows become what everyone works on.

    Parameters
    ----------
    pseudonyms : Pseudonyms
        Of the case's customers: with their key gone, no hash can be tried again.
    panel : str
        Within which numbers of lines and accounts mean the same.
    place : callable
        Where an address is.
    servers : set of str
        Addresses that belong to the service itself, and stay in clear wherever they stand.
    """

    pseudonyms: Pseudonyms
    panel: str
    place: Place
    servers: frozenset[str] = frozenset()
    _cache: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def derived(self, row: SeizedRow) -> dict[str, Any]:
        """Return a row's fields as they may be kept; one that is not what it should be is left out.

        Examples
        --------
        >>> from cautery.model import KeyedPseudonyms
        >>> plain = Derivation(
        ...     pseudonyms=KeyedPseudonyms(b"k"), panel="p", place=lambda address: ("FR", 3215)
        ... )
        >>> row = SeizedRow(kind="activity", values={"ip": "192.0.2.7", "stream": "17"})
        >>> found = plain.derived(row)
        >>> found["ip"][0], found["ip_country"], found["stream"]
        ('~', 'FR', 17.0)
        """
        values: dict[str, Any] = {}
        ways = _WAYS[row.kind]
        pseudonyms = self.pseudonyms
        for name, value in row.values.items():
            way = ways.get(name)
            if way is None or not (text := value.strip()):
                continue
            sort, clear = way
            if clear is not None:
                hidden = clear(text, pseudonyms)
            elif sort is Sort.CLIENT:
                values |= self._client(name, text)
                continue
            else:
                hidden = self._hidden(sort, text)
            if hidden is not None:
                values[name] = hidden
        return values

    def pseudonym(self, secret: str) -> str:
        """Return what stands for a name, a credential or an address, the same all over the case."""
        pseudonym = self._cache.get(secret)
        if pseudonym is None:
            if len(self._cache) >= _MOST_CACHED:
                self._cache.clear()
            pseudonym = self._cache[secret] = "~" + self.pseudonyms.of(secret)
        return pseudonym

    def _hidden(self, sort: Sort, text: str) -> str | None:
        if sort is Sort.LINE or sort is Sort.ACCOUNT:
            if text in ("0", "-1"):
                return None  # how panels say nobody
            return self.pseudonym(f"{self.panel}\0{sort.value}\0{text}")
        return self.pseudonym(mac_in(text) if sort is Sort.DEVICE else text)

    def _client(self, name: str, text: str) -> dict[str, Any]:
        address = address_in(text)
        if address is None:
            return {}
        country, asn = self.place(address)
        client = address if address in self.servers else self.pseudonym(address)
        return {name: client, f"{name}_country": country, f"{name}_asn": asn}


def columns_of(kind: str) -> dict[str, type]:
    """Return the columns of a kind's table with their types."""
    columns: dict[str, type] = {}
    for name, sort in FIELDS[kind].items():
        columns[name] = TYPES.get(sort, str)
        if sort is Sort.CLIENT:
            columns |= {f"{name}_country": str, f"{name}_asn": int}
    return columns


@lru_cache(maxsize=1 << 15)
def address_in(text: str) -> str | None:
    """Return an address in its one spelling; an IPv4 address inside an IPv6 one is that IPv4."""
    if _IPV4.fullmatch(text):
        return text
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(inner or address)


def mac_in(text: str) -> str:
    """Return a MAC in its one spelling, also one in Base64; any other text stays as it is.

    Examples
    --------
    >>> mac_in("MDA6MUE6Nzk6MDA6MDA6MDE="), mac_in("001A79000001")
    ('00:1a:79:00:00:01', '00:1a:79:00:00:01')
    """
    if _BASE64_MAC.fullmatch(text) and not _MAC.fullmatch(text):
        try:
            text = base64.b64decode(text, validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            return text
    if not _MAC.fullmatch(text):
        return text
    digits = re.sub(r"[^0-9a-f]", "", text.lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _number(text: str, _: Pseudonyms) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str, _: Pseudonyms) -> datetime | None:
    if text.isascii() and text.isdigit() and len(text) < 15:
        number = int(text)
        seconds = number / 1000 if number > _MILLISECONDS_FROM else number
        # 4102444800 is the year 2100.
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 4_102_444_800 else None
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):  # 0000-00-00 is how panels say never
        return None


def _truth(text: str, _: Pseudonyms) -> bool | None:
    return _TRUTHS.get(text.lower())


def _country(text: str, _: Pseudonyms) -> str | None:
    return text.upper() if _COUNTRY.fullmatch(text.upper()) else None


def _title(text: str, pseudonyms: Pseudonyms) -> str:
    return redacted_text(text, pseudonyms)[:300]


def _word(text: str, _: Pseudonyms) -> str | None:
    return text if text in _WORDS else None


def _host(text: str, _: Pseudonyms) -> str | None:
    """Return a server's name or address without scheme and port; anything else is ``None``."""
    text = text.lower().partition("://")[2] or text.lower()
    text = text.partition("/")[0].rpartition("@")[2].rstrip(".")
    if (address := address_in(text)) is not None:
        return address
    if text.count(":") == 1:
        text = text.partition(":")[0]
        if (address := address_in(text)) is not None:
            return address
    labels = text.split(".")
    if len(labels) < 2 or len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return None if labels[-1].isdigit() else text


def _urls(text: str, pseudonyms: Pseudonyms) -> list[str] | None:
    """Return the URLs in a list, a player's command or plain text, redacted, each once."""
    urls: list[str] = []
    try:
        body = parsed_json(text) if text.startswith(("[", "{", '"')) else text
    except ValueError:
        body = text
    words = body if isinstance(body, list) else [body]
    for word in words[:_MOST_SOURCES]:
        for url in _URL.findall(word.replace("\\/", "/")) if isinstance(word, str) else ():
            try:
                urls.append(RedactedUrl.of(url, pseudonyms).text)
            except InputError:
                continue
    return list(dict.fromkeys(urls))[:_MOST_SOURCES] or None


_CLEAR: Mapping[Sort, Callable[[str, Pseudonyms], Any]] = {
    Sort.NUMBER: _number, Sort.MOMENT: _moment, Sort.TRUTH: _truth, Sort.COUNTRY: _country,
    Sort.TITLE: _title, Sort.WORD: _word, Sort.HOST: _host, Sort.URLS: _urls,
}  # fmt: skip
_WAYS = {
    kind: {name: (sort, _CLEAR.get(sort)) for name, sort in sorts.items()}
    for kind, sorts in FIELDS.items()
}
"""What is done with each field of a kind of row."""
