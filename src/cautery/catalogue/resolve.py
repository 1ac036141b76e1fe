"""Which right a noisy title offers, if any: by rare words, by letters, by number and country."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from heapq import nlargest

from cautery.catalogue.normalise import Title, country_code, normalise
from cautery.catalogue.rights import Catalogue

THRESHOLD = 0.5
"""Below this probability the answer is "none of mine"."""

_FILLER = frozenset(("v", "vs", "live", "tv", "channel", "the", "la", "el", "de", "en", "direct"))
_FILLER_WEIGHT = 0.35
_MOST_POSTINGS = 4_000
_RERANKED = 40
_RARE_GRAMS = 6

# Logistic of the similarity; set by hand so that a single wrong word in three falls below; see
# bench/resolve.py for what it gives on labelled titles.
_SLOPE, _MIDDLE = 14.0, 0.72


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a title was resolved to.

    Parameters
    ----------
    right : str or None
        ``None``: none of the catalogue's.
    probability : float
        That ``right`` (or, without one, ``best``) is what is offered.
    best, runner_up : str or None
        The two nearest rights, whatever their probability.
    why : str
        In words, for the analyst.
    """

    right: str | None
    probability: float
    best: str | None
    runner_up: str | None
    why: str


@dataclass(frozen=True, slots=True)
class _Name:
    right: int
    text: str
    title: Title
    weights: dict[str, float]
    norm: float
    grams: frozenset[str]


class Resolver:
    """An inverted index over a catalogue's names: by words, and by runs of three letters.

    Examples
    --------
    >>> from cautery.catalogue import Right
    >>> arena = Right(id="arena1.es", kind="channel", names=("Arena 1",), country="es")
    >>> Resolver(Catalogue((arena,))).resolve("ES: ARENA 1 FHD").right
    'arena1.es'
    >>> Resolver(Catalogue((arena,))).resolve("ES: ARENA 2 FHD").right is None
    True
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._rights = catalogue.rights
        titles = [
            (index, name, normalise(name))
            for index, right in enumerate(catalogue.rights)
            for name in right.names
        ]
        seen: Counter[str] = Counter()
        for _, _, title in titles:
            seen.update(set(title.words))
        self._total = len(titles) + 1
        self._seen = seen
        self._names: list[_Name] = []
        self._years: list[set[str]] = [set() for _ in catalogue.rights]
        self._words: dict[str, list[int]] = defaultdict(list)
        self._grams: dict[str, list[int]] = defaultdict(list)
        self._exact: dict[str, list[int]] = defaultdict(list)
        for right, text, title in titles:
            weights = self._weights(title)
            norm = math.sqrt(sum(weight**2 for weight in weights.values()))
            grams = _grams(title.compact)
            at = len(self._names)
            self._years[right] |= title.years
            self._names.append(_Name(right, text, title, weights, norm, grams))
            self._exact[title.compact].append(at)
            for word in weights:
                self._words[word].append(at)
            for gram in grams:
                self._grams[gram].append(at)

    def resolve(self, title: str, *, country: str | None = None) -> Resolution:
        """Return the right that ``title`` offers.

        Parameters
        ----------
        country : str or None
            Where the source says it is from, ISO 3166-1 alpha-2; a prefix in the title wins.
        """
        wanted = normalise(title)
        place = wanted.country or (country_code(country) if country else None)
        best: dict[int, tuple[float, int]] = {}
        for at in self._candidates(wanted):
            score = self._score(wanted, self._names[at], place)
            right = self._names[at].right
            if score > best.get(right, (0.0, 0))[0]:
                best[right] = (score, at)
        ranked = nlargest(2, best.items(), key=lambda one: (one[1][0], -one[0]))
        if not ranked:
            return Resolution(
                right=None, probability=0.0, best=None, runner_up=None, why="no name is near"
            )
        (index, (score, at)), rest = ranked[0], ranked[1:]
        second = rest[0][1][0] if rest else 0.0
        probability = 1 / (1 + math.exp(-_SLOPE * (score - _MIDDLE)))
        # Rights that fit equally well share what probability there is.
        lead = max(0.0, score - second)
        probability *= 1 / (1 + math.exp(-lead / 0.02)) if second > _MIDDLE else 1.0
        winner = self._rights[index]
        name = self._names[at].text
        other = self._rights[rest[0][0]].id if rest else None
        fits = probability >= THRESHOLD
        return Resolution(
            right=winner.id if fits else None,
            probability=round(probability, 4),
            best=winner.id,
            runner_up=other,
            why=f"{'is' if fits else 'nearest, but too far:'} {name!r} ({score:.2f})"
            + (f", then {other} ({second:.2f})" if other else ""),
        )

    def _weights(self, title: Title) -> dict[str, float]:
        found = {}
        for word in title.words:
            rarity = math.log(1 + self._total / (1 + self._seen[word]))
            found[word] = rarity * (_FILLER_WEIGHT if word in _FILLER else 1.0)
        return found

    def _candidates(self, wanted: Title) -> set[int]:
        found = set(self._exact.get(wanted.compact, ())[:_MOST_POSTINGS])
        weights = self._weights(wanted)
        scores: dict[int, float] = defaultdict(float)
        for word in sorted(weights, key=lambda one: self._seen[one]):
            postings = self._words.get(word, ())
            if len(postings) <= _MOST_POSTINGS:
                weight = weights[word]
                for at in postings:
                    scores[at] += weight * self._names[at].weights[word]
        near = nlargest(_RERANKED, scores, key=lambda at: scores[at] / self._names[at].norm)
        found.update(near)
        if not self._exact.get(wanted.compact):
            shared: Counter[int] = Counter()
            known = [gram for gram in _grams(wanted.compact) if gram in self._grams]
            known.sort(key=lambda gram: (len(self._grams[gram]), gram))
            for gram in known[:_RARE_GRAMS]:
                if len(self._grams[gram]) <= _MOST_POSTINGS:
                    shared.update(self._grams[gram])
            found.update(at for at, count in shared.most_common(_RERANKED) if count > 1)
        return found

    def _score(self, wanted: Title, name: _Name, place: str | None) -> float:
        """Similarity in 0 to 1: words and letters alike, then number, year and country."""
        title = name.title
        if wanted.numbers and title.numbers and wanted.numbers != title.numbers:
            return 0.0
        years = self._years[name.right]
        if wanted.years and years and not wanted.years & years:
            return 0.0
        weights = self._weights(wanted)
        norm = math.sqrt(sum(weight**2 for weight in weights.values()))
        dot = sum(weight * name.weights.get(word, 0.0) for word, weight in weights.items())
        words = dot / (norm * name.norm) if norm and name.norm else 0.0
        mine = _grams(wanted.compact)
        letters = 2 * len(mine & name.grams) / (len(mine) + len(name.grams)) if mine else 0.0
        score = max(0.55 * words + 0.45 * letters, 0.97 * (wanted.compact == title.compact))
        if bool(wanted.numbers) != bool(title.numbers):
            # "Sport" may be "Sport 1", hardly "Sport 7".
            only = wanted.numbers | title.numbers
            score *= 0.9 if only == {"1"} else 0.7
        home = self._rights[name.right].country
        if place is not None and home is not None:
            # A prefix in the title is the seller's word; the source's country is only a hint.
            elsewhere = 0.65 if wanted.country is not None else 0.85
            score = score + 0.03 if place == home else score * elsewhere
        return min(score, 1.0)


def resolve(title: str, rights: Catalogue, *, country: str | None = None) -> Resolution:
    """Resolve one title; for many, build one :class:`Resolver`."""
    return Resolver(rights).resolve(title, country=country)


def _grams(text: str) -> frozenset[str]:
    padded = f"^{text}$"
    return frozenset(padded[at : at + 3] for at in range(max(1, len(padded) - 2)))
