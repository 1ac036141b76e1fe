"""``cautery operation share``: a signed bundle of what one agency may be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render


def share(
    case: Annotated[Path, typer.Argument(help="The agency's case.")],
    to: Annotated[str, typer.Option("--to", help="Id of the agency that is told.")],
    why: Annotated[str, typer.Option("--why", help="Justification, for the log.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Where the bundle goes.")] = None,
    who: Annotated[str | None, typer.Option("--who", help="Who shares; else the contact.")] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also what it was told before.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be told; record nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Write what an agency may be told, by every marking, as a signed bundle; and log that.

    Example: cautery operation share cases/op-rome --to bg-gdbop --why "request 12" -o rome.bundle
    """
    from cautery import wiring
    from cautery.errors import InputError
    from cautery.model import digest_of, to_json
    from cautery.workflows.operation.share import share as share_statements
    from cautery.workflows.operation.share import would_share

    if dry_run:
        with wiring.desk(case, read_only=True) as desk:
            told = would_share(desk, to, at=desk.case.clock.now(), everything=everything)
        if json:
            for one in told.statements:
                render.json_line(to_json(one))
            return
        render.table(
            ("id", "by", "subject", "says", "marking"),
            (
                (one.id[:12], one.by, one.subject, one.text, one.marking.tlp.value)
                for one in told.statements
            ),
        )
        return
    if out is None:
        raise InputError("-o FILE is needed: where the bundle goes", hint="or --dry-run")
    if not out.parent.is_dir() or out.is_dir():
        raise InputError(f"{out}: no place for a file")
    with wiring.desk(case) as desk:
        raw = share_statements(
            desk, to, at=desk.case.clock.now(), why=why, who=who, everything=everything
        )
        desk.case.store.write(out.parent, out.name, raw)
    if json:
        render.json_line({"to": to, "bundle": str(out), "digest": digest_of(raw)})
    render.say(f"{out}: for {to}, {len(raw)} bytes; send it by a channel that you trust")
