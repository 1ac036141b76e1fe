"""Join the records of a case to the view that its report shows, and fetch the stills.

The page says nothing that no record says: every figure is counted here from the entries, so that
whoever replays the ledger gets the same page.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.evidence.outside.brackets import Bracket, brackets
from cautery.messages import message, say, term, tr
from cautery.model import (
    Checkpoint,
    Decision,
    Entry,
    Finding,
    GuardVerdict,
    Mandate,
    Verdict,
)
from cautery.model.blind import NightAccount
from cautery.model.message import Message
from cautery.model.records import (
    AlignmentShown,
    ExhibitSealed,
    ProbeDone,
    StreamAppeared,
    kind_of_type,
)
from cautery.pages.bearing import bearing, in_order
from cautery.pages.case_report import (
    NO_SAFEGUARDS,
    Alignment,
    ComplaintsView,
    FailureView,
    Figures,
    LedgerView,
    ListsView,
    Net,
    ReferralView,
    ReportView,
    SealedLine,
    StreamView,
)
from cautery.pages.grown import GrownView
from cautery.pages.told import ToldView
from cautery.projections import CaseRecords, Notices, StreamState
from cautery.projections.case import case_records
from cautery.workflows.case.notices import CaseNotices
from cautery.workflows.case.opening import Opening, opening_in
from cautery.workflows.case.report_acts import (
    bystanders_of,
    guard_verdicts,
    lists_view,
    referral_views,
    safeguards_view,
)
from cautery.workflows.case.report_complaints import complaints_view
from cautery.workflows.case.report_notices import notice_views
from cautery.workflows.case.report_pictures import Pictures, Reader
from cautery.workflows.case.report_times import ReportTimes
from cautery.workflows.case.unknowns import unknowns

_ORDER = {
    Finding.PROVEN: 0,
    Finding.UNDECIDED: 1,
    Finding.LICENSED: 2,
    Finding.NOTHING: 3,
    Finding.UNREACHABLE: 4,
}


def report_view(
    entries: Iterable[Entry],
    read_exhibit: Reader,
    *,
    at: datetime,
    checkpoints: Sequence[Checkpoint] = (),
    times: ReportTimes | None = None,
    unrevealed: int = 0,
    blind: NightAccount | None = None,
    grown: GrownView | None = None,
    told: ToldView | None = None,
) -> ReportView:
    """Join a ledger's entries into what the report shows.

    Parameters
    ----------
    entries : iterable of Entry
        In the ledger's order.
    read_exhibit : callable
        Returns an exhibit's bytes; it raises ``EvidenceError`` where they cannot be trusted, and
        the page then says so in the picture's place.
    at : datetime
        When the report is made, UTC.
    times : ReportTimes or None
        What others say of its times; ``None``: nobody was asked.
    unrevealed : int
        Decoys of which nobody knows which of the streams they are.
    blind : NightAccount or None
        What the decoys, which ``entries`` do not have, come to; ``None``: there are none.
    grown : GrownView or None
        What grew back after the case that this one follows; ``None``: it follows nothing.
    told : ToldView or None
        What partners told; ``None``: nothing. It is in no other part of the report.

    Raises
    ------
    EvidenceError
        If no case is opened in them.
    """
    records = case_records(entries)
    mandate, opened, entry = records.mandate, records.opened, records.in_force.opening
    if mandate is None or opened is None or entry is None:
        raise EvidenceError("the ledger has no case.opened record, so no report can be made")
    try:
        opening = opening_in(entry)
    except InputError as error:
        raise EvidenceError(str(error)) from error
    passed_over, net = records.passed_over, Net()
    referrals: tuple[ReferralView, ...] = net.under(
        tr("Referrals and their effect"),
        lambda: referral_views(records, opening, passed_over),
        (),
    )
    safeguards = net.under(
        tr("Interventions"),
        lambda: safeguards_view(records, opening, passed_over),
        NO_SAFEGUARDS,
    )
    ranked = sorted(records.streams.by_url.values(), key=_rank)
    # Records of a later closing say nothing of what was still up.
    watched = records.spans.watched
    ended = watched[-1][1] if watched else records.last_at or at
    pictures = Pictures(read_exhibit)
    times = times or ReportTimes()
    known = brackets(records.size, times.moments) if times.moments else []
    streams = tuple(
        net.under(
            stream.url,
            partial(
                stream_view, number, stream, records, ended, pictures, times=times, known=known
            ),
            StreamView(number=number, url=stream.url, verdict=stream.verdict),
        )
        for number, stream in enumerate(ranked, start=1)
    )
    observed = _observed(records, mandate)
    guards: tuple[GuardVerdict, ...] = net.under(
        tr("Interventions"), lambda: guard_verdicts(records), ()
    )
    failures = tuple(
        FailureView(
            what=term("attempt", what),
            error=error,
            count=n,
            message=records.failure_words[what, error],
        )
        for (what, error), n in records.failures.most_common()
    )
    view = ReportView(
        made_at=at,
        mandate=mandate,
        standing=_standing(opening),
        passed_over=dict(sorted(passed_over.items(), key=lambda item: say(item[0]))),
        version=opened.version,
        key=opened.key,
        lab=opened.lab or mandate.lab,
        observed_s=observed,
        unobserved_s=max(0.0, mandate.window.seconds - observed),
        figures=_figures(
            streams,
            guards,
            offered=0 if records.pace.newest is None else records.pace.newest.offered,
        ),
        streams=streams,
        hero=_hero(streams),
        guards=guards,
        safeguards=safeguards,
        unknowns=net.under(
            tr("What we do not know"),
            lambda: unknowns(records, mandate, streams, observed_s=observed, unrevealed=unrevealed),
            (),
        ),
        error_rates=in_order(
            (r for stream in streams for r in stream.rates), records.rates.values()
        ),
        blind=blind,
        grown=grown,
        told=told,
        graph=records.acts.graph,
        plan=records.acts.plan,
        referrals=referrals,
        lists=net.under(
            tr("Referrals and their effect"), lambda: lists_view(records.lists), ListsView()
        ),
        notices=net.under(
            tr("Notices and complaints"),
            lambda: notice_views(
                CaseNotices(notices=records.notices, opening=opening, mandate=mandate), at=at
            ),
            (),
        ),
        unsent=_unsent(records.notices),
        complaints=net.under(
            tr("Complaints about blocks"),
            lambda: complaints_view(records, at=at),
            ComplaintsView(),
        ),
        estimates=tuple(records.estimates.values()),
        failures=failures,
        ledger=LedgerView(
            size=records.size,
            root=records.root,
            first_at=records.first_at,
            last_at=records.last_at,
            kinds=dict(sorted(records.kinds.items())),
            checkpoints=tuple(checkpoints),
            exhibits=len(records.sealed),
            exhibit_bytes=sum(sealing.exhibit.size for sealing in records.sealed.values()),
            confidential=sum(sealing.exhibit.confidential for sealing in records.sealed.values()),
            times=times.lines,
        ),
    )
    return replace(view, undrawn=tuple(net.undrawn))


def _unsent(notices: Notices) -> Message | None:
    count = len(notices.unsent)
    return message("notice-end.report", count=count) if count else None


def _rank(stream: StreamState) -> tuple[int, float, str]:
    if stream.verdict is None:
        return len(_ORDER), 0.0, stream.url
    return _ORDER[stream.verdict.finding], -stream.verdict.log10_lr, stream.url


def stream_view(
    number: int,
    stream: StreamState,
    records: CaseRecords,
    ended: datetime,
    pictures: Pictures,
    *,
    times: ReportTimes,
    known: Sequence[Bracket],
) -> StreamView:
    """Return everything that the records say of one stream.

    Parameters
    ----------
    ended : datetime
        Until when a stream that is still up counts as exposed.
    known : sequence of Bracket
        By record, between which times others vouch for it; empty: nobody was asked.
    """
    best = _best(records.alignments[stream.url])
    alignment = None if best is None else _alignment(best, pictures)
    until, why = _exposed_until(stream, ended)
    return StreamView(
        number=number,
        url=stream.url,
        title=stream.title,
        host=stream.host or (stream.verdict.url.host if stream.verdict else ""),
        sources=tuple(stream.sources),
        first_seen=stream.first_seen,
        proven_at=stream.proven_at,
        dark_at=stream.dark_at,
        exposed_s=None
        if stream.first_seen is None
        else (until - stream.first_seen).total_seconds(),
        exposed_why=why,
        probes=stream.probes,
        nodes=tuple(stream.nodes),
        verdict=stream.verdict,
        followed=records.acts.followed.get(stream.url),
        alignment=alignment,
        sealed=tuple(
            _sealed(records.sealed[exhibit], times)
            if exhibit in records.sealed
            else SealedLine(exhibit=exhibit, what=what)
            for exhibit, what in records.exhibits[stream.url].items()
        ),
        custody=tuple(records.custody[stream.url]),
        failures=tuple(stream.failures),
        rates=bearing(stream.verdict, records.mandate, records.rates.values()),
        brackets=_brackets(stream, records, known) if known else {},
    )


def _brackets(
    stream: StreamState, records: CaseRecords, known: Sequence[Bracket]
) -> dict[datetime, tuple[datetime | None, datetime | None]]:
    """Return, by each time that the page states of a stream, the bracket of the record of it."""
    probes = () if stream.verdict is None else stream.verdict.observations
    times = [
        (StreamAppeared, stream.first_seen),
        (Verdict, stream.proven_at),
        *((ProbeDone, probe.at) for probe in probes),
    ]
    found = {}
    for kind, at in times:
        index = None if at is None else records.stated.get((stream.url, kind_of_type(kind), at))
        if at is not None and index is not None and index < len(known):
            found[at] = known[index].not_before, known[index].not_after
    return found


def _alignment(shown: AlignmentShown, pictures: Pictures) -> Alignment:
    return Alignment(
        reference=shown.reference,
        shown=shown.shown or shown.reference,
        kind=shown.kind,
        delay_s=shown.delay_s,
        lags_s=shown.lags_s,
        strength=shown.strength,
        suspect=pictures.show(shown.suspect_still, shown.suspect_at_s),
        original=pictures.show(shown.reference_still, shown.reference_at_s),
    )


def _sealed(sealing: ExhibitSealed, times: ReportTimes) -> SealedLine:
    clock = sealing.exhibit.clock
    if clock.seconds is None:
        offset = tr("offset of the clock unknown")
    elif clock.uncertainty_s is None:
        offset = tr("clock %(offset)s ms from UTC", offset=f"{1000 * clock.seconds:+.0f}")
    else:
        offset = tr(
            "clock %(offset)s ms from UTC ± %(uncertainty)s ms",
            offset=f"{1000 * clock.seconds:+.0f}",
            uncertainty=f"{1000 * clock.uncertainty_s:.0f}",
        )
    return SealedLine(
        exhibit=sealing.exhibit.id,
        what=term("exhibit", sealing.what),
        size=sealing.exhibit.size,
        sealed_at=sealing.exhibit.sealed_at,
        clock=offset,
        not_after=times.not_after.get(sealing.exhibit.id),
        encrypted=sealing.exhibit.confidential,
    )


def _best(alignments: Sequence[AlignmentShown]) -> AlignmentShown | None:
    """Return the alignment that shows most: with both stills, then with a picture's curve, last."""
    ranked = enumerate(alignments)
    best = max(
        ranked,
        key=lambda candidate: (
            candidate[1].suspect_still is not None and candidate[1].reference_still is not None,
            candidate[0],
        ),
        default=None,
    )
    return None if best is None else best[1]


def _exposed_until(stream: StreamState, ended: datetime) -> tuple[datetime, str]:
    if stream.dark_at is not None:
        return stream.dark_at, tr(
            "until our own probe through a blocking provider could no longer get the stream"
        )
    if stream.vanished is not None:
        return stream.vanished, tr("until the stream disappeared from its sources")
    return ended, tr("still available at the last record")


def _observed(records: CaseRecords, mandate: Mandate) -> float:
    """Return the seconds of the window during which the watch ran."""
    window = mandate.window
    return sum(
        max(0.0, (min(end, window.end) - max(start, window.start)).total_seconds())
        for start, end in records.spans.watched
    )


def _figures(
    streams: Sequence[StreamView], guards: Sequence[GuardVerdict], *, offered: int
) -> Figures:
    findings = [stream.verdict.finding for stream in streams if stream.verdict is not None]
    proven = [
        stream for stream in streams if stream.verdict and stream.verdict.finding is Finding.PROVEN
    ]
    exposed = [stream.exposed_s / 60 for stream in proven if stream.exposed_s is not None]
    refused = [guard for guard in guards if guard.decision is not Decision.ALLOW]
    # A name behind two refused addresses is spared once; nameless ones cannot be told apart, so
    # only the largest nameless remainder counts: the sum might count them twice.
    names = {name for guard in refused for name in guard.collateral.names}
    nameless = max(
        (bystanders_of(guard) - len(guard.collateral.names) for guard in refused), default=0
    )
    return Figures(
        offered=max(len(streams), offered),
        checked=sum(stream.probes > 0 or stream.verdict is not None for stream in streams),
        proven=len(proven),
        undecided=findings.count(Finding.UNDECIDED),
        refused=len(refused),
        decided=len(guards),
        exposed_min=statistics.median(exposed) if exposed else None,
        exposed_n=len(exposed),
        dark=sum(stream.dark_at is not None for stream in proven),
        spared=len(names) + nameless,
    )


def _hero(streams: Sequence[StreamView]) -> StreamView | None:
    """Return the strongest proven match that has both pictures, else one with a curve."""
    proven = [
        stream for stream in streams if stream.verdict and stream.verdict.finding is Finding.PROVEN
    ]
    aligned = [stream for stream in proven if stream.alignment is not None]
    pair = (
        stream
        for stream in aligned
        if stream.alignment and stream.alignment.suspect and stream.alignment.original
        if stream.alignment.suspect.uri and stream.alignment.original.uri
    )
    return next(pair, aligned[0] if aligned else None)


def _standing(opening: Opening) -> str:
    try:
        return opening.standing().words
    except ApprovalError as error:
        return tr("BROKEN: %(detail)s", detail=str(error))
