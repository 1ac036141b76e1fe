"""The bias of every source in one world, drawn from the published priors after the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cautery.errors import InputError
from cautery.estimate.priors import CHANNEL_MIX, PRIORS
from cautery.lab.operations.audience import Audience
from cautery.lab.operations.chance import chance
from cautery.lab.operations.network import Supply
from cautery.lab.operations.shapes import COUNTRIES
from cautery.lab.operations.spec import Biases, FloatArray

CHANNELS = ("card", "wallet-service", "bank", "crypto")
"""Ways to pay, as :class:`cautery.model.PaymentCount` names them."""

_OF_THE_WORLD = (
    "LINES_PER_PAYER",
    "DORMANT",
    "TRIAL",
    "EXPIRED",
    "TRAFFIC_COMMON",
    "PEAK_CONCURRENCY",
    "ACTIVE_PHANTOMS",
    "EDGE_COVERAGE",
    "CAPTURE_CV",
    "OFF_BOOK",
    "REFUNDS",
    "CREDITS",
    "HOUSEHOLDS_LOOKING",
    "VPN",
    "SURVEY_RECALL",
    "ADULTS_PER_HOUSEHOLD",
    "JOINING",
    "CONVERSION",
    "REALISED",
    "LONG_TERM_DISCOUNT",
)
_OF_COUNTRIES = (
    "COUNTRY_PEAK",
    "COUNTRY_PAYMENTS",
    "COUNTRY_NAMES",
    "COUNTRY_SURVEY",
    "COUNTRY_VISITS",
)


_OF_EVIDENCE = ("SHARING_TOLD", "LOOKING_EACH", "ACTIVE_SEEN", "SOLD_REALISED", "PAYING_TOLD")
COMMON = (*_OF_THE_WORLD, *_OF_EVIDENCE, "USERS_PER_PAYER", "NETWORK_ARPU")
"""Biases of which a world has one draw: these can be off."""
_GREATEST_SHARE = 0.97
"""Of a share that is off; judgement."""


def require_biases(off: Mapping[str, float]) -> None:
    """Refuse what is not a bias of a world, or a factor that cannot be.

    Raises
    ------
    InputError
        If a name is none of ``COMMON``, or a factor is not positive and finite.
    """
    for name, factor in off.items():
        if name not in COMMON:
            raise InputError(f"{name!r} is not a bias that a world has one of")
        if not 0 < factor < np.inf:
            raise InputError(f"{name}: a factor of {factor:g} is not possible")


def draw_biases(
    net: Supply, audience: Audience, seed: int, *, off: Mapping[str, float]
) -> tuple[Biases, tuple[str, ...]]:
    """Draw what makes each source wrong, and which panels' disks could be read.

    Returns
    -------
    tuple
        The biases; and the ids of the panels whose dump the day yields.
    """
    rng = chance(seed, "biases")
    panels = net.of_type("panel")
    by_name = {name: float(PRIORS[name].draw(rng)) for name in _OF_THE_WORLD}
    apart = chance(seed, "sharing")
    by_name |= {name: float(PRIORS[name].draw(apart)) for name in _OF_EVIDENCE}
    by_name = {name: _off(name, value, off) for name, value in by_name.items()}
    by_country = {name: PRIORS[name].draw(rng, len(COUNTRIES)) for name in _OF_COUNTRIES}
    # Of the edges, what the police could look at: judgement.
    by_name["coverage"] = float(rng.uniform(0.3, 0.6))
    by_name["capture"] = float(rng.uniform(0.25, 0.45))
    parts = rng.dirichlet([CHANNEL_MIX[channel] for channel in CHANNELS])
    mix = dict(zip(CHANNELS, parts.tolist(), strict=True))
    known_shares = PRIORS["ACCOUNT_COVERAGE"].draw(rng, len(CHANNELS))
    coverage = dict(zip(CHANNELS, known_shares.tolist(), strict=True))
    takings = PRIORS["KNOWN_ACCOUNTS"].draw(rng, len(CHANNELS)).tolist()
    biases = Biases(
        by_name=by_name | audience.drawn,
        by_country=by_country | audience.by_country,
        panel_share=_panel_share(net, panels),
        panel_mix=PRIORS["PANEL_MIX"].draw(rng, (len(panels), len(COUNTRIES))),
        panel_traffic=PRIORS["PANEL_TRAFFIC"].draw(rng, len(panels)),
        channel_mix=mix,
        channel_coverage=coverage,
        channel_known=dict(zip(CHANNELS, takings, strict=True)),
        households=audience.households,
    )
    # A third of the disks open (encryption, panels wiped in time): judgement; three at least.
    count = min(len(panels), max(3, round(0.35 * len(panels))))
    opened = sorted(rng.choice(len(panels), size=count, replace=False).tolist())
    return biases, tuple(panels[n] for n in opened)


def _off(name: str, value: float, off: Mapping[str, float]) -> float:
    """Return a draw times the factor by which it is off; a share stays one."""
    if name not in off:
        return value
    is_share = PRIORS[name].distribution == "beta"
    return min(value * off[name], _GREATEST_SHARE) if is_share else value * off[name]


def _panel_share(net: Supply, panels: list[str]) -> FloatArray:
    """Return each panel's share of users, by the resellers that are on it."""
    place = {panel: n for n, panel in enumerate(panels)}
    share = np.full(len(panels), 0.5)  # an idle panel has a customer or so
    for node, weight in net.weights.items():
        share[place[net.panel_of[node]]] += weight
    return np.asarray(share / share.sum())
