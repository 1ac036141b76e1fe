"""The public formats of fact files, read into the columns of a facts folder. Pure: text to rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from cautery.adapters._fact_files import KNOWN, MAX_LINE
from cautery.adapters._fact_text import read_address, read_moment, read_name, read_number, read_span
from cautery.adapters._imported import Imported
from cautery.adapters._warning_lists import is_warning_list, warning_list
from cautery.errors import InputError
from cautery.json_text import parsed_json, values_in
from cautery.model import ADDRESS_LISTS

SHARED = ("cidr", "provider", "class", "source")
SEEN = ("address", "name", "first_seen", "last_seen")
CLASSES = ("cdn", "waf", "cloud", "hosting", "service")
_OF_ADDRESSES = tuple(KNOWN[fact].kind for fact in ADDRESS_LISTS)
"""Kinds whose lists hold addresses, so that a bare one is no list of shared ranges."""
_PSL_MARK = "===BEGIN ICANN DOMAINS==="
_PSL_VERSION = re.compile(r"^// VERSION: (\d{4}-\d{2}-\d{2})", re.MULTILINE)
_AWS_CDN = ("CLOUDFRONT", "GLOBALACCELERATOR", "CLOUDFRONT_ORIGIN_FACING")
MOST_LINES = 1_500_000
"""Of a file that is taken in, and values of one that is JSON: ranked lists have a million."""
MOST_ROWS = 420_000
"""Of a table, which take six seconds, usable or not: the largest shared one has 411,962."""
MOST_SEEN = 280_000
"""Observations of passive DNS as JSON: as long."""
MOST_FOREIGN = 250_000
"""Letters outside of ASCII: a label of a name with one takes thirty microseconds."""
_EPOCH_END = 253_402_300_800
"""1 January 10000, which ``datetime`` cannot hold."""

Check = Callable[[list[str]], bool]


def import_text(text: str, *, name: str, kind: str, share: str, top: int) -> Imported:
    """Read a file of any known public format.

    Parameters
    ----------
    name : str
        Of the fact; a list of ranges without a provider is that provider's.
    kind : str
        Of a list whose format does not tell: ``bank``, ``dynamic-dns`` ...
    share : str
        How ranges are shared (:data:`CLASSES`) where the format does not tell.
    top : int
        So many of a ranked list count as popular.

    Raises
    ------
    InputError
        If no reader knows it, or nothing in it can be used.
    """
    # No other sign ends a line: each costs its reader something.
    if text.count("\n") > MOST_LINES:
        raise InputError(f"more than {MOST_LINES:,} lines")
    if not text.isascii() and len(text) - len(text.encode("ascii", "ignore")) > MOST_FOREIGN:
        raise InputError(
            f"more than {MOST_FOREIGN:,} letters outside of ASCII",
            hint="Write names of hosts in punycode (xn--...).",
        )
    head = text.lstrip("\ufeff \t\r\n")
    if _PSL_MARK in text[:20_000]:
        match = _PSL_VERSION.search(text[:20_000])
        result = Imported(
            format="public suffix list",
            kind="public-suffix",
            text=text,
            date=None if match is None else _day(match[1]),
        )
        if "===END ICANN DOMAINS===" not in text:
            raise InputError("the public suffix list is incomplete: its end is missing")
        return result
    if head.startswith(("{", "[")):
        result = _json(head, name=name, kind=kind, share=share)
    else:
        result = _lines(head, name=name, kind=kind, share=share, top=top)
    if not result.rows:
        raise InputError(
            f"{result.format}: it has no usable row ({result.broken} broken rows)",
            hint="Known formats: AWS, GCP, Azure, Fastly JSON; range lists; CSV as in the "
            "shared data; public_suffix_list.dat; ranked top lists; passive DNS (COF NDJSON or "
            "CSV); warning lists of MISP.",
        )
    if result.broken > len(result.rows):
        raise InputError(
            f"{result.format}: {result.broken} broken rows, {len(result.rows)} good ones"
        )
    return result


def _json(text: str, *, name: str, kind: str, share: str) -> Imported:
    try:
        document = parsed_json(text, most=MOST_LINES)
    except ValueError:
        first, _, later = text.rstrip().partition("\n")
        if values_in(text) > MOST_LINES and not (later and first.rstrip().endswith("}")):
            raise InputError(f"more than {MOST_LINES:,} values") from None
        return _cof(text.split("\n"))
    if isinstance(document, dict) and "rrname" in document:
        return _cof([text.replace("\n", " ")])
    if is_warning_list(document):
        return warning_list(document, name=name, kind=kind, share=share)
    ranges: list[tuple[str, str, str]] = []
    what, dated = "a JSON list of ranges", None
    match document:
        case {"prefixes": list(prefixes), "syncToken": _, "createDate": made}:
            what, dated = "AWS ip-ranges.json", _day(str(made)[:10])
            entries = [*prefixes, *_list(document.get("ipv6_prefixes"))]
            ranges = [
                (_text(entry, "ip_prefix", "ipv6_prefix"), "aws", _aws(_text(entry, "service")))
                for entry in entries
            ]
        case {"prefixes": list(prefixes)}:
            what, dated = "GCP JSON", _day(str(document.get("creationTime", ""))[:10])
            ranges = [
                (_text(prefix, "ipv4Prefix", "ipv6Prefix", "ipPrefix"), name, share or "cloud")
                for prefix in prefixes
            ]
        case {"values": list(values)}:
            what = "Azure service tags"
            ranges = [
                (str(cidr), "azure", "cdn" if "FrontDoor" in _text(tag, "name") else "cloud")
                for tag in values
                if isinstance(tag, dict) and isinstance(tag.get("properties"), dict)
                for cidr in _list(tag["properties"].get("addressPrefixes"))
            ]
        case {"addresses": list(four)}:
            what = "Fastly JSON"
            entries = [*four, *_list(document.get("ipv6_addresses"))]
            ranges = [(str(cidr), name, share or "cdn") for cidr in entries]
        case {"result": {"ipv4_cidrs": list(four)}}:
            what = "Cloudflare JSON"
            entries = [*four, *_list(document["result"].get("ipv6_cidrs"))]
            ranges = [(str(cidr), name, share or "cdn") for cidr in entries]
        case [str(), *_]:
            ranges = [(str(cidr), name, share or "cdn") for cidr in document]
        case _:
            raise InputError("this JSON has no list of ranges")
    return _shared(what, ranges, name, dated)


def _aws(service: str) -> str:
    return "cdn" if service in _AWS_CDN else "cloud"


def _shared(
    what: str, ranges: Iterable[tuple[str, str, str]], source: str, dated: date | None
) -> Imported:
    unique: dict[tuple[str, ...], None] = {}
    broken = 0
    for cidr, provider, kind in ranges:
        if read_span(cidr) is None:
            broken += 1
        else:
            unique[cidr.strip(), provider, kind, source] = None
    return Imported(
        format=what, kind="shared", header=SHARED, rows=tuple(unique), date=dated, broken=broken
    )


def _cof(lines: Iterable[str]) -> Imported:
    """Read passive DNS in the Common Output Format (draft-dulaunoy-dnsop-passive-dns-cof)."""
    rows: list[tuple[str, ...]] = []
    broken, newest, read = 0, None, 0
    for line in lines:
        if not line.strip():
            continue
        read = _more(read, most=MOST_SEEN)
        try:
            row = parsed_json(line) if len(line) < 1_000_000 else None
        except ValueError:
            row = None
        if not isinstance(row, dict):
            broken += 1
            continue
        if row.get("rrtype") not in ("A", "AAAA"):
            continue
        first = _epoch(row.get("time_first", row.get("zone_time_first")))
        last = _epoch(row.get("time_last", row.get("zone_time_last")))
        host = read_name(str(row.get("rrname", "")))
        data = row.get("rdata")
        values = data if isinstance(data, list) else [data]
        read = _more(read, len(values) - 1, most=MOST_SEEN)
        for value in values:
            address = read_address(str(value))
            if address is None or host is None or first is None or last is None:
                broken += 1
                continue
            rows.append((str(address), host, first.isoformat(), last.isoformat()))
            newest = last if newest is None else max(newest, last)
    return Imported(
        format="passive DNS (COF)",
        kind="passive-dns",
        header=SEEN,
        rows=tuple(rows),
        date=None if newest is None else newest.date(),
        broken=broken,
    )


def _more(read: int, count: int = 1, *, most: int) -> int:
    """Return how many rows are read with some more, as long as they may be."""
    if read + count > most:
        raise InputError(f"more than {most:,} rows")
    return read + count


def _epoch(value: Any) -> datetime | None:
    try:
        number = float(value)
        return datetime.fromtimestamp(number, UTC) if 0 <= number < _EPOCH_END else None
    except (TypeError, ValueError, OverflowError):
        return None


def _lines(text: str, *, name: str, kind: str, share: str, top: int) -> Imported:
    lines = (line for line in text.split("\n") if line.strip() and not line.startswith(("#", ";")))
    first = next(lines, "")
    head = tuple(cell.strip().lower() for cell in _cells(first))
    columns = next((header for header in _TABLES if head[: len(header)] == header), None)
    if columns is not None:
        what, row_kind, good = _TABLES[columns]
        row_kind = "certificates" if kind == "certificates" and columns == SEEN else row_kind
        return _table(what, row_kind, columns, lines, good)
    bare = len(head) == 1 and kind and (kind in _OF_ADDRESSES or read_span(first) is None)
    if head == ("value",) or bare:
        rows = lines if head == ("value",) else _with(first, lines)
        if not kind:
            raise InputError(
                f"{name}: a list of values needs a kind", hint="Add --kind, such as --kind bank."
            )
        return _table("list", kind, ("value",), rows, lambda row: read_name(row[0]) is not None)
    if re.match(r"\d+,[^,\s]+\.[^,\s]+$", first.strip()):
        ranked = (_cells(line)[1:2] for line in islice(_with(first, lines), top))
        names = [(row[0].strip(), name) for row in ranked if row and read_name(row[0])]
        return Imported(
            format="ranked top list", kind="popular", header=("domain", "lists"), rows=tuple(names)
        )
    ranges = ((_cells(line) or [""])[0] for line in _with(first, lines))
    return _shared("range list", ((range_, name, share or "cdn") for range_ in ranges), name, None)


def _table(
    what: str, kind: str, header: tuple[str, ...], lines: Iterable[str], good: Check
) -> Imported:
    rows: list[tuple[str, ...]] = []
    broken, newest, read = 0, None, 0
    for line in lines:
        read = _more(read, most=MOST_ROWS)
        row = [cell.strip() for cell in _cells(line)]
        try:
            usable = len(row) >= len(header) and good(row)
        except (ValueError, IndexError):
            usable = False
        if not usable:
            broken += 1
            continue
        rows.append(tuple(row[: len(header)]))
        if header[:4] == SEEN and (last := read_moment(row[3])) is not None:
            newest = last if newest is None else max(newest, last)
    return Imported(
        format=f"CSV: {what}",
        kind=kind,
        header=header,
        rows=tuple(rows),
        date=None if newest is None else newest.date(),
        broken=broken,
    )


def _seen(row: list[str]) -> bool:
    is_name = read_name(row[1].removeprefix("*.")) is not None
    return read_address(row[0]) is not None and is_name and None not in map(read_moment, row[2:4])


def _numbers(row: list[str]) -> bool:
    return read_number(row[0]) is not None and read_number(row[1]) is not None and bool(row[2])


_TABLES: dict[tuple[str, ...], tuple[str, str, Check]] = {
    SHARED: ("shared ranges", "shared", lambda row: read_span(row[0]) is not None),
    SHARED[:3]: ("shared ranges", "shared", lambda row: read_span(row[0]) is not None),
    SEEN: ("passive DNS", "passive-dns", _seen),
    ("address", "dedicated_to", "evidence", "evidence_date"): (
        "evidence of dedication",
        "dedicated",
        lambda row: read_address(row[0]) is not None and read_moment(row[3]) is not None,
    ),
    ("target", "owner", "since", "source"): (
        "owners",
        "owners",
        lambda row: bool(row[0] and row[1]) and read_moment(row[2]) is not None,
    ),
    ("start", "end", "asn"): ("autonomous systems", "asn", _numbers),
    ("start", "end", "country"): ("countries", "country", _numbers),
    ("asn", "org"): ("names of autonomous systems", "asn", lambda row: row[0].isdigit()),
    ("domain", "lists"): ("popular names", "popular", lambda row: read_name(row[0]) is not None),
    ("name", "kind"): (
        "protected names",
        "protected",
        lambda row: read_name(row[0]) is not None and bool(row[1]),
    ),
    ("suffix", "provider"): (
        "CDN names",
        "cdn-name",
        lambda row: read_name(row[0]) is not None,
    ),
}


def _cells(line: str) -> list[str]:
    if len(line) > MAX_LINE or "\0" in line:
        return []
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _with(first: str, later: Iterable[str]) -> Iterator[str]:
    yield first
    yield from later


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any, *keys: str) -> str:
    if not isinstance(value, dict):
        return ""
    return next((str(value[key]) for key in keys if key in value), "")
