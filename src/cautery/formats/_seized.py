"""What readers of seized material yield: rows whose every field has a sort, and no other field.

The sort decides what may leave in clear (docs/adr/0019): what has none is never read from a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cautery.formats._tally import Tally
from cautery.formats._values import ReadWarning
from cautery.model.message import Message


class Sort(StrEnum):
    """What a field is, and so what becomes of it in the derivative."""

    NUMBER = "number"
    """A count, a state or the number of a server, stream or group: in clear, if it is one."""
    MOMENT = "moment"
    """In clear, as UTC."""
    TRUTH = "truth"
    COUNTRY = "country"
    """ISO 3166-1 alpha-2, in clear."""
    TITLE = "title"
    """Of a stream or a category: in clear, the URLs in it redacted."""
    URLS = "urls"
    """Where a stream is drawn from: redacted, each once."""
    HOST = "host"
    """A server's own name or address: in clear, if it is one."""
    WORD = "word"
    """One of a closed list of words, in clear."""
    SECRET = "secret"  # noqa: S105 - the name of a sort
    """A name, credential or handle: a keyed hash."""
    DEVICE = "device"
    """A MAC address, in any spelling: a keyed hash of the one spelling."""
    CLIENT = "client"
    """A customer's address: a keyed hash, with its country and AS."""
    LINE = "line"
    """The number of a customer's line: a keyed hash, the same all over one panel."""
    ACCOUNT = "account"
    """The number of a reseller's or administrator's account: likewise."""
    NAME = "name"
    """An account's login or mail: a keyed hash here, in clear only under the accounts' seal."""


FIELDS: Mapping[str, Mapping[str, Sort]] = {
    "line": {
        "line": Sort.LINE, "username": Sort.SECRET, "password": Sort.SECRET,
        "email": Sort.SECRET, "mac": Sort.DEVICE, "ip": Sort.CLIENT, "account": Sort.ACCOUNT,
        "created_at": Sort.MOMENT, "expires_at": Sort.MOMENT, "last_seen_at": Sort.MOMENT,
        "trial": Sort.TRUTH, "enabled": Sort.TRUTH, "restreamer": Sort.TRUTH,
        "connections": Sort.NUMBER, "country": Sort.COUNTRY,
    },
    "device": {"line": Sort.LINE, "mac": Sort.DEVICE, "ip": Sort.CLIENT, "country": Sort.COUNTRY,
               "last_seen_at": Sort.MOMENT},
    "account": {
        "account": Sort.ACCOUNT, "name": Sort.NAME, "email": Sort.NAME, "password": Sort.SECRET,
        "ip": Sort.CLIENT, "owner": Sort.ACCOUNT, "group": Sort.NUMBER, "credits": Sort.NUMBER,
        "created_at": Sort.MOMENT, "last_seen_at": Sort.MOMENT, "enabled": Sort.TRUTH,
        "domain": Sort.HOST, "role": Sort.WORD,
    },
    "group": {"group": Sort.NUMBER, "administrator": Sort.TRUTH, "reseller": Sort.TRUTH},
    "credit": {"account": Sort.ACCOUNT, "by": Sort.ACCOUNT, "amount": Sort.NUMBER,
               "at": Sort.MOMENT},
    "category": {"category": Sort.NUMBER, "title": Sort.TITLE},
    "stream": {
        "stream": Sort.NUMBER, "title": Sort.TITLE, "sources": Sort.URLS,
        "category": Sort.NUMBER, "added_at": Sort.MOMENT, "guide": Sort.TITLE,
        "place": Sort.NUMBER,
    },
    "placement": {"stream": Sort.NUMBER, "server": Sort.NUMBER, "parent": Sort.NUMBER,
                  "sources": Sort.URLS},
    "server": {
        "server": Sort.NUMBER, "domain": Sort.HOST, "address": Sort.HOST,
        "second_address": Sort.HOST, "parent": Sort.NUMBER, "clients": Sort.NUMBER,
        "most_clients": Sort.NUMBER, "port": Sort.NUMBER,
    },
    "activity": {
        "line": Sort.LINE, "mac": Sort.DEVICE, "stream": Sort.NUMBER, "server": Sort.NUMBER,
        "ip": Sort.CLIENT, "country": Sort.COUNTRY, "at": Sort.MOMENT, "ended_at": Sort.MOMENT,
    },
    "request": {
        "at": Sort.MOMENT, "host": Sort.HOST, "upstream": Sort.HOST, "ip": Sort.CLIENT,
        "method": Sort.WORD, "route": Sort.WORD, "action": Sort.WORD, "status": Sort.NUMBER,
        "bytes": Sort.NUMBER, "stream": Sort.NUMBER, "username": Sort.SECRET,
        "password": Sort.SECRET, "mac": Sort.DEVICE, "referer": Sort.SECRET,
    },
    "flow": {
        "at": Sort.MOMENT, "ended_at": Sort.MOMENT, "source": Sort.CLIENT,
        "source_port": Sort.NUMBER, "destination": Sort.CLIENT, "destination_port": Sort.NUMBER,
        "protocol": Sort.NUMBER, "packets": Sort.NUMBER, "bytes": Sort.NUMBER,
    },
}  # fmt: skip
"""Every kind of row with all its fields. Free text (notes, mails, reasons) stands nowhere here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeizedRow:
    """One row of seized material, unchanged: in this form it never leaves memory.

    Parameters
    ----------
    kind : str
        One of :data:`FIELDS`.
    values : mapping of str to str
        Only fields of the kind, those that have a value.
    """

    kind: str
    values: Mapping[str, str]
    line: int = 0


_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_UNMASKED = re.compile(r"[^x9 \t,;:'\"()\[\]{}|<>/=\\.-]")


def masked(text: str, *, most_characters: int = 120) -> str:
    """Return the shape of a broken record: its letters as x, its digits as 9.

    Examples
    --------
    >>> masked("(17,'Bob','s3cret!')")
    "(99,'xxx','x9xxxx.')"
    """
    excerpt = text[: most_characters + 1]
    return _UNMASKED.sub(".", _DIGIT.sub("9", _LETTER.sub("x", excerpt)))


def unread(tally: Tally, line: int, why: Message, what: bytes | str) -> Iterator[ReadWarning]:
    """Yield the warning of a record of people's data: its shape, and never its content."""
    if tally.told >= tally.most:  # it is only counted, so nobody looks at it
        return tally.add(line, why, "")
    text = what if isinstance(what, str) else what[:120].decode("utf-8", "replace")
    return tally.add(line, why, masked(text))
