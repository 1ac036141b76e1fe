"""The typed AND/OR supply network: the needs of each node, its place, and the cost of cutting it.

Devices feed encoders, encoders origins (the signal servers), origins edges, edges panels; resellers
hang below panels in tiers; a country's customers of a reseller need the reseller, one of its
storefronts and one of its payment ends (docs/reference/sources.md, F1 and F48).
"""

from __future__ import annotations

from cautery.lab.operations.network import Supply
from cautery.lab.operations.sales import Sales
from cautery.lab.operations.shapes import Shape
from cautery.lab.operations.spec import Drawn, IntArray
from cautery.model import CoTenant

_SHOPS = ["holiday park", "painter", "dentist", "bakery", "joiner", "optician", "florist"]


def draw_supply(
    shape: Shape, card: tuple[Drawn, ...], users: IntArray, seed: int, scale: float
) -> Supply:
    """Draw the supply of a world.

    Parameters
    ----------
    users : ndarray, shape (countries,), int64
        Users of the month of the action by country: the demand.
    """
    return _Builder(shape, card, seed, scale).build(users)


class _Builder(Sales):
    """Draws one layer after the other."""

    def build(self, users: IntArray) -> Supply:
        """Draw everything."""
        self._shared()
        devices = self._devices()
        encoders = self._encoders(devices)
        origins = self._origins(encoders)
        edges = self._edges(origins)
        panels = self._panels(edges)
        supers = self._supers(panels)
        resellers = self._resellers(supers)
        fronts = self._storefronts(supers)
        pays = self._payments(supers)
        self._demand(resellers, supers, fronts, pays, users)
        self._strangers()
        return self.net

    def _strangers(self) -> None:
        """Draw lawful neighbours: the raided data centre, and edges on shared networks."""
        centre = self.hosters[0]
        hosted = [
            node
            for node, needs in self.net.groups.items()
            if self.net.types[node] == "edge" and any(centre in members for members, _ in needs)
        ]
        # The raid of 23 May 2023: local businesses on the same floor
        # (docs/reference/sources.md, F27).
        for n, target in enumerate((hosted or self.net.of_type("edge"))[:6]):
            for shop in self._some(_SHOPS, 2):
                self.net.co_tenants.append(
                    CoTenant(
                        target=target,
                        name=f"{shop} {next(self.names)}",
                        services=int(self.rng.integers(1, 40)),
                        continuity=f"the hoster moves it to rack {n + 20} before the search begins",
                    )
                )
        for front in self.cdns:
            self.net.co_tenants.append(
                CoTenant(
                    target=front,
                    name="names on the same addresses of a content delivery network",
                    services=self.net.collateral[front],
                    continuity="no act on an address: the network is asked to cut the one name",
                )
            )
