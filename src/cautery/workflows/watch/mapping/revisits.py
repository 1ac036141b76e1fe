"""When a host's names and certificate are looked at again, by the rhythm of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from cautery.formats.rhythm import Rhythm

KINDS = ("names", "certificate")


class Revisits:
    """Of all hosts of one watch.

    Parameters
    ----------
    now : callable
        The watch's clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rhythms: dict[tuple[str, str], Rhythm] = {}
        self._visited: dict[tuple[str, str], datetime] = {}
        self._due: dict[tuple[str, str], datetime] = {}

    def looked(self, host: str) -> None:
        """Take note that everything of a host was looked up just now."""
        for kind in KINDS:
            self._visited[host, kind] = self._now()
            self._set(host, kind)

    def due(self, host: str, kind: str = "names") -> bool:
        """Tell whether a host is to be looked at again; one never looked at is not."""
        due = self._due.get((host, kind))
        return due is not None and due <= self._now()

    def saw(self, host: str, kind: str, *, changed: bool) -> None:
        """Learn from a look."""
        now = self._now()
        after_s = (now - self._visited.get((host, kind), now)).total_seconds()
        rhythm = self._rhythms.get((host, kind), Rhythm.of(kind))
        self._rhythms[host, kind] = rhythm.saw(changed=changed, after_s=after_s)
        self._visited[host, kind] = now
        self._set(host, kind)

    def failed(self, host: str) -> None:
        """Put off a look that failed; nothing is learned from it."""
        self._set(host, "names")

    def _set(self, host: str, kind: str) -> None:
        wait_s = self._rhythms.get((host, kind), Rhythm.of(kind)).wait_s
        self._due[host, kind] = self._now() + timedelta(seconds=wait_s)
