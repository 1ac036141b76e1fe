"""How a watch ended: what became of its case, and of the notices that are not sent."""

from __future__ import annotations

from pathlib import Path

from cautery.cli import render
from cautery.messages import message, say
from cautery.workflows.watch.finishing import Finished


def say_end(case: Path, finished: Finished) -> None:
    """Say whether a case stays open, and what people can still do about its notices."""
    if finished.unrevealed:
        which = "decoys-end.closed" if finished.closed else "decoys-end.waits"
        said = message(which, count=finished.unrevealed, case=str(case))
        render.say(render.printable(say(said)))
    count = len(finished.unsent)
    if count:
        which = "notice-end.closed" if finished.closed else "notice-end.open"
        render.say(render.printable(say(message(which, count=count, case=str(case)))))
    elif not finished.closed:
        render.say(render.printable(say(message("notice-end.left-open", case=str(case)))))
