"""``cautery diff``: what changed between two readings of one source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.errors import InputError, SourceError
from cautery.workflows.files.diff import diff_files

MOST_ROWS = 500


@render.tabular
def diff(
    old: Annotated[Path, typer.Argument(help="The earlier file, in any known format.")],
    new: Annotated[Path, typer.Argument(help="The later file, in the same format.")],
    kind: Annotated[
        str | None, typer.Option(help="Name of the reader; default: by content.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show what appeared, vanished, moved and changed between two files of one format.

    A stream has moved if its title or its path is now at another URL. Nothing is fetched.
    Credentials are shown as hashes under a key that only this run knows.

    Example: cautery diff monday.m3u tuesday.m3u
    """
    try:
        difference = diff_files(old, new, kind=kind)
    except SourceError as error:
        raise InputError(f"{old} and {new}: {error}", hint=error.hint) from error
    rows, limit = 0, render.most_rows(MOST_ROWS)
    table_rows: list[tuple[object, ...]] = []
    for row in difference.rows():
        rows += 1
        if json:
            render.json_line(row)
        elif rows <= limit:
            table_rows.append(_cells(row))
    if table_rows:
        render.table(("change", "title", "where", "was"), table_rows)
    changes = difference.changes
    render.say(
        f"{len(changes.appeared)} appeared, {len(changes.vanished)} vanished, "
        f"{len(changes.moved)} moved, {len(difference.fields)} changed"
    )
    for old_host, new_host, count in changes.hosts[:10]:
        render.say(
            f"{count} moved from {render.printable(old_host)} to {render.printable(new_host)}"
        )
    if rows > limit and not json:
        render.say(f"{limit} of {rows} shown; --json lists all")
    if any(difference.broken):
        render.say(
            f"records that could not be read: {difference.broken[0]} before, "
            f"{difference.broken[1]} now"
        )


def _cells(row: dict[str, object]) -> tuple[object, ...]:
    fields = row.get("fields")
    if isinstance(fields, dict):
        names = "\n".join(f"{name}: {now}" for name, (_, now) in fields.items())
        were = "\n".join(f"{name}: {was}" for name, (was, _) in fields.items())
        return row["change"], names, row["place"], were
    return row["change"], row["title"], row["place"], row.get("was", "")
