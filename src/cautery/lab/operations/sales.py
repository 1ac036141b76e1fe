"""The way of the money: tiers of resellers, storefronts, payment ends, and who buys there."""

from __future__ import annotations

import numpy as np

from cautery.lab.operations.card import value
from cautery.lab.operations.chance import token
from cautery.lab.operations.delivery import Delivery
from cautery.lab.operations.shapes import COUNTRIES, kept
from cautery.lab.operations.spec import FloatArray, IntArray
from cautery.model import Role


class Sales(Delivery):
    """Draws who sells and who buys, below the panels."""

    def _supers(self, panels: list[str]) -> list[str]:
        count = min(len(panels), max(2, kept(self.shape.resellers, self.scale, least=8) // 22))
        places = {"NL": 4.0, self.shape.lead: 4.0, "GB": 2.0, "ES": 1.0, "SE": 1.0, "HR": 1.0}
        supers = []
        for n in range(count):
            own_panels = tuple(panels[n::count])
            node = self._add(
                "reseller",
                f"super-{next(self.names)}",
                type="super-reseller",
                role=Role.SUPER_RESELLER,
                country=self._place(places),
                groups=[(own_panels, 1)],
            )
            self.net.trunk[node] = node
            self.net.panel_of[node] = own_panels[0]
            supers.append(node)
        return supers

    def _resellers(self, supers: list[str]) -> list[str]:
        """Resellers below a super-reseller, two subs below each of most of them."""
        left = kept(self.shape.resellers, self.scale, least=8) - len(supers)
        places = {
            country: 1.0
            + 6.0 * (country == self.shape.lead)
            + 2.0 * (country in {"NL", "GB", "DE"})
            for country in COUNTRIES
        }
        sizes = 1 / np.arange(1, len(supers) + 1) ** 0.5
        direct = max(len(supers), left // 3)
        panels_of = {trunk: list(self.net.groups[trunk][0][0]) for trunk in supers}
        # Every panel has a first reseller, then sellers come as their trunks are large.
        first = [(trunk, panel) for trunk in supers for panel in panels_of[trunk]][:direct]
        rows: list[str] = []
        for n in range(left):
            if n < direct:
                if n < len(first):
                    over, home = first[n]
                else:
                    over = self._weighted(supers, sizes)
                    home = self._one(panels_of[over])
                groups: list[tuple[tuple[str, ...], int]] = [((over,), 1)]
                second = self.rng.random() < value(self.card, "dual-homed resellers")
                second_panel = self._one(panels_of[over])
                groups.append(
                    ((home, second_panel) if second and second_panel != home else (home,), 1)
                )
                its, prefix = "reseller", "res"
            else:
                over = self._one(rows[:direct])
                home = self.net.panel_of[over]
                second = self.rng.random() < value(self.card, "dual-homed resellers")
                second_panel = self._one(rows[:direct])
                groups = [((over, second_panel) if second and second_panel != over else (over,), 1)]
                its, prefix = "sub-reseller", "sub"
            country = COUNTRIES[n] if n < len(COUNTRIES) else self._place(places)
            node = self._add(
                "reseller",
                f"{prefix}-{next(self.names)}",
                type=its,
                role=Role.RESELLER,
                country=country,
                groups=groups,
            )
            self.net.trunk[node] = self.net.trunk[over]
            self.net.panel_of[node] = home
            rows.append(node)
        return rows

    def _weighted(self, of: list[str], odds: FloatArray) -> str:
        return of[int(self.rng.choice(len(of), p=odds / odds.sum()))]

    def _storefronts(self, supers: list[str]) -> list[str]:
        storefronts = []
        for n in range(kept(self.shape.domains, self.scale, least=4)):
            trunk = supers[n % len(supers)]
            hoster, country = self._hoster({"NL": 2.0, "DE": 1.0, "FR": 1.0, "BG": 1.0, "IT": 1.0})
            front = self._one(self.cdns)
            takes_both = self.rng.random() < 0.3
            node = self._add(
                "host",
                f"{next(self.names)}-tv.example",
                type="storefront",
                role=Role.STOREFRONT,
                country=country,
                groups=[((front, hoster) if takes_both else (front,), 1)],
            )
            self.net.trunk[node] = trunk
            traits = self.net.traits[node]
            traits["analytics"] = "G-" + token(self.seed, "analytics", trunk, length=10).upper()
            traits["contact"] = "@" + token(self.seed, "contact", trunk, length=8)
            storefronts.append(node)
        return storefronts

    def _payments(self, supers: list[str]) -> list[str]:
        ends = []
        for n in range(max(len(supers), kept(40, self.scale, least=3))):
            provider = self.providers[int(self.rng.zipf(1.6)) % len(self.providers)]
            node = self._add(
                "payment",
                f"merchant-{next(self.names)}",
                type="payment",
                role=Role.PAYMENT,
                country=self.net.places[provider],
                groups=[((provider,), 1)],
            )
            self.net.trunk[node] = supers[n % len(supers)]
            ends.append(node)
        return ends

    def _demand(
        self,
        resellers: list[str],
        supers: list[str],
        fronts: list[str],
        pays: list[str],
        users: IntArray,
    ) -> None:
        """Draw customers by reseller and country: log-normal sizes, most at home (card)."""
        everyone = resellers + supers
        size = np.exp(1.0 * self.rng.standard_normal(len(everyone)))
        home = np.array([self.net.places[node] for node in everyone])
        spread = self.rng.random((len(everyone), len(COUNTRIES)))
        odds = np.where(home[:, None] == np.array(COUNTRIES), 1.0, 0.0)
        # About one further country a reseller sells to, at a fifth of the size: judgement.
        odds += np.where(spread < 1.2 / len(COUNTRIES), 0.2, 0.0)
        odds *= size[:, None]
        by_trunk = {trunk: [f for f in fronts if self.net.trunk[f] == trunk] for trunk in supers}
        paid_to = {trunk: [f for f in pays if self.net.trunk[f] == trunk] for trunk in supers}
        # Where nobody sells, customers buy from abroad.
        odds += np.where(odds.sum(axis=0) == 0, 1.0, 0.0) * size[:, None]
        for c, country in enumerate(COUNTRIES):
            share = odds[:, c] / odds[:, c].sum()
            counts = self.rng.multinomial(int(users[c]), share)
            for seller, count in zip(everyone, counts.tolist(), strict=True):
                if count == 0:
                    continue
                trunk = self.net.trunk[seller]
                node = f"demand:{country}/{seller.partition(':')[2]}"
                self.net.types[node] = "demand"
                self.net.groups[node] = [
                    ((seller,), 1),
                    (self._fronts(by_trunk[trunk], fronts), 1),
                    (self._some(paid_to[trunk] or pays, 1 + int(self.rng.poisson(0.5))), 1),
                ]
                self.net.weights[node] = float(count)
                self.net.places[node] = country
                self.net.panel_of[node] = self.net.panel_of[seller]

    def _fronts(self, own_fronts: list[str], everybody: list[str]) -> tuple[str, ...]:
        """Return storefronts that a customer finds: the trunk's own, and some of others."""
        foreign_fronts = self._some(everybody, 1 + int(self.rng.poisson(0.5)))
        return tuple(dict.fromkeys([*own_fronts, *foreign_fronts]))
