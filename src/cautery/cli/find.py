"""``cautery find``: what a case holds, or all cases, by words, from their kept lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cautery.cli import render
from cautery.cli._across import find_across
from cautery.errors import InputError
from cautery.messages import say
from cautery.model import Finding, Regime, to_json
from cautery.projections.across import MOST_THINGS, Words
from cautery.projections.kept import MOST_LINES, Asked, Page
from cautery.projections.lines import RecordLine, StreamLine
from cautery.projections.things import ThingKind
from cautery.wiring.kept import kept_case
from cautery.workflows.case.kept import KeptCase

_AT_ONCE = 100_000

T = TypeVar("T")


@render.tabular
def find(
    case: Annotated[
        str,
        typer.Argument(help="Folder of a case, open or closed; with --cases, the first word."),
    ] = "",
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Words that must all occur; the last one may be only begun."),
    ] = None,
    streams: Annotated[
        bool, typer.Option("--streams", help="Find streams by title, URL and host, not records.")
    ] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Only records of this kind; may be repeated. With --cases: title, host, brand or "
            "payment."
        ),
    ] = None,
    finding: Annotated[
        Finding | None, typer.Option(help="Only streams or verdicts with this finding.")
    ] = None,
    before: Annotated[
        int | None, typer.Option(min=0, help="Only what comes before this number: the next page.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LINES, help="Most lines.")] = 50,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the kept lists again from all records first.")
    ] = False,
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases",
            help="Search titles, hosts, brands and payment ends of all cases of this folder, or of "
            "server:.",
        ),
    ] = None,
    regime: Annotated[
        Regime | None,
        typer.Option(
            "--regime", help="With --cases: whose cases, where there are cases under both laws."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Find records or streams of a case by words, newest first; or things in all cases.

    The first search of a case makes lists of it in your cache; later ones take up only what came
    since. Nothing is written into the case, and what is shown comes from its ledger.

    With --cases it finds titles, hosts, brands and payment ends through all cases of a folder or of
    the server, with the months in which they were seen. Cases under gdpr and cases under led are
    never searched together, and people are not searched.

    Example: cautery find cases/md34 arena sport --streams --finding proven

    Example: cautery find arena sport --cases cases
    """
    if cases is not None:
        find_across(
            cases,
            Words(
                text=" ".join((case, *(words or ()))),
                kind=_kind_of(kind),
                before=before,
                limit=min(limit, MOST_THINGS),
            ),
            regime=regime,
            rebuild=rebuild,
            json=json,
        )
        return
    if not case:
        raise InputError(
            "say which case, or search all cases",
            hint="cautery find CASE WORDS, or cautery find WORDS --cases cases",
        )
    asked = Asked(
        text=" ".join(words or ()),
        kinds=tuple(kind or ()),
        finding=finding,
        before=before,
        limit=limit,
    )
    kept = kept_case(Path(case))
    try:
        if rebuild:
            kept.forget()
        _catch_up(kept)
        if streams:
            _show_streams(_whole(kept, lambda: kept.streams(asked)), json=json)
        else:
            _show_records(_whole(kept, lambda: kept.records(asked)), json=json)
    finally:
        kept.close()


def _kind_of(kinds: list[str] | None) -> ThingKind | None:
    if not kinds:
        return None
    try:
        (kind,) = map(ThingKind, kinds)
    except ValueError as error:
        raise InputError(
            "--kind: with --cases it is one of title, host, brand and payment", hint=""
        ) from error
    return kind


def _catch_up(kept: KeptCase) -> None:
    """Take up what came since; a first time takes a minute for a million records, so say so."""
    size = kept.ledger.size()
    while (taken := kept.catch_up(most=_AT_ONCE)) < size:
        render.say(f"making the lists of this case: {taken:,} of {size:,} records")


def _whole(kept: KeptCase, ask: Callable[[], Page[T]]) -> Page[T]:
    """Ask once more if the lists were found damaged, and only began again."""
    remade, page = kept.remade, ask()
    if kept.remade == remade:
        return page
    _catch_up(kept)
    return ask()


def _show_records(page: Page[RecordLine], *, json: bool) -> None:
    if json:
        for line in page.rows:
            render.json_line(to_json(line))
        return
    render.table(
        ("record", "at", "kind", "about", "what it says"),
        (
            (
                line.record,
                f"{line.at:%Y-%m-%d %H:%M:%S}",
                line.kind,
                line.subject,
                "" if line.text is None else say(line.text),
            )
            for line in page.rows
        ),
    )
    _say_more(page)


def _show_streams(page: Page[StreamLine], *, json: bool) -> None:
    if json:
        for line in page.rows:
            render.json_line(to_json(line))
        return
    render.table(
        ("record", "title", "finding", "first seen", "url"),
        (
            (
                line.named if line.verdict is None else line.verdict,
                line.title or "",
                line.finding or "",
                "" if line.first_seen is None else f"{line.first_seen:%Y-%m-%d %H:%M:%S}",
                line.url,
            )
            for line in page.rows
        ),
    )
    _say_more(page)


def _say_more(page: Page[RecordLine] | Page[StreamLine]) -> None:
    if not page.complete:
        render.say("The search took too long and was ended: there may be older ones. Add a word.")
    if page.older is not None:
        found = "" if page.found is None else f" of {page.found:,}{'+' * page.found_more}"
        render.say(f"{len(page.rows)}{found}; the next ones: --before {page.older}")
