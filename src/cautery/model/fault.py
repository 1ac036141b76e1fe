"""What a feed carries that its reference does not; a stream that copies the feed carries it."""

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
    kind : FaultKind
        What kind of fault it is.
    reference : str
        Id of the reference against which it was seen.
    at_s : float
        Where it begins, in the reference's time, epoch seconds; of a delay, the reference time at
        the feed's own stamp 0.
    seconds : float
        Duration, seconds; 0: it has no end.
    exhibit : ExhibitId or None
        Of an advert, the sealed landmarks of its sound; of a logo, its sealed picture in cells;
        ``None``: any other fault.
    """

    kind: FaultKind
    reference: str
    at_s: float
    seconds: float = 0.0
    exhibit: ExhibitId | None = None

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise InputError(f"a {self.kind} cannot end before it begins")
