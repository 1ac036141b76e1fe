"""Exports of certificate logs and of passive DNS as traits: CSV, crt.sh's JSON, and COF lines.

A row that cannot be read is counted, and the reading goes on; so is a name that is no host.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache

from cautery.errors import InputError
from cautery.formats import DnsRecord, LoggedCertificate, ReadWarning, read_ct, read_dns
from cautery.messages import message
from cautery.model.descent import TraitKind, TraitSeen
from cautery.model.host_names import ascii_name
from cautery.model.message import Message
from cautery.model.ports import Facts
from cautery.workflows.files.lines import as_utf8, lines_of, separator_of
from cautery.workflows.follow.shown import label_of

MAX_LINE = 65_536
"""Bytes of a row that are read; a certificate names two thousand hosts at most."""
MOST_NAMES = 2_000
ROW = message("grown.left-row")
NO_DAY = message("grown.left-no-day")
CERTIFICATE_LOG, PASSIVE_DNS = "certificate-log", "passive-dns"
_NAMES = ("name_value", "names", "name", "host", "domain")
_KEYS = ("spki_sha256", "spki", "key_sha256")
_LOGGED = ("day", "entry_timestamp", "logged_at", "logged", "not_before")
_QUERIED = ("rrname", "name", "host", "domain")
_TYPES = ("rrtype", "type")
_DATA = ("rdata", "data", "value", "address")
_FIRST = ("time_first", "first_seen", "first", "day")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SPLIT = re.compile(r"[\s,;|]+")


def is_certificate_log(header: Iterable[str]) -> bool:
    """Tell whether a table's columns are those of a certificate log."""
    columns = {cell.strip().lower() for cell in header}
    return bool(columns & {*_KEYS, "name_value", "entry_timestamp", "logged_at", "not_before"})


def is_passive_dns(header: Iterable[str]) -> bool:
    """Tell whether a table's columns are those of passive DNS."""
    columns = {cell.strip().lower() for cell in header}
    return bool(columns & {*_TYPES}) and bool(columns & {*_DATA}) and bool(columns & {*_QUERIED})


class Exports:
    """Reads exports, and counts what is left out.

    Parameters
    ----------
    facts : Facts
        For registered domains, and for the networks of addresses: without a facts folder an address
        says no hoster.
    left_out : Counter
        Counts what is left out, by the reason.
    """

    def __init__(self, facts: Facts, left_out: Counter[Message]) -> None:
        self._facts, self._left_out = facts, left_out
        self._hoster: Callable[[str], str | None] = lru_cache(maxsize=1 << 16)(self._network)

    def table(self, chunks: Iterable[bytes], name: str) -> Iterator[TraitSeen]:
        """Yield the traits of a CSV of either kind: its columns say which.

        Raises
        ------
        InputError
            If it is neither.
        """
        lines = lines_of(as_utf8(chunks, name), longest=MAX_LINE)
        head = next(lines, "").removeprefix("\ufeff")
        separator = separator_of(head)
        header = [cell.strip().lower() for cell in _cells(head, separator)]
        if is_passive_dns(header):
            read = self._dns_row
        elif is_certificate_log(header):
            read = self._log_row
        else:
            raise InputError(
                f"{name}: neither a certificate log nor passive DNS; its columns are "
                f"{', '.join(header)[:200]}",
                hint="A certificate log: logged_at,name_value,spki_sha256. Passive DNS: "
                "rrname,rrtype,rdata,time_first.",
            )
        for line in lines:
            if text := line.strip():
                yield from read(dict(zip(header, _cells(text, separator), strict=False)))

    def log_json(self, chunks: Iterable[bytes]) -> Iterator[TraitSeen]:
        """Yield the traits of crt.sh's JSON, or of a log's own entries."""
        for entry in read_ct(chunks):
            if isinstance(entry, ReadWarning):
                self._left_out[ROW] += entry.count
                continue
            yield from self._logged(entry)

    def cof(self, chunks: Iterable[bytes]) -> Iterator[TraitSeen]:
        """Yield the traits of passive DNS in the Common Output Format."""
        for record in read_dns(chunks):
            if isinstance(record, ReadWarning):
                self._left_out[ROW] += record.count
            elif isinstance(record, DnsRecord):
                first = record.first_seen or record.last_seen
                day = None if first is None else first.date()
                for data in record.data:
                    yield from self._resolved(record.name, record.type, data, day)

    def _logged(self, entry: LoggedCertificate) -> Iterator[TraitSeen]:
        logged = entry.logged_at or entry.not_before
        day = None if logged is None else logged.date()
        yield from self._named(entry.names, entry.spki_sha256, day)

    def _log_row(self, row: dict[str, str]) -> Iterator[TraitSeen]:
        names = _SPLIT.split(_first_of(row, _NAMES))[:MOST_NAMES]
        key = _first_of(row, _KEYS).lower().removeprefix("sha256:")
        yield from self._named(names, key or None, _day(_first_of(row, _LOGGED)))

    def _named(
        self, names: Iterable[str], key: str | None, day: date | None
    ) -> Iterator[TraitSeen]:
        if day is None:
            self._left_out[NO_DAY] += 1
            return
        for host in dict.fromkeys(map(_host, names)):
            if host is None:
                self._left_out[ROW] += 1
                continue
            domain = self._facts.registered_domain(host)
            if domain is not None:
                yield from self._one(
                    host, TraitKind.SITE_NAME, label_of(domain), day, CERTIFICATE_LOG
                )
            if key is not None and _DIGEST.fullmatch(key):
                yield from self._one(host, TraitKind.CERTIFICATE, key, day, CERTIFICATE_LOG)

    def _dns_row(self, row: dict[str, str]) -> Iterator[TraitSeen]:
        yield from self._resolved(
            _first_of(row, _QUERIED),
            _first_of(row, _TYPES).upper(),
            _first_of(row, _DATA),
            _day(_first_of(row, _FIRST)),
        )

    def _resolved(self, name: str, kind: str, data: str, day: date | None) -> Iterator[TraitSeen]:
        host = _host(name)
        if day is None or host is None:
            self._left_out[NO_DAY if day is None else ROW] += 1
            return
        domain = self._facts.registered_domain(host)
        if domain is not None:
            yield from self._one(host, TraitKind.SITE_NAME, label_of(domain), day, PASSIVE_DNS)
        if kind in {"A", "AAAA"} and (hoster := self._hoster(data.strip())) is not None:
            yield from self._one(host, TraitKind.HOSTER, hoster, day, PASSIVE_DNS)
        if kind == "NS" and (server := _host(data)) is not None:
            yield from self._one(host, TraitKind.NAME_SERVER, server, day, PASSIVE_DNS)

    def _one(
        self, host: str, kind: TraitKind, value: str, day: date, source: str
    ) -> Iterator[TraitSeen]:
        try:
            yield TraitSeen(entity=host, kind=kind, value=value, day=day, source=source)
        except InputError:
            self._left_out[ROW] += 1

    def _network(self, address: str) -> str | None:
        try:
            network = self._facts.network_of(address)
        except (InputError, ValueError):
            return None
        return None if network is None else f"as{network.asn}"


def _cells(line: str, separator: str) -> list[str]:
    # A row is a line: an open quote must not swallow the rows that follow.
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _first_of(row: dict[str, str], names: Iterable[str]) -> str:
    return next((row[name].strip() for name in names if row.get(name, "").strip()), "")


def _host(text: str) -> str | None:
    """Return a name without a wildcard and ``www``, in its one spelling."""
    plain = text.strip().lower().rstrip(".").removeprefix("*.").removeprefix("www.")
    try:
        name = ascii_name(plain)
    except (InputError, UnicodeError, ValueError):
        return None
    return name if "." in name and len(name) <= 253 else None


def _day(text: str) -> date | None:
    """Return the day of a time: ISO 8601, or seconds from 1970."""
    try:
        if text.isascii() and text.isdigit() and len(text) <= 12:
            return datetime.fromtimestamp(int(text), UTC).date()
        moment = datetime.fromisoformat(text)
        # In another zone the first and the last moment of all years are of no year.
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
    except (ValueError, OverflowError, OSError):
        return None
