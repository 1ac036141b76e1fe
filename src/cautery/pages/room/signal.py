"""The content of the room's page of what an operation tells everybody."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.pages.room.operation import OperationHead


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalView:
    """What can be told to everybody, and by whom.

    Parameters
    ----------
    seizures : tuple of (str, str)
        Domains and panels that a seizure page stands for: host, and what was registered.
    nothing : str
        Why there is none; empty: there is one.
    agencies : tuple of (str, str)
        Id and name of each agency at the table.
    brands : tuple of str
        Brands that may be named.
    withheld : int
        Panels and brands that are left out by their markings.
    """

    head: OperationHead
    seizures: tuple[tuple[str, str], ...]
    nothing: str
    agencies: tuple[tuple[str, str], ...]
    brands: tuple[str, ...]
    withheld: int
