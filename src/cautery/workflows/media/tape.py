"""The tape: the newest bytes of each reference, kept as evidence outside the case.

What a verdict rests on is copied from it into the vault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes of a reference on the tape, and the reference time that they cover.

    ``media_s`` is the bytes' own time at ``start_s``.
    """

    path: Path
    start_s: float
    end_s: float
    media_s: float


@dataclass(slots=True)
class Tape:
    """The last minutes of each reference as bytes, in a folder of their own."""

    folder: Path
    window_s: float
    _pieces: dict[str, list[Piece]] = field(default_factory=dict)
    _count: int = 0

    def keep(
        self, reference: str, data: bytes, *, start_s: float, end_s: float, media_s: float
    ) -> None:
        """Add bytes, and let go of those that left the window."""
        self._count += 1
        path = self.folder / f"{self._count}.media"
        path.write_bytes(data)
        pieces = self._pieces.setdefault(reference, [])
        pieces.append(Piece(path=path, start_s=start_s, end_s=end_s, media_s=media_s))
        while pieces and pieces[0].end_s < end_s - self.window_s:
            pieces.pop(0).path.unlink(missing_ok=True)

    def at(self, reference: str, moment_s: float) -> Piece | None:
        """Return the piece that covers a reference time."""
        return next(
            (
                piece
                for piece in self._pieces.get(reference, [])
                if piece.start_s <= moment_s < piece.end_s
            ),
            None,
        )

    def stamps_s(self, reference: str) -> float | None:
        """Return the reference time that a reference's own stamp 0 has; ``None``: not known."""
        pieces = self._pieces.get(reference)
        return pieces[-1].start_s - pieces[-1].media_s if pieces else None
