"""Sentences about what a case does not know; page one of the report shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cautery.drawing.formatting import number, percent
from cautery.drawing.templates import said
from cautery.messages import tr, tr_n
from cautery.model import Finding, Mandate
from cautery.pages.case_report import StreamView, Unknown
from cautery.pages.case_report.formatting import span
from cautery.projections import CaseRecords, Pace
from cautery.workflows.case.unknown_machines import first_of, nodes_of, takeovers


def unknowns(
    records: CaseRecords,
    mandate: Mandate,
    streams: Sequence[StreamView],
    *,
    observed_s: float,
    unrevealed: int = 0,
) -> tuple[Unknown, ...]:
    """List what the records leave open, the weightiest first.

    Parameters
    ----------
    observed_s : float
        Seconds of the mandate's window during which the watch ran.
    unrevealed : int
        Decoys of which nobody knows which of the streams they are.

    Returns
    -------
    tuple of Unknown
        Never empty: a watch from one place never sees everything.
    """
    return (
        *_decoys(unrevealed),
        *_pace(records.pace, streams),
        *_streams(streams),
        *_time(mandate, observed_s),
        *takeovers(records),
        *nodes_of(records.nodes),
        *_errors(records),
        *_world(records, mandate),
    )


def _decoys(unrevealed: int) -> Iterator[Unknown]:
    if unrevealed:
        yield Unknown(
            what=tr_n(
                "Which stream is our own: %(count)s decoy is not revealed",
                "Which streams are our own: %(count)s decoys are not revealed",
                unrevealed,
                style=number,
            ),
            why=tr(
                "To test the watch, a planner hid streams of our own among those that it watched. "
                "So claims, networks and figures of this page may count them."
            ),
        )


def _pace(pace: Pace, streams: Sequence[StreamView]) -> Iterator[Unknown]:
    """Say what nobody looked at, and how late the watch was: what it did not see is no absence."""
    unprobed = sum(stream.probes == 0 and stream.verdict is None for stream in streams)
    last, worst = pace.newest, pace.worst
    unseen = unprobed if last is None else max(last.unseen, unprobed)
    if unseen:
        offered = len(streams) if last is None else max(last.offered, len(streams))
        why = (
            tr("the watch ended before it reached them")
            if worst is None or worst.why is None
            else said(worst.why)
        )
        yield Unknown(
            what=tr_n(
                "%(count)s stream of %(offered)s offered: never probed",
                "%(count)s streams of %(offered)s offered: never probed",
                unseen,
                style=number,
                offered=offered,
            ),
            why=tr("Their content is not known. Reason: %(why)s.", why=why[:200]),
        )
    if worst is not None and worst.why is not None:
        yield Unknown(
            what=tr("Content missed because the watch was late"),
            why=tr(
                "At the worst moment the references were %(references)s behind and the probes "
                "%(probes)s. Reason: %(why)s.",
                references=span(worst.references_late_s),
                probes=span(worst.probes_late_s),
                why=said(worst.why)[:200],
            ),
        )
    if pace.shed:
        yield Unknown(
            what=tr_n(
                "Results of %(count)s look that did not take place",
                "Results of %(count)s looks that did not take place",
                pace.shed,
                style=number,
            ),
            why=tr(
                "The watch had no time for these repeated probes and put them off. Each case is "
                "on record."
            ),
        )
    if last is not None and (silent := last.references_silent):
        yield Unknown(
            what=tr_n(
                "Content of %(count)s reference",
                "Content of %(count)s references",
                len(silent),
                style=number,
            ),
            why=tr(
                "The watch received no media of %(references)s, so no stream could match.",
                references=first_of(silent, 3),
            ),
        )


def _streams(streams: Sequence[StreamView]) -> Iterator[Unknown]:
    by_finding: dict[Finding | None, list[StreamView]] = {}
    for stream in streams:
        by_finding.setdefault(stream.verdict.finding if stream.verdict else None, []).append(stream)
    if undecided := by_finding.get(Finding.UNDECIDED):
        yield Unknown(
            what=tr_n(
                "%(count)s stream undecided",
                "%(count)s streams undecided",
                len(undecided),
                style=number,
            ),
            why=tr(
                "Some evidence supports a match, but not enough for a claim: %(streams)s.",
                streams=first_of(
                    [tr("no. %(number)s", number=str(stream.number)) for stream in undecided], 12
                ),
            ),
        )
    if unreachable := by_finding.get(Finding.UNREACHABLE):
        why = Counter(map(_reason, unreachable))
        reasons = [
            tr("%(times)s \u00d7 %(reason)s", times=str(count), reason=_short(reason))
            for reason, count in why.most_common(3)
        ]
        if len(why) > 3:
            reasons.append(
                tr_n(
                    "%(count)s further reason, see section 2",
                    "%(count)s further reasons, see section 2",
                    len(why) - 3,
                )
            )
        yield Unknown(
            what=tr_n(
                "%(count)s stream delivered no media",
                "%(count)s streams delivered no media",
                len(unreachable),
                style=number,
            ),
            why="; ".join(reasons),
        )
    if unjudged := [stream for stream in by_finding.get(None, []) if stream.probes]:
        yield Unknown(
            what=tr_n(
                "%(count)s stream offered and probed, but without a verdict",
                "%(count)s streams offered and probed, but without a verdict",
                len(unjudged),
                style=number,
            ),
            why=tr("The watch reached no verdict before the last record."),
        )
    nobody = [
        stream
        for stream in by_finding.get(Finding.PROVEN, [])
        if stream.verdict and stream.verdict.licensee is None
    ]
    if nobody:
        yield Unknown(
            what=tr_n(
                "Source feed of %(count)s proven stream",
                "Source feed of %(count)s proven streams",
                len(nobody),
                style=number,
            ),
            why=tr("The event is proven, but no licensee's own sound or graphics were recognised."),
        )


def _short(text: str) -> str:
    """Return a text at a length that a sentence on page one can bear."""
    return text if len(text) <= 90 else text[:89] + "…"


def _reason(stream: StreamView) -> str:
    """Return why a stream delivered no media."""
    reasons = stream.failures[-1:] or (stream.verdict.reasons if stream.verdict else ())
    return said(reasons[0]) if reasons else tr("no reason given")


def _time(mandate: Mandate, observed_s: float) -> Iterator[Unknown]:
    missed = mandate.window.seconds - observed_s
    if missed >= 1:
        yield Unknown(
            what=tr(
                "%(span)s of the window not observed (%(part)s)",
                span=span(missed),
                part=percent(missed / mandate.window.seconds),
            ),
            why=tr(
                "No record shows what was offered in that time. Exposure is counted from our own "
                "observations only."
            ),
        )


def _errors(records: CaseRecords) -> Iterator[Unknown]:
    if not records.rates:
        yield Unknown(
            what=tr("Error rate of the method in this case"),
            why=tr(
                "No error rate was recorded with this case. See the published measurements of "
                "the method."
            ),
        )
    measured = [rate for rate in records.rates.values() if rate.upper_bound is not None]
    if measured:
        worst = max(measured, key=lambda rate: rate.upper_bound or 1.0)
        yield Unknown(
            what=tr("The true error rates"),
            why=tr_n(
                "%(count)s rate was measured in trials. The highest upper bound is that of "
                "“%(what)s”: %(errors)s of %(trials)s trials, at most %(bound)s at 95 %% "
                "confidence. Section 3 lists all of them.",
                "%(count)s rates were measured in trials. The highest upper bound is that of "
                "“%(what)s”: %(errors)s of %(trials)s trials, at most %(bound)s at 95 %% "
                "confidence. Section 3 lists all of them.",
                len(measured),
                style=number,
                what=said(worst.what),
                errors=worst.errors,
                trials=worst.trials,
                bound=percent(worst.upper_bound or 1.0),
            ),
        )
    for rate in records.rates.values():
        if rate.upper_bound is None:
            yield Unknown(
                what=tr("True rate of: %(what)s", what=said(rate.what)),
                why=tr("It was not measured: there were no trials."),
            )


def _world(records: CaseRecords, mandate: Mandate) -> Iterator[Unknown]:
    if records.unfiltered:
        yield Unknown(
            what=tr("Effect of hostile media on this machine"),
            why=tr(
                "The processes that decoded the media ran without a filter of system calls, "
                "because this machine does not offer one and the watch was set to continue "
                "without it."
            ),
        )
    if records.clocks_unknown:
        yield Unknown(
            what=tr_n(
                "Clock offset of %(count)s capture",
                "Clock offset of %(count)s captures",
                records.clocks_unknown,
                style=number,
            ),
            why=tr(
                "The offset of the machine's clock from UTC was not known when they were sealed."
            ),
        )
    failed = [source for source, why in records.sources.failed.items() if why is not None]
    if failed:
        yield Unknown(
            what=tr_n(
                "Latest offers of %(count)s source",
                "Latest offers of %(count)s sources",
                len(failed),
                style=number,
            ),
            why=tr(
                "Could not be read: %(sources)s.", sources=first_of(list(map(_short, failed)), 3)
            ),
        )
    blind = [
        intermediary.name for intermediary in mandate.intermediaries if intermediary.proxy is None
    ]
    probed = sorted({probe.intermediary for probe in records.acts.dark})
    sentences = [
        tr("Streams were probed from this machine only."),
        tr("Effects were probed through %(providers)s.", providers=", ".join(probed))
        if probed
        else tr("No effect of a block was probed."),
    ]
    if blind:
        sentences.append(
            tr("No probe is possible through %(providers)s.", providers=", ".join(blind))
        )
    yield Unknown(what=tr("What viewers in other networks see"), why=" ".join(sentences))
    yield Unknown(
        what=tr("Streams that no source offered"),
        why=tr_n(
            "Only the one source named in the mandate was read.",
            "Only the %(count)s sources named in the mandate were read.",
            len(mandate.sources),
            style=number,
        ),
    )
