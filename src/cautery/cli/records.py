"""``cautery records``: what each kind of record says, in words or as JSON Schema."""

from __future__ import annotations

from typing import Annotated

import typer

from cautery.cli import render
from cautery.model.records import KINDS
from cautery.model.records.described import members_of, parts_of, schema_of, summary_of, type_of


@render.tabular
def records(
    kind: Annotated[
        str | None, typer.Argument(help="A kind of record, such as probe.done; default: list all.")
    ] = None,
    schema: Annotated[
        bool,
        typer.Option("--schema", help="Print the JSON Schema of KIND, or of all kinds, and exit."),
    ] = False,
) -> None:
    """List the kinds of records that a case can hold; with KIND, show the members of that kind.

    Example: cautery records probe.done
    """
    if schema:
        render.json_line(schema_of(*() if kind is None else (kind,)))
    elif kind is None:
        rows = [(name, summary_of(shape)) for name, shape in KINDS.items()]
        render.table(("kind", "what it says"), rows)
    else:
        shape = type_of(kind)
        render.say(summary_of(shape))
        for part in (shape, *parts_of(shape)):
            members = [(member.name, member.type, member.meaning) for member in members_of(part)]
            title = kind if part is shape else f"{part.__name__}: {summary_of(part)}"
            render.table(("member", "type", "meaning"), members, title=title)
