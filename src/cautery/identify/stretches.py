"""Windows that agree, joined to stretches of a probe: which reference runs from where to where.

A witness states the delay at the middle of its window; here everything is a line on the probe's
own axis, ``reference time = at_s + speed * (probe time - middle_s)``. A reference that repeats
itself gives several lines a window, and the one that goes on is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cautery.identify.likelihood import above, fused, methods_of, support
from cautery.identify.windows import Glance
from cautery.model.picture_part import WHOLE, Part
from cautery.model.verdict import Witness

AGREE_S = 0.2
"""Within which two windows agree, the speed undone (docs/reference/sources.md, F38)."""
SPEED_SLACK = 0.003
"""What a measured speed may be off by; it widens the tolerance with the distance."""
GAP_S = 30.0
"""Unmatched time within a stretch: as long as an advert, or a loud moment in the studio."""
SOLID = 0.7
"""Coverage from which a window counts as matched throughout."""
_APART_S = 2.0
"""Between the middles of two windows, for them to tell a speed: each is good to some 5 ms."""
_STILL_S = 0.02
"""Within this of one delay, a probe runs at the reference's own speed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One window's witness for one reference at one offset."""

    glance: Glance
    witness: Witness
    middle_s: float
    at_s: float
    speed: float
    """The probe's over the reference's."""

    def reference_s(self, probe_s: float) -> float:
        """Return the reference time at a time of the probe."""
        return self.at_s + self.speed * (probe_s - self.middle_s)

    def agrees(self, other: Line) -> bool:
        """Tell whether another window lies on the same line, its speed undone."""
        if abs(self.speed - other.speed) > 0.01:
            return False
        apart_s = other.middle_s - self.middle_s
        expected_s = self.at_s + apart_s * (self.speed + other.speed) / 2
        slack_s = 0.0 if self.speed == other.speed == 1.0 else SPEED_SLACK * abs(apart_s)
        return abs(other.at_s - expected_s) <= AGREE_S + min(slack_s, AGREE_S / 2)


@dataclass(frozen=True, slots=True)
class Chain:
    """Lines of one reference that agree one after the other, in order of time."""

    reference: str
    lines: tuple[Line, ...]

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """All witnesses on it."""
        return tuple(line.witness for line in self.lines)

    @property
    def best(self) -> Line:
        """The strongest witness, on the line on which all of them together lie.

        A window knows the place of its middle to some milliseconds and its speed to 0.25 %: by
        itself it would be 0.1 s off after 40 s, and 9 s after an hour.
        """
        strongest = max(self.lines, key=lambda line: (line.witness.log10_lr, line.witness.score))
        # Pictures lie on a grid of 80 ms: where there is sound, it says the place.
        lines = [line for line in self.lines if line.witness.kind == "sound"] or self.lines
        middle_s, at_s = np.array(sorted((line.middle_s, line.at_s) for line in lines)).T
        ahead_s = at_s - middle_s
        if np.ptp(middle_s) < _APART_S:
            return strongest
        if np.abs(ahead_s - np.median(ahead_s)).max() <= _STILL_S:
            speed = 1.0
        else:
            speed = _slope(middle_s, at_s)
        here_s = float(np.median(at_s - speed * (middle_s - strongest.middle_s)))
        return replace(strongest, at_s=here_s, speed=speed)

    @property
    def named(self) -> bool:
        """Whether one of its windows by itself is enough."""
        return any(above(witness) for witness in self.witnesses)

    @property
    def confirmed(self) -> bool:
        """Whether two windows that do not overlap agree, each enough by itself."""
        sure = [line for line in self.lines if above(line.witness)]
        return any(a.agrees(b) for a in sure for b in sure if _ends(a) <= _starts(b) + 1e-6)

    @property
    def log10_lr(self) -> float:
        """Log10 LR of all that lies on it."""
        return fused(self.witnesses, probes=2 if self.confirmed else 1)

    @property
    def support(self) -> float:
        """What it ranks by: its witnesses added up, beyond what the odds may claim."""
        return support(self.witnesses, probes=2 if self.confirmed else 1)

    @property
    def score(self) -> float:
        """Sum of the best score of each window: what tells licensees apart."""
        best: dict[float, float] = {}
        for line in self.lines:
            if line.witness.kind == "sound":
                best[line.middle_s] = max(best.get(line.middle_s, 0.0), line.witness.score)
        return sum(best.values())

    @property
    def part(self) -> Part | None:
        """Of the probe's picture, that shows it; ``None``: nothing is seen of it."""
        seen = [witness for witness in self.witnesses if witness.kind == "picture"]
        if not seen:
            return None
        return max(seen, key=lambda witness: witness.score).part or WHOLE

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods of its witnesses."""
        return tuple(
            dict.fromkeys(name for witness in self.witnesses for name in methods_of(witness))
        )

    @property
    def span(self) -> tuple[float, float]:
        """From where to where the probe follows the reference, seconds from its start.

        Windows within count whole. Of the first and the last, where they match in part only,
        what joins the rest; of a single one, its middle. Nothing follows a reference before that
        begins.
        """
        begin_s, end_s = _spanned(self.lines)
        line = self.best
        from_s = line.middle_s - line.at_s / line.speed
        return max(begin_s, min(from_s, end_s)), end_s


def _spanned(lines: Sequence[Line]) -> tuple[float, float]:
    first = min(lines, key=lambda line: (_starts(line), -_ends(line))).glance
    last = max(lines, key=_ends).glance
    head_s, tail_s = _matched(lines, first), _matched(lines, last)
    if first.start_s > last.start_s or first.end_s < last.end_s - 1e-6:
        return first.end_s - head_s, last.start_s + tail_s
    within = [line for line in lines if line.glance != first]
    if within and head_s < first.end_s - first.start_s:
        # The probe as a whole matches in part, and its windows say in which.
        return _spanned(within)
    middle_s = (first.start_s + first.end_s) / 2
    return middle_s - head_s / 2, middle_s + head_s / 2


def _matched(lines: Sequence[Line], glance: Glance) -> float:
    covered = max(line.witness.coverage for line in lines if line.glance == glance)
    return (1.0 if covered >= SOLID else covered) * (glance.end_s - glance.start_s)


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the slope of points in order, whatever one in four of them says.

    Each is held against the one half of them further on (after Theil 1950, in linear time).
    """
    half = len(x) // 2
    apart = x[half:] - x[: len(x) - half]
    far = apart >= min(_APART_S, float(apart.max()))
    return float(np.median((y[half:] - y[: len(y) - half])[far] / apart[far]))


def _starts(line: Line) -> float:
    return line.glance.start_s


def _ends(line: Line) -> float:
    return line.glance.end_s


def lines_of(glances: Iterable[Glance]) -> list[Line]:
    """Return all lines of sound and pictures in order of time."""
    lines = []
    for glance in sorted(glances, key=lambda glance: (glance.start_s, glance.end_s)):
        for witness in glance.observation.witnesses:
            if witness.kind not in ("sound", "picture") or witness.log10_lr <= 0:
                continue
            half_s = witness.probe_s / 2
            begin_s = glance.observation.media_start_s
            lines += [
                Line(
                    glance, witness, glance.start_s + half_s, begin_s + half_s - delay_s,
                    witness.speed,
                )
                for delay_s in (witness.delay_s, *witness.repeats_s)
            ]  # fmt: skip
    return lines


def chains_of(glances: Iterable[Glance]) -> list[Chain]:
    """Join what agrees, a reference at a time; longest first, then strongest.

    A window's other lines (of a repeat) that no other window goes on from are dropped.
    """
    open_: dict[str, list[list[Line]]] = {}
    closed: list[list[Line]] = []
    for line in lines_of(glances):
        open_chains = open_.setdefault(line.witness.reference, [])
        ended = [
            chain for chain in open_chains if line.glance.start_s - chain[-1].glance.end_s > GAP_S
        ]
        closed += ended
        open_chains[:] = [
            chain
            for chain in open_chains
            if not any(chain is closed_chain for closed_chain in ended)
        ]
        home = next((chain for chain in open_chains if chain[-1].agrees(line)), None)
        if home is None:
            open_chains.append([line])
        else:
            home.append(line)
    closed += [chain for several in open_.values() for chain in several]
    chains = [Chain(chain[0].witness.reference, tuple(chain)) for chain in closed]
    chains.sort(key=lambda chain: (-len({x.middle_s for x in chain.lines}), -chain.support))
    return _without_repeats(chains)


def _without_repeats(chains: Sequence[Chain]) -> list[Chain]:
    """Keep each witness in one chain; the remains of another are its repeat."""
    used: set[int] = set()
    distinct = []
    for chain in chains:
        left = tuple(line for line in chain.lines if id(line.witness) not in used)
        if left:
            used |= {id(line.witness) for line in left}
            distinct.append(replace(chain, lines=left))
    return distinct
