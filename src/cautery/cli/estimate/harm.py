"""``cautery estimate harm``: what an audience may have cost, under each stated assumption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.cells import table_of
from cautery.cli import render
from cautery.cli.estimate._rates import Rates, parsed_rates
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.estimate import number_in_words
from cautery.estimate.harm import (
    Curve,
    Harm,
    HarmRow,
    JudgedHarm,
    Money,
    Price,
    Triple,
    beside,
    harm_of_events,
    harm_of_users,
    harm_plot,
    judge_harm,
    parse_harm_claim,
    parse_price,
    scaled,
)
from cautery.messages import message, say
from cautery.model.message import Message
from cautery.projections.without_decoys import outward
from cautery.wiring import cases
from cautery.workflows.harm.audience import streams_of_case, viewers_of_file
from cautery.workflows.harm.files import assumptions_of

_COLUMNS = (
    *("assumption", "title", "event", "channel", "low", "high", "currency", "share_low"),
    *(
        "share_high",
        "price_low",
        "price_high",
        "price_currency",
        "price_per",
        "evidence",
        "in_range",
    ),
    "source",
)


def harm(
    audience: Annotated[
        Path | None,
        typer.Argument(help="audience.csv with viewers by minute, or the folder of a case."),
    ] = None,
    users: Annotated[
        str | None,
        typer.Option(help="Instead: users of a year's services, LOW:MIDDLE:HIGH (90 %)."),
    ] = None,
    per_stream: Annotated[
        str | None,
        typer.Option("--viewers-per-stream", help="Of a case: LOW:MIDDLE:HIGH viewers a stream."),
    ] = None,
    content: Annotated[
        str, typer.Option(help="live-sport, film, series or channel.")
    ] = "live-sport",
    price: Annotated[
        str | None,
        typer.Option(help='Of your lawful offer, such as "29.99 EUR/month" or "5-8 EUR/viewing".'),
    ] = None,
    assumptions: Annotated[
        Path | None, typer.Option(help="Your own file of assumptions, each with its source (TOML).")
    ] = None,
    claims: Annotated[
        list[str] | None,
        typer.Option(
            "--claim",
            help='Claimed harm: "EUR 2 million/events", or with --users "EUR 10 billion a year".',
        ),
    ] = None,
    rates: Rates = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write all rows, by event and channel, as CSV.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write curves and ranges to this SVG.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say what an audience may have cost, as a range under each stated assumption; judge a claim.

    Nobody knows what viewers of a pirated copy would have paid, so there is never one number: each
    assumption has a low and a high end, with its source. A claim outside of all of them is FLAGGED.

    Example: cautery estimate harm audience.csv --claim "EUR 2 million/events" --plot harm.svg
    """
    if (audience is None) == (users is None):
        raise InputError(
            "harm needs either an audience or --users",
            hint="Give audience.csv, a case, or --users 1e6:2e6:4e6 (cautery estimate size).",
        )
    stated = assumptions_of(assumptions)
    lawful = None if price is None else parse_price(price)
    by_currency = parsed_rates(rates)
    of = "events" if users is None else "year"
    parsed = [parse_harm_claim(claim, of=of) for claim in claims or ()]
    for output in (csv, plot):
        if output is not None:
            wiring.check_output(output)
    curves, notes = ((), ()) if audience is None else _curves(audience, per_stream)
    if users is None:
        result = harm_of_events(curves, stated, content=content, price=lawful, rates=by_currency)
    else:
        if per_stream is not None:
            raise InputError("--viewers-per-stream belongs to a case")
        result = harm_of_users(
            _triple("--users", users),
            stated,
            content=content,
            price=lawful,
            rates=by_currency,
        )
    judged = [judge_harm(claim, result, rates=by_currency) for claim in parsed]
    besides = [
        [
            message(
                "harm.beside",
                what=total.what,
                size=number_in_words(total.high),
                times=float(f"{times:.2g}"),
            )
            for total in (stated.published if of == "year" else ())
            if (times := beside(claim.eur, total)) is not None
        ]
        for claim in judged
    ]
    notes = (*notes, *result.notes)
    if csv is not None:
        wiring.write_file(csv, table_of([_COLUMNS, *_csv_rows(result)]))
        render.say(f"csv: {csv}")
    if plot is not None:
        events = len({curve.event for curve in curves})
        what = "a year" if of == "year" else counted(events, "event")
        drawing = harm_plot(result, curves, judged, title=f"Harm of {what}, {content}")
        wiring.write_file(plot, drawing.encode())
        render.say(f"plot: {plot}")
    if json:
        render.json_line(_as_json(result, curves, judged, besides, notes))
        return
    _show(result, curves, judged, besides, notes)


def _curves(path: Path, per_stream: str | None) -> tuple[tuple[Curve, ...], tuple[Message, ...]]:
    """Return curves of viewers, and what is to be said of them."""
    if not cases.may_be_case(path):
        if per_stream is not None:
            raise InputError(
                "--viewers-per-stream belongs to a case: the file counts viewers already"
            )
        return viewers_of_file(path), ()
    with cases.reading(path) as case:
        streams = streams_of_case(outward(case.ledger, what="a case's harm"))
    if per_stream is None:
        peak = max(curve.peak.high for curve in streams)
        raise InputError(
            f"{path}: this case counts streams (up to {peak:.0f} at once), and nobody sees from "
            "outside how many watch a stream",
            hint="State it: --viewers-per-stream 50:300:2000, or give an audience.csv.",
        )
    by = _triple("--viewers-per-stream", per_stream)
    note = message("harm.streams", low=f"{by.low:g}", high=f"{by.high:g}")
    return tuple(scaled(curve, by) for curve in streams), (note,)


def _triple(option: str, text: str) -> Triple:
    parts = text.split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) != 3:
        raise InputError(
            f"{option}: {text[:60]!r} is not an interval",
            hint="Write LOW:MIDDLE:HIGH, 1e6:2e6:4e6.",
        )
    try:
        triple = Triple(*values)
    except InputError as error:
        raise InputError(f"{option}: {error}") from error
    if triple.high > _PEOPLE:
        raise InputError(f"{option}: {text[:60]!r}: there are more than people alive")
    return triple


_PEOPLE = 8.2e9
"""People alive: United Nations, World Population Prospects 2024."""


def _show(
    result: Harm,
    curves: Sequence[Curve],
    judged: Sequence[JudgedHarm],
    besides: Sequence[Sequence[Message]],
    notes: Sequence[Message],
) -> None:
    if curves:
        render.table(
            ("event", "channel", "minutes", "viewers of the mean minute", "of the fullest"),
            (
                (
                    curve.event,
                    curve.channel or "(unknown)",
                    len(curve.minutes),
                    _people(curve.average),
                    _people(curve.peak),
                )
                for curve in curves
            ),
            title="Audience, 90 % intervals",
        )
    time = "a year" if result.of == "year" else "all events"
    render.table(
        ("assumption", f"EUR low, {time}", f"EUR high, {time}", "share", "price", "evidence"),
        (
            (
                row.assumption.title,
                _money(row, low=True),
                _money(row, low=False),
                "{:.0%} - {:.0%}".format(*row.assumption.share),
                _price(row.price),
                row.assumption.evidence,
            )
            for row in result.rows
        ),
        title="Harm under each assumption",
    )
    for row in result.rows:
        typer.echo(render.printable(f"  {row.assumption.title}: {row.assumption.source}"))
    typer.echo(f"\n{render.printable(say(result.words))}")
    for claim, sentences in zip(judged, besides, strict=True):
        mark = "FLAGGED: " if claim.flagged else ""
        typer.echo(f"\n{mark}{render.printable(say(claim.words))}")
        for sentence in sentences:
            typer.echo(f"  {render.printable(say(sentence))}")
    for note in notes:
        render.say(f"note: {say(note)}")


def _money(row: HarmRow, *, low: bool) -> str:
    if row.total is None:
        return "" if row.why_not is None or not low else say(row.why_not)
    return _said(row.total.low if low else row.total.high)


def _said(value: float) -> str:
    return say(number_in_words(float(f"{value:.2g}"))) if value else "0"


def _people(triple: Triple) -> str:
    return f"{_said(triple.low)} - {_said(triple.high)}"


def _price(price: Price) -> str:
    ends = f"{price.low:g}" if price.low == price.high else f"{price.low:g}-{price.high:g}"
    return f"{ends} {price.currency}/{price.per}"


def _csv_rows(result: Harm) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for row in result.rows:
        of = row.assumption
        parts: list[tuple[str, str, Money | None]] = [("", "", row.total)]
        parts += [(event, channel, sum_) for (event, channel), sum_ in row.parts.items()]
        rows += [
            (
                *(of.id, of.title, event, channel),
                *(("", "", "") if sum_ is None else (sum_.low, sum_.high, sum_.currency)),
                *(*of.share, row.price.low, row.price.high, row.price.currency, row.price.per),
                *(of.evidence, str(of.in_hull).lower(), of.source),
            )
            for event, channel, sum_ in parts
        ]
    return rows


def _as_json(
    result: Harm,
    curves: Sequence[Curve],
    judged: Sequence[JudgedHarm],
    besides: Sequence[Sequence[Message]],
    notes: Sequence[Message],
) -> dict[str, Any]:
    return {
        "of": result.of,
        "content": result.content,
        "audience": [
            {
                "event": curve.event,
                "channel": curve.channel,
                "minutes": len(curve.minutes),
                "unmeasured": curve.unmeasured,
                "average": [curve.average.low, curve.average.mid, curve.average.high],
                "peak": [curve.peak.low, curve.peak.mid, curve.peak.high],
            }
            for curve in curves
        ],
        "rests_on": list(result.viewings),
        "assumptions": [
            {
                "id": row.assumption.id,
                "title": row.assumption.title,
                "evidence": row.assumption.evidence,
                "in_range": row.assumption.in_hull,
                "share": list(row.assumption.share),
                "price": _price(row.price),
                "source": row.assumption.source,
                "total": _sum(row.total),
                "says_nothing": None if row.why_not is None else say(row.why_not),
                "parts": [
                    {"event": event, "channel": channel, **(_sum(sum_) or {})}
                    for (event, channel), sum_ in row.parts.items()
                ],
            }
            for row in result.rows
        ],
        "range": _sum(result.hull),
        "words": say(result.words),
        "claims": [
            {
                "claim": claim.claim.text,
                "eur": claim.eur,
                "flagged": claim.flagged,
                "possible_under": list(claim.under),
                "words": say(claim.words),
                "beside": [say(sentence) for sentence in sentences],
            }
            for claim, sentences in zip(judged, besides, strict=True)
        ],
        "notes": [say(note) for note in notes],
    }


def _sum(money: Money | None) -> dict[str, Any] | None:
    if money is None:
        return None
    return {"low": money.low, "high": money.high, "currency": money.currency}
