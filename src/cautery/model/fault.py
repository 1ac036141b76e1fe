"""What a feed carries that its reference does not: whoever takes it on carries it, too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId


class FaultKind(StrEnum):
    """What two services of one feed have in common."""

    DELAY = "delay"
    """How far its own time stamps lie from the reference's time: one encoder, one number."""
    FREEZE = "freeze"
    """Its picture stood still while the reference's moved."""
    ADVERT = "advert"
    """It played sound that no reference has, in place of the programme."""
    LOGO = "logo"
    """It lays a mark over the licensee's own pictures, which have the licensee's in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault of a feed, seen in one probe.

    Parameters
    ----------
    reference : str
        Against which it was seen.
    at_s : float
        Reference time, epoch seconds: where it begins; of a delay, the reference time that the
        feed's own stamp 0 has.
    seconds : float
        How long it lasts; 0 for what has no end.
    exhibit : str or None
        Of an advert, the sealed landmarks of its sound; of a logo, its sealed picture in cells.
    """

    kind: FaultKind
    reference: str
    at_s: float
    seconds: float = 0.0
    exhibit: ExhibitId | None = None

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise InputError(f"a {self.kind} that ends before it begins")
