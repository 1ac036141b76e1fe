"""What every layer of a supply network is drawn with: places, names, addresses, costs."""

from __future__ import annotations

import numpy as np

from cautery.lab.operations.card import value
from cautery.lab.operations.chance import chance, token
from cautery.lab.operations.network import COST, Supply
from cautery.lab.operations.shapes import Shape
from cautery.lab.operations.spec import Drawn
from cautery.lab.operations.titles import words
from cautery.model import Asset, Role
from cautery.model.message import as_written


class Layers:
    """A network that grows: adds nodes, and chooses among those that are there."""

    def __init__(self, shape: Shape, card: tuple[Drawn, ...], seed: int, scale: float) -> None:
        self.shape, self.card, self.seed, self.scale = shape, card, seed, scale
        self.rng = chance(seed, "supply")
        self.net = Supply()
        self.names = iter(words(self.rng, 2 * shape.resellers + shape.servers + 1200))
        self.address = 0
        self.hosters: list[str] = []
        self.cdns: list[str] = []
        self.providers: list[str] = []

    def _add(
        self,
        kind: str,
        value: str,
        *,
        type: str,
        role: Role,
        country: str,
        groups: list[tuple[tuple[str, ...], int]] | None = None,
        shared: str | None = None,
    ) -> str:
        why = None if shared is None else as_written(shared)
        asset = Asset(kind=kind, value=value, role=role, country=country, shared=why)
        net = self.net
        net.assets[asset.id] = asset
        net.types[asset.id] = type
        net.groups[asset.id] = groups or []
        # Jitter of effort, a factor of two either way, by judgement.
        net.costs[asset.id] = round(COST[type] * float(np.exp(self.rng.uniform(-0.7, 0.7))), 3)
        net.places[asset.id] = country
        net.collateral[asset.id] = 0
        net.traits[asset.id] = {}
        return asset.id

    def _some(self, of: list[str], count: int) -> tuple[str, ...]:
        drawn_places = self.rng.choice(len(of), size=min(count, len(of)), replace=False)
        return tuple(of[n] for n in sorted(drawn_places.tolist()))

    def _one(self, of: list[str]) -> str:
        return of[int(self.rng.integers(len(of)))]

    def _host(self, role: str) -> str:
        return f"{role}-{next(self.names)}.example"

    def _place(self, weights: dict[str, float]) -> str:
        odds = np.array(list(weights.values()))
        return list(weights)[int(self.rng.choice(len(odds), p=odds / odds.sum()))]

    def _hoster(self, places: dict[str, float]) -> tuple[str, str]:
        """Return a hoster in one of the places, and its country."""
        if self.shape.like == "globe" and "HK" not in places:
            # 1,200 servers in one data centre (docs/reference/sources.md, F3)
            return self.hosters[0], "NL"
        country = self._place(places)
        hosters = [hoster for hoster in self.hosters if self.net.places[hoster] == country]
        return self._one(hosters or self.hosters), country

    def _server(self, node: str, operator: str) -> None:
        """Give a server its address and what it shows of itself."""
        self.address += 1
        traits = self.net.traits[node]
        # RFC 2544 range: routed nowhere.
        traits["address"] = f"198.{18 + self.address // 62500}.{self.address // 250 % 250}." + str(
            self.address % 250 + 1
        )
        decoy = self.rng.random() < value(self.card, "decoys among traits")
        whose = "default" if decoy else operator
        traits["certificate"] = "sha256:" + token(self.seed, "certificate", whose, length=64)
        traits["favicon"] = token(self.seed, "favicon", whose, length=16)
