"""DNS answers and passive DNS: the data of each name, and when it was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from cautery.errors import SourceError
from cautery.formats._buffer import Buffer
from cautery.formats._dates import moment_of
from cautery.formats._json import document, epoch_in, lines, number_in, objects, other_in, text_in
from cautery.formats._tally import Tally
from cautery.formats._text import begin, decode_line
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model.message import Message

FORMAT = "DNS answers (dig, as JSON) and passive DNS (Common Output Format)"
SPECIFICATION = (
    "RFC 1035 section 5 for records as text; RFC 8484's JSON twin as Google and Cloudflare serve "
    "it; RFC 8427; draft-dulaunoy-dnsop-passive-dns-cof, one JSON object a line"
)
MEDIA_TYPES = ("application/dns-json", "application/x-ndjson", "text/plain")

_RECORD = re.compile(
    r"^(?P<name>\S{1,255})\s+(?:(?P<ttl>\d{1,10})\s+)?(?:(?:IN|CH|HS)\s+)?(?P<type>[A-Z][A-Z0-9]{0,14})"
    r"\s+(?P<data>\S.*)$"
)
_STATUS = re.compile(r"status: ([A-Z]{3,12})")
_LONGEST_LINE = 65_536
_MOST_BEFORE = 1_000
_TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV",
    43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 257: "CAA",
}  # fmt: skip
"""Numbers of the types that occur (IANA, DNS parameters)."""
_CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
"""RFC 1035, 4.1.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """One record, from an answer of the moment or from what sensors saw.

    Parameters
    ----------
    name : str
        In lower case, without the last dot.
    ttl : int or None
        Seconds; ``None``: passive DNS does not know it.
    first_seen, last_seen : datetime or None
        By passive DNS, or by a zone file.
    count : int or None
        How often sensors saw it.
    """

    name: str
    type: str
    data: tuple[str, ...]
    ttl: int | None = None
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    count: int | None = None
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsStatus:
    """How a resolver answered, such as NXDOMAIN."""

    name: str | None
    code: str


def read_dns(chunks: Iterable[bytes]) -> Iterator[DnsRecord | DnsStatus | ReadWarning]:
    r"""Yield the records of an answer or of passive DNS, whichever it is.

    Raises
    ------
    SourceError
        If it is neither.

    Examples
    --------
    >>> [one] = read_dns([b"a.example.\t300\tIN\tA\t192.0.2.7\n"])
    >>> one.name, one.ttl, one.data
    ('a.example', 300, ('192.0.2.7',))
    >>> seen = b'{"rrname": "a.example", "rrtype": "A", "rdata": "192.0.2.7", "count": 3}'
    >>> [one] = read_dns([seen])
    >>> one.count
    3
    """
    head, stream = begin(chunks, expected_format="DNS answers")
    start = head.lstrip()
    if start.startswith(b"{") and b'"rrname"' not in head[:4096]:
        yield from _over_https(stream)
    elif start.startswith(b"{"):
        yield from _passive(lines(stream, expected_format="passive DNS"))
    elif start.startswith(b"["):
        listed = enumerate(objects(stream, expected_format="passive DNS"), start=1)
        yield from _passive((number, record, None) for number, record in listed)
    else:
        yield from _as_text(stream)


def _passive(
    listed: Iterable[tuple[int, Any, Message | None]],
) -> Iterator[DnsRecord | ReadWarning]:
    tally = Tally()
    for number, record, problem in listed:
        name = (
            text_in(record.get("rrname"), most_characters=255) if isinstance(record, dict) else None
        )
        kind = (
            text_in(record.get("rrtype"), most_characters=20) if isinstance(record, dict) else None
        )
        if problem or name is None or kind is None:
            yield from tally.add(
                number, problem or message("unread.bare-record"), str(record)[:200]
            )
            continue
        data = record.get("rdata")
        values = data if isinstance(data, list) else [data]
        yield DnsRecord(
            name=_name(name),
            type=_TYPES.get(number_in(kind) or 0, kind.upper()),
            data=tuple(text for value in values[:1000] if (text := text_in(value))),
            first_seen=_seen(record, "time_first", "zone_time_first"),
            last_seen=_seen(record, "time_last", "zone_time_last"),
            count=number_in(record.get("count")),
            other=other_in(record, _FIELDS),
        )  # fmt: skip
    yield from tally.rest()


def _seen(record: dict[str, Any], *names: str) -> datetime | None:
    for name in names:
        if name in record:
            moment = epoch_in(record[name]) or moment_of(text_in(record[name]) or "")
            if moment is not None:
                return moment
    return None


def _over_https(stream: Iterable[bytes]) -> Iterator[DnsRecord | DnsStatus | ReadWarning]:
    answer = document(stream, expected_format="DNS answers", most_bytes=2_000_000)
    if isinstance(answer, dict) and not answer.keys().isdisjoint(_MESSAGE):
        yield from _message(answer)
        return
    code = number_in(answer.get("Status")) if isinstance(answer, dict) else None
    if code is None:
        raise SourceError("not DNS answers: they have no Status")
    question = answer.get("Question")
    question = question[0] if isinstance(question, list) and question else question
    name = (
        text_in(question.get("name"), most_characters=255) if isinstance(question, dict) else None
    )
    yield DnsStatus(name=_name(name) if name else None, code=_CODES.get(code, str(code)))
    tally = Tally()
    for part in ("Answer", "Authority", "Additional"):
        listed = answer.get(part)
        for number, record in enumerate(listed if isinstance(listed, list) else (), start=1):
            owner = (
                text_in(record.get("name"), most_characters=255)
                if isinstance(record, dict)
                else None
            )
            data = (
                text_in(record.get("data"), most_characters=65_536)
                if isinstance(record, dict)
                else None
            )
            if owner is None or data is None:
                yield from tally.add(number, message("unread.bare-data"), repr(record)[:200])
                continue
            kind = number_in(record.get("type"))
            yield DnsRecord(
                name=_name(owner),
                type=_TYPES.get(kind or 0, f"TYPE{kind}"),
                data=(_data(data),),
                ttl=number_in(record.get("TTL")),
            )
    yield from tally.rest()


def _message(members: dict[str, Any]) -> Iterator[DnsRecord | DnsStatus | ReadWarning]:
    """Read RFC 8427: a whole message, or one answer beside its question."""
    answer = members.get("responseMessage", members)
    if not isinstance(answer, dict):
        raise SourceError("not DNS answers: they have no message")
    qname = text_in(answer.get("QNAME"), most_characters=255)
    code = number_in(answer.get("RCODE"))
    if code is not None:
        yield DnsStatus(name=_name(qname) if qname else None, code=_CODES.get(code, str(code)))
    tally = Tally()
    for part in ("answerRRs", "authorityRRs", "additionalRRs"):
        listed = answer.get(part)
        for number, record in enumerate(listed if isinstance(listed, list) else (), start=1):
            fields = record if isinstance(record, dict) else {}
            name = text_in(fields.get("NAME"), most_characters=255) or qname
            kind = text_in(fields.get("TYPEname"), most_characters=20)
            kind = kind or _TYPES.get(number_in(fields.get("TYPE")) or 0)
            data = text_in(fields.get(f"rdata{kind}"), most_characters=65_536) if kind else None
            data = data or text_in(fields.get("RDATAHEX"), most_characters=65_536)
            if name is None or kind is None or data is None:
                yield from tally.add(number, message("unread.bare-data"), repr(record)[:200])
                continue
            ttl = number_in(fields.get("TTL"))
            yield DnsRecord(name=_name(name), type=kind, data=(_data(data),), ttl=ttl)
    yield from tally.rest()


def _as_text(stream: Iterable[bytes]) -> Iterator[DnsRecord | DnsStatus | ReadWarning]:
    buffer, tally = Buffer(chain(stream, (b"\n",))), Tally()
    number = count = 0
    while (line := buffer.take_line(most_bytes=_LONGEST_LINE)) is not None:
        number += 1
        if number > _MOST_BEFORE and not count:
            raise SourceError(f"not DNS answers: no record in {number} lines")
        if len(line) > _LONGEST_LINE:
            why = message("unread.long-line", most_bytes=_LONGEST_LINE)
            yield from tally.add(number, why, decode_line(line[:200]))
            continue
        for record in _line(decode_line(line), number, tally):
            count += not isinstance(record, ReadWarning)
            yield record
    if not count:
        raise SourceError("not DNS answers: they have no record")
    yield from tally.rest()


def _line(line: str, number: int, tally: Tally) -> Iterator[DnsRecord | DnsStatus | ReadWarning]:
    line = line.strip()
    if line.startswith(";"):
        if (status := _STATUS.search(line)) is not None:
            yield DnsStatus(name=None, code=status[1])
        return
    if not line:
        return
    match = _RECORD.match(line)
    if match is None:
        yield from tally.add(number, message("unread.no-record"), line)
        return
    yield DnsRecord(
        name=_name(match["name"]),
        type=match["type"],
        data=(_data(match["data"]),),
        ttl=int(match["ttl"]) if match["ttl"] else None,
    )


def _name(text: str) -> str:
    return text.lower().rstrip(".") or "."


def _data(text: str) -> str:
    text = text.strip()
    return text[:-1].lower() if text.endswith(".") and " " not in text and len(text) > 1 else text


_MESSAGE = frozenset(("responseMessage", "answerRRs", "QNAME"))
_FIELDS = frozenset(
    ("rrname", "rrtype", "rdata", "time_first", "time_last", "zone_time_first", "zone_time_last",
     "count")
)  # fmt: skip
