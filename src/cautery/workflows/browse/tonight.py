"""The wall of a match: the state of a watch as its records have it, now or when it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cautery.drawing.formatting import both, either
from cautery.errors import AbsentError
from cautery.messages import say, term, tr
from cautery.model import Mandate, Verdict
from cautery.model.records import WatchPace
from cautery.pages.case_report.render import names_of
from cautery.pages.room.tonight import Bar, Fallen, PaceView, TonightView, Unseen, WallRow
from cautery.pages.room.view import CaseState
from cautery.projections.lines import StreamLine
from cautery.projections.night import RightLine, Wall, WallAsked
from cautery.projections.tally import rights_of
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept

BARS_A_ROW = 14
MOST_ROWS = 60
"""Rows of a wall. An event has one, and a licensee some dozen channels. Judgement."""
_FALLEN_SHOWN, _UNSEEN_SHOWN, _FAILURES_SHOWN = 30, 12, 5
_LAST = datetime.max.replace(tzinfo=UTC)


def tonight_view(cases: Cases, id: str) -> TonightView:
    """Return the wall of a case, of as many records as its lists have.

    Raises
    ------
    AbsentError
        If there is no such case, or it stands under no mandate.
    """
    with cases.case(id) as case:
        clock = cases.clock.now()
        head = head_of(case, now=clock)
        if head.mandate is None or head.last_at is None:
            raise AbsentError(tr("The case %(case)s stands under no mandate.", case=id))
        # Not after the clock: anybody who can append a record can date it.
        is_live = head.state in (CaseState.WATCHED, CaseState.AHEAD)
        now = clock if is_live else min(head.last_at, clock)
        mandate, names = head.mandate, names_of(head.mandate)
        wall = case.lists().wall(
            WallAsked(
                rights=tuple(rights_of(mandate)),
                now=now,
                bars=BARS_A_ROW,
                turned=_FALLEN_SHOWN,
                unseen=_UNSEEN_SHOWN,
                errors=_FAILURES_SHOWN,
            )
        )
        rows = _rows(wall, mandate)
        window = mandate.window
        pace = _pace(case, wall)
        return TonightView(
            head=head,
            position=wall.records,
            now=now,
            first=min(window.start, now),
            last=max(min(window.end, now + timedelta(hours=4)), now),
            silent_s=max(0.0, (clock - head.last_at).total_seconds()),
            rows=tuple(_row(row, mandate, names, now) for row in rows[:MOST_ROWS]),
            more_rows=wall.others + len(rows[MOST_ROWS:]),
            fallen=_fallen(case, wall, names),
            unseen=tuple(
                Unseen(
                    number=stream.number,
                    title=stream.title or "",
                    host=stream.host,
                    since=stream.first_seen,
                )
                for stream in wall.unseen
            ),
            unseen_count=wall.figures["unseen"],
            offered=max(wall.figures["offered"], 0 if pace is None else pace.offered),
            looked_at=wall.figures["looked_at"],
            probes=wall.figures["probes"],
            findings=wall.findings,
            dark=wall.figures["dark"],
            networks=wall.networks,
            refused=wall.figures["refused"],
            narrowed=wall.figures["narrowed"],
            spared=wall.spared,
            pace=None if pace is None else _behind(pace, wall),
            failures=tuple((say(term("error", name)), count) for name, count in wall.errors),
        )


def _rows(wall: Wall, mandate: Mandate) -> list[RightLine]:
    """Return a row for each right of the mandate, and for others that streams were found to show.

    Where there are too many, those without any stream go first.
    """
    found = {row.right: row for row in wall.rights}
    rights = [*dict.fromkeys((*rights_of(mandate), *found))]
    if len(rights) > MOST_ROWS:
        rights.sort(key=lambda right: right not in found)
    return [found.get(right) or _empty(right) for right in rights]


def _empty(right: str) -> RightLine:
    return RightLine(
        right=right,
        proven=0,
        licensed=0,
        exposed_s=None,
        detect_s=None,
        refer_s=None,
        dark_s=None,
        shown=(),
    )


def _row(row: RightLine, mandate: Mandate, names: dict[str, str], now: datetime) -> WallRow:
    shown_streams = sorted(row.shown, key=lambda stream: stream.first_seen or _LAST)
    kick_off = next((event.kick_off for event in mandate.events if event.id == row.right), None)
    return WallRow(
        name=names.get(row.right, row.right),
        kick_off=kick_off,
        proven=row.proven,
        licensed=row.licensed,
        bars=tuple(_bars(shown_streams, now)),
        more=row.proven - len(shown_streams),
        exposed_s=row.exposed_s,
        detect_s=row.detect_s,
        refer_s=row.refer_s,
        dark_s=row.dark_s,
    )


def _bars(streams: Sequence[StreamLine], now: datetime) -> Iterable[Bar]:
    for stream in streams:
        if stream.first_seen is not None:
            yield Bar(
                number=stream.number,
                title=stream.title or stream.host or stream.url,
                first_seen=stream.first_seen,
                proven_at=stream.proven_at,
                referred_at=stream.referred_at,
                dark_at=stream.dark_at,
                until=stream.gone_at or now,
                is_up=stream.gone_at is None,
            )


def _fallen(case: Kept, wall: Wall, names: dict[str, str]) -> tuple[Fallen, ...]:
    lists = case.lists()
    entries = lists.entries(wall.turned)[::-1]
    verdicts = [(one.index, one.content) for one in entries if isinstance(one.content, Verdict)]
    streams = lists.streams_of([verdict.url.text for _, verdict in verdicts])
    return tuple(
        _verdict(index, verdict, stream, names)
        for (index, verdict), stream in zip(verdicts, streams, strict=True)
        if stream is not None
    )


def _verdict(index: int, verdict: Verdict, stream: StreamLine, names: dict[str, str]) -> Fallen:
    shows = [verdict.licensee or verdict.event] if verdict.licensee or verdict.event else []
    rights = [names.get(right, right) for right in shows or verdict.channels[:3] if right]
    beside = [names.get(other.content, other.content) for other in verdict.at_once]
    return Fallen(
        number=stream.number,
        record=index,
        at=verdict.at,
        title=stream.title or "",
        host=stream.host or verdict.url.host,
        finding=verdict.finding,
        shows=both([either(rights), *beside]) if rights else "",
        delay_s=verdict.delay_s,
        log10_lr=verdict.log10_lr,
        verbal=verdict.verbal,
    )


def _pace(case: Kept, wall: Wall) -> WatchPace | None:
    if wall.pace is None:
        return None
    for entry in case.lists().entries((wall.pace,)):
        if isinstance(entry.content, WatchPace):
            return entry.content
    return None


def _behind(pace: WatchPace, wall: Wall) -> PaceView:
    return PaceView(
        at=pace.at,
        late=pace.late,
        references_s=pace.references_late_s,
        looks_s=pace.probes_late_s,
        why=pace.why,
        unseen=dict(pace.unseen_by_right),
        put_off=wall.figures["put_off"],
    )
