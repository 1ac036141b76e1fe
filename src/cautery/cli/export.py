"""``cautery export``: a case, or what a partner may see of it, as a file for the partner's tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.drawing.formatting import counted
from cautery.exchange.catalogue import NAMES
from cautery.exchange.loss import Loss
from cautery.model.marking import marking_of
from cautery.wiring.exporting import LOSSES, Exported, ExportRequest
from cautery.wiring.exporting import export as export_case


def export(
    case: Annotated[Path, typer.Argument(help="Folder of a case of a watch or of an operation.")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help=f"Format: {', '.join(NAMES)}.")],
    partner: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="PARTNER",
            help="Who gets it. Of an operation's case: an agency at the table; needed there.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="File to write. Default: named after the case, here."),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Write nothing if the format does not keep everything."),
    ] = False,
    marking: Annotated[
        str | None,
        typer.Option(
            "--marking",
            help="Of a watch's case: the marking of all that leaves, such as \"TLP:GREEN "
            'PAP:GREEN". Default: TLP:AMBER PAP:AMBER.',
        ),
    ] = None,
    pap: Annotated[
        str | None, typer.Option("--pap", help="PAP of the marking, such as PAP:GREEN.")
    ] = None,
    why: Annotated[
        str | None,
        typer.Option("--why", help="Justification, for the log; needed under regime led."),
    ] = None,
    who: Annotated[
        str | None,
        typer.Option("--who", help="Who exports it. Default: the login; the agency's contact."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print the loss report as a JSON line; write none beside."),
    ] = False,
) -> None:
    """Write a case to a file for a partner's tool, and say what the format does not keep.

    Of a watch's case the proven streams, the hosts and networks behind them, the estimates and the
    targets that two people approved are written, each block with its end; what was withdrawn or
    released since is named as revoked. Of an operation's case it is what --for may see, as in
    cautery operation share. No viewer and no name of a person is in it.

    The file is read again at once. What does not come back as it left stands in FILE.losses.json,
    with what the partner's tools are known to drop. An open case records the export; a closed one
    has a line in its chain of custody.

    Example: cautery export cases/md34 --to stix --marking TLP:GREEN -o md34.json
    """
    words = " ".join(filter(None, (marking or ("TLP:AMBER" if pap else None), pap)))
    request = ExportRequest(
        case=case,
        format=to,
        out=out,
        partner=partner,
        marking=marking_of(words) if words else None,
        strict=strict,
        force=force,
        who=who,
        why=why,
    )
    exported = export_case(request, losses_beside=not json, doing=_doing)
    if json:
        render.json_line(exported.report | {"stays": dict(exported.stays)})
    _say(exported)


def _doing(what: str) -> None:
    render.say(f"{what} ...")


def _say(exported: Exported) -> None:
    package = exported.file.package
    render.say(
        f"{exported.out}: {counted(len(package.items), 'item')} and "
        f"{counted(len(package.relations), 'relation')}, {package.marking.words}"
    )
    for why, count in sorted(exported.stays.items()):
        render.say(f"  not in it: {count:,} {why}")
    for loss in exported.file.losses:
        render.say(f"  not kept: {_loss_line(loss)}")
    if not exported.file.losses:
        render.say("  the format keeps everything")
    for tool, words in exported.file.format.consumers.items():
        render.say(f"  {tool}: {words}")
    if exported.file.losses:
        render.say(f"  all losses: {exported.out}{LOSSES}")
    if exported.closed:
        render.say("  the case is closed: its chain of custody says what left, and no record does")


def _loss_line(loss: Loss) -> str:
    field = "all" if loss.field == "*" else loss.field
    why = loss.why or "nobody foresaw this: please report it"
    return f"{field} of {loss.count:,} {loss.noun}: {why}"
