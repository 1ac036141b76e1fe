"""What a folder of fact files says of addresses and names: AS, country, sharing, popularity.

Reaches: the local file system only, one folder named by the mandate; nothing is fetched.

Lawful basis: published registries and lists, and passive DNS that the analyst is licensed to
hold; no viewer's data. The shared lists keep their own licences.

Manners: files are read once, when first asked for, and never written.

Format: CSV files named as in the shared data (``asn-ipv4.csv``, ``ranges.csv``, ``popular.csv``
...; also .xz, .gz, .bz2), the public suffix list of publicsuffix.org, and beside them
``passive-dns.csv`` (address,name,first_seen,last_seen), ``dedicated.csv``
(address,dedicated_to,evidence,evidence_date), ``protected-names.csv`` (name,kind) and
``facts.toml`` (``[facts.NAME] path, kind, date, valid_days``).
"""

from __future__ import annotations

import importlib.metadata
import io
import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cautery.adapters._fact_files import KNOWN, FactFile, inventory, rows, text_of
from cautery.adapters._fact_ranges import RangeTable
from cautery.adapters._fact_text import (
    parents,
    read_address,
    read_moment,
    read_name,
    read_network,
    read_number,
)
from cautery.model import CoHosted, DedicatedFact, NetworkFact, SharedFact

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
        """Return the names that passive DNS saw at an address, by name."""
        ip = read_address(address)
        return () if ip is None else self._hosting[0].get(str(ip), ())

    def addresses_of(self, name: str) -> tuple[CoHosted, ...]:
        """Return the addresses where passive DNS saw a name."""
        plain = read_name(name)
        return () if plain is None else self._hosting[1].get(plain, ())

    def knows_hosting(self) -> bool:
        """Tell whether there is passive DNS at all: without it co-hosting is unknown."""
        return bool(self._hosting[0])

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
        found = self._suffixes.privatesuffix(plain)
        return None if found is None else str(found)

    def dated(self, fact: str) -> date | None:
        """Return the date of a fact file, by its stem."""
        file = self._files.get(fact)
        if file is not None and file.path is not None:
            return file.date
        return _packaged_date() if fact == "public_suffix_list" else None

    def valid(self, fact: str, at: datetime) -> bool:
        """Tell whether a fact file is there, dated, and not yet stale at a moment."""
        file = self._files.get(fact)
        if file is not None and file.path is not None:
            last = file.last_day
            return last is not None and at.astimezone(UTC).date() <= last
        if fact == "public_suffix_list":
            dated = _packaged_date()
            if dated is not None:
                last = dated + timedelta(days=_PACKAGED_SUFFIXES_VALID_DAYS)
                return at.astimezone(UTC).date() <= last
        return False

    def _rows(self, fact: str, columns: int) -> Iterator[list[str]]:
        path = self._files[fact].path
        if path is None:
            return
        for row in rows(path, columns):
            if row is None:
                self._broken[fact] += 1
            else:
                yield row

    def _ranges(self, fact: str) -> Iterator[tuple[int, int, str]]:
        for row in self._rows(fact, 3):
            first, last = read_number(row[0]), read_number(row[1])
            if first is None or last is None or last < first or not row[2]:
                self._broken[fact] += 1
            else:
                yield first, last, row[2]

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
        return self._asns("asn-ipv4")

    @cached_property
    def _asn6(self) -> RangeTable[int]:
        return self._asns("asn-ipv6")

    @cached_property
    def _country4(self) -> RangeTable[str]:
        return RangeTable(self._ranges("country-ipv4"))

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
        for cidr, provider, kind, *_ in self._rows("ranges", 3):
            net = read_network(cidr)
            if net is None:
                self._broken["ranges"] += 1
                continue
            fact = SharedFact(cidr=str(net), provider=provider[:100], kind=kind[:40])
            kept[net.version].append((int(net.network_address), int(net.broadcast_address), fact))
        # The same range listed twice counts as the kind that shares most.
        for found in kept.values():
            found.sort(key=lambda one: (_STRICTNESS.get(one[2].kind, 2), one[0], one[2].provider))
        return {version: RangeTable(found) for version, found in kept.items()}

    @cached_property
    def _hosting(self) -> tuple[dict[str, tuple[CoHosted, ...]], dict[str, tuple[CoHosted, ...]]]:
        by_address: dict[str, list[CoHosted]] = {}
        by_name: dict[str, list[CoHosted]] = {}
        for address, name, first, last, *_ in self._rows("passive-dns", 4):
            ip, plain = read_address(address), read_name(name)
            first_seen, last_seen = read_moment(first), read_moment(last)
            if ip is None or plain is None or first_seen is None or last_seen is None:
                self._broken["passive-dns"] += 1
                continue
            seen = CoHosted(address=str(ip), name=plain, first_seen=first_seen, last_seen=last_seen)
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
                net = read_network(row[0])
                if net is None:
                    self._broken[fact] += 1
                    continue
                kept[net.version].append(
                    (int(net.network_address), int(net.broadcast_address), kind)
                )
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

        path = self._files["public_suffix_list"].path
        if path is None:
            return PublicSuffixList()
        return PublicSuffixList(source=io.StringIO(text_of(path)))

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
