"""What streams are compared with: landmarks of sound and signatures of pictures, live."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.audio import Landmarks, landmarks_of, peaks_of
from cautery.fingerprint.index import MOST_REFERENCES, Index, Snapshot
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.video import cells_of, signature
from cautery.identify._loaded import Pictures, Track, fill, pictures_of
from cautery.identify.reference_file import read_arrays, write_arrays
from cautery.model.media import AUDIO_RATE_HZ, LUMA_SHAPE, Decoded

Kind = Literal["channel", "event", "work"]
_JOIN_S = 0.08
"""Segments whose stated times meet within this are one run of sound."""
_LEFT_FRAMES = 50
"""Context that a peak's rank needs before it: 31 + 8 frames, and some."""
_CHUNK_S = 60
_LONGEST_WORK_S = 16_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceInfo:
    """What a reference is.

    Parameters
    ----------
    id : str
        The channel's or work's id, or ``event:ID`` for an event's clean feed.
    event : str or None
        The event it shows.
    clean : bool
        It is the clean feed, without a licensee's sound and graphics.
    territory : str or None
        The licensee's.
    """

    id: str
    event: str | None = None
    clean: bool = False
    territory: str | None = None
    kind: Kind = "channel"

    @property
    def family(self) -> str:
        """References of one family carry the same content: one event, or one channel."""
        return f"event:{self.event}" if self.event else self.id


class References:
    """All references of a watch; adding and searching may run in different threads.

    Parameters
    ----------
    recipe : Recipe
    infos : sequence of ReferenceInfo
        At most 4,096, ids unique.
    window_s : float
        Live references older than this, behind the newest, are forgotten. Works are kept whole.
    """

    def __init__(
        self, recipe: Recipe, infos: Sequence[ReferenceInfo], window_s: float = 600.0
    ) -> None:
        ids = [one.id for one in infos]
        if len(set(ids)) != len(ids) or len(ids) > MOST_REFERENCES:
            raise InputError(f"references: at most {MOST_REFERENCES}, each id once")
        if not 30 <= window_s <= 4 * 3600:
            raise InputError("references: a window of 30 s to 4 h")
        self.recipe = recipe
        self.infos = tuple(infos)
        self.window_s = window_s
        self._number = {one.id: index for index, one in enumerate(self.infos)}
        self._tracks = [Track() for _ in self.infos]
        self._live, self._works = Index(), Index()
        self._origin_s: float | None = None
        self._newest_s = -math.inf
        self._snapshots: tuple[Snapshot, Snapshot] | None = None
        self._lock = threading.RLock()

    def info(self, reference_id: str) -> ReferenceInfo:
        """Return what a reference is.

        Raises
        ------
        InputError
            If there is none of that id.
        """
        return self.infos[self._index(reference_id)]

    def add(self, reference_id: str, decoded: Decoded, *, at_s: float) -> None:
        """Add decoded media of a reference.

        Parameters
        ----------
        at_s : float
            Reference time of ``decoded.audio_s`` (of the first picture when there is no sound):
            media time ``t`` lies at ``at_s + (t - start)``. Media already held are not added
            twice; a gap starts a new run.

        Raises
        ------
        InputError
            If the reference is unknown or the time is not finite.
        """
        number = self._index(reference_id)
        if not math.isfinite(at_s):
            raise InputError(f"{reference_id}: at_s is not finite")
        info, track = self.infos[number], self._tracks[number]
        start_s = decoded.audio_s
        if not len(decoded.audio) and len(decoded.luma_s):
            start_s = float(decoded.luma_s[0])
        with self._lock:
            if info.kind == "work" and at_s + decoded.duration_s > _LONGEST_WORK_S:
                raise InputError(f"{reference_id}: a work lasts at most {_LONGEST_WORK_S:g} s")
            if self._origin_s is None and info.kind != "work":
                self._origin_s = math.floor(at_s)
            if len(decoded.audio):
                self._hear(number, decoded.audio, at_s)
            if len(decoded.luma):
                self._see(track, decoded, at_s - start_s, keep_luma=info.kind != "work")
            if info.kind != "work":
                self._newest_s = max(self._newest_s, at_s + decoded.duration_s)
                self.expire(self._newest_s - self.window_s)

    def expire(self, before_s: float) -> None:
        """Forget what lies wholly before a reference time; works stay."""
        with self._lock:
            if self._origin_s is not None:
                before = math.floor((before_s - self._origin_s) * self.recipe.frames_per_s)
                self._live.expire(before)
                self._snapshots = None
            for info, track in zip(self.infos, self._tracks, strict=True):
                if info.kind == "work":
                    continue
                while track.times and track.times[0][-1] < before_s:
                    for part in (track.times, track.cells, track.luma):
                        del part[0]
                    track.pictures = None
                if track.first_s is not None and track.end_s is not None:
                    track.first_s = max(track.first_s, min(before_s, track.end_s))

    def span(self, reference_id: str) -> tuple[float, float] | None:
        """Return the reference times between which its sound is held; ``None``: no sound."""
        track = self._tracks[self._index(reference_id)]
        if track.first_s is None or track.end_s is None:
            return None
        return track.first_s, track.end_s

    def origin_s(self, *, works: bool) -> float:
        """Return the reference time of frame 0."""
        return 0.0 if works else (self._origin_s or 0.0)

    def snapshot(self, *, works: bool) -> Snapshot:
        """Return the landmarks of this moment: of the works, or of everything live."""
        with self._lock:
            if self._snapshots is None:
                self._snapshots = self._live.snapshot(), self._works.snapshot()
            return self._snapshots[works]

    def pictures(self, reference_id: str) -> Pictures | None:
        """Return the pictures that are held, ``None`` without any."""
        track = self._tracks[self._index(reference_id)]
        with self._lock:
            if not track.times:
                return None
            if track.pictures is None:
                times, cells = np.concatenate(track.times), np.concatenate(track.cells)
                track.pictures = Pictures(times, cells, signature(cells, times, self.recipe))
            return track.pictures

    def luma_between(
        self, reference_id: str, start_s: float, end_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return times and 36x64 pictures of a stretch; empty where none are kept."""
        track = self._tracks[self._index(reference_id)]
        with self._lock:
            parts = [
                (times, luma)
                for times, luma in zip(track.times, track.luma, strict=False)
                if times[-1] >= start_s and times[0] <= end_s
            ]
        if not parts:
            return np.empty(0), np.empty((0, *LUMA_SHAPE), np.uint8)
        times = np.concatenate([one for one, _ in parts])
        inside = (times >= start_s) & (times <= end_s)
        return times[inside], np.concatenate([one for _, one in parts])[inside]

    def save(self, path: Path) -> None:
        """Write a ``.ref`` file, whole or not at all.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        with self._lock:
            head = {
                "recipe": asdict(self.recipe),
                "infos": [asdict(one) for one in self.infos],
                "window_s": self.window_s,
                "origin_s": self._origin_s,
                "spans": [[one.first_s, one.end_s] for one in self._tracks],
            }
            arrays: dict[str, NDArray[Any]] = {}
            for name, index in (("live", self._live), ("works", self._works)):
                words, numbers, frames = index.everything()
                arrays |= {f"{name}.words": words, f"{name}.references": numbers}
                arrays[f"{name}.frames"] = frames
            for number, track in enumerate(self._tracks):
                if track.times:
                    arrays[f"{number}.times"] = np.concatenate(track.times)
                    arrays[f"{number}.cells"] = np.concatenate(track.cells)
                    if track.luma:
                        arrays[f"{number}.luma"] = np.concatenate(track.luma)
        write_arrays(path, head, arrays)

    @classmethod
    def load(cls, path: Path, *, recipe: Recipe | None = None) -> References:
        """Read a ``.ref`` file, whoever made it.

        Raises
        ------
        InputError
            If it is damaged, hostile, or made by another recipe than ``recipe``.
        """
        head, arrays = read_arrays(path)
        try:
            made = Recipe(**head["recipe"])
            if recipe is not None and made != recipe:
                raise InputError(
                    f"{path}: made by the recipe {made.name}, wanted {recipe.name}",
                    hint="Build the references again.",
                )
            infos = [ReferenceInfo(**one) for one in head["infos"]]
            kept = cls(made, infos, float(head["window_s"]))
            origin_s = head["origin_s"]
            kept._origin_s = None if origin_s is None else float(origin_s)
            for index, name in ((kept._live, "live"), (kept._works, "works")):
                fill(index, arrays, name, len(infos))
            for track, span in zip(kept._tracks, head["spans"], strict=True):
                if span[0] is not None:
                    track.first_s, track.end_s = float(span[0]), float(span[1])
            for number, track in enumerate(kept._tracks):
                found = pictures_of(arrays, number)
                if found is not None:
                    track.times, track.cells = [found[0]], [found[1]]
                    track.luma = [] if found[2] is None else [found[2]]
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise InputError(f"{path}: what it holds makes no sense") from error
        return kept

    def adopt(self, reference_id: str, path: Path) -> None:
        """Take one reference's tracks from a ``.ref`` file; nothing may be held of it yet.

        Parameters
        ----------
        reference_id : str
            Whom the tracks are for. The file's reference of that id is taken, or else its only
            one.
        path : Path
            A file of the same recipe.

        Raises
        ------
        InputError
            If the file is damaged or of another recipe, holds several references and none of
            that id, or a live one where a work is wanted, or the other way round; or if media of
            the reference are already held.
        """
        number = self._index(reference_id)
        works = self.infos[number].kind == "work"
        theirs = References.load(path, recipe=self.recipe)
        track, marks, origin_s, first = theirs._given(reference_id, path, works=works)  # noqa: SLF001 - its own kind
        with self._lock:
            if self._tracks[number].first_s is not None or self._tracks[number].times:
                raise InputError(f"{reference_id}: media of it are already held")
            if self._origin_s is None and not works:
                self._origin_s = origin_s
            apart_s = origin_s - self.origin_s(works=works)
            index = self._works if works else self._live
            index.add(number, marks, start=first + round(apart_s * self.recipe.frames_per_s))
            # The sound's joining end is not in a file: what follows starts a new run.
            self._tracks[number] = track
            if not works:
                ends = [one for one in (track.end_s, *(t[-1] for t in track.times)) if one]
                self._newest_s = max([self._newest_s, *map(float, ends)])
            self._snapshots = None

    def _given(
        self, wanted: str, path: Path, *, works: bool
    ) -> tuple[Track, Landmarks, float, int]:
        """Return a reference's track, landmarks, their time axis, and their first frame on it."""
        if wanted not in self._number and len(self.infos) != 1:
            raise InputError(
                f"{path}: holds {len(self.infos)} references, none of them {wanted!r}",
                hint="It holds " + ", ".join(one.id for one in self.infos[:8]),
            )
        number = self._number.get(wanted, 0)
        if works != (self.infos[number].kind == "work"):
            raise InputError(
                f"{path}: a recording and a live feed's window can't stand for each other"
            )
        words, numbers, frames = (self._works if works else self._live).everything()
        mine = numbers == number
        words, frames = words[mine], frames[mine]
        first = int(frames.min()) if len(frames) else 0
        marks = Landmarks(words, (frames - first).astype(np.int32))
        return self._tracks[number], marks, self.origin_s(works=works), first

    def _index(self, reference_id: str) -> int:
        try:
            return self._number[reference_id]
        except KeyError:
            raise InputError(f"there is no reference {reference_id!r}") from None

    def _hear(self, number: int, audio: NDArray[np.float32], at_s: float) -> None:
        info, track = self.infos[number], self._tracks[number]
        end_s = track.end_s
        joined = end_s is not None and len(track.held) > 0 and abs(at_s - end_s) <= _JOIN_S
        if end_s is not None and not joined and end_s - self.window_s < at_s < end_s:
            audio = audio[round((end_s - at_s) * AUDIO_RATE_HZ) :]
            joined = len(track.held) > 0
            at_s = end_s
            if not len(audio):
                return
        if not joined:
            origin_s = self.origin_s(works=info.kind == "work")
            track.held_frame = track.final_frame = round(
                (at_s - origin_s) * self.recipe.frames_per_s
            )
            track.held, track.loose = np.empty(0, np.float32), np.empty(0, np.int64)
            track.end_s = at_s
            track.first_s = at_s if track.first_s is None else min(track.first_s, at_s)
        index = self._works if info.kind == "work" else self._live
        step = _CHUNK_S * AUDIO_RATE_HZ
        for start in range(0, len(audio), step):
            self._extend(number, track, index, audio[start : start + step])
        track.end_s = (track.end_s or at_s) + len(audio) / AUDIO_RATE_HZ
        self._snapshots = None

    def _extend(self, number: int, track: Track, index: Index, audio: NDArray[np.float32]) -> None:
        """Emit landmarks: for good where both sides are known, for now at the newest end."""
        recipe = self.recipe
        sound = np.concatenate((track.held, audio))
        peaks = peaks_of(sound, recipe)
        marks = landmarks_of(peaks, recipe)
        settled = peaks.frames - recipe.most_gap - recipe.rank_frames - recipe.near_frames - 1
        local_final = track.final_frame - track.held_frame
        keys = (marks.frames.astype(np.int64) + track.held_frame) << 22 | marks.words
        fresh = (marks.frames >= local_final) & ~np.isin(keys, track.loose)
        index.add(
            number, Landmarks(marks.words[fresh], marks.frames[fresh]), start=track.held_frame
        )
        settled = max(settled, local_final)
        track.loose = keys[marks.frames >= settled]
        track.final_frame = track.held_frame + settled
        drop = max(0, settled - _LEFT_FRAMES)
        track.held = sound[drop * recipe.hop :].copy()
        track.held_frame += drop

    def _see(self, track: Track, decoded: Decoded, shift_s: float, *, keep_luma: bool) -> None:
        times = decoded.luma_s + shift_s
        fresh = np.ones(len(times), np.bool_)
        if track.times:
            last_s = float(track.times[-1][-1])
            if times[-1] > last_s - self.window_s:
                fresh = times > last_s + 0.5 / self.recipe.luma_rate_hz
            else:  # the axis was set back: what is held says nothing any more
                track.times, track.cells, track.luma = [], [], []
        if not fresh.any():
            return
        track.times.append(times[fresh])
        track.cells.append(cells_of(decoded.luma[fresh]))
        if keep_luma:
            track.luma.append(decoded.luma[fresh])
        track.pictures = None
