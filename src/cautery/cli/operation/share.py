"""``cautery operation share``: a signed bundle of what one agency may be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.operation._markings import marking_lines
from cautery.cli.operation._places import check_place
from cautery.drawing.formatting import counted
from cautery.errors import InputError, StorageError
from cautery.model import digest_of, to_json
from cautery.operation.bundle import MAX_STATEMENTS
from cautery.wiring import desks
from cautery.workflows.operation.holdings import source_words, unsigned_statements
from cautery.workflows.operation.share import share as share_statements
from cautery.workflows.operation.share import would_share


def share(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    to: Annotated[str, typer.Option("--to", help="Id of the agency that receives the bundle.")],
    why: Annotated[str, typer.Option("--why", help="Justification, for the log.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File for the bundle.")] = None,
    who: Annotated[
        str | None,
        typer.Option("--who", help="Name of the person who shares; default: the contact."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--everything",
            help="Also share what was shared before, for example if a bundle was lost.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be shared; record nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Write a signed bundle of the statements that an agency may see; the sharing is logged.

    A statement is in the bundle only if all its markings allow this.

    Example: cautery operation share cases/op-rome --to bg-gdbop --why "request 12" -o rome.bundle
    """
    if dry_run:
        with desks.desk(case, read_only=True) as desk:
            outgoing = would_share(desk, to, at=desk.case.clock.now(), everything=everything)
        if json:
            for statement in outgoing.statements:
                render.json_line(to_json(statement))
            return
        render.table(
            ("id", "by", "statement", "marking"),
            (
                (
                    statement.id[:12],
                    source_words(statement.by, outgoing.by),
                    f"{statement.subject}\n{statement.kind.value}: {statement.text}",
                    marking_lines(statement.marking),
                )
                for statement in outgoing.statements
            ),
        )
        render.say(f"this would be shared with {to}; nothing was written or recorded")
        return
    if out is None:
        raise InputError("share needs -o FILE for the bundle", hint="Give -o FILE or --dry-run.")
    check_place(out, case=case)
    with desks.desk(case) as desk:
        now = desk.case.clock.now()
        outgoing = would_share(desk, to, at=now, everything=everything)
        raw = share_statements(desk, to, at=now, why=why, who=who, everything=everything)
        try:
            desk.case.store.write(out.parent, out.name, raw)
        except StorageError as error:
            raise StorageError(
                str(error), hint="It is already logged as shared: write it again with --everything."
            ) from error
        unsigned = len(unsigned_statements(desk))
    count = len(outgoing.statements)
    if json:
        summary = {"to": to, "bundle": str(out), "digest": digest_of(raw), "statements": count}
        render.json_line(summary)
    render.say(f"{out}: {counted(count, 'statement')} for {to}")
    if outgoing.permissions:
        permissions = counted(len(outgoing.permissions), "permission")
        render.say(f"with {permissions} to pass statements on")
    if count == MAX_STATEMENTS:
        render.say(
            f"a bundle holds at most {MAX_STATEMENTS:,} statements: share again for the rest"
        )
    if unsigned:
        render.say(
            f"{unsigned} of your own statements are unsigned and not shared; sign them: "
            f"cautery operation state {case} --sign"
        )
    if count or outgoing.permissions:
        render.say(
            "send it by a channel that you trust; if it is lost, --everything writes it again"
        )
    else:
        render.say(f"nothing to send: there is nothing new that {to} may see")
