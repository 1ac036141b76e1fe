"""The parameter card: what a world draws before anything else (docs/reference/sources.md).

The biases of sources are not here: they are drawn from :mod:`cautery.estimate.priors`.
"""

from __future__ import annotations

import numpy as np

from cautery.lab.operations.chance import chance
from cautery.lab.operations.spec import Drawn

_PAGE = "docs/reference/sources.md"


def draw_card(seed: int) -> tuple[Drawn, ...]:
    """Draw the card of a world."""
    rng = chance(seed, "card")
    return (
        # restart after action: 0-3 days for a switch of panels
        _uniform(rng, "panel switch, days", 0.5, 3.0, f"{_PAGE}, F20; judgement"),
        # traffic after action: -50 % on day 1 (Xtream); spread by judgement
        _beta(rng, "traffic left on day 1", 12.0, 12.0, f"{_PAGE}, F20"),
        # recovery half-life 3-10 days, unsure
        _uniform(rng, "recovery half-life, days", 3.0, 10.0, f"{_PAGE}, F20; judgement"),
        # "nearly all recovering" (Xtream); after a coordinated day less: judgement
        _beta(rng, "share that comes back", 8.0, 4.0, f"{_PAGE}, F20; judgement"),
        # share of edges behind a shared CDN: 10-40 % (38 % of one league's piracy on one CDN)
        _beta(rng, "edges behind a shared CDN", 6.0, 18.0, f"{_PAGE}, F19; judgement"),
        # decoys shared between operators: 10-30 % of links
        _beta(rng, "decoys among traits", 8.0, 32.0, f"{_PAGE}, F17; judgement"),
        # 15 % of resellers are dual-homed
        _beta(rng, "dual-homed resellers", 15.0, 85.0, f"{_PAGE}, F48"),
        # 70 % of panels need any edge, the others half of theirs: judgement
        _beta(rng, "panels that need any edge", 14.0, 6.0, f"{_PAGE}, F48; judgement"),
        # growth of the network over the 24 months: IPTV sales visits +10 % in 2023
        _uniform(rng, "growth a year", 0.0, 0.25, f"{_PAGE}, F15; judgement"),
        # a step of the day fails at its first try: judgement
        _beta(rng, "first tries that fail", 3.0, 57.0, "judgement"),
    )


def value(card: tuple[Drawn, ...], name: str) -> float:
    """Return a drawn parameter by its name."""
    return next(parameter.value for parameter in card if parameter.name == name)


def _beta(rng: np.random.Generator, name: str, a: float, b: float, basis: str) -> Drawn:
    return Drawn(
        name=name, value=float(rng.beta(a, b)), drawn_from=f"beta({a:g}, {b:g})", basis=basis
    )


def _uniform(rng: np.random.Generator, name: str, low: float, high: float, basis: str) -> Drawn:
    number = float(rng.uniform(low, high))
    return Drawn(name=name, value=number, drawn_from=f"uniform({low:g}, {high:g})", basis=basis)
