"""The page of a case: the course of its records, by kind or by what stands in them."""

from __future__ import annotations

from collections import deque

from cautery.evidence.case_key import case_verifier
from cautery.evidence.note import open_checkpoint
from cautery.messages import say
from cautery.model import Checkpoint, DarkProbe, Entry, RedactedUrl, Verdict
from cautery.model.message import Message
from cautery.model.records import (
    AlignmentShown,
    ExhibitSealed,
    ProbeDone,
    StreamAppeared,
    StreamResolved,
    StreamVanished,
)
from cautery.model.records.described import summary_of, type_of
from cautery.model.records.kinds import KINDS
from cautery.pages.room.view import CaseView, CheckView, KindCount, RecordRow, Timeline
from cautery.projections.kept import Asked, Page
from cautery.projections.words import in_a_word
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept

RECORDS_A_PAGE = 50
LONGEST_SEARCH = 200
_OF_STREAMS = (
    AlignmentShown,
    DarkProbe,
    ProbeDone,
    StreamAppeared,
    StreamResolved,
    StreamVanished,
    Verdict,
)
_SUBJECTS = (
    "url",
    "host",
    "target",
    "source",
    "where",
    "intermediary",
    "name",
    "id",
    "subject",
    "quantity",
    "what",
)


def case_view(
    cases: Cases,
    id: str,
    check: CheckView | None,
    *,
    kind: str = "",
    search: str = "",
    before: int | None = None,
    after: int | None = None,
) -> CaseView:
    """Return the page of a case.

    Parameters
    ----------
    kind : str
        Show records of this kind alone; empty: all.
    search : str
        Show records that have all of these words, in any case of letters, the last word perhaps
        only begun; empty: all.
    before, after : int or None
        Show the records before this one, or the ones after it; ``None``: the newest.
    """
    with cases.case(id) as case:
        checkpoint, at = newest_checkpoint(case)
        return CaseView(
            head=head_of(case, now=cases.clock.now()),
            timeline=_timeline(
                case, kind=kind, search=search[:LONGEST_SEARCH], before=before, after=after
            ),
            signed=None if checkpoint is None else checkpoint.size,
            signed_at=at,
            exhibits=case.lists().counts().exhibits,
            check=check,
        )


def newest_checkpoint(case: Kept) -> tuple[Checkpoint | None, str]:
    """Return the newest root that the case's own key signed, and when by its clock.

    Raises
    ------
    EvidenceError
        If it is not signed by the key in the case.
    """
    note = case.ledger.newest_checkpoint()
    if note is None:
        return None, ""
    verifier = case_verifier(case.store, case.path)
    newest = deque((at for _, at in case.ledger.checkpoint_times()), maxlen=1)
    return open_checkpoint(note, verifier), newest[0] if newest else ""


def row_of(entry: Entry) -> RecordRow:
    """Return a record in one line."""
    return RecordRow(
        index=entry.index,
        at=entry.record.at,
        kind=entry.record.kind,
        about=_about(entry),
        word=in_a_word(entry.content),
        of_stream=is_of_stream(entry),
    )


def is_of_stream(entry: Entry) -> bool:
    """Tell whether a record makes its stream one that has a page."""
    return isinstance(entry.content, _OF_STREAMS)


def _about(entry: Entry) -> str:
    content = entry.content
    for name in _SUBJECTS:
        value = getattr(content, name, None)
        if isinstance(value, RedactedUrl):
            return value.text
        if isinstance(value, Message):
            return say(value)
        if isinstance(value, str) and value:
            return value
    if isinstance(content, ExhibitSealed):
        return content.exhibit.id
    return ""


def meaning_of(kind: str) -> str:
    """Return what a kind of record says; empty: this Cautery does not know it."""
    return summary_of(type_of(kind)) if kind in KINDS else ""


def _timeline(
    case: Kept, *, kind: str, search: str, before: int | None, after: int | None
) -> Timeline:
    lists = case.lists()
    asking = Asked(
        text=search,
        kinds=(kind,) if kind else (),
        before=before,
        after=after,
        limit=RECORDS_A_PAGE,
        counted=False,
    )
    is_filtered = kind or search.strip()
    page = lists.whole(asking) if is_filtered else _all(case, before=before, after=after)
    older = page.older
    if not page.complete and page.rows:
        older = page.rows[-1].index
    return Timeline(
        rows=tuple(map(row_of, page.rows)),
        kinds=tuple(
            KindCount(kind=name, count=count, meaning=meaning_of(name))
            for name, count in sorted(lists.counts().by_kind.items())
        ),
        kind=kind,
        search=search,
        found=page.found,
        newer=page.newer,
        older=older,
        complete=page.complete,
    )


def _all(case: Kept, *, before: int | None, after: int | None) -> Page[Entry]:
    """Return some of all records, those too that the lists do not have yet."""
    size = case.ledger.size()
    if after is not None:
        begin = min(after + 1, size)
        end = min(begin + RECORDS_A_PAGE, size)
    else:
        end = size if before is None else min(before, size)
        begin = max(0, end - RECORDS_A_PAGE)
    return Page(
        rows=case.ledger.pick(range(begin, end))[::-1],
        older=begin if begin and end > begin else None,
        newer=end - 1 if begin < end < size else None,
        found=size,
        found_more=False,
        complete=True,
        size=size,
    )
