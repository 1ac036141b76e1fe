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
    rng = np.random.default_rng([seed, 96])
    names = Names(seed)
    stations = list(dict.fromkeys(f"{names.title()} {names.title()}" for _ in range(CHANNELS)))
    guides = {station: station.replace(" ", "") + ".example" for station in stations}
    found: list[Catalogue] = []

    def add(kind: str, network: str | None, listed: list[str], told: dict[str, str]) -> None:
        host = names.domain("panel")
        entries = tuple((one + _MARKS[int(rng.integers(len(_MARKS)))], told[one]) for one in listed)
        found.append(Catalogue(host=host, network=network, kind=kind, entries=entries))

    def some(count: int) -> list[str]:
        return [stations[int(k)] for k in rng.permutation(len(stations))[:count]]

    for number in range(networks):
        listed = some(SOLD)
        told = dict(guides)
        for one in listed:
            if rng.random() < MISTAKEN:
                told[one] = guides[stations[int(rng.integers(len(stations)))]]
        for _ in range(panels):
            kept = [one for one in listed if rng.random() >= DROPPED]
            for one in some(int(ADDED * SOLD)):
                if one not in kept:
                    kept.insert(int(rng.integers(len(kept) + 1)), one)
            add("copy", "ABCDEFGH"[number], kept, told)
    for _ in range(3):
        add("shuffled", None, some(SOLD), guides)
    for _ in range(2):
        add("alphabetical", None, sorted(some(SOLD)), guides)
    official = stations[:NUMBERED]
    for _ in range(2):
        rest = [one for one in some(SOLD) if one not in official]
        add("numbered", None, official + rest, guides)
    return tuple(found)
