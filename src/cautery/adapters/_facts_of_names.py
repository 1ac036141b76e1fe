"""What facts say of names: popular, protected, and whose registrable domain they are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from typing import Any

from cautery.adapters._fact_files import KNOWN, text_of
from cautery.adapters._fact_tables import FactTables
from cautery.adapters._fact_text import parents, read_name
from cautery.errors import InputError
from cautery.model import NAME_LISTS


class NameFacts:
    """Lists of names, asked by plain names in lower-case punycode."""

    def __init__(self, tables: FactTables) -> None:
        self._tables = tables

    def popular(self, plain: str) -> bool:
        """Tell whether a name is a popular site, a service name of one, or holds one below it."""
        if plain in self._popular_parents:
            return True
        registered = self.registered_domain(plain)
        for parent in parents(plain):
            if parent in self._popular:
                return True
            if parent == registered:
                break
        return False

    def kinds_of(self, plain: str) -> tuple[str, ...]:
        """Return the protected kinds of a name, of its own or from above it."""
        kinds: set[str] = set()
        for parent in parents(plain):
            kinds |= self._kinds.get(parent, frozenset())
        return tuple(sorted(kinds))

    def parks(self, plain: str) -> bool:
        """Tell whether a name server is, or lies below, one of a parking service."""
        return any(parent in self._parking for parent in parents(plain))

    def registered_domain(self, plain: str) -> str | None:
        """Return the registrable domain by both sections of the public suffix list."""
        if "." not in plain:
            return None
        registered: str | None = self._registered(plain)
        return registered

    @cached_property
    def _popular(self) -> frozenset[str]:
        return frozenset(self._names_in("popular"))

    @cached_property
    def _popular_parents(self) -> frozenset[str]:
        """Names below which a popular host lies, down to its registrable domain."""
        parents_found: set[str] = set()
        for host in self._popular:
            if host.count(".") < 2:
                continue
            registered = self.registered_domain(host)
            if registered is None or registered == host:
                continue
            for parent in parents(host):
                parents_found.add(parent)
                if parent == registered:
                    break
        return frozenset(parents_found)

    @cached_property
    def _kinds(self) -> dict[str, frozenset[str]]:
        by_name: dict[str, set[str]] = {}
        for fact in NAME_LISTS[:-1]:
            for name in self._names_in(fact):
                by_name.setdefault(name, set()).add(KNOWN[fact].kind)
        for name, kind, *_ in self._tables.rows("protected-names", 2):
            plain = read_name(name)
            if plain is None or not kind.strip():
                self._tables.broken["protected-names"] += 1
            else:
                by_name.setdefault(plain, set()).add(kind.strip().lower())
        return {name: frozenset(kinds) for name, kinds in by_name.items()}

    @cached_property
    def _parking(self) -> frozenset[str]:
        return frozenset(self._names_in("parking-domain-ns"))

    @cached_property
    def _suffixes(self) -> Any:
        path = next((file.path for file in self._tables.role("public_suffix_list")), None)
        if path is None:
            return _packaged_suffixes()
        from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - heavy: 50 ms of CPU

        try:
            return PublicSuffixList(source=io.StringIO(text_of(path)))
        except UnicodeError as error:
            raise InputError(f"{path} is not a list of public suffixes: {error}") from error

    @cached_property
    def _registered(self) -> Any:
        """The registrable domain of a name; the same few are asked for over and over."""

        @lru_cache(maxsize=8192)
        def registered(plain: str) -> str | None:
            suffix = self._suffixes.privatesuffix(plain)
            return None if suffix is None else str(suffix)

        return registered

    def _names_in(self, fact: str) -> Iterator[str]:
        for row in self._tables.rows(fact, 1):
            plain = read_name(row[0])
            if plain is None:
                self._tables.broken[fact] += 1
            else:
                yield plain


@cache
def _packaged_suffixes() -> Any:
    """Return the suffix list that the package carries; a process parses its 10,000 rules once."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - heavy: 50 ms of CPU

    return PublicSuffixList()
