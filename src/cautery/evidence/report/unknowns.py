"""What a case does not know, in sentences: as prominent on page one as what it claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cautery.drawing.words import percent, plural
from cautery.evidence.report.collect import Records
from cautery.evidence.report.view import StreamView, Unknown
from cautery.evidence.report.words import TIMES, span
from cautery.model import Finding, Mandate


def unknowns(
    records: Records, mandate: Mandate, streams: Sequence[StreamView], *, observed_s: float
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
        *_pace(records, streams),
        *_streams(streams),
        *_time(mandate, observed_s),
        *_errors(records),
        *_world(records, mandate),
    )


def _pace(records: Records, streams: Sequence[StreamView]) -> Iterator[Unknown]:
    """Say what nobody looked at, and how late the watch was: what it did not see is no absence."""
    unprobed = sum(stream.probes == 0 and stream.verdict is None for stream in streams)
    last, worst = records.pace, records.worst_pace
    unseen = unprobed if last is None else max(last.unseen, unprobed)
    if unseen:
        offered = len(streams) if last is None else max(last.offered, len(streams))
        why = (worst.why if worst is not None else None) or "the watch ended before their turn"
        yield Unknown(
            what=f"{plural(unseen, 'stream')} of {offered} offered that nobody looked at",
            why=f"What they show is not known. Why: {why[:200]}.",
        )
    if worst is not None and worst.why is not None:
        yield Unknown(
            what="What a watch that kept up would have seen",
            why=f"At its worst moment references were {span(worst.references_late_s)} behind, "
            f"looks {span(worst.probes_late_s)}. Why: {worst.why[:200]}.",
        )
    if records.shed:
        yield Unknown(
            what=f"What {plural(records.shed, 'look')} again would have shown",
            why="There was no time for them: they were put off, and each time is on record.",
        )
    if last is not None and last.silent:
        suffix = f" and {len(last.silent) - 3} more" if len(last.silent) > 3 else ""
        yield Unknown(
            what=f"What shows {plural(len(last.silent), 'reference')}",
            why=f"Nothing was heard of {', '.join(last.silent[:3])}{suffix}, "
            "so nothing could match.",
        )


def _streams(streams: Sequence[StreamView]) -> Iterator[Unknown]:
    by_finding: dict[Finding | None, list[StreamView]] = {}
    for stream in streams:
        by_finding.setdefault(stream.verdict.finding if stream.verdict else None, []).append(stream)
    if undecided := by_finding.get(Finding.UNDECIDED):
        yield Unknown(
            what=f"{plural(len(undecided), 'stream')} undecided",
            why="Something speaks for a match, not enough to claim one: " + _numbers(undecided),
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
            what=f"{plural(len(unreachable), 'stream')} gave no media",
            why=reasons
            + (f"; {remaining} further reasons, see section 2" if remaining > 0 else ""),
        )
    if unjudged := [stream for stream in by_finding.get(None, []) if stream.probes]:
        yield Unknown(
            what=f"{plural(len(unjudged), 'stream')} offered, without a verdict",
            why="The watch did not come to a verdict before the last record.",
        )
    nobody = [
        stream
        for stream in by_finding.get(Finding.PROVEN, [])
        if stream.verdict and stream.verdict.licensee is None
    ]
    if nobody:
        yield Unknown(
            what=f"Whose feed {plural(len(nobody), 'proven stream')} took",
            why="The event is proven; no licensee's own sound or graphics were recognised.",
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
            what=f"{span(missed)} of the window unobserved ({share})",
            why="No record says what was offered then; exposure is counted from what was seen.",
        )


def _errors(records: Records) -> Iterator[Unknown]:
    if not records.rates:
        yield Unknown(
            what="How often this method errs here",
            why="No error rate was recorded with this case; see the method's own measurements.",
        )
    measured = [rate for rate in records.rates.values() if rate.upper_bound is not None]
    if measured:
        worst = max(measured, key=lambda rate: rate.upper_bound or 1.0)
        yield Unknown(
            what="The true error rates",
            why=f"{plural(len(measured), 'rate')} were measured in trials. The highest bound: "
            f"{worst.what}, {worst.errors} of {worst.trials}, at most "
            f"{percent(worst.upper_bound or 1.0)} at 95 % confidence; all in section 3.",
        )
    for rate in records.rates.values():
        if rate.upper_bound is None:
            yield Unknown(what=f"True rate of: {rate.what}", why="Not measured: no trials.")


def _world(records: Records, mandate: Mandate) -> Iterator[Unknown]:
    if records.unfiltered:
        yield Unknown(
            what="What hostile media could do to this machine",
            why="Media were decoded in processes whose system calls were not filtered, since the "
            "machine can't, and the watch was told to go on.",
        )
    if records.clocks_unknown:
        yield Unknown(
            what=f"Clock offset of {plural(records.clocks_unknown, 'capture')}",
            why="The distance of the machine's clock from UTC was not known when they were sealed.",
        )
    failed = [source for source, why in records.sources.items() if why is not None]
    if failed:
        suffix = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        yield Unknown(
            what=f"What {plural(len(failed), 'source')} offered last",
            why="They could not be read: "
            + ", ".join(_short(source) for source in failed[:3])
            + suffix
            + ".",
        )
    blind = [
        intermediary.name for intermediary in mandate.intermediaries if intermediary.proxy is None
    ]
    probed = sorted({look.intermediary for look in records.dark})
    reach = (
        f"Effects were probed through {', '.join(probed)}." if probed else "No block was probed."
    )
    if blind:
        reach += f" No probe can pass through {', '.join(blind)}."
    yield Unknown(
        what="What viewers elsewhere see",
        why=f"Streams were probed from this machine alone. {reach}",
    )
    yield Unknown(
        what="What no source offered",
        why=(
            "Only the one source of the mandate was read."
            if len(mandate.sources) == 1
            else f"Only the {plural(len(mandate.sources), 'source')} of the mandate were read."
        ),
    )
