"""Draws three criminal networks, the innocents around them, and the traps between them.

Traps (docs/reference/sources.md, F17 and F27): a shared CDN address, a recycled address, a
middleware's default certificate, co-tenants of one hoster, common registrars, playlists that mix
networks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cautery.lab.names import Names
from cautery.lab.spec import HostSpec, NetworkSpec, SourceSpec
from cautery.lab.wallets import wallet

MIDDLEWARE = "middleware-default"
CDN = "shared-cdn"
_REGISTRARS = ("Namewharf", "Domain Quay", "Hosthaven Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hoster:
    """Who announces a range of the lab's loopback addresses."""

    asn: int
    organisation: str
    country: str
    prefix: str
    kind: str | None = None


HOSTERS: tuple[Hoster, ...] = (
    Hoster(asn=64500, organisation="Northdrift Hosting", country="NL", prefix="127.10"),
    Hoster(asn=64501, organisation="Bluequay Servers", country="BG", prefix="127.20"),
    Hoster(asn=64502, organisation="Palmgrid Offshore", country="SC", prefix="127.30"),
    Hoster(asn=64505, organisation="Wideshade CDN", country="US", prefix="127.40", kind="cdn"),
    Hoster(asn=65540, organisation="Parkrow Cloud", country="DE", prefix="127.50", kind="cloud"),
    Hoster(asn=64510, organisation="Civic Broadcast Net", country="FR", prefix="127.60"),
    Hoster(asn=65550, organisation="Lab Backbone", country="GB", prefix="127.70"),
)
"""AS numbers for documentation: RFC 5398."""


@dataclass(slots=True)
class Underworld:
    """Hosts, networks and sources, with the facts that surround them."""

    hosts: list[HostSpec] = field(default_factory=list)
    networks: list[NetworkSpec] = field(default_factory=list)
    sources: list[SourceSpec] = field(default_factory=list)
    past: list[tuple[str, str, str, str]] = field(default_factory=list)
    dedicated: list[tuple[str, str]] = field(default_factory=list)
    popular: list[str] = field(default_factory=list)
    protected: list[tuple[str, str]] = field(default_factory=list)

    def names(self, role: str, network: str | None = None) -> list[str]:
        """Return hosts of a role, of one network if given."""
        return [
            host.name
            for host in self.hosts
            if host.role == role and (network is None or host.network == network)
        ]


class Addresses:
    """Gives out addresses of hosters, each once."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 81])
        self._used_addresses: set[str] = set()

    def at(self, hoster: int) -> str:
        """Return a new address in a hoster's range."""
        while True:
            low, last = self._rng.integers(1, 250, 2)
            address = f"{HOSTERS[hoster].prefix}.{low}.{last}"
            if address not in self._used_addresses:
                self._used_addresses.add(address)
                return address


def draw_underworld(seed: int, size: str, names: Names, addresses: Addresses) -> Underworld:
    """Draw networks, bystanders and traps."""
    rng = np.random.default_rng([seed, 82])
    world = Underworld()
    shared = addresses.at(3)
    for number in range(3 if size == "demo" else 2):
        _draw_network(world, number, shared=shared, rng=rng, names=names, addresses=addresses)
    _draw_shared_address(world, shared, size, rng, names)
    _draw_public(world, names, addresses)
    _draw_recycled(world, names, addresses)
    return world


def _draw_network(
    world: Underworld,
    number: int,
    *,
    shared: str,
    rng: np.random.Generator,
    names: Names,
    addresses: Addresses,
) -> None:
    id = "ABC"[number]  # noqa: A001 - the field's word
    brand = names.title()
    home = [(0, 1), (1, 2), (2, 0)][number]
    registrant = None if id == "B" else f"{names.word()}@{names.word()}.example"
    registrar = _REGISTRARS[int(rng.integers(3))]
    zone = f"{names.word()}-dns" if id == "B" else f"r{_REGISTRARS.index(registrar)}-names"
    servers = tuple(f"ns{i}.{zone}.example" for i in (1, 2))
    panel = names.domain("panel")

    def host(name: str, address: str, role: str, **fields: object) -> None:
        certificate = str(fields.pop("certificate", f"network-{id}"))
        world.hosts.append(
            HostSpec(
                name=name,
                address=address,
                role=role,
                network=id,
                certificate=certificate,
                registrant=registrant,
                registrar=registrar,
                nameservers=servers,
                created=f"2026-{int(rng.integers(1, 11)):02d}-{int(rng.integers(1, 28)):02d}",
                brand=brand,
                **fields,  # type: ignore[arg-type]
            )
        )

    first = addresses.at(home[0])
    host(panel, addresses.at(home[0]), "panel")
    edge_word = names.word()
    host(f"edge1.{edge_word}.example", first, "edge")
    host(f"edge2.{edge_word}.example", first, "edge")
    host(names.domain("cdn4"), addresses.at(home[1]), "edge", certificate=MIDDLEWARE)
    host(names.domain("live"), shared, "edge", certificate=CDN)
    bare = shared if id == "C" else addresses.at(home[1])
    if id == "C":
        host(bare, bare, "edge", certificate=CDN, scored=False)
    else:
        host(bare, bare, "edge")
        world.dedicated.append((bare, f"customer {1000 + number * 37} (hoster's reply)"))
    world.dedicated.append((first, f"customer {1000 + number * 37} (hoster's reply)"))
    store = names.domain()
    host(store, addresses.at(home[0]), "storefront")
    if id == "A":
        host(f"www.{names.word()}-tv.example", addresses.at(home[1]), "storefront")
    host(names.domain("shop"), addresses.at(home[1]), "reseller", scored=False)
    host(names.domain("pay"), addresses.at(4), "payment", scored=False)
    world.networks.append(
        NetworkSpec(
            id=id,
            brands=(f"{brand} TV",) if id != "A" else (f"{brand} TV", f"{names.title()} IPTV"),
            panel=panel,
            username=f"t{rng.integers(10**7, 10**8)}",
            password=f"p{rng.integers(10**8, 10**9)}",
            analytics=f"G-{''.join(rng.choice(list('ABCDEFGHJKLMNP0123456789'), 10).tolist())}",
            crypto=wallet(rng),
            contact=f"@{names.word()}_support",
            redirects=id != "B",
        )
    )
    world.sources.append(
        SourceSpec(id=f"panel-{id}", kind="xtream", host=panel, path="", network=id)
    )
    for page in world.names("storefront", id):
        world.sources.append(
            SourceSpec(id=f"store-{page}", kind="page", host=page, path="/", network=id)
        )


def _draw_shared_address(
    world: Underworld, shared: str, size: str, rng: np.random.Generator, names: Names
) -> None:
    """Put a hospital, a bank, a university and shops behind the address that pirates use too."""
    kinds = [("hospital", names.domain("www")), ("bank", names.domain("online"))]
    kinds.append(("university", names.domain("www")))
    world.protected += [(name, kind) for kind, name in kinds]
    shops = [names.shop() for _ in range(40 if size == "demo" else 8)]
    for name in [name for _, name in kinds] + shops:
        created = f"20{int(rng.integers(10, 24))}-05-0{int(rng.integers(1, 9))}"
        world.hosts.append(
            HostSpec(
                name=name,
                address=shared,
                role="bystander",
                certificate=CDN,
                innocent=True,
                registrar=_REGISTRARS[int(rng.integers(3))],
                created=created,
                brand=name,
            )
        )


def _draw_public(world: Underworld, names: Names, addresses: Addresses) -> None:
    """Add list sites, lone pirates, a popular platform, the lawful, the dead."""

    def host(name: str, hoster: int, role: str, **fields: object) -> None:
        fields.setdefault("registrar", _REGISTRARS[hoster % 3])
        fields.setdefault("certificate", f"own-{name}")
        world.hosts.append(
            HostSpec(name=name, address=addresses.at(hoster), role=role, brand=name, **fields)  # type: ignore[arg-type]
        )

    for i in (1, 2):
        name = names.domain(f"lists{i}")
        host(name, 1, "playlist", scored=False)
        world.sources.append(
            SourceSpec(id=f"list-{i}", kind="m3u", host=name, path="/playlist.m3u")
        )
    host(names.domain("tv"), 0, "solo", registrant=f"{names.word()}@{names.word()}.example")
    host(names.domain("play"), 2, "solo", certificate=MIDDLEWARE)
    platform = names.domain()
    host(f"files.{platform}", 4, "platform", innocent=True, scored=False)
    world.popular += [platform, f"files.{platform}", f"www.{platform}"]
    host(names.domain("watch"), 5, "partner", innocent=True)
    for _ in range(3):
        host(names.domain("live"), 5, "broadcaster", innocent=True)
    host(names.domain("club"), 0, "lawful", innocent=True)
    host(names.domain("gone"), 1, "dead", resolves=False, listening=False, scored=False)
    host(names.domain("down"), 1, "dead", listening=False, scored=False)
    host(names.domain("edge"), 2, "hostile", scored=False)


def _draw_recycled(world: Underworld, names: Names, addresses: Addresses) -> None:
    """Let an innocent sit where network A was, and network B where A was; add co-tenants."""
    bakery = HostSpec(
        name=f"bakery-{names.word()}.example",
        address=addresses.at(0),
        role="bystander",
        certificate="own-bakery",
        innocent=True,
        registrar=_REGISTRARS[0],
        brand="bakery",
    )
    world.hosts.append(bakery)
    former = next(host for host in world.hosts if host.role == "edge" and host.network == "A")
    world.past.append((bakery.address, former.name, "2026-05-02", "2026-08-19"))
    later = next(host for host in world.hosts if host.role == "edge" and host.network == "B")
    world.past.append((later.address, f"old.{former.name}", "2026-03-11", "2026-06-30"))
    for hoster in (0, 1, 2):
        shop = names.shop()
        world.hosts.append(
            HostSpec(
                name=shop,
                address=addresses.at(hoster),
                role="bystander",
                innocent=True,
                certificate=f"own-{shop}",
                registrar=_REGISTRARS[hoster],
                brand=shop,
            )
        )
