"""Records of a watch: when it ran, whether it kept up, and what its probes saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.errors import InputError
from cautery.model.evidence import ExhibitId
from cautery.model.fault import Fault
from cautery.model.message import Message
from cautery.model.records.dated import Dated
from cautery.model.verdict import Observation, Verdict

_LAST_S = 253_402_300_799.0
"""The last second of the calendar, the end of the year 9999, in epoch seconds."""


class WatchBegin(StrEnum):
    """How a watch begins."""

    WINDOW_OPEN = "window open"
    """In the window of its mandate."""
    WINDOW_AHEAD = "window ahead"
    """It waits for the window of its mandate."""


class WatchEnd(StrEnum):
    """Why a watch ends."""

    WINDOW_CLOSED = "window closed"
    """It saw the whole window of its mandate."""
    DISK_FULL = "disk full"
    """There was no room for the case any more."""
    STORE_AWAY = "store away"
    """What the case lies in took no record any more, though it was not full."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it."""
    KILLED = "it was killed"
    """It ended without a record; who closed its case by hand says when it was last seen."""


class TakenWhy(StrEnum):
    """Why another process drives a case from now on."""

    SILENT = "it was silent"
    """The driver before had not given a sign of life."""
    GONE = "its process had ended"
    """On this machine the process of the driver before does not run any more."""
    GIVEN_BACK = "it gave the case back"
    """The driver before had ended in order."""


class LookStep(StrEnum):
    """What a look does, or what keeps it from its end."""

    FETCHING = "fetching"
    """Media are fetched."""
    DECODING = "decoding"
    """Media are decoded."""
    COMPARING = "comparing"
    """Media are compared with the references."""
    OWN_LOOP = "its own loop"
    """The watch's own loop was late, so an answer may have waited in this machine."""
    NODE = "a node"
    """A node was to look, and none answered in time, or what it answered is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStarted(Dated):
    """The first watch of a case begins.

    Parameters
    ----------
    why : WatchBegin
        Whether the window of its mandate is open.
    """

    why: WatchBegin


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchResumed(Dated):
    """A watch that was stopped goes on.

    Parameters
    ----------
    why : WatchBegin
        As in :class:`WatchStarted`.
    """

    why: WatchBegin


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStopped(Dated):
    """A watch ends; a later one may go on.

    Parameters
    ----------
    at : datetime
        When the watch ended, in UTC; of a killed watch whose case was closed by hand, when it was
        last seen.
    why : WatchEnd
        Why it ends.
    """

    why: WatchEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchTakenOver(Dated):
    """Another process drives the case from now on; the one before can add no record any more.

    Parameters
    ----------
    driver : str
        Who drives it now: machine and process.
    before : str
        Who drove it before.
    why : TakenWhy
        Why it was followed.
    silent_s : float
        How long the driver before was seen to be silent, seconds.
    stood_by : bool
        Whether this process stood by for it; ``False``: it was started after it.
    epoch : int
        Number of the lease: it grows by one whenever a case is taken up.
    """

    driver: str
    before: str
    why: TakenWhy
    silent_s: float
    stood_by: bool
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderConfined(Dated):
    """How the decoder's processes are confined, at the start of each watch.

    Parameters
    ----------
    seccomp : bool
        Whether every system call that is not on a list is refused; ``False``: the analyst started
        the watch without it, with ``CAUTERY_ALLOW_UNCONFINED``.
    landlock : int
        Version of Landlock in force; 0: none.
    own_network : bool
        Whether the processes have a network of their own, which is empty.
    own_files : bool
        Whether their root folder is empty.
    """

    seccomp: bool
    landlock: int
    own_network: bool
    own_files: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPace(Dated):
    """Whether the watch keeps up; recorded every 5 minutes, while it is late every 15 s.

    Parameters
    ----------
    offered : int
        Number of streams that the watch knows.
    unseen : int
        Number of streams that were not looked at yet.
    unseen_by_right : mapping
        Of these, the number for an ``event``, a ``channel``, a ``work``, or for none of them
        (``other``).
    late : bool
        Whether the watch does not keep up.
    references_late_s : float or None
        Delay of the latest live reference, seconds; ``None``: no live reference is followed.
    references_silent : tuple of str
        Ids of the live references that were never received.
    probes_late_s : float or None
        How long the oldest due look has waited, seconds; ``None``: no stream is known.
    loop_late_s : float
        How late the watch's own loop ran, seconds.
    why : Message or None
        What is late; ``None``: the watch keeps up.
    """

    offered: int
    unseen: int
    unseen_by_right: Mapping[str, int]
    late: bool
    references_late_s: float | None
    references_silent: tuple[str, ...]
    probes_late_s: float | None
    loop_late_s: float
    why: Message | None

    @property
    def late_s(self) -> float:
        """How far behind references or looks are, whichever is later; 0 if nothing was measured."""
        return max(self.references_late_s or 0.0, self.probes_late_s or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksShed:
    """How many looks of one kind were put off.

    Parameters
    ----------
    right : str
        Whether they were for an ``event``, a ``channel``, a ``work``, or for none of them
        (``other``).
    look : str
        The kind of look: ``second``, ``again`` or ``settled``.
    count : int
        Number of looks that were put off.
    """

    right: str
    look: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkShed(Dated):
    """Looks are put off for want of time, but never the first look at a new stream.

    Parameters
    ----------
    until : datetime
        Until when they are put off, in UTC.
    looks : tuple of LooksShed
        Which looks are put off, and how many.
    order : Message
        What comes first.
    why : Message or None
        What is late, as in :class:`WatchPace`.
    """

    until: datetime
    looks: tuple[LooksShed, ...]
    order: Message
    why: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostShown:
    """A host that a probe met, with what the host showed of itself.

    Parameters
    ----------
    host : str
        The host's name or address.
    shows : tuple of str
        Its port and the shapes of the path, such as ``port:25461`` and ``path:live``.
    """

    host: str
    shows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeDone(Dated):
    """A look at a stream ended, or was broken off.

    Parameters
    ----------
    at : datetime
        When the media were fetched, or when the look failed, in UTC.
    url : str
        The stream, redacted.
    observation : Observation or None
        What the probe found; ``None``: nothing could be fetched.
    failed : Message or None
        Why nothing could be fetched; ``None``: the look succeeded.
    hosts : tuple of str
        The hosts through which the probe passed, in order: by redirects and, where a question led
        on, by playlists to the media.
    shown : tuple of HostShown
        What these hosts showed of themselves.
    faults : tuple of Fault
        What the stream carries that its reference does not: a delay by the feed's own stamps, a
        freeze, an advert, a logo.
    exhibits : tuple of ExhibitId
        The WARC files of all transactions.
    hindered : LookStep or None
        What this machine, or the node that looked, was too slow for, so that the look says nothing
        about the stream; ``None``: the look was not broken off.
    redirected_to : str or None
        The host to which an open redirect led, or from which all media came, that a question names:
        all hosts before it only send whoever asks there, or echo; ``None``: there was none.
    named : tuple of str
        The hosts that a question names where it is not certain who serves, so that the asked host
        may only hand on: a proxy, or an echo of media at several hosts.
    node : str
        Name of the node that looked; empty: the watch's own machine did, or no node answered.
    """

    url: str
    observation: Observation | None
    failed: Message | None
    hosts: tuple[str, ...] = ()
    shown: tuple[HostShown, ...] = ()
    faults: tuple[Fault, ...] = ()
    exhibits: tuple[ExhibitId, ...] = ()
    hindered: LookStep | None = None
    redirected_to: str | None = None
    named: tuple[str, ...] = ()
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignmentShown:
    """A proven stream and its reference: stills of one moment, and how well both agree.

    Parameters
    ----------
    url : str
        The stream, redacted.
    reference : str
        Id of the reference that matched.
    shown : str or None
        Id of the reference whose pictures are shown: the licensee's own, if the licensee is known;
        ``None``: those of ``reference``.
    kind : str
        By which sense it matched: ``sound`` or ``picture``.
    delay_s : float
        Delay of the stream behind the reference, seconds.
    suspect_still : ExhibitId or None
        The sealed still of the stream; ``None``: it could not be made.
    reference_still : ExhibitId or None
        The sealed still of the reference; ``None``: it could not be made.
    suspect_at_s : float or None
        Moment of the stream's still, seconds of its media's time; ``None``: there is no still.
    reference_at_s : float or None
        The same moment in the reference's time, epoch seconds; ``None``: there is no still.
    reference_media : ExhibitId or None
        The sealed media of the reference around this moment; ``None``: they were gone.
    reference_media_s : float or None
        This moment in the time of these media, seconds; ``None``: there are none.
    lags_s : tuple of float
        Lags at which both were compared, seconds.
    strength : tuple of float
        How strongly both agree at each lag.
    """

    url: str
    reference: str
    shown: str | None = None
    kind: str
    delay_s: float
    suspect_still: ExhibitId | None = None
    reference_still: ExhibitId | None = None
    suspect_at_s: float | None = None
    reference_at_s: float | None = None
    reference_media: ExhibitId | None = None
    reference_media_s: float | None = None
    lags_s: tuple[float, ...]
    strength: tuple[float, ...]

    def __post_init__(self) -> None:
        for at_s in (self.suspect_at_s, self.reference_at_s):
            if at_s is not None and not abs(at_s) <= _LAST_S:
                raise InputError(f"{at_s} s is outside of the calendar")


KINDS: dict[str, type] = {
    "watch.started": WatchStarted,
    "watch.resumed": WatchResumed,
    "watch.stopped": WatchStopped,
    "watch.taken-over": WatchTakenOver,
    "decoder.confined": DecoderConfined,
    "watch.pace": WatchPace,
    "work.shed": WorkShed,
    "probe.done": ProbeDone,
    "verdict": Verdict,
    "alignment": AlignmentShown,
}
