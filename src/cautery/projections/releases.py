"""Granted complaints on the wire: where the target left a list, and when we saw it open again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from cautery.model import Entry
from cautery.model.records import BlockLifted, ComplaintDecided, ListSent


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A target that a granted complaint released at one intermediary.

    Parameters
    ----------
    intermediary : str
        Name of the intermediary.
    version : int
        The first version of its list without the target.
    sent_at : datetime
        When that version was sent, in UTC.
    open_at : datetime or None
        When our probe first saw the target reachable again; ``None``: not yet.
    """

    intermediary: str
    version: int
    sent_at: datetime
    open_at: datetime | None = None


@dataclass(slots=True)
class Releases:
    """The releases of a case.

    Parameters
    ----------
    by_complaint : dict
        By the number of a granted complaint and the name of an intermediary.
    """

    by_complaint: defaultdict[str, dict[str, Release]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _granted: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By target, the complaints that release it."""

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case ComplaintDecided(granted=True, target=str() as target) as decided:
                self._granted[target].add(decided.complaint)
            case ListSent() as sent:
                for target in sent.withdrawn:
                    self._leave_out(target, sent)
            case BlockLifted() as lifted:
                self._open(lifted)

    def _leave_out(self, target: str, sent: ListSent) -> None:
        release = Release(intermediary=sent.intermediary, version=sent.version, sent_at=sent.at)
        for complaint in self._granted.get(target, ()):
            self.by_complaint[complaint].setdefault(sent.intermediary, release)

    def _open(self, lifted: BlockLifted) -> None:
        for complaint in self._granted.get(lifted.target, ()):
            release = self.by_complaint[complaint].get(lifted.intermediary)
            if release is not None and release.open_at is None:
                self.by_complaint[complaint][lifted.intermediary] = replace(
                    release, open_at=lifted.at
                )
