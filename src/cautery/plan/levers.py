"""How often each kind of lever has been measured to work, with who measured it.

An act of a supply graph may name its ``lever`` in place of a ``success``: then the figure here is
its probability of success. Notices to providers of dedicated servers fail nine times of ten, so a
plan that rests on them must not be told as if they worked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cautery.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredLever:
    """One class of lever: what it is, how often it worked, and by whose count.

    Parameters
    ----------
    success : float
        Share that had the effect asked for; what the planner reckons with.
    low, high : float
        The published range; both are ``success`` where one figure was published.
    """

    what: str
    success: float
    low: float
    high: float
    source: str

    def as_json(self) -> dict[str, Any]:
        """Return the public JSON."""
        return {
            "what": self.what,
            "success": self.success,
            "low": self.low,
            "high": self.high,
            "source": self.source,
        }


_LCC = "Grant Thornton for the Live Content Coalition, 2024 and January 2024 to June 2025"

LEVERS: dict[str, MeasuredLever] = {
    "notice": MeasuredLever(
        what="a notice to a hoster of whom nothing is known",
        success=0.11,
        low=0.05,
        high=0.19,
        source=f"{_LCC}: 19 % suspended in 2024, 11 % over the 18 months, 5 % in their last half",
    ),
    "notice-dedicated-server": MeasuredLever(
        what="a notice to a provider of dedicated servers",
        success=0.09,
        low=0.09,
        high=0.11,
        source=f"{_LCC}: 11 % suspended in 2024, 9 % over the 18 months",
    ),
    "notice-platform": MeasuredLever(
        what="a notice to an online platform",
        success=0.98,
        low=0.98,
        high=0.98,
        source=f"{_LCC}: 98 % suspended",
    ),
    "notice-platform-agreement": MeasuredLever(
        what="a notice to a platform under a cooperation agreement",
        success=0.84,
        low=0.84,
        high=0.84,
        source="Live Content Coalition: 84 % of such notices effective",
    ),
    "notice-other": MeasuredLever(
        what="a notice to another intermediary (content delivery, reverse proxy, cloud)",
        success=0.08,
        low=0.08,
        high=0.08,
        source=f"{_LCC}: 8 % suspended in 2024",
    ),
    "notice-cyberlocker": MeasuredLever(
        what="a notice to a cyberlocker",
        success=0.84,
        low=0.84,
        high=0.84,
        source="Ibosiola et al., ICWSM 2018: 84 % of notices lead to removal",
    ),
    "access-block": MeasuredLever(
        what="a block by access providers under an order",
        success=0.97,
        low=0.95,
        high=0.99,
        source="1 to 5 % never applied: judged from the reports of ARCOM and AGCOM, uncertain",
    ),
}


def lever_named(name: str, where: str) -> MeasuredLever:
    """Return a lever by its name.

    Raises
    ------
    InputError
        If nothing was measured of it.
    """
    if name not in LEVERS:
        raise InputError(
            f"{where}: the success of the lever {name[:60]!r}",
            hint=f"State its success, or use one of: {', '.join(LEVERS)}.",
        )
    return LEVERS[name]
