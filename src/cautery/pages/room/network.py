"""The content of the page of the network, complete and ready to render."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cautery.model.message import Message
from cautery.pages.room.view import CaseHead, RecordRow
from cautery.pages.supply_map.countries import Countries
from cautery.pages.supply_map.draw import Drawing
from cautery.pages.supply_map.view import Drawn

STEPS = 2
MOST_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What somebody wants to see of a network.

    Parameters
    ----------
    around : str
        Name of an asset; empty: all.
    network : str
        Id of a network, if ``around`` is empty; empty: all.
    steps : int
        How many relations lie between the middle and what is shown, 1 to 4.
    by_country : bool
        In layers by country, and not by role.
    map : int or None
        Record of a map; ``None``: the newest.
    nth : int or None
        In its place: which of the maps of the case, from 1, as a slider has it.
    search : str
        Words in the name of an asset.
    """

    around: str = ""
    network: str = ""
    steps: int = STEPS
    by_country: bool = False
    map: int | None = None
    nth: int | None = None
    search: str = ""

    def fields(self, **changed: Any) -> dict[str, str]:
        """Return what the address of the same page, with changes, has behind its ``?``."""
        changed_query = replace(self, **changed)
        fields = {
            "around": changed_query.around,
            "network": "" if changed_query.around else changed_query.network,
            "steps": "" if changed_query.steps == STEPS else str(changed_query.steps),
            "by": "country" if changed_query.by_country else "",
            "map": "" if changed_query.map is None else str(changed_query.map),
        }
        return {name: value for name, value in fields.items() if value}

    def address(self, **changed: Any) -> str:
        """Return the address of the same page with changes, below its own."""
        return f"?{urlencode(self.fields(**changed), errors='replace')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MapTime:
    """Which of the maps of a case is shown.

    Parameters
    ----------
    record : int
        Its record.
    numbers : tuple of int
        Records of the maps of the case, the newest ones, rising; ``older``: there are others.
    earlier, later : int or None
        Records of the maps beside it.
    """

    record: int
    at: datetime
    numbers: tuple[int, ...]
    older: bool
    earlier: int | None
    later: int | None

    @property
    def place(self) -> int:
        """The map's place among them, from 1; 0: it is older."""
        return self.numbers.index(self.record) + 1 if self.record in self.numbers else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRow:
    """A criminal network of a map: a hypothesis."""

    id: str
    members: int
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Who points to whom, in a word."""

    source: str
    relation: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingRow:
    """What a person says of two hosts, and its record.

    Parameters
    ----------
    in_map : bool
        The map that is shown was drawn after it.
    """

    host: str
    other: str
    same: bool
    by: str
    why: str
    at: datetime
    record: int
    in_map: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetView:
    """What is known about the asset that the picture is around.

    Parameters
    ----------
    member_with : float or None
        Probability that it belongs to its network; ``None``: it is held to belong to none.
    member_why : tuple of Message
        What speaks for that.
    relations : tuple of Relation
        Some of its relations.
    related : int
        How many it has.
    records : tuple of RecordRow
        The newest records about it.
    rulings : tuple of RulingRow
        What people say of it and another host, the newest first.
    commands : tuple of (str, str)
        How to say so: what a command does, and the command; none where nothing can be added.
    """

    asset: Drawn
    member_with: float | None
    member_why: tuple[Message, ...]
    relations: tuple[Relation, ...]
    related: int
    records: tuple[RecordRow, ...]
    rulings: tuple[RulingRow, ...]
    commands: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a map has that the one before had not, and the other way round; some of it."""

    came: tuple[str, ...]
    came_in_all: int
    went: tuple[str, ...]
    went_in_all: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkView:
    """The page of the network of a case.

    Parameters
    ----------
    asked : Asking
        What is shown.
    drawing : Drawing or None
        The picture; ``None``: nothing is in the map.
    shown : tuple of Drawn
        Assets of the picture.
    left_out : int
        Assets that are as near, and for which there is no room.
    around : AssetView or None
        The asset in the middle; ``None``: the picture is of all, or around a network.
    network : str
        The network whose hosts are in the middle; empty: none.
    found : tuple of str
        Assets whose names have it, of ``found_in_all``.
    countries : Countries
        Where what is shown stands.
    """

    head: CaseHead
    asked: Asking
    time: MapTime
    assets: int
    relations: int
    drawing: Drawing | None
    shown: tuple[Drawn, ...]
    left_out: int
    around: AssetView | None
    network: str
    found: tuple[str, ...]
    found_in_all: int
    countries: Countries
    networks: tuple[NetworkRow, ...]
    networks_in_all: int
    changes: Changes | None
