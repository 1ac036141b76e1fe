"""``cautery renew``: time-stamps over the proof of a closed case, before the old ones age."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.wiring import timing


def renew(
    case: Annotated[Path, typer.Argument(help="Folder of a closed case with manifest.proof.")],
    log: Annotated[
        Path, typer.Option("--log", help="Folder of the log whose settings name authorities.")
    ],
) -> None:
    """Get new time-stamps over the proof of a closed case, before the old ones expire.

    A time-stamp proves something if its certificate was valid at that time and nobody else has the
    key. Renew the proof before the certificate ends: the new time-stamp covers the old ones, with
    their certificates and lists of revoked certificates.

    Example: cautery renew cases/md34 --log cases/log
    """
    renewal = asyncio.run(timing.renew(case, log))
    names = ", ".join(stamp.authority for stamp in renewal.stamps)
    render.say(render.printable(f"renewed {case / 'manifest.proof'}: time-stamps of {names}"))
