"""What a folder of fact files says of addresses and names: AS, country, sharing, popularity.

Reaches: the local file system only, one folder named by the mandate; nothing is fetched.

Lawful basis: published registries and lists, and passive DNS that the analyst is licensed to
hold; no viewer's data. The shared lists keep their own licences.

Manners: files are read once, when first asked for, and never written.

Format: CSV files named as in the shared data (``asn-ipv4.csv``, ``ranges.csv``, ``popular.csv``
...; also .xz, .gz, .bz2), the public suffix list of publicsuffix.org, and beside them
``passive-dns.csv`` (address,name,first_seen,last_seen), ``dedicated.csv``
(address,dedicated_to,evidence,evidence_date), ``certificates.csv`` (as ``passive-dns.csv``),
``owners.csv`` (target,owner,since,source), ``protected-names.csv`` (name,kind) and ``facts.toml``
(``[facts.NAME] path, kind, date, valid_days``). A further file is read beside the known one of its
kind, so ``[facts.aws]`` of kind ``shared`` adds to ``ranges``; all of a kind must be valid.
"""

from __future__ import annotations

import importlib.metadata
import io
import ipaddress
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from cautery.adapters._fact_files import (
    KNOWN,
    MAX_ROWS,
    ROLES,
    FactFile,
    inventory,
    rows_in,
    text_of,
)
from cautery.adapters._fact_ranges import RangeTable, covered
from cautery.adapters._fact_text import (
    parents,
    read_address,
    read_moment,
    read_name,
    read_number,
    read_span,
)
from cautery.errors import InputError
from cautery.model import CoHosted, DedicatedFact, NetworkFact, OwnerFact, SharedFact

V = TypeVar("V")

_NAME_KINDS = (
    "bank-website",
    "university_domains",
    "dynamic-dns",
    "link-in-bio",
    "url-shortener",
    "disposable-email",
    "cdn-cname-suffixes",
)
_ADDRESS_KINDS = ("public-dns-v4", "parking-domain", "sinkholes")
_STRICTNESS = {"cdn": 0, "waf": 1, "service": 2, "cloud": 3, "hosting": 4}
_PACKAGED_SUFFIXES_VALID_DAYS = 540
_OF_MOMENTS = ("passive-dns", "certificates")
"""Facts whose rows have times: without a date of its own, a file is as old as its newest row."""


class FactsFolder:
    """The facts of one folder; fulfils :class:`cautery.model.ports.Facts`.

    Parameters
    ----------
    path : Path
        A folder laid out as the shared data, or with the same files side by side.

    Raises
    ------
    InputError
        If the folder or its ``facts.toml`` cannot be used.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._files = inventory(self.path)
        self._broken: Counter[str] = Counter()

    @property
    def files(self) -> tuple[FactFile, ...]:
        """Every fact file, found or not, by name."""
        return tuple(self._files[name] for name in sorted(self._files))

    @property
    def broken(self) -> dict[str, int]:
        """Lines that could not be used, by fact, of the files read so far."""
        return {name: count for name, count in sorted(self._broken.items()) if count}

    def network_of(self, address: str) -> NetworkFact | None:
        """Return the autonomous system of an address."""
        ip = read_address(address)
        if ip is None:
            return None
        four = ip.version == 4
        asn = (self._asn4 if four else self._asn6).at(int(ip))
        if asn is None:
            return None
        country = (self._country4 if four else self._country6).at(int(ip))
        return NetworkFact(
            address=str(ip),
            asn=asn,
            organisation=self._organisations.get(asn, f"AS{asn}"),
            country=country,
            shares=self._shares.get(asn, ()),
        )

    def country_of(self, address: str) -> str | None:
        """Return the country of registration or declared use, not where the server stands."""
        ip = read_address(address)
        if ip is None:
            return None
        return (self._country4 if ip.version == 4 else self._country6).at(int(ip))

    def shared(self, address: str) -> SharedFact | None:
        """Return the narrowest published shared range that holds an address."""
        ip = read_address(address)
        if ip is None:
            return None
        return self._shared[ip.version].at(int(ip))

    def names_on(self, address: str) -> tuple[CoHosted, ...]:
        """Return the names that passive DNS or a certificate tied to an address, by name."""
        ip = read_address(address)
        return () if ip is None else self._hosting[0].get(str(ip), ())

    def names_within(self, first: str, last: str, *, most: int) -> tuple[CoHosted, ...]:
        """Return at most so many of the names tied to addresses from ``first`` to ``last``."""
        low, high = read_address(first), read_address(last)
        if low is None or high is None:
            return ()
        placed = self._placed[low.version]
        found: list[CoHosted] = []
        for number in placed[bisect_left(placed, int(low)) : bisect_right(placed, int(high))]:
            found += self._hosting[0][str(type(low)(number))]
            if len(found) >= most:
                break
        return tuple(found[:most])

    def owner_of(self, target: str) -> OwnerFact | None:
        """Return since when an address or a domain has had its owner, if anybody says so."""
        ip = read_address(target)
        if ip is not None:
            return self._owners[1][ip.version].at(int(ip))
        plain = read_name(target)
        if plain is None:
            return None
        return next(
            (found for one in parents(plain) if (found := self._owners[0].get(one)) is not None),
            None,
        )

    def addresses_of(self, name: str) -> tuple[CoHosted, ...]:
        """Return the addresses that passive DNS or a certificate tied to a name."""
        plain = read_name(name)
        return () if plain is None else self._hosting[1].get(plain, ())

    def knows_hosting(self) -> bool:
        """Tell whether there is passive DNS at all: without it co-hosting is unknown."""
        return any(file.path is not None for file in self._role("passive-dns")) and bool(
            self._hosting[0]
        )

    def dedicated(self, address: str) -> DedicatedFact | None:
        """Return the newest evidence that an address serves one customer alone, if any."""
        ip = read_address(address)
        return None if ip is None else self._dedicated.get(str(ip))

    def popular(self, name: str) -> bool:
        """Tell whether a name is a popular site, a service name of one, or holds one below it."""
        plain = read_name(name)
        if plain is None:
            return False
        if plain in self._popular_parents:
            return True
        registered = self.registered_domain(plain)
        for parent in parents(plain):
            if parent in self._popular:
                return True
            if parent == registered:
                break
        return False

    def kinds_of(self, name: str) -> tuple[str, ...]:
        """Return protected kinds of a name, or of an address, sorted."""
        ip = read_address(name)
        if ip is not None:
            return self._kinds_of_address(ip)
        plain = read_name(name)
        if plain is None:
            return ()
        found: set[str] = set()
        for parent in parents(plain):
            found |= self._kinds.get(parent, frozenset())
        return tuple(sorted(found))

    def registered_domain(self, name: str) -> str | None:
        """Return the registrable domain by both sections of the public suffix list."""
        plain = read_name(name)
        if plain is None or "." not in plain:
            return None
        found: str | None = self._registered(plain)
        return found

    def dated(self, fact: str) -> date | None:
        """Return the date of a fact: of several files of its kind, the oldest."""
        found = self._role(fact)
        if not found:
            return _packaged_date() if fact == "public_suffix_list" else None
        dates = [self._date_of(one) for one in found]
        return min((one for one in dates if one is not None), default=None)

    def valid(self, fact: str, at: datetime) -> bool:
        """Tell whether a fact is there, dated, and no file of it stale at a moment."""
        last = self._last_day(fact)
        return last is not None and at.astimezone(UTC).date() <= last

    def _role(self, fact: str) -> list[FactFile]:
        return self._roles.get(fact, [])

    @cached_property
    def _roles(self) -> dict[str, list[FactFile]]:
        found: dict[str, list[FactFile]] = {}
        for name, file in self._files.items():
            if file.path is None:
                continue
            found.setdefault(name, []).append(file)
            role = ROLES.get(file.kind)
            if name not in KNOWN and role is not None and role != name:
                found.setdefault(role, []).append(file)
        return found

    def _date_of(self, file: FactFile) -> date | None:
        if file.date is None and file.path is not None and file.name in _OF_MOMENTS:
            seen = [one.last_seen for found in self._hosting[0].values() for one in found]
            made = datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
            return min(max(seen), made).date() if seen else None
        return file.date

    @cached_property
    def _last_days(self) -> dict[str, date | None]:
        return {}

    def _last_day(self, fact: str) -> date | None:
        if fact not in self._last_days:
            self._last_days[fact] = self._reckoned_last_day(fact)
        return self._last_days[fact]

    def _reckoned_last_day(self, fact: str) -> date | None:
        found = self._role(fact)
        if not found and fact == "public_suffix_list":
            dated = _packaged_date()
            return None if dated is None else dated + timedelta(days=_PACKAGED_SUFFIXES_VALID_DAYS)
        days: list[date] = []
        for file in found:
            dated = self._date_of(file)
            if dated is None or file.valid_days is None:
                return None
            try:
                days.append(dated + timedelta(days=file.valid_days))
            except OverflowError:
                days.append(date.max)
        return min(days, default=None)

    def _rows(self, fact: str, columns: int) -> Iterator[list[str]]:
        return (row for _, row in self._named_rows(fact, columns))

    def _named_rows(self, fact: str, columns: int) -> Iterator[tuple[str, list[str]]]:
        for file in self._role(fact):
            if file.path is None:
                continue
            for row in rows_in(text_of(file.path), columns, name=str(file.path)):
                if row is None:
                    self._broken[file.name] += 1
                else:
                    yield file.name, row

    def _ranges(self, fact: str) -> Iterator[tuple[int, int, str]]:
        for row in self._rows(fact, 3):
            first, last = read_number(row[0]), read_number(row[1])
            if first is None or last is None or last < first or not row[2]:
                self._broken[fact] += 1
            else:
                yield first, last, row[2]

    def _numbered(self, fact: str, last: str) -> RangeTable[Any] | None:
        """Read a table of numbers in one go; ``None`` when it holds anything else."""
        file = next(iter(self._role(fact)), None)
        if file is None or file.path is None:
            return None
        try:
            table = np.loadtxt(
                io.StringIO(text_of(file.path)),
                dtype=[("start", "u8"), ("end", "u8"), ("says", last)],
                delimiter=",",
                skiprows=1,
                comments=None,
                max_rows=MAX_ROWS + 1,
                ndmin=1,
            )
        except ValueError:
            return None
        if len(table) > MAX_ROWS:
            raise InputError(f"{file.path}: more than {MAX_ROWS:,} rows")
        if (table["end"] < table["start"]).any() or not table["says"].astype(bool).all():
            return None
        return RangeTable.of_arrays(
            np.ascontiguousarray(table["start"]),
            np.ascontiguousarray(table["end"]),
            table["says"].tolist(),
        )

    def _asns(self, fact: str) -> RangeTable[int]:
        kept: list[tuple[int, int, int]] = []
        for first, last, asn in self._ranges(fact):
            if asn.isascii() and asn.isdigit() and len(asn) <= 10:
                kept.append((first, last, int(asn)))
            else:
                self._broken[fact] += 1
        return RangeTable(kept)

    @cached_property
    def _asn4(self) -> RangeTable[int]:
        return self._numbered("asn-ipv4", "u4") or self._asns("asn-ipv4")

    @cached_property
    def _asn6(self) -> RangeTable[int]:
        return self._asns("asn-ipv6")

    @cached_property
    def _country4(self) -> RangeTable[str]:
        # A country has two letters; eight are read, so that a longer word is seen to be none.
        return self._numbered("country-ipv4", "U8") or RangeTable(self._ranges("country-ipv4"))

    @cached_property
    def _country6(self) -> RangeTable[str]:
        return RangeTable(self._ranges("country-ipv6"))

    @cached_property
    def _organisations(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for asn, name, *_ in self._rows("asn-names", 2):
            if asn.isascii() and asn.isdigit() and len(asn) <= 10:
                found[int(asn)] = name[:200]
            else:
                self._broken["asn-names"] += 1
        return found

    @cached_property
    def _shared(self) -> dict[int, RangeTable[SharedFact]]:
        kept: dict[int, list[tuple[int, int, SharedFact]]] = {4: [], 6: []}
        for name, (cidr, provider, kind, *_) in self._named_rows("ranges", 3):
            span = read_span(cidr)
            if span is None:
                self._broken[name] += 1
                continue
            version, first, last = span
            fact = SharedFact(cidr=cidr.strip(), provider=provider[:100], kind=kind[:40], fact=name)
            kept[version].append((first, last, fact))
        # The same range listed twice counts as the kind that shares most.
        for found in kept.values():
            found.sort(key=lambda one: (_STRICTNESS.get(one[2].kind, 2), one[0], one[2].provider))
        return {version: RangeTable(found) for version, found in kept.items()}

    @cached_property
    def _shares(self) -> dict[int, tuple[tuple[str, float], ...]]:
        """How much of what each network announces (IPv4) is published as shared, by kind."""
        starts, ends, asns = self._asn4.arrays()
        shared_starts, shared_ends, shared = self._shared[4].arrays()
        if not len(starts) or not len(shared_starts):
            return {}
        kinds = np.array([one.kind for one in shared])
        numbers, of = np.unique(np.array(asns, dtype=np.int64), return_inverse=True)
        whole = np.bincount(of, weights=ends.astype(float) - starts + 1)
        found: dict[int, list[tuple[str, float]]] = {}
        for kind in sorted(set(kinds.tolist())):
            mine = kinds == kind
            parts = covered(starts, ends, shared_starts[mine], shared_ends[mine])
            share = np.bincount(of, weights=parts) / whole
            for place in np.flatnonzero(share > 0).tolist():
                said = (kind, round(float(share[place]), 4))
                found.setdefault(int(numbers[place]), []).append(said)
        return {asn: tuple(said) for asn, said in found.items()}

    @cached_property
    def _hosting(self) -> tuple[dict[str, tuple[CoHosted, ...]], dict[str, tuple[CoHosted, ...]]]:
        by_address: dict[str, list[CoHosted]] = {}
        by_name: dict[str, list[CoHosted]] = {}
        for seen in (*self._seen("passive-dns"), *self._seen("certificates")):
            by_address.setdefault(seen.address, []).append(seen)
            by_name.setdefault(seen.name, []).append(seen)
        return (
            {
                address: tuple(sorted(seen, key=lambda one: (one.name, one.first_seen)))
                for address, seen in by_address.items()
            },
            {
                name: tuple(sorted(seen, key=lambda one: (one.address, one.first_seen)))
                for name, seen in by_name.items()
            },
        )

    def _seen(self, fact: str) -> Iterator[CoHosted]:
        for name, (address, host, first, last, *_) in self._named_rows(fact, 4):
            ip, plain = read_address(address), read_name(host.strip().removeprefix("*."))
            first_seen, last_seen = read_moment(first), read_moment(last)
            if ip is None or plain is None or first_seen is None or last_seen is None:
                self._broken[name] += 1
                continue
            yield CoHosted(
                address=str(ip), name=plain, first_seen=first_seen, last_seen=last_seen, fact=fact
            )

    @cached_property
    def _placed(self) -> dict[int, list[int]]:
        placed: dict[int, list[int]] = {4: [], 6: []}
        for text in self._hosting[0]:
            ip = ipaddress.ip_address(text)
            placed[ip.version].append(int(ip))
        return {version: sorted(found) for version, found in placed.items()}

    @cached_property
    def _owners(self) -> tuple[dict[str, OwnerFact], dict[int, RangeTable[OwnerFact]]]:
        names: dict[str, OwnerFact] = {}
        placed: dict[int, list[tuple[int, int, OwnerFact]]] = {4: [], 6: []}
        for name, (target, owner, since, source, *_) in self._named_rows("owners", 4):
            moment, span, plain = read_moment(since), read_span(target), read_name(target)
            if moment is None or not owner.strip() or plain is None:
                self._broken[name] += 1
                continue
            fact = OwnerFact(
                target=target.strip(),
                owner=owner.strip()[:100],
                since=moment.date(),
                source=source.strip()[:100],
            )
            if span is not None:
                placed[span[0]].append((span[1], span[2], fact))
            else:
                known = names.get(plain)
                names[plain] = fact if known is None or known.since <= fact.since else known
        return names, {version: RangeTable(found) for version, found in placed.items()}

    @cached_property
    def _dedicated(self) -> dict[str, DedicatedFact]:
        found: dict[str, DedicatedFact] = {}
        for address, to, evidence, dated, *_ in self._rows("dedicated", 4):
            ip, moment = read_address(address), read_moment(dated)
            if ip is None or moment is None or not evidence.strip() or not to.strip():
                self._broken["dedicated"] += 1
                continue
            fact = DedicatedFact(
                address=str(ip),
                dedicated_to=to.strip(),
                evidence=evidence.strip(),
                evidence_date=moment.date(),
            )
            known = found.get(fact.address)
            if known is None or known.evidence_date <= fact.evidence_date:
                found[fact.address] = fact
        return found

    @cached_property
    def _popular(self) -> frozenset[str]:
        return frozenset(self._names_in("popular"))

    @cached_property
    def _popular_parents(self) -> frozenset[str]:
        """Names below which a popular host lies, down to its registrable domain."""
        found: set[str] = set()
        for host in self._popular:
            if host.count(".") < 2:
                continue
            registered = self.registered_domain(host)
            if registered is None or registered == host:
                continue
            for parent in parents(host):
                found.add(parent)
                if parent == registered:
                    break
        return frozenset(found)

    @cached_property
    def _kinds(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for fact in _NAME_KINDS:
            for name in self._names_in(fact):
                found.setdefault(name, set()).add(KNOWN[fact].kind)
        for name, kind, *_ in self._rows("protected-names", 2):
            plain = read_name(name)
            if plain is None or not kind.strip():
                self._broken["protected-names"] += 1
            else:
                found.setdefault(plain, set()).add(kind.strip().lower())
        return {name: frozenset(kinds) for name, kinds in found.items()}

    @cached_property
    def _address_kinds(self) -> dict[int, dict[str, RangeTable[str]]]:
        found: dict[int, dict[str, RangeTable[str]]] = {4: {}, 6: {}}
        for fact in _ADDRESS_KINDS:
            kind = KNOWN[fact].kind
            kept: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
            for row in self._rows(fact, 1):
                span = read_span(row[0])
                if span is None:
                    self._broken[fact] += 1
                    continue
                kept[span[0]].append((span[1], span[2], kind))
            for version, ranges in kept.items():
                found[version][kind] = RangeTable(ranges)
        return found

    def _kinds_of_address(
        self, ip: ipaddress.IPv4Address | ipaddress.IPv6Address
    ) -> tuple[str, ...]:
        tables = self._address_kinds[ip.version]
        return tuple(sorted(kind for kind, table in tables.items() if table.at(int(ip))))

    @cached_property
    def _suffixes(self) -> Any:
        from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - heavy: 50 ms of CPU

        path = next((one.path for one in self._role("public_suffix_list")), None)
        if path is None:
            return PublicSuffixList()
        return PublicSuffixList(source=io.StringIO(text_of(path)))

    @cached_property
    def _registered(self) -> Any:
        """The registrable domain of a name; the same few are asked for over and over."""

        @lru_cache(maxsize=65536)
        def registered(plain: str) -> str | None:
            found = self._suffixes.privatesuffix(plain)
            return None if found is None else str(found)

        return registered

    def _names_in(self, fact: str) -> Iterator[str]:
        for row in self._rows(fact, 1):
            plain = read_name(row[0])
            if plain is None:
                self._broken[fact] += 1
            else:
                yield plain


def _packaged_date() -> date | None:
    """Return the date of the packaged suffix list, which its version ends with."""
    version = importlib.metadata.version("publicsuffixlist")
    found = re.search(r"(\d{4})(\d{2})(\d{2})$", version)
    return date(int(found[1]), int(found[2]), int(found[3])) if found else None
