"""Names in a response policy zone of BIND, in a file.

Reaches: named, by rndc(8). For long lists: named reads a hundred thousand names in a second, while
it looks through its whole zone after each dynamic update of some thousands.
"""

from __future__ import annotations

import re
import time
from collections.abc import Container, Sequence
from pathlib import Path

from cautery_provider.drivers import DriverError, problems, run
from cautery_provider.drivers.rpz import TTL_S, ZoneFile

_SERIAL = re.compile(r"^serial: ([0-9]+)$", re.MULTILINE)
_DYNAMIC = re.compile(r"^dynamic: yes$", re.MULTILINE)
_LIMIT_S = 30.0
_LOOK_S = 0.1


class BindFile(ZoneFile):
    """A zone file, and `rndc reload ZONE`."""

    def __init__(
        self, *, zone: str, file: Path, ttl_s: int = TTL_S, command: Sequence[str] = ("rndc",)
    ) -> None:
        super().__init__(zone=zone, file=file, ttl_s=ttl_s)
        self.name = f"bind-file {zone}"
        self._command = tuple(command)

    def check(self) -> list[str]:
        """Say whether named answers, and has the zone as one that is read from a file."""
        command = (*self._command, "zonestatus", self._zone)
        found = problems(self, command)
        if not found and _DYNAMIC.search(run(command)):
            found.append(f"{self.name}: named takes updates of this zone; leave out allow-update")
        return found

    def _reload(self, changed: Sequence[str], names: Container[str]) -> None:
        del changed, names  # named asks the zone before its cache
        run((*self._command, "reload", self._zone))
        last = time.monotonic() + _LIMIT_S
        while self._serial_now() != self._serial:  # named reads the file when it comes to it
            if time.monotonic() > last:
                raise DriverError(f"{self.name}: named does not read the file; its log says why")
            time.sleep(_LOOK_S)

    def _serial_now(self) -> int:
        match = _SERIAL.search(run((*self._command, "zonestatus", self._zone)))
        return int(match[1]) if match else 0
