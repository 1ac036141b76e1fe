"""What a worker process of the engine runs: tasks in, results out, until its parent is gone.

Reaches: what its tasks reach. Lawful basis: none needed, it moves no data.
Manners: one task at a time; it ends when its parent does.
Format: pickles of protocol 5 after their length, over two pipes that only parent and child hold.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import struct
import threading
import time
from typing import BinaryIO, NoReturn

from cautery.errors import CauteryError

LENGTH = struct.Struct("<Q")
_LOOK_S = 1.0
_YOUNG = 50_000
"""So many new objects before the collector looks: what a task imports stays. With Python's own 700
it took a fifth of the CPU of a worker's start."""


def main() -> NoReturn:
    """Do tasks from standard input until it ends."""
    gc.set_threshold(_YOUNG)
    # A terminal's Ctrl-C reaches the parent, which decides; what a task prints must not get
    # between the answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tasks = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints goes to stderr from here on: between answers it would break them.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    threading.Thread(target=_watched, args=(os.getppid(),), daemon=True).start()
    while (message := _next(tasks)) is not None:
        try:
            task, arguments = pickle.loads(message)  # noqa: S301 - by our parent
            answer = _pickled(True, task(*arguments))
        except Exception as error:  # noqa: BLE001 - it is the caller's to judge
            answer = _pickled(False, error)
        try:
            _say(answers, answer)
        # The parent has gone, so nobody waits for another answer.
        except BrokenPipeError:
            break
    os._exit(0)


def _watched(parent: int) -> None:
    """End with the parent, even in the middle of a task."""
    # Polled, since the parent may be killed while a task runs: its pipe's end is seen only
    # between tasks.
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


def _pickled(fine: bool, value: object) -> bytes:  # noqa: FBT001 - a tag
    """Return an answer; an error that would not arrive as it is goes as its text."""
    try:
        answer = pickle.dumps((fine, value), 5)
        if not fine:
            pickle.loads(answer)  # noqa: S301 - our own
    except Exception as error:  # noqa: BLE001 - whatever a value's own pickling raises
        if fine:
            return pickle.dumps(
                (
                    False,
                    CauteryError(f"the result cannot be sent to another process: {error}"[:2000]),
                ),
                5,
            )
        return pickle.dumps((False, CauteryError(f"{type(value).__name__}: {value}"[:2000])), 5)
    return answer


def _next(tasks: BinaryIO) -> bytes | None:
    head = tasks.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    message = tasks.read(size)
    return message if len(message) == size else None


def _say(answers: BinaryIO, answer: bytes) -> None:
    answers.write(LENGTH.pack(len(answer)))
    answers.write(answer)
    answers.flush()
