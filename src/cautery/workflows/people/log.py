"""The access log: who used whose data when, who came and went, and who read the log itself.

It names accounts by id. A name stands beside the accounts alone, where it can be erased (ADR 0002).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from cautery.model.account import require_why
from cautery.model.ledger import filed
from cautery.model.ports import Clock
from cautery.model.records import (
    AccountChanged,
    DataUsed,
    DoorUsed,
    Entry,
    LogBegunAnew,
    LogRead,
)
from cautery.model.room import Act, LogPurpose
from cautery.workflows.people.ports import AccessLedger

Logged = DataUsed | LogRead | AccountChanged | DoorUsed | LogBegunAnew
_MOST_REFUSED = 1_000
"""Accounts whose refused logins are counted at a time; the rest count as of nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Some entries of the log, newest first; ``older`` is where the next page begins, if any."""

    entries: tuple[Entry, ...]
    total: int
    older: int | None


_WINDOW = 500
_MOST_LOOKED_AT = 50_000
"""Entries that one page looks through, a second; the next page goes on from there. Judgement."""


class AccessLog:
    """Writes the log, and reads it for those who say why.

    Parameters
    ----------
    ledger : AccessLedger
        Its own: no case holds a line of it.
    """

    def __init__(self, ledger: AccessLedger, clock: Clock) -> None:
        self._ledger, self._clock = ledger, clock
        self._refused: Counter[str] = Counter()
        self._lock = Lock()

    def used(
        self,
        by: str,
        act: Act,
        *,
        why: str,
        case: str,
        page: str,
        numbers: Sequence[tuple[str, str]] = (),
        to: str = "",
    ) -> None:
        """Write that somebody uses data, before that is done.

        Parameters
        ----------
        by : str
            Id of an account, or of a program's token.
        why : str
            Why this one may.

        Raises
        ------
        StorageError
            If it cannot be written: then the data must not be shown.
        """
        self.write(
            DataUsed(
                act=act,
                by=by,
                case=case,
                page=page,
                numbers=tuple(numbers),
                why=why,
                to=to,
            )
        )

    def refused(self, account: str) -> None:
        """Count a login that was refused; :meth:`settle` writes how many there were."""
        with self._lock:
            known = account in self._refused or len(self._refused) < _MOST_REFUSED
            self._refused[account if known else ""] += 1

    def settle(self) -> None:
        """Write the logins that were refused since the last time, one record for each account.

        Raises
        ------
        StorageError
            If they cannot be written.
        """
        with self._lock:
            refused, self._refused = self._refused, Counter()
        for account, count in sorted(refused.items()):
            self.write(DoorUsed(account=account, what="refused", count=count))

    def write(self, content: Logged) -> Entry:
        """Write one record, durably.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        kind, body = filed(content)
        return self._ledger.append(kind, body, at=self._clock.now())

    def look(self, *, by: str, purpose: LogPurpose, why: str) -> int:
        """Write that somebody is about to read the log, and return the number of that record.

        Raises
        ------
        InputError
            If there is no reason.
        StorageError
            If it cannot be written: then nothing is shown.
        """
        return self.write(LogRead(by=by, purpose=purpose, why=require_why(why))).index

    def page(
        self, *, before: int | None = None, most: int = 100, about: str = "", case: str = ""
    ) -> LogPage:
        """Return entries, the newest before a number first.

        Parameters
        ----------
        about : str
            Id of an account: only what it did, and what was done to it.
        case : str
            Only what was done with this case.
        """
        total = self._ledger.size()
        until = total if before is None else min(before, total)
        # In windows back from the end: of millions of entries, few are asked for.
        matches: deque[Entry] = deque()
        since = start = until
        while since > 0 and len(matches) < most and start - since < _MOST_LOOKED_AT:
            until, since = since, max(0, since - _WINDOW)
            window = []
            for entry in self._ledger.read(since=since):
                if entry.index >= until:
                    break
                if _is_about(entry.content, about, case):
                    window.append(entry)
            matches.extend(reversed(window))
        page = tuple(matches)[:most]
        older = page[-1].index if len(matches) > most else since
        return LogPage(entries=page, total=total, older=older or None)


def _is_about(content: object, account: str, case: str) -> bool:
    if case and not (isinstance(content, DataUsed) and content.case == case):
        return False
    if not account:
        return isinstance(content, Logged)
    if isinstance(content, DataUsed | LogRead):
        return content.by == account
    return isinstance(content, AccountChanged | DoorUsed) and account in (
        content.account,
        getattr(content, "by", ""),
    )
