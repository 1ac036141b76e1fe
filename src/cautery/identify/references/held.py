"""What streams are compared with: landmarks of sound and signatures of pictures, live."""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.audio import Landmarks
from cautery.fingerprint.codes import WORD_FRAMES, Stack
from cautery.fingerprint.index import MOST_REFERENCES, SLICE_FRAMES, Index, Run, Snapshot
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.tops import Tops
from cautery.fingerprint.video import cells_of
from cautery.identify.references.checked import LONGEST_WORK_S, checked
from cautery.identify.references.claims import Claims
from cautery.identify.references.hearing import Hearing
from cautery.identify.references.info import Note, ReferenceInfo
from cautery.identify.references.kept import FEW_REFERENCES, KEPT_S, Kept
from cautery.identify.references.track import Pictures, Track, joined
from cautery.identify.references.unsaved import Unsaved, only
from cautery.model.media import AUDIO_RATE_HZ, Decoded

_JOIN_S = 0.08
"""Segments whose stated times meet within this are one run of sound."""
_CHUNK_S = 60
_SPARED = 0.125
"""Share of the works' landmarks that may lie apart from the others of their slice."""


class References:
    """All references of a watch; adding and searching may run in different threads.

    A segment costs what it holds, however many references there are. A reference whose time runs
    far ahead of the others' is refused, and none alone can make the others' media expire.

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
        ids = [info.id for info in infos]
        if len(set(ids)) != len(ids) or len(ids) > MOST_REFERENCES:
            raise InputError(f"references: at most {MOST_REFERENCES} are allowed, each id once")
        if not 30 <= window_s <= 4 * 3600:
            raise InputError("references: the window must be from 30 s to 4 h")
        self.recipe = recipe
        self.infos = tuple(infos)
        self.window_s = window_s
        self.tracks: tuple[Track, ...] = ()
        """For the stage's own modules; see :class:`~cautery.identify.references.track.Track`."""
        self._live_tracks: tuple[Track, ...] = ()
        self._take_tracks([Track() for _ in self.infos])
        self.live, self.works = Index(), Index()
        self.notes: dict[str, tuple[Note, ...]] = {}
        """By reference, what befell it while it was written to a live folder."""
        self.unsaved: Unsaved | None = None
        """Collects what is live, for a live folder to write."""
        self._number = {info.id: index for index, info in enumerate(self.infos)}
        self._origin_s: float | None = None
        self.claims = Claims(len(self.infos))
        """Which live reference has come how far; for the stage's own modules."""
        self._slices: set[int] = set()
        self._trimmed = (0, 0)
        kept_s = KEPT_S if len(self.infos) > FEW_REFERENCES else 0.0
        self._snapshots = tuple(Kept[Snapshot](for_s=kept_s) for _ in range(2))
        self._stacks = tuple(Kept[Stack](for_s=kept_s) for _ in range(2))
        self._tops = tuple(Kept[Tops](for_s=kept_s) for _ in range(2))
        self.lock = threading.RLock()
        """Guards the indexes and the claims; taken after a track's lock, never before."""

    @property
    def volumes(self) -> tuple[References, ...]:
        """The only one: itself."""
        return (self,)

    def of(self, reference_id: str) -> References:
        """Return the volume that holds a reference.

        Raises
        ------
        InputError
            If there is none of that id.
        """
        self._index(reference_id)
        return self

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
            If the reference is unknown, a value is not finite, or the time leaps further ahead of
            the other live references' than the window: such media are not taken, and when half
            of the others have come to the same time, they are.
        """
        number = self._index(reference_id)
        info, track = self.infos[number], self.tracks[number]
        checked(reference_id, decoded, at_s)
        start_s = decoded.audio_s
        if not len(decoded.audio) and len(decoded.luma_s):
            start_s = float(decoded.luma_s[0])
        if info.kind == "work":
            if not 0 <= at_s <= LONGEST_WORK_S - decoded.duration_s:
                raise InputError(
                    f"{reference_id}: a work may last at most {LONGEST_WORK_S:g} s",
                    hint="Cut it into several works, each with an id of its own.",
                )
        else:
            self._claim(number, at_s, at_s + decoded.duration_s)
        with track.lock:
            if len(decoded.audio):
                self._hear(number, decoded.audio, at_s)
            if len(decoded.luma):
                kinds = track.see(
                    decoded.luma_s + (at_s - start_s),
                    cells_of(decoded.luma),
                    # Graphics are compared on events' feeds alone; a picture takes 2.3 kB.
                    decoded.luma if info.event is not None and info.kind != "work" else None,
                    apart_s=0.5 / self.recipe.luma_rate_hz,
                    window_s=self.window_s if info.kind != "work" else math.inf,
                )
                with self.lock:
                    if info.kind != "work" and self.unsaved is not None:
                        self.unsaved.see(number, self._slices_of(kinds["times"]), kinds)
            if info.kind != "work":
                self._expire_track(track, at_s + decoded.duration_s - self.window_s)
        if info.kind != "work":
            self._trim()

    def expire(self, before_s: float) -> None:
        """Forget what lies wholly before a reference time; works stay."""
        for info, track in zip(self.infos, self.tracks, strict=True):
            if info.kind != "work":
                with track.lock:
                    self._expire_track(track, before_s)
        with self.lock:
            if self._origin_s is not None and math.isfinite(before_s):
                self._expire_slices(self._frame(before_s))

    def span(self, reference_id: str) -> tuple[float, float] | None:
        """Return the reference times between which its sound is held; ``None``: no sound."""
        track = self.tracks[self._index(reference_id)]
        with track.lock:
            if track.first_s is None or track.end_s is None:
                return None
            return track.first_s, track.end_s

    def searched_until(self, reference_id: str, *, pictures: bool = False) -> float | None:
        """Return the reference time up to which its sound or pictures are found at present.

        Returns
        -------
        float or None
            ``None``: it has none.
        """
        track = self.tracks[self._index(reference_id)]
        with track.lock:
            if pictures:
                return float(track.times[-1][-1]) if track.times else None
            if track.end_s is None:
                return None
            return track.end_s - (KEPT_S if len(self.infos) > FEW_REFERENCES else 0.0)

    def origin_s(self, *, works: bool) -> float:
        """Return the reference time of frame 0."""
        return 0.0 if works else (self._origin_s or 0.0)

    @property
    def began(self) -> bool:
        """Tell whether it is settled where frame 0 of what is live lies."""
        return self._origin_s is not None

    def set_origin(self, origin_s: float | None) -> None:
        """Say where frame 0 lies, before anything live is held."""
        self._origin_s = origin_s

    def snapshot(self, *, works: bool) -> Snapshot:
        """Return the landmarks of this moment: of the works, or of everything live.

        Among many references, those of up to :data:`~cautery.identify.references.kept.KEPT_S` ago.
        """
        return self._snapshots[works].get(lambda: self._snapshot(works=works))

    def stack(self, *, works: bool) -> Stack:
        """Return the bit-error codes, as :meth:`snapshot` does the landmarks."""
        return self._stacks[works].get(lambda: self._stack(works=works))

    def tops(self, *, works: bool) -> Tops:
        """Return the spectral peaks, as :meth:`snapshot` does the landmarks they come from."""
        return self._tops[works].get(
            # Works hardly ever change; what is live gets further runs all the time.
            lambda: Tops.of(self.snapshot(works=works).runs, len(self.infos), keep=not works)
        )

    def knows(self, reference_id: str) -> bool:
        """Tell whether there is a reference of that id."""
        return reference_id in self._number

    def number(self, reference_id: str) -> int:
        """Return the number by which the index knows a reference.

        Raises
        ------
        InputError
            If there is none of that id.
        """
        return self._index(reference_id)

    def pictures(self, reference_id: str) -> Pictures | None:
        """Return the pictures that are held, ``None`` without any."""
        return self.tracks[self._index(reference_id)].pictures(self.recipe)

    def codes(self, reference_id: str) -> list[tuple[int, NDArray[np.uint32]]]:
        """Return the bit-error codes that are held: stretches without a gap, rising.

        Returns
        -------
        list of (int, ndarray)
            Number of the first word on the reference axis (word ``n`` lies at frame
            ``n * WORD_FRAMES``), and the words.
        """
        track = self.tracks[self._index(reference_id)]
        with track.lock:
            return track.codes.pieces()

    def luma_between(
        self, reference_id: str, start_s: float, end_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return times and 36x64 pictures of a stretch; empty where none are kept."""
        return self.tracks[self._index(reference_id)].luma_between(start_s, end_s)

    def adopt_run(self, number: int, run: Run, *, works: bool) -> None:
        """Hold a sealed run, of a file that was checked, in a slice of the live index."""
        with self.lock:
            (self.works if works else self.live).adopt_runs(number, (run,))
            self._changed(works=works)
            if not works:
                self._slices.add(number)

    def adopt_part(self, part: References, numbers: Collection[int]) -> None:
        """Hold what another one with the same numbers and origin holds of some references.

        Parameters
        ----------
        part : References
            Of a file that was checked; its tracks are shared with it.
        numbers : collection of int
            Whose tracks are taken.
        """
        for works in (False, True):
            for number, runs in (part.works if works else part.live).runs().items():
                for run in runs:
                    self.adopt_run(number, run, works=works)
        tracks = list(self.tracks)
        for number in numbers:
            if number < len(part.tracks):
                tracks[number] = part.tracks[number]
        self._take_tracks(tracks)
        self.notes |= part.notes

    def slice_of(self, at_s: float) -> int:
        """Return the slice of the live index in which a reference time lies."""
        return self._frame(at_s) // SLICE_FRAMES

    def reached(self) -> float | None:
        """Return the time that half of the live references have reached; ``None``: none spoke."""
        with self.lock:
            agreed_s = self.claims.agreed_s()[0]
        if agreed_s is not None:
            return agreed_s
        # References of a file have claimed no time yet: their media say how far they reach.
        ends_s = sorted(track.newest_s for track in self._live_tracks if track.newest_s is not None)
        return ends_s[(len(ends_s) - 1) // 2] if ends_s else None

    def _take_tracks(self, tracks: Sequence[Track]) -> None:
        self.tracks = tuple(tracks)
        self._live_tracks = tuple(
            track for info, track in zip(self.infos, tracks, strict=True) if info.kind != "work"
        )

    def _snapshot(self, *, works: bool) -> Snapshot:
        with self.lock:
            if works:
                self.works.compact(spared=_SPARED)
            return (self.works if works else self.live).snapshot()

    def _stack(self, *, works: bool) -> Stack:
        return Stack.of(
            (number, first, words)
            for number, info in enumerate(self.infos)
            if (info.kind == "work") == works
            for first, words in joined(self.codes(info.id))
        )

    def _index(self, reference_id: str) -> int:
        try:
            return self._number[reference_id]
        except KeyError:
            raise InputError(f"the reference {reference_id!r} does not exist") from None

    def _frame(self, at_s: float) -> int:
        return math.floor((at_s - (self._origin_s or 0.0)) * self.recipe.frames_per_s)

    def _slices_of(self, times: NDArray[np.float64] | None) -> NDArray[np.int64]:
        assert times is not None
        frames = np.floor((times - (self._origin_s or 0.0)) * self.recipe.frames_per_s)
        slices: NDArray[np.int64] = frames.astype(np.int64) // SLICE_FRAMES
        return slices

    def _claim(self, number: int, at_s: float, end_s: float) -> None:
        """Note a live reference's time, and refuse one that is far ahead of the others'."""
        with self.lock:
            others_s = self.claims.others_s(number)
            self.claims.claim(number, end_s)
            own_s = self.tracks[number].newest_s
            leaps = own_s is None or at_s > own_s + self.window_s
            if leaps and others_s is not None and at_s > others_s + self.window_s:
                raise InputError(
                    f"{self.infos[number].id}: its time is {at_s - others_s:,.0f} s ahead of the "
                    "other references'; its media are not used",
                    hint="Check the feed's clock.",
                )
            if self._origin_s is None:
                self._origin_s = math.floor(at_s)

    def _hear(self, number: int, audio: NDArray[np.float32], at_s: float) -> None:
        works, track = self.infos[number].kind == "work", self.tracks[number]
        window_s = math.inf if works else self.window_s
        end_s = track.end_s
        joined = end_s is not None and track.hearing is not None and abs(at_s - end_s) <= _JOIN_S
        if end_s is not None and not joined and end_s - window_s < at_s < end_s:
            audio = audio[round((end_s - at_s) * AUDIO_RATE_HZ) :]
            joined = track.hearing is not None
            at_s = end_s
            if not len(audio):
                return
        if not joined or track.hearing is None:
            frame = round((at_s - self.origin_s(works=works)) * self.recipe.frames_per_s)
            track.hearing = Hearing(self.recipe, frame)
            if track.first_s is None or end_s is None or abs(at_s - end_s) > window_s:
                track.first_s = at_s
            track.end_s = at_s
        step = _CHUNK_S * AUDIO_RATE_HZ
        for start in range(0, len(audio), step):
            extended = track.hearing.extend(audio[start : start + step])
            fresh = track.codes.put(extended.word, extended.words)
            with self.lock:
                self.put(number, extended.marks, extended.frame, works=works)
                if self.unsaved is not None and not works:
                    self.unsaved.code(number, *fresh)
        track.end_s = (at_s if not joined else track.end_s or at_s) + len(audio) / AUDIO_RATE_HZ

    def _changed(self, *, works: bool) -> None:
        self._snapshots[works].changed()
        self._stacks[works].changed()
        self._tops[works].changed()

    def put(self, number: int, marks: Landmarks, start: int, *, works: bool) -> None:
        """Hold landmarks that lie from frame ``start`` on; for the stage's own modules."""
        self._changed(works=works)
        if works:
            self.works.add(number, marks, start=start)
            return
        self.live.add(number, marks, start=start)
        if self.unsaved is not None:
            self.unsaved.add(number, marks, start)
        if len(marks.frames):
            first, last = int(marks.frames[0]) + start, int(marks.frames[-1]) + start
            self._slices.update(range(first // SLICE_FRAMES, last // SLICE_FRAMES + 1))

    def _expire_track(self, track: Track, before_s: float) -> None:
        track.expire(before_s, self._frame(before_s) // WORD_FRAMES)

    def _expire_slices(self, before: int) -> None:
        self.live.expire(before)
        if self.unsaved is not None:
            self.unsaved.expire(before)
        self._slices = {slice_ for slice_ in self._slices if (slice_ + 1) * SLICE_FRAMES > before}
        self._changed(works=False)

    def _trim(self) -> None:
        """Drop the slices that lie outside the window of what the references agree on.

        Where two disagree nobody knows which is right: both are kept, in at most three windows
        of slices, of which the oldest go.
        """
        with self.lock:
            low_s, high_s = self.claims.agreed_s()
            if low_s is None or high_s is None:
                return
            per_window = math.ceil(self.window_s * self.recipe.frames_per_s / SLICE_FRAMES)
            most_slices = 3 * per_window + 6
            bounds = self.slice_of(low_s - self.window_s), self.slice_of(high_s + self.window_s)
            if bounds == self._trimmed and len(self._slices) <= most_slices:
                return
            self._trimmed = bounds
            first, last = bounds
            if len(self._slices) > most_slices:
                first = max(first, sorted(self._slices)[-most_slices])
            self._expire_slices(first * SLICE_FRAMES)
            if max(self._slices, default=first) > last:
                self._slices = {slice_ for slice_ in self._slices if slice_ <= last}
                self.live = only(self.live, last)
                if self.unsaved is not None:
                    self.unsaved.only(last)
