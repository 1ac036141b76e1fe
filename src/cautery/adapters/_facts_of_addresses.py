"""What facts say of addresses: autonomous system, country, sharing, protected kinds."""

from __future__ import annotations

import io
from functools import cached_property
from typing import Any

import numpy as np

from cautery.adapters._fact_files import KNOWN, MAX_ROWS, text_of
from cautery.adapters._fact_ranges import RangeTable, covered
from cautery.adapters._fact_tables import FactTables
from cautery.adapters._fact_text import Address, read_span
from cautery.errors import InputError
from cautery.model import ADDRESS_LISTS, NetworkFact, SharedFact

_STRICTNESS = {"cdn": 0, "waf": 1, "service": 2, "cloud": 3, "hosting": 4}


class AddressFacts:
    """Range tables of IPv4 and IPv6, flattened once for look-up by bisection."""

    def __init__(self, tables: FactTables) -> None:
        self._tables = tables

    def network_of(self, ip: Address) -> NetworkFact | None:
        """Return the autonomous system that announces an address."""
        asn = (self._asn4 if ip.version == 4 else self._asn6).at(int(ip))
        if asn is None:
            return None
        return NetworkFact(
            address=str(ip),
            asn=asn,
            organisation=self._organisations.get(asn, f"AS{asn}"),
            country=self.country_of(ip),
            shares=self._shares.get(asn, ()),
        )

    def country_of(self, ip: Address) -> str | None:
        """Return the country of registration or declared use."""
        return (self._country4 if ip.version == 4 else self._country6).at(int(ip))

    def shared(self, ip: Address) -> SharedFact | None:
        """Return the narrowest published shared range that holds an address."""
        return self._shared[ip.version].at(int(ip))

    def shared_within(self, low: Address, high: Address, most: int) -> tuple[SharedFact, ...]:
        """Return the shared ranges that reach into the addresses from ``low`` to ``high``."""
        return self._shared[low.version].within(int(low), int(high), most)

    def kinds_of(self, ip: Address) -> tuple[str, ...]:
        """Return the protected kinds of an address."""
        tables = self._kinds[ip.version]
        return tuple(sorted(kind for kind, table in tables.items() if table.at(int(ip))))

    def kinds_within(self, low: Address, high: Address) -> tuple[str, ...]:
        """Return the protected kinds of any address from ``low`` to ``high``."""
        tables = self._kinds[low.version]
        return tuple(
            sorted(kind for kind, table in tables.items() if table.within(int(low), int(high), 1))
        )

    def _numbered(self, fact: str, last: str) -> RangeTable[Any] | None:
        """Read a table of numbers in one go; ``None`` when it holds anything else."""
        file = next(iter(self._tables.role(fact)), None)
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
        ranges: list[tuple[int, int, int]] = []
        for first, last, asn in self._tables.ranges(fact):
            if asn.isascii() and asn.isdigit() and len(asn) <= 10:
                ranges.append((first, last, int(asn)))
            else:
                self._tables.broken[fact] += 1
        return RangeTable(ranges)

    @cached_property
    def _asn4(self) -> RangeTable[int]:
        return self._numbered("asn-ipv4", "u4") or self._asns("asn-ipv4")

    @cached_property
    def _asn6(self) -> RangeTable[int]:
        return self._asns("asn-ipv6")

    @cached_property
    def _country4(self) -> RangeTable[str]:
        # A country has two letters; eight are read, so that a longer word is seen to be none.
        return self._numbered("country-ipv4", "U8") or RangeTable(
            self._tables.ranges("country-ipv4")
        )

    @cached_property
    def _country6(self) -> RangeTable[str]:
        return RangeTable(self._tables.ranges("country-ipv6"))

    @cached_property
    def _organisations(self) -> dict[int, str]:
        names: dict[int, str] = {}
        for asn, name, *_ in self._tables.rows("asn-names", 2):
            if asn.isascii() and asn.isdigit() and len(asn) <= 10:
                names[int(asn)] = name[:200]
            else:
                self._tables.broken["asn-names"] += 1
        return names

    @cached_property
    def _shared(self) -> dict[int, RangeTable[SharedFact]]:
        ranges: dict[int, list[tuple[int, int, SharedFact]]] = {4: [], 6: []}
        for name, (cidr, provider, kind, *_) in self._tables.named_rows("ranges", 3):
            span = read_span(cidr)
            if span is None:
                self._tables.broken[name] += 1
                continue
            version, first, last = span
            fact = SharedFact(cidr=cidr.strip(), provider=provider[:100], kind=kind[:40], fact=name)
            ranges[version].append((first, last, fact))
        # The same range listed twice counts as the kind that shares most.
        for spans in ranges.values():
            spans.sort(
                key=lambda span: (_STRICTNESS.get(span[2].kind, 2), span[0], span[2].provider)
            )
        return {version: RangeTable(spans) for version, spans in ranges.items()}

    @cached_property
    def _shares(self) -> dict[int, tuple[tuple[str, float], ...]]:
        """How much of what each network announces (IPv4) is published as shared, by kind."""
        starts, ends, asns = self._asn4.arrays()
        shared_starts, shared_ends, shared = self._shared[4].arrays()
        if not len(starts) or not len(shared_starts):
            return {}
        kinds = np.array([fact.kind for fact in shared])
        numbers, of = np.unique(np.array(asns, dtype=np.int64), return_inverse=True)
        whole = np.bincount(of, weights=ends.astype(float) - starts + 1)
        by_asn: dict[int, list[tuple[str, float]]] = {}
        for kind in sorted(set(kinds.tolist())):
            of_kind = kinds == kind
            parts = covered(starts, ends, shared_starts[of_kind], shared_ends[of_kind])
            share = np.bincount(of, weights=parts) / whole
            for place in np.flatnonzero(share > 0).tolist():
                part = (kind, round(float(share[place]), 4))
                by_asn.setdefault(int(numbers[place]), []).append(part)
        return {asn: tuple(shares) for asn, shares in by_asn.items()}

    @cached_property
    def _kinds(self) -> dict[int, dict[str, RangeTable[str]]]:
        tables: dict[int, dict[str, RangeTable[str]]] = {4: {}, 6: {}}
        for fact in ADDRESS_LISTS:
            kind = KNOWN[fact].kind
            list_ranges: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
            for row in self._tables.rows(fact, 1):
                span = read_span(row[0])
                if span is None:
                    self._tables.broken[fact] += 1
                    continue
                list_ranges[span[0]].append((span[1], span[2], kind))
            for version, ranges in list_ranges.items():
                tables[version][kind] = RangeTable(ranges)
        return tables
