"""The log of alerts: each is written down before it is sent.

What was raised stands in the log, with what became of it on each way. So a process that was killed
tells nothing a second time, and goes on with what it had not sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import quote

from cautery.model.alert import Alert, AlertRule
from cautery.model.ledger import append, contents
from cautery.model.ports import Ledger
from cautery.model.records import AlertRaised, AlertsBegun, AlertSent
from cautery.workflows.alerts.rules import Found

_PAGES = {
    AlertRule.PROVEN: "tonight",
    AlertRule.NOTHING_DRAFTED: "orders",
    AlertRule.BEHIND: "tonight",
    AlertRule.EXPIRING: "orders",
    AlertRule.WATCH_DIED: "tonight",
    AlertRule.GREW_BACK: "grown",
    AlertRule.REVIEW_DUE: "grown",
}
SENT_WITHIN = timedelta(days=1)
"""An alert that is older helps nobody any more. Judgement."""


class AlertLog:
    """What was raised, and what became of it. One thread raises; others may send meanwhile.

    Parameters
    ----------
    ledger : Ledger
        Its own.
    by : str
        Who begins it, where it is empty.
    name : str
        Of the log: it begins the ids of its alerts.
    room : str
        Origin of the room, such as ``https://room.league.example``.
    """

    def __init__(self, ledger: Ledger, *, name: str, room: str, by: str, now: datetime) -> None:
        self._ledger, self._name, self._room = ledger, name, room.rstrip("/")
        self._lock = Lock()
        self._told: set[tuple[AlertRule, str, str]] = set()
        self._raised: dict[int, tuple[AlertRaised, datetime]] = {}
        self._over: set[tuple[int, str]] = set()
        begun = next(contents(ledger, AlertsBegun), None)
        if begun is None:
            append(ledger, AlertsBegun(by=by), at=now)
        self.since = now if begun is None else begun[0].record.at
        for entry, content in contents(ledger, AlertRaised, AlertSent):
            if isinstance(content, AlertRaised):
                self._know(entry.index, content, entry.record.at)
            elif isinstance(content, AlertSent):
                self._over.add((content.alert, content.way))

    def raise_alert(self, case: str, news: Found, *, now: datetime) -> AlertRaised | None:
        """Write an alert down, about what was not told before; ``None``: all of it was."""
        about = tuple(what for what in news.about if (news.rule, case, what) not in self._told)
        if not about:
            return None
        count = len(about) if len(news.about) == news.count else news.count
        raised = AlertRaised(rule=news.rule, case=case, about=about, count=count)
        entry = append(self._ledger, raised, at=now)
        self._know(entry.index, raised, now)
        return raised

    def due(self, way: str, *, now: datetime) -> tuple[tuple[int, Alert], ...]:
        """Return the alerts that were not sent yet on a way, each with its number."""
        with self._lock:
            return tuple(
                (index, self._alert(index, raised, at))
                for index, (raised, at) in self._raised.items()
                if (index, way) not in self._over and at + SENT_WITHIN > now
            )

    def settle(self, sent: AlertSent, *, now: datetime) -> None:
        """Write down what became of an alert on one way."""
        append(self._ledger, sent, at=now)
        with self._lock:
            self._over.add((sent.alert, sent.way))

    def _know(self, index: int, raised: AlertRaised, at: datetime) -> None:
        with self._lock:
            self._raised[index] = raised, at
        self._told.update((raised.rule, raised.case, what) for what in raised.about)

    def _alert(self, index: int, raised: AlertRaised, at: datetime) -> Alert:
        page = _PAGES.get(raised.rule, "")
        return Alert(
            id=f"{self._name}-{index}",
            rule=raised.rule,
            case=raised.case,
            count=raised.count,
            at=at,
            link=f"{self._room}/cases/{quote(raised.case, safe='')}/{page}".rstrip("/"),
        )
