"""References that go on for days, in a folder that outlives its writer's crash.

``league.ref/`` holds a ``manifest`` and, for each minute of the window, immutable files: parts,
written every few seconds while the minute is open, and one sealed file in their place when it is
over. The manifest names what counts and is replaced as a whole, so that a crash at any moment
loses what came in since the last :meth:`LiveFolder.roll` and nothing else. Readers in other
processes map the files that the manifest names; those of expired minutes are deleted once it no
longer does.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cautery.errors import InputError, StorageError
from cautery.fingerprint.index import Run
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.container import TEMPORARY, map_arrays, write_arrays
from cautery.identify.references.held import References
from cautery.identify.references.info import MOST_NOTES, Note, ReferenceInfo
from cautery.identify.references.manifest import (
    MANIFEST,
    MOST_NOTE,
    SLICE_FORM,
    Known,
    Manifest,
    Minute,
    fill,
    manifest_of,
    mapped,
    names,
)
from cautery.identify.references.packed import KINDS, packed, packed_runs, unpacked
from cautery.identify.references.saved import head_of, making_sense
from cautery.identify.references.unsaved import Held, Unsaved, by_reference

ROLL_S = 10.0
"""How often a writer may well roll: what a crash loses, against 6 small files a minute."""
_LOCK = "writer"
_LATE_S = 15.0
"""A minute is over when half of the references are so far past it."""
_MOST_PARTS = 12
"""Files of one minute after which they are put into one; late media make more after the first."""


class LiveFolder:
    """The one writer of a live folder; ``references`` is what media are added to.

    Parameters
    ----------
    path : Path
        Made if it is not there; what it holds is taken over, and the time between is a gap.
    recipe : Recipe
    infos : sequence of ReferenceInfo
        Live ones only. A folder that is taken over may hold fewer of them, in the same order.
    window_s : float
    origin_s : float, optional
        Where frame 0 lies, for folders that are merged: the same for all of them. ``None``: at the
        first media.

    Raises
    ------
    InputError
        If the folder is damaged, of another recipe, window, origin or other references, or has a
        writer already.
    StorageError
        If it cannot be written.
    """

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        infos: Sequence[ReferenceInfo],
        window_s: float = 600.0,
        *,
        origin_s: float | None = None,
    ) -> None:
        if any(info.kind == "work" for info in infos):
            raise InputError(
                "a live folder can hold only live references",
                hint="Put recordings into a .ref file of their own.",
            )
        self.path = path
        self.references = References(recipe, infos, window_s)
        self.references.set_origin(origin_s)
        self._manifest = Manifest()
        self._notes: dict[str, tuple[Note, ...]] = {}
        _look_free(path)
        self._lock = _locked(path)
        try:
            if (path / MANIFEST).exists():
                self._resume()
            else:
                self._replace((), self._spans())
            self._clean()
            self.references.unsaved = Unsaved()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def files(self) -> tuple[Path, ...]:
        """What the folder consists of since the last :meth:`roll`; the manifest is the last."""
        return (
            *(self.path / name for name in sorted(self._manifest.files)),
            self.path / MANIFEST,
        )

    def note(self, name: str, at_s: float, text: str) -> None:
        """Keep what befell a reference, for whoever asks what the folder holds.

        Parameters
        ----------
        at_s : float
            When, epoch seconds.
        text : str
            One line; the next :meth:`roll` writes it.
        """
        printable = "".join(char if char.isprintable() else " " for char in text)[:MOST_NOTE]
        earlier = self._notes.get(name, ())
        self._notes[name] = (*earlier, Note(at_s, printable))[-MOST_NOTES:]

    def roll(self) -> int:
        """Write what has come in since, seal minutes that are over, delete expired ones.

        Returns
        -------
        int
            The manifest's generation.

        Raises
        ------
        StorageError
            If it cannot be written. Readers see what they saw before; what was not written is
            tried again by the next roll.
        """
        references = self.references
        # Spans first: should media come in meanwhile, no span tells of more than is written.
        spans = self._spans()
        with references.lock:
            # Exchanged under the lock: each segment that comes in is in this roll or in the next,
            # and in one of them alone.
            unsaved, references.unsaved = references.unsaved, Unsaved()
            all_runs = references.live.runs()
        assert unsaved is not None
        runs, pieces = unsaved.take()
        minutes = {minute.number: minute for minute in self._manifest.minutes}
        try:
            for number in sorted({*runs, *pieces}):
                name = self._write(number, runs.get(number, ()), pieces.get(number, {}))
                minute = minutes.get(number, Minute(number, False, ()))
                minutes[number] = replace(minute, files=(*minute.files, name))
            oldest, over = self._bounds()
            for number, minute in list(minutes.items()):
                if number < oldest:
                    del minutes[number]
                elif self._due(minute, over):
                    name = self._write(number, all_runs.get(number, ()), self._merged(minute))
                    minutes[number] = Minute(number, True, (name,))
            ordered = tuple(minutes[number] for number in sorted(minutes))
            if (
                ordered != self._manifest.minutes
                or spans != self._manifest.head.get("spans")
                or self._notes != self._manifest.notes
            ):
                self._replace(ordered, spans)
        except BaseException:
            with references.lock:
                # What could not be written goes in front of what came in since, for the next
                # roll.
                references.unsaved.before(unsaved)
            raise
        finally:
            self._clean()
        return self._manifest.generation

    def close(self) -> None:
        """Let another write. What came in since the last roll is not written."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _resume(self) -> None:
        opened_files: Known = {}
        loaded = mapped(self.path, recipe=self.references.recipe, known=opened_files)
        count = len(loaded.infos)
        if loaded.infos != self.references.infos[:count] or (
            loaded.window_s != self.references.window_s
        ):
            raise InputError(
                f"{self.path}: it holds other references, or another window",
                hint="Use a new folder, or only add references after those that it holds.",
            )
        self._manifest = manifest_of(self.path)
        with making_sense(self.path):
            self._notes = self._manifest.notes
            if self._manifest.minutes:
                self._go_on_from(loaded.origin_s(works=False))
            fill(self.references, self._manifest, opened_files)

    def _go_on_from(self, origin_s: float) -> None:
        """Count frames as the folder does."""
        references = self.references
        if references.began and references.origin_s(works=False) != origin_s:
            raise InputError(
                f"{self.path}: its frames are counted from another moment",
                hint="Use a new folder.",
            )
        references.set_origin(origin_s)

    def _bounds(self) -> tuple[int, int]:
        """Return the oldest slice to keep and the first that is not over."""
        reached_s = self.references.reached()
        if reached_s is None:
            # Before every slice there can be: nothing is too old, and nothing is over.
            return -(1 << 62), -(1 << 62)
        slice_of = self.references.slice_of
        return slice_of(reached_s - self.references.window_s), slice_of(reached_s - _LATE_S)

    @staticmethod
    def _due(minute: Minute, over: int) -> bool:
        """Tell whether a minute's parts are put into one file now."""
        if len(minute.files) < 2:
            return False
        return len(minute.files) >= _MOST_PARTS or (minute.number < over and not minute.sealed)

    def _merged(self, minute: Minute) -> Held:
        """Return the per-reference pieces of all files of a minute."""
        count = len(self.references.infos)
        parts = []
        for name in minute.files:
            arrays = map_arrays(self.path / name, verify=False).arrays
            for kind in KINDS:
                parts += [(kind, *row) for row in unpacked(arrays, kind, count)]
        return by_reference(parts)

    def _write(self, number: int, runs: Sequence[Run], pieces: Mapping[str, Any]) -> str:
        rows, arrays = packed_runs({"live": {number: runs}})
        for kind in KINDS:
            arrays += packed(kind, pieces.get(kind, ()))
        # By chance, so that no name is given twice: readers keep what they mapped under a name
        # (``manifest.Known``) and never look at its file again.
        name = f"s{number}-{secrets.token_hex(4)}.slice"
        head = {"form": SLICE_FORM, "slice": number, "runs": rows}
        write_arrays(self.path / name, head, arrays)
        return name

    def _spans(self) -> list[list[float | None]]:
        spans = []
        for track in self.references.tracks:
            with track.lock:
                spans.append([track.first_s, track.end_s])
        return spans

    def _replace(self, minutes: tuple[Minute, ...], spans: list[list[float | None]]) -> None:
        notes = {
            name: [[note.at_s, note.text] for note in notes] for name, notes in self._notes.items()
        }
        head = {**head_of(self.references), "spans": spans, "notes": notes}
        manifest = Manifest(self._manifest.generation + 1, minutes, head)
        write_arrays(self.path / MANIFEST, manifest.said(), ())
        self._manifest = manifest

    def _clean(self) -> None:
        """Delete what the manifest does not name: expired, sealed elsewhere, or left by a crash."""
        named_files = self._manifest.files
        for entry in self.path.iterdir():
            if entry.name.startswith(TEMPORARY):
                entry.unlink(missing_ok=True)
        for name in list(names(self.path)):
            if name.name not in named_files:
                name.unlink(missing_ok=True)


def _look_free(path: Path) -> None:
    """Refuse a folder of something else: what a writer finds and does not know, it deletes."""
    if not path.is_dir() or (path / MANIFEST).exists():
        return
    foreign = [
        entry.name
        for entry in path.iterdir()
        if entry.name != _LOCK and not entry.name.startswith(TEMPORARY)
    ]
    if foreign:
        raise InputError(
            f"{path}: it holds {foreign[0]!r}, but no manifest of live references",
            hint="Give a new or an empty folder.",
        )


def _locked(path: Path) -> int:
    """Return a descriptor that holds the folder's lock until it is closed, even by a crash."""
    try:
        path.mkdir(parents=False, exist_ok=True)
        handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except FileExistsError as error:
        raise InputError(f"{path}: a file, not a live folder", hint="Give a folder.") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise InputError(
            f"{path}: another process is writing it",
            hint="Only one process may write it; others may read it meanwhile.",
        ) from error
    return handle
