"""What a look at pictures found, with its score, and from which score it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cautery.identify._judging import Place
from cautery.identify._shown import Probe
from cautery.identify._views import covered
from cautery.model.picture_part import ONE_PART, WHOLE, Part, overlap

_FILLS = 0.7
"""Of the picture, from which it shows a reference and no more: bars and frames leave as much."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A place with its score, and what the score rests on.

    Parameters
    ----------
    rough : Place
        The same place before the small pictures corrected it.
    chance : tuple of Place
        Where the probe played backwards says what chance reaches.
    probe : Probe
        The probe as it was compared: shaking pictures are held still.
    unusual : bool
        Found in another view than the picture as it is.
    """

    place: Place
    score: float
    rough: Place
    chance: tuple[Place, ...]
    probe: Probe
    unusual: bool

    @property
    def part(self) -> Part:
        """Of the probe's picture, that shows the reference."""
        return covered(self.place.view, self.place.placed)

    @property
    def fills(self) -> bool:
        """Whether the reference is all that the picture shows."""
        return overlap(self.part, WHOLE) >= _FILLS

    def beside(self, other: Scored) -> bool:
        """Tell whether the other one lies in another part of the picture."""
        return overlap(self.part, other.part) < ONE_PART


@dataclass(frozen=True, slots=True)
class Bars:
    """Scores from which a place is named, and from which it is told.

    Parameters
    ----------
    plain, unusual : float
        Of the picture as it is, at any speed; of all other views, which have a trial of their own.
    told : float or None
        ``None``: as they are named.
    """

    plain: float
    unusual: float
    told: float | None = None

    def named(self, results: Sequence[Scored]) -> list[Scored]:
        """Return those that are named."""
        return [
            result for result in results
            if result.score >= (self.unusual if result.unusual else self.plain)
        ]  # fmt: skip

    def least(self, *, unusual: bool) -> float:
        """Return the score from which a place is told."""
        return self.told if self.told is not None else self.unusual if unusual else self.plain
