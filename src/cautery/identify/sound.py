"""The sound witness: landmark votes against all references, a speed grid for the unmatched."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import Landmarks, Peaks, landmarks_of, loudness_db, peaks_of
from cautery.fingerprint.index import Hits
from cautery.fingerprint.recipe import Recipe
from cautery.identify.likelihood import tail
from cautery.identify.references import References
from cautery.model.media import AUDIO_RATE_HZ, Decoded
from cautery.model.verdict import Witness

SEARCH_S = (-30.0, 300.0)
"""Delays searched: from a suspect that is faster to one behind by a DVR's length."""
LEAST_SCORE = 10
"""Distinct landmarks on one line under which nothing is said."""
SURE_VOTES = 30
"""Votes in one pass above which no other speed is tried (reference/identification.md, Rec. 5)."""
_LEAST_VOTES = 6
_MEASURED_AGAINST = 12
"""References in bench/identify_scores.py."""
_QUIET_DB = -60.0
_BLOCK_S = 1.0
_MOST_CANDIDATES = 16
_FILL_BLOCKS = 2
_SHARED_INLIERS = 3
_SLOPES = np.arange(-0.006, 0.0061, 0.001)
"""Left-over speed that one pass tolerates; the grid's fine step is 0.5 %."""
_ON_LINE = 1.6
_SPEEDS = tuple(round(1 + k / 100, 2) for k in range(-6, 7) if k)


@dataclass(frozen=True, slots=True)
class Match:
    """One reference at one delay.

    Parameters
    ----------
    counts : ndarray, shape (blocks,)
        Landmarks on the line per second of probe.
    covered : ndarray, shape (blocks,), bool
    """

    reference: str
    family: str
    works: bool
    score: int
    delay_s: float
    speed: float
    counts: NDArray[np.int64]
    covered: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the sound gave: matches best first, and why there are none."""

    matches: tuple[Match, ...]
    runner_up: dict[str, int]
    probe_s: float
    reason: str | None = None
    handicap: float = 0.0
    """Log10 of how many times more references were searched than when chance was measured."""

    def witnesses(self) -> list[Witness]:
        """Return one witness a reference."""
        return [
            Witness(
                kind="sound",
                reference=one.reference,
                score=float(one.score),
                runner_up=float(self.runner_up.get(one.family, 0)),
                delay_s=one.delay_s,
                speed=one.speed,
                coverage=float(one.covered.mean()) if len(one.covered) else 0.0,
                probe_s=self.probe_s,
                log10_lr=tail("sound").log10_lr(one.score) - self.handicap,
            )
            for one in self.matches
        ]


@dataclass(frozen=True, slots=True)
class _Pass:
    """One search: the probe as it sounds once a speed is undone."""

    tempo: float
    pitch: float
    landmarks: Landmarks
    candidates: list[tuple[int, int, int, bool]]
    hits: tuple[Hits, Hits]

    @property
    def votes(self) -> int:
        """Most votes of any offset."""
        return max((one[2] for one in self.candidates), default=0)


def listen(
    decoded: Decoded, references: References, *, media_at_s: float, least: int = LEAST_SCORE
) -> Heard:
    """Compare a probe's sound with every reference.

    Parameters
    ----------
    media_at_s : float
        Reference-axis time at which the probe's first sample became available.
    least : int
        Score under which a match is not told; lower only to measure what chance gives.
    """
    recipe = references.recipe
    probe_s = len(decoded.audio) / AUDIO_RATE_HZ
    if probe_s < 3:
        return Heard((), {}, probe_s, "no sound, or under 3 s of it")
    if loudness_db(decoded.audio) < _QUIET_DB:
        return Heard((), {}, probe_s, "silent")
    peaks = peaks_of(decoded.audio, recipe)
    if len(peaks.frame) < probe_s:
        return Heard((), {}, probe_s, "a sound without structure")
    found = _search(peaks, references, media_at_s, tempo=1.0, pitch=1.0)
    if found.votes < SURE_VOTES:
        found = _other_speeds(found, peaks, references, media_at_s)
    matches = _verified(found, references, media_at_s, probe_s)
    return _sifted(matches, found, references, probe_s, least)


def _search(
    peaks: Peaks, references: References, media_at_s: float, *, tempo: float, pitch: float
) -> _Pass:
    recipe = references.recipe
    if tempo != 1.0 or pitch != 1.0:
        peaks = peaks.stretched(tempo=tempo, pitch=pitch, recipe=recipe)
    marks = landmarks_of(peaks, recipe)
    candidates: list[tuple[int, int, int, bool]] = []
    hits: list[Hits] = []
    for works in (False, True):
        snapshot = references.snapshot(works=works)
        met = snapshot.hits(marks)
        hits.append(met)
        base, low, high = _window(references, media_at_s, works=works)
        candidates += [
            (one.reference, one.offset + base, one.votes, works)
            for one in snapshot.peaks(marks, met, base=base, low=low, high=high, least=_LEAST_VOTES)
        ]
    candidates.sort(key=lambda one: (-one[2], one[0], one[1]))
    return _Pass(tempo, pitch, marks, candidates, (hits[0], hits[1]))


def _window(references: References, media_at_s: float, *, works: bool) -> tuple[int, int, int]:
    """Return (base, low, high) in frames: offsets of the reference axis worth counting."""
    per_s = references.recipe.frames_per_s
    if works:
        half = 1 << 19
        return half, -half, half
    base = round((media_at_s - references.origin_s(works=False)) * per_s)
    return base, -round((SEARCH_S[1] + 1) * per_s), -round((SEARCH_S[0] - 1) * per_s)


def _other_speeds(plain: _Pass, peaks: Peaks, references: References, media_at_s: float) -> _Pass:
    """Try +-6 % with the pitch going along and with the pitch kept; refine the best."""
    tried = [plain]
    tried += [
        _search(peaks, references, media_at_s, tempo=speed, pitch=pitch)
        for speed in _SPEEDS
        for pitch in (speed, 1.0)
    ]
    best = max(tried, key=lambda one: one.votes)
    if best is plain or best.votes < _LEAST_VOTES + 2:
        return plain if plain.votes >= best.votes else best
    for by in (-0.005, 0.005):
        tempo = best.tempo + by
        pitch = tempo if best.pitch != 1.0 else 1.0
        finer = _search(peaks, references, media_at_s, tempo=tempo, pitch=pitch)
        if finer.votes > best.votes:
            best = finer
    return best


def _verified(
    found: _Pass, references: References, media_at_s: float, probe_s: float
) -> list[Match]:
    """Fit a line through each candidate's landmarks; keep what stays on it."""
    kept: list[Match] = []
    seen: list[tuple[int, bool, int]] = []
    for number, offset, _, works in found.candidates:
        if len(seen) >= _MOST_CANDIDATES:
            break
        near = any(
            number == other and works == also and abs(offset - at) <= 16 for other, also, at in seen
        )
        if near:
            continue
        seen.append((number, works, offset))
        match = _fit(
            found, references, media_at_s, probe_s, number=number, offset=offset, works=works
        )
        if match is not None and match.score >= _LEAST_VOTES:
            kept.append(match)
    kept.sort(key=lambda one: (-one.score, one.reference, one.delay_s))
    return kept


def _fit(
    found: _Pass,
    references: References,
    media_at_s: float,
    probe_s: float,
    *,
    number: int,
    offset: int,
    works: bool,
) -> Match | None:
    recipe: Recipe = references.recipe
    which, frames = found.hits[works].of(number)
    at = found.landmarks.frames[which].astype(np.float64)
    apart = (frames - found.landmarks.frames[which] - offset + (1 << 19)) % (1 << 20) - (1 << 19)
    near = np.abs(apart) <= 14
    which, at, apart = which[near], at[near], apart[near].astype(np.float64)
    if len(at) < _LEAST_VOTES:
        return None
    centre = float(probe_s * recipe.frames_per_s * found.tempo / 2)
    slope, shift = _line(at - centre, apart)
    on_line = np.abs(apart - slope * (at - centre) - shift) <= _ON_LINE
    if on_line.sum() >= 8:
        for _ in range(2):
            x, y = at[on_line] - centre, apart[on_line]
            spread = float(((x - x.mean()) ** 2).sum())
            if spread > 0:
                slope = float(((x - x.mean()) * (y - y.mean())).sum() / spread)
                slope = min(0.008, max(-0.008, slope))
            shift = float(y.mean() - slope * x.mean())
            on_line = np.abs(apart - slope * (at - centre) - shift) <= _ON_LINE
    words = found.landmarks.words[which[on_line]]
    score = len(np.unique(words))
    info = references.infos[number]
    # Where the probe's centre lies on the reference's axis: both lines at the same frame.
    middle = centre + offset + shift
    reference_s = references.origin_s(works=works) + middle / recipe.frames_per_s
    anchors = at[on_line] / recipe.frames_per_s / found.tempo
    gaps = ((words & 127) + recipe.least_gap) / recipe.frames_per_s / found.tempo
    counts, covered = _blocks(anchors, anchors + gaps, probe_s)
    speed = found.tempo * (1 + slope)
    return Match(
        info.id,
        info.family,
        works,
        score,
        media_at_s + probe_s / 2 - reference_s,
        1.0 if abs(speed - 1) < 0.0015 else speed,
        counts,
        covered,
    )


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and intercept of the line with most points within a frame."""
    best, chosen = -1, (0.0, 0.0)
    for slope in sorted(_SLOPES, key=abs):
        level = np.rint(y - slope * x).astype(np.int64) + 24
        counts = np.bincount(np.clip(level, 0, 48), minlength=49)
        three = counts[:-2] + counts[1:-1] + counts[2:]
        at = int(np.argmax(three))
        if three[at] > best * 1.03:
            best, chosen = int(three[at]), (float(slope), float(at + 1 - 24))
    return chosen


def _blocks(
    starts: NDArray[np.float64], ends: NDArray[np.float64], probe_s: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    size = max(1, int(probe_s / _BLOCK_S))
    counts = np.bincount(np.clip((starts / _BLOCK_S).astype(int), 0, size - 1), minlength=size)
    touched = counts.copy()
    touched += np.bincount(np.clip((ends / _BLOCK_S).astype(int), 0, size - 1), minlength=size)
    return counts, _filled(touched >= 2)


def _filled(covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close holes of up to two blocks between covered ones: a breath, a codec's bad moment."""
    covered = covered.copy()
    at = np.flatnonzero(covered)
    for left, right in pairwise(at):
        if right - left <= _FILL_BLOCKS + 1:
            covered[left:right] = True
    return covered


def _sifted(
    matches: list[Match], found: _Pass, references: References, probe_s: float, least: int
) -> Heard:
    """Take out stretches that recur, in other content's references or elsewhere in one."""
    sifted: dict[str, Match] = {}
    for one in matches:
        shared = np.zeros(len(one.counts), np.bool_)
        for other in matches:
            if other is one or other.works != one.works or other.score < LEAST_SCORE:
                continue
            both = (one.counts >= _SHARED_INLIERS) & (other.counts >= _SHARED_INLIERS)
            if other.family != one.family or (
                # A loop that spans the probe still names the reference; a jingle does not.
                other.reference == one.reference
                and 2 * other.score >= one.score
                and other.covered.sum() < 0.85 * one.covered.sum()
            ):
                shared |= both
        if shared.any():
            share = one.counts[~shared].sum() / max(1, one.counts.sum())
            one = replace(  # noqa: PLW2901 - the same match, less what recurs
                one, score=int(one.score * share), covered=_filled(one.covered & ~shared) & ~shared
            )
        held = sifted.get(one.reference)
        if held is None or one.score > held.score:
            sifted[one.reference] = one
    kept = sorted(sifted.values(), key=lambda one: (-one.score, one.reference))
    best: dict[str, int] = {}
    for number, _, votes, _ in found.candidates:
        family = references.infos[number].family
        best[family] = max(best.get(family, 0), votes)
    runner_up = {
        one.family: max((score for name, score in best.items() if name != one.family), default=0)
        for one in kept
    }
    return Heard(
        tuple(one for one in kept if one.score >= least),
        runner_up,
        probe_s,
        handicap=math.log10(max(1.0, len(references.infos) / _MEASURED_AGAINST)),
    )
