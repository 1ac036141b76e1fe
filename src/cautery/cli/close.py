"""``cautery close``: end the case of a watch that no longer runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.wiring import closing


def close(
    case: Annotated[Path, typer.Argument(help="Folder of a watch's open case.")],
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Write and sign the report of an open case whose watch was killed.

    A watch closes its own case when its window ends. If the watch was killed or lost power within
    the window, start it again: it continues. If the window is over, close the case with this
    command. The report has everything that the watch saw, and the last time at which the watch
    recorded that it was running.

    Example: cautery close cases/md34
    """
    report = closing.close(case, keys_dir=keys)
    render.say(f"closed  {case}: cautery verify {case}\nreport  {report}")
