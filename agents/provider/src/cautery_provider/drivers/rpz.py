"""What all response policy zones share: which names fit, and a zone as a file.

Format: draft-vixie-dnsop-dns-rpz. `CNAME .` answers NXDOMAIN. A name is written alone: nobody
approved the names below it. Records live 10 s at most, so that caches forget a block soon.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Container, Sequence
from datetime import datetime
from pathlib import Path

from cautery_provider.blocks import Block, Refusal
from cautery_provider.store import write_over, write_whole

TTL_S, MOST_TTL_S = 5, 10
_ROW = re.compile(r"^(\S+) CNAME \.$", re.MULTILINE)


def fitting(entries: Sequence[Block], zone: str) -> tuple[set[str], list[Refusal]]:
    """Return the names that can stand in a zone, and those that cannot.

    One name that is too long makes BIND refuse the whole zone. A last label `rpz-ip` or the like
    would turn a name into a trigger of another kind.
    """
    names: set[str] = set()
    refused: list[Refusal] = []
    for entry in entries:
        if len(entry.target) + 1 + len(zone) > 253:  # RFC 1035, section 3.1
            rule, reason = "name-too-long", f"with the zone's name {zone} it exceeds 253 bytes"
        elif entry.target.rpartition(".")[2].startswith("rpz-"):
            rule, reason = (
                "name-is-trigger",
                "in a response policy zone it would mean another thing",
            )
        else:
            names.add(entry.target)
            continue
        refused.append(Refusal(entry.lever, entry.target, rule, reason))
    return names, refused


def zone_text(names: Sequence[str], zone: str, *, serial: int, ttl_s: int) -> str:
    """Return a zone that blocks these names, and nothing below them."""
    head = (
        f"$TTL {ttl_s}\n$ORIGIN {zone}.\n"
        f"@ IN SOA localhost. hostmaster.localhost. {serial} {ttl_s} {ttl_s} 3600 {ttl_s}\n"
        "@ IN NS localhost.\n"
    )
    return head + "".join(f"{name} CNAME .\n" for name in names)


class ZoneFile(ABC):
    """A zone in a file that a resolver reads anew when it is told to."""

    levers = frozenset({"name"})
    name: str

    def __init__(self, *, zone: str, file: Path, ttl_s: int) -> None:
        self._zone = zone
        self._file = file
        self._ttl_s = min(ttl_s, MOST_TTL_S)
        self._serial = 0
        self._loaded: set[str] | None = None
        self._look = False
        self._changed: set[str] = set()  # what the resolver may still have otherwise

    def apply(self, entries: Sequence[Block], at: datetime) -> list[Refusal]:
        """Write the zone if it changes, and have the resolver read it."""
        names, refused = fitting(entries, self._zone)
        before, self._loaded = self._loaded, None
        if self._look and before != self._in_file():  # somebody else wrote it
            before = None
        self._look = False
        if names != before:
            self._changed |= names ^ (self._in_file() if before is None else before)
            # From the clock, so that it also rises over a restart, when the last serial is
            # forgotten.
            self._serial = max(self._serial + 1, int(at.timestamp()))
            text = zone_text(sorted(names), self._zone, serial=self._serial, ttl_s=self._ttl_s)
            try:
                write_whole(self._file, text, mode=0o644)
            except OSError:
                write_over(self._file, text)  # a full disk must not keep anybody blocked
            self._reload(sorted(self._changed), names)
            self._changed.clear()
        self._loaded = names
        return refused

    def forget(self) -> None:
        """Look at the file with the next pass. A resolver that starts anew reads it by itself."""
        self._look = True

    @abstractmethod
    def check(self) -> list[str]:
        """Return what hinders this driver."""

    @abstractmethod
    def _reload(self, changed: Sequence[str], names: Container[str]) -> None:
        """Have the resolver read the file, and forget what it knows of the changed names.

        Parameters
        ----------
        names : container of str
            What is blocked now.
        """

    def _in_file(self) -> set[str]:
        try:
            return set(_ROW.findall(self._file.read_text(encoding="ascii")))
        except (OSError, UnicodeDecodeError):
            return set()
