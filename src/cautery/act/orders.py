"""Court orders as registered: which is in force, where, and until when it lets us act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cautery.model import CourtOrder, require_utc


def in_force(order: CourtOrder, *, territory: str, at: datetime) -> bool:
    """Tell whether an order covers a territory at a moment."""
    require_utc("at", at)
    return order.territory.upper() == territory.upper() and order.window.holds(at)


def orders_in_force(
    orders: Sequence[CourtOrder], *, territory: str, at: datetime
) -> tuple[CourtOrder, ...]:
    """Return the orders in force, the one that ends last first, then by id."""
    valid = [order for order in orders if in_force(order, territory=territory, at=at)]
    return tuple(sorted(valid, key=lambda order: (-order.window.end.timestamp(), order.id)))
