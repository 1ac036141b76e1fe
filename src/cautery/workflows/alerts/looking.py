"""Look at all open cases, again and again, and raise what the rules find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from cautery.errors import CauteryError
from cautery.model.alert import AlertRule
from cautery.model.records import AlertRaised
from cautery.projections.lines import ActKind, ActLine
from cautery.workflows.alerts.log import AlertLog
from cautery.workflows.alerts.ports import WatchedCases
from cautery.workflows.alerts.rules import KINDS_HEARD, Heard, Waits, found, record_name
from cautery.workflows.case.kept import KeptCase

_MOST_WAITING = 200


class Looker:
    """Looks at all cases again and again, and hears of each only what is new.

    Parameters
    ----------
    say : callable
        Told of a case that cannot be read.
    """

    def __init__(
        self, cases: WatchedCases, waits: Waits, log: AlertLog, *, say: Callable[[str], None]
    ) -> None:
        self._cases, self._waits, self._log, self._say = cases, waits, log, say
        self._heard: dict[str, Heard] = {}
        self._closed: set[str] = set()

    def look(self, now: datetime) -> tuple[AlertRaised, ...]:
        """Look once; return what was raised, which stands in the log."""
        places = self._cases.places()
        self._closed &= places.keys()
        raised: list[AlertRaised] = []
        for case, path in places.items():
            try:
                if case in self._closed and self._cases.closed(path):
                    continue
                self._closed.discard(case)
                raised += self._look_at(case, path, now)
            except CauteryError as error:
                self._say(f"{case}: {error}")
        return tuple(raised)

    def _look_at(self, case: str, path: Path, now: datetime) -> Iterator[AlertRaised]:
        is_closed = self._cases.closed(path)
        waiting: tuple[ActLine, ...] = ()
        with self._cases.opened(path) as kept_case:
            heard_case = self._hear(case, kept_case, is_closed=is_closed)
            if AlertRule.EXPIRING in self._waits and not is_closed:
                kept_case.catch_up()
                clocks = kept_case.clocks(tuple(ActKind), at=now, limit=_MOST_WAITING)
                waiting = (*clocks.overdue, *clocks.running)
        if is_closed:
            heard_case.alone_since = None
        elif heard_case.should_run(now) and not self._cases.held(path):
            heard_case.alone_since = heard_case.alone_since or now
        else:
            heard_case.alone_since = None
        for news in found(heard_case, waiting, self._waits, since=self._log.since, now=now):
            raised = self._log.raise_alert(case, news, now=now)
            if raised is not None:
                yield raised
        if is_closed:  # not before: what could not be written down now is raised at the next look
            self._closed.add(case)
            self._heard.pop(case, None)

    def _hear(self, case: str, kept_case: KeptCase, *, is_closed: bool) -> Heard:
        """Take up the records that came in since the last look."""
        size = kept_case.ledger.size()
        heard_case = self._heard.get(case)
        if heard_case is None or not _goes_on(kept_case, heard_case, size):
            heard_case = self._heard[case] = Heard()
            last = kept_case.ledger.pick([max(0, size - 1)])
            if is_closed and last and last[0].record.at < self._log.since:
                return heard_case  # of a case that ended before alerts began
        for entry in kept_case.ledger.read(since=heard_case.next, kinds=KINDS_HEARD):
            if entry.index < size:
                heard_case.hear(entry)
        for entry in kept_case.ledger.pick([max(0, size - 1)]):
            heard_case.next, heard_case.last = size, record_name(entry)
        return heard_case


def _goes_on(kept_case: KeptCase, heard_case: Heard, size: int) -> bool:
    """Tell whether it is the case that was heard, and no other one or older copy in its place."""
    if heard_case.next == 0:
        return True
    last = kept_case.ledger.pick([heard_case.next - 1]) if heard_case.next <= size else ()
    return bool(last) and record_name(last[0]) == heard_case.last
