"""``cautery facts``: what facts are here, and how old."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.cli.guard import moment
from cautery.errors import InputError
from cautery.model import to_json
from cautery.wiring.facts import add_fact, known_facts

app = typer.Typer(
    cls=Verbs, no_args_is_help=True, help="List and add facts about addresses and names."
)


@app.command()
@render.tabular
def info(
    folder: Annotated[Path, typer.Argument(help="A facts folder.")],
    at: Annotated[
        str | None,
        typer.Option(help="Time to judge at, such as 2026-08-22T20:00:00Z; default: now."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the files of a facts folder with their dates and whether they are still valid.

    Example: cautery facts info facts
    """
    fact_source = known_facts(folder)
    now = (wiring.clock().now if at is None else moment(at))()
    rows = [
        {
            "fact": file.name,
            "kind": file.kind,
            "path": None if file.path is None else str(file.path),
            "date": to_json(fact_source.dated(file.name)),
            "valid_days": file.valid_days,
            "valid": fact_source.valid(file.name, now),
        }
        for file in fact_source.files
    ]
    if json:
        for row in rows:
            render.json_line(row)
        return
    render.table(
        ("fact", "kind", "date", "valid for", "valid"),
        (
            (
                r["fact"],
                r["kind"],
                "no file" if r["path"] is None else r["date"] or "unknown",
                f"{r['valid_days']} days" if r["path"] and r["valid_days"] is not None else "",
                "yes" if r["valid"] else "no",
            )
            for r in rows
        ),
    )
    if any(r["path"] and not r["valid"] for r in rows):
        render.say(
            "the guard refuses targets when a fact is not valid: renew it (cautery facts add FILE "
            "--name FACT), or set its date and valid_days in facts.toml"
        )


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="Fact file in its published format.")],
    name: Annotated[
        str, typer.Option(help="Name of the fact, such as aws; replaces a fact of that name.")
    ],
    facts: Annotated[Path, typer.Option(help="Facts folder; created if it does not exist.")],
    date: Annotated[
        str | None, typer.Option(help="Date of the file; default: the date in the file.")
    ] = None,
    valid_days: Annotated[
        int | None,
        typer.Option(min=0, max=3650, help="Days for which it is valid; default: by kind."),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            help="Kind of a plain list (bank, dynamic-dns, ...) or of ranges (cdn, cloud, ...)."
        ),
    ] = "",
    top: Annotated[
        int, typer.Option(min=1, help="Entries of a ranked list that count as popular.")
    ] = 10_000,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Add a fact file: AWS, GCP, Azure, Fastly JSON, range lists, CSV, passive DNS, ...

    If the file cannot be used, the folder stays unchanged.

    Example: cautery facts add ip-ranges.json --name aws --facts facts
    """
    try:
        day = None if date is None else dt.date.fromisoformat(date)
    except ValueError as error:
        raise InputError(
            f"--date: {date!r} is not a valid date", hint="Write 2026-08-22."
        ) from error
    added = add_fact(file, facts, name=name, dated=day, valid_days=valid_days, kind=kind, top=top)
    body = {
        **to_json(
            {
                key: getattr(added, key)
                for key in (
                    "name",
                    "kind",
                    "format",
                    "rows",
                    "broken",
                    "date",
                    "date_from",
                    "valid_days",
                )
            }
        ),
        "path": str(added.path),
    }
    if json:
        render.json_line(body)
        return
    render.say(
        render.printable(
            f"{added.name}: {added.format}, {added.rows:,} rows ({added.broken} not usable), of "
            f"{added.date} ({added.date_from}), valid for {added.valid_days} days: {added.path}"
        )
    )
