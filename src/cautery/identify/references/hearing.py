"""One reference's sound as it comes in, segment by segment, to landmarks as of one piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import Landmarks, Peaks, Words, landmarks_of, peaks_in
from cautery.fingerprint.codes import WORD_FRAMES, words_on_grid
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.spectrum import power_of

_SCALE = 16384.0
"""Held sound is 16 bits wide, twice full scale: rounding lies 90 dB down, under every peak's
floor, and a reference's ends take a quarter of the room. All sound is rounded, not only what is
held, so that a frame looks the same whenever it is looked at."""
_LEFT_FRAMES = 50
"""Context that a peak's rank needs before it: 31 + 8 frames, and some."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a segment gave.

    Parameters
    ----------
    marks : Landmarks
    frame : int
        Frame of the reference axis of the landmarks' frame 0.
    words : ndarray, shape (words,), uint32
        Bit-error codes, without a gap after those given before.
    word : int
        Grid number of the first of them.
    """

    marks: Landmarks
    frame: int
    words: Words
    word: int


class Hearing:
    """A run of sound that goes on without a gap.

    What both sides are known of is settled: its peaks, and where all partners of an anchor are
    settled, its landmarks. The newest 2.7 s give landmarks for now, some of which turn out to
    have had better partners later; they stay, as votes of a probe that ends there.

    Parameters
    ----------
    recipe : Recipe
    frame : int
        Frame of the reference axis at which the run begins.
    """

    def __init__(self, recipe: Recipe, frame: int) -> None:
        self._recipe = recipe
        self._sound = np.empty(0, np.int16)
        self._sound_frame = self._peaks_final = self._marks_final = frame
        self._frames = np.empty(0, np.int64)
        self._steps = np.empty(0, np.float32)
        self._loose = np.empty(0, np.int64)
        # The first word that has both its instants within the run.
        self._word = -(-frame // WORD_FRAMES) + 1

    def extend(self, audio: NDArray[np.float32]) -> Fresh:
        """Take in what follows, and return what was not given before."""
        recipe = self._recipe
        whole = np.clip(np.rint(audio * np.float32(_SCALE)), -32768, 32767).astype(np.int16)
        sound = np.concatenate((self._sound, whole))
        power = power_of(sound.astype(np.float32) / np.float32(_SCALE), recipe)
        start = self._marks_final
        if not len(power):
            self._sound = sound
            no_words = np.empty(0, np.uint32)
            return Fresh(
                Landmarks(no_words, no_words.astype(np.int32)), start, no_words, self._word
            )
        self._take_peaks(peaks_in(power, recipe))
        marks = landmarks_of(
            Peaks((self._frames - start).astype(np.float32), self._steps, 0), recipe
        )
        keys = (marks.frames.astype(np.int64) + start) << 22 | marks.words
        fresh = ~np.isin(keys, self._loose)
        word = self._word
        words = words_on_grid(power, recipe, frame=self._sound_frame, start=word)
        self._word += len(words)
        end = self._sound_frame + len(power)
        self._peaks_final = max(
            self._peaks_final, end - recipe.rank_frames - recipe.near_frames - 1
        )
        self._marks_final = max(start, self._peaks_final - recipe.most_gap)
        self._loose = keys[keys >> 22 >= self._marks_final]
        needed = (self._frames >= self._marks_final) & (self._frames < self._peaks_final)
        self._frames, self._steps = self._frames[needed], self._steps[needed]
        drop = max(0, self._peaks_final - _LEFT_FRAMES - self._sound_frame)
        self._sound = sound[drop * recipe.hop :].copy()
        self._sound_frame += drop
        return Fresh(Landmarks(marks.words[fresh], marks.frames[fresh]), start, words, word)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(array.nbytes for array in (self._sound, self._frames, self._steps, self._loose))

    def _take_peaks(self, peaks: Peaks) -> None:
        frames = np.rint(peaks.frame).astype(np.int64) + self._sound_frame
        fresh = frames >= self._peaks_final
        self._frames = np.concatenate((self._frames, frames[fresh]))
        self._steps = np.concatenate((self._steps, peaks.step[fresh]))
