"""Did users go to other services of the market: the mean of the receivers' logs.

Never a sum over receivers: their errors would add up to many times what anybody lost, and one
large service would speak for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cautery.estimate.course.contrast import Contrast, Ground, Group, contrast
from cautery.estimate.course.effect import COVERAGE, HORIZON_D, days_after, method_of
from cautery.messages import message
from cautery.model import Estimate
from cautery.model.daily import UNKNOWN_MARKET, Strike
from cautery.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Displacement:
    """Whether the other services of a market gained after a strike.

    Parameters
    ----------
    market : str
    strike : Strike
    receivers : tuple of str
        Services of the market that nobody struck.
    gain : Estimate or None
        Mean of their logs of observed over counterfactual; ``None``: it cannot be said.
    claimed : bool
        Whether a gain is claimed: the whole interval is above zero. A loss is never claimed as
        displacement.
    reason : Message or None
        Why it cannot be said.
    notes : tuple of Message
    """

    market: str
    strike: Strike
    receivers: tuple[str, ...]
    gain: Estimate | None
    claimed: bool
    reason: Message | None
    notes: tuple[Message, ...]


def displacements_after(
    ground: Ground,
    strike: Strike,
    *,
    units: Sequence[str] | None = None,
    horizon: int = HORIZON_D,
    coverage: float = COVERAGE,
) -> Iterator[Displacement]:
    """Yield for each market of a strike whether its other services gained.

    Parameters
    ----------
    units : sequence of str or None
        Those of the strike whose markets are asked about; ``None``: all.
    """
    panel = ground.panel
    units_asked = strike.units if units is None else units
    markets = {panel.columns[place].market for unit in units_asked for place in panel.of_unit(unit)}
    for market in sorted(markets):
        yield _displacement(ground, strike, market, horizon=horizon, coverage=coverage)


def _displacement(
    ground: Ground, strike: Strike, market: str, *, horizon: int, coverage: float
) -> Displacement:
    panel = ground.panel
    row = panel.at(strike.at.date())
    receivers = _unstruck(ground, panel.in_markets((market,)), row, horizon)
    names = tuple(panel.columns[place].unit for place in receivers)
    notes: list[Message] = []
    days, reason = days_after(ground, receivers, row, horizon, notes)
    if market == UNKNOWN_MARKET:
        reason = message("course.market-unknown")
    elif not receivers:
        reason = message("course.no-receivers", market=market)
    elif not panel.far_from((market,)):
        reason = message("course.no-far-services-for-gain", market=market)
    outcome: Contrast | Message | None = reason
    if reason is None:
        placebos = list(_markets_apart(ground, market, strike, row, horizon))
        group = Group(receivers, frozenset((market,)))
        outcome = contrast(ground, group, placebos, at=row + 1, horizon=days, coverage=coverage)
    if not isinstance(outcome, Contrast):
        return Displacement(
            market=market, strike=strike, receivers=names, gain=None, claimed=False,
            reason=outcome, notes=tuple(notes),
        )  # fmt: skip
    at_once = _struck_in(ground, market, row, horizon)
    if at_once:
        notes.append(message("course.gain-of-all", count=at_once))
    return Displacement(
        market=market,
        strike=strike,
        receivers=names,
        gain=Estimate(
            quantity=message("quantity.displacement", market=market, count=len(names), days=days),
            unit="log ratio",
            low=outcome.mean - outcome.half,
            mid=outcome.mean,
            high=outcome.mean + outcome.half,
            method=method_of(outcome),
            coverage=coverage,
            note=notes[0] if notes else None,
        ),
        claimed=outcome.mean - outcome.half > 0,
        reason=None,
        notes=tuple(notes),
    )


def _unstruck(ground: Ground, columns: Sequence[int], row: int, horizon: int) -> tuple[int, ...]:
    """Return the columns that nothing happened to from a horizon before a day to one after it."""
    return tuple(
        column
        for column in columns
        if not ground.is_struck(column, row - horizon, row + horizon + 1)
    )


def _markets_apart(
    ground: Ground, market: str, strike: Strike, row: int, horizon: int
) -> Iterator[Group]:
    """Yield each other market's services that nothing happened to, as placebos."""
    by_market: defaultdict[str, list[int]] = defaultdict(list)
    for place in ground.panel.far_from((market,)):
        if ground.panel.columns[place].unit not in strike.units:
            by_market[ground.panel.columns[place].market].append(place)
    for far_market, columns in sorted(by_market.items()):
        if usable := _unstruck(ground, columns, row, horizon):
            yield Group(usable, frozenset((far_market,)))


def _struck_in(ground: Ground, market: str, row: int, horizon: int) -> int:
    """Return how many other services of a market were struck about then."""
    units = {
        ground.panel.columns[place].unit
        for place in ground.panel.in_markets((market,))
        if ground.is_struck(place, row - horizon, row + horizon + 1)
    }
    return max(0, len(units) - 1)
