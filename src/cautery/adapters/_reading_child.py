"""The child process that reads: bytes from outside in on stdin, packed values out on stdout.

Started by :class:`cautery.adapters.reading.ReadingProcess`, never by hand. It knows its jobs by
name, from the modules that it is started with, and loads all that they may need late before it is
given a byte. Then it is closed in (:func:`cautery.adapters._confine.confine`): it can open no file
and no socket, reach no other process, start none, and grow no further than its memory limit. The
CPU time of each job is bounded by the kernel, which ends the process.

Its first message says how it is closed in, or why it can't be. Framing, both ways: 4 bytes length
and JSON, 8 bytes length and payload, little-endian.
"""

from __future__ import annotations

import codecs
import contextlib
import encodings
import gc
import importlib
import math
import pkgutil
import resource
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, BinaryIO, NoReturn

from cautery.adapters._child_pipes import read_head, read_payload, widen, write_answer
from cautery.adapters._child_serving import serve
from cautery.adapters._confine import confine
from cautery.errors import CauteryError

MOST_HEAD_BYTES = 1 << 20
_NO_TEXT = frozenset(("mbcs", "oem", "idna", "undefined"))

Job = Callable[[Any, bytes], bytes]
"""What was asked, and the bytes, to what is packed."""


def _load(modules: list[str]) -> Mapping[str, Job]:
    """Import the modules of jobs, and run once what would be loaded late."""
    jobs: dict[str, Job] = {}
    for name in modules:
        module = importlib.import_module(name)
        jobs |= module.JOBS
        module.warm()
    # An encoding that a document declares is a module, and no file can be opened later.
    for codec_module in pkgutil.iter_modules(encodings.__path__):
        if codec_module.name not in _NO_TEXT:
            with contextlib.suppress(LookupError):
                codecs.lookup(codec_module.name)
    return jobs


def _allow(seconds: float) -> None:
    """Let the process use so many CPU seconds more."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    # The soft limit alone, as in the decoder: a hard one could not be raised for the next job.
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + seconds), resource.RLIM_INFINITY))


def _serve(jobs: Mapping[str, Job], asks: BinaryIO, answers: BinaryIO) -> None:
    """Do the next job.

    Raises
    ------
    EOFError
        If there is none.
    """
    head = read_head(asks)
    try:
        data = read_payload(asks)
        _allow(head["cpu_s"])
        packed = jobs[head["job"]](head["asked"], data)
    except CauteryError as error:
        refused = {"refused": str(error)[:1000], "kind": type(error).__name__}
        write_answer(answers, refused | {"hint": error.hint[:1000]})
    except MemoryError:
        write_answer(
            answers, {"refused": "it needs more memory than allowed", "kind": "LimitError"}
        )
    except RecursionError:
        write_answer(answers, {"refused": "it is nested too deeply", "kind": "SourceError"})
    else:
        write_answer(answers, {"done": True}, packed)


def main(memory_mb: int, modules: list[str], *, without_seccomp: bool) -> NoReturn:
    """Serve jobs until stdin ends.

    Parameters
    ----------
    memory_mb : int
        Resident memory that the process may grow to.
    modules : list of str
        Each with ``JOBS`` by name and ``warm()``.
    without_seccomp : bool
        Go on where system calls can't be filtered.
    """
    asks, answers = sys.stdin.buffer, sys.stdout.buffer
    widen(asks)
    widen(answers)
    gc.disable()  # a quarter of the CPU of all that is imported now
    jobs = _load(modules)
    gc.enable()
    gc.collect()
    # What was imported lives as long as the process: the collector need not visit it in each job.
    gc.freeze()
    serve(
        answers,
        confined=partial(confine, memory_mb=memory_mb, without_seccomp=without_seccomp),
        job=partial(_serve, jobs, asks, answers),
    )
