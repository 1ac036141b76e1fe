"""The page of a case: the course of its records, by kind or by what stands in them."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from cautery.errors import EvidenceError
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.note import NoteVerifier, open_checkpoint
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
    kind_of_type,
)
from cautery.model.records.described import summary_of, type_of
from cautery.model.records.kinds import KINDS
from cautery.pages.room.view import CaseView, CheckView, KindCount, RecordRow, Timeline
from cautery.projections.words import in_a_word
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept

RECORDS_A_PAGE = 50
_CHUNK = 256
_MOST_SEARCHED = 50_000
_SEARCH_CPU_S = 0.5
"""For one page of a search, so that nobody waits; it says how far it looked. Judgement."""
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
        Show records in whose JSON this stands, in any case of letters; empty: all.
    before, after : int or None
        Show the records before this one, or the ones after it; ``None``: the newest.
    """
    with cases.case(id) as kept:
        checkpoint, at = newest_checkpoint(kept)
        return CaseView(
            head=head_of(kept, now=cases.clock.now()),
            timeline=_timeline(
                kept, kind=kind, search=search[:LONGEST_SEARCH], before=before, after=after
            ),
            signed=None if checkpoint is None else checkpoint.size,
            signed_at=at,
            exhibits=len(kept.rows().by_kind.get(kind_of_type(ExhibitSealed), ())),
            check=check,
        )


def newest_checkpoint(kept: Kept) -> tuple[Checkpoint | None, str]:
    """Return the newest root that the case's own key signed, and when by its clock.

    Raises
    ------
    EvidenceError
        If it is not signed by the key in the case.
    """
    note = None
    for note in kept.ledger.checkpoints():  # noqa: B007 - the last one is wanted
        pass
    if note is None:
        return None, ""
    try:
        stated = kept.store.read(kept.path, CASE_KEY, limit=4096).decode()
        verifier = NoteVerifier.parse(stated)
    except UnicodeDecodeError as error:
        raise EvidenceError(f"{kept.path / CASE_KEY}: {error}") from error
    times = [at for _, at in kept.ledger.checkpoint_times()]
    return open_checkpoint(note, verifier), times[-1] if times else ""


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
    kept: Kept, *, kind: str, search: str, before: int | None, after: int | None
) -> Timeline:
    rows = kept.rows()
    size = rows.tree.size
    chosen: Sequence[int] = rows.by_kind.get(kind, ()) if kind else range(size)
    looked_to = None
    if search:
        indexes, looked_to = _searched(
            kept, chosen, search, before=size if before is None else before
        )
        newer, older = None, indexes[-1] if len(indexes) == RECORDS_A_PAGE else looked_to
    else:
        indexes = _page(chosen, before=before, after=after)
        newer = indexes[0] if indexes and indexes[0] != chosen[-1] else None
        older = indexes[-1] if indexes and indexes[-1] != chosen[0] else None
    return Timeline(
        rows=tuple(map(row_of, kept.ledger.entries(indexes))),
        kinds=tuple(
            KindCount(kind=name, count=len(numbers), meaning=meaning_of(name))
            for name, numbers in sorted(rows.by_kind.items())
        ),
        kind=kind,
        search=search,
        found=None if search else len(chosen),
        newer=newer,
        older=older,
        looked_to=looked_to,
    )


def _page(chosen: Sequence[int], *, before: int | None, after: int | None) -> list[int]:
    """Return a page of rising numbers, newest first: those before a number, or next after it."""
    if after is not None:
        first = bisect_left(chosen, after + 1)
        last = min(first + RECORDS_A_PAGE, len(chosen))
        first = max(0, last - RECORDS_A_PAGE)
    else:
        last = len(chosen) if before is None else bisect_left(chosen, before)
        first = max(0, last - RECORDS_A_PAGE)
    return [chosen[place] for place in range(last - 1, first - 1, -1)]


def _searched(
    kept: Kept, chosen: Sequence[int], search: str, *, before: int
) -> tuple[list[int], int | None]:
    """Return the newest records with a text, and how far down was looked if not to the end."""
    wanted = search.casefold()
    found: list[int] = []
    place = bisect_left(chosen, before)
    ends_s = time.thread_time() + _SEARCH_CPU_S
    last = max(0, place - _MOST_SEARCHED)
    while place > last:
        first = max(last, place - _CHUNK)
        part = [chosen[at] for at in range(first, place)]
        for index, leaf in reversed([*_leaves(kept, part)]):
            if wanted in leaf.decode("utf-8", "replace").casefold():
                found.append(index)
                if len(found) == RECORDS_A_PAGE:
                    return found, index
        place = first
        if time.thread_time() > ends_s:
            break
    return found, chosen[place] if place > 0 else None


def _leaves(kept: Kept, indexes: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the leaves of rising numbers, unread where they follow one another."""
    if indexes[-1] - indexes[0] + 1 == len(indexes):
        for index, _, leaf in islice(kept.ledger.leaves(since=indexes[0]), len(indexes)):
            yield index, leaf
    else:
        yield from ((entry.index, entry.leaf) for entry in kept.ledger.entries(indexes))
