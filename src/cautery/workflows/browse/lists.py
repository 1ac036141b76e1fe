"""The lists of a case: its streams, verdicts, referrals and notices, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cautery.pages.room.lists import ActRow, ListView, StreamRow, VerdictRow
from cautery.projections.kept import Asked, Page
from cautery.projections.lines import ActLine, StreamLine, VerdictLine
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept
from cautery.workflows.case.kept import KeptCase

L = TypeVar("L")
T = TypeVar("T")


def streams_view(cases: Cases, id: str, asking: Asked) -> ListView[StreamRow]:
    """Return a page of the streams of a case.

    Raises
    ------
    AbsentError
        If there is no such case.
    """
    return _view(cases, id, lambda lists: lists.streams(asking), _streams)


def verdicts_view(cases: Cases, id: str, asking: Asked) -> ListView[VerdictRow]:
    """Return a page of the verdicts of a case; raise as :func:`streams_view`."""
    return _view(cases, id, lambda lists: lists.verdicts(asking), _verdicts)


def acts_view(cases: Cases, id: str, asking: Asked) -> ListView[ActRow]:
    """Return a page of the referrals and notices of a case; raise as :func:`streams_view`."""
    return _view(cases, id, lambda lists: lists.acts(asking), _acts)


def _view(
    cases: Cases,
    id: str,
    ask: Callable[[KeptCase], Page[L]],
    rows: Callable[[Kept, Sequence[L]], Sequence[T]],
) -> ListView[T]:
    with cases.case(id) as case:
        page = ask(case.lists())
        return ListView(
            head=head_of(case, now=cases.clock.now()),
            rows=tuple(rows(case, page.rows)),
            found=page.found,
            found_more=page.found_more,
            newer=page.newer,
            older=page.older,
            complete=page.complete,
        )


def _streams(_: Kept, lines: Sequence[StreamLine]) -> Sequence[StreamRow]:
    return [
        StreamRow(
            number=line.number,
            url=line.url,
            title=line.title,
            host=line.host,
            finding=line.finding,
            first_seen=line.first_seen,
            proven_at=line.proven_at,
            referred_at=line.referred_at,
            dark_at=line.dark_at,
            vanished=line.vanished,
            probes=line.probes,
            record=line.verdict,
        )
        for line in lines
    ]


def _verdicts(case: Kept, lines: Sequence[VerdictLine]) -> Sequence[VerdictRow]:
    streams = case.lists().streams_of([line.url for line in lines])
    return [
        VerdictRow(
            record=line.record,
            number=None if stream is None else stream.number,
            at=line.at,
            url=line.url,
            finding=line.finding,
            event=line.event,
            channels=line.channels,
            at_once=line.at_once,
            log10_lr=line.log10_lr,
            most_log10_lr=line.most_log10_lr,
            delay_s=line.delay_s,
        )
        for line, stream in zip(lines, streams, strict=True)
    ]


def _acts(_: Kept, lines: Sequence[ActLine]) -> Sequence[ActRow]:
    return [
        ActRow(
            id=line.id,
            kind=line.kind,
            about=line.about,
            drafted=line.drafted,
            drafted_at=line.drafted_at,
            approvals=line.approvals,
            sent_at=line.sent_at,
            answered_at=line.answered_at,
            ended_at=line.ended_at,
        )
        for line in lines
    ]
