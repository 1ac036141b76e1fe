"""How much two names say that they are one site's: what they share, in nats, less what they do not.

A name is read as words and letters, so a shared generic word alone joins nothing, and a shared
brand joins across other endings, digits, hyphens and look-alikes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from cautery.graph.mirrors import _name_kernels
from cautery.graph.mirrors.names import brand, plain, skeleton
from cautery.graph.mirrors.vocabulary import (
    LETTER_NATS,
    FloatArray,
    IntArray,
    letters_of,
    words_in,
)

EDGE_NATS = 1.0
"""What it adds that the shared part begins, or ends, both names."""
UNSHARED = 0.4
"""The part of what only one name has that counts against: renames add and drop words."""
INSTEAD = 1.5
"""How often more it counts, of the name with less of it, that each has letters instead of the
other's: a site adds a word or drops one; two sites share one and differ in another."""
NAMELESS = 0.3
"""The part of a site's pairs of domains whose names have nothing to do with each other."""
SHORTEST = 3
_MOST_NATS = 50.0


class NameCosts:
    """What it takes to write names, in nats, by the words that many families use.

    Parameters
    ----------
    families : iterable of collections of str
        Plain names of each family known so far: their words are counted.
    others : iterable of str
        Further names that may be asked about.
    """

    def __init__(self, families: Iterable[Collection[str]], others: Iterable[str] = ()) -> None:
        names: list[str] = []
        family: list[int] = []
        total = 0
        for members in families:
            names += sorted(members)
            family += [total] * len(members)
            total += 1
        uncounted_names = sorted(set(others).difference(names))
        self.names = [*names, *uncounted_names]
        self._place = {name: number for number, name in enumerate(self.names)}
        uncounted = np.full(len(uncounted_names), -1, np.int64)
        of = np.concatenate((np.array(family, np.int64), uncounted))
        *self._words, of_trade = words_in(self.names, of, total)
        self.text, self.begins = letters_of(self.names)
        is_letter = np.array([letter.isalpha() for name in self.names for letter in name], np.bool_)
        self._generic = _name_kernels.covered(
            self.begins, is_letter, self._words[0], self._words[1], of_trade
        )
        looks: dict[str, int] = {}
        self._looks = np.array(
            [looks.setdefault(skeleton(name), len(looks)) for name in self.names], np.int64
        )
        nats = _name_kernels.wholes(self.begins, LETTER_NATS, *self._words)
        self._whole: FloatArray = nats + 2 * EDGE_NATS
        self._same = _odds(self._whole)

    def place(self, name: str) -> int:
        """Return the number of a name that was given."""
        return self._place[name]

    def whole(self, name: str) -> float:
        """Return what it says, in nats, that two domains have the very same name."""
        return float(self._whole[self._place[name]])

    def same(self, name: str) -> float:
        """Return the log-odds that two domains of the very same name are one site's."""
        return float(self._same[self._place[name]])

    def nearest(self, pairs: IntArray, held: IntArray, begins: IntArray) -> FloatArray:
        """Return the log-odds by name that pairs of groups are one site: of their nearest names.

        Never below ``log(NAMELESS)``: a site may change its name wholly.

        Parameters
        ----------
        pairs : ndarray, shape (pairs, 2)
            Groups.
        held, begins : ndarray
            The numbers of their names; those of group g are ``held[begins[g] : begins[g + 1]]``.
        """
        nats: FloatArray = _name_kernels.nearest(
            pairs, held, begins, self._looks, self._generic, self._whole,
            self.text, self.begins, SHORTEST,
            LETTER_NATS, EDGE_NATS, UNSHARED, INSTEAD, *self._words,
        )  # fmt: skip
        return _odds(nats)


def name_odds(domain: str, neighbour: str, *, strangers: Iterable[str] = ()) -> float:
    """Return how much the names of two hosts say that they are one site's, in nats.

    Parameters
    ----------
    domain, neighbour : str
        Registered domains, as the public suffix list parts them: the first label is compared.
    strangers : iterable of str
        Further domains, of a site of its own each: words that several of them use say less.

    Returns
    -------
    float
        Log of the probability of these names if one site has both, less the log of that if two
        strangers have them: to be added to the log-odds of what else is known. Never below
        ``log(NAMELESS)``, -1.2: a site may change its name wholly. 7 and more make one site of
        two among a thousand; a generic word that both use says about 0.

    Notes
    -----
    The model of :func:`cautery.graph.mirrors.mirror_families`; who asks about many pairs of one
    list builds a :class:`NameCosts` once.

    >>> name_odds("glimzor4.example", "new-glimzor.test") > 7
    True
    >>> name_odds("livestream.example", "freestream.test") < 0
    True
    """
    names = [_compared(name) for name in (domain, neighbour)]
    costs = NameCosts(({_compared(name)} for name in strangers), names)
    places = np.array([costs.place(name) for name in names])
    return float(costs.nearest(np.array([[0, 1]]), places, np.array([0, 1, 2]))[0])


def _compared(domain: str) -> str:
    label = plain(domain.partition(".")[0])
    return brand(label) or label


def _odds(shared: FloatArray) -> FloatArray:
    odds: FloatArray = np.log(NAMELESS + (1 - NAMELESS) * np.exp(np.minimum(shared, _MOST_NATS)))
    return odds
