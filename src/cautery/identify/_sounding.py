"""One probe's sound made ready for every rung of the ladder, and what it has at a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import Floats, Peaks, peaks_in
from cautery.fingerprint.codes import WORD_FRAMES, Code, Stack, bands_of, code_of
from cautery.fingerprint.index import Snapshot
from cautery.fingerprint.meeting import Chance, Place, chance, judged, scores_at
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.relief import relief_of
from cautery.fingerprint.spectrum import power_of
from cautery.identify._standing import Standing
from cautery.identify.references.held import References

_SEARCH_S = (-31.0, 301.0)
"""One second more each way than :data:`cautery.identify.sound.SEARCH_S`."""
# Both ways together just fit what ``Snapshot.candidates`` searches at once.
_EVERYWHERE = (1 << 21) - 8
"""Frames: 9 h each way, more than is held of anything."""
_CODES = 0.8
"""Of a score of codes, beside one of peaks: of chance, codes have the longer tail."""
_NEARBY = np.arange(-6, 7)
"""Frames around a place that something else proposed."""


class ProbeSound:
    """A probe's peaks and codes: the same whichever volume it is searched in."""

    def __init__(self, audio: Floats, recipe: Recipe) -> None:
        self.recipe = recipe
        self.power = power_of(audio, recipe)
        self.peaks = peaks_in(self.power, recipe)
        self.seconds = len(audio) / recipe.rate_hz
        # Two threads may make the same one; either will do.
        self._bands: dict[float, Floats] = {}
        self._codes: dict[tuple[float, float], Code] = {}

    def code(self, tempo: float, pitch: float) -> Code:
        """Return the probe's words with a tempo and a pitch undone."""
        key = round(tempo, 5), round(pitch, 4)
        if key not in self._codes:
            if key[1] not in self._bands:
                self._bands[key[1]] = bands_of(self.power, self.recipe, pitch=key[1])
            self._codes[key] = code_of(self._bands[key[1]], tempo=key[0], pitch=key[1])
        return self._codes[key]

    @cached_property
    def relief(self) -> Floats:
        """How far each step stands out of what is around it."""
        return relief_of(self.power, self.recipe)


@dataclass(frozen=True)
class Sounding:
    """A probe's sound, and what it is searched in."""

    sound: ProbeSound
    snapshots: tuple[Snapshot, Snapshot]
    stacks: tuple[Stack, Stack]
    window: tuple[int, int, int]
    """(base, low, high) of live offsets, frames."""
    references: int
    _chances: dict[bool, Chance] = field(default_factory=dict)
    _standing: list[Standing] = field(default_factory=list)

    @classmethod
    def of(cls, sound: ProbeSound, references: References, media_at_s: float | None) -> Sounding:
        """Prepare the search of a probe in one volume."""
        recipe = references.recipe
        low, high = -_EVERYWHERE, _EVERYWHERE
        if media_at_s is not None:
            low, high = (round(-edge * recipe.frames_per_s) for edge in reversed(_SEARCH_S))
        at_s = references.reached() if media_at_s is None else media_at_s
        base = round(((at_s or 0.0) - references.origin_s(works=False)) * recipe.frames_per_s)
        return cls(
            sound,
            (references.snapshot(works=False), references.snapshot(works=True)),
            (references.stack(works=False), references.stack(works=True)),
            (base, low, high),
            len(references.infos),
        )

    @property
    def recipe(self) -> Recipe:
        """How fingerprints are made."""
        return self.sound.recipe

    @property
    def power(self) -> Floats:
        """The probe's spectrogram."""
        return self.sound.power

    @property
    def peaks(self) -> Peaks:
        """The probe's peaks."""
        return self.sound.peaks

    @property
    def probe_s(self) -> float:
        """How long the probe is, seconds."""
        return self.sound.seconds

    def code(self, tempo: float, pitch: float) -> Code:
        """Return the probe's words with a tempo and a pitch undone."""
        return self.sound.code(tempo, pitch)

    def usual(self, *, works: bool) -> Chance:
        """Return what chance gives this probe, per word; measured once, untouched."""
        if works not in self._chances:
            code = self.code(1.0, 1.0)
            self._chances[works] = chance(self.stacks[works], code.words[0], code.at[0])
        return self._chances[works]

    @property
    def standing(self) -> Standing | None:
        """What the probe has at the references' peaks, once that counts; ``None``: not yet."""
        return self._standing[0] if self._standing else None

    def stand(self, references: References) -> Standing:
        """Let what the probe has at the references' peaks count from here on."""
        if not self._standing:
            tops = references.tops(works=False), references.tops(works=True)
            self._standing.append(Standing(self.sound.relief, tops, self.recipe))
        return self._standing[0]

    def both(self, speed: tuple[float, float], piece: int, offset: int, *, works: bool) -> Place:
        """Return the best place near an offset by codes and, once they count, by peaks."""
        stack, code, usual = self.stacks[works], self.code(*speed), self.usual(works=works)
        if self.standing is None:
            return judged(stack, code, [(piece, offset)], usual)[0]
        offsets = offset + _NEARBY
        codes = scores_at(stack, code, np.full(len(offsets), piece), offsets, usual)
        peaks = self.standing.at(int(stack.references[piece]), offsets, speed, works=works)
        best = int(np.argmax(codes + peaks.scores))
        # They are independent by chance, and true places have both: their sum says most.
        score = float(_CODES * codes[best] + peaks.scores[best] / peaks.alike(best))
        return Place(piece, int(offsets[best]), score)

    def frames(self, *, works: bool) -> tuple[int, int, int]:
        """Return (base, low, high) of offsets that are searched."""
        return (0, -_EVERYWHERE, _EVERYWHERE) if works else self.window


def scores_along(
    sounding: Sounding, number: int, offsets: NDArray[np.int64], speed: float, *, works: bool
) -> NDArray[np.float64]:
    """Return a reference's score at each offset, the speed undone with or without the pitch."""
    stack, usual = sounding.stacks[works], sounding.usual(works=works)
    middle = int(offsets[len(offsets) // 2])
    piece = piece_of(stack, number, middle)
    if piece is None:
        return np.zeros(len(offsets))
    curves = [
        scores_at(stack, sounding.code(speed, pitch), np.full(len(offsets), piece), offsets, usual)
        for pitch in sorted({1.0, speed})
    ]
    best = max(curves, key=lambda curve: float(curve.max()))
    return np.where(np.isfinite(best), best, 0.0)


def piece_of(stack: Stack, number: int, offset: int) -> int | None:
    """Return the piece of a reference in which, or nearest to which, an offset lies."""
    pieces = np.flatnonzero(stack.references == number)
    if len(pieces) < 2:
        return int(pieces[0]) if len(pieces) else None
    word = offset / WORD_FRAMES
    first = stack.first[pieces]
    last = first + stack.ends[pieces] - stack.starts[pieces]
    apart = np.maximum(first - word, 0) + np.maximum(word - last, 0)
    return int(pieces[int(np.argmin(apart))])
