"""One line about a case that was left open: its window is over, and nobody watches it any more."""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

from cautery.errors import CauteryError

_SAY_IT_THEMSELVES = frozenset(("close", "watch"))


def reminds(name: str, command: Any) -> None:
    """Let a command that opens a case remind its user, once it has ended, to close that case."""
    work = command.callback
    takes_case = any(parameter.name == "case" for parameter in command.params)
    if work is None or not takes_case or name in _SAY_IT_THEMSELVES:
        return

    @wraps(work)
    def reminding(*given: Any, **options: Any) -> Any:
        try:
            return work(*given, **options)
        finally:
            _remind(options.get("case"))

    command.callback = reminding


def _remind(case: object) -> None:
    if not isinstance(case, str | Path):
        return
    # What opens a case costs time to import, and the command has done so by now.
    from cautery.cli import render  # noqa: PLC0415
    from cautery.wiring.cases import left_open_since  # noqa: PLC0415

    ended = None
    with suppress(CauteryError, OSError):  # a damaged case is the business of the command itself
        ended = left_open_since(Path(case))
    if ended is not None:
        render.say(
            render.printable(
                f"reminder: the window of this case ended at {ended:%Y-%m-%d %H:%M} UTC and nobody "
                f"watches it, but it is not closed: cautery close {case}"
            )
        )
