"""One source being read: where its media lie on the reference's axis, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.fingerprint.audio import loudness_db
from cautery.model.media import Decoded
from cautery.workflows.media.pump import media_start_s

_CONTINUES_S = 0.5
"""A file whose time stamps begin within this of where the last one ended continues it: segments of
one recording keep their clock, other files begin at 0."""
_SILENT_DB = -60.0
"""As :mod:`cautery.identify.sound` has it."""
_MOST_WARNINGS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What became of one source.

    Parameters
    ----------
    seconds : float
        Of media that are held.
    files : int
        That they came from.
    codecs, warnings : tuple of str
        As the decoder says, each once.
    failures : tuple of str
        Files that could not be read, with the reason; without any other file the reference is not
        in the ``.ref``.
    kept : bool
        It was finished by an earlier, interrupted build.
    """

    id: str
    seconds: float = 0.0
    files: int = 0
    codecs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    kept: bool = False

    @property
    def held(self) -> bool:
        """Whether the reference is in the ``.ref``."""
        return self.seconds > 0


class Reading:
    """One source being read: where on its axis the next media lie, and what was said of them."""

    def __init__(self, id: str) -> None:
        self._id = id
        self.end_s = 0.0
        self.failures: list[str] = []
        self._codecs: dict[str, None] = {}
        self._warnings: dict[str, None] = {}
        self._newest: tuple[str, ...] = ()
        self._files = 0
        self._anchor_s: float | None = None
        self._stamp_s: float | None = None
        self._seconds = 0.0
        self._loud = False

    def place(self, part: Decoded) -> float:
        """Return the reference time of a part's start."""
        start_s = media_start_s(part)
        if self._anchor_s is None:
            stamp_s = self._stamp_s
            continues = stamp_s is not None and abs(start_s - stamp_s) <= _CONTINUES_S
            gap_s = start_s - stamp_s if continues and stamp_s is not None else 0.0
            self._anchor_s = self.end_s + gap_s - start_s
            self._files += 1
        return max(0.0, self._anchor_s + start_s)

    def heard(self, part: Decoded) -> None:
        """Take note of a part that was added."""
        start_s = media_start_s(part)
        self._stamp_s = start_s + part.duration_s
        self.end_s = max(self.end_s, (self._anchor_s or 0.0) + self._stamp_s)
        self._seconds += part.duration_s
        self._codecs |= dict.fromkeys(part.codecs)
        self._newest = part.warnings  # a part repeats and counts what its file gave before
        self._loud |= len(part.audio) > 0 and loudness_db(part.audio) >= _SILENT_DB

    def next_file(self) -> None:
        """Say that what follows comes from another file."""
        self._anchor_s = None
        self._warnings |= dict.fromkeys(self._newest)
        self._newest = ()

    def outcome(self) -> Built:
        """Return what came of it."""
        self.next_file()
        warnings = list(self._warnings)
        if self._seconds and not self._loud and "it has no sound" not in warnings:
            warnings.append("its sound is silent throughout")
        if len(warnings) > _MOST_WARNINGS:
            warnings[_MOST_WARNINGS:] = [f"and {len(warnings) - _MOST_WARNINGS} more warnings"]
        return Built(
            id=self._id,
            seconds=self._seconds,
            files=self._files,
            codecs=tuple(self._codecs),
            warnings=tuple(warnings),
            failures=tuple(self.failures),
        )
