"""Sentences about what a case does not know; page one of the report shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cautery.drawing.words import percent, plural
from cautery.evidence.report import StreamView, Unknown
from cautery.evidence.report.words import TIMES, span
from cautery.model import Finding, Mandate
from cautery.projections import CaseRecords, Pace


def unknowns(
    records: CaseRecords, mandate: Mandate, streams: Sequence[StreamView], *, observed_s: float
) -> tuple[Unknown, ...]:
    """List what the records leave open, the weightiest first.

    Parameters
    ----------
    observed_s : float
        Seconds of the mandate's window during which the watch ran.

    Returns
    -------
    tuple of Unknown
        Never empty: a watch from one place never sees everything.
    """
    return (
        *_pace(records.pace, streams),
        *_streams(streams),
        *_time(mandate, observed_s),
        *_errors(records),
        *_world(records, mandate),
    )


def _pace(pace: Pace, streams: Sequence[StreamView]) -> Iterator[Unknown]:
    """Say what nobody looked at, and how late the watch was: what it did not see is no absence."""
    unprobed = sum(stream.probes == 0 and stream.verdict is None for stream in streams)
    last, worst = pace.newest, pace.worst
    unseen = unprobed if last is None else max(last.unseen, unprobed)
    if unseen:
        offered = len(streams) if last is None else max(last.offered, len(streams))
        why = (worst.why if worst is not None else None) or "the watch ended before it reached them"
        yield Unknown(
            what=f"{plural(unseen, 'stream')} of {offered} offered: never probed",
            why=f"Their content is not known. Reason: {why[:200]}.",
        )
    if worst is not None and worst.why is not None:
        yield Unknown(
            what="Content missed because the watch was late",
            why=f"At the worst moment the references were {span(worst.references_late_s)} behind "
            f"and the probes {span(worst.probes_late_s)}. Reason: {worst.why[:200]}.",
        )
    if pace.shed:
        yield Unknown(
            what=f"Results of {plural(pace.shed, 'look')} that did not take place",
            why=(
                "The watch had no time for these repeated probes and put them off. Each case is "
                "on record."
            ),
        )
    if last is not None and (silent := last.references_silent):
        suffix = f" and {len(silent) - 3} more" if len(silent) > 3 else ""
        yield Unknown(
            what=f"Content of {plural(len(silent), 'reference')}",
            why=(
                f"The watch received no media of {', '.join(silent[:3])}{suffix}, so no stream "
                "could match."
            ),
        )


def _streams(streams: Sequence[StreamView]) -> Iterator[Unknown]:
    by_finding: dict[Finding | None, list[StreamView]] = {}
    for stream in streams:
        by_finding.setdefault(stream.verdict.finding if stream.verdict else None, []).append(stream)
    if undecided := by_finding.get(Finding.UNDECIDED):
        yield Unknown(
            what=f"{plural(len(undecided), 'stream')} undecided",
            why="Some evidence supports a match, but not enough for a claim: "
            + _numbers(undecided),
        )
    if unreachable := by_finding.get(Finding.UNREACHABLE):
        why = Counter(
            (stream.failures[-1] if stream.failures else "")
            or (
                stream.verdict.reasons[0]
                if stream.verdict and stream.verdict.reasons
                else "no reason given"
            )
            for stream in unreachable
        )
        reasons = "; ".join(
            f"{count} {TIMES} {_short(reason)}" for reason, count in why.most_common(3)
        )
        remaining = len(why) - 3
        yield Unknown(
            what=f"{plural(len(unreachable), 'stream')} delivered no media",
            why=reasons
            + (f"; {remaining} further reasons, see section 2" if remaining > 0 else ""),
        )
    if unjudged := [stream for stream in by_finding.get(None, []) if stream.probes]:
        yield Unknown(
            what=f"{plural(len(unjudged), 'stream')} offered and probed, but without a verdict",
            why="The watch reached no verdict before the last record.",
        )
    nobody = [
        stream
        for stream in by_finding.get(Finding.PROVEN, [])
        if stream.verdict and stream.verdict.licensee is None
    ]
    if nobody:
        yield Unknown(
            what=f"Source feed of {plural(len(nobody), 'proven stream')}",
            why="The event is proven, but no licensee's own sound or graphics were recognised.",
        )


def _short(text: str) -> str:
    """Return a text at a length that a sentence on page one can bear."""
    return text if len(text) <= 90 else text[:89] + "…"


def _numbers(streams: Sequence[StreamView]) -> str:
    listed = ", ".join(f"no. {stream.number}" for stream in streams[:12])
    return listed + (f" and {len(streams) - 12} more." if len(streams) > 12 else ".")


def _time(mandate: Mandate, observed_s: float) -> Iterator[Unknown]:
    missed = mandate.window.seconds - observed_s
    if missed >= 1:
        share = percent(missed / mandate.window.seconds)
        yield Unknown(
            what=f"{span(missed)} of the window not observed ({share})",
            why=(
                "No record shows what was offered in that time. Exposure is counted from our own "
                "observations only."
            ),
        )


def _errors(records: CaseRecords) -> Iterator[Unknown]:
    if not records.rates:
        yield Unknown(
            what="Error rate of the method in this case",
            why=(
                "No error rate was recorded with this case. See the published measurements of "
                "the method."
            ),
        )
    measured = [rate for rate in records.rates.values() if rate.upper_bound is not None]
    if measured:
        worst = max(measured, key=lambda rate: rate.upper_bound or 1.0)
        yield Unknown(
            what="The true error rates",
            why=f"{plural(len(measured), 'rate')} were measured in trials. The highest upper "
            f"bound is that of “{worst.what}”: {worst.errors} of {worst.trials} trials, at "
            f"most {percent(worst.upper_bound or 1.0)} at 95 % confidence. Section 3 lists "
            "all of them.",
        )
    for rate in records.rates.values():
        if rate.upper_bound is None:
            yield Unknown(
                what=f"True rate of: {rate.what}",
                why=("It was not measured: there were no trials."),
            )


def _world(records: CaseRecords, mandate: Mandate) -> Iterator[Unknown]:
    if records.unfiltered:
        yield Unknown(
            what="Effect of hostile media on this machine",
            why="The processes that decoded the media ran without a filter of system calls, "
            "because this machine does not offer one and the watch was set to continue "
            "without it.",
        )
    if records.clocks_unknown:
        yield Unknown(
            what=f"Clock offset of {plural(records.clocks_unknown, 'capture')}",
            why="The offset of the machine's clock from UTC was not known when they were sealed.",
        )
    failed = [source for source, why in records.sources.items() if why is not None]
    if failed:
        suffix = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        yield Unknown(
            what=f"Latest offers of {plural(len(failed), 'source')}",
            why="Could not be read: "
            + ", ".join(_short(source) for source in failed[:3])
            + suffix
            + ".",
        )
    blind = [
        intermediary.name for intermediary in mandate.intermediaries if intermediary.proxy is None
    ]
    probed = sorted({probe.intermediary for probe in records.acts.dark})
    reach = (
        f"Effects were probed through {', '.join(probed)}."
        if probed
        else ("No effect of a block was probed.")
    )
    if blind:
        reach += f" No probe is possible through {', '.join(blind)}."
    yield Unknown(
        what="What viewers in other networks see",
        why=f"Streams were probed from this machine only. {reach}",
    )
    yield Unknown(
        what="Streams that no source offered",
        why=(
            "Only the one source named in the mandate was read."
            if len(mandate.sources) == 1
            else (
                f"Only the {plural(len(mandate.sources), 'source')} named in the mandate were read."
            )
        ),
    )
