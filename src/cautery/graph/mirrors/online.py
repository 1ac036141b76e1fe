"""Which family a domain belongs to on its first day, by its name alone.

Domains come one after another. Each is answered once, from what came before it: a known family, or
a new one. An answer is never taken back, so that cutting the future off changes none.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cautery.graph.mirrors.growing import GrowingWords
from cautery.graph.mirrors.names import NUMBER, RUN_GAP, brand, plain, stem
from cautery.graph.mirrors.vocabulary import BACKGROUND

STRENGTH, DISCOUNT = 200.0, 0.5
"""Of the Pitman-Yor process that families grow by (F83): how likely a further domain begins a new
family, at all and by how many there are (ADR 0018)."""
KEEP, ALTER, RENAME = 0.85, 0.04, 0.11
"""The part of a family's further domains that keep one of its names but for digits and hyphens,
that alter one, and that have a name of which nothing was known (ADR 0018)."""
SUREST = 0.94
"""The most that a probability is: names are sold, and lists name one site twice (ADR 0018)."""
BLOCK = 40
"""Names that have a piece in common and are compared for it; a commoner piece tells none apart."""
MOST_NAMES = 60
"""Names that a newcomer is compared with, those of the rarest pieces first."""
_PIECE, _EDGE = 5, 4
_MOST_FAMILIES = 8
"""Families that one and the same common name is looked up for, the latest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is said of a domain on the day on which it comes.

    Parameters
    ----------
    domain : str
        The registered domain.
    family : str
        The first domain of its family; the domain itself where it begins a new one.
    probability : float
        That this answer is right: that it is of this family, or of none that is known.
    likeliest : str or None
        The known family that is likeliest, whether it is the answer or not; None where nothing in
        the names speaks for any.
    odds : float
        The log-odds of ``likeliest`` against a new family and all other known ones.
    """

    domain: str
    family: str
    probability: float
    likeliest: str | None
    odds: float

    @property
    def is_new(self) -> bool:
        """Whether it begins a family."""
        return self.family == self.domain


@dataclass(slots=True)
class _Name:
    """A name, and how often each family has had it, by number; a rare name has one family."""

    text: str
    families: dict[int, int]


class _Reading:
    """A domain as it is compared."""

    def __init__(self, domain: str) -> None:
        label, _, ending = domain.partition(".")
        self.domain = domain
        self.label = plain(label)
        self.brand = brand(self.label)
        self.stem = stem(self.label)
        self.texts = tuple(
            dict.fromkeys(text for text in (self.brand, self.stem, self.label) if text)
        )
        self.form: tuple[str, str, str] | None = None
        self.number = 0
        if numbered := NUMBER.fullmatch(self.label):
            self.form = (numbered[1], numbered[3], ending)
            self.number = int(numbered[2])


class Arrivals:
    """The families so far, and what is known of their names.

    Examples
    --------
    >>> arrivals = Arrivals()
    >>> names = ("arenacinevox.example", "tennisworld.example", "arenacinevox2.example")
    >>> [arrivals.answer(name).family for name in names]
    ['arenacinevox.example', 'tennisworld.example', 'arenacinevox.example']
    """

    def __init__(self) -> None:
        self._words = GrowingWords()
        self._names: list[_Name] = []
        self._place: dict[str, int] = {}
        self._pieces: dict[str, list[int]] = {}
        self._family_of: dict[str, int] = {}
        self._founders: list[str] = []
        self._runs: dict[tuple[str, str, str], tuple[int, int]] = {}

    def __contains__(self, domain: object) -> bool:
        """Whether a domain came before."""
        return domain in self._family_of

    def __len__(self) -> int:
        """Return how many domains came so far."""
        return len(self._family_of)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield each domain and the first one of its family, in the order in which they came."""
        for domain, number in self._family_of.items():
            yield domain, self._founders[number]

    @property
    def families(self) -> int:
        """How many families there are."""
        return len(self._founders)

    def answer(self, domain: str) -> Arrival:
        """Say which family a domain is of that did not come before, and remember it."""
        reading = _Reading(domain)
        weights = self._weights(reading)
        new = math.log(STRENGTH + DISCOUNT * self.families)
        renamed = math.log(RENAME * len(self) + 1e-9)
        best = max(weights, key=lambda family: (weights[family], -family), default=None)
        if best is None:
            return self._settle(reading, None, _sure(new - renamed), None, -math.inf)
        best_weight = weights.pop(best)
        other_families = _log_sum(weights.values())
        odds = best_weight - _log_sum((new, renamed, other_families))
        if odds > 0:
            return self._settle(reading, best, _sure(odds), self._founders[best], odds)
        sure = _sure(new - _log_sum((best_weight, renamed, other_families)))
        return self._settle(reading, None, sure, self._founders[best], odds)

    def know(self, domain: str, family: str) -> bool:
        """Remember a domain as it was answered before; return whether it could have been.

        It could not if it came before, or if no known domain began its family.
        """
        number = None if family == domain else self._family_of.get(family)
        if domain in self or (family != domain and number is None):
            return False
        if number is not None and self._founders[number] != family:
            return False
        self._remember(_Reading(domain), number)
        return True

    def _weights(self, reading: _Reading) -> dict[int, float]:
        """Return the log-weight of each known family that the name speaks for."""
        parts: defaultdict[int, list[float]] = defaultdict(list)
        near = [self._names[place] for place in self._near(reading)]
        if near:
            nats = self._words.shared(reading.texts, [name.text for name in near])
            for name, name_nats in zip(near, nats.tolist(), strict=True):
                if name_nats > 0:
                    prior = math.log(KEEP if name.text in reading.texts else ALTER)
                    for family, count in name.families.items():
                        parts[family].append(prior + name_nats + math.log(count - DISCOUNT))
        run = self._runs.get(reading.form) if reading.form else None
        if run and 0 < abs(run[0] - reading.number) <= RUN_GAP:
            among = max(10 ** len(str(reading.number)) / (2 * RUN_GAP), 1.0)
            word_nats = self._words.whole(reading.stem) if reading.stem else 0.0
            parts[run[1]].append(math.log(KEEP) + word_nats + math.log(among))
        return {family: _log_sum(logs) for family, logs in parts.items()}

    def _near(self, reading: _Reading) -> list[int]:
        """Return names that share a piece with this one, by how rare it is."""
        near = dict.fromkeys(self._place[text] for text in reading.texts if text in self._place)
        listed = {
            piece: self._pieces.get(piece, ()) for text in reading.texts for piece in _pieces(text)
        }
        for places in sorted(listed.values(), key=len):
            if len(places) > BLOCK or len(near) >= MOST_NAMES:
                break
            near.update(dict.fromkeys(places))
        return list(near)[:MOST_NAMES]

    def _settle(
        self, reading: _Reading, number: int | None, sure: float, likeliest: str | None, odds: float
    ) -> Arrival:
        self._remember(reading, number)
        return Arrival(
            domain=reading.domain,
            family=reading.domain if number is None else self._founders[number],
            probability=sure,
            likeliest=likeliest,
            odds=odds,
        )

    def _remember(self, reading: _Reading, number: int | None) -> None:
        least = math.log(self.families + BACKGROUND)
        rare = [
            text
            for text in dict.fromkeys((reading.brand, reading.stem))
            if text and self._words.whole(text) >= least
        ]
        if number is None:
            number = self.families
            self._founders.append(reading.domain)
            self._words.learn(reading.brand or reading.label)
        self._family_of[reading.domain] = number
        if reading.form:
            self._runs[reading.form] = (reading.number, number)
        for text in rare or (reading.label,):
            self._count(text, number)

    def _count(self, text: str, number: int) -> None:
        """Count a name for a family, and list it by its pieces if it is new."""
        if text not in self._place:
            self._place[text] = len(self._names)
            self._names.append(_Name(text, {}))
            for piece in _pieces(text):
                places = self._pieces.setdefault(piece, [])
                if len(places) <= BLOCK:
                    places.append(self._place[text])
        families = self._names[self._place[text]].families
        families[number] = families.get(number, 0) + 1
        if len(families) > _MOST_FAMILIES:
            del families[min(families, key=lambda family: (families[family], family))]


def _pieces(text: str) -> Iterator[str]:
    yield "^" + text[:_EDGE]
    yield text[-_EDGE:] + "$"
    for at in range(len(text) - _PIECE + 1):
        yield text[at : at + _PIECE]


def _log_sum(logs: Iterable[float]) -> float:
    terms = list(logs)
    top = max(terms, default=-math.inf)
    if top == -math.inf:
        return top
    return top + math.log(sum(math.exp(term - top) for term in terms))


def _sure(odds: float) -> float:
    return min(SUREST, 1 / (1 + math.exp(-max(odds, -700.0))))
