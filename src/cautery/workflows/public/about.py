"""What a public folder says of the orders behind its lists; without it, they are kept secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cautery.act.ports import PublicFiles
from cautery.errors import CauteryError
from cautery.json_text import parsed_json
from cautery.model import OrderKind

ABOUT = "about.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOrder:
    """An order, as the public may know of it.

    Parameters
    ----------
    kind : OrderKind
        What it is for.
    is_secret : bool
        Whether nothing may be said of a single entry under it.
    """

    kind: OrderKind
    is_secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a public folder says of its case.

    Parameters
    ----------
    who : str
        Who asks for the blocks; empty: not stated.
    orders : mapping
        By territory and id of the order.
    """

    who: str = ""
    orders: Mapping[tuple[str, str], PublicOrder] = field(default_factory=dict)

    def is_secret(self, territory: str, order: str) -> bool:
        """Tell whether nothing may be said of an entry; of an unknown order nothing is said."""
        order_record = self.orders.get((territory, order))
        return order_record is None or order_record.is_secret

    @property
    def keeps_secrets(self) -> bool:
        """Whether there is, or may be, an order of whose entries nothing may be said."""
        return not self.orders or any(order.is_secret for order in self.orders.values())


def read_about(files: PublicFiles) -> About:
    """Return what a folder says; of a broken or missing file, nothing."""
    try:
        about = parsed_json(files.read(ABOUT) or b"{}")
        return About(
            who=str(about.get("who", "")),
            orders={
                (str(row["territory"]), str(row["order"])): PublicOrder(
                    kind=OrderKind(row["kind"]), is_secret=bool(row["secret"])
                )
                for row in about.get("orders", ())
            },
        )
    except (CauteryError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return About()
