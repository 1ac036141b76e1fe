"""Supply graphs by another hand than the lab's: observations, truths and traps.

What differs from ``lab/behaviours.py``: a world draws its own habits first (ports, names of paths,
certificates, how many edges), so that its assets err together; marks come of URLs, read by
``formats/shapes.py``; sizes have heavy tails; one asset may do several tasks at once, and is told
right when the role is one that it does; three tenths of all that could be seen are not, and there
is noise. Half of the worlds are seen from outside, as a watch sees them: nobody tells who feeds
whom or who buys credits, and what stands behind the edges is seen only where it leaks.

Traps, by the asset that stands in one:

``cdn-edge``      an edge on a content network that other edges draw from, as from an origin
``on-one-host``   a panel on the same host as the origin
``own-payment``   a reseller with a shop and a checkout of its own, which pays nobody
``balancer``      an edge that only redirects, in a chain of up to three
``shared-host``   a storefront on an address with hundreds of strangers
``one-server``    panel, origin, edge and shop of a whole service on one server
``strange-ports`` panel or edge of a world whose ports and paths are nobody else's
``resold-shop``   a storefront that sells a reseller's lines
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

import numpy as np

from cautery.formats.shapes import shapes_of
from cautery.model import Edge, Role

MISSED, NOISE = 0.30, 0.03
"""Parts of what could be seen that is not; marks and relations that are false."""
_FALSE = (
    "port:1935", "port:554", "path:live", "path:segments", "path:portal", "path:get.php",
    "certificate:own", "certificate:default", "certificate:many-names", "shared-range",
    "page:prices", "page:checkout", "page:client-area",
)  # fmt: skip
Some = TypeVar("Some")
_TIES = ("feeds", "redirects-to", "lists", "sells", "credits-from", "pays", "resolves-to")


@dataclass(slots=True)
class World:
    """What is seen of a world, and what is true: the roles of each asset, and its trap."""

    outside: bool
    marks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    relations: list[Edge] = field(default_factory=list)
    roles: dict[str, frozenset[Role]] = field(default_factory=dict)
    traps: dict[str, str] = field(default_factory=dict)


def draw_world(seed: int) -> World:
    """Draw one world; the same seed gives the same."""
    return _Builder(np.random.default_rng([seed, 4711])).build()


class _Builder:
    """Draws habits, then services, then what of them is seen."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._world = World(outside=bool(rng.random() < 0.5))
        self._ties: list[tuple[str, str, str]] = []
        self._shown: dict[str, list[str]] = {}
        strange = rng.random() < 0.25
        self._strange = strange
        self._port = int(rng.integers(2000, 60000)) if strange else self._one((80, 8080, 25461))
        self._live = "" if strange or rng.random() < 0.3 else "live/"
        self._portal = rng.random() < 0.5
        self._hls = rng.random() < 0.6
        """Whether its edges serve manifests, or only endless streams."""
        self._own_keys = rng.random() < 0.3
        """Whether its servers have certificates for their own names."""
        self._clients = rng.random() < 0.6
        """Whether its resellers have an area for clients that outsiders see."""

    def build(self) -> World:
        """Draw all and return what is seen of it."""
        fronts = [self._add("front", {Role.SHARED}, self._front()) for _ in range(self._upto(3))]
        ends = [self._add("pay", {Role.PAYMENT}, self._till()) for _ in range(self._upto(4))]
        for _ in range(self._upto(6)):
            if self._rng.random() < 0.15:
                self._one_server(ends)
            else:
                self._service(fronts, ends)
        self._see()
        return self._world

    # -- what there is ----------------------------------------------------------------------

    def _service(self, fronts: Sequence[str], ends: Sequence[str]) -> None:
        rng = self._rng
        origins = self._behind()
        joint = rng.random() < 0.25
        if joint:
            panels = [origins[0]]
            self._world.roles[origins[0]] = frozenset({Role.ORIGIN, Role.PANEL})
            self._world.traps[origins[0]] = "on-one-host"
            self._shown[origins[0]] += self._panel(origins[0])
        else:
            panels = [self._new_panel() for _ in range(1 + (rng.random() < 0.2))]
        edges = [self._new_edge() for _ in range(self._many(4, 40))]
        for edge in edges:
            self._tie(self._one(origins), "feeds", edge)
        self._cdn(edges, origins, fronts)
        doors = self._balancers(edges)
        for panel in panels:
            for edge in (doors or edges)[: self._many(5, 30)]:
                self._tie(panel, "redirects-to" if rng.random() < 0.5 else "lists", edge)
        self._sellers(panels, fronts, ends)

    def _behind(self) -> list[str]:
        """Draw origins and what feeds them: by count small, and mostly hidden."""
        rng = self._rng
        origins = []
        for _ in range(1 + (rng.random() < 0.35)):
            name = self._add("origin", {Role.ORIGIN}, [])
            self._shown[name] += self._urls(name, "feeds/ch{n}.ts", "{n}/index.m3u8")
            self._shown[name] += ["port:1935"] if rng.random() < 0.4 else []
            self._shown[name] += self._key()
            origins.append(name)
        for _ in range(self._upto(3)):
            coder = self._add("coder", {Role.ENCODER}, [])
            kinds = (("port:1935",), ("port:9000",), ("port:9000", "port:1935"), ())
            self._shown[coder] += self._one(kinds)
            self._shown[coder] += ["encoder-page"] if rng.random() < 0.5 else []
            self._tie(coder, "feeds", self._one(origins))
            for _ in range(self._upto(4)):
                box = self._add("box", {Role.SOURCE}, ["receiver-page"])
                self._shown[box] += self._one((("port:554",), ("port:12000",), ()))
                self._tie(box, "feeds", coder)
        return origins

    def _cdn(self, edges: list[str], origins: Sequence[str], fronts: Sequence[str]) -> None:
        """Put a content network's edge between the origin and some edges."""
        if self._rng.random() > 0.35 or len(edges) < 4:
            return
        middle = self._new_edge("cdn-edge")
        self._shown[middle] += ["shared-range"]
        self._tie(self._one(origins), "feeds", middle)
        self._tie(middle, "resolves-to", self._one(fronts))
        for edge in edges[: self._upto(5)]:
            self._tie(middle, "feeds", edge)
        edges.append(middle)

    def _balancers(self, edges: Sequence[str]) -> list[str]:
        """Draw a chain that redirects; return where panels lead then, or nothing."""
        if self._rng.random() > 0.4:
            return []
        chain = [self._add("lb", {Role.EDGE}, self._key()) for _ in range(self._upto(3))]
        for name in chain:
            self._world.traps[name] = "balancer"
            self._shown[name] += self._urls(name, self._live + "anna/secret/{n}.ts")
        for here, there in pairwise(chain):
            self._tie(here, "redirects-to", there)
        for edge in edges:
            self._tie(chain[-1], "redirects-to", edge)
        return [chain[0]]

    def _sellers(self, panels: Sequence[str], fronts: Sequence[str], ends: Sequence[str]) -> None:
        rng = self._rng
        supers = [self._add("super", {Role.SUPER_RESELLER}, self._dealer())
                  for _ in range(self._upto(3) - (rng.random() < 0.5))]  # fmt: skip
        for one in supers:
            self._tie(one, "credits-from", self._one(panels))
            self._tie(one, "pays", self._one(ends))
        resellers = []
        for _ in range(self._many(3, 40) if supers else 0):
            name = self._add("agent", {Role.RESELLER}, ["certificate:own"])
            self._shown[name] += ["page:client-area"] if self._clients else []
            self._tie(name, "credits-from", self._one(supers))
            self._tie(name, "sells", self._one(panels))
            if rng.random() < 0.25:
                self._world.traps[name] = "own-payment"
                self._shown[name] += ["page:prices", "page:checkout"]
            elif rng.random() < 0.5:
                self._tie(name, "pays", self._one(ends))
            resellers.append(name)
        for _ in range(self._many(3, 40)):
            name = self._add("shop", {Role.STOREFRONT}, ["page:prices"])
            resold = bool(resellers) and rng.random() < 0.4
            self._tie(name, "sells", self._one(resellers if resold else panels))
            if resold:
                self._world.traps[name] = "resold-shop"
            if rng.random() < 0.8:
                self._tie(name, "pays", self._one(ends))
            if rng.random() < 0.3:
                self._world.traps[name] = "shared-host"
                self._shown[name] += ["shared-range", "certificate:many-names"]
                self._tie(name, "resolves-to", self._one(fronts))
            else:
                self._shown[name] += ["certificate:own"]

    def _one_server(self, ends: Sequence[str]) -> None:
        does = {Role.PANEL, Role.ORIGIN, Role.EDGE, Role.STOREFRONT}
        name = self._add("all", does, self._key())
        self._world.traps[name] = "one-server"
        self._shown[name] += [*self._panel(name), *self._stream(name), "page:prices"]
        self._tie(name, "pays", self._one(ends))
        for _ in range(self._upto(3) - 1):
            shop = self._add("shop", {Role.STOREFRONT}, ["page:prices", "certificate:own"])
            self._tie(shop, "sells", name)
            self._tie(shop, "pays", self._one(ends))

    # -- what each shows --------------------------------------------------------------------

    def _add(self, kind: str, does: set[Role], shown: Sequence[str]) -> str:
        name = f"{kind}{len(self._world.roles)}.example"
        self._world.roles[name] = frozenset(does)
        self._shown[name] = list(shown)
        return name

    def _new_panel(self) -> str:
        name = self._add("panel", {Role.PANEL}, self._key())
        self._shown[name] += self._panel(name)
        if self._strange:
            self._world.traps[name] = "strange-ports"
        return name

    def _new_edge(self, trap: str = "") -> str:
        name = self._add("edge", {Role.EDGE}, self._key())
        self._shown[name] += self._stream(name)
        if trap or self._strange:
            self._world.traps[name] = trap or "strange-ports"
        return name

    def _panel(self, host: str) -> list[str]:
        paths = ["player_api.php", "get.php"]
        return self._urls(host, *paths, *(["c/portal.php"] if self._portal else []))

    def _stream(self, host: str) -> list[str]:
        hls = ["hls/{n}/index.m3u8", "hls/{n}/0{n}.ts"] if self._hls else []
        return self._urls(host, self._live + "anna/secret/{n}.ts", *hls)

    def _urls(self, host: str, *paths: str) -> list[str]:
        number = int(self._rng.integers(11, 99999))
        urls = [f"http://{host}:{self._port}/{path.format(n=number)}" for path in paths]
        return [mark for url in urls for mark in shapes_of(url)]

    def _key(self) -> list[str]:
        if self._rng.random() < 0.5:
            return []
        return ["certificate:own" if self._own_keys else "certificate:default"]

    def _front(self) -> list[str]:
        return ["shared-range", *self._one((("many-strangers",), ("certificate:many-names",)))]

    def _till(self) -> list[str]:
        return self._one((["page:checkout", "certificate:own"], ["page:checkout"], []))

    def _dealer(self) -> list[str]:
        return ["page:credits", "certificate:own", *self._one((["page:prices"], []))]

    # -- what of it is seen -----------------------------------------------------------------

    def _see(self) -> None:
        world, rng = self._world, self._rng
        inner = {"feeds", "credits-from"}
        hidden: set[str] = set()
        if world.outside:
            inside = {Role.SOURCE, Role.ENCODER, Role.ORIGIN}
            hidden = {
                name for name, does in world.roles.items() if does <= inside and rng.random() < 0.8
            }
        for name in hidden:
            del world.roles[name]
            world.traps.pop(name, None)
        names = list(world.roles)
        for name in names:
            shown = dict.fromkeys(self._shown[name])
            seen = [mark for mark in shown if rng.random() >= MISSED]
            if rng.random() < NOISE:
                seen.append(self._one(_FALSE))
            world.marks[name] = tuple(dict.fromkeys(seen))
        told = [
            tie for tie in dict.fromkeys(self._ties)
            if not (world.outside and tie[1] in inner) and not {tie[0], tie[2]} & hidden
            and rng.random() >= MISSED
        ]  # fmt: skip
        told += [
            (self._one(names), self._one(_TIES), self._one(names))
            for _ in range(rng.poisson(NOISE * len(told)))
        ]
        world.relations = [Edge(source=a, relation=r, target=b) for a, r, b in told if a != b]

    def _tie(self, source: str, relation: str, target: str) -> None:
        self._ties.append((source, relation, target))

    def _one(self, of: Sequence[Some]) -> Some:
        return of[int(self._rng.integers(len(of)))]

    def _upto(self, most: int) -> int:
        return int(self._rng.integers(1, most + 1))

    def _many(self, typical: float, most: int) -> int:
        """Draw a count with a heavy tail."""
        return int(np.clip(self._rng.lognormal(np.log(typical), 0.9), 1, most))
