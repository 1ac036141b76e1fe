"""Names in a response policy zone of unbound, in a file.

Reaches: unbound, by unbound-control(8). unbound does not drop a zone whose SOA has expired, so the
agent takes each name out itself. It attaches no extended error to answers of such a zone.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from cautery_provider.drivers import DriverError, problems, run
from cautery_provider.drivers.rpz import TTL_S, ZoneFile


class Unbound(ZoneFile):
    """A zone file, and `unbound-control auth_zone_reload`."""

    def __init__(
        self,
        *,
        zone: str,
        file: Path,
        ttl_s: int = TTL_S,
        command: Sequence[str] = ("unbound-control",),
    ) -> None:
        super().__init__(zone=zone, file=file, ttl_s=ttl_s)
        self.name = f"unbound {zone}"
        self._command = tuple(command)

    def check(self) -> list[str]:
        """Say whether unbound answers and has the zone."""
        found = problems(self, (*self._command, "status"))
        if not found and self._zone not in run((*self._command, "list_auth_zones")):
            found.append(f"{self.name}: unbound has no zone of this name; add it under rpz:")
        return found

    def _reload(self, changed: Sequence[str], names: Container[str]) -> None:
        del changed, names  # unbound asks the zone before its cache
        printed = run((*self._command, "auth_zone_reload", self._zone))
        if printed.strip() != "ok":
            raise DriverError(f"{self.name}: {printed.strip()[:200]}")
