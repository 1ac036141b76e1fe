"""Size by seized panels: lines in use over the panels' share of the network's traffic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

from cautery.errors import InputError
from cautery.estimate.counting import SIZE, counted
from cautery.estimate.priors import PRIORS, Priors
from cautery.estimate.sized import FloatArray, Sized, said_nothing, sized_from_logs
from cautery.messages import message
from cautery.model import PanelCount, SizingSources

_LEAST = 100
"""Draws that must be possible before the impossible are drawn again."""
_LEAST_LOGGED = 50
"""Paid-looking lines that panels must have whose activity stands for that of others."""


def by_panels(
    sources: SizingSources, *, rng: np.random.Generator, priors: Priors = PRIORS
) -> Sized:
    """Size by the paid lines of seized panels over their share of the network's traffic."""
    is_active = any(panel.active is not None for panel in sources.panels)
    bias = message("bias.panels-active") if is_active else message("bias.panels")
    shares = _traffic_shares(sources.panels)
    if not shares:
        why = message(f"no-estimate.{'no-share' if sources.panels else 'no-dump'}")
        return said_nothing("panels", "lines", why, bias=bias)
    last = {panel.panel: panel.on for panel in sorted(sources.panels, key=lambda panel: panel.on)}
    latest = [
        panel
        for panel in sources.panels
        # Of two dumps of one panel the later one holds the earlier one's lines.
        if panel.panel in shares and panel.on == last[panel.panel]
    ]
    countries = sorted({panel.country for panel in latest})
    if not any(panel.paid for panel in latest):
        return said_nothing("panels", "lines", message("no-estimate.no-paid-line"), bias=bias)
    share = np.array(list(shares.values()))
    error = priors["PANEL_TRAFFIC"].draw(rng, (SIZE, len(share))) @ (share / share.sum())
    seized = share.sum() / error / priors["TRAFFIC_COMMON"].draw(rng, SIZE)
    # The seized part is never more than the whole: draws that say so are drawn again.
    possible = seized[seized <= 1]
    seized = rng.choice(possible, SIZE) if len(possible) > _LEAST else np.minimum(seized, 1.0)
    live, counting = _live(latest, countries, rng=rng, priors=priors)
    # Panels that were not seized may be popular elsewhere: sampling from finitely many panels.
    panels = share.sum() ** 2 / (share**2).sum()
    mix = np.expm1(priors["PANEL_MIX"].log_moments()[1] ** 2) * max(0.0, 1 - seized.mean()) / panels
    left = len({panel.panel for panel in sources.panels}) - len(shares)
    return sized_from_logs(
        live - np.log(seized)[:, None],
        method="panels",
        about="lines",
        countries=countries,
        own_variance=mix + counting,
        bias=bias,
        rng=rng,
        priors=priors,
        notes=(message("sizing.no-traffic-share", panels=left),) if left else (),
    )


def _live(
    latest: Sequence[PanelCount],
    countries: Sequence[str],
    *,
    rng: np.random.Generator,
    priors: Priors,
) -> tuple[FloatArray, FloatArray]:
    """Return draws of the logarithm of live lines, (draws, countries), and counting variance.

    Where a panel logs which lines were in use, the dormant share is observed, and not assumed; it
    then stands for the panels that keep no log as well.
    """
    active: Counter[str] = Counter()
    unlogged: Counter[str] = Counter()
    paid = 0
    for panel in latest:
        if panel.active is None:
            unlogged[panel.country] += panel.paid
        else:
            active[panel.country] += panel.active
            paid += panel.paid
    seen_share = priors["ACTIVE_SEEN"].draw(rng, SIZE)
    if paid >= _LEAST_LOGGED:
        in_use = np.minimum(
            rng.beta(active.total() + 0.5, paid - active.total() + 0.5, SIZE) / seen_share, 1.0
        )
    else:
        in_use = 1 - priors["DORMANT"].draw(rng, SIZE)
    logged = np.array([active[country] for country in countries], float)
    assumed = np.array([unlogged[country] for country in countries], float)
    logs, counting = counted(logged + assumed)
    share = (logged / seen_share[:, None] + assumed * in_use[:, None] + 1e-9) / (
        logged + assumed + 1e-9
    )
    return logs + np.log(share), counting


def _traffic_shares(panels: Sequence[PanelCount]) -> dict[str, float]:
    """Return the share of each panel for which one is known; a panel has one, whatever the country.

    Raises
    ------
    InputError
        If two rows of a panel contradict each other.
    """
    stated: dict[tuple[date, str], float] = {}
    for panel in panels:
        share = panel.traffic_share
        if share and stated.setdefault((panel.on, panel.panel), share) != share:
            raise InputError(
                f"panel {panel.panel}: it has two different shares of traffic on {panel.on}",
                hint="Give one share for the whole panel, over all its countries.",
            )
    in_time = sorted(stated.items(), key=lambda item: item[0][0])
    return {panel: share for (_, panel), share in in_time}
