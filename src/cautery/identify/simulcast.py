"""References that say the same: a set where it lasts, no evidence where it is short.

Channels carry each other's programmes (one network's, an event's on two of them) and each
other's adverts, jingles and idents. One probe can't tell which it has met. The references can:
how long do they run along each other around the matched place? Over a minute, or for all that is
held of them, they are a simulcast and the probe carries any of them; what is shorter is taken
out of all. References are compared by their bit-error codes, which ride on each match, so that it
works the same when the references are spread over several processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cautery.identify.match import CODES_PER_S, Codes, Match

SIMULCAST_S = 60.0
"""What references must share: twice the longest usual advert (30 s), and longer than an ident."""
LEAST_WHOLE_S = 30.0
"""What they must share where nothing more is held of one of them."""
_BLOCK = 16
"""Words that are judged together, 1 s."""
_SAME = 0.35
"""Bit-error rate of a block under which it says the same: Haitsma & Kalker (ISMIR 2002) use
0.35 for 3 s of 32-bit codes; other content lies near 0.5."""
_SLIP = 2
"""Words by which the matched places of two references may be off against each other; between them
lie half words. With the lag at half a word (32 ms) and one side through AAC at 32 kbit/s, 0.15 to
0.19 of the bits that both neighbours say differ on seven pieces of music, at most 0.28 in a second;
of one neighbour's alone 0.34 to 0.37, and up to 0.46."""
_HOLE = 3
"""Blocks that may differ within a simulcast: a splice, a local ident, a burst of damage."""
_SUPPORTED = 3.0
"""A second of probe supports a match by so many landmarks, or so many standard deviations."""
AS_LIKE = 0.5
"""Share of a match's support from which another one says the same."""
_FILL_BLOCKS = 2

M = TypeVar("M", bound=Match)


@dataclass(frozen=True, slots=True)
class Shared:
    """How long two references run along each other.

    Parameters
    ----------
    seconds : float
        Around the matched place, unbroken.
    whole : bool
        On both sides it ends where one of the two is not held any further.
    """

    seconds: float
    whole: bool

    @property
    def simulcast(self) -> bool:
        """Whether both are the same programme, and not one advert in two."""
        return self.seconds > SIMULCAST_S or (self.whole and self.seconds > LEAST_WHOLE_S)


def shared(a: Codes, b: Codes) -> Shared:
    """Compare two references around the places that one probe matched.

    Parameters
    ----------
    a, b : ndarray, shape (2 * AROUND_WORDS + 1,), uint32
        Code words, the matched place in the middle; 0 where none are held, or silence is.

    Returns
    -------
    Shared
        Nothing, where the lengths differ or the middles do not agree.
    """
    if a.shape != b.shape or a.ndim != 1 or len(a) < 3 * _BLOCK:
        return Shared(0.0, whole=False)
    from cautery.identify import _simulcast_kernels  # noqa: PLC0415 - numba loads late

    blocks, whole = _simulcast_kernels.along(a, b, _SLIP, _BLOCK, _SAME, _HOLE)
    return Shared(blocks * _BLOCK / CODES_PER_S, whole=whole)


def sifted(matches: Sequence[M], *, least: float) -> list[M]:
    """Keep the best match of each reference, without what is shared and short.

    Parameters
    ----------
    matches : sequence of Match
        Of one probe, any number a reference.
    least : float
        Score from which another match says that a stretch is shared.

    Returns
    -------
    list of Match
        Best first, each with its reference's other delays that fit as well. Those of a simulcast
        keep what they share; the seconds of an advert or a jingle in others' references are
        nobody's ``own``.
    """
    simulcast: dict[frozenset[int], bool] = {}
    strongest: dict[str, M] = {}
    strength = np.array([match.strength for match in matches])
    for at, match in enumerate(matches):
        repeats: list[float] = []
        beside: dict[str, list[tuple[int, NDArray[np.bool_]]]] = {}
        # Shared sound is about as like both references; a rhythm in common is not.
        alike = (strength >= np.maximum(_SUPPORTED, AS_LIKE * match.strength)) & (
            match.strength >= _SUPPORTED
        )
        for k in np.flatnonzero(alike.any(axis=1)).tolist():
            other_match, agreeing = matches[k], alike[k]
            if k == at or match.works != other_match.works or other_match.score < least:
                continue
            if match.reference == other_match.reference:
                # The same reference twice: whose the sound is stays clear, its place does not.
                if other_match.score >= AS_LIKE * match.score:
                    repeats.append(other_match.delay_s)
            elif match.family != other_match.family:
                beside.setdefault(other_match.reference, []).append((k, agreeing))
        common = np.zeros(len(match.strength), np.bool_)
        sharing: list[str] = []
        for reference, places in beside.items():
            for k, _ in places:
                pair = frozenset((at, k))
                if pair not in simulcast:
                    simulcast[pair] = shared(match.around, matches[k].around).simulcast
            # One place where it runs along is enough: music that repeats itself is met at others.
            if not any(simulcast[frozenset((at, k))] for k, _ in places):
                common |= np.logical_or.reduce([agreeing for _, agreeing in places])
                sharing.append(reference)
        left = replace(
            _without(match, common) if common.any() else match,
            repeats_s=tuple(repeats), shared=tuple(sharing),
        )  # fmt: skip
        previous = strongest.get(left.reference)
        if previous is None or left.score > previous.score:
            strongest[left.reference] = left
    return sorted(strongest.values(), key=lambda match: (-match.score, match.reference))


def _without(match: M, common: NDArray[np.bool_]) -> M:
    share = float(match.strength[~common].sum() / max(1, match.strength.sum()))
    return replace(
        match, own=match.score * min(1.0, max(0.0, share)),
        covered=filled(match.covered & ~common) & ~common, common=common,
    )  # fmt: skip


def filled(covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close holes of up to two blocks between covered ones: a breath, a codec's bad moment."""
    covered = covered.copy()
    for left, right in pairwise(np.flatnonzero(covered)):
        if right - left <= _FILL_BLOCKS + 1:
            covered[left:right] = True
    return covered
