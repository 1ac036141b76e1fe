"""The content of a dossier's document, complete and ready to be set."""

from __future__ import annotations

import base64
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cautery.messages import say, term, tr
from cautery.model import DarkProbe, ErrorRate, Finding, Mandate, Verdict
from cautery.model.records import ProbeDone, StreamAppeared
from cautery.pages.case_report.view import (
    Alignment,
    ReportView,
    Still,
    StreamView,
)
from cautery.pages.dossier.exhibits import ExhibitLine, counted
from cautery.pages.dossier.hosts import HostView, network_of
from cautery.pages.dossier.parts import PartView
from cautery.pages.dossier.words import (
    rate_name,
    second,
    second_after,
    style,
    written,
)

MOST_CLAIMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RateView:
    """An error rate in words: what errs, how often it did, and the 95 % bound."""

    what: str
    counted: str
    source: str


Bracketed = Callable[[type, str, datetime], tuple[datetime | None, datetime | None]]
"""Not before and not after which time a record was made, by its type, its stream's URL and the time
that it states; ``None``: nobody else vouches for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeView:
    """What happened, between which times as others vouch, and what this machine's clock said.

    Times are in UTC; ``not_before`` and ``not_after`` are empty where nobody else vouches.
    """

    what: str
    not_before: str
    not_after: str
    claimed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """One proven stream.

    Parameters
    ----------
    rates : tuple of RateView
        The false matches that bear on this claim, the nearest first.
    others : tuple of (str, str)
        Each alternative hypothesis, and what speaks to it here.
    times : tuple of TimeView
        What happened, and when.
    exhibits : tuple of (str, str)
        Of what was sealed, how many of each kind.
    pictures : tuple of (str, str)
        Caption and name of a still, the stream's first.
    curve : tuple of (float, float)
        Lag in seconds and strength, both from 0 to 1 of their ranges.
    """

    number: int
    title: str
    host: str
    url: str
    says: str
    rates: tuple[RateView, ...]
    support: str
    ratio: str
    ratio_figure: str
    others: tuple[tuple[str, str], ...]
    times: tuple[TimeView, ...]
    reasons: tuple[str, ...]
    network: str
    exhibits: tuple[tuple[str, str], ...]
    hosts: tuple[HostView, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    curve: tuple[tuple[float, float], ...] = ()
    curve_says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierView:
    """The whole document.

    Parameters
    ----------
    vouched : tuple of str
        What is known of its times, and from whom.
    encrypted_says : str
        How many exhibits are encrypted; empty: none.
    encrypted : tuple of (str, str)
        Kind of exhibit and how many of it are encrypted.
    unjudged : bool
        Whether others vouch for times, but nobody is named whom to trust.
    custody : tuple of str
        What is said of the chain of custody; empty: nothing.
    decoys : tuple of str
        What is said of decoys among the streams of the case; empty: nothing.
    exhibits_sha256 : str
        Of the file that lists the exhibits; empty: there is none.
    lines : tuple of ExhibitLine
        The exhibits of the claims, as that file lists them.
    limits : tuple of (str, str)
        For a court, what the case does not know, and why.
    blind : tuple of RateView
        What blind tests of this watch came to, on its organisation's own feeds; empty: there was
        none, or its decoys are not revealed.
    blind_nights : tuple of str
        The nights that are counted in it, each with its case and the digest of its manifest.
    parts : tuple of PartView
        For the defence, what speaks for the accused, and what is not in the bag.
    withheld : tuple of (str, str)
        Kind of record and how many are held back.
    """

    case: str
    audience: str
    who: str
    legal_basis: str
    standing: str
    lab: bool
    made_at: str
    claims: tuple[ClaimView, ...]
    left_out: int
    rates: tuple[RateView, ...]
    method: tuple[str, ...]
    vouched: tuple[str, ...] = ()
    unjudged: bool = False
    custody: tuple[str, ...] = ()
    decoys: tuple[str, ...] = ()
    blind: tuple[RateView, ...] = ()
    blind_nights: tuple[str, ...] = ()
    withheld: tuple[tuple[str, str], ...] = ()
    encrypted_says: str = ""
    encrypted: tuple[tuple[str, str], ...] = ()
    exhibits_sha256: str = ""
    lines: tuple[ExhibitLine, ...] = ()
    limits: tuple[tuple[str, str], ...] = ()
    parts: tuple[PartView, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


def claims_of(
    report: ReportView,
    *,
    urls: frozenset[str] | None,
    pictured: bool,
    bracketed: Bracketed,
    in_bag: Container[str] | None = None,
) -> tuple[tuple[ClaimView, ...], int, dict[str, bytes]]:
    """Return the claims of a report, how many are left out, and the stills that they show.

    Parameters
    ----------
    urls : frozenset of str or None
        Only streams at these redacted URLs; ``None``: all.
    pictured : bool
        Whether stills may be shown.
    bracketed : callable
        Returns the bracket of a record.
    in_bag : container of str or None
        Exhibits that the bag holds; ``None``: all.
    """
    proven = proven_of(report, urls)
    files: dict[str, bytes] = {}
    claims = tuple(
        _claim(
            number,
            stream,
            report,
            files=files if pictured else None,
            bracketed=bracketed,
            in_bag=in_bag,
        )
        for number, stream in enumerate(proven[:MOST_CLAIMS], start=1)
    )
    return claims, len(proven) - len(claims), files


def proven_of(report: ReportView, urls: frozenset[str] | None) -> list[StreamView]:
    """Return the proven streams of a report, in the order of their claims."""
    return [
        stream
        for stream in report.streams
        if stream.verdict is not None
        and stream.verdict.finding is Finding.PROVEN
        and (urls is None or stream.url in urls)
    ]


def rate_views(rates: Iterable[ErrorRate]) -> tuple[RateView, ...]:
    """Return error rates in words."""
    return tuple(
        RateView(
            what=rate_name(rate.what),
            counted=tr("not measured")
            if rate.upper_bound is None
            else tr(
                "%(errors)s of %(trials)s; at 95 %% confidence at most %(bound)s %%",
                style,
                errors=rate.errors,
                trials=rate.trials,
                bound=written(f"{100 * rate.upper_bound:.2g}"),
            ),
            source=rate.source,
        )
        for rate in rates
    )


def _claim(
    number: int,
    stream: StreamView,
    report: ReportView,
    *,
    files: dict[str, bytes] | None,
    bracketed: Bracketed,
    in_bag: Container[str] | None,
) -> ClaimView:
    verdict = stream.verdict
    assert verdict is not None
    pictures: list[tuple[str, str]] = []
    curve: tuple[tuple[float, float], ...] = ()
    curve_says = ""
    ratio = written(f"{float(f'{10 ** min(verdict.log10_lr, 12):.1e}'):,.0f}")
    if stream.alignment is not None:
        curve, curve_says = _curve(stream.alignment)
        if files is not None:
            for caption, name, image in (
                (tr("The stream"), "stream", stream.alignment.suspect),
                (
                    tr("The reference, %(name)s", name=stream.alignment.shown),
                    "reference",
                    stream.alignment.original,
                ),
            ):
                data = _jpeg(image)
                if data is not None:
                    files[f"{number}-{name}.jpg"] = data
                    pictures.append((caption, f"{number}-{name}.jpg"))
    return ClaimView(
        number=number,
        title=stream.title or stream.host,
        host=stream.host,
        url=stream.url,
        says=_says(verdict, report.mandate),
        rates=rate_views(stream.rates),
        support=say(term("verbal", verdict.verbal)),
        ratio=tr(
            "The findings are some %(ratio)s times more likely if the stream carries this content "
            "than if it carries other content.",
            ratio=ratio,
        ),
        ratio_figure=ratio,
        others=_others(verdict),
        times=_times(stream, verdict, bracketed),
        reasons=tuple(say(reason, style) for reason in verdict.reasons),
        network="" if report.graph is None else network_of(stream.host, report.graph.networks),
        exhibits=counted(stream.sealed, in_bag),
        pictures=tuple(pictures),
        curve=curve,
        curve_says=curve_says,
    )


def _says(verdict: Verdict, mandate: Mandate) -> str:
    names = {event.id: event.name for event in mandate.events}
    names |= {work.id: work.title for work in mandate.works}
    names |= {channel.id: channel.names[0] for channel in mandate.channels if channel.names}

    def listed(contents: Iterable[str]) -> str:
        return ", ".join(
            f"{names[name]} ({name})" if names.get(name, name) != name else name
            for name in contents
        )

    claim = _sentence(verdict, listed((verdict.event,) if verdict.event else verdict.channels))
    if not verdict.at_once:
        return claim
    others = listed(other.content for other in verdict.at_once)
    beside = tr("At the same time it carries %(others)s. Nothing is claimed by it.", others=others)
    return f"{claim} {beside}"


def _sentence(verdict: Verdict, content: str) -> str:
    if verdict.licensee is not None:
        return tr(
            "The stream re-broadcasts %(content)s, taken from the licensee %(licensee)s.",
            content=content,
            licensee=verdict.licensee,
        )
    return tr("The stream re-broadcasts %(content)s.", content=content)


def _others(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """Write out what else could explain the findings, and what speaks to each here."""
    seconds = (
        verdict.observations[-1].media_end_s - verdict.observations[0].media_start_s
        if verdict.observations
        else 0.0
    )
    licensed = (
        tr("It runs on a host of the partner %(partner)s.", partner=verdict.partner)
        if verdict.partner
        else tr(
            "The mandate names no partner on this host. A licence that it does not know would not "
            "show."
        )
    )
    shared = (
        tr("The sound or the graphics are those of %(licensee)s alone.", licensee=verdict.licensee)
        if verdict.licensee
        else tr(
            "No licensee's own sound or graphics were recognised: the source may be any feed of "
            "the same content, also one that was not among the references."
        )
    )
    return (
        (tr("A licensed sub-feed"), licensed),
        (tr("A world feed that others share"), shared),
        (
            tr("Highlights or a quotation"),
            tr("The probes agree over %(seconds)s s of media, up to the newest probe.",
               seconds=f"{max(0.0, seconds):.0f}"),
        ),
        (
            tr("Other content that looks or sounds alike"),
            tr("The error rates above were measured on such content, with its N and bound."),
        ),
    )  # fmt: skip


def _times(stream: StreamView, verdict: Verdict, bracketed: Bracketed) -> tuple[TimeView, ...]:
    dated: tuple[tuple[str, type, datetime | None], ...] = (
        (tr("first seen"), StreamAppeared, stream.first_seen),
        *((tr("probed"), ProbeDone, observation.at) for observation in verdict.observations),
        (tr("verdict"), Verdict, verdict.at),
        (tr("seen dark by our own probe"), DarkProbe, stream.dark_at),
    )
    return tuple(
        time_view(what, at, bracketed(kind, stream.url, at))
        for what, kind, at in dated
        if at is not None
    )


def time_view(
    what: str, at: datetime, bracket: tuple[datetime | None, datetime | None]
) -> TimeView:
    """Return a time with its bracket, whose bounds are rounded outwards to the second."""
    not_before, not_after = bracket
    return TimeView(
        what=what,
        not_before="" if not_before is None else second(not_before),
        not_after="" if not_after is None else second_after(not_after),
        claimed=second(at),
    )


def _curve(alignment: Alignment) -> tuple[tuple[tuple[float, float], ...], str]:
    lags, strength = alignment.lags_s, alignment.strength
    if len(lags) < 2 or len(lags) != len(strength) or lags[-1] <= lags[0]:
        return (), tr("No alignment curve was recorded for this stream.")
    low, high = min(0.0, *strength), max(strength)
    span = high - low or 1.0
    points = tuple(
        (round((lag - lags[0]) / (lags[-1] - lags[0]), 4), round((value - low) / span, 4))
        for lag, value in zip(lags, strength, strict=True)
    )
    return points, tr(
        "Agreement of stream and reference by lag, from %(first)s to %(last)s s; it peaks at a "
        "delay of %(delay)s s.",
        first=written(f"{lags[0]:.1f}"),
        last=written(f"{lags[-1]:.1f}"),
        delay=written(f"{alignment.delay_s:.2f}"),
    )


def _jpeg(still: Still | None) -> bytes | None:
    if still is None or still.uri is None:
        return None
    return base64.b64decode(still.uri.partition(",")[2])
