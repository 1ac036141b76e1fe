"""The way of the signal: shared ground, devices, encoders, origins, edges, panels."""

from __future__ import annotations

from cautery.lab.operations.card import value
from cautery.lab.operations.chance import token
from cautery.lab.operations.layers import Layers
from cautery.lab.operations.shapes import kept
from cautery.model import Role


class Delivery(Layers):
    """Draws what carries the signal; each layer needs those before it."""

    def _shared(self) -> None:
        """Hosters, content delivery networks, payment providers: others live there too."""
        places = ["NL", "RO", "DE", "FR", "BG", "SE", "GB", "CH", "HK", "ES", "IT", "NL"]
        self.hosters = [
            self._add(
                "as",
                f"AS{64496 + n}",  # RFC 5398: numbers for documentation
                type="hoster",
                role=Role.SHARED,
                country=place,
                shared="a hoster with other customers",
            )
            for n, place in enumerate(places)
        ]
        for n, hoster in enumerate(self.hosters):
            # Unrelated names at a hoster: mixture up to thousands (card); Zipf over hosters.
            self.net.collateral[hoster] = int(4000 / (n + 1) ** 0.8)
        self.cdns = [
            self._add(
                "as",
                f"AS{65536 + n}",
                type="cdn",
                role=Role.SHARED,
                country=place,
                shared="a content delivery network",
            )
            for n, place in enumerate(["DE", "NL", "GB", "FR"])
        ]
        for cdn in self.cdns:
            self.net.collateral[cdn] = int(self.rng.integers(20_000, 400_000))
            self.net.untouchable[cdn] = "a shared network with thousands of lawful names"
        self.providers = [
            self._add(
                "provider",
                f"psp-{next(self.names)}",
                type="provider",
                role=Role.SHARED,
                country=place,
                shared="a payment provider with lawful merchants",
            )
            for place in ["GB", "NL", "CH", "DE", "BG"]
        ]
        for n, provider in enumerate(self.providers):
            self.net.collateral[provider] = 20_000 // (n + 1)
            self.net.untouchable[provider] = "a payment provider of lawful merchants"

    def _devices(self) -> list[str]:
        places = {"IT": 5.0, self.shape.lead: 3.0, "NL": 2.0, "GB": 2.0, "ES": 1.0, "DE": 1.0}
        return [
            self._add(
                "device",
                f"box-{token(self.seed, 'box', n, length=8)}",
                type="device",
                role=Role.SOURCE,
                country=self._place(places),
            )
            for n in range(kept(self.shape.devices, self.scale, least=8))
        ]

    def _encoders(self, devices: list[str]) -> list[str]:
        encoders = []
        for start in range(0, len(devices), 10):  # about ten boxes a rack (Flawless: 20-30 a room)
            rack = tuple(devices[start : start + 10])
            country = self.net.places[rack[0]]
            hoster, country = self._hoster({country: 1.0})
            node = self._add(
                "host",
                self._host("enc"),
                type="encoder",
                role=Role.ENCODER,
                country=country,
                groups=[(rack, max(1, len(rack) // 3)), ((hoster,), 1)],
            )
            self._server(node, "core")
            encoders.append(node)
        return encoders

    def _origins(self, encoders: list[str]) -> list[str]:
        origins = []
        for n in range(kept(self.shape.signal_servers, self.scale, least=2)):
            # The signal went through nine servers in RO and HK [S14][S10].
            hoster, country = self._hoster({"RO": 2.0, "HK": 1.0} if n else {"RO": 1.0})
            feeds = self._some(encoders, 2 + int(self.rng.poisson(2)))
            node = self._add(
                "host",
                self._host("org"),
                type="origin",
                role=Role.ORIGIN,
                country=country,
                groups=[(feeds, 1), ((hoster,), 1)],
            )
            self._server(node, "core")
            origins.append(node)
        return origins

    def _edges(self, origins: list[str]) -> list[str]:
        count = self.shape.servers - self.shape.signal_servers
        places = {"NL": 5.0, "DE": 3.0, "FR": 3.0, "RO": 2.0, "BG": 2.0, "SE": 1.0, "GB": 1.0}
        edges = []
        for _ in range(kept(count, self.scale, least=5)):
            hoster, country = self._hoster(places)
            above = self._some(origins, 1 + int(self.rng.poisson(0.8)))
            behind = self.rng.random() < value(self.card, "edges behind a shared CDN")
            stands = ((self._one(self.cdns),), 1) if behind else ((hoster,), 1)
            node = self._add(
                "host",
                self._host("edge"),
                type="edge",
                role=Role.EDGE,
                country=country,
                groups=[(above, 1), stands],
            )
            self._server(node, "core" if self.rng.random() < 0.7 else "rented")
            edges.append(node)
        return edges

    def _panels(self, edges: list[str]) -> list[str]:
        panels = []
        for n in range(kept(self.shape.panels, self.scale, least=5)):
            # Eighty control panels were in UK and NL [S14][S10].
            hoster, country = self._hoster({"GB": 1.0, "NL": 1.0})
            edges_behind = self._some(edges, 2 + int(self.rng.poisson(1.5)))
            any_edge = self.rng.random() < value(self.card, "panels that need any edge")
            k = 1 if any_edge else max(1, len(edges_behind) // 2)
            node = self._add(
                "panel",
                f"panel-{next(self.names)}",
                type="panel",
                role=Role.PANEL,
                country=country,
                groups=[(edges_behind, k), ((hoster,), 1)],
            )
            self._server(node, f"administrator-{n % 3}")
            panels.append(node)
        return panels
