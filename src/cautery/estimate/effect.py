"""Did it work: the share of referred streams that our probe saw dark."""

from __future__ import annotations

import math
from collections.abc import Iterable

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import DarkProbe, Estimate

Z95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution: two-sided 95 %."""


def effect(*, dark: int, probed: int, where: str | None = None) -> Estimate:
    """Return the share of referred streams seen dark, with Wilson's 95 % interval.

    Parameters
    ----------
    dark, probed : int
        Streams seen dark, among those referred and probed through the intermediary.
    where : str or None
        The intermediary; ``None``: all of them.

    Raises
    ------
    InputError
        If the counts cannot be. Nothing probed gives the whole interval, and says so.
    """
    if not 0 <= dark <= probed:
        raise InputError(f"effect: {dark} dark of {probed} probed is not possible")
    quantity, unit = message("quantity.dark"), "share"
    if where is not None:
        quantity = message("quantity.dark-through", intermediary=where)
    if probed == 0:
        return Estimate(
            quantity=quantity,
            unit=unit,
            low=0.0,
            mid=0.5,
            high=1.0,
            method=message("method.logical-bounds"),
            note=message("estimate.nothing-probed"),
        )
    low, high = wilson(dark, probed)
    return Estimate(
        quantity=quantity,
        unit=unit,
        low=low,
        mid=dark / probed,
        high=high,
        method=message("method.wilson"),
        coverage=0.95,
        note=message("estimate.probed", dark=dark, count=probed),
    )


def last_dark(probes: Iterable[DarkProbe]) -> tuple[int, int]:
    """Return streams dark at their last probe, and streams probed: ``(dark, probed)``."""
    last: dict[tuple[str, str], DarkProbe] = {}
    for probe in sorted(probes, key=lambda probe: probe.at):
        last[probe.url, probe.intermediary] = probe
    return sum(probe.dark for probe in last.values()), len(last)


def wilson(hits: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """Return Wilson's score interval (JASA 1927), clipped to hold the observed share.

    Raises
    ------
    InputError
        If there are no trials.
    """
    if trials <= 0 or not 0 <= hits <= trials:
        raise InputError(f"{hits} of {trials}: there is no interval for these counts")
    share = hits / trials
    scale = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
