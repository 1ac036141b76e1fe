"""One suspect stream under watch: its state, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from cautery.graph.faults import Carried
from cautery.model import Finding, Observation, Offer, Verdict
from cautery.model.records import LookStep

SECOND_LOOK_S = 8.0
"""Two probes this far apart hold enough new media to agree (docs/reference/sources.md, F38)."""
LINEAR_LOOK_S = 9.0
"""A linear channel must match for over 35 s, since adverts last 30 s: four looks then suffice."""
RECHECK_S = 20.0
"""A proven stream is looked at again this often: exposure is what our probe sees."""
BACKOFF_S = (12.0, 20.0, 40.0, 60.0)
"""A stream that shows no work of the mandate, or fails, is asked less and less often."""


@dataclass(slots=True, kw_only=True)
class Stream:
    """A stream as one watch knows it; the exact URL stays in memory.

    Parameters
    ----------
    url : str
        Exact, with credentials if the source gave any.
    key : str
        The redacted URL: the stream's name in every record.
    played : str
        Where it played last, exact: of a portal's stream a link of its own for each playing.
    anchor : float or None
        Availability time minus media time, seconds: the stream's own clock.
    """

    url: str
    key: str
    host: str
    title: str | None
    source: str
    first_seen: datetime
    offer: Offer | None = None
    live: bool = True
    due: datetime = field(init=False)
    played: str = ""
    anchor: float | None = None
    observations: list[Observation] = field(default_factory=list)
    verdict: Verdict | None = None
    probes: int = 0
    failures: int = 0
    in_hand: bool = False
    looked: bool = False
    """Whether a look at it came to an end, whatever it showed."""
    hindered: int = 0
    """Looks in a row that this machine broke off."""
    doing: LookStep | None = None
    """What the look under way, or the one that was broken off, is doing."""
    aligned: bool = False
    told: bool = False
    """Whether its appearance is a record: of thousands it is when they are first looked at."""
    via: set[str] = field(default_factory=set)
    """Hosts that looks which prove it were redirected to: a panel's line leads to an edge."""
    sent_on: frozenset[str] = frozenset()
    """Hosts before an open redirect came to its place, at the last look: bystanders."""
    open_redirect: bool = False
    """Whether its own host only sends whoever asks to the place that the question names."""
    carried: list[Carried] = field(default_factory=list)
    """Faults that its newest probes showed."""
    marked: list[datetime] = field(default_factory=list)
    """When marks over its pictures were sealed, of late."""
    by_sound: bool = True
    """Whether the sound alone may say whose it is: it did at the last look, or nobody looked."""
    answered_at: set[str] = field(default_factory=set)
    """Addresses of its host that answered a probe of this run."""
    shown_at: datetime | None = None
    """When a probe of this run last showed what it is proven by."""
    left_open: bool = False
    """Whether further probes settle nothing: a partner's own host leads to it."""
    pictured: datetime | None = None
    """When its pictures were last looked at since it was proven."""
    places: tuple[str, ...] = ()
    """Redacted URLs by which it was last reached: redirects, then a segment."""

    def __post_init__(self) -> None:
        self.due = self.first_seen

    @property
    def proven(self) -> bool:
        """Whether a verdict says that it re-broadcasts a work of the mandate without licence."""
        return self.verdict is not None and self.verdict.finding is Finding.PROVEN

    @property
    def proven_on(self) -> date | None:
        """The day of the newest probe that proves it; ``None``: it is not proven."""
        if self.verdict is None or not self.proven:
            return None
        probes = (observation.at for observation in self.verdict.observations)
        return (self.shown_at or max(probes, default=self.verdict.at)).date()

    @property
    def pending(self) -> bool:
        """Whether the last probe spoke for a reference, and nothing is settled yet.

        A probe for which the references came too late leaves that as it was.
        """
        settled = self.verdict is not None and self.verdict.finding in (
            Finding.PROVEN,
            Finding.LICENSED,
        )
        newest = self.newest_heard
        seen = newest is not None and bool(newest.witnesses)
        return seen and not settled and not self.left_open

    @property
    def newest_heard(self) -> Observation | None:
        """The newest observation for which the references had come far enough, if there is one."""
        return next((one for one in reversed(self.observations) if not one.came_too_early), None)

    def wanted(self, now: datetime) -> bool:
        """Tell whether a look is due, in hand or not.

        One that has just left its source is still looked at until its match is settled.
        """
        listed = self.live or (self.pending and bool(self.url) and self.failures == 0)
        return listed and self.due <= now

    @property
    def priority(self) -> tuple[int, datetime]:
        """Lower first: second looks at a hit, then strangers, then the rest; oldest first."""
        settled = self.verdict is not None and self.verdict.finding in (
            Finding.PROVEN,
            Finding.LICENSED,
        )
        rank = 0 if self.pending else 1 if self.probes == 0 else 3 if settled else 2
        return rank, self.due

    def schedule(self, now: datetime) -> None:
        """Set when to probe next, from what the last probe gave."""
        if self.verdict is not None and self.verdict.finding in (Finding.PROVEN, Finding.LICENSED):
            wait = RECHECK_S
        elif self.pending:
            event = self.verdict is not None and self.verdict.event is not None
            wait = SECOND_LOOK_S if event else LINEAR_LOOK_S
        else:
            times = max(self.probes, self.hindered, 1)
            wait = BACKOFF_S[min(times, len(BACKOFF_S)) - 1]
        self.due = now + timedelta(seconds=wait)
