"""The wall of a match: the state of a watch as its records have it, now or when it ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cautery.drawing.formatting import either
from cautery.errors import AbsentError
from cautery.messages import say, term, tr
from cautery.model import Finding, Mandate, Verdict
from cautery.pages.case_report.render import names_of
from cautery.pages.room.tonight import Bar, Fallen, PaceView, TonightView, Unseen, WallRow
from cautery.pages.room.view import CaseHead, CaseState
from cautery.projections import StreamState, Tally
from cautery.projections.tally import Row, middle
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Folded

BARS_A_ROW = 14
_FALLEN_SHOWN, _UNSEEN_SHOWN, _FAILURES_SHOWN = 30, 12, 5
_LAST = datetime.max.replace(tzinfo=UTC)


def tonight_view(cases: Cases, id: str) -> TonightView:
    """Return the wall of a case.

    Raises
    ------
    AbsentError
        If there is no such case, or it stands under no mandate.
    """
    with cases.case(id) as kept:
        folded = kept.folded()
        clock = cases.clock.now()
        head = head_of(kept, now=clock)
        if head.mandate is None or head.last_at is None:
            raise AbsentError(tr("The case %(case)s stands under no mandate.", case=id))
        now = clock if head.state in (CaseState.WATCHED, CaseState.AHEAD) else head.last_at
        return _view(head, head.mandate, folded, now=now, clock=clock, last_at=head.last_at)


def _view(
    head: CaseHead,
    mandate: Mandate,
    folded: Folded,
    *,
    now: datetime,
    clock: datetime,
    last_at: datetime,
) -> TonightView:
    tally, names = folded.tally, names_of(mandate)
    streams = tally.streams
    unseen = [
        stream
        for stream in streams.by_url.values()
        if not stream.looked_at and stream.vanished is None and stream.first_seen is not None
    ]
    unseen.sort(key=lambda stream: stream.first_seen or _LAST)
    window = mandate.window
    return TonightView(
        head=head,
        position=folded.records.size,
        now=now,
        first=min(window.start, now),
        last=max(min(window.end, now + timedelta(hours=4)), now),
        silent_s=max(0.0, (clock - last_at).total_seconds()),
        rows=tuple(_row(row, mandate, names, folded, now) for row in tally.rows(now)),
        fallen=tuple(
            _fallen(index, verdict, folded, names)
            for index, verdict in list(folded.fallen)[: -_FALLEN_SHOWN - 1 : -1]
        ),
        unseen=tuple(
            Unseen(
                number=folded.numbers[stream.url],
                title=stream.title or "",
                host=stream.host,
                since=stream.first_seen,
            )
            for stream in unseen[:_UNSEEN_SHOWN]
        ),
        unseen_count=len(unseen),
        offered=tally.offered,
        looked_at=tally.looked_at,
        probes=tally.probes,
        findings={finding: streams.count(finding) for finding in Finding},
        dark=tally.dark,
        networks=tally.networks,
        refused=len(tally.refused),
        narrowed=len(tally.narrowed),
        spared=len(tally.spared),
        pace=_pace(tally),
        failures=tuple(
            (say(term("error", name)), count)
            for name, count in tally.errors.most_common(_FAILURES_SHOWN)
        ),
    )


def _row(
    row: Row, mandate: Mandate, names: dict[str, str], folded: Folded, now: datetime
) -> WallRow:
    by_url = folded.tally.streams.by_url
    proven = [by_url[url] for url in row.proven if by_url[url].first_seen is not None]
    # What is still up comes first, then what went last.
    proven.sort(key=lambda stream: (_end(stream) or _LAST, stream.proven_at or _LAST), reverse=True)
    shown = sorted(proven[:BARS_A_ROW], key=lambda stream: stream.first_seen or _LAST)
    kick_off = next((event.kick_off for event in mandate.events if event.id == row.right), None)
    return WallRow(
        name=names.get(row.right, row.right),
        kick_off=kick_off,
        proven=len(row.proven),
        licensed=len(row.licensed),
        bars=tuple(_bar(stream, folded, now) for stream in shown),
        more=len(row.proven) - len(shown),
        exposed_s=row.exposed_s,
        detect_s=middle(row.detected_s),
        refer_s=middle(row.referred_s),
        dark_s=middle(row.dark_s),
    )


def _end(stream: StreamState) -> datetime | None:
    return min((at for at in (stream.dark_at, stream.vanished) if at is not None), default=None)


def _bar(stream: StreamState, folded: Folded, now: datetime) -> Bar:
    assert stream.first_seen is not None
    end = _end(stream)
    return Bar(
        number=folded.numbers[stream.url],
        title=stream.title or stream.host or stream.url,
        first_seen=stream.first_seen,
        proven_at=stream.proven_at,
        referred_at=folded.tally.referred.get(stream.url),
        dark_at=stream.dark_at,
        until=now if end is None else end,
        is_up=end is None,
    )


def _fallen(index: int, verdict: Verdict, folded: Folded, names: dict[str, str]) -> Fallen:
    stream = folded.tally.streams.by_url[verdict.url.text]
    shows = [verdict.licensee or verdict.event] if verdict.licensee or verdict.event else []
    rights = [names.get(right, right) for right in shows or verdict.channels[:3] if right]
    return Fallen(
        number=folded.numbers[stream.url],
        record=index,
        at=verdict.at,
        title=stream.title or "",
        host=stream.host or verdict.url.host,
        finding=verdict.finding,
        shows=either(rights) if rights else "",
        delay_s=verdict.delay_s,
        log10_lr=verdict.log10_lr,
        verbal=verdict.verbal,
    )


def _pace(tally: Tally) -> PaceView | None:
    newest = tally.pace.newest
    if newest is None:
        return None
    return PaceView(
        at=newest.at,
        late=newest.late,
        references_s=newest.references_late_s,
        looks_s=newest.probes_late_s,
        why=newest.why,
        unseen=dict(newest.unseen_by_right),
        put_off=tally.pace.shed,
    )
