"""What the wall of a night counts, kept beside its streams: record by record, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cautery.model import DarkProbe, Decision, Entry, Finding, GuardVerdict, SupplyGraph
from cautery.model.records import (
    CalendarRead,
    Failure,
    ProbeDone,
    SourceRead,
    StreamAppeared,
    StreamVanished,
    WatchPace,
    WorkShed,
)
from cautery.projections.lines import StreamLine
from cautery.projections.tally import NOT_LOOKED_AT, error_of
from cautery.projections.words import kept_text

PACE, NETWORKS, LATEST = "pace", "networks", "latest"
"""Names of what is kept of the newest records. No stream came or went after the latest time."""
MOST_COUNTED = (1 << 53) - 1
_MOST_ERROR = 120
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND, _SECOND = timedelta(microseconds=1), 1_000_000


@dataclass(slots=True, kw_only=True)
class GuardLine:
    """What the guard says of one target.

    Parameters
    ----------
    by_lever : dict
        By lever, the decision of the newest verdict, and the bystanders whom the block would have
        hit: of a target that is allowed, none.
    """

    target: str
    by_lever: dict[str, tuple[Decision, tuple[str, ...]]] = field(default_factory=dict)

    def says(self, decision: Decision) -> bool:
        """Tell whether the guard decides so by any lever."""
        return any(decided is decision for decided, _ in self.by_lever.values())


@dataclass(slots=True)
class Sums:
    """How the proven and licensed streams of one right stand, together.

    Parameters
    ----------
    begun : int
        Of the proven ones, those that somebody saw begin; all that follows is of these.
    up : int
        Those that nobody has seen go.
    referred, dark : int
        Those that are on a list, and that were found dark.
    up_s, up_us : int
        When those that are up began, added: seconds since 1970, and microseconds besides.
    gone_s, gone_us : int
        How long those that are gone were up, added.
    """

    proven: int = 0
    licensed: int = 0
    begun: int = 0
    up: int = 0
    referred: int = 0
    dark: int = 0
    up_s: int = 0
    up_us: int = 0
    gone_s: int = 0
    gone_us: int = 0

    def add(self, other: Sums, sign: int) -> None:
        """Add the sums of other streams, or take them away."""
        self.proven += sign * other.proven
        self.licensed += sign * other.licensed
        self.begun += sign * other.begun
        self.up += sign * other.up
        self.referred += sign * other.referred
        self.dark += sign * other.dark
        self.up_s += sign * other.up_s
        self.up_us += sign * other.up_us
        self.gone_s += sign * other.gone_s
        self.gone_us += sign * other.gone_us

    def exposed_s(self, now: datetime) -> float | None:
        """Return how long they were up until now, seconds; ``None``: nobody saw one begin.

        It holds if no time of them is after ``now``.
        """
        if not self.begun:
            return None
        up_us = self.up * microseconds(now) - (self.up_s * _SECOND + self.up_us)
        return (up_us + self.gone_s * _SECOND + self.gone_us) / _SECOND


def sums_of(line: StreamLine) -> Sums:
    """Return what one stream adds to the sums of its right."""
    if line.finding is not Finding.PROVEN:
        return Sums(licensed=1)
    sums = Sums(proven=1)
    if line.first_seen is None:
        return sums
    first, gone_at = microseconds(line.first_seen), line.gone_at
    sums.begun = 1
    sums.referred = int(line.referred_at is not None)
    sums.dark = int(line.dark_at is not None)
    if gone_at is None:
        sums.up = 1
        sums.up_s, sums.up_us = divmod(first, _SECOND)
    else:
        sums.gone_s, sums.gone_us = divmod(max(microseconds(gone_at) - first, 0), _SECOND)
    return sums


def figures_of(line: StreamLine) -> Counter[str]:
    """Return what one stream adds to the counts of all streams."""
    figures = Counter(("streams",))
    if line.first_seen is not None:
        figures["offered"] = 1
    if line.looked_at:
        figures["looked_at"] = 1
    elif line.first_seen is not None and line.vanished is None:
        figures["unseen"] = 1
    if line.dark_at is not None:
        figures["dark"] = 1
    if line.finding is not None:
        figures[f"finding:{line.finding}"] = 1
    return figures


@dataclass(slots=True)
class Night:
    """Hears records, and keeps the figures that they change.

    Parameters
    ----------
    recalled : callable
        Returns what the guard said of a target before.
    guards : dict
        What it says now, by target, where that changed.
    spared : Counter
        By bystander, how many verdicts more name him.
    newest : dict
        By name, the record of it, and its figure.
    counts : Counter
        Failures by ``error:NAME``, and looks that were ``put_off``.
    """

    recalled: Callable[[str], GuardLine | None]
    guards: dict[str, GuardLine] = field(default_factory=dict)
    spared: Counter[str] = field(default_factory=Counter)
    newest: dict[str, tuple[int, int]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    _before: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    """By target, whether it was refused and narrowed."""

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case ProbeDone() as probe:
                if probe.hindered is not None:
                    self.counts[f"error:{NOT_LOOKED_AT}"] += 1
                elif probe.failed is not None:
                    self._fail(error_of(probe.failed))
            case Failure() as failure:
                self._fail(failure.error)
            case SourceRead() | CalendarRead() as read if read.failed is not None:
                self._fail(error_of(read.failed))
            case GuardVerdict() as verdict:
                self._decide(verdict)
            case SupplyGraph() as graph:
                self.newest[NETWORKS] = (entry.index, len(graph.networks))
            case WatchPace():
                self.newest[PACE] = (entry.index, 0)
            case StreamAppeared(at=at) | StreamVanished(at=at) | DarkProbe(at=at):
                _, latest = self.newest.get(LATEST, (0, 0))
                self.newest[LATEST] = (0, max(latest, microseconds(at)))
            case WorkShed() as shed:
                self.counts["put_off"] += sum(looks.count for looks in shed.looks)

    def added(self) -> Mapping[str, int]:
        """Return how many more targets are refused and narrowed."""
        added = {"refused": 0, "narrowed": 0}
        for target, line in self.guards.items():
            was_refused, was_narrowed = self._before[target]
            added["refused"] += line.says(Decision.REFUSE) - was_refused
            added["narrowed"] += line.says(Decision.NARROW) - was_narrowed
        return added

    def _fail(self, error: str) -> None:
        self.counts[f"error:{kept_text(error)[:_MOST_ERROR]}"] += 1

    def _decide(self, verdict: GuardVerdict) -> None:
        target, lever = kept_text(verdict.target), verdict.lever.value
        line = self.guards.get(target)
        if line is None:
            line = self.guards[target] = self.recalled(target) or GuardLine(target=target)
            self._before[target] = (line.says(Decision.REFUSE), line.says(Decision.NARROW))
        _, before = line.by_lever.get(lever, (None, ()))
        names = tuple(dict.fromkeys(map(kept_text, _hit(verdict))))
        line.by_lever[lever] = (verdict.decision, names)
        if names != before:
            self.spared.update(names)
            self.spared.subtract(before)


def _hit(verdict: GuardVerdict) -> Iterator[str]:
    if verdict.decision is not Decision.ALLOW:
        yield from verdict.collateral.names


@dataclass(frozen=True, slots=True, kw_only=True)
class RightLine:
    """One event, channel or work, as its proven and licensed streams stand.

    Parameters
    ----------
    exposed_s, detect_s, refer_s, dark_s : float or None
        Seconds that proven streams were up, together; the medians from the first sight of a stream
        until it was proven, on a list, and dark. ``None``: there is none.
    shown : tuple of StreamLine
        Proven ones: those that are up, the newest proof first, and then what went last.
    """

    right: str
    proven: int
    licensed: int
    exposed_s: float | None
    detect_s: float | None
    refer_s: float | None
    dark_s: float | None
    shown: tuple[StreamLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What the wall of a night shows, as the lists have it at one moment.

    Parameters
    ----------
    records : int
        How many records were taken up.
    rights : tuple of RightLine
        Those with a proven or licensed stream: of the mandate in its order, then others.
    others : int
        How many more there are.
    turned : tuple of int
        The newest verdicts that changed what is known of a stream, newest first.
    unseen : tuple of StreamLine
        Of the streams that nobody has looked at, those that wait longest.
    figures : mapping of str to int
        As :meth:`~cautery.projections.listing.Lines.added` names them.
    findings : mapping of Finding to int
        How many streams stand so.
    errors : tuple of (str, int)
        The commonest ones.
    pace : int or None
        The record of the newest pace.
    networks, spared : int
        How many networks the newest map has, and how many bystanders a block would have hit.
    """

    records: int
    rights: tuple[RightLine, ...]
    others: int
    turned: tuple[int, ...]
    unseen: tuple[StreamLine, ...]
    figures: Mapping[str, int]
    findings: Mapping[Finding, int]
    errors: tuple[tuple[str, int], ...]
    pace: int | None
    networks: int
    spared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WallAsked:
    """What is asked of a wall.

    Parameters
    ----------
    rights : tuple of str
        Those of the mandate, in its order.
    now : datetime
        Until when what is up counts as exposed.
    bars, turned, unseen, errors : int
        Most lines of each.
    """

    rights: tuple[str, ...]
    now: datetime
    bars: int
    turned: int
    unseen: int
    errors: int


def microseconds(at: datetime) -> int:
    """Return microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND
