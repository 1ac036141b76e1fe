"""Names in a response policy zone of PowerDNS Recursor, in a file.

Reaches: the recursor, by rec_control(1). Answers wait in its packet cache, blocked ones and open
ones: each changed name is wiped from it. The recursor does not drop a zone that has expired, so the
agent takes each name out itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cautery_provider.drivers import problems, run
from cautery_provider.drivers.rpz import ZoneFile

_NAMES_A_COMMAND = 1_000  # a command line holds 128 KiB an argument and 2 MiB in all


class PowerDns(ZoneFile):
    """A zone file, and `rec_control reload-yaml` (or `reload-lua-config`)."""

    def __init__(
        self,
        *,
        zone: str,
        file: Path,
        ttl_s: int = 5,
        command: Sequence[str] = ("rec_control",),
        reload: str = "reload-yaml",
    ) -> None:
        super().__init__(zone=zone, file=file, ttl_s=ttl_s)
        self.name = f"powerdns {zone}"
        self._command = tuple(command)
        self._verb = reload

    def check(self) -> list[str]:
        """Say whether the recursor answers."""
        return problems(self, (*self._command, "ping"))

    def _reload(self, changed: Sequence[str]) -> None:
        run((*self._command, self._verb))
        for start in range(0, len(changed), _NAMES_A_COMMAND):
            names = changed[start : start + _NAMES_A_COMMAND]
            run((*self._command, "wipe-cache", *names))
