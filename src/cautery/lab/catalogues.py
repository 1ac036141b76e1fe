"""Draws what panels list: networks' catalogues with their order and mistakes, and strangers' own.

Each network keeps one list in an order of its own and gives some channels the guide id of another;
its panels are edited copies of it. Strangers sell the same channels, with the right ids:

``shuffled``      in an order of their own
``alphabetical``  two of them, in order of the alphabet, as many panels list
``numbered``      two of them, each beginning with the broadcasters' own numbering of a country
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cautery.lab.names import Names

CHANNELS, SOLD = 160, 110
NUMBERED = 20
DROPPED, ADDED, MISTAKEN = 0.10, 0.06, 0.08
"""Parts of a network's list that a panel lacks, adds, and that have another channel's guide."""
_MARKS = ("", " HD", " FHD", " [backup]", " 1080p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What one panel lists: titles with guide ids; ``network`` is ``None`` for a stranger."""

    host: str
    network: str | None
    kind: str
    entries: tuple[tuple[str, str], ...]


def draw_catalogues(seed: int, *, networks: int = 3, panels: int = 3) -> tuple[Catalogue, ...]:
    """Draw all panels' catalogues; the same seed gives the same ones."""
    # The second number keeps this draw apart from those of other parts of the same seed's world.
    rng = np.random.default_rng([seed, 96])
    names = Names(seed)
    stations = list(dict.fromkeys(f"{names.title()} {names.title()}" for _ in range(CHANNELS)))
    guides = {station: station.replace(" ", "") + ".example" for station in stations}
    catalogues: list[Catalogue] = []

    def add(kind: str, network: str | None, listed: list[str], guide: dict[str, str]) -> None:
        host = names.domain("panel")
        entries = tuple(
            (station + _MARKS[int(rng.integers(len(_MARKS)))], guide[station]) for station in listed
        )
        catalogues.append(Catalogue(host=host, network=network, kind=kind, entries=entries))

    def draw_stations(count: int) -> list[str]:
        return [stations[int(k)] for k in rng.permutation(len(stations))[:count]]

    for number in range(networks):
        listed = draw_stations(SOLD)
        guide = dict(guides)
        for title in listed:
            if rng.random() < MISTAKEN:
                guide[title] = guides[stations[int(rng.integers(len(stations)))]]
        for _ in range(panels):
            offered = [station for station in listed if rng.random() >= DROPPED]
            for station in draw_stations(int(ADDED * SOLD)):
                if station not in offered:
                    offered.insert(int(rng.integers(len(offered) + 1)), station)
            add("copy", "ABCDEFGH"[number], offered, guide)
    for _ in range(3):
        add("shuffled", None, draw_stations(SOLD), guides)
    for _ in range(2):
        add("alphabetical", None, sorted(draw_stations(SOLD)), guides)
    official = stations[:NUMBERED]
    for _ in range(2):
        unofficial = [station for station in draw_stations(SOLD) if station not in official]
        add("numbered", None, official + unofficial, guides)
    return tuple(catalogues)
