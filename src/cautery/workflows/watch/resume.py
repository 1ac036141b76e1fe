"""What a watch that goes on takes up from the earlier runs of its case, from the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from cautery.model import MISSHAPEN, Entry, Notice, Verdict
from cautery.model.ports import Ledger
from cautery.model.records import (
    AlignmentShown,
    AssetFacts,
    ComplaintDecided,
    LawfulSeen,
    MisshapenRecord,
    SourceRead,
    SourceRevisited,
    StreamAppeared,
    StreamResolved,
    acting,
    kinds_of,
)
from cautery.projections import (
    Acts,
    Hosts,
    LawfulPlaces,
    Lists,
    Notices,
    Safeguards,
    Sources,
    Streams,
    folded,
    heard,
)
from cautery.workflows.watch.streams import Stream

T = TypeVar("T")

_LOOKED_AT = (AssetFacts, LawfulSeen, SourceRead, SourceRevisited)
_OF_STREAMS = (AlignmentShown, StreamAppeared, StreamResolved, Verdict)
_TAKEN_UP = (*acting.KINDS, *kinds_of(*_LOOKED_AT, *_OF_STREAMS, Notice, ComplaintDecided))
"""Records of other kinds (probes, maps, seals) are most of a ledger, and are not read again."""


@dataclass(slots=True)
class EarlierRuns:
    """What the earlier runs of a case left.

    Parameters
    ----------
    misshapen : int
        Records that do not have the form of their kind.
    next_index : int
        The first entry that is not read yet.
    notices : Notices
        The notices that were drafted.
    granted : dict of str to str
        By target, the complaint by which it was released.
    lawful : LawfulPlaces
        Where lawful sites were seen.
    """

    hosts: Hosts = field(default_factory=Hosts)
    sources: Sources = field(default_factory=Sources)
    streams: Streams = field(default_factory=Streams)
    acts: Acts = field(default_factory=Acts)
    safeguards: Safeguards = field(default_factory=Safeguards)
    lists: Lists = field(default_factory=Lists)
    misshapen: int = 0
    next_index: int = 0
    notices: Notices = field(default_factory=Notices)
    granted: dict[str, str] = field(default_factory=dict)
    lawful: LawfulPlaces = field(default_factory=LawfulPlaces)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        projections = (
            *(self.hosts, self.sources, self.streams, self.acts),
            *(self.safeguards, self.lists, self.lawful),
        )
        sound = heard([projection.hear for projection in projections], entry)
        self.misshapen += not sound or isinstance(entry.content, MisshapenRecord)
        self.next_index = entry.index + 1
        match entry.content:
            case Notice():
                self.notices.hear(entry)
            case ComplaintDecided(granted=True, target=str() as target) as decided:
                self.granted[target] = decided.complaint

    def read_on(self, ledger: Ledger) -> EarlierRuns:
        """Return itself, after it has heard what came into the ledger since."""
        return folded(self, ledger.read(since=self.next_index, kinds=_TAKEN_UP))

    @property
    def ignored(self) -> int:
        """How many records count for nothing; no signature is checked here."""
        return self.misshapen + self.acts.passed_over.total()


def restored_streams(streams: Streams) -> dict[str, Stream]:
    """Return the streams that appeared, by redacted URL.

    Their exact URLs are in no record: each comes back to life when its source names it again.
    """
    return {
        state.url: Stream(
            url="",
            key=state.url,
            host=state.host,
            title=state.title,
            source=next(iter(state.sources)),
            first_seen=state.first_seen,
            offer=state.offer,
            live=False,
            verdict=state.verdict,
            aligned=state.aligned,
            told=True,
            sent_on=state.sent_on,
            open_redirect=state.open_redirect,
        )
        for state in streams.by_url.values()
        if state.first_seen is not None
    }


def refused(take: Callable[[T], object], records: Iterable[T]) -> int:
    """Hand records over one by one, and return how many are not valid."""
    count = 0
    for record in records:
        try:
            take(record)
        except MISSHAPEN:
            count += 1
    return count
