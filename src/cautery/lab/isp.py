"""A lab access provider: verifies block lists, applies them after a while, lets them expire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cautery.act import AcceptedList, ListTrust, read_list


@dataclass(slots=True)
class Isp:
    """What one provider blocks, and until when. Times are epoch seconds.

    Parameters
    ----------
    trust : callable
        Whom it believes, asked once: when the first list comes.
    closes : bool
        Whether a blocked request is cut off without a word, or answered with 451.
    """

    territory: str
    address: str
    delay_s: float
    closes: bool
    trust: Callable[[], ListTrust]
    lists: list[tuple[float, AcceptedList]] = field(default_factory=list)
    """Each accepted version that changed something, and from when it applies."""
    _trust: ListTrust | None = None

    def take(self, body: bytes, now: float) -> dict[str, Any]:
        """Take a version of the list and return the acknowledgement.

        Raises
        ------
        RefusedListError
            If it breaks a rule.
        """
        if self._trust is None:
            self._trust = self.trust()
        begins, last_accepted = self.lists[-1] if self.lists else (now, None)
        accepted = read_list(
            body, self._trust, now=datetime.fromtimestamp(now, UTC), held=last_accepted
        )
        if last_accepted is not None and accepted.entries == last_accepted.entries:
            self.lists.pop()  # only its age changes
        else:
            begins = now + self.delay_s
        self.lists.append((begins, accepted))
        applied = datetime.fromtimestamp(begins, UTC).isoformat(timespec="milliseconds")
        return {
            "list": accepted.list_id,
            "version": accepted.version,
            "digest": accepted.digest,
            "effect": "pending" if begins > now else "applied",
            "applied_at": applied.replace("+00:00", "Z"),
            "reason": None,
            "refused": [],
        }

    def blocks(self, url: str, address: str | None, now: float) -> bool:
        """Tell whether a request for ``url``, whose host is at ``address``, is blocked now.

        A name is blocked alone, without the names below it.
        """
        host = (urlsplit(url).hostname or "").lower()
        return not self._in_force(now).isdisjoint(
            {("name", host), ("address", host), ("address", address)}
        )

    def effect(self, now: float) -> dict[str, Any]:
        """Return what is blocked now."""
        return {"applied": sorted(target for _, target in self._in_force(now))}

    def _in_force(self, now: float) -> set[tuple[str, str | None]]:
        applied = [accepted for begins, accepted in self.lists if begins <= now]
        if not applied:
            return set()
        moment, made_at = datetime.fromtimestamp(now, UTC), self.lists[-1][1].made_at
        return {
            (entry.lever, entry.target)
            for entry in applied[-1].entries
            if entry.holds(moment, made_at=made_at)
        }
