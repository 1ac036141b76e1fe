"""A world of struck networks, of what grows back after the acts, and of strangers meanwhile."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from cautery.errors import InputError
from cautery.lab.descent import newcomers
from cautery.lab.descent.chance import Chance, zipf
from cautery.lab.descent.pools import Pools
from cautery.lab.descent.services import Service, Values, drawn_role, drawn_service
from cautery.lab.descent.sightings import seen_of
from cautery.model.descent import Trait, TraitSeen, TraitSet
from cautery.model.descent import TraitKind as K

FIRST_ACT = date(2024, 11, 26)
"""The day of Taken Down [S16]."""
HISTORY_D, AFTER_D = 60, 430
"""Days that are watched before the first act, and after it: fourteen months [S16]."""
RIVALS = 150
_KNOWN_SHARE = 0.8
"""Part of a network's entities that the case knows."""
_DECOYS = {"near": 0.03, "copier": 0.006, "white-label": 0.006, "former-reseller": 0.003}
"""Part of the strangers that look like a struck network; judgement after the 10 to 30 % of links
that are shared by unrelated operators."""
_CARE = (-0.5, 1.2)
"""Of operators: the careless are the more. At the mean, a trait is kept seven times in ten."""
_RESERVE = 0.06
"""Part of the descendants whose name was registered before the act; judgement."""
_FASHIONS = (K.TEMPLATE, K.PANEL, K.GUIDE_QUIRK, K.MIDDLEWARE, K.NAME_SERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a world is drawn with.

    Parameters
    ----------
    networks : int
        Struck networks; the second has some values in common with the first.
    strangers_a_day : float
        Newcomers of others each day.
    descendants : int
        About how many a network has in fourteen months.
    care : float
        Added to the care of every operator: a trait's odds to be kept are divided by ``exp(care)``.
    decoys : float
        Factor of the share of strangers that look like a struck network.
    after_d : int
        Days after the first act.

    Raises
    ------
    InputError
        If one of them is out of bounds.
    """

    networks: int = 3
    strangers_a_day: float = 40.0
    descendants: int = 40
    care: float = 0.0
    decoys: float = 1.0
    after_d: int = AFTER_D

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("networks", self.networks, 1, 20),
            ("strangers a day", self.strangers_a_day, 0, 2_000),
            ("descendants", self.descendants, 0, 500),
            ("care", self.care, -5, 5),
            ("decoys", self.decoys, 0, 10),
            ("days", self.after_d, 1, 1_000),
        ):
            if not low <= value <= high:
                raise InputError(f"{name}: {value:g} is not valid; give {low:,} to {high:,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """The truth about one entity.

    Parameters
    ----------
    what : str
        ``descendant``, ``sibling`` (of the network, before the act, and unknown to the case),
        ``stranger``, ``near``, ``copier``, ``white-label`` or ``former-reseller``.
    of : str
        The network that it descends from, or looks like; empty: none.
    appeared : date
        First day on which it serves.
    kept : tuple of TraitKind
        What a descendant kept.
    shares : bool
        A stranger that has hoster, template and payment service in common with a struck network.
    """

    entity: str
    what: str
    of: str
    appeared: date
    role: str
    kept: tuple[K, ...] = ()
    shares: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentWorld:
    """Trait sets of the acts, what arrives on each day, and the truth apart."""

    seed: int
    sets: tuple[TraitSet, ...]
    days: dict[date, tuple[TraitSeen, ...]]
    truth: dict[str, Newcomer]


@dataclass
class _Struck:
    of: str
    acted_on: date
    service: Service
    care: float
    fashions: list[tuple[K, str, int, float]]


def descent_world(seed: int, settings: Settings | None = None) -> DescentWorld:
    """Return the world of a seed; the same seed and settings give the same world."""
    return _Drawing(seed, settings or Settings()).world()


class _Drawing:
    """Draws one world."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.seed, self.settings = seed, settings
        self.chance = Chance(seed)
        self.pools = Pools(self.chance, seed)
        self.rivals = [drawn_service(self.chance, self.pools, breadth=3) for _ in range(RIVALS)]
        self.shares = zipf(RIVALS, 0.8)
        self.arrivals: defaultdict[date, list[TraitSeen]] = defaultdict(list)
        self.truth: dict[str, Newcomer] = {}
        self.struck: list[_Struck] = []
        self.hosts: set[str] = set()

    def world(self) -> DescentWorld:
        """Draw all parts in order."""
        sets = []
        for number in range(self.settings.networks):
            struck = self._draw_struck(number)
            self.struck.append(struck)
            sets.append(self._set_of(struck))
        for struck in self.struck:
            self._descendants(struck)
        self._strangers()
        first = FIRST_ACT - timedelta(days=HISTORY_D)
        last = FIRST_ACT + timedelta(days=self.settings.after_d)
        days = {
            first + timedelta(days=n): tuple(self.arrivals[first + timedelta(days=n)])
            for n in range((last - first).days + 1)
        }
        return DescentWorld(seed=self.seed, sets=tuple(sets), days=days, truth=self.truth)

    def _draw_struck(self, number: int) -> _Struck:
        service = drawn_service(self.chance, self.pools, breadth=4)
        if number == 1:  # it buys where the first one does
            for kind in K:
                if self.chance.happens(0.3):
                    service.values[kind].append(
                        self.chance.pick(self.struck[0].service.values[kind])
                    )
        for _ in range(25 + self.chance.below(40)):
            role = drawn_role(self.chance)
            values = service.shown(role, self.chance, self.pools)
            service.members[self._host(values, role)] = values
        acted_on = FIRST_ACT + timedelta(days=0 if number == 0 else self.chance.below(60))
        fashions = []
        for kind in _FASHIONS:
            own_values = [v for v in service.values[kind] if not self.pools.is_popular(kind, v)]
            if own_values and self.chance.happens(0.4):
                begins = (acted_on - FIRST_ACT).days + 20 + self.chance.below(180)
                highest_share = 0.03 + 0.09 * self.chance.uniform()
                fashions.append((kind, self.chance.pick(own_values), begins, highest_share))
        care = self.settings.care + _CARE[0] + (_CARE[1] - _CARE[0]) * self.chance.uniform() ** 2
        return _Struck(f"network-{number + 1}", acted_on, service, care, fashions)

    def _set_of(self, struck: _Struck) -> TraitSet:
        """Return what the case knows; the network's other entities are seen before the act."""
        members = list(struck.service.members)
        known_members = [
            member for member in members if self.chance.happens(_KNOWN_SHARE)
        ] or members[:1]
        for member in members:
            appeared = struck.acted_on - timedelta(days=1 + self.chance.below(HISTORY_D - 5))
            if member in known_members:
                self._seen(member, struck.service.members[member], appeared)
            else:
                self._put(
                    Newcomer(
                        entity=member, what="sibling", of=struck.of, appeared=appeared, role=""
                    ),
                    struck.service.members[member],
                )
        return TraitSet(
            of=struck.of,
            acted_on=struck.acted_on,
            traits=tuple(
                Trait(kind=kind, value=value, times=times)
                for (kind, value), times in sorted(struck.service.counted(known_members).items())
            ),
            members=tuple(sorted(known_members)),
        )

    def _descendants(self, struck: _Struck) -> None:
        """Draw what grows back: most within weeks, a fifth in a second wave [S16]."""
        chance = self.chance
        parents = list(struck.service.members.values())
        mean_d = {"whole": 6.0, "shop": 6.0, "panel": 2.0, "edge": 12.0}
        for _ in range(int(self.settings.descendants * (0.5 + chance.uniform()))):
            role = drawn_role(chance)
            late = chance.happens(0.2)
            wait = 150 + chance.below(271) if late else chance.days(mean_d[role])
            appeared = struck.acted_on + timedelta(days=wait)
            values, kept_kinds = newcomers.descendant(
                self._parent(parents), role, care=struck.care, chance=chance, pools=self.pools
            )
            entity = self._host(values, role)
            reserve = chance.happens(_RESERVE)
            self._put(
                Newcomer(
                    entity=entity,
                    what="descendant",
                    of=struck.of,
                    appeared=appeared,
                    role=role,
                    kept=kept_kinds,
                ),
                values,
                registered=struck.acted_on - timedelta(days=chance.below(50)) if reserve else None,
            )
            struck.service.members[entity] = values

    def _parent(self, parents: list[Values]) -> Values:
        """Return a parent's values, filled up from other members where its role has none."""
        filled: Values = {}
        for values in [self.chance.pick(parents) for _ in range(4)]:
            filled = values | filled
        return filled

    def _strangers(self) -> None:
        chance = self.chance
        decoys = [(what, share * self.settings.decoys) for what, share in _DECOYS.items()]
        rate = self.settings.strangers_a_day
        for day in range(-HISTORY_D, self.settings.after_d + 1):
            count = int(rate * (0.6 + 0.8 * chance.uniform()) + chance.uniform())
            for _ in range(count):
                values, role = newcomers.lone_stranger(self.rivals, self.shares, chance, self.pools)
                draw, what, of = chance.uniform(), "stranger", ""
                for name, share in decoys:
                    draw -= share
                    if draw < 0:
                        what = name
                        break
                struck = chance.pick(self.struck)
                if what != "stranger":
                    of = struck.of
                    values = self._decoy(what, values, struck.service)
                self._follow_fashion(values, day)
                appeared = FIRST_ACT + timedelta(days=day)
                entity = self._host(values, role)
                self._put(
                    Newcomer(
                        entity=entity,
                        what=what,
                        of=of,
                        appeared=appeared,
                        role=role,
                        shares=self._shares(values),
                    ),
                    values,
                )

    def _decoy(self, what: str, values: Values, network: Service) -> Values:
        chance, pools = self.chance, self.pools
        if what == "near":
            return newcomers.near_stranger(values, network, chance)
        if what == "copier":
            return newcomers.copier(values, network, chance, pools)
        if what == "white-label":
            return newcomers.white_label(values, network, chance, pools)
        return newcomers.former_reseller(values, network, chance, pools)

    def _follow_fashion(self, values: Values, day: int) -> None:
        """Have strangers take up what was a struck network's own, once it is sold to everybody."""
        for struck in self.struck:
            for kind, value, begins, highest_share in struck.fashions:
                share = highest_share * min(1.0, max(0, day - begins) / 60)
                if kind in values and self.chance.happens(share):
                    values[kind] = value

    def _shares(self, values: Values) -> bool:
        return any(
            all(
                kind in values and values[kind] in struck.service.values[kind]
                for kind in (K.HOSTER, K.TEMPLATE, K.PAYMENT_SERVICE)
            )
            for struck in self.struck
        )

    def _host(self, values: Values, role: str) -> str:
        name = values.get(K.SITE_NAME) or f"{role}-{self.chance.token(6)}"
        host = f"{name}.example"
        while host in self.hosts:
            host = f"{name}-{self.chance.token(4)}.example"
        self.hosts.add(host)
        return host

    def _put(self, newcomer: Newcomer, values: Values, *, registered: date | None = None) -> None:
        self.truth[newcomer.entity] = newcomer
        self._seen(newcomer.entity, values, newcomer.appeared, registered=registered)

    def _seen(
        self, entity: str, values: Values, appeared: date, *, registered: date | None = None
    ) -> None:
        for day, trait in seen_of(entity, values, appeared, self.chance, registered=registered):
            self.arrivals[day].append(trait)
