"""A lab access provider: takes block lists, applies them after a while, lets them expire."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cautery.errors import InputError

_LEVERS = ("url", "name", "address")


@dataclass(frozen=True, slots=True)
class _Rule:
    target: str
    lever: str
    begins: float
    ends: float


@dataclass(slots=True)
class Isp:
    """What one provider blocks, and until when. Times are epoch seconds.

    ``closes`` tells whether a blocked request is cut off without a word, or answered with 451.
    """

    territory: str
    address: str
    delay_s: float
    closes: bool
    lists: list[Any] = field(default_factory=list)
    rules: list[_Rule] = field(default_factory=list)

    def take(self, body: bytes, now: float) -> dict[str, Any]:
        """Take a list and return the acknowledgement.

        Raises
        ------
        InputError
            If it is not a list as agreed: what is wrong with it.
        """
        try:
            request = json.loads(body)
            referral, entries = str(request["referral"]), list(request["entries"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"not a block list: {error!r}") from error
        approvals = request.get("approvals")
        if not isinstance(approvals, list) or len(approvals) < 2:
            raise InputError("a list needs the approvals of two people")
        begins = now + self.delay_s
        rules = [_rule(entry, begins) for entry in entries]
        self.lists.append({"at": now, "list": request})
        self.rules += rules
        applied = datetime.fromtimestamp(begins, UTC).isoformat(timespec="milliseconds")
        return {
            "referral": referral,
            "effect": "pending" if self.delay_s > 0 else "applied",
            "applied_at": applied.replace("+00:00", "Z"),
            "entries": len(rules),
        }

    def blocks(self, url: str, address: str | None, now: float) -> bool:
        """Tell whether a request for ``url``, whose host is at ``address``, is blocked now."""
        host = (urlsplit(url).hostname or "").lower()
        for rule in self.rules:
            if not rule.begins <= now < rule.ends:
                continue
            if rule.lever == "name" and (host == rule.target or host.endswith("." + rule.target)):
                return True
            if rule.lever == "address" and rule.target in (address, host):
                return True
            if rule.lever == "url" and url.split("#", maxsplit=1)[0] == rule.target:
                return True
        return False

    def effect(self, now: float) -> dict[str, Any]:
        """Return how many entries stand, wait and have expired."""
        return {
            "waiting": sum(now < rule.begins for rule in self.rules),
            "applied": sum(rule.begins <= now < rule.ends for rule in self.rules),
            "expired": sum(now >= rule.ends for rule in self.rules),
        }


def _rule(entry: Any, begins: float) -> _Rule:
    try:
        target, lever = str(entry["target"]), str(entry["lever"])
        ends = datetime.fromisoformat(str(entry["valid_until"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"entry {entry!r}: {error!r}") from error
    if lever not in _LEVERS:
        raise InputError(f"entry {target}: lever {lever!r} is not one of {', '.join(_LEVERS)}")
    if ends.tzinfo is None:
        raise InputError(f"entry {target}: valid_until has no time zone")
    name = target if lever == "url" else target.lower().rstrip(".")
    return _Rule(name, lever, begins, ends.timestamp())
