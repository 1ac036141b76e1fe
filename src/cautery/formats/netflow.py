"""NetFlow as tables: who sent how much to whom, addresses only for hashing."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from cautery.errors import SourceError
from cautery.formats._buffer import Buffer
from cautery.formats._seized import SeizedRow, unread
from cautery.formats._table_lines import table_lines
from cautery.formats._tally import Tally
from cautery.formats._text import begin, markup_of
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model import Authority

FORMAT = (
    "NetFlow, IPFIX or other flow records as CSV: nfdump, SiLK's rwcut, nProbe, Argus, Zeek's "
    "conn.log and others"
)
SPECIFICATION = (
    "No standard: nfdump(1) -o csv, rwcut(1), ra(1) -c, Zeek's ASCII logs; fields as in RFC 3954 "
    "and RFC 7012 (IPFIX), by the names that exporters write into the header"
)
MEDIA_TYPES = ("text/csv", "text/plain")

_NAMES: Mapping[str, tuple[str, ...]] = {
    "at": ("ts", "firstseen", "stime", "starttime", "start", "first", "firstswitched",
           "flowstartmilliseconds", "flowstartseconds", "timestamp", "date", "datefirstseen",
           "time"),
    "ended_at": ("te", "lastseen", "etime", "endtime", "end", "last", "lasttime", "lastswitched",
                 "flowendmilliseconds", "flowendseconds", "datelastseen"),
    "duration": ("td", "duration", "dur"),
    "source": ("sa", "srcaddr", "sip", "srcip", "sourceip", "sourceaddress", "source",
               "ipv4srcaddr", "ipv6srcaddr", "sourceipv4address", "sourceipv6address", "ipsrc",
               "src", "srcipaddr", "srcipaddress", "idorigh", "srcipaddrport"),
    "source_port": ("sp", "srcport", "sport", "sourceport", "l4srcport", "sourcetransportport",
                    "idorigp"),
    "destination": ("da", "dstaddr", "dip", "dstip", "destinationip", "destinationaddress",
                    "destination", "ipv4dstaddr", "ipv6dstaddr", "destinationipv4address",
                    "destinationipv6address", "ipdst", "dst", "dstipaddr", "destip",
                    "dstipaddress", "idresph", "dstipaddrport"),
    "destination_port": ("dp", "dstport", "dport", "destinationport", "l4dstport",
                         "destinationtransportport", "idrespp"),
    "protocol": ("pr", "proto", "protocol", "pro", "protocolidentifier"),
    "packets": ("ipkt", "packets", "pkts", "inpkts", "packetdeltacount", "totfwdpkts", "dpkts",
                "totpkts", "resppkts"),
    "bytes": ("ibyt", "bytes", "octets", "inbytes", "octetdeltacount", "totlenfwdpkts", "doctets",
              "size", "totbytes", "respbytes"),
}  # fmt: skip
"""Header names in lower case without blanks, dashes and underscores."""
_NEEDED = ("at", "source", "destination", "bytes")
_PROTOCOLS = {"TCP": "6", "UDP": "17", "ICMP": "1", "ICMP6": "58", "GRE": "47", "ESP": "50",
              "SCTP": "132", "IGMP": "2", "IPIP": "4"}  # fmt: skip
_SUMMARY = ("summary", "flows,bytes")
_OF_ZEEK = ("#separator", "#set_separator", "#empty_field", "#unset_field", "#path", "#open",
            "#types", "#close")  # fmt: skip
_WITH_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})|([0-9A-Fa-f:]{2,39})\.(\d{1,5})")
"""As nfdump writes an address and its port in one column."""
_DAY_FIRST = re.compile(r"(\d{2})/(\d{2})/(\d{4})(?=[ T])")


def read_netflow(
    chunks: Iterable[bytes], *, authority: Authority
) -> Iterator[SeizedRow | ReadWarning]:
    """Yield one row for each flow; the summary that nfdump writes below is left out.

    Times without a zone are taken for UTC.

    Raises
    ------
    SourceError
        If the header does not name time, addresses and bytes.
    """
    assert isinstance(authority, Authority)
    _, stream = begin(chunks, expected_format="flow records")
    buffer, tally = Buffer(stream), Tally()
    columns: dict[str, int] | None = None
    separator, width = ",", 0
    for line in table_lines(buffer, tally):
        if isinstance(line, ReadWarning):
            yield line
            continue
        number, text = line
        if text.startswith(_OF_ZEEK):
            continue
        if columns is None:
            separator, width, columns = header(text)
            continue
        if text.lower().startswith(_SUMMARY):
            break
        fields = _fields(text, separator)
        values = _values(fields, columns) if abs(len(fields) - width) <= 1 else None
        if values is None:
            yield from unread(tally, number, message("unread.no-flow"), text)
            continue
        yield SeizedRow(kind="flow", values=values, line=number)
    if columns is None:
        raise SourceError("not flow records: no header")
    yield from tally.rest()


def header(text: str) -> tuple[str, int, dict[str, int]]:
    """Return separator, number of columns, and where each field stands.

    Raises
    ------
    SourceError
        If it is no header of flow records.
    """
    if (markup := markup_of(text[:4096])) is not None:
        raise SourceError(f"not flow records: this is {markup}")
    text = text[:8192].removeprefix("#fields\t").lstrip("#").strip()
    separator = max(",|;\t", key=text.count)
    names = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in _fields(text, separator)]
    columns = {
        field: next(names.index(alias) for alias in aliases if alias in names)
        for field, aliases in _NAMES.items()
        if any(alias in names for alias in aliases)
    }
    missing = [field for field in _NEEDED if field not in columns]
    if missing:
        raise SourceError(
            f"not flow records: no column for {' nor '.join(missing)}",
            hint="The first line names the columns, as nfdump -o csv and rwcut write them.",
        )
    return separator, len(names), columns


def _fields(text: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator), [])]
    except csv.Error:  # a carriage return inside a line
        return []


def _values(fields: list[str], columns: Mapping[str, int]) -> dict[str, str] | None:
    cells = {name: fields[at] for name, at in columns.items() if at < len(fields) and fields[at]}
    at = _moment(cells.pop("at", ""))
    if at is None or "source" not in cells or "destination" not in cells:
        return None
    for name in ("source", "destination"):
        if (match := _WITH_PORT.fullmatch(cells[name])) is not None:
            cells[name] = match[1] or match[3]
            cells.setdefault(f"{name}_port", match[2] or match[4])
    duration = cells.pop("duration", "")
    ended = _moment(cells.pop("ended_at", ""))
    if ended is None and re.fullmatch(r"\d{1,8}(?:\.\d{1,9})?", duration):
        with suppress(OverflowError):  # at the end of Python's years it is unknown
            ended = at + timedelta(seconds=float(duration))
    protocol = cells.get("protocol", "").upper()
    values = cells | {"at": at.isoformat()}
    if protocol in _PROTOCOLS:
        values["protocol"] = _PROTOCOLS[protocol]
    if ended is not None:
        values["ended_at"] = ended.isoformat()
    return values


def _moment(text: str) -> datetime | None:
    if re.fullmatch(r"\d{9,13}(?:\.\d{1,9})?", text):
        number = float(text)
        # In seconds this is the year 11476, in milliseconds 1979; 4102444800 s are the year 2100.
        number = number / 1000 if number > 300_000_000_000 else number
        return datetime.fromtimestamp(number, UTC) if 0 < number < 4_102_444_800 else None
    if day := _DAY_FIRST.match(text):
        text = f"{day[3]}-{day[2]}-{day[1]}{text[day.end() :]}"
    try:
        at = datetime.fromisoformat(text.replace("/", "-"))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
