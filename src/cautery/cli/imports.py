"""``cautery imports``: what partners told a case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.model import iso, to_json
from cautery.model.exchange import ItemKind
from cautery.projections.told import Import, Told
from cautery.wiring import importing
from cautery.workflows.case.told import ToldRow

_MOST_ROWS = 200


@render.tabular
def imports(
    case: Annotated[Path, typer.Argument(help="A case, open or closed.")],
    about: Annotated[
        str | None,
        typer.Option("--about", metavar="HOST", help="Only items about this host, or below it."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Only what this partner told.")
    ] = None,
    kind: Annotated[
        list[ItemKind] | None, typer.Option("--kind", help="Only this kind; may be repeated.")
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="List the files that were imported, not the items.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List what partners told a case: of each source and item, what it told last.

    Items under TLP:RED and persons are counted, and only the sealed file has them. Nothing that is
    listed here is evidence.

    Example: cautery imports cases/md34 --about edge-1.goals.example
    """
    told, found = importing.told(
        case,
        about=about or "",
        source=source or "",
        kinds=[each.value for each in kind or ()],
        most=None if json else render.most_rows(_MOST_ROWS),
    )
    known = told.by_source()
    if source is not None and source not in known:
        raise InputError(
            f"nothing of {source!r} was imported into this case",
            hint=f"There is: {', '.join(known) or 'no import'}.",
        )
    if files:
        _files(told, source, json=json)
        return
    now = wiring.clock().now()
    if json:
        for row in found.rows:
            said = {"source": row.source, "record": row.record, "evaluation": row.evaluation}
            render.json_line(said | {"state": row.state(now)} | to_json(row.item))
    elif found.rows:
        render.table(
            ("source", "kind", "id", "by", "marking", "evaluation", "valid until", "state"),
            (_cells(row, row.state(now)) for row in found.rows),
        )
    if found.total > len(found.rows):
        render.say(f"{found.total - len(found.rows):,} more: --json or --csv lists all")
    if found.unread:
        render.say(f"{counted(found.unread, 'import')} cannot be read: the table is altered")
    render.say(
        f"{counted(found.total, 'item')} from {counted(len(known), 'partner')}; "
        "nothing of it is evidence"
    )


def _cells(row: ToldRow, state: str) -> tuple[object, ...]:
    item = row.item
    return (
        row.source,
        item.kind,
        "(not shown)" if item.is_hidden else item.id,
        item.by,
        item.marking,
        row.evaluation,
        "" if item.valid_until is None else iso(item.valid_until)[:19] + "Z",
        state,
    )


def _files(told: Told, source: str | None, *, json: bool) -> None:
    rows: list[Import] = [
        each
        for name, imports_of in told.by_source().items()
        if source is None or name == source
        for each in imports_of
    ]
    if json:
        for each in rows:
            render.json_line({"record": each.record, "imported": to_json(each.imported)})
        return
    render.table(
        ("record", "source", "evaluation", "imported", "as of", "format", "items", "marking"),
        (
            (
                each.record,
                each.imported.source,
                each.imported.evaluation,
                iso(each.imported.at)[:19] + "Z",
                iso(each.imported.made_at)[:19] + "Z",
                each.imported.format,
                each.imported.total,
                each.imported.marking.words,
            )
            for each in rows
        ),
    )
