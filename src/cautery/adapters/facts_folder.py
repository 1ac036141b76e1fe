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

from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from cautery.adapters._fact_files import KNOWN, FactFile
from cautery.adapters._fact_tables import FactTables
from cautery.adapters._fact_text import read_address, read_name
from cautery.adapters._facts_of_addresses import AddressFacts
from cautery.adapters._facts_of_hosting import HostingFacts
from cautery.adapters._facts_of_names import NameFacts
from cautery.errors import InputError
from cautery.model import CoHosted, DedicatedFact, NetworkFact, OwnerFact, SharedFact


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
        self._tables = FactTables(self.path)
        self._addresses = AddressFacts(self._tables)
        self._names = NameFacts(self._tables)
        self._hosting = HostingFacts(self._tables)

    @property
    def files(self) -> tuple[FactFile, ...]:
        """Every fact file, found or not, by name."""
        return tuple(self._tables.files[name] for name in sorted(self._tables.files))

    def later_than(self, day: date) -> tuple[FactFile, ...]:
        """Return the files that ``facts.toml`` dates later than a day."""
        shared = {name: fact.date for name, fact in KNOWN.items()}
        return tuple(
            file
            for file in self.files
            if file.path and file.date and file.date > day and file.date != shared.get(file.name)
        )

    @property
    def broken(self) -> dict[str, int]:
        """Lines that could not be used, by fact, of the files read so far."""
        return {name: count for name, count in sorted(self._tables.broken.items()) if count}

    def network_of(self, address: str) -> NetworkFact | None:
        """Return the autonomous system of an address."""
        ip = read_address(address)
        return None if ip is None else self._addresses.network_of(ip)

    def country_of(self, address: str) -> str | None:
        """Return the country of registration or declared use, not where the server stands."""
        ip = read_address(address)
        return None if ip is None else self._addresses.country_of(ip)

    def shared(self, address: str) -> SharedFact | None:
        """Return the narrowest published shared range that holds an address."""
        ip = read_address(address)
        return None if ip is None else self._addresses.shared(ip)

    def shared_within(self, first: str, last: str, *, most: int) -> tuple[SharedFact, ...]:
        """Return at most so many of the shared ranges that reach between two addresses."""
        low, high = read_address(first), read_address(last)
        if low is None or high is None or low.version != high.version:
            return ()
        return self._addresses.shared_within(low, high, most)

    def names_on(self, address: str) -> tuple[CoHosted, ...]:
        """Return the names that passive DNS or a certificate tied to an address, by name."""
        ip = read_address(address)
        return () if ip is None else self._hosting.names_on(ip)

    def names_within(self, first: str, last: str, *, most: int) -> tuple[CoHosted, ...]:
        """Return at most so many of the names tied to addresses from ``first`` to ``last``."""
        low, high = read_address(first), read_address(last)
        if low is None or high is None or low.version != high.version:
            return ()
        return self._hosting.names_within(low, high, most)

    def owner_of(self, target: str) -> OwnerFact | None:
        """Return since when an address or a domain has had its owner, if anybody says so."""
        ip = read_address(target)
        if ip is not None:
            return self._hosting.owner_of_address(ip)
        plain = read_name(target)
        return None if plain is None else self._hosting.owner_of_name(plain)

    def addresses_of(self, name: str) -> tuple[CoHosted, ...]:
        """Return the addresses that passive DNS or a certificate tied to a name."""
        plain = read_name(name)
        return () if plain is None else self._hosting.addresses_of(plain)

    def knows_hosting(self) -> bool:
        """Tell whether there is passive DNS at all: without it co-hosting is unknown."""
        return self._hosting.any_known()

    def dedicated(self, address: str) -> DedicatedFact | None:
        """Return the newest evidence that an address serves one customer alone, if any."""
        ip = read_address(address)
        return None if ip is None else self._hosting.dedicated(ip)

    def popular(self, name: str) -> bool:
        """Tell whether a name is a popular site, a service name of one, or holds one below it."""
        plain = read_name(name)
        return plain is not None and self._names.popular(plain)

    def kinds_of(self, name: str) -> tuple[str, ...]:
        """Return protected kinds of a name, or of an address, sorted."""
        ip = read_address(name)
        if ip is not None:
            return self._addresses.kinds_of(ip)
        plain = read_name(name)
        return () if plain is None else self._names.kinds_of(plain)

    def kinds_within(self, first: str, last: str) -> tuple[str, ...]:
        """Return protected kinds of any address from ``first`` to ``last``, sorted."""
        low, high = read_address(first), read_address(last)
        if low is None or high is None or low.version != high.version:
            return ()
        return self._addresses.kinds_within(low, high)

    def parks(self, server: str) -> bool:
        """Tell whether a name server is, or lies below, one of a parking service."""
        plain = read_name(server)
        return plain is not None and self._names.parks(plain)

    def registered_domain(self, name: str) -> str | None:
        """Return the registrable domain by both sections of the public suffix list."""
        plain = read_name(name)
        return None if plain is None else self._names.registered_domain(plain)

    def known(self, fact: str) -> bool:
        """Tell whether there is such a fact at all, dated or not."""
        return self._tables.known(fact)

    def dated(self, fact: str) -> date | None:
        """Return the date of a fact: of several files of its kind, the oldest."""
        return self._tables.dated(fact)

    def valid(self, fact: str, at: datetime) -> bool:
        """Tell whether a fact is there, dated, and no file of it stale at a moment."""
        return self._tables.valid(fact, at)


class LatestFacts:
    """A folder's facts as they are when they are asked: a renewed file is read again.

    Parameters
    ----------
    facts : FactsFolder
        What is used until a file of the folder changes.
    """

    def __init__(self, facts: FactsFolder) -> None:
        self._facts = facts
        self._last_state = _state(facts)

    def latest(self) -> FactsFolder:
        """Return the same facts again, or fresh ones if any file came, went or changed.

        While a folder cannot be used, what was read of it before stands, with its validity.
        """
        now = _state(self._facts)
        if now != self._last_state:
            self._last_state = now
            with suppress(InputError):
                self._facts = FactsFolder(self._facts.path)
        return self._facts


def _state(facts: FactsFolder) -> frozenset[tuple[str, int, int]]:
    """Return what tells a change: the folder and the files in it, with their sizes and times."""
    paths = [facts.path, facts.path / "facts.toml"]
    paths += [file.path for file in facts.files if file.path is not None]
    paths += [path.parent for path in paths]
    folders = set()
    for path in set(paths):
        with suppress(OSError):
            status = path.stat()
            folders.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(folders)
