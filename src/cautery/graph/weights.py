"""How much a shared value speaks for one network, learnt from the links themselves.

Two estimates, one after the other. Before there are any networks, pairs of subjects are sampled
from the values that they share, and Fellegi and Sunter's mixture (JASA 1969) is fitted to them by
EM: how often a pair that shares a value of a kind, this common, is of one network at all. Once
there are networks, the shares are counted: links of a kind that lead to another network's value
(``false``), and values of a kind and of a degree that are nobody's own (``hub``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cautery.graph import _pair_kernels
from cautery.graph.evidence import Evidence, Floats, Ints

NO_WEIGHT = frozenset({"registrar", "asn", "country", "playlist", "organisation"})
"""What everybody shares: many strangers have one registrar, and aggregators list everyone."""

BINS = 20
"""Degrees are told apart by their power of two."""
FALSE_PRIOR = 0.05
FALSE_PRIOR_LINKS = 40.0
"""Before anything is counted, one link in twenty is taken to be false, as by forty links."""
UNIVERSE = 2_000
"""Links of a kind among which a value is rare when fewer are on the table: a small case does
not make a certificate common."""
HUB_LINKS = 50
"""A hub's share of all links is reckoned as if there were so many more."""
PAIRS = 400_000
MATCH_FLOOR = 0.01
"""A kind, or degrees of a kind, where fewer of the pairs are of one network ties nobody."""
FEW_PAIRS = 5_000
"""With fewer pairs in all nothing can be learnt of kinds; nor of one with a tenth of them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt of each kind; frozen, it judges new links as it judged the old ones.

    Parameters
    ----------
    false : ndarray, shape (kinds,)
        Share of links to values that are somebody's own which lead to another's (``1 - m``).
    links : ndarray, shape (kinds,)
        Links to values that are somebody's own: ``1 / u`` for a value of one link.
    hub : ndarray, shape (kinds, BINS)
        Log-odds that a value is nobody's own, by kind and power of two of its degree.
    log_theta : float
        Prior weight of a network of one's own, beside the sizes of those there are.
    finer : float
        Log-odds added for a network of two subjects and more: how finely they are told apart.
    """

    false: Floats
    links: Floats
    hub: Floats
    log_theta: float
    finer: float

    def among(self, kinds: int) -> Weights:
        """Return weights of so many kinds; a new one, last, has the mean of the known."""
        more = kinds - self.false.size
        if more == 0:
            return self
        return Weights(
            false=np.append(self.false, np.full(more, self.false.mean())),
            links=np.append(self.links, np.full(more, self.links.mean())),
            hub=np.vstack([self.hub, np.tile(self.hub.mean(axis=0), (more, 1))]),
            log_theta=self.log_theta,
            finer=self.finer,
        )

    @property
    def reward(self) -> Floats:
        """Log-odds of a link to an own value against a false one, for a network of one link."""
        return np.log((1 - self.false) / self.false) + np.log(self.rarity)

    @property
    def true(self) -> Floats:
        """The same link's worth against a hub's."""
        return np.log(1 - self.false) + np.log(self.rarity)

    @property
    def rarity(self) -> Floats:
        """How many links a value is rare among."""
        return np.maximum(self.links, UNIVERSE)

    def hub_odds(self, kind: Ints, degree: Ints) -> Floats:
        """Return, by value, the log-odds of a hub before its bearers' networks are seen."""
        popular = np.log(self.rarity / (self.links + HUB_LINKS))
        beyond = np.maximum(degree - 2, 0)  # a pair is no crowd
        found: Floats = self.hub[kind, bins_of(degree)] + beyond * np.maximum(popular, 0)[kind]
        return found


def bins_of(degree: Ints) -> Ints:
    """Return the power of two below each degree, at most ``BINS - 1``."""
    found: Ints = np.minimum(np.log2(np.maximum(degree, 1)).astype(np.int64), BINS - 1)
    return found


def averaged(weights: Sequence[Weights], *, finer: float) -> Weights:
    """Return the mean of weights that several partitions taught, in log-odds."""
    return Weights(
        false=np.exp(np.mean([np.log(one.false) for one in weights], axis=0)),
        links=np.mean([one.links for one in weights], axis=0),
        hub=np.mean([one.hub for one in weights], axis=0),
        log_theta=float(np.mean([one.log_theta for one in weights])),
        finer=finer,
    )


def learnt(
    true: Ints, false: Ints, hub: Ints, own: Ints, *, nodes: int, networks: int, finer: float
) -> Weights:
    """Count weights from a partition.

    Parameters
    ----------
    true, false : ndarray, shape (kinds,)
        Links to values of the subject's own network, and to another's.
    hub, own : ndarray, shape (kinds, BINS)
        Values that are nobody's, and somebody's.
    nodes, networks : int
        Subjects and own values, and the networks that they are in.
    finer : float
        As of ``Weights``.
    """
    share = (false + FALSE_PRIOR * FALSE_PRIOR_LINKS) / (true + false + FALSE_PRIOR_LINKS)
    by_kind = (hub.sum(axis=1) + 0.5) / (hub.sum(axis=1) + own.sum(axis=1) + 1.0)
    eta = (hub + 5.0 * by_kind[:, None]) / (hub + own + 5.0)
    return Weights(
        false=share,
        links=(true + false).astype(np.float64),
        hub=np.log(eta / (1 - eta)),
        log_theta=float(np.log(max(_theta(min(networks, nodes / 10), nodes), 1.0))),
        finer=finer,
    )


def _theta(networks: float, nodes: int) -> float:
    """Return the concentration under which a Chinese restaurant has so many tables."""
    low, high = 1e-3, 1e9
    for _ in range(80):
        middle = (low * high) ** 0.5
        if middle * np.log1p(nodes / middle) < networks:
            low = middle
        else:
            high = middle
    return low


def match_rates(evidence: Evidence, rng: np.random.Generator, *, common: Ints) -> Floats:
    """Return how often a pair that shares a value is of one network, by kind and degree.

    Parameters
    ----------
    common : ndarray of int
        Kinds that are known to tie nobody.

    Returns
    -------
    ndarray, shape (kinds, BINS)
        Fellegi and Sunter's mixture by EM over sampled pairs: a pair's agreements on the *other*
        kinds are independent given whether it is of one network; ``m`` and ``u`` are one each a
        kind, the share of matches one each for the kind and degree that the pair was drawn by.
    """
    known = np.full((evidence.kinds, BINS), 0.5)
    known[common] = MATCH_FLOOR / 10
    usable = min(evidence.kinds, 62)  # agreements of a pair are bits of one word
    order = rng.permutation(evidence.values)
    kind, degree, agree, both = _pair_kernels.sample_pairs(
        order,
        evidence.s_starts,
        evidence.value,
        evidence.v_starts,
        evidence.v_subjects,
        evidence.kind,
        rng.integers(1, 1 << 62),
        PAIRS,
    )
    if kind.size < FEW_PAIRS:
        return known
    places = np.arange(usable)
    agrees = ((agree[:, None] >> places) & 1).astype(np.float32)
    judged = ((both[:, None] >> places) & 1).astype(np.float32)
    # The kind that a pair was drawn by agrees always: it says nothing.
    drawn = np.flatnonzero(kind < usable)
    judged[drawn, kind[drawn]] = 0
    agrees *= judged
    cell = kind * BINS + bins_of(degree)
    total = np.bincount(cell, minlength=known.size)
    m, u = np.full(usable, 0.3), np.full(usable, 1e-3)
    rate = np.full(known.size, 0.3)
    for _ in range(60):
        prior = np.log(rate / (1 - rate))[cell]
        odds = prior + agrees @ np.log(m / u) + (judged - agrees) @ np.log((1 - m) / (1 - u))
        match = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        m = np.clip((match @ agrees + 0.05) / (match @ judged + 1), 1e-4, 0.99)
        u = np.clip(((1 - match) @ agrees + 1e-3) / ((1 - match) @ judged + 1), 1e-6, 0.5)
        u = np.minimum(u, m)
        matched = np.bincount(cell, match, minlength=known.size)
        by_kind = matched.reshape(-1, BINS).sum(axis=1) / np.maximum(
            total.reshape(-1, BINS).sum(axis=1), 1
        )
        rate = np.clip((matched + 2 * np.repeat(by_kind, BINS)) / (total + 2), 1e-4, 0.9999)
    found = rate.reshape(-1, BINS)
    seen = total.reshape(-1, BINS).sum(axis=1) >= FEW_PAIRS / 10
    found = np.where(seen[:, None], found, known)
    found[common] = known[common]
    return found
