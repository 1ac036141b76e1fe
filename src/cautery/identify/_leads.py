"""Where a probe's sound may come from: leads that votes, codes and peaks propose, judged by all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import landmarks_of
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.fingerprint.meeting import Place, agreeing, judged, judged_each, shift_of
from cautery.fingerprint.scan import FEW, FEW_Z, scans
from cautery.identify._sounding import Sounding, piece_of

LEAST_SCORE = 8.0
"""Standard deviations below chance under which nothing is reported; what *names* a reference is
``tail("sound").least``, which is fitted."""
WORTH_IT = 0.75 * LEAST_SCORE
"""A lead's least score before its speed is refined, which gives it a third more at most."""
MOST_MATCHES = 16
"""Of one probe."""
_LEAST_VOTES = 5
_PROPOSED = 32
"""Candidates that the codes judge, of all passes together."""
_ALIKE = 0.5
"""Agreement (1 - 2 x bit-error rate) from which a lead's speed is right to half a per cent."""
_MOVED = 2.5
"""Deviations that a place at another speed or pitch counts less where peaks count, too: hundreds
are tried, and the best of those is by chance one to three above the place as it sounds."""
_OUTSTANDING, _STANDING = 128, 32
"""Places that the references' peaks propose, and of all speeds together those that are judged by
all that counts: the best ones by peaks at the probe's middle and codes."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a probe may come from.

    Parameters
    ----------
    number : int
        The reference's.
    offset : int
        Reference frame minus ``tempo`` times probe frame.
    shift : float
        What the offset lacks, frames.
    """

    number: int
    works: bool
    piece: int
    offset: int
    tempo: float
    pitch: float
    score: float
    votes: int = 0
    shift: float = 0.0
    searched: int = 1

    def near(self, other: Lead) -> bool:
        """Tell whether both are one place, seen at two speeds or phases."""
        return (
            self.number == other.number
            and self.works == other.works
            and abs(self.offset - other.offset) <= 48
        )


def proposed(sounding: Sounding, speeds: Sequence[tuple[float, float]]) -> list[Lead]:
    """Return what landmark votes propose, judged by codes."""
    marks = [
        landmarks_of(
            sounding.peaks.stretched(tempo=tempo, pitch=pitch, recipe=sounding.recipe)
            if (tempo, pitch) != (1.0, 1.0)
            else sounding.peaks,
            sounding.recipe,
        )
        for tempo, pitch in speeds
    ]
    voted: list[tuple[int, bool, int, int, tuple[float, float]]] = []
    best: list[int] = []
    for works in (False, True):
        base, low, high = sounding.frames(works=works)
        snapshot = sounding.snapshots[works]
        for speed, landmarks in zip(speeds, marks, strict=True):
            # Fewer votes than the best 32 so far would not be judged, so they are not looked for.
            least = best[-1] if len(best) == _PROPOSED else _LEAST_VOTES
            peaks = snapshot.candidates(
                landmarks, base=base, low=low, high=high, least=least, most=_PROPOSED
            )
            voted += [
                (peak.votes, works, peak.reference, peak.offset + base, speed) for peak in peaks
            ]
            best = sorted([*best, *(peak.votes for peak in peaks)], reverse=True)[:_PROPOSED]
    voted.sort(key=lambda vote: (-vote[0], *vote[1:]))
    alike: dict[tuple[bool, tuple[float, float]], list[tuple[int, int, int]]] = {}
    for votes, works, number, offset, speed in voted[:_PROPOSED]:
        piece = piece_of(sounding.stacks[works], number, offset)
        if piece is not None:
            alike.setdefault((works, speed), []).append((piece, offset, votes))
    return [
        lead
        for (works, (tempo, pitch)), proposals in alike.items()
        for lead in _judged(sounding, proposals, tempo, pitch, works=works)
    ]


def leads_from(
    sounding: Sounding,
    speeds: Sequence[tuple[float, float]],
    *,
    phases: Sequence[int],
    among: frozenset[int] | None = None,
    middle_s: float | None = None,
    few: int = FEW,
    few_z: float = FEW_Z,
) -> list[Lead]:
    """Return what a scan of the codes finds, in all references or among some.

    Parameters
    ----------
    speeds : sequence of (float, float)
        Tempo and pitch undone.
    middle_s : float, optional
        Look for the probe's middle alone.
    few, few_z
        As for :func:`cautery.fingerprint.scan.scans`.
    """
    codes = [sounding.code(tempo, pitch) for tempo, pitch in speeds]
    if middle_s is not None:
        middle_words = round(middle_s * sounding.recipe.frames_per_s / WORD_FRAMES)
        codes = [code.middle(middle_words) for code in codes]
    length = max(code.length for code in codes)
    leads = []
    for works in (False, True):
        stack = sounding.stacks[works]
        base, low, high = sounding.frames(works=works)
        spans = stack.within(
            length, (base + low) // WORD_FRAMES, (base + high) // WORD_FRAMES + 1, among
        )
        scanned = scans(stack, codes, spans, phases=phases, usual=sounding.usual(works=works),
                        few=few, few_z=few_z)  # fmt: skip
        leads += [
            Lead(
                int(stack.references[place.piece]), works, place.piece, place.offset, tempo, pitch,
                place.score, searched=sounding.references,
            )
            for (tempo, pitch), places in zip(speeds, scanned, strict=True)
            for place in places
        ]  # fmt: skip
    return leads


def standing_out(
    sounding: Sounding,
    speeds: Sequence[tuple[float, float]],
    *,
    among: frozenset[int] | None = None,
) -> list[Lead]:
    """Return where a probe stands out most at the references' peaks, in all or among some.

    The best few by peaks and codes together, at the places of the peaks.
    """
    standing = sounding.standing
    assert standing is not None
    leads = []
    for works in (False, True):
        stack, (base, low, high) = sounding.stacks[works], sounding.frames(works=works)
        for tempo, pitch in speeds:
            found = standing.proposed(
                (tempo, pitch), low=base + low, high=base + high, works=works, among=among,
                most=max(_STANDING, _OUTSTANDING // len(speeds)),
            )  # fmt: skip
            pieces = [piece_of(stack, lead_kept.reference, lead_kept.offset) for lead_kept in found]
            held = [
                (lead_kept, piece)
                for lead_kept, piece in zip(found, pieces, strict=True)
                if piece is not None
            ]
            codes = judged(
                stack,
                sounding.code(tempo, pitch),
                [(piece, lead_kept.offset) for lead_kept, piece in held],
                sounding.usual(works=works),
            )  # fmt: skip
            leads += [
                Lead(lead_kept.reference, works, piece, lead_kept.offset, tempo, pitch,
                     lead_kept.score + max(0.0, code.score), searched=sounding.references)
                for (lead_kept, piece), code in zip(held, codes, strict=True)
            ]  # fmt: skip
    return sorted(leads, key=lambda lead: -lead.score)[:_STANDING]


def judged_again(sounding: Sounding, leads: Sequence[Lead]) -> list[Lead]:
    """Judge leads by all that counts by now."""
    judged_leads = []
    for lead in leads:
        speed = lead.tempo, lead.pitch
        place = sounding.both(speed, lead.piece, lead.offset, works=lead.works)
        judged_leads.append(replace(lead, offset=place.offset, score=place.score))
    return judged_leads


def nearer(sounding: Sounding, leads: Sequence[Lead], step: float) -> list[Lead]:
    """Judge leads by the whole probe, at their speed and a step less and more."""
    alike: dict[tuple[bool, float, float], list[Lead]] = {}
    for lead in leads:
        alike.setdefault((lead.works, lead.tempo, lead.pitch), []).append(lead)
    nearby = []
    for (works, tempo, pitch), group in alike.items():
        for by in (-step, 0.0, step):
            speed = tempo + by, pitch + (by if pitch == tempo else 0.0)
            shifted = [(lead.piece, _moved(sounding, lead, speed[0]), 0) for lead in group]
            nearby += _judged(sounding, shifted, *speed, works=works)
    return nearby


def refined(sounding: Sounding, lead: Lead) -> Lead:
    """Return a lead at the tempo, pitch and offset that fit it best.

    Where peaks count, one at another speed counts less than its score there.
    """
    as_proposed, alike = lead, _alike(sounding, lead)
    for step in (0.0025,) if alike >= _ALIKE else (0.01, 0.005, 0.0025):
        for _ in range(4):
            better = _beside(sounding, lead, step)
            if better is None:
                break
            lead = better
    if sounding.standing is not None:
        lead = max(_fairly(as_proposed), _fairly(lead), key=lambda lead: lead.score)
    code, place = sounding.code(lead.tempo, lead.pitch), Place(lead.piece, lead.offset, lead.score)
    return replace(lead, shift=shift_of(sounding.stacks[lead.works], code, place))


def distinct(leads: Sequence[Lead], least: float = 0.0) -> list[Lead]:
    """Keep the best lead of each reference and place, best first."""
    best: list[Lead] = []
    for lead in sorted(leads, key=lambda lead: -lead.score):
        if lead.score < min(least, WORTH_IT) or len(best) >= MOST_MATCHES:
            break
        if not any(lead.near(earlier) for earlier in best):
            best.append(lead)
    return best


def seconds_of(
    sounding: Sounding, lead: Lead, block_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return (start of each block in the probe, its score) of a lead.

    Returns
    -------
    start_s : ndarray, shape (blocks,), float64
    score : ndarray, shape (blocks,), float32
        0 where the probe says nothing.
    """
    code = sounding.code(lead.tempo, lead.pitch)
    at, bits = agreeing(
        sounding.stacks[lead.works], code, Place(lead.piece, lead.offset, lead.score)
    )
    phase = -lead.offset % WORD_FRAMES
    per_s = sounding.recipe.frames_per_s
    probe_s = (phase + WORD_FRAMES * at) / lead.tempo / per_s
    size = max(1, int(sounding.probe_s / block_s))
    block = np.clip((probe_s / block_s).astype(np.int64), 0, size - 1)
    usual = sounding.usual(works=lead.works)
    words = max(1, len(sounding.code(1.0, 1.0).words[0]))
    count = np.bincount(block, minlength=size)
    differing = np.bincount(block, weights=bits, minlength=size)
    sigma = usual.sigma * np.sqrt(np.maximum(count, 1) / words)
    score = (usual.mean / words * count - differing) / sigma
    if sounding.standing is not None:
        speed = lead.tempo, lead.pitch
        peaks = sounding.standing.at(lead.number, np.array([lead.offset]), speed, works=lead.works)
        score = (score + peaks.blocks(block_s * per_s, size)) / np.sqrt(2)
    return np.arange(size, dtype=np.float64) * block_s, score.astype(np.float32)


def _judged(
    sounding: Sounding,
    proposals: Sequence[tuple[int, int, int]],
    tempo: float,
    pitch: float,
    *,
    works: bool,
) -> list[Lead]:
    """Judge (piece, offset, votes) by the codes."""
    stack = sounding.stacks[works]
    places = judged(
        stack,
        sounding.code(tempo, pitch),
        [proposal[:2] for proposal in proposals],
        sounding.usual(works=works),
    )
    return [
        Lead(
            int(stack.references[place.piece]), works, place.piece, place.offset, tempo, pitch,
            place.score, votes, searched=sounding.references,
        )
        for place, (_, _, votes) in zip(places, proposals, strict=True)
        if place.score > -np.inf
    ]  # fmt: skip


def _moved(sounding: Sounding, lead: Lead, tempo: float) -> int:
    """Return a lead's offset at another tempo: the probe's middle stays where it is."""
    return round(lead.offset + (lead.tempo - tempo) * len(sounding.power) / 2)


def _beside(sounding: Sounding, lead: Lead, step: float) -> Lead | None:
    """Return a lead a step of tempo, of pitch or of both away, if it fits better there."""
    ways = ((1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
    speeds = [(lead.tempo + i * step, lead.pitch + k * step) for i, k in ways]
    moved = [(lead.piece, _moved(sounding, lead, tempo)) for tempo, _ in speeds]
    if sounding.standing is None:
        codes = [sounding.code(*speed) for speed in speeds]
        usual = sounding.usual(works=lead.works)
        places = judged_each(sounding.stacks[lead.works], codes, moved, usual)
    else:
        places = [
            sounding.both(speed, *place, works=lead.works)
            for speed, place in zip(speeds, moved, strict=True)
        ]
    better, score = None, lead.score
    for speed, place in zip(speeds, places, strict=True):
        if place.score > score * 1.01:
            better, score = (speed, place), place.score
    if better is None:
        return None
    (tempo, pitch), place = better
    return replace(lead, offset=place.offset, tempo=tempo, pitch=pitch, score=place.score)


def _fairly(lead: Lead) -> Lead:
    # Speeds are sums of steps, which miss 1 by rounding alone.
    moved = max(abs(lead.tempo - 1), abs(lead.pitch - 1)) > 1e-6
    return replace(lead, score=lead.score - _MOVED * moved)


def _alike(sounding: Sounding, lead: Lead) -> float:
    usual = sounding.usual(works=lead.works)
    return lead.score * usual.sigma / max(usual.mean, 1.0)
