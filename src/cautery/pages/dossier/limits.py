"""What a case does not know, for a court: what nobody looked at, gaps, what was not measured."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.messages import tr, tr_n
from cautery.model import Finding
from cautery.pages.case_report.view import ReportView
from cautery.pages.dossier.words import rate_name, style, written


def limits_of(report: ReportView, *, decoys: int = 0) -> tuple[tuple[str, str], ...]:
    """Return what a case cannot say, and why; never empty, since no watch sees everything.

    Parameters
    ----------
    decoys : int
        Streams that were offered and are not in the report, since they are known to be decoys.
    """
    return (
        *_unseen(report, decoys),
        *_open(report),
        *_time(report),
        *_rates(report),
        *_always(report),
    )


def _unseen(report: ReportView, decoys: int) -> Iterator[tuple[str, str]]:
    offered = max(len(report.streams), report.figures.offered - decoys)
    unseen = offered - report.figures.checked
    if unseen:
        yield (
            tr_n(
                "%(count)s stream of %(offered)s that were offered: nobody looked at it",
                "%(count)s streams of %(offered)s that were offered: nobody looked at them",
                unseen,
                style,
                offered=offered,
            ),
            tr("Nothing is known of their content. No error rate speaks of them."),
        )


def _open(report: ReportView) -> Iterator[tuple[str, str]]:
    found = [stream.verdict.finding for stream in report.streams if stream.verdict is not None]
    if undecided := found.count(Finding.UNDECIDED):
        yield (
            tr_n("%(count)s stream undecided", "%(count)s streams undecided", undecided, style),
            tr("Something speaks for a match, but not enough for a claim. Nothing is claimed."),
        )
    if unreachable := found.count(Finding.UNREACHABLE):
        yield (
            tr_n(
                "%(count)s stream delivered no media",
                "%(count)s streams delivered no media",
                unreachable,
                style,
            ),
            tr("What viewers received there is not known."),
        )
    unjudged = sum(stream.verdict is None and stream.probes > 0 for stream in report.streams)
    if unjudged:
        yield (
            tr_n(
                "%(count)s stream looked at, without a verdict",
                "%(count)s streams looked at, without a verdict",
                unjudged,
                style,
            ),
            tr("The watch came to none before the last record."),
        )


def _time(report: ReportView) -> Iterator[tuple[str, str]]:
    if report.unobserved_s >= 1:
        yield (
            tr(
                "%(missed)s min of a window of %(whole)s min in which the watch did not run",
                missed=written(f"{report.unobserved_s / 60:,.1f}"),
                whole=written(f"{report.mandate.window.seconds / 60:,.1f}"),
            ),
            tr("No record says what was offered in that time."),
        )


def _rates(report: ReportView) -> Iterator[tuple[str, str]]:
    if not report.error_rates:
        yield (
            tr("Error rates of the method"),
            tr("None is recorded in this case."),
        )
    for rate in report.error_rates:
        if rate.upper_bound is None:
            yield rate_name(rate.what), tr("It was not measured: there were no trials.")
    if report.blind is None:
        yield (
            tr("Error rates of this watch on its organisation's own feeds"),
            tr("No blind test of this case counts: none was made, or it is not revealed."),
        )


def _always(report: ReportView) -> Iterator[tuple[str, str]]:
    yield (
        tr("Who is behind a stream"),
        tr("A claim says what a stream carried. It does not say who offered it, or knew of it."),
    )
    yield (
        tr("What viewers elsewhere received"),
        tr("Streams were looked at from the watch's own connection alone."),
    )
    yield (
        tr("Streams that no source offered"),
        tr_n(
            "The watch read the one source that the mandate names.",
            "The watch read the %(count)s sources that the mandate names.",
            len(report.mandate.sources),
            style,
        ),
    )
