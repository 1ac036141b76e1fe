"""How a confined child serves: it says how it is confined, then does jobs until its pipe ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import BinaryIO, NoReturn

from cautery.adapters._child_pipes import write_answer
from cautery.adapters._confine import Confinement
from cautery.errors import ConfinementError


def serve(
    answers: BinaryIO, *, confined: Callable[[], Confinement], job: Callable[[], None]
) -> NoReturn:
    """Confine this process, report that, and do one job after another.

    Parameters
    ----------
    answers : file
        Where the report goes.
    confined : callable
        Confines this process; nothing can be loaded after it.
    job : callable
        Does the next job; it raises EOFError if there is none.
    """
    try:
        reached = confined()
    except ConfinementError as error:
        write_answer(answers, {"unconfined": str(error)})
        os._exit(1)
    write_answer(answers, {"confined": reached.to_json()})
    with contextlib.suppress(EOFError):
        while True:
            job()
    # To leave in order would close what can't be closed any more.
    os._exit(0)
