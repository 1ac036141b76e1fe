"""The rules: when people are told of a case, from its records, its clocks and the time.

Each finding names what it is about by records or ids of acts, so that nothing is told a second
time, also after a restart. A record goes by its number and its digest: another case may come to
have the name of an earlier one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery.model import Entry, Finding, Notice, Verdict, Window
from cautery.model.alert import AlertRule
from cautery.model.records import (
    CaseOpened,
    ProofFollowed,
    WatchDied,
    WatchPace,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    kinds_of,
)
from cautery.projections.folding import heard as hears
from cautery.projections.following import FOLLOWING_KINDS, Following
from cautery.projections.lines import ActLine

KINDS_HEARD = (
    *kinds_of(
        Notice,
        ProofFollowed,
        Verdict,
        WatchDied,
        WatchPace,
        WatchResumed,
        WatchStarted,
        WatchStopped,
    ),
    *FOLLOWING_KINDS,
)
"""Kinds of records that say something to a rule."""
Waits = Mapping[AlertRule, timedelta]
"""For how long a rule must hold, or, of ``expiring`` and ``review-due``, how long before the end;
none: it is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A rule that holds, as :class:`~cautery.model.records.AlertRaised` has it."""

    rule: AlertRule
    about: tuple[str, ...]
    count: int


@dataclass(slots=True)
class Heard:
    """What the records of one case say to the rules.

    Parameters
    ----------
    next : int
        Number of the record that was not heard yet.
    last : str
        What names the record before that.
    proven : dict
        By the URL of a stream, the record that proved it first, and its time.
    drafted : set of str
        URLs that a referral or a notice names.
    late : (str, datetime) or None
        The record since which the watch is behind, without a break.
    begun : str or None
        The record with which its watch began or went on; ``None``: it stopped, or never began.
    alone_since : datetime or None
        Since when no process was seen at work on it.
    deaths : list of (str, datetime)
        The records with which the season of its watch said that it died.
    following : Following
        What it follows, if it does.
    grown : list of (str, datetime)
        The records that propose descendants.
    """

    next: int = 0
    last: str = ""
    window: Window | None = None
    proven: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    drafted: set[str] = field(default_factory=set)
    late: tuple[str, datetime] | None = None
    begun: str | None = None
    alone_since: datetime | None = None
    deaths: list[tuple[str, datetime]] = field(default_factory=list)
    following: Following = field(default_factory=Following)
    grown: list[tuple[str, datetime]] = field(default_factory=list)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        record, at = record_name(entry), entry.record.at
        before = self.following.count
        hears((self.following.hear,), entry)
        if self.following.count > before:
            self.grown += [
                (record_name(descendant.entry), descendant.entry.record.at)
                for descendant in self.following.descendants()[before:]
            ]
        match entry.content:
            case CaseOpened(mandate=mandate) if entry.index == 0:
                self.window = mandate.window
            case Verdict(finding=Finding.PROVEN) as verdict:
                self.proven.setdefault(str(verdict.url), (record, at))
            case ProofFollowed() as followed if followed.referrals or followed.notices:
                self.drafted.add(followed.url)
            case Notice() as notice:
                self.drafted.update(str(noticed.url) for noticed in notice.urls)
            case WatchPace() as pace:
                self.late = (self.late or (record, at)) if pace.late else None
            case WatchStarted() | WatchResumed():
                self.begun, self.late, self.alone_since = record, None, None
            case WatchDied():
                self.deaths.append((record, at))
            case WatchStopped():
                self.begun = self.late = None

    def should_run(self, now: datetime) -> bool:
        """Tell whether a watch should be at work on the case now."""
        window = self.window
        return self.begun is not None and window is not None and window.start <= now < window.end


def record_name(entry: Entry) -> str:
    """Return how an alert names a record: by its number, and the beginning of its digest."""
    return f"{entry.index} {hashlib.sha256(entry.leaf).hexdigest()[:16]}"


def found(
    heard: Heard, waiting: tuple[ActLine, ...], waits: Waits, *, since: datetime, now: datetime
) -> Iterator[Found]:
    """Yield the rules that hold of a case.

    Parameters
    ----------
    waiting : tuple of ActLine
        Acts that wait for a person, those first whose time ends first.
    since : datetime
        When alerts began: what was proven, or overdue, before is old news.
    """
    news = {url: first for url, first in heard.proven.items() if first[1] >= since}
    if AlertRule.PROVEN in waits and news:
        yield Found(
            rule=AlertRule.PROVEN,
            about=tuple(record for record, _ in news.values()),
            count=len(news),
        )
    wait = waits.get(AlertRule.NOTHING_DRAFTED)
    if wait is not None:
        bare = [
            record
            for url, (record, at) in news.items()
            if url not in heard.drafted and now - at >= wait
        ]
        if bare:
            yield Found(
                rule=AlertRule.NOTHING_DRAFTED,
                about=tuple(bare),
                count=len(bare),
            )
    wait = waits.get(AlertRule.BEHIND)
    if wait is not None and heard.late is not None and now - heard.late[1] >= wait:
        record, at = heard.late
        behind_s = int((now - at).total_seconds())
        yield Found(rule=AlertRule.BEHIND, about=(record,), count=behind_s)
    wait = waits.get(AlertRule.EXPIRING)
    if wait is not None:
        soon = [
            line
            for line in waiting
            if line.due_at is not None and since <= line.due_at and line.due_at - now <= wait
        ]
        if soon:
            yield Found(
                rule=AlertRule.EXPIRING,
                about=tuple(f"{line.id} {line.due_at:%Y-%m-%dT%H:%M:%SZ}" for line in soon),
                count=len(soon),
            )
    yield from _followed(heard, waits, since=since, now=now)
    wait = waits.get(AlertRule.WATCH_DIED)
    # A season starts it again within seconds: people are told at once all the same.
    deaths = [record for record, at in heard.deaths if at >= since]
    if wait is not None and deaths:
        yield Found(rule=AlertRule.WATCH_DIED, about=tuple(deaths), count=len(deaths))
    alone = heard.alone_since
    if wait is not None and heard.should_run(now) and alone is not None and now - alone >= wait:
        yield Found(rule=AlertRule.WATCH_DIED, about=(heard.begun or "",), count=1)


def _followed(heard: Heard, waits: Waits, *, since: datetime, now: datetime) -> Iterator[Found]:
    """Yield the rules that hold of a case that follows what grows back."""
    grown = [record for record, at in heard.grown if at >= since]
    if AlertRule.GREW_BACK in waits and grown:
        yield Found(rule=AlertRule.GREW_BACK, about=tuple(grown), count=len(grown))
    wait, due = waits.get(AlertRule.REVIEW_DUE), heard.following.review_due
    policy = heard.following.policy
    if wait is None or due is None or policy is None or heard.following.begun is None:
        return
    # Once the following is over nobody need review it.
    if now.date() <= policy.end and (due - now.date()) <= wait:
        yield Found(rule=AlertRule.REVIEW_DUE, about=(f"review by {due}",), count=1)
