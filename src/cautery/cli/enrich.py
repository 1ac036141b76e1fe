"""``cautery enrich``: what do facts say of the hosts and addresses of these links?"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cells import csv_cell
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.errors import InputError
from cautery.messages import say
from cautery.wiring.facts import known_facts, named_folder
from cautery.workflows.networks.enrich import COLUMNS, FACTS, Tally, enrich_links
from cautery.workflows.networks.enrich import schema as json_schema

_MOST_ROWS = 50


def enrich(
    links: Annotated[
        Path | None,
        typer.Argument(
            help="Links: a CSV of subject, kind, value and optionally first_seen, last_seen, "
            "source; also packed; - for stdin."
        ),
    ] = None,
    facts: Annotated[Path | None, typer.Option(help="Facts folder; default $CAUTERY_DATA.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write all rows to this CSV file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per row.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of rows, and exit.")
    ] = False,
) -> None:
    """Add local facts to links: network, country, hoster, sharing, domain, parking.

    Each derived row names its fact and that fact's date. Without -o or --json, a terminal shows a
    table of the derived rows, and a pipe gets all rows as CSV.

    Example: cautery enrich links.csv --facts facts -o enriched.csv
    """
    if schema:
        render.json_line(json_schema())
        return
    if links is None:
        raise InputError("enrich needs links", hint="cautery enrich LINKS --facts DIR; see -h.")
    folder = named_folder(facts)
    if folder is None:
        raise InputError(
            "enrich needs facts", hint="Give --facts DIR, or set CAUTERY_DATA to a facts folder."
        )
    fact_source = known_facts(folder)
    tally = Tally()
    with Progress("links", None) as progress:
        rows = enrich_links(links, facts=fact_source, tally=tally, step=progress.step)
        if out is not None:
            wiring.write_file_of(out, (line.encode() for line in _csv(rows)))
        elif json:
            for row in rows:
                render.json_line(row)
        elif sys.stdout.isatty():
            derived = [row for row in rows if row["source"] == FACTS]
            columns = ("subject", "kind", "value", "fact", "fact_date")
            render.table(
                columns, ([row[column] for column in columns] for row in derived[:_MOST_ROWS])
            )
            if len(derived) > _MOST_ROWS:
                render.say(f"{len(derived) - _MOST_ROWS:,} more rows: -o and --json give all")
        else:
            for line in _csv(rows):
                sys.stdout.write(line)
    for warning in tally.warnings:
        render.say(render.printable(f"line {warning.line}: {say(warning.why)}: {warning.quoted}"))
    for name, count in fact_source.broken.items():
        render.say(f"facts: {count} line(s) of {name} could not be used")
    render.say(
        f"{tally.links:,} links, {tally.derived:,} derived; {tally.broken:,} rows only partly used"
    )


def _csv(rows: Iterator[dict[str, str]]) -> Iterator[str]:

    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: csv_cell(cell) for column, cell in row.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
