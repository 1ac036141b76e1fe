"""Names in a response policy zone of PowerDNS Recursor, in a file.

Reaches: the recursor, by rec_control(1). Answers wait in its packet cache, blocked ones and open
ones: each changed name is wiped from it, which takes some seconds for a hundred thousand. So
blocked answers should live there for seconds alone, and not for a minute, as they do if nothing is
set. The recursor does not drop a zone that has expired, so the agent takes each name out itself.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from pathlib import Path

from cautery_provider.drivers import DriverError, problems, run
from cautery_provider.drivers.rpz import MOST_TTL_S, TTL_S, ZoneFile

_NAMES_A_COMMAND = 1_000  # a command line holds 128 KiB an argument and 2 MiB in all
_PATIENCE = "--timeout=25"  # by itself rec_control waits 5 s, less than a busy recursor takes
_KEPT = re.compile(r"^\s*(?:packetcache-)?negative[_-]ttl[:=]\s*([0-9]+)\s*$", re.MULTILINE)


class PowerDns(ZoneFile):
    """A zone file, and `rec_control reload-yaml` (or `reload-lua-config`)."""

    def __init__(
        self,
        *,
        zone: str,
        file: Path,
        ttl_s: int = TTL_S,
        command: Sequence[str] = ("rec_control",),
        reload: str = "reload-yaml",
    ) -> None:
        super().__init__(zone=zone, file=file, ttl_s=ttl_s)
        self.name = f"powerdns {zone}"
        self._command = (*command, _PATIENCE)
        self._verb = reload

    def check(self) -> list[str]:
        """Say whether the recursor answers, and for how long it keeps blocked answers."""
        found = problems(self, (*self._command, "ping"))
        if not found and not any(map(self._is_short, ("packetcache", "packetcache-negative-ttl"))):
            found.append(
                f"{self.name}: blocked answers live up to a minute in the packet cache; set "
                "packetcache: negative_ttl: 3"
            )
        return found

    def _is_short(self, parameter: str) -> bool:
        try:
            match = _KEPT.search(run((*self._command, "get-parameter", parameter)))
        except DriverError:  # it is not set
            return False
        return match is not None and int(match[1]) <= MOST_TTL_S

    def _reload(self, changed: Sequence[str], names: Container[str]) -> None:
        run((*self._command, self._verb))
        # Who is blocked by mistake does not wait for the wiping of what is to be blocked.
        wiped = sorted(changed, key=lambda name: (name in names, name))
        for start in range(0, len(wiped), _NAMES_A_COMMAND):
            run((*self._command, "wipe-cache", *wiped[start : start + _NAMES_A_COMMAND]))
