"""What a file or a stream carries: `cautery identify`'s answer, with its likelihood ratio."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.errors import InputError
from cautery.model.message import Message
from cautery.model.picture_part import Part
from cautery.model.verdict import verbal

METHODS = ("landmark", "bit-error", "video")
"""How a reference may be recognised: pairs of spectral peaks, signs of band energies, motion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """An unbroken part of a probe that follows one reference, or several that say the same.

    Parameters
    ----------
    references : tuple of str
        Strongest first; several are a simulcast: over this stretch nothing tells them apart.
    start_s, end_s : float
        Seconds from the probe's start.
    offset_s : float
        Reference time (of the first reference) at ``start_s``.
    speed : float
        The probe's speed over the reference's, 1.0 when untouched.
    log10_lr : float
        Base-10 log of the likelihood ratio of *same content* against *other content*.
    confirmed : bool
        Two of its windows, each above the threshold by itself, agree on the offset.
    part : tuple of float or None
        Of the picture, that shows the reference: (top, left, height, width), shares of the whole.
        ``None``: all of it, or no picture. Two stretches at one time are two contents at once.
    """

    references: tuple[str, ...]
    start_s: float
    end_s: float
    offset_s: float
    speed: float = 1.0
    log10_lr: float = 0.0
    confirmed: bool = False
    part: Part | None = None

    def __post_init__(self) -> None:
        if not self.references or not self.start_s <= self.end_s:
            raise InputError("a stretch must name a reference and must not end before it starts")

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """The reference that one probe shows, or the statement that it matches no reference.

    Parameters
    ----------
    channels : tuple of str
        The channels or works it carries, a set where nothing tells them apart; empty: none.
    event : str or None
        The event, when the references found show one.
    licensee : str or None
        The one channel whose own sound or graphics were recognised.
    offset_s : float or None
        Reference time at the probe's start, by the line through what matched.
    delay_s : float or None
        Probe behind reference; ``None`` for a file, which has no clock.
    score : float
        Best witness's, in its own unit.
    probability : float or None
        Posterior at ``base_rate``, for triage only.
    confirmed : bool
        Two windows of at least 5 s that do not overlap, each above the threshold, agree within
        0.2 s once the speed is undone.
    witnesses : tuple of str
        Which of :data:`METHODS` speak for it.
    reason : Message or None
        What matched where, or why nothing is claimed; ``None``: no reason is given.
    stretches : tuple of Stretch
        What was found along the probe, in order of time, quotations too.
    quoted : tuple of str
        References of which the probe holds a passage too short to be a re-broadcast.
    partner : str or None
        The licensed partner that carries it.
    probe_s : float
        Seconds that were looked at.
    alternatives : tuple of float
        Further reference times at the probe's start that fit as well: the reference repeats.
    """

    channels: tuple[str, ...] = ()
    event: str | None = None
    licensee: str | None = None
    offset_s: float | None = None
    delay_s: float | None = None
    speed: float = 1.0
    score: float = 0.0
    log10_lr: float = 0.0
    probability: float | None = None
    base_rate: float | None = None
    confirmed: bool = False
    witnesses: tuple[str, ...] = ()
    recipe: str = ""
    reason: Message | None = None
    stretches: tuple[Stretch, ...] = ()
    quoted: tuple[str, ...] = ()
    partner: str | None = None
    probe_s: float = 0.0
    alternatives: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        unknown = [witness for witness in self.witnesses if witness not in METHODS]
        if unknown:
            raise InputError(f"{unknown[0]!r} is not a method of identification")
        if self.confirmed and not (self.channels or self.event):
            raise InputError("a confirmed identification must name a channel, a work or an event")
        if self.licensee is not None and self.licensee not in self.channels:
            raise InputError("the licensee must be one of the channels named")

    @property
    def likelihood_ratio(self) -> float:
        """How many times more probable this is if the content is the same."""
        return float(10.0**self.log10_lr)

    @property
    def verbal(self) -> str:
        """The likelihood ratio in words of the ENFSI guideline."""
        return verbal(self.log10_lr)
