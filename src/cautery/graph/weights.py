"""How much a shared value speaks for one network, learnt from the links themselves.

Two estimates, one after the other. Before there are any networks, pairs of subjects are sampled
from the values that they share, and Fellegi and Sunter's mixture (JASA 1969) is fitted to them by
EM: how often a pair that shares a value of a kind, this common, is of one network at all. Once
there are networks, the shares are counted: links of a kind that lead to another network's value
(``false``), and values of a kind and of a degree that are nobody's own (``hub``).
"""

from __future__ import annotations

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
UNIVERSE = 100
"""Links and subjects among which a value is rare when fewer are on the table: a case of ten sites
does not make a certificate common."""
RATE_PRIOR, RATE_PRIOR_SUBJECTS = 0.1, 40.0
"""Before anything is counted, a network has one more value of a kind for every ten subjects."""
MOST_NETWORKS = 0.9
"""More networks for a subject than this tell nothing of how many there are."""
HUB_PRIOR, HUB_PRIOR_VALUES = 0.1, 5.0
"""Before anything is counted, one value in ten is taken to be nobody's, as by five values."""
NEAR = 0.25 ** np.abs(np.subtract.outer(np.arange(BINS), np.arange(BINS)))
HUB_LINKS = 50
"""A hub's share of all links is reckoned as if there were so many more."""
PAIRS = 400_000
LEAST_AGREEMENT = 0.1
"""Two of one network share another kind that both have at least so often: strangers, who share
nothing else, would be a network of such as share nothing else."""
MATCH_FLOOR = 0.01
"""A kind, or degrees of a kind, where fewer of the pairs are of one network ties nobody."""
FEW_PAIRS = 1_000
"""With fewer pairs in all nothing can be learnt of kinds; nor of one with a tenth of them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt of each kind; frozen, it judges new links as it judged the old ones.

    Parameters
    ----------
    false : ndarray, shape (kinds,)
        Share of links to values that are somebody's own which lead to another's (``1 - m``).
    links : ndarray, shape (kinds,)
        All links, also to hubs.
    owned : ndarray, shape (kinds,)
        Share of them to values that are somebody's own.
    rate : ndarray, shape (kinds,)
        Further values of its own that a network has by subject, beyond the first.
    hub : ndarray, shape (kinds, BINS)
        Log-odds that a value is nobody's own, by kind and power of two of its degree.
    subjects : int
        Among whom a false link leads to anyone.
    log_theta : float
        Prior weight of a network of one's own, beside the sizes of those there are.
    """

    false: Floats
    links: Floats
    owned: Floats
    rate: Floats
    hub: Floats
    subjects: int
    log_theta: float

    def among(self, kinds: int) -> Weights:
        """Return weights of so many kinds; a new one, last, has the mean of the known."""
        added = kinds - self.false.size
        if added == 0:
            return self
        false, links, owned, rate = (
            np.append(column, np.full(added, column.mean()))
            for column in (self.false, self.links, self.owned, self.rate)
        )
        hub = np.vstack([self.hub, np.tile(self.hub.mean(axis=0), (added, 1))])
        return Weights(false, links, owned, rate, hub, self.subjects, self.log_theta)

    @property
    def reward(self) -> Floats:
        """Log-odds of a link to an own value against a false one, for a network of one subject."""
        among = np.log(max(self.subjects, UNIVERSE))
        odds: Floats = np.log((1 - self.false) / self.false) + among
        return odds

    @property
    def astray(self) -> Floats:
        """Log-likelihood of a false link to a value of a network of one, beside which value."""
        among = np.log(max(self.subjects, UNIVERSE))
        likelihood: Floats = np.log(self.owned) + np.log(self.false) - among
        return likelihood

    def nobody(self, kind: Ints, degree: Ints) -> Floats:
        """Return, by value, the log-likelihood of its links if it is a hub."""
        pair = np.minimum(degree, 2)  # two are no crowd, however few links there are
        likelihood: Floats = (
            degree * np.log(np.maximum(degree, 1))
            - pair * np.log(np.maximum(self.links, UNIVERSE))[kind]
            - (degree - pair) * np.log(self.links + HUB_LINKS)[kind]
            + self.hub[kind, bins_of(degree)]
        )
        return likelihood


def bins_of(degree: Ints) -> Ints:
    """Return the power of two below each degree, at most ``BINS - 1``."""
    bins: Ints = np.minimum(np.log2(np.maximum(degree, 1)).astype(np.int64), BINS - 1)
    return bins


def learnt(
    true: Ints,
    false: Ints,
    to_hubs: Ints,
    hub: Ints,
    own: Ints,
    *,
    lone: Ints,
    further: Ints,
    having: Ints,
    subjects: int,
    networks: int,
) -> Weights:
    """Count weights from a partition.

    Parameters
    ----------
    true, false, to_hubs : ndarray, shape (kinds,)
        Links to values of the subject's own network, to another's, and to nobody's.
    hub, own : ndarray, shape (kinds, BINS)
        Shared values that are nobody's, and somebody's.
    lone : ndarray, shape (kinds,)
        Values that one subject bears.
    further, having : ndarray, shape (kinds,)
        Values of their own that networks have beyond the first, and subjects of networks that
        have any.
    subjects, networks : int
        How many there are.
    """
    # Counted shares, drawn to a prior as by so many links: few links must not say "never" or
    # "always", whose logarithms are infinite.
    share = (false + FALSE_PRIOR * FALSE_PRIOR_LINKS) / (true + false + FALSE_PRIOR_LINKS)
    # Of values with one bearer as many are taken to be hubs as of those with two or three: which
    # are not met oftener than others.
    hub, own = hub.copy(), own.copy()
    hub[:, 0] = np.minimum(hub[:, 1], lone)
    own[:, 0] = lone - hub[:, 0]
    # What is unknown of a degree is likely as of those next to it: of hubs of thousands nothing
    # follows for values that two bear.
    near_hub, near_own = hub @ NEAR, own @ NEAR
    prior = (near_hub + HUB_PRIOR * HUB_PRIOR_VALUES) / (near_hub + near_own + HUB_PRIOR_VALUES)
    eta = (hub + HUB_PRIOR_VALUES * prior) / (hub + own + HUB_PRIOR_VALUES)
    links = true + false + to_hubs
    return Weights(
        false=share,
        links=links.astype(np.float64),
        owned=(true + false + 1.0) / (links + 2.0),
        rate=(further + RATE_PRIOR * RATE_PRIOR_SUBJECTS) / (having + RATE_PRIOR_SUBJECTS),
        hub=np.log(eta / (1 - eta)),
        subjects=subjects,
        log_theta=log_theta(min(networks, MOST_NETWORKS * subjects), subjects),
    )


def log_theta(networks: float, subjects: int) -> float:
    """Return the concentration under which a Chinese restaurant has so many tables, as a log."""
    # The number of tables rises with theta: by halves on a scale of powers.
    low, high = 1.0, 1e9
    for _ in range(80):
        middle = (low * high) ** 0.5
        # n guests sit at about theta ln(1 + n / theta) tables (Ewens 1972).
        if middle * np.log1p(subjects / middle) < networks:
            low = middle
        else:
            high = middle
    return float(np.log(low))


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
    prior_rates = np.full((evidence.kinds, BINS), 0.5)
    prior_rates[common] = MATCH_FLOOR / 10
    usable = min(evidence.kinds, 62)  # agreements of a pair are bits of one word
    order = rng.permutation(evidence.values)
    kind, degree, agree, shared = _pair_kernels.sample_pairs(
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
        return prior_rates
    places = np.arange(usable)
    agrees = ((agree[:, None] >> places) & 1).astype(np.float32)
    judged = ((shared[:, None] >> places) & 1).astype(np.float32)
    # The kind that a pair was drawn by agrees always: it says nothing.
    usable_pairs = np.flatnonzero(kind < usable)
    judged[usable_pairs, kind[usable_pairs]] = 0
    agrees *= judged
    cell = kind * BINS + bins_of(degree)
    total = np.bincount(cell, minlength=prior_rates.size)
    m, u = np.full(usable, 0.3), np.full(usable, 1e-3)
    rate = np.full(prior_rates.size, 0.3)
    for _ in range(60):
        prior = np.log(rate / (1 - rate))[cell]
        odds = prior + agrees @ np.log(m / u) + (judged - agrees) @ np.log((1 - m) / (1 - u))
        match = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        m = np.clip((match @ agrees + 0.05) / (match @ judged + 1), LEAST_AGREEMENT, 0.99)
        u = np.clip(((1 - match) @ agrees + 1e-3) / ((1 - match) @ judged + 1), 1e-6, 0.5)
        u = np.minimum(u, m)
        matched = np.bincount(cell, match, minlength=prior_rates.size)
        by_kind = matched.reshape(-1, BINS).sum(axis=1) / np.maximum(
            total.reshape(-1, BINS).sum(axis=1), 1
        )
        rate = np.clip((matched + 2 * np.repeat(by_kind, BINS)) / (total + 2), 1e-4, 0.9999)
    rates = rate.reshape(-1, BINS)
    is_common = total.reshape(-1, BINS).sum(axis=1) >= FEW_PAIRS / 10
    rates = np.where(is_common[:, None], rates, prior_rates)
    rates[common] = prior_rates[common]
    return rates
