"""Events and works among titles: both sides of a match, a film's name and year, an episode."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from typing import NamedTuple

from cautery.catalogue._fixture_names import Offer, Side, initials, probability, side_of
from cautery.catalogue._work_names import (
    STEM,
    Reading,
    episode_of,
    is_about,
    readings,
    same_episode,
    stems_of,
    words_of,
)
from cautery.catalogue.lexicon import Lexicon
from cautery.catalogue.normalise import LONGEST
from cautery.catalogue.rights import Right
from cautery.catalogue.script import fold

_SLOPE, _MIDDLE = 14.0, 0.72
"""Logistic of how much is alike; set by hand so that one wrong word in three falls below."""
_LABELLED = 0.9
"""That "UFC 300" means what is called so and has that number; set by hand."""
_MOST_POSTINGS = 2_000
_WORDS_TRIED = 4
_LEAST_SHARED = 0.75
"""Of a name's weight: two words of three."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_LOOSE = frozenset(
    """
    live direct event match day football tv ppv race multi vost vostfr vf vo sub subs dub dubbed
    dual latino en fr de es it complete the a an and la le les el los der die das il lo of
    """.split()  # noqa: SIM905 - a table of words
)
_LOOSE_WEIGHT = 0.3


class Match(NamedTuple):
    """A right that a title may offer, with its probability and the name that it was found by."""

    right: int
    probability: float
    name: str


@dataclass(frozen=True, slots=True)
class _Name:
    right: int
    text: str
    words: tuple[str, ...]
    sides: tuple[Side, Side] | None = None
    """Of a match."""
    label: str = ""
    """What names it by a number, such as ``ufc 300``, a space before and after."""
    episode: tuple[int, int] | None = None
    stems: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    whole: float = 0.0
    """The weight of all its words but a year."""


class Programmes:
    """An inverted index over the names of events and works."""

    def __init__(self, rights: Sequence[Right], lexicon: Lexicon) -> None:
        self._rights = rights
        self._lexicon = lexicon
        self._names: list[_Name] = []
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for at, right in enumerate(rights):
            for text in right.names:
                name = _named(at, right, text)
                short = [initials(side) for side in name.sides or ()]
                weights = tuple(self._weight(word) for word in name.words)
                whole = sum(
                    weight
                    for word, weight in zip(name.words, weights, strict=True)
                    if not _YEAR.fullmatch(word)
                )
                name = replace(name, weights=weights, whole=whole)
                for word in {spelling[:STEM] for spelling in (*name.words, *short) if spelling}:
                    self._by_word[word].append(len(self._names))
                self._names.append(name)

    def matches(self, title: str) -> list[Match]:
        """Return the likeliest rights, at most two, the likeliest first."""
        title = title[:LONGEST]
        candidates = self._candidates({*side_of(title), *words_of(title)})
        if not candidates:
            return []
        offer: Offer | None = None
        ways: tuple[Reading, ...] = ()
        best: dict[int, tuple[Match, _Name]] = {}
        for at in candidates:
            name = self._names[at]
            if self._rights[name.right].kind == "event":
                offer = offer or Offer.of(title)
                chance = self._event_probability(name, offer)
            else:
                ways = ways or readings(title)
                chance = max(self._work_probability(name, way) for way in ways)
            if chance > 0 and (name.right not in best or chance > best[name.right][0].probability):
                best[name.right] = Match(name.right, chance, name.text), name
        likeliest = _without_the_wider(list(best.values()))
        return nlargest(2, likeliest, key=lambda match: (match.probability, -match.right))

    def _candidates(self, words: set[str]) -> set[int]:
        lists = [
            self._by_word[stem] for stem in {word[:STEM] for word in words} if stem in self._by_word
        ]
        lists.sort(key=len)
        return {at for postings in lists[:_WORDS_TRIED] for at in postings[:_MOST_POSTINGS]}

    def _event_probability(self, name: _Name, offer: Offer) -> float:
        day = self._rights[name.right].day
        if day is not None and not offer.on(day):
            return 0.0
        chance = 0.0
        if name.sides is not None:
            chance = probability(offer, name.sides)
        elif not offer.other - set(name.words):
            chance = self._alike(name, Reading(offer.all_words, offer.years, None))
        if name.label and name.label in offer.run and not offer.other:
            chance = max(chance, _LABELLED)
        return chance

    def _work_probability(self, name: _Name, way: Reading) -> float:
        if self._shared(name, way) < _LEAST_SHARED * name.whole:
            return 0.0
        right = self._rights[name.right]
        if not same_episode(name.episode, way.episode) or (way.episode and right.film):
            return 0.0
        if is_about(way.words) and not is_about(name.words):
            return 0.0
        if right.year is not None and way.years:
            # A season's year is later than its series'.
            late = math.inf if way.episode else 1
            if not any(-1 <= year - right.year <= late for year in way.years):
                return self._alike(name, way) if _is_named_by(name, way) else 0.0
        return self._alike(name, way)

    def _alike(self, name: _Name, way: Reading) -> float:
        # A year that is no part of the name says only which of two films of one name it is.
        spoken = [
            word
            for word in way.words
            if not (word.isdigit() and int(word) in way.years and word not in name.words)
        ]
        name_words = [
            word for word in name.words if word in way.words or not _YEAR.fullmatch(word)
        ] or list(name.words)
        if {word for word in spoken if word.isdigit()} ^ {
            word for word in name_words if word.isdigit()
        }:
            return 0.0
        if "".join(spoken) == "".join(name_words):
            right = self._rights[name.right]
            return 0.97 if right.year is None or way.years else 0.93
        stems = {word[:STEM] for word in name_words}
        shared = self._shared(name, way)
        whole = sum(self._weight(word) for word in name_words)
        if shared < _LEAST_SHARED * whole:
            return 0.0
        spare = sum(self._weight(word) for word in spoken if word[:STEM] not in stems)
        alike = 2 * shared / max(whole + shared + spare, 1e-9)
        return 1 / (1 + math.exp(-_SLOPE * (alike - _MIDDLE)))

    def _shared(self, name: _Name, way: Reading) -> float:
        """Return the weight of a name's words that a reading has; a year need not be among them."""
        shared, stems = 0.0, way.stems
        for stem, weight in zip(name.stems, name.weights, strict=True):
            if stem in stems:
                shared += weight
        return shared

    def _weight(self, word: str) -> float:
        number = self._lexicon.words.get(word)
        rarity = self._lexicon.rarest if number is None else float(self._lexicon.weight[number])
        return rarity * (_LOOSE_WEIGHT if word in _LOOSE else 1.0)


def _is_named_by(name: _Name, way: Reading) -> bool:
    """Tell whether what looks like a year is the name's own, as in *Blade Runner 2049*."""
    return {str(year) for year in way.years} <= set(name.words)


def _without_the_wider(matches: list[tuple[Match, _Name]]) -> Iterator[Match]:
    """Leave out a series beside its episode, and a match beside the one at the named ground."""
    episodes = [name.words for match, name in matches if name.episode and match.probability > 0.5]
    for match, name in matches:
        if name.episode is None and name.words in episodes:
            continue
        if name.sides is not None and any(
            rival_name.sides is not None
            and set(rival_name.sides) == set(name.sides)
            and rival.probability > match.probability
            for rival, rival_name in matches
        ):
            continue
        yield match


def _named(at: int, right: Right, text: str) -> _Name:
    text = text[:LONGEST]
    if right.kind != "event":
        episode, remainder = episode_of(fold(text))
        words = words_of(remainder)
        return _Name(at, text, words, episode=episode, stems=stems_of(words))
    offer = Offer.of(text)
    head = side_of(text.partition(":")[0]) if ":" in text else ()
    label = f" {' '.join(head)} " if len(head) > 1 and any(w.isdigit() for w in head) else ""
    if not offer.parted:
        words = offer.all_words
        return _Name(at, text, words, label=label, stems=stems_of(words))
    sides = offer.parted[0]
    words = (*sides[0], *sides[1], *(head if label else ()))
    return _Name(at, text, words, sides, label, stems=stems_of(words))
