"""What facts say of who is where: passive DNS, certificates, dedication, owners."""

from __future__ import annotations

import ipaddress
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from functools import cached_property

from cautery.adapters._fact_ranges import RangeTable
from cautery.adapters._fact_tables import FactTables
from cautery.adapters._fact_text import (
    Address,
    parents,
    read_address,
    read_moment,
    read_name,
    read_span,
)
from cautery.model import CoHosted, DedicatedFact, OwnerFact


class HostingFacts:
    """Observations and statements, each with its own time."""

    def __init__(self, tables: FactTables) -> None:
        self._tables = tables
        tables.moments |= {
            "passive-dns": lambda: self._last_seen("passive-dns"),
            "certificates": lambda: self._last_seen("certificates"),
            "dedicated": lambda: (_noon(fact.evidence_date) for fact in self._dedicated.values()),
            "owners": lambda: (_noon(owner.since) for owner in self._all_owners),
        }

    def names_on(self, ip: Address) -> tuple[CoHosted, ...]:
        """Return the names that passive DNS or a certificate tied to an address, by name."""
        return self._hosting[0].get(str(ip), ())

    def names_within(self, low: Address, high: Address, most: int) -> tuple[CoHosted, ...]:
        """Return at most so many of the names tied to addresses from ``low`` to ``high``."""
        placed = self._placed[low.version]
        hostings: list[CoHosted] = []
        for number in placed[bisect_left(placed, int(low)) : bisect_right(placed, int(high))]:
            hostings += self._hosting[0][str(type(low)(number))]
            if len(hostings) >= most:
                break
        return tuple(hostings[:most])

    def addresses_of(self, plain: str) -> tuple[CoHosted, ...]:
        """Return the addresses that passive DNS or a certificate tied to a name."""
        return self._hosting[1].get(plain, ())

    def any_known(self) -> bool:
        """Tell whether there is passive DNS with anything in it."""
        return any(file.path is not None for file in self._tables.role("passive-dns")) and bool(
            self._hosting[0]
        )

    def dedicated(self, ip: Address) -> DedicatedFact | None:
        """Return the newest evidence that an address serves one customer alone, if any."""
        return self._dedicated.get(str(ip))

    def owner_of_address(self, ip: Address) -> OwnerFact | None:
        """Return the owner of an address, by the narrowest range that is listed."""
        return self._owners[1][ip.version].at(int(ip))

    def owner_of_name(self, plain: str) -> OwnerFact | None:
        """Return the owner of a name or of the nearest name above it."""
        return next(
            (
                owner
                for parent in parents(plain)
                if (owner := self._owners[0].get(parent)) is not None
            ),
            None,
        )

    def _last_seen(self, fact: str) -> Iterable[datetime]:
        return (
            hosting.last_seen
            for hostings in self._hosting[0].values()
            for hosting in hostings
            if hosting.fact == fact
        )

    @cached_property
    def _hosting(self) -> tuple[dict[str, tuple[CoHosted, ...]], dict[str, tuple[CoHosted, ...]]]:
        by_address: dict[str, list[CoHosted]] = {}
        by_name: dict[str, list[CoHosted]] = {}
        for hosting in (*self._seen("passive-dns"), *self._seen("certificates")):
            by_address.setdefault(hosting.address, []).append(hosting)
            by_name.setdefault(hosting.name, []).append(hosting)
        return (
            {
                address: tuple(
                    sorted(hostings, key=lambda hosting: (hosting.name, hosting.first_seen))
                )
                for address, hostings in by_address.items()
            },
            {
                name: tuple(
                    sorted(hostings, key=lambda hosting: (hosting.address, hosting.first_seen))
                )
                for name, hostings in by_name.items()
            },
        )

    def _seen(self, fact: str) -> Iterator[CoHosted]:
        for name, (address, host, first, last, *_) in self._tables.named_rows(fact, 4):
            ip, plain = read_address(address), read_name(host.strip().removeprefix("*."))
            first_seen, last_seen = read_moment(first), read_moment(last)
            if ip is None or plain is None or first_seen is None or last_seen is None:
                self._tables.broken[name] += 1
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
        return {version: sorted(numbers) for version, numbers in placed.items()}

    @cached_property
    def _owners(self) -> tuple[dict[str, OwnerFact], dict[int, RangeTable[OwnerFact]]]:
        names: dict[str, OwnerFact] = {}
        placed: dict[int, list[tuple[int, int, OwnerFact]]] = {4: [], 6: []}
        for name, (target, owner, since, source, *_) in self._tables.named_rows("owners", 4):
            moment, span, plain = read_moment(since), read_span(target), read_name(target)
            if moment is None or not owner.strip() or plain is None:
                self._tables.broken[name] += 1
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
                earlier = names.get(plain)
                names[plain] = fact if earlier is None or earlier.since <= fact.since else earlier
        return names, {version: RangeTable(ranges) for version, ranges in placed.items()}

    @property
    def _all_owners(self) -> Iterator[OwnerFact]:
        names, placed = self._owners
        yield from names.values()
        for table in placed.values():
            yield from table.values()

    @cached_property
    def _dedicated(self) -> dict[str, DedicatedFact]:
        facts: dict[str, DedicatedFact] = {}
        for address, to, evidence, dated, *_ in self._tables.rows("dedicated", 4):
            ip, moment = read_address(address), read_moment(dated)
            if ip is None or moment is None or not evidence.strip() or not to.strip():
                self._tables.broken["dedicated"] += 1
                continue
            fact = DedicatedFact(
                address=str(ip),
                dedicated_to=to.strip(),
                evidence=evidence.strip(),
                evidence_date=moment.date(),
            )
            earlier = facts.get(fact.address)
            if earlier is None or earlier.evidence_date <= fact.evidence_date:
                facts[fact.address] = fact
        return facts


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)
