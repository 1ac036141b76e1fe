"""``cautery estimate size`` and ``reconcile``: how large is it, and does the headline fit?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import estimate
from cautery.cli import render
from cautery.cli.estimate._rates import Rates, parsed_rates
from cautery.errors import InputError
from cautery.estimate import (
    PRIORS,
    QUANTITIES,
    Reconciled,
    Tornado,
    number_in_words,
    span,
)
from cautery.messages import say
from cautery.model import Estimate, to_json
from cautery.model.mandate import Regime
from cautery.wiring import cases
from cautery.workflows.sizing.own_priors import read_priors
from cautery.workflows.sizing.size import Sizing, read_dumps, read_sources, size_network

_Claims = Annotated[
    list[str] | None,
    typer.Option(
        "--claim", help='Claim, such as "22e6 users" or "250e6 EUR/month"; may be repeated.'
    ),
]
_Month = Annotated[
    str | None,
    typer.Option(help="Month to size, such as 2024-10; default: the last that most sources cover."),
]
_Seed = Annotated[
    int, typer.Option(min=0, help="Seed of the Monte Carlo: same seed, same numbers.")
]
_Plot = Annotated[Path | None, typer.Option(help="Write a plot to this SVG file.")]
_Priors = Annotated[
    Path | None,
    typer.Option("--priors", help="Your own priors, each with its basis, as a TOML file."),
]
_TornadoFile = Annotated[
    Path | None,
    typer.Option("--tornado", help="Write a picture of what each prior moves to this SVG file."),
]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def size(
    sources: Annotated[Path, typer.Argument(help="Folder of CSV files, or of a lab world.")],
    month: _Month = None,
    claims: _Claims = None,
    dumps: Annotated[
        Path | None, typer.Option(help="Seized panels' tables, as DIR/<panel>/users.csv.")
    ] = None,
    regime: Annotated[
        str, typer.Option(help="gdpr, or led for a competent authority; only led may read dumps.")
    ] = "gdpr",
    plot: _Plot = None,
    tornado: _TornadoFile = None,
    priors: _Priors = None,
    rates: Rates = None,
    seed: _Seed = 0,
    json: _Json = False,
) -> None:
    """Size users, payers and revenue by each method, and by all together.

    Only counts are shown: no viewer is named, and no count under five is shown for a country.
    The last table shows how far each prior moves the estimates, and which ones no source
    identifies; --tornado draws it.

    Example: cautery estimate size world/ --month 2024-10 --claim "22e6 users"
    """
    try:
        under = Regime(regime)
    except ValueError as error:
        raise InputError(
            f"--regime: {regime!r} is not a regime", hint="Give gdpr or led."
        ) from error
    parsed = [estimate.parse_claim(claim) for claim in claims or ()]
    used_priors = PRIORS if priors is None else read_priors(priors)
    counts, notes = read_sources(sources, month=_month(month))
    if dumps is not None:
        counts, dump_notes = read_dumps(
            dumps, counts, regime=under, folder=sources, progress=render.say
        )
        notes += dump_notes
    sizing = size_network(
        counts,
        parsed,
        seed=seed,
        notes=notes,
        rates=parsed_rates(rates),
        priors=used_priors,
        with_tornado=True,
        progress=render.say,
    )
    title = f"Size in {counts.month:%B %Y}"
    if tornado is not None and sizing.tornado is not None:
        _write(tornado, estimate.tornado_plot(sizing.tornado, title=f"{title}: what moves it"))
        render.say(f"tornado: {tornado}")
    _show(sizing, title=title, plot=plot, json=json, countries=True)


def reconcile(
    claims: _Claims = None,
    sources: Annotated[
        Path | None,
        typer.Option(help="Folder of CSV files or of a lab world; default: the published market."),
    ] = None,
    month: _Month = None,
    plot: _Plot = None,
    priors: _Priors = None,
    rates: Rates = None,
    seed: _Seed = 0,
    json: _Json = False,
) -> None:
    """Compare each claim with each source, with all sources together, and with the other claims.

    Without --sources, the published sizing of the whole market is used (AAPA 2021, EU27+UK).
    A claim outside the reconciled 99 % interval is flagged; the exit code is still 0.

    Example: cautery estimate reconcile --claim "22e6 users" --claim "250e6 EUR/month"
    """
    if not claims:
        raise InputError("reconcile needs a claim", hint='Give one, such as --claim "22e6 users".')
    if sources is None and month is not None:
        raise InputError("--month needs --sources", hint="Give --sources DIR.")
    if sources is None and priors is not None:
        raise InputError("--priors needs --sources", hint="Give --sources DIR.")
    used_priors = PRIORS if priors is None else read_priors(priors)
    parsed = [estimate.parse_claim(claim) for claim in claims]
    counts, notes = (None, ()) if sources is None else read_sources(sources, month=_month(month))
    sizing = size_network(
        counts, parsed, seed=seed, notes=notes, rates=parsed_rates(rates), priors=used_priors
    )
    title = "Claims against " + (
        "the published market" if counts is None else f"the sources of {counts.month:%B %Y}"
    )
    _show(sizing, title=title, plot=plot, json=json, countries=False)


def _write(path: Path, drawing: str) -> None:
    cases.reading_store().write(path.parent, path.name, drawing.encode())


def _show(sizing: Sizing, *, title: str, plot: Path | None, json: bool, countries: bool) -> None:
    """Draw, then print: tables and words, or one JSON object."""
    if plot is not None:
        drawing = estimate.claims_plot(sizing.reconciled, sizing.judged, title=title)
        _write(plot, drawing)
        render.say(f"plot: {plot}")
    if json:
        render.json_line(_as_json(sizing))
        return
    together = sizing.reconciled
    quantities = estimate.QUANTITIES
    render.table(
        ("by", *quantities),
        (
            (method.method, *(_cell(method.estimate(quantity)) for quantity in quantities))
            for method in together.sized
            if method.reason is None
        ),
        title=f"{title}: 90 % intervals (revenue in EUR a month)",
    )
    for method in together.sized:
        remark = (
            say(method.bias)
            if method.reason is None
            else f"gives no estimate: {say(method.reason)}"
        )
        typer.echo(render.printable(f"  {method.method}: {remark}"))
    render.table(
        ("reconciled", *quantities),
        (
            (
                f"{100 * coverage:.0f} %",
                *(_cell(together.estimate(quantity, coverage=coverage)) for quantity in quantities),
            )
            for coverage in (0.90, 0.99)
        ),
    )
    for quantity in quantities:
        if (rests := together.draws.rests_on(quantity)) is not None:
            typer.echo(render.printable(f"  {quantity}: {say(rests)}"))
    if sizing.tornado is not None:
        _show_tornado(sizing.tornado)
    if countries:
        render.table(
            ("country", *quantities),
            (
                (
                    country,
                    *(
                        _cell(together.estimate(quantity, country=country))
                        if _many(together, country)
                        else f"under {_SMALLEST}"
                        for quantity in quantities
                    ),
                )
                for country in together.countries
            ),
            title="By country, reconciled, 90 %",
        )
    for claim in sizing.judged:
        mark = "FLAGGED: " if claim.flagged else ""
        typer.echo(f"\n{mark}{render.printable(say(claim.words))}")
        for source in claim.against:
            words = render.printable(say(source.words))
            typer.echo(f"  {render.printable(source.source)}: {words}")
    if sizing.across:
        typer.echo("")
    for text in sizing.across:
        typer.echo(render.printable(say(text)))
    for text in (*([together.scope] if together.scope else []), *sizing.notes):
        render.say(render.printable(f"note: {say(text)}"))


_ROWS = 8
"""Of the tornado's table for each quantity; --json has all."""
_FACTS = "docs/reference/sources.md, "


def _show_tornado(tornado: Tornado) -> None:
    """Print which priors move which estimate most, and what no source identifies."""
    render.table(
        ("estimate", "prior", "from - to", "moves the middle", "identified by sources"),
        (
            (
                quantity,
                f"{swing.words} ({swing.basis.removeprefix(_FACTS)})",
                f"{swing.low:.2g} - {swing.high:.2g}",
                f"{say(number_in_words(swing.at_low))} - {say(number_in_words(swing.at_high))}",
                f"{100 * swing.identified:.0f} %"
                + ("" if swing.is_identified else ": not identified by any source"),
            )
            for quantity, swings in tornado.items()
            for swing in swings[:_ROWS]
        ),
        title="What moves the estimates: each prior at its low (5 %) and high (95 %) end",
    )


def _cell(estimate: Estimate | None) -> str:

    if estimate is None:
        return ""
    return f"{say(number_in_words(estimate.mid))}\n{say(span(estimate)).replace(' to ', ' - ')}"


def _many(together: Reconciled, country: str) -> bool:
    """Whether a country may be shown by itself."""
    return all(
        together.estimate(people, country=country).mid >= _SMALLEST
        for people in ("users", "payers")
    )


_SMALLEST = 5
"""As in the readers: a smaller count is not shown for a country by itself."""


def _as_json(sizing: Sizing) -> dict[str, Any]:

    together = sizing.reconciled
    return {
        "month": None if sizing.month is None else f"{sizing.month:%Y-%m}",
        "seed": sizing.seed,
        "methods": [
            {
                "method": method.method,
                "says_nothing": to_json(method.reason, words=say),
                "bias": say(method.bias),
                "countries": list(method.countries),
                "estimates": [
                    to_json(interval, words=say)
                    for quantity in QUANTITIES
                    for coverage in (0.90, 0.99)
                    if (interval := method.estimate(quantity, coverage=coverage)) is not None
                ],
            }
            for method in together.sized
        ],
        "reconciled": [
            to_json(together.estimate(quantity, coverage=coverage), words=say)
            for quantity in QUANTITIES
            for coverage in (0.90, 0.99)
        ],
        "by_country": {
            country: [
                to_json(together.estimate(quantity, country=country), words=say)
                for quantity in QUANTITIES
            ]
            for country in together.countries
            if _many(together, country)
        },
        "between": together.between,
        "disagreements": to_json(
            [
                *(apart.words for apart in together.disagreements),
                *(unusual.words for unusual in together.unusual),
            ],
            words=say,
        ),
        "tornado": None
        if sizing.tornado is None
        else {
            quantity: [
                {
                    "prior": swing.name,
                    "words": swing.words,
                    "basis": swing.basis,
                    "low": swing.low,
                    "high": swing.high,
                    "at_low": swing.at_low,
                    "at_high": swing.at_high,
                    "identified": swing.identified,
                    "not_identified_by_any_source": not swing.is_identified,
                }
                for swing in swings
            ]
            for quantity, swings in sizing.tornado.items()
        },
        "scope": to_json(together.scope, words=say),
        "claims": [
            {
                "claim": claim.claim.text,
                "quantity": claim.claim.quantity,
                "size": claim.size,
                "flagged": claim.flagged,
                "words": say(claim.words),
                "within_90": to_json(claim.within_90, words=say),
                "within_99": to_json(claim.within_99, words=say),
                "against": [
                    {
                        "source": source.source,
                        "words": say(source.words),
                        "interval": to_json(source.interval, words=say),
                    }
                    for source in claim.against
                ],
            }
            for claim in sizing.judged
        ],
        "across": to_json(sizing.across, words=say),
        "notes": to_json(sizing.notes, words=say),
    }


def _month(text: str | None) -> date | None:

    if text is None:
        return None
    try:
        return date.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError as error:
        raise InputError(
            f"--month: {text!r} is not a valid month", hint="Write 2024-10."
        ) from error
