"""``cautery watch``: the main job, live."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._ending import say_end
from cautery.cli._mandate_rows import say_warnings
from cautery.cli._standby import StandbyView
from cautery.cli.board import Board, JsonStream
from cautery.cli.log import say_proof
from cautery.errors import InputError, MandateError
from cautery.messages import tr, word
from cautery.model import Entry
from cautery.model.records import WatchEnd, WatchStopped, WatchTakenOver
from cautery.wiring import watching
from cautery.wiring.watched_by_nodes import require_nodes
from cautery.workflows.mandate.gaps import gaps_of
from cautery.workflows.mandate.read import mandate_schema, read_mandate
from cautery.workflows.mandate.signers import read_signers, require_vouched
from cautery.workflows.watch.finishing import REPORT


def watch(
    mandate: Annotated[Path | None, typer.Argument(help="The mandate's TOML file.")] = None,
    case: Annotated[
        Path | None,
        typer.Option("--case", help="Folder of the case: a new one, or one to continue."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option("--signers", help="TOML file with [[signer]]; two of them must have signed."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Stream every record as JSON lines.")
    ] = False,
    publish: Annotated[
        Path | None,
        typer.Option(
            "--publish", help="Folder for the public face, which cautery lists serve serves."
        ),
    ] = None,
    keep_open: Annotated[
        bool | None,
        typer.Option(
            "--keep-open/--close",
            help="Leave the case open when the window ends, or close it; default: keep_open of "
            "the mandate.",
        ),
    ] = None,
    fixture: Annotated[
        str | None,
        typer.Option(
            "--fixture",
            help="Id of one fixture of the mandate: it alone is watched, in its own window.",
        ),
    ] = None,
    calendars: Annotated[
        Path | None,
        typer.Option(
            "--calendars",
            help="With --fixture: folder with the calendars that cautery season has fetched.",
        ),
    ] = None,
    standby: Annotated[
        bool,
        typer.Option(
            "--standby",
            help="Wait with all at hand until the machine that drives the case on the server is "
            "silent for 6 s or gives it back, then go on with it.",
        ),
    ] = False,
    nodes: Annotated[
        bool,
        typer.Option(
            "--nodes",
            help="Have nodes look at streams and hear references: cautery node run, on any machine "
            "that reaches the database and the vault.",
        ),
    ] = False,
    node_key: Annotated[
        Path | None,
        typer.Option("--node-key", help="File of the nodes' key; default $CAUTERY_NODE_KEY."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the mandate's JSON Schema and exit.")
    ] = False,
) -> None:
    """Watch the mandate's sources until its window closes; seal verdicts, map and proposals.

    If the watch is stopped and started again with the same case, it continues where it stopped. The
    exit code is 1 if the watch ended early, for example because the disk was full. In that case the
    watch ends as at the end of its window.

    With keep_open in the mandate the case stays open while a notice is under way, so that people
    can complete, approve and send it afterwards. `cautery close` closes it.

    One process drives a case; another one is refused with exit code 75, and so ends one whose case
    was taken over. With --standby it waits for its turn instead.

    With --nodes nothing is looked at until a node is there; the board and the case say so. Nodes
    may come, go and die during the watch.

    A case with decoys waits until `cautery decoy reveal` opens them; it has no report before.

    Example: cautery watch mandate.toml --case cases/md34
    """
    if schema:
        render.json_line(mandate_schema())
        return
    if mandate is None or case is None:
        raise InputError(
            "watch needs a mandate and a case",
            hint="cautery watch MANDATE.toml --case DIR; --schema prints what a mandate holds.",
        )

    if node_key is not None and not nodes:
        raise InputError("--node-key is for a watch with --nodes")
    nodes_key = require_nodes(case, node_key) if nodes else None
    now = wiring.clock().now()
    checked = read_mandate(mandate, now=now)
    if not checked.may_find:
        raise MandateError(
            f"{mandate}: it names no event, channel or work, so there is nothing to watch",
            hint="For seized material: cautery seized take FILES --mandate ...",
        )
    allowed_signers = None if signers is None else read_signers(signers)
    standing = require_vouched(mandate, checked, now=now, signers=allowed_signers)
    render.say(render.printable(f"mandate {standing.words}"))
    say_warnings(gaps_of(checked))
    for to in checked.intermediaries:
        if to.list_url is None and publish is None:
            render.say(
                render.printable(
                    f"warning: {to.name} has no list_url: give --publish DIR, so that "
                    "it can fetch its list"
                )
            )
    waits = checked.keep_open and bool(checked.approvers) if keep_open is None else keep_open
    view = JsonStream() if json else Board(checked, waits=waits)
    stopped: list[WatchEnd] = []
    waiting_view = StandbyView(json=json)

    def note(entry: Entry) -> None:
        if isinstance(entry.content, WatchTakenOver) and standby:
            shown.enter_context(view)
        if isinstance(entry.content, WatchStopped):
            stopped.append(entry.content.why)

    with contextlib.ExitStack() as shown:
        if not standby:
            shown.enter_context(view)
        finished = watching.watch(
            checked,
            case,
            mandate_file=mandate,
            keys_dir=keys,
            listeners=(view.hear, note),
            close=None if keep_open is None else not keep_open,
            on_proof=lambda outcome: say_proof(case, outcome),
            publish=publish,
            fixture=fixture,
            calendars=calendars,
            signers=allowed_signers,
            standby=waiting_view.hear if standby else None,
            nodes_key=nodes_key,
        )
    if finished is None:
        render.say(tr("the watch of this case is over, and nothing is left to do"))
        return
    waiting = finished.unrevealed and not finished.closed
    render.say(f"case    {case}" + ("" if waiting else f"\nreport  {case / REPORT}"))
    say_end(case, finished)
    if stopped[-1:] != [WatchEnd.WINDOW_CLOSED]:
        why = word(stopped[-1]) if stopped else tr("for a reason that is not recorded")
        render.say(tr("the watch stopped before its window closed: %(why)s", why=why))
        raise typer.Exit(1)
