"""The truth of the action day: premises, the people and things there, and what fails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from cautery.lab.operations.card import value
from cautery.lab.operations.chance import chance, token
from cautery.lab.operations.network import Supply
from cautery.lab.operations.purses import Cold
from cautery.lab.operations.shapes import Shape, kept
from cautery.lab.operations.spec import Drawn, Find, SearchPlace, WorldPerson
from cautery.model import Agency, AgencyRole, ExhibitKind, Json, Money

CASH_EUR = 40_000
"""[S10]"""

CRYPTO_EUR = 1_600_000
"""[S10]"""

_REGIONS = 15
"""of Italy [S10]; they are numbered here, since the press does not list them."""


def draw_searches(
    shape: Shape,
    net: Supply,
    agencies: Sequence[Agency],
    persons: Sequence[WorldPerson],
    *,
    seed: int,
    scale: float,
) -> tuple[tuple[SearchPlace, ...], tuple[WorldPerson, ...]]:
    """Draw the premises, and put the network's people and servers into them.

    At Taken Down 89 of the 112 searches are in 15 Italian regions and 14 abroad [S10]; where the
    other nine were, nobody says: here they are abroad too, so that every server is reached.

    Returns
    -------
    tuple
        The places, and the persons with the search at which they are found.
    """
    rng = chance(seed, "day", 0)
    police = [
        agency for agency in agencies if agency.role in {AgencyRole.LEAD, AgencyRole.PARTICIPANT}
    ]
    lead = next(agency for agency in police if agency.role is AgencyRole.LEAD)
    partners = [agency for agency in police if agency is not lead]
    count = kept(shape.searches, scale, least=8)
    at_home = round(count * 89 / 112)
    rows: list[tuple[Agency, str, list[str], list[str]]] = []
    for n in range(count):
        if n < at_home:
            region = n % _REGIONS + 1
            rows.append((lead, f"premises {n + 1}, region {region}", [], []))
        else:
            agency = partners[(n - at_home) % len(partners)]
            rows.append((agency, f"premises {n + 1}, {agency.country}", [], []))
    home = {
        agency.country: [n for n, row in enumerate(rows) if row[0] is agency] for agency in police
    }
    abroad = list(range(at_home, count))
    for its in ("origin", "edge", "panel", "encoder"):
        for node in net.of_type(its):
            places_there = home.get(net.places[node]) or abroad
            rows[places_there[int(rng.integers(len(places_there)))]][2].append(node)
    for n, node in enumerate(net.of_type("device")):
        places_there = home.get(net.places[node]) or abroad
        rows[places_there[n % len(places_there)]][2].append(node)
    placed: list[WorldPerson] = []
    for person in persons:
        if not person.runs:
            placed.append(person)
            continue
        places_there = home.get(person.country) or list(range(at_home))
        place_index = places_there[int(rng.integers(len(places_there)))]
        rows[place_index][3].append(person.pseudonym)
        placed.append(replace(person, search=f"S-{place_index + 1:03d}"))
    searches = tuple(
        SearchPlace(
            id=f"S-{n:03d}",
            agency=agency.id,
            place=place,
            country=agency.country,
            targets=tuple(targets),
            persons=tuple(people),
        )
        for n, (agency, place, targets, people) in enumerate(rows, 1)
    )
    return searches, tuple(placed)


def draw_finds(
    shape: Shape,
    net: Supply,
    searches: Sequence[SearchPlace],
    cold: Sequence[Cold],
    *,
    seed: int,
    scale: float,
) -> tuple[Find, ...]:
    """Draw what the searches find; at full size the totals are those of the fact sheet."""
    rng = chance(seed, "day", 1)
    finder = _Finder(searches, rng)
    servers = net.of_type("origin") + net.of_type("edge")
    where = {node: search for search in searches for node in search.targets}
    for node in servers[: kept(shape.seized_servers, scale, least=6)]:
        finder.found(
            where[node],
            ExhibitKind.SERVER,
            f"server {node.partition(':')[2]}",
            details={"node": node, "role": net.types[node], "host": node.partition(":")[2]},
        )
    for node in net.of_type("panel"):
        if node in where and rng.random() < 0.6:
            image = token(seed, "image", node, length=64)
            finder.found(
                where[node],
                ExhibitKind.DISK,
                f"disk of the control panel {node.partition(':')[2]}",
                details={"node": node, "image_sha256": image},
            )
    by_search: dict[str, list[str]] = {}
    for node in net.of_type("device"):
        by_search.setdefault(where[node].id, []).append(node)
    by_id = {search.id: search for search in searches}
    for search, boxes in by_search.items():
        finder.found(
            by_id[search],
            ExhibitKind.SET_TOP_BOX,
            f"{len(boxes)} IPTV devices with their cards",
            count=len(boxes),
            details={"nodes": boxes},
        )
    for n, node in enumerate(net.of_type("storefront")):
        measure = ("registrar-lock", "sinkhole", "splash-page")[n % 3]
        finder.found(
            searches[0],
            ExhibitKind.DOMAIN,
            f"domain {node.partition(':')[2]}",
            details={"node": node, "name": node.partition(":")[2], "measure": measure},
        )
    for wallet in cold:
        finder.found(
            finder.any_with_people(),
            ExhibitKind.WALLET,
            f"hardware wallet with {wallet.asset}",
            value=Money(amount=wallet.eur, currency="EUR"),
            details={
                "asset": wallet.asset,
                "address": wallet.address,
                "amount": format(wallet.holding, "f"),
            },
        )
    _small_finds(finder, shape.suspects / 102, seed, scale)
    return tuple(
        sorted(finder.made, key=lambda find: (find.delay_min, find.search, find.description))
    )


def _small_finds(finder: _Finder, size: float, seed: int, scale: float) -> None:
    """Cash, weapons, drugs, telephones, computers, papers, cars, accounts.

    ``size`` is the number of suspects over Taken Down's. The press counts neither weapons nor
    drugs [S10]; these counts are the world's.
    """
    rng = finder.rng
    purses = kept(9, scale, least=3)
    cash = round(CASH_EUR * math.sqrt(scale) * size / 50) * 50
    parts = (rng.dirichlet(np.full(purses, 2.0)) * cash // 50 * 50).astype(int).tolist()
    parts[-1] += cash - sum(parts)
    for n, part in enumerate(parts):
        finder.found(
            finder.any_with_people(),
            ExhibitKind.CASH,
            f"cash in notes, bundle {n + 1}",
            value=Money(amount=Decimal(part), currency="EUR"),
        )
    for n in range(kept(3, scale, least=1)):
        serial = token(seed, "firearm", n, length=8).upper()
        finder.found(
            finder.any_with_people(),
            ExhibitKind.FIREARM,
            "pistol without a licence",
            details={"class": "pistol", "serial": f"LAB{serial}"},
        )
    for substance, low, high in (("cocaine", 40, 400), ("cannabis", 200, 3000)):
        finder.found(
            finder.any_with_people(),
            ExhibitKind.DRUGS,
            f"{substance}, wrapped",
            details={"substance": substance, "grams": str(int(rng.integers(low, high)))},
        )
    for kind, count, text in (
        (ExhibitKind.PHONE, 160, "mobile telephone"),
        (ExhibitKind.COMPUTER, 60, "laptop computer"),
        (ExhibitKind.DOCUMENT, 40, "identity paper with a false name"),
        (ExhibitKind.VEHICLE, 4, "car"),
        (ExhibitKind.BANK_ACCOUNT, 12, "bank account, statements"),
    ):
        for n in range(kept(round(count * size), scale, least=2)):
            details = (
                {"account_hash": token(seed, "bank", n, length=64)}
                if kind is ExhibitKind.BANK_ACCOUNT
                else {}
            )
            finder.found(finder.any_with_people(), kind, f"{text} {n + 1}", details=details)


class _Finder:
    """Puts finds into searches at a time after their beginning."""

    def __init__(self, searches: Sequence[SearchPlace], rng: np.random.Generator) -> None:
        self.rng = rng
        self.made: list[Find] = []
        self.peopled = [search for search in searches if search.persons] or list(searches)

    def any_with_people(self) -> SearchPlace:
        """Return a place where somebody lives."""
        return self.peopled[int(self.rng.integers(len(self.peopled)))]

    def found(
        self,
        search: SearchPlace,
        kind: ExhibitKind,
        description: str,
        *,
        count: int = 1,
        value: Money | None = None,
        details: Json | None = None,
    ) -> None:
        """Add a find; most come in the first two hours: gamma, by judgement."""
        self.made.append(
            Find(
                search=search.id,
                agency=search.agency,
                kind=kind,
                description=description,
                delay_min=4 + int(self.rng.gamma(2.0, 30.0)),
                count=count,
                value=value,
                details=details or {},
            )
        )


def draw_failures(card: tuple[Drawn, ...], net: Supply, seed: int) -> tuple[str, ...]:
    """Return the nodes on which the first step fails on the day, one at least."""
    rng = chance(seed, "day", 2)
    acted = [node for its in ("origin", "edge", "panel", "storefront") for node in net.of_type(its)]
    fails = rng.random(len(acted)) < value(card, "first tries that fail")
    fails[int(rng.integers(len(acted)))] = True
    return tuple(node for node, fail in zip(acted, fails.tolist(), strict=True) if fail)
