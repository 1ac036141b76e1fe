"""What the map of a supply graph shows: assets, their odds and dates, who points to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cautery.model.message import Message

BESIDE: Mapping[str, str] = {
    "playlist": "playlists", "stream": "streams", "address": "addresses",
    "certificate": "certificates",
}  # fmt: skip
"""Layers of what has no role in the supply, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """When a host was first and last seen, and the first records of the ledger that say so."""

    first: datetime
    last: datetime
    records: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One asset of the picture; ``sure`` is its role's or its own probability, if any.

    ``network`` is the criminal network that it is held to belong to, if that has other members;
    ``rivals`` the other roles that it may have; ``why`` what speaks for its own.
    """

    name: str
    role: str
    country: str | None = None
    sure: float | None = None
    network: str | None = None
    rivals: tuple[tuple[str, float], ...] = ()
    why: tuple[Message, ...] = ()
    met: Met | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Assets and who points to whom, with the relation's word; ``source`` says whence it is.

    A relation of what is no asset here is left out: a record that anybody appended may name it.
    """

    assets: tuple[Drawn, ...]
    relations: tuple[tuple[str, str, str], ...]
    source: str = ""
    near: Mapping[str, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        near: defaultdict[str, set[str]] = defaultdict(set)
        names = {asset.name for asset in self.assets}
        relations_known = tuple(
            relation for relation in self.relations if {relation[0], relation[2]} <= names
        )
        object.__setattr__(self, "relations", relations_known)
        for source, _, target in self.relations:
            near[source].add(target)
            near[target].add(source)
        neighbours = {asset.name: frozenset(near[asset.name]) for asset in self.assets}
        object.__setattr__(self, "near", neighbours)
