"""``cautery estimate kpi``: the key figures of one case, or of a season, on one sheet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.cells import table_of
from cautery.cli import render
from cautery.drawing.formatting import DASH, THIN
from cautery.errors import InputError
from cautery.estimate.kpi import Figure, OfferFact, Period, Sheet
from cautery.evidence.case_names import is_on_server
from cautery.evidence.manifest import LEDGER
from cautery.messages import languages, say
from cautery.messages.language import language as language_in_use
from cautery.model import iso, to_json
from cautery.model.ports import Ledger
from cautery.pages.kpi import sheets_html
from cautery.pages.kpi.render import figure_text, interval_text, rests_on
from cautery.wiring import cases as wired
from cautery.workflows.kpi.page import page_of
from cautery.workflows.kpi.sheet import COLUMNS, rows_of, sheet_of_cases
from cautery.workflows.operation.seizure_site.offers import read_site_list


def kpi(
    cases: Annotated[
        list[Path], typer.Argument(help="Folders of cases, or folders that hold cases.")
    ],
    since: Annotated[
        str | None, typer.Option("--from", help="First day (UTC), such as 2026-08-01.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Last day (UTC), such as 2026-12-31.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the sheet as CSV.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the sheet as a page.")] = None,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", help="Of the page: en, fr, it or es; may be repeated."),
    ] = None,
    offers: Annotated[
        Path | None,
        typer.Option(
            "--offers", help="List of lawful offers, as `cautery operation seizure-page` reads it."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Report key figures of cases in the five families of Recommendation (EU) 2023/1018.

    Each figure is counted from records, with how many things it rests on and its interval, or says
    that it is not measured and what it would take. Events, streams, targets and notices of several
    cases count once. Decoys are left out; nothing names a person.

    Example: cautery estimate kpi cases/ --from 2026-08-01 --to 2026-12-31 --html season.html
    """
    tongues = tuple(dict.fromkeys(language or (language_in_use(),)))
    if strange := [tongue for tongue in tongues if tongue not in languages()]:
        raise InputError(
            f"--language: {strange[0][:20]!r} is not known",
            hint=f"Give one of: {', '.join(languages())}.",
        )
    period = _period(since, until)
    listed = None if offers is None else _offers(offers)
    for output in (csv, html):
        if output is not None:
            wiring.check_output(output)
    sheet = sheet_of_cases(
        _found(cases), reading=_ledger, period=period, offers=listed, progress=render.say
    )
    if csv is not None:
        wiring.write_file(csv, table_of([COLUMNS, *rows_of(sheet)]))
        render.say(f"csv: {csv}")
    if html is not None:
        page = page_of(sheet, now=wiring.clock().now())
        wiring.write_file(html, sheets_html(page, tongues=tongues).encode())
        render.say(f"page: {html}")
    if csv is not None or html is not None:
        for note in sheet.notes:
            render.say(f"note: {say(note)}")
    if json:
        render.json_line(_as_json(sheet))
    elif csv is None and html is None:
        _show(sheet)


def _show(sheet: Sheet) -> None:
    page = page_of(sheet, now=datetime.now(UTC))
    for family in page.families:
        render.table(
            ("what", "figure", "interval", "rests on", "not measured: what it would take"),
            (
                (
                    f"{'' if row.of is None else say(row.of) + ': '}{say(row.label)}",
                    _thick(figure_text(row)),
                    _thick(interval_text(row)),
                    _thick(rests_on(row)),
                    "" if row.need is None else say(row.need),
                )
                for row in family.rows
            ),
            title=f"{say(family.title)} ({family.measured} of {len(family.rows)} measured)",
        )
    for note in sheet.notes:
        render.say(f"note: {say(note)}")


def _thick(text: str) -> str:
    """Return a page's text with spaces that every terminal has."""
    return text.replace(THIN, " ").replace(DASH, "-")


def _as_json(sheet: Sheet) -> dict[str, Any]:
    since, until = sheet.period.since, sheet.period.until
    return {
        "format": "Cautery key figures v1",
        "cases": sheet.cases,
        "holders": list(sheet.holders),
        "lab": sheet.lab,
        "from": None if since is None else iso(since),
        "before": None if until is None else iso(until),
        "families": {
            family.value: [
                {
                    "id": indicator.id,
                    "of": indicator.of,
                    "what": say(indicator.label),
                    **_figure(indicator.figure),
                }
                for indicator in sheet.of(family)
            ]
            for family in sheet.families
        },
        "notes": [say(note) for note in sheet.notes],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    members = to_json(figure, words=say)
    return {name: value for name, value in members.items() if value not in (None, "")}


@contextmanager
def _ledger(path: Path) -> Iterator[Ledger]:
    with wired.reading(path) as case:
        yield case.ledger


def _found(paths: list[Path]) -> list[Path]:
    """Return the cases that are named, and those in folders that are named."""
    case_paths: list[Path] = []
    store = wired.reading_store()
    for path in paths:
        if store.exists(path, LEDGER):
            case_paths.append(path)
            continue
        below = store.below(path) if is_on_server(path) or path.is_dir() else {}
        if not below:
            raise InputError(f"{path}: neither a case nor a folder with cases")
        case_paths += [below[name] for name in sorted(below)]
    return case_paths


def _period(since: str | None, until: str | None) -> Period:
    first, last = _day("--from", since), _day("--to", until)
    if first is not None and last is not None and last < first:
        raise InputError(f"--to {until} is before --from {since}")
    return Period(
        since=None if first is None else datetime.combine(first, time(), UTC),
        until=None if last is None else datetime.combine(last, time(), UTC) + timedelta(days=1),
    )


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option}: {text[:40]!r} is not a day", hint="Write 2026-08-01."
        ) from error
    if not 2000 <= day.year <= 2999:
        raise InputError(f"{option}: {text[:40]!r} is not a day of this millennium")
    return day


def _offers(path: Path) -> tuple[OfferFact, ...]:
    return tuple(
        OfferFact(country=offer.country, free=offer.free, priced=bool(offer.price) or offer.free)
        for offer in read_site_list(path).offers
    )
