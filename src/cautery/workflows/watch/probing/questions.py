"""A look as a question and its answer: plain values, so that any machine can do it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cautery.errors import CauteryError
from cautery.model import ExhibitId, Fault, Observation, Witness
from cautery.model.records import LookStep
from cautery.workflows.media.fetching import Fetched

Spends = Callable[[LookStep], AbstractContextManager[None]]
"""Takes note of which step of a look is under way, and for how long."""
Took = Callable[[LookStep, float], None]
"""Takes note of seconds that a step took elsewhere."""


def _unheard(step: LookStep, seconds: float) -> None:
    del step, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LookQuestion:
    """All that a look has to know of its stream.

    Parameters
    ----------
    id : str
        Of this look alone: what was seen can be asked for again by it.
    key : str
        The stream's redacted URL, its name in every record.
    url : str
        Exact, where it plays now.
    listed : str
        Exact, as its source lists it; a portal makes another link for each playing.
    host : str
        The stream's own.
    seconds : float
        How much media to ask for.
    anchor : float or None
        The stream's own clock, availability time minus media time, seconds; ``None``: not known.
    work : str or None
        Id of the event, channel or work that it is proven to carry; ``None``: it is not proven.
    licensee : str or None
        Id of the licensee's channel that the proof names.
    of_event : bool
        Whether the verdict names an event.
    earlier : Observation or None
        The newest one that names a reference by its pictures.
    named : Observation or None
        The newest one that by itself is enough to name a reference, by any sense.
    by_sound : bool
        Whether the sound alone was enough at the last look.
    offered_as_event : bool or None
        Whether it is offered as an event's; ``None``: somebody looked already, or nothing is
        offered.
    pictured : datetime or None
        When its pictures were last looked at since it was proven.
    second : bool
        Whether the last look spoke for a match that is not settled yet: this one comes first.
    within_s : float
        How long the look may take, seconds.
    """

    id: str
    key: str
    url: str = field(repr=False)
    listed: str = field(repr=False)
    host: str
    seconds: float
    anchor: float | None = None
    work: str | None = None
    licensee: str | None = None
    of_event: bool = False
    earlier: Observation | None = None
    named: Observation | None = None
    by_sound: bool = True
    offered_as_event: bool | None = None
    pictured: datetime | None = None
    second: bool = False
    within_s: float

    @property
    def proven(self) -> bool:
        """Whether a verdict says what it carries without licence."""
        return self.work is not None


@dataclass(slots=True, kw_only=True)
class UnderWay:
    """What stands of a look even if it breaks off.

    Parameters
    ----------
    exhibits : list of ExhibitId
        The captures that were sealed.
    anchor : float or None
        The stream's own clock, as the look found it.
    anew : bool
        Whether that clock began anew: what was seen before lies on another one.
    pictured : datetime or None
        When its pictures were found to be due, if they were.
    node : str
        Which node looked; empty: the watch's own machine.
    unsealed : bool
        Whether it broke off while the store had not taken all of it: no stream's fault.
    """

    spends: Spends
    took: Took = _unheard
    exhibits: list[ExhibitId] = field(default_factory=list)
    anchor: float | None = None
    anew: bool = False
    pictured: datetime | None = None
    node: str = ""
    unsealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LookWindow:
    """What one window of the media gave.

    Parameters
    ----------
    media_at_s : float
        When its first media became available, on the stream's own clock, epoch seconds.
    starts_s : float
        Media time of its first sample or picture, seconds.
    duration_s : float
        Its length, seconds.
    pictures : int
        Small pictures that were looked at.
    settled : bool
        Whether the sound alone says all that the pictures could.
    kept : bool
        Whether what its scores rest on can be sealed.
    """

    observation: Observation
    media_at_s: float
    starts_s: float
    duration_s: float
    pictures: int
    settled: bool
    kept: bool
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look gave.

    Parameters
    ----------
    fetched : Fetched
        Without its bytes.
    windows : tuple of LookWindow
        One of a live stream, or several of media that has ended; never none.
    node : str
        Which node looked; empty: the watch's own machine.
    """

    fetched: Fetched
    windows: tuple[LookWindow, ...]
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a reader is to see of a match.

    Parameters
    ----------
    witness : Witness
        Says at which instant of its reference the probe is.
    pictures_of : str
        Id of the reference whose pictures are shown.
    """

    witness: Witness
    pictures_of: str


class JudgedError(CauteryError):
    """A look failed elsewhere, and it is known whose fault that was.

    Parameters
    ----------
    error : Exception
        What it met.
    hindered : LookStep or None
        What of our own kept it from its end; ``None``: the stream did.
    """

    def __init__(self, error: Exception, *, hindered: LookStep | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.hindered = hindered


class Looks(Protocol):
    """Looks at streams, here or on other machines, and shows afterwards what was seen."""

    @property
    def capacity(self) -> int:
        """How many looks are done side by side."""
        ...

    @property
    def machines(self) -> int:
        """How many share the pace at which one host may be asked."""
        ...

    @property
    def grace_s(self) -> float:
        """How much longer than a look itself its asking may take, seconds."""
        ...

    async def look(self, question: LookQuestion, under_way: UnderWay) -> Look:
        """Look at a stream; what stands in any case goes into ``under_way``.

        Raises
        ------
        JudgedError
            If it failed on another machine.
        TimeoutError, CauteryError
            If it failed here.
        """
        ...

    async def marks(
        self, question: LookQuestion, look: Look, *, window: int, licensee: str
    ) -> tuple[Fault, ...]:
        """Return the mark over a window's pictures of a licensee, sealed, if there is one."""
        ...

    async def show(
        self, question: LookQuestion, look: Look, *, until: int, shown: Shown | None
    ) -> bool:
        """Seal what a verdict rests on, and record what a reader sees of the match.

        Parameters
        ----------
        until : int
            The window that decided.
        shown : Shown or None
            ``None``: what its scores rest on is enough.

        Returns
        -------
        bool
            Whether the match is shown.
        """
        ...

    async def let_go(self, question: LookQuestion, look: Look, *, until: int) -> None:
        """Forget a look's media; what its newest scores rest on is kept for a later verdict."""
        ...
