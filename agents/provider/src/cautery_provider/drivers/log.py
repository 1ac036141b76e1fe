"""A driver that blocks nothing and says what a real one would change (`--shadow`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from cautery_provider.blocks import Block, Refusal


class Log:
    """Every lever, into a log."""

    levers = frozenset({"name", "address"})
    name = "shadow"

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._standing: set[tuple[str, str]] = set()

    def apply(self, entries: Sequence[Block], at: datetime) -> list[Refusal]:
        """Say what comes and what goes."""
        del at
        wanted = {(entry.lever, entry.target) for entry in entries}
        for lever, target in sorted(self._standing - wanted):
            self._say(f"would unblock {lever} {target}")
        for lever, target in sorted(wanted - self._standing):
            self._say(f"would block {lever} {target}")
        self._standing = wanted
        return []

    def forget(self) -> None:
        """Do nothing: nobody else writes here."""

    def check(self) -> list[str]:
        """Find nothing wrong."""
        return []
