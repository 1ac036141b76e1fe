"""Events and works among titles: both sides of a match, a film's name and year, an episode."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

from cautery.catalogue.lexicon import Lexicon
from cautery.catalogue.normalise import LONGEST, QUALITY, normalise
from cautery.catalogue.rights import VERSUS, Right
from cautery.catalogue.script import fold

_SLOPE, _MIDDLE = 14.0, 0.72
"""Logistic of how much is alike; set by hand so that one wrong word in three falls below."""
_MOST_POSTINGS = 2_000
_WORDS_TRIED = 4
_STEM = 5
_EPISODE = re.compile(
    r"\bs(?:eason)?\s?(\d{1,2})\s?[ex.]\s?(?:p|pisode)?\s?(\d{1,3})\b|\b(\d{1,2})x(\d{2,3})\b"
)
_SEASON = re.compile(r"\bs(?:eason|aison|taffel)?\s?(\d{1,2})\b")
_TIME = re.compile(
    r"\b\d{1,2}[:.h]\d{2}\b|\b\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?\b|\b\d{4}-\d\d-\d\d\b"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_TAIL = re.compile(r"[\s|(\[]+(?:[a-z]{2}|eng|fra|ger|spa|ita|por|ara|rus)[\])\s]*$")
_OTHER_MATCH = frozenset(
    """
    women w ladies femenino feminin feminine frauen youth juniors reserves reserve legends
    highlights replay resumen resume
    """.split()  # noqa: SIM905 - a table of words
)
"""Words that make of a fixture another one, or not the live one."""
_LOOSE = frozenset(
    """
    live v vs versus direct event match day football soccer futbol tv ppv multi vost vostfr vf vo
    sub subs dub dubbed dual latino en fr de es it complete the a an and la le les el los der die
    das il lo of
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
    sides: tuple[tuple[str, ...], ...]
    """The words of each side of a fixture; one side for anything else."""
    compact: str
    episode: tuple[int, int] | None


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
                for word in set(name.words):
                    self._by_word[word[:_STEM]].append(len(self._names))
                self._names.append(name)

    def matches(self, title: str) -> list[Match]:
        """Return the likeliest rights, at most two, the likeliest first."""
        if not self._names:
            return []
        text = fold(title[:LONGEST])
        episode, rest = _episode(text)
        rest = _TIME.sub(" ", rest)
        years = {int(found) for found in _YEAR.findall(rest)}
        rest = _TAIL.sub(" ", rest)
        read = normalise(rest)
        words = [word for word, kind in zip(read.words, read.kinds, strict=True) if kind != QUALITY]
        best: dict[int, Match] = {}
        for at in self._candidates(words):
            name = self._names[at]
            odds = self._odds(name, words, years, episode)
            if odds > best.get(name.right, _NO_MATCH).probability:
                best[name.right] = Match(name.right, odds, name.text)
        return nlargest(2, best.values(), key=lambda one: (one.probability, -one.right))

    def _candidates(self, words: Sequence[str]) -> set[int]:
        lists = [
            self._by_word[stem]
            for stem in {word[:_STEM] for word in words}
            if stem in self._by_word
        ]
        lists.sort(key=len)
        return {at for one in lists[:_WORDS_TRIED] for at in one[:_MOST_POSTINGS]}

    def _odds(
        self, name: _Name, words: Sequence[str], years: set[int], episode: tuple[int, int] | None
    ) -> float:
        right = self._rights[name.right]
        if right.year is not None and years and min(abs(right.year - one) for one in years) > 1:
            return 0.0
        if name.episode is not None and name.episode != episode:
            return 0.0
        # A year that is no part of the name says only which of two films of one name it is.
        spoken = [
            word
            for word in words
            if not (word.isdigit() and int(word) in years and word not in name.words)
        ]
        if right.kind == "event" and (_OTHER_MATCH & set(spoken)) - set(name.words):
            return 0.0
        if {word for word in spoken if word.isdigit()} ^ {
            word for word in name.words if word.isdigit()
        }:
            return 0.0
        compact = "".join(spoken)
        if compact == name.compact:
            return 0.97 if right.year is None or years else 0.93
        stems = {word[:_STEM] for word in spoken}
        for side in name.sides:
            had = sum(self._weight(word) for word in side if word[:_STEM] in stems)
            if had < 0.75 * sum(self._weight(word) for word in side):
                return 0.0
        mine = {word[:_STEM] for word in name.words}
        spare = sum(self._weight(word) for word in spoken if word[:_STEM] not in mine)
        if len(name.sides) == 2:
            # Both sides in one title are rare by chance: a league's name beside is no doubt.
            spare *= 0.5
        named = sum(self._weight(word) for word in name.words)
        shared = sum(self._weight(word) for word in name.words if word[:_STEM] in stems)
        alike = 2 * shared / max(named + shared + spare, 1e-9)
        return 1 / (1 + math.exp(-_SLOPE * (alike - _MIDDLE)))

    def _weight(self, word: str) -> float:
        number = self._lexicon.words.get(word)
        rarity = self._lexicon.rarest if number is None else float(self._lexicon.weight[number])
        return rarity * (_LOOSE_WEIGHT if word in _LOOSE else 1.0)


_NO_MATCH = Match(-1, 0.0, "")


def _named(at: int, right: Right, text: str) -> _Name:
    episode, rest = _episode(fold(text[:LONGEST])) if right.kind == "work" else (None, fold(text))
    words = tuple(normalise(rest).words)
    sides: tuple[tuple[str, ...], ...] = (words,)
    if right.kind == "event":
        parts = [tuple(normalise(part).words) for part in VERSUS.split(text)]
        if len(parts) == 2 and all(parts):
            sides = (parts[0], parts[1])
            words = parts[0] + parts[1]
    return _Name(at, text, words, sides, "".join(words), episode)


def _episode(text: str) -> tuple[tuple[int, int] | None, str]:
    """Take season and episode out of a folded title; a season alone is episode 0."""
    if found := _EPISODE.search(text):
        season, number = (int(one) for one in found.groups() if one is not None)
        return (season, number), text[: found.start()] + " " + text[found.end() :]
    if found := _SEASON.search(text):
        return (int(found[1]), 0), text[: found.start()] + " " + text[found.end() :]
    return None, text
