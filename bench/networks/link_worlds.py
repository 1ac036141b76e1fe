"""Worlds of links that nothing in ``cautery.graph`` was developed on, each with its story.

Written from what is known of pirate IPTV networks before any was run, but for two that the first
runs asked for (as many strangers beside; 10 of three values); not to be changed after what a method
makes of them. ``WORLDS`` has them by name: each takes a random generator and returns its cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from link_draw import Case, Draft, Kind, equal, log_normal, power_law

from cautery.graph.evidence import Ints

DAY = 86_400.0
KINDS = (
    Kind("address", 0.95, per=6, hub=0.35, hubs=120),
    Kind("certificate", 0.70, per=5, hub=0.20, hubs=60),
    Kind("nameserver", 0.60, per=14, hub=0.60, hubs=40),
    Kind("analytics", 0.40, per=30),
    Kind("payment", 0.25, per=15),
    Kind("favicon", 0.70, per=25, hub=0.50, hubs=30),
)
"""A retail IPTV network as it is mostly seen: many edges, few accounts, half behind fronts."""

World = Callable[[np.random.Generator], list[Case]]
WORLDS: dict[str, World] = {}


def world(name: str) -> Callable[[World], World]:
    """Enter a world by its name."""

    def entered(made: World) -> World:
        WORLDS[name] = made
        return made

    return entered


def ordinary(
    rng: np.random.Generator, sizes: Ints, kinds: tuple[Kind, ...] = KINDS, **changes: float
) -> Draft:
    """Draw networks whose kinds are as they are mostly seen, but for what is changed of all."""
    draft = Draft(rng, sizes)
    for kind in kinds:
        draft.own(replace(kind, **changes))
    return draft


@world("no hubs")
def _no_hubs(rng: np.random.Generator) -> list[Case]:
    """Analysts took out all shared ranges and defaults by hand before they clustered."""
    return [ordinary(rng, log_normal(rng, 5_000), hub=0.0).case()]


@world("giant hubs, 3 a kind")
def _giant_hubs(rng: np.random.Generator) -> list[Case]:
    """Most sites hide behind the same three fronts, and run the same three panels."""
    return [ordinary(rng, log_normal(rng, 6_000), hub=0.6, hubs=3).case()]


@world("three kinds")
def _three_kinds(rng: np.random.Generator) -> list[Case]:
    """A passive DNS feed and a certificate log are all that there is."""
    return [ordinary(rng, log_normal(rng, 5_000), KINDS[:3]).case()]


@world("all networks of 3")
def _of_three(rng: np.random.Generator) -> list[Case]:
    """A market of one-man resellers: a shop, its panel and a spare domain."""
    return [ordinary(rng, equal(4_500, 3)).case()]


@world("all networks of 10")
def _of_ten(rng: np.random.Generator) -> list[Case]:
    """Resellers with a handful of mirrors each."""
    return [ordinary(rng, equal(5_000, 10)).case()]


@world("all networks of 100")
def _of_hundred(rng: np.random.Generator) -> list[Case]:
    """Wholesalers that rotate domains faster than they are blocked."""
    return [ordinary(rng, equal(6_000, 100)).case()]


@world("strangers only")
def _strangers(rng: np.random.Generator) -> list[Case]:
    """Names swept up by a keyword; nobody has two of them, though hosters and themes are shared."""
    draft = Draft(rng, equal(3_000, 1))
    for kind in KINDS:
        bearers = draft.some(kind.has)
        hidden = rng.random(bearers.size) < max(kind.hub, 0.1)
        draft.hubs(kind.name, bearers[hidden], 60)
        draft.add(bearers[~hidden], draft.new(kind.name, int((~hidden).sum())), true=True)
    return [draft.case()]


@world("strangers, hubs of a handful")
def _strangers_small_hubs(rng: np.random.Generator) -> list[Case]:
    """Cheap shared hosting: every server, and its certificate or not, has five or so customers."""
    draft = Draft(rng, equal(4_000, 1))
    for kind, share in (("address", 0.7), ("certificate", 0.3), ("nameserver", 0.4)):
        bearers = draft.some(share)
        draft.hubs(kind, bearers, bearers.size // 5, alike=True)
    for kind, share in (("analytics", 0.4), ("payment", 0.3), ("favicon", 0.6)):
        draft.alone(kind, share)
    return [draft.case()]


@world("networks beside as many such strangers")
def _beside_strangers(rng: np.random.Generator) -> list[Case]:
    """The same hosting, where real networks rent too: half of all are nobody's."""
    draft = Draft(rng, np.concatenate([log_normal(rng, 2_500), equal(2_500, 1)]))
    for kind in KINDS:
        bearers = draft.some(kind.has)
        hosted = rng.random(bearers.size) < kind.hub
        draft.hubs(kind.name, bearers[hosted], max(1, int(hosted.sum()) // 5), alike=True)
        draft.own(replace(kind, hub=0.0), bearers=bearers[~hosted])
    return [draft.case()]


@world("false links 2 %")
def _false_2(rng: np.random.Generator) -> list[Case]:
    """Sightings of a careful crawler: one link in fifty is a stale record or a copied page."""
    return [ordinary(rng, log_normal(rng, 6_000), false=0.02).case()]


@world("false links 10 %")
def _false_10(rng: np.random.Generator) -> list[Case]:
    """Feeds of several sellers laid together, undated."""
    return [ordinary(rng, log_normal(rng, 6_000), false=0.10).case()]


@world("false links 20 %")
def _false_20(rng: np.random.Generator) -> list[Case]:
    """The same with tips of the public."""
    return [ordinary(rng, log_normal(rng, 6_000), false=0.20).case()]


@world("recycled addresses")
def _recycled(rng: np.random.Generator) -> list[Case]:
    """Addresses pass from tenant to tenant within days; links are dated, tenants overlap nobody."""
    draft = ordinary(rng, log_normal(rng, 5_000), KINDS[1:], has=0.3)
    pool = draft.new("address", 800)
    tenures: dict[int, list[tuple[int, float, float]]] = {}
    for address in pool.tolist():
        begin = rng.exponential(60.0)
        while begin < 1_000:
            end = begin + 10 + rng.exponential(80.0)
            tenant = int(draft.truth[rng.integers(draft.truth.size)])
            tenures.setdefault(tenant, []).append((address, begin, end))
            begin = end + rng.exponential(5.0)
    for subject in draft.some(0.9).tolist():
        held = tenures.get(int(draft.truth[subject]), [])
        for place in rng.permutation(len(held))[: 1 + rng.poisson(0.5)]:
            address, begin, end = held[place]
            cut = rng.random(2) * 0.35 * (end - begin)
            first, last = (begin + cut[0]) * DAY, (end - cut[1]) * DAY
            draft.add(np.array([subject]), np.array([address]), true=True, first=first, last=last)
    return [draft.case()]


@world("chains of pairs")
def _chains(rng: np.random.Generator) -> list[Case]:
    """Each domain hands its account or its key on to the next and no further; 2 % go astray."""
    draft = Draft(rng, rng.integers(4, 16, 400))
    names = ("address", "certificate", "analytics", "payment")
    drawn = rng.integers(0, len(names), draft.truth.size - 1)
    inside = draft.truth[1:] == draft.truth[:-1]
    for number, name in enumerate(names):
        left = np.flatnonzero((drawn == number) & inside)
        value = draft.new(name, left.size)
        draft.add(np.concatenate([left, left + 1]), np.tile(value, 2), true=True)
        astray = draft.some(0.005)
        value = draft.new(name, astray.size)
        draft.add(astray, value, true=True)
        draft.add(rng.permutation(draft.everyone)[: astray.size], value, true=False)
    return [draft.case()]


@world("heavy tails of popularity")
def _heavy(rng: np.random.Generator) -> list[Case]:
    """One main server carries most of a network, dozens of spares one or two domains each."""
    kinds = tuple(replace(kind, per=kind.per / 4, heavy=True) for kind in KINDS)
    return [ordinary(rng, log_normal(rng, 6_000), kinds).case()]


@world("one network of 60 %")
def _sixty(rng: np.random.Generator) -> list[Case]:
    """The case file of one large brand, with what was swept up beside it."""
    sizes = np.concatenate([[3_000], log_normal(rng, 2_000)])
    return [ordinary(rng, sizes).case()]


@world("one kind only")
def _one_kind(rng: np.random.Generator) -> list[Case]:
    """Passive DNS alone: addresses, half of them others' too."""
    kind = Kind("address", 1.0, per=6, hub=0.4, hubs=150, false=0.02)
    return [ordinary(rng, log_normal(rng, 5_000), (kind,)).case()]


@world("copied templates")
def _templates(rng: np.random.Generator) -> list[Case]:
    """Thirty site kits go around with their first owner's tracker and icon still in them."""
    draft = Draft(rng, log_normal(rng, 6_000))
    for kind in KINDS:
        value = draft.own(kind)[1]
        if kind.name in {"analytics", "favicon"}:
            kits = value[rng.integers(0, value.size, 30)]
            copiers = draft.some(0.08)
            draft.add(copiers, rng.choice(kits, copiers.size), true=False)
    return [draft.case()]


@world("copycats of two values")
def _copycats(rng: np.random.Generator) -> list[Case]:
    """One site in twenty is a rival's page saved whole, icon and tracker together."""
    draft = Draft(rng, log_normal(rng, 5_000))
    worn = {}
    for kind in KINDS:
        worn[kind.name] = draft.own(kind)
    has = {name: dict(zip(*map(np.ndarray.tolist, worn[name]), strict=True)) for name in worn}
    victims = np.array(sorted(has["analytics"].keys() & has["favicon"].keys()))
    copycats = draft.some(0.05)
    victim = rng.choice(victims, copycats.size)
    for name in ("analytics", "favicon"):
        value = np.array([has[name][one] for one in victim.tolist()])
        draft.add(copycats, value, true=draft.truth[victim] == draft.truth[copycats])
    return [draft.case()]


def _links_each(rng: np.random.Generator, sizes: Ints, count: int) -> Draft:
    draft = Draft(rng, sizes)
    drawn = rng.integers(0, len(KINDS), (count, draft.truth.size))
    for number, kind in enumerate(KINDS):
        draft.own(replace(kind, hub=kind.hub / 2), bearers=np.nonzero(drawn == number)[1])
    return draft


@world("1 link a subject")
def _one_link(rng: np.random.Generator) -> list[Case]:
    """Tips: of each domain one thing is known."""
    return [_links_each(rng, log_normal(rng, 4_000), 1).case()]


@world("11 links a subject")
def _eleven_links(rng: np.random.Generator) -> list[Case]:
    """A year of daily crawls: all that a domain ever showed."""
    return [_links_each(rng, log_normal(rng, 4_000), 11).case()]


@world("60 cases of 5 to 50")
def _tiny(rng: np.random.Generator) -> list[Case]:
    """What one analyst has on the table: a few dozen domains, and nobody to learn from."""
    cases = []
    for subjects in rng.integers(5, 51, 60).tolist():
        sizes = log_normal(rng, subjects, most=subjects / 2)
        chosen = rng.permutation(len(KINDS))[: rng.integers(3, 7)]
        kinds = tuple(replace(KINDS[n], hubs=3, hub=KINDS[n].hub / 2) for n in sorted(chosen))
        cases.append(ordinary(rng, sizes, kinds, false=0.02).case())
    return cases


THREE = ("address", "certificate", "nameserver")


def _furnished(draft: Draft, alone: Ints) -> None:
    """Give all what sites have beside servers; and some, servers of their own or a hoster's."""
    draft.alone("analytics", 0.4)
    draft.alone("payment", 0.2)
    draft.hubs("favicon", draft.some(0.5), 30)
    for kind in THREE:
        hosted = draft.some(0.3, alone)
        draft.hubs(kind, hosted, 80)
        draft.alone(kind, 0.9, np.setdiff1d(alone, hosted))


def _brand(rng: np.random.Generator, size: int) -> list[Case]:
    draft = Draft(rng, np.concatenate([[size], equal(2_000, 1)]))
    for kind in THREE:
        draft.add(draft.everyone[:size], draft.new(kind, 1), true=True)
    _furnished(draft, draft.everyone[size:])
    return [draft.case()]


@world("200 of three values, 2,000 strangers")
def _three_values(rng: np.random.Generator) -> list[Case]:
    """One brand on one server: all its domains show the same address, certificate, name server."""
    return _brand(rng, 200)


@world("10 of three values, 2,000 strangers")
def _ten_of_three_values(rng: np.random.Generator) -> list[Case]:
    """A small such brand: no front has so few customers and shares all three with none else."""
    return _brand(rng, 10)


@world("two such that share a value")
def _two_of_three(rng: np.random.Generator) -> list[Case]:
    """Two brands, each on a server of its own, whose names the same outfit serves."""
    draft = Draft(rng, np.concatenate([[200, 200], equal(2_000, 1)]))
    for network in (0, 1):
        for kind in THREE[:2]:
            draft.add(np.flatnonzero(draft.truth == network), draft.new(kind, 1), true=True)
    # Either would be told by it from all others; it is the first one's, as it came first.
    draft.add(draft.everyone[:400], draft.new(THREE[2], 1), true=draft.truth[:400] == 0)
    _furnished(draft, draft.everyone[400:])
    return [draft.case()]


@world("a front of three values, 500 strangers")
def _front(rng: np.random.Generator) -> list[Case]:
    """A CDN whose address, certificate and name server come together, before 500 strangers.

    But for its size and the truth it is the world of the 200 above.
    """
    draft = Draft(rng, equal(2_500, 1))
    for kind in THREE:
        draft.add(draft.everyone[:500], draft.new(kind, 1), true=False)
    _furnished(draft, draft.everyone[500:])
    return [draft.case()]


@world("a front of three values, small networks")
def _front_of_networks(rng: np.random.Generator) -> list[Case]:
    """The same before 500 of 2,500 domains of small networks, which have ties across it."""
    draft = Draft(rng, log_normal(rng, 2_500, median=3.0))
    fronted = rng.random(draft.truth.size) < 0.2
    for kind in THREE:
        draft.add(np.flatnonzero(fronted), draft.new(kind, 1), true=False)
    for kind in KINDS:
        bearers = draft.some(kind.has)
        held = kind.name in THREE
        draft.own(kind, bearers=bearers[~fronted[bearers]] if held else bearers)
    return [draft.case()]


@world("a reseller's template in 20 networks")
def _shared_template(rng: np.random.Generator) -> list[Case]:
    """A white label: 20 resellers of 60 domains have its icon and panel, payments of their own."""
    sizes = np.concatenate([np.full(20, 60), log_normal(rng, 3_000)])
    draft = ordinary(rng, sizes)
    for kind in ("favicon", "panel"):
        draft.add(draft.some(0.9, draft.everyone[:1_200]), draft.new(kind, 1), true=False)
    return [draft.case()]


@world("networks of rare and of popular values")
def _rare_and_popular(rng: np.random.Generator) -> list[Case]:
    """Careful operators give every second domain things of its own; careless ones have one each."""
    sizes = np.clip(log_normal(rng, 6_000, median=15.0), 5, 300)
    draft = Draft(rng, sizes)
    per = np.where(rng.random(sizes.size) < 0.5, 2.5, 1e9)
    for kind in KINDS:
        draft.own(kind, per=per)
    return [draft.case()]


@world("an exact number of values per size")
def _exact(rng: np.random.Generator) -> list[Case]:
    """Scripted roll-outs: a fresh server, key and account after every so many domains, in turn."""
    draft = Draft(rng, log_normal(rng, 5_000))
    place = draft.everyone - np.repeat(np.cumsum(draft.sizes) - draft.sizes, draft.sizes)
    for kind in KINDS:
        count = -(-draft.sizes // int(kind.per))
        bearers = draft.some(kind.has)
        nobody = rng.random(bearers.size) < kind.hub
        draft.hubs(kind.name, bearers[nobody], kind.hubs)
        bearers = bearers[~nobody]
        begin = (np.cumsum(count) - count)[draft.truth[bearers]]
        turn = place[bearers] // int(kind.per)
        draft.add(bearers, draft.new(kind.name, count.sum())[begin + turn], true=True)
    return [draft.case()]


@world("sizes of a power law")
def _power_law(rng: np.random.Generator) -> list[Case]:
    """A whole market: thousands of pairs, a few networks of a thousand."""
    return [ordinary(rng, power_law(rng, 8_000, most=1_500)).case()]


@world("sizes all 40")
def _equal(rng: np.random.Generator) -> list[Case]:
    """The same market if it were shared alike."""
    return [ordinary(rng, equal(8_000, 40)).case()]


@world("40 addresses a subject")
def _forty(rng: np.random.Generator) -> list[Case]:
    """Stream edges behind round-robin names: 40 addresses of a pool, some of them a hoster's."""
    draft = Draft(rng, log_normal(rng, 2_500, median=12.0))
    pools = Kind("address", 1.0, per=0.5, hub=0.1, hubs=300, false=0.02)
    draft.own(pools, bearers=np.repeat(draft.everyone, 40))
    for kind in (KINDS[1], KINDS[4]):
        draft.own(kind)
    return [draft.case()]
