"""How long the parts of a service lived, as far as somebody looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.daily import LONGEST_NAME, require_name


class EntityKind(StrEnum):
    """Parts of a service whose lives are counted."""

    DOMAIN = "domain"
    ADDRESS = "address"
    PANEL = "panel"
    BRAND = "brand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long a domain, an address, a panel or a brand was seen alive.

    Parameters
    ----------
    born : date
        First day on which it was seen.
    died : date or None
        Day on which it was found dead; ``None``: it was alive when last seen (censored).
    last_seen : date
        Last day on which somebody looked and found it alive, or the day of its death.
    group : str
        What it is compared by, such as ``under blocking``; empty: none.
    """

    entity: str
    kind: EntityKind
    born: date
    died: date | None
    last_seen: date
    group: str = ""

    def __post_init__(self) -> None:
        require_name("entity", self.entity)
        if len(self.group) > LONGEST_NAME or not self.group.isprintable():
            raise InputError(f"{self.entity}: its group has a name that cannot be shown")
        end = self.died or self.last_seen
        if end < self.born:
            raise InputError(f"{self.entity}: it ends on {end}, before it was born on {self.born}")
        if self.died is not None and self.last_seen > self.died:
            raise InputError(f"{self.entity}: seen on {self.last_seen}, after its death")

    @property
    def lived_d(self) -> int:
        """Days from birth to death, or to when it was last seen."""
        return ((self.died or self.last_seen) - self.born).days
