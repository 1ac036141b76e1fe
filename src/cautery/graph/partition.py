"""A partition of subjects and values into networks, and the moves that make it more likely.

The model: each value is some network's own, or a hub. A link of a subject leads to an own value
of its network, falsely to another's, or to a hub, and within each choice to a value in proportion
to its degree. Subjects and own values fall into networks as guests to tables (Chinese restaurant),
so no size is preferred. With ``D`` own links of a kind in a network, ``M`` of all networks and
``f`` the share of false ones, an own link is worth ``ln((1 - f) / f) + ln(M / D)`` more than a
false one: the rarer the value and the smaller the network, the more a shared value says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from cautery.graph import _cut_kernels, _growth_kernels, _move_kernels, _piece_kernels
from cautery.graph.evidence import Evidence, Floats, Ints, slices
from cautery.graph.weights import BINS, Weights, bins_of, learnt

ROUNDS_OF_JOINING = 40
SATELLITE = 10
"""A network joins one so many times its size at once with others; else two join one another."""


@dataclass(slots=True)
class Partition:
    """Labels of subjects and owners of values (-1: a hub), and the counts that follow from them.

    ``frozen`` weights are kept as they are; otherwise they are counted anew before each move.
    ``finer`` goes into the weights that are counted. Nodes are visited in an order drawn from
    ``rng``, or without one by number.
    """

    evidence: Evidence
    label: Ints
    owner: Ints
    rng: np.random.Generator | None = None
    frozen: Weights | None = None
    finer: float = 0.0
    size: Ints = field(init=False)
    own: Ints = field(init=False)
    weights: Weights = field(init=False)

    def __post_init__(self) -> None:
        self.count()

    def count(self) -> None:
        """Count sizes and links anew, and learn weights from them unless they are frozen."""
        held = self.evidence
        # Most labels are nobody's: numpy takes no memory for zeros that are not touched.
        self.size = np.zeros(self.label.size, dtype=np.int64)
        self.own = np.zeros((self.label.size, held.kinds), dtype=np.int64)
        true, false = _move_kernels.count(
            held.s_starts, held.value, held.kind, self.owner, self.label, self.size, self.own
        )
        if self.frozen is not None:
            self.weights = self.frozen
            return
        cell = held.kind * BINS + bins_of(held.degree)
        nobody = np.bincount(cell[self.owner < 0], minlength=held.kinds * BINS)
        some = np.bincount(cell[self.owner >= 0], minlength=held.kinds * BINS)
        self.weights = learnt(
            true,
            false,
            nobody.reshape(-1, BINS),
            some.reshape(-1, BINS),
            nodes=int(self.size.sum()),
            networks=int(np.count_nonzero(np.bincount(self.label, minlength=1))),
            finer=self.finer,
        )

    def learn(self) -> None:
        """Learn weights from the partition as it stands, and keep them from now on."""
        if self.frozen is not None:
            self.finer, self.frozen = self.frozen.finer, None
        self.count()
        self.frozen = self.weights

    def settle(self, rounds: int) -> None:
        """Make every kind of move in turn, up to so many times, until nothing moves."""
        for _ in range(rounds):
            moved = self.move_values()
            moved += self.move_subjects()
            moved += self.cut()
            moved += self.split()
            moved += self.join()
            if moved <= self._few:
                break

    def move_subjects(self, chosen: Ints | None = None) -> int:
        """Move single subjects, all or those chosen; return how many moved.

        With some chosen the counts are taken to be right, as each of these moves leaves them.
        """
        if chosen is None:
            self.count()
        held = self.evidence
        free, spare = self._free()
        return int(
            _move_kernels.move_subjects(
                self._order(held.subjects) if chosen is None else chosen,
                held.s_starts,
                held.value,
                held.kind,
                self.owner,
                self.label,
                self.size,
                self.own,
                self.weights.reward,
                self.weights.log_theta,
                free,
                spare,
            )
        )

    def move_values(self, chosen: Ints | None = None) -> int:
        """Give values to networks, or call them hubs; return how many changed.

        With some chosen as in :meth:`move_subjects`.
        """
        if chosen is None:
            self.count()
        held = self.evidence
        if held.values == 0:
            return 0
        if chosen is None:
            hub = self.weights.hub_odds(held.kind, held.degree)
        else:
            hub = np.zeros(held.values)
            degree = held.v_starts[chosen + 1] - held.v_starts[chosen]
            hub[chosen] = self.weights.hub_odds(held.kind[chosen], degree)
        return int(
            _move_kernels.move_values(
                self._order(held.values) if chosen is None else chosen,
                held.v_starts,
                held.v_subjects,
                held.kind,
                self.owner,
                self.label,
                self.size,
                self.own,
                self.weights.true,
                np.log(self.weights.false),
                hub,
                float(np.log(self.size.sum() + np.exp(self.weights.log_theta))),
            )
        )

    def cut(self) -> int:
        """Cut false bridges; return how many."""
        self.count()
        free, spare = self._free()
        return self._cut(free, spare, np.empty(0), dry=False)

    def weakest(self, chosen: Ints | None = None) -> Floats:
        """Return, by subject, the least log-odds by which a piece with it hangs on the rest.

        With some chosen, only for those and for all in their networks.
        """
        found = np.full(self.evidence.subjects, np.inf)
        self._cut(np.empty(0, np.int64), 0, found, dry=True, chosen=chosen)
        return found

    def _cut(
        self, free: Ints, spare: int, weakest: Floats, *, dry: bool, chosen: Ints | None = None
    ) -> int:
        held = self.evidence
        return int(
            _cut_kernels.cut(
                np.arange(held.subjects) if chosen is None else chosen,
                held.s_starts,
                held.value,
                held.v_starts,
                held.v_subjects,
                held.kind,
                self.owner,
                self.label,
                self.size,
                self.own,
                self.weights.reward,
                self.weights.log_theta,
                self.weights.finer,
                free,
                spare,
                weakest,
                dry,
            )
        )

    def split(self) -> int:
        """Split off pieces that hold to themselves; return how many."""
        self.count()
        held = self.evidence
        free, spare = self._free()
        return int(
            _piece_kernels.split_pieces(
                self._order(held.values),
                held.s_starts,
                held.value,
                held.v_starts,
                held.v_subjects,
                held.kind,
                self.owner,
                self.label,
                self.size,
                self.own,
                self.weights.reward,
                self.weights.log_theta,
                self.weights.finer,
                free,
                spare,
            )
        )

    def join(self, near: NDArray[np.bool_] | None = None) -> int:
        """Join networks that are more likely one, best first; return how many joined.

        Parameters
        ----------
        near : ndarray of bool, shape (labels,), optional
            Only pairs with one of these; the counts are then taken to be right, and left so.
        """
        joined = 0
        for _ in range(ROUNDS_OF_JOINING):
            if near is None:
                self.count()
            now = self._join_once(near)
            joined += now
            if now <= self._few:
                break
        return joined

    def _join_once(self, near: NDArray[np.bool_] | None) -> int:
        held = self.evidence
        everywhere = np.ones(self.size.size, dtype=bool)
        one, other, value = _growth_kernels.across(
            held.s_starts,
            held.value,
            self.owner,
            self.label,
            everywhere if near is None else near,
        ).T
        kind = held.kind[value]
        pairs, place = np.unique(
            np.minimum(one, other) * held.subjects + np.maximum(one, other), return_inverse=True
        )
        if pairs.size == 0:
            return 0
        ties = np.bincount(place * held.kinds + kind, minlength=pairs.size * held.kinds).reshape(
            -1, held.kinds
        )
        one, other = pairs // held.subjects, pairs % held.subjects
        first, second = self.own[one], self.own[other]
        members = np.bincount(self.label, minlength=self.size.size)
        several = np.minimum(members[one], members[other]) > 1
        gain = (
            ties @ self.weights.reward
            - _entropy(first + second + ties).sum(axis=1)
            + _entropy(first).sum(axis=1)
            + _entropy(second).sum(axis=1)
            + gammaln(self.size[one] + self.size[other])
            - gammaln(self.size[one])
            - gammaln(self.size[other])
            - self.weights.log_theta
            - self.weights.finer * several
        )
        good = np.flatnonzero(gain > 0)
        target = _matched(one[good], other[good], gain[good], self.size)
        changed = int(np.count_nonzero(target != np.arange(target.size)))
        if changed:
            before = self.label, self.owner
            self.label = target[self.label]
            self.owner = np.where(self.owner >= 0, target[self.owner], -1)
            if near is not None:
                self._count_joined(target, *before)
        return changed

    def _count_joined(self, target: Ints, label: Ints, owner: Ints) -> None:
        """Bring the counts up to a join; what was counted before it is not counted anew."""
        gone = np.flatnonzero(target != np.arange(target.size))
        for counts in (self.size, self.own):
            np.add.at(counts, target[gone], counts[gone])
            counts[gone] = 0
        held = self.evidence
        moved, given = (
            np.flatnonzero(now != then) for now, then in ((self.label, label), (self.owner, owner))
        )
        subject = np.repeat(moved, held.s_starts[moved + 1] - held.s_starts[moved])
        value = slices(held.s_starts, held.value, moved)
        bearer = slices(held.v_starts, held.v_subjects, given)
        borne = np.repeat(given, held.v_starts[given + 1] - held.v_starts[given])
        stayed = self.label[bearer] == label[bearer]  # the others are among those that moved
        subject = np.concatenate([subject, bearer[stayed]])
        value = np.concatenate([value, borne[stayed]])
        home = self.label[subject]
        won = (self.owner[value] == home) & (owner[value] != label[subject])
        np.add.at(self.own, (home[won], held.kind[value[won]]), 1)

    def compact(self) -> tuple[Ints, Ints]:
        """Return labels from 0 on without gaps, and owners by them (-1: nobody in a network)."""
        borne = np.bincount(self.label, minlength=self.size.size) > 0
        place = np.where(borne, np.cumsum(borne) - 1, -1)
        return place[self.label], np.where(self.owner >= 0, place[self.owner], -1)

    @property
    def _few(self) -> int:
        """Moves so few that another round is not worth its passes over all links."""
        return self.evidence.subjects // 20_000

    def _order(self, count: int) -> Ints:
        return np.arange(count) if self.rng is None else self.rng.permutation(count)

    def _free(self) -> tuple[Ints, int]:
        """Return labels that nobody bears, with room for all."""
        free = np.empty(self.evidence.subjects + 1, dtype=np.int64)
        empty = np.flatnonzero(self.size == 0)
        free[: empty.size] = empty
        return free, int(empty.size)


def _entropy(count: Ints) -> Floats:
    found: Floats = np.multiply(count, np.log(np.maximum(count, 1)))
    return found


def _matched(one: Ints, other: Ints, gain: Floats, size: Ints) -> Ints:
    """Return where each network goes: to the one that is best for it and it for that one.

    A network of a tenth of the size of its best goes there too, if that one stays.
    """
    target = np.arange(size.size)
    order = np.argsort(gain, kind="stable")
    ends = np.concatenate([one[order], other[order]])
    pair = np.concatenate([order, order])
    rank = np.concatenate([np.arange(order.size)] * 2)
    by_rank = np.argsort(rank, kind="stable")
    best = np.full(size.size, -1, dtype=np.int64)
    best[ends[by_rank]] = pair[by_rank]  # the last stands: the greatest gain
    mutual = np.flatnonzero((best[one] == best[other]) & (best[one] == np.arange(one.size)))
    target[other[mutual]] = one[mutual]
    busy = np.zeros(size.size, dtype=bool)
    busy[one[mutual]] = busy[other[mutual]] = True
    for small, big in ((one, other), (other, one)):
        goes = np.flatnonzero(
            (best[small] == np.arange(one.size))
            & ~busy[small]
            & (size[big] >= SATELLITE * size[small])
        )
        # The big one must stay where it is in this round, or be the one that others join.
        goes = goes[target[big[goes]] == big[goes]]
        target[small[goes]] = big[goes]
        busy[small[goes]] = True
    # A network that went must not have been joined by another in the same round.
    while True:
        further = target[target]
        if np.array_equal(further, target):
            return target
        target = further
