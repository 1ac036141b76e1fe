"""``cautery operation state``: what the agency states, and what its desk holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.operation._markings import marking_lines


@render.tabular
def state(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    statements: Annotated[
        Path | None, typer.Argument(help="JSON lines to add; without it, list what is held.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Add the agency's statements to its case, or list what it holds, own and received.

    A line is {"subject": "host:a.example", "about": "asset", "text": "one sentence", "kind":
    "fact", "marking": {"tlp": "TLP:AMBER", "pap": "PAP:RED", "handling": ["H1"], "source": "B",
    "accuracy": 2}, "to": ["bg-gdbop"], "details": {}}. Without a marking it is refused.

    Example: cautery operation state cases/op-rome found.jsonl
    """
    from cautery.model import to_json
    from cautery.wiring import desks
    from cautery.workflows.operation.read_statements import read_statements
    from cautery.workflows.operation.share import add_statements, held

    if statements is not None:
        with desks.desk(case) as desk:
            now = desk.case.clock.now()
            told = read_statements(statements, by=desk.agency.id, now=now)
            added = add_statements(desk, told, at=now)
        if json:
            for one in added:
                render.json_line(to_json(one))
        word = "statement" if len(added) == 1 else "statements"
        render.say(f"{len(added)} {word} recorded in {case}")
        return
    with desks.desk(case, read_only=True) as desk:
        rows = held(desk)
    if json:
        for row in rows:
            render.json_line(to_json(row))
        return
    render.table(
        ("id", "by", "what is said", "marking", "to"),
        (
            (
                row.statement.id[:12],
                row.statement.by,
                "\n".join(
                    (
                        row.statement.subject,
                        f"{row.statement.kind.value}: {row.statement.text}",
                        *(["withdrawn"] if row.statement.details.get("withdrawn") else []),
                        *([f"corrected by {row.corrected_by[:12]}"] if row.corrected_by else []),
                    )
                ),
                marking_lines(row.statement.marking),
                "\n".join(sorted(row.statement.to)),
            )
            for row in rows
        ),
    )
    if not rows:
        render.say(f"nothing is stated yet: cautery operation state {case} FILE.jsonl")


def correct(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    statement: Annotated[
        str, typer.Argument(help="Id of an own statement, or its first 8 digits or more.")
    ],
    text: Annotated[str, typer.Option("--text", help="What is right, in one sentence.")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Nothing of it is right.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Correct or withdraw a statement, and list the agencies that must be told.

    Example: cautery operation correct cases/op-rome 4f2a... --text "the server is in Plovdiv"
    """
    from cautery.wiring import desks
    from cautery.workflows.operation.share import correct as correct_statement

    with desks.desk(case) as desk:
        new, told = correct_statement(
            desk, statement, text=text, at=desk.case.clock.now(), withdrawn=withdraw
        )
    if json:
        corrected = new.details["corrects"]
        render.json_line({"correction": new.id, "corrects": corrected, "must_be_told": list(told)})
        return
    render.table(("correction", "must be told"), [(new.id, "\n".join(told) or "nobody")])
    for one in told:
        render.say(f'cautery operation share {case} --to {one} --why "correction" -o {one}.bundle')


def permit(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    statement: Annotated[
        str, typer.Argument(help="Id of a received statement, or its first 8 digits or more.")
    ],
    to: Annotated[str, typer.Option("--to", help="The agency it may go on to.")],
    granted_by: Annotated[str, typer.Option("--granted-by", help="The provider, who permits it.")],
    why: Annotated[str, typer.Option("--why", help="Where the permission stands.")],
) -> None:
    """File a provider's permission to pass one of its statements on.

    Example: cautery operation permit cases/op-sofia 4f2a... --to nl-fiod --granted-by it-postal
    --why "letter of 3 March"
    """
    from cautery.wiring import desks
    from cautery.workflows.operation.share import permit as file_permission

    with desks.desk(case) as desk:
        file_permission(
            desk, statement, to=to, granted_by=granted_by, why=why, at=desk.case.clock.now()
        )
    render.say(f"{granted_by} permits {statement} to go to {to}")
