"""``cautery close``: end the case of a watch that no longer runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.wiring import closing


def close(
    case: Annotated[Path, typer.Argument(help="Folder of an open case of a watch.")],
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Write the report of an open case, and sign it: for a watch that was killed.

    A watch closes its case itself when its window ends. After a kill or a power cut within the
    window, start it again: it goes on. When the window is over, close the case with this. What was
    seen until then is reported; when the watch was seen last is on record.

    Example: cautery close cases/md34
    """
    report = closing.close(case, keys_dir=keys)
    render.say(f"closed  {case}: cautery verify {case}\nreport  {report}")
