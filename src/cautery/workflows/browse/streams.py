"""What the records of one stream come to: read for its page, and not kept.

Of a stream with thousands of records the first and the newest ones are read. What its line keeps of
all of them (its times, looks and finding) is taken from there.
"""

from __future__ import annotations

from dataclasses import dataclass

from cautery.model import Entry, ErrorRate
from cautery.model.records import kinds_of
from cautery.projections import StreamState
from cautery.projections.case import CaseRecords
from cautery.projections.kept import Asked
from cautery.projections.lines import StreamLine
from cautery.projections.words import kept_text
from cautery.workflows.browse.kept import Kept

_NEWEST, _FIRST = 200, 40
"""Records of a stream that its page is made of. A night's longest-lived ones have some hundred."""
_RATES = 200
_RATE_KINDS = kinds_of(ErrorRate)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRead:
    """One stream, as its records have it.

    Parameters
    ----------
    records : CaseRecords
        Of these records alone.
    left_out : int
        How many records between the first and the newest ones were not read.
    sealings : dict
        By exhibit, the record of its newest sealing.
    """

    line: StreamLine
    state: StreamState
    records: CaseRecords
    left_out: int
    sealings: dict[str, int]


def stream_read(case: Kept, line: StreamLine) -> StreamRead:
    """Read the records of a stream."""
    lists = case.lists()
    newest = lists.whole(Asked(subject=line.url, limit=_NEWEST))
    read = {entry.index: entry for entry in newest.rows}
    if newest.older is not None:
        first = lists.whole(Asked(subject=line.url, after=0, limit=_FIRST))
        read |= {entry.index: entry for entry in first.rows}
    if line.verdict is not None and line.verdict not in read:
        read |= {entry.index: entry for entry in lists.entries((line.verdict,))}
    left_out = max(0, (newest.found or 0) - len(read))
    rates = lists.whole(Asked(kinds=_RATE_KINDS, limit=_RATES)).rows
    read |= {entry.index: entry for entry in rates}
    records = CaseRecords(in_force=case.in_force())
    for _, entry in sorted(read.items()):
        records.hear(entry)
    sealings = _sealings(case, records, line)
    return StreamRead(
        line=line,
        state=_state(records, line),
        records=records,
        left_out=left_out,
        sealings=sealings,
    )


def _sealings(case: Kept, records: CaseRecords, line: StreamLine) -> dict[str, int]:
    """Read how the exhibits of a stream were sealed; some were sealed for another one."""
    named = [
        exhibit
        for url, exhibits in records.exhibits.items()
        if kept_text(url) == line.url
        for exhibit in exhibits
    ]
    sealings = case.lists().sealings(named)
    for entry in sealings.values():
        records.hear(entry)
    return {exhibit: entry.index for exhibit, entry in sealings.items()}


def _state(records: CaseRecords, line: StreamLine) -> StreamState:
    """Return the state of a stream, with what its line keeps of all its records."""
    states = (one for one in records.streams.by_url.values() if kept_text(one.url) == line.url)
    state = next(states, None) or StreamState(line.url)
    state.title, state.host, state.first_seen = line.title, line.host, line.first_seen
    state.proven_at, state.dark_at, state.vanished = line.proven_at, line.dark_at, line.vanished
    state.probes, state.aligned = line.probes, line.aligned
    return state


def entries_of(case: Kept, url: str, *shapes: type) -> tuple[Entry, ...]:
    """Return the newest records of some types about a stream, in rising order."""
    return case.lists().about(url, kinds=kinds_of(*shapes))
