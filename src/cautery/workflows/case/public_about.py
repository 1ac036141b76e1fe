"""What a case says of its orders in its public folder."""

from __future__ import annotations

from cautery.act.jurisdictions import profile_of
from cautery.canonical import canonical
from cautery.model import Mandate


def about_case(mandate: Mandate) -> bytes:
    """Return the file ``about.json``: who asks, and which orders' entries may be looked up.

    An order's profile says whether its list is secret; where no rule says so, it is not.
    """
    return canonical(
        {
            "who": mandate.who,
            "lab": mandate.lab,
            "orders": [
                {
                    "territory": order.territory.upper(),
                    "order": order.id,
                    "kind": order.kind.value,
                    "secret": profile_of(order.territory).is_secret(order.kind) is True,
                }
                for order in mandate.orders
            ],
        }
    )
