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
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cautery.identify.sound import Match

Codes = NDArray[np.uint32]
AROUND_S = 75.0
"""Looked at on each side of the matched place: :data:`SIMULCAST_S`, and some to be sure."""
CODES_PER_S = 15.625
"""One code word every 64 ms (``fingerprint.codes``)."""
AROUND_WORDS = round(AROUND_S * CODES_PER_S)
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
"""Words by which the matched places of two references may be off against each other."""
_HOLE = 3
"""Blocks that may differ within a simulcast: a splice, a local ident, a burst of damage."""
_SUPPORTED = 3.0
"""A second of probe supports a match by so many landmarks, or so many standard deviations."""
_AS_LIKE = 0.5
"""Share of a match's support from which another one says the same."""
_FILL_BLOCKS = 2

M = TypeVar("M", bound="Match")


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
    return max(
        (_along(*_slipped(a, b, by)) for by in range(-_SLIP, _SLIP + 1)),
        key=lambda one: one.seconds,
    )


def _slipped(a: Codes, b: Codes, by: int) -> tuple[Codes, Codes]:
    size = len(a) - abs(by)
    return a[max(0, by) :][:size], b[max(0, -by) :][:size]


def _along(a: Codes, b: Codes) -> Shared:
    """Grow the agreeing row of blocks from the middle both ways."""
    middle = len(a) // 2
    later = _reach(a[middle:], b[middle:])
    before = _reach(a[:middle][::-1], b[:middle][::-1])
    blocks = later[0] + before[0]
    return Shared(blocks * _BLOCK / CODES_PER_S, whole=later[1] and before[1] and blocks > 0)


def _reach(a: Codes, b: Codes) -> tuple[int, bool]:
    """Return how many blocks agree from the start on, and whether more would if it were held."""
    count = len(a) // _BLOCK
    ours, theirs = (one[: count * _BLOCK].reshape(count, _BLOCK) for one in (a, b))
    known = (ours != 0) & (theirs != 0)
    wrong = (np.bitwise_count(ours ^ theirs) * known).sum(axis=1)
    told = known.sum(axis=1)
    enough = told >= _BLOCK // 3
    same = enough & (wrong < _SAME * 32 * np.maximum(told, 1))
    differs = enough & ~same
    reach = misses = 0
    for block in range(count):
        misses = misses + 1 if differs[block] else 0
        if misses > _HOLE:
            return reach, False
        if same[block]:
            reach = block + 1
    # Held no further: nothing is known after the last block that agrees.
    return reach, not differs[reach:].any() and not same[reach:].any() and reach < count


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
    kept: dict[str, M] = {}
    for at, one in enumerate(matches):
        taken = np.zeros(len(one.strength), np.bool_)
        repeats: list[float] = []
        sharing: list[str] = []
        for beside, other in enumerate(matches):
            # What is shared is as like the one as the other; a rhythm in common is not.
            both = one.strength >= _SUPPORTED
            both &= other.strength >= np.maximum(_SUPPORTED, _AS_LIKE * one.strength)
            if beside == at or one.works != other.works or other.score < least or not both.any():
                continue
            if one.reference == other.reference:
                # It says so twice: the place is open, whose it is not.
                if other.score >= _AS_LIKE * one.score:
                    repeats.append(other.delay_s)
            elif one.family != other.family:
                pair = frozenset((at, beside))
                if pair not in simulcast:
                    simulcast[pair] = shared(one.around, other.around).simulcast
                if not simulcast[pair]:
                    taken |= both
                    sharing.append(other.reference)
        left = replace(
            _without(one, taken) if taken.any() else one,
            repeats_s=tuple(repeats), shared=tuple(dict.fromkeys(sharing)),
        )  # fmt: skip
        held = kept.get(left.reference)
        if held is None or left.score > held.score:
            kept[left.reference] = left
    return sorted(kept.values(), key=lambda one: (-one.score, one.reference))


def _without(one: M, taken: NDArray[np.bool_]) -> M:
    share = float(one.strength[~taken].sum() / max(1, one.strength.sum()))
    return replace(
        one, own=one.score * min(1.0, max(0.0, share)),
        covered=filled(one.covered & ~taken) & ~taken,
    )  # fmt: skip


def filled(covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close holes of up to two blocks between covered ones: a breath, a codec's bad moment."""
    covered = covered.copy()
    for left, right in pairwise(np.flatnonzero(covered)):
        if right - left <= _FILL_BLOCKS + 1:
            covered[left:right] = True
    return covered
