"""A partition of subjects and values into networks, and the move that makes it more likely.

The model: subjects fall into networks as guests to tables (Chinese restaurant). A network has
values of its own of each kind, the more the larger it is, and each link of a subject leads to any
of them alike; or falsely to another network's, to the larger the oftener; or to a hub, which is
nobody's. So the rarer a value and the smaller its network, the more a shared value says, and who
shares one of the few values of a kind that a network has, while others share another, speaks for
two networks.

The move: a piece of a network, from a single subject or value to all of it, goes where it is
likeliest. Pieces are what own links hold together once some are taken away by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cautery.graph import _piece_kernels, _place_kernels
from cautery.graph.evidence import Evidence, Floats, Ints
from cautery.graph.weights import BINS, Weights, bins_of, learnt

SHARES = (0.0, 0.5, 0.8, 0.95)
"""Of own links that hold a piece together: from single subjects and values to whole networks."""
DOUBTFUL = -2.0
"""Log-odds of a hub, by kind and degree, from which on a value is doubted."""
MOST = 2_000
"""A larger piece stays: what is beside it comes to it."""


@dataclass(slots=True)
class Partition:
    """Labels of subjects and owners of values (-1: a hub), and the counts that follow from them.

    ``frozen`` weights are kept as they are; otherwise they are counted anew in each round.
    Pieces are made by ``seed``, the same of the same links. ``steady`` is by subject the share of
    its companions that searches from other seeds leave with it, where there were any.
    """

    evidence: Evidence
    label: Ints
    owner: Ints
    seed: int = 0
    frozen: Weights | None = None
    steady: Floats | None = None
    size: Ints = field(init=False)
    values: Ints = field(init=False)
    links: Ints = field(init=False)
    strayed: Ints = field(init=False)
    weights: Weights = field(init=False)

    def __post_init__(self) -> None:
        self.count()

    def count(self) -> None:
        """Count what networks hold anew, and learn weights from it unless they are frozen."""
        evidence = self.evidence
        # Most labels are nobody's: numpy takes no memory for zeros that are not touched.
        self.size, self.strayed = (np.zeros(self.label.size, np.int64) for _ in range(2))
        self.values, self.links = (
            np.zeros((self.label.size, evidence.kinds), np.int64) for _ in range(2)
        )
        true, false, hub = _piece_kernels.count(
            evidence.s_starts,
            evidence.value,
            evidence.v_starts,
            evidence.kind,
            self.owner,
            self.label,
            self.size,
            self.values,
            self.links,
            self.strayed,
        )
        if self.frozen is not None:
            self.weights = self.frozen
            return
        shared = evidence.degree > 1
        cell = evidence.kind * BINS + bins_of(evidence.degree)
        nobody, owned = (
            np.bincount(cell[shared & whose], minlength=evidence.kinds * BINS).reshape(-1, BINS)
            for whose in (self.owner < 0, self.owner >= 0)
        )
        have = self.values > 0
        self.weights = learnt(
            true,
            false,
            hub,
            nobody,
            owned,
            lone=np.bincount(evidence.kind[evidence.degree == 1], minlength=evidence.kinds),
            further=np.maximum(self.values - 1, 0).sum(axis=0),
            having=np.where(have, self.size[:, None], 0).sum(axis=0),
            subjects=evidence.subjects,
            networks=int(np.count_nonzero(self.size)),
        )

    def learn(self) -> None:
        """Learn weights from the partition as it stands, and keep them from now on."""
        self.frozen = None
        self.count()
        self.frozen = self.weights

    def settle(self, rounds: int) -> bool:
        """Put pieces of all scales where they are likeliest, until hardly any moves.

        Returns whether some still did in the last round.
        """
        everyone = np.arange(self.evidence.subjects)
        shared = np.flatnonzero(self.evidence.degree > 1)
        for _ in range(rounds):
            self.claim(np.flatnonzero(self.evidence.degree == 1))
            self.count()
            if self.place(everyone, shared) <= self._few:
                return False
        return True

    def claim(self, values: Ints) -> None:
        """Give those values that one subject bears to its network, unless such are mostly hubs.

        The counts are not brought up to it.
        """
        evidence = self.evidence
        single = values[evidence.v_starts[values + 1] - evidence.v_starts[values] == 1]
        bearer = evidence.v_subjects[evidence.v_starts[single]]
        owned = self.weights.hub[evidence.kind[single], 0] <= 0
        self.owner[single] = np.where(owned, self.label[bearer], -1)

    def doubt(self, kind: int) -> bool:
        """Take values of a kind, of degrees at which there are hubs, from their networks.

        They must win them back by subjects that other values hold there. Returns whether there
        are any.
        """
        evidence = self.evidence
        odds = self.weights.hub[kind, bins_of(evidence.degree)]
        doubted = (
            (evidence.kind == kind) & (odds > DOUBTFUL) & (evidence.degree > 1) & (self.owner >= 0)
        )
        self.owner[doubted] = -1
        return bool(doubted.any())

    def shake(self, heat: float) -> None:
        """Put pieces of all scales anywhere by chance, the likelier a place the oftener.

        At a heat of 1 about as often as the likelihood says, but for pieces that nothing ties to
        their network any more, which leave it; the hotter, the more alike all places are.
        """
        everyone = np.arange(self.evidence.subjects)
        shared = np.flatnonzero(self.evidence.degree > 1)
        self.claim(np.flatnonzero(self.evidence.degree == 1))
        self.count()
        self.place(everyone, shared, heat)

    def place(self, subjects: Ints, values: Ints, heat: float = 0.0) -> int:
        """Put pieces of some subjects and values where they are likeliest; return how many moved.

        With ``heat``, by chance. The counts are taken to be right, and left so.
        """
        moved, nobody = 0, self._nobody(values)
        for share in SHARES:
            self.seed += 1
            starts, nodes = self._pieces(subjects, values, share)
            moved += self._placed(starts, nodes, nobody, np.empty(0), heat=heat, share=share)
        return moved

    def odds(self, subjects: Ints, values: Ints) -> Floats:
        """Return, by subject, the least log-odds of any piece tried that holds it.

        Each is of the piece where it is against every other place; infinite for subjects that no
        piece holds.
        """
        least, nobody = np.full(self.evidence.subjects, np.inf), self._nobody(values)
        for number, share in enumerate(SHARES):
            starts, nodes = self._pieces(subjects, values, share, seed=-1 - number)
            odds = np.empty(starts.size - 1)
            self._placed(starts, nodes, nobody, odds)
            member = nodes < self.evidence.subjects
            np.minimum.at(least, nodes[member], np.repeat(odds, np.diff(starts))[member])
        return least

    def worths(self) -> Floats:
        """Return the log-likelihood of each network with its values, as far as networks differ."""
        evidence, weights = self.evidence, self.weights
        worth: Floats = _place_kernels.worths(
            evidence.s_starts,
            evidence.value,
            evidence.kind,
            self.owner,
            self.label,
            self.size,
            self.values,
            self.links,
            self.strayed,
            weights.reward,
            weights.rate,
        )
        return np.where(self.size > 0, worth + weights.log_theta, 0.0)

    def compact(self) -> tuple[Ints, Ints]:
        """Return labels from 0 on without gaps, and owners by them (-1: nobody in a network)."""
        names, label = np.unique(self.label, return_inverse=True)
        place = np.minimum(np.searchsorted(names, self.owner), max(names.size - 1, 0))
        return label, np.where(names[place] == self.owner, place, -1)

    def _pieces(
        self, subjects: Ints, values: Ints, share: float, seed: int | None = None
    ) -> tuple[Ints, Ints]:
        evidence = self.evidence
        starts, nodes = _piece_kernels.pieces(
            subjects,
            values,
            evidence.s_starts,
            evidence.value,
            evidence.v_starts,
            self.owner,
            self.label,
            share,
            self.seed if seed is None else seed,
        )
        return starts, nodes

    def _nobody(self, values: Ints) -> Floats:
        """Return, by value, its worth as a hub; only of those asked for."""
        evidence = self.evidence
        worth = np.empty(evidence.values)
        degree = evidence.v_starts[values + 1] - evidence.v_starts[values]
        worth[values] = self.weights.nobody(evidence.kind[values], degree)
        return worth

    def _placed(
        self,
        starts: Ints,
        nodes: Ints,
        nobody: Floats,
        odds: Floats,
        *,
        heat: float = 0.0,
        share: float = 0.0,
    ) -> int:
        evidence = self.evidence
        return int(
            _place_kernels.place(
                starts,
                nodes,
                MOST,
                evidence.s_starts,
                evidence.value,
                evidence.v_starts,
                evidence.v_subjects,
                evidence.kind,
                self.owner,
                self.label,
                self.size,
                self.values,
                self.links,
                self.strayed,
                self.weights.reward,
                self.weights.astray,
                nobody,
                self.weights.rate,
                self.weights.log_theta,
                odds,
                heat,
                float(np.log1p(-share)),
                self.seed,
            )
        )

    @property
    def _few(self) -> int:
        """Moves so few that another round is not worth its passes over all links."""
        return self.evidence.subjects // 5_000
