"""``cautery operation press-sheet``: the counts of one operation, for the press."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.operation._places import check_place
from cautery.errors import InputError
from cautery.model import to_utc
from cautery.wiring import desks

_LANGUAGES = ("fr", "en", "it", "es")


def press_sheet(
    case: Annotated[Path, typer.Argument(help="The agency's case of the operation.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="File: a .pdf, .html or .json.")
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(
            "--language", help="fr, en, it or es; may be repeated. Default: all, French first."
        ),
    ] = None,
    embargo: Annotated[
        str | None,
        typer.Option(help="Not for publication before this time, such as 2026-11-27T10:00Z."),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(help="An earlier sheet in JSON: refuse if a number of it no longer stands."),
    ] = None,
) -> None:
    """Write the counts of an operation for the press, each with the records it leads to.

    What others published stands apart from what the case's records measure. Only what is marked
    TLP:CLEAR is used, and the rest is counted. A sheet is about one operation.

    Example: cautery operation press-sheet cases/op-rome -o sheet.pdf
    """
    if out is None and check is None:
        raise InputError(
            "no file is named",
            hint="cautery operation press-sheet CASE -o sheet.pdf, or --check EARLIER.json",
        )
    if out is not None:
        check_place(out, case=case)
    sheet, compared = desks.write_press_sheet(
        case,
        out,
        languages=language or _LANGUAGES,
        embargo=None if embargo is None else _moment(embargo),
        earlier=check,
    )
    if check is not None:
        render.say(f"checked   {compared} numbers of {check}: all stand")
    render.say(f"withheld  {sheet.withheld} statements, by their markings")
    if out is not None:
        render.say(f"sheet     {out.resolve()}: nothing was sent")


def _moment(text: str) -> datetime:
    try:
        return to_utc("embargo", datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"--embargo {text[:40]!a} is not a time", hint="Write it as 2026-11-27T10:00Z."
        ) from error
