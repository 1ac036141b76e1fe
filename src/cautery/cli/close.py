"""``cautery close``: end the case of a watch that no longer runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.log import say_proof
from cautery.messages import message, say
from cautery.wiring import closing


def close(
    case: Annotated[Path, typer.Argument(help="Folder of a watch's open case.")],
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", help="Folder of the organisation's log, for the closed case."),
    ] = None,
) -> None:
    """Write and sign the report of a case that is still open and that nobody watches any more.

    A watch closes its own case when its window ends, unless the case waits for notices. If the
    watch was killed or lost power within the window, start it again: it continues. If the window is
    over, close the case with this command. The report has everything that the watch saw, and the
    last time at which the watch recorded that it was running.

    A case with decoys is closed by `cautery decoy reveal`. If this command closes it, nobody can
    reveal them any more: the case says so, and it is handed to a court and the defence alone.

    With --log, the closed case goes into the log, and the proof of others is written beside its
    note. The case does not record the place of its log. So without --log nobody sees the closed
    case before `cautery log prove` puts it into the log.

    Example: cautery close cases/md34
    """
    closed = closing.close(case, keys_dir=keys, log=log)
    render.say(f"closed  {case}: cautery verify {case}\nreport  {closed.report}")
    if closed.unrevealed:
        render.say(say(message("decoys-end.closed", count=closed.unrevealed)))
    if closed.proof is not None:
        say_proof(case, closed.proof)
    elif closed.has_log:
        render.say("no proof from outside for the closed case: no --log was given")
        render.say(f"  Ask for it: cautery log prove {case} --log LOG.")
