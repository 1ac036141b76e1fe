"""What alerts need of the world: cases that are looked at, and ways out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from cautery.model.alert import Alert
from cautery.workflows.case.kept import KeptCase


class Way(Protocol):
    """One way on which people are told."""

    @property
    def name(self) -> str:
        """Its name in the settings and in the log."""
        ...

    async def send(self, alert: Alert) -> None:
        """Send an alert, once.

        Raises
        ------
        RefusedError
            If it is refused for good.
        CauteryError
            If it was not taken now.
        """
        ...


class WatchedCases(Protocol):
    """The cases that alerts are about."""

    def places(self) -> Mapping[str, Path]:
        """Return the cases that there are, by their names in the room."""
        ...

    def closed(self, case: Path) -> bool:
        """Tell whether a case is closed: nothing happens in it any more."""
        ...

    def opened(self, case: Path) -> AbstractContextManager[KeptCase]:
        """Lend a case with its kept lists."""
        ...

    def held(self, case: Path) -> bool:
        """Tell whether a process is at work on a case."""
        ...
