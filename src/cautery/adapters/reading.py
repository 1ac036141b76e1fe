"""Readers of bytes from outside in child processes that can be ended, and that can do no harm.

Reaches: nothing; bytes come from the caller, packed values go back. The child can open neither
files nor sockets, nor reach another process (see :mod:`cautery.adapters._confine`). It is given no
key: what it screens has stand-ins, which whoever asked replaces by pseudonyms.
Lawful basis: it only reads what a mandate's fetch has already sealed, or a file of the analyst.
Manners: limits of memory, of CPU time by the size of the bytes, of wall time and of output; a child
that meets one is ended, and the next begins.
Format: whatever the jobs of the modules read that it is started with.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from cautery.adapters._confine import Confinement
from cautery.errors import ConfinementError, InputError, LimitError, SourceError
from cautery.json_text import parsed_json
from cautery.model.whole_text import whole_json

_ROOT = str(Path(__file__).resolve().parents[2])
_RUN = (
    "import sys;sys.path.insert(0,sys.argv[1]);"
    "from cautery.adapters._reading_child import main;"
    "main(int(sys.argv[2]),sys.argv[4].split(','),without_seccomp=sys.argv[3]=='1')"
)
_START_S = 120.0
"""Importing all readers takes a second of CPU, far more in wall time on a busy machine."""
_LEAST_CPU_S, _CPU_S_PER_MB = 5.0, 3.0
"""Of the worst input known a megabyte takes two seconds (bench/watch/hostile.py)."""
_WALL_S, _WALL_PER_CPU = 30.0, 10.0
"""A child may wait for a processor; one that waits for anything else is ended by this."""
_MOST_HEAD_BYTES = 64_000
_MOST_BYTES, _MOST_PER_BYTE, _MOST_IN_ALL = 1 << 20, 64, 128 << 20
"""Of an answer: a list of one-letter addresses comes back with the folder of the list in each, and
the addresses of all have 32 million letters. A text with one rare letter takes four times its bytes
in memory."""
_JOBS_PER_CHILD = 5_000
"""A child is replaced after so many jobs, so that no leak of a library can grow."""
_PATIENCE_S = 5.0
"""A job waits so long for a process that runs before another is started: that costs one to three
seconds of CPU, and a reading that Cautery needs takes less than one."""
_PIECE = 1 << 18
_KINDS: dict[str, type[SourceError | InputError]] = {
    "InputError": InputError,
    "LimitError": LimitError,
}


class _TooLongError(ValueError):
    """An answer is longer than any may be."""


class Budget(NamedTuple):
    """How much CPU time a job may take.

    Attributes
    ----------
    least_cpu_s : float
        Seconds, however few its bytes are.
    cpu_s_per_mb : float
        Seconds more for each megabyte.
    """

    least_cpu_s: float
    cpu_s_per_mb: float


class ReadingProcess:
    """One child process, started when needed and after every death. One thread uses it at a time.

    Parameters
    ----------
    modules : sequence of str
        Names of modules with ``JOBS`` and ``warm()``.
    memory_mb : int
        Resident memory that it may grow to.
    without_seccomp : bool
        Start it also where system calls can't be filtered.
    budget : Budget or None
        The CPU time of each job; ``None``: what a watch's sources may take.
    """

    def __init__(
        self,
        modules: Sequence[str],
        *,
        memory_mb: int = 1024,
        without_seccomp: bool = False,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget or Budget(_LEAST_CPU_S, _CPU_S_PER_MB)
        self._arguments = (str(memory_mb), str(int(without_seccomp)), ",".join(modules))
        self._process: subprocess.Popen[bytes] | None = None
        self._confinement: Confinement | None = None
        self._ending = threading.Lock()
        self._jobs = 0

    def start(self) -> Confinement:
        """Start it if it does not run; return how it is closed in.

        Raises
        ------
        ConfinementError
            If it can't be closed in as it must be.
        SourceError
            If it does not start.
        """
        if self._process is None or self._process.poll() is not None:
            self._begin()
        assert self._confinement is not None
        return self._confinement

    def work(self, job: str, asked: Any, data: bytes) -> bytes:
        """Do one job; whatever goes wrong but the bytes themselves ends the child.

        Raises
        ------
        LimitError
            If it took more time or memory than such bytes may.
        SourceError
            If its reader understands nothing, or died of the bytes.
        """
        cpu_s = self._budget.least_cpu_s + self._budget.cpu_s_per_mb * len(data) / 1e6
        self.start()
        process = self._process
        assert process is not None
        fine = False
        try:
            until = time.monotonic() + _WALL_S + _WALL_PER_CPU * cpu_s
            _send(process, {"job": job, "asked": asked, "cpu_s": cpu_s}, data, until)
            limit = min(_MOST_BYTES + _MOST_PER_BYTE * len(data), _MOST_IN_ALL)
            head, packed = _answer(process, limit, until)
            refused = head.get("refused")
            fine = True
        except TimeoutError as error:
            raise LimitError("reading it took too long; its process was ended") from error
        except _TooLongError as error:
            raise LimitError(
                "reading it gave more data than its bytes can hold; its process was ended"
            ) from error
        except (EOFError, OSError, ValueError, RecursionError) as error:
            if self._ended_by_limit(process):
                raise LimitError(
                    f"reading it takes more than {cpu_s:.0f} s; its process was ended"
                ) from error
            raise SourceError("reading it crashed its process") from error
        finally:
            self._jobs += 1
            if not fine or self._jobs >= _JOBS_PER_CHILD:
                self.end()
        if refused is not None:
            hint = head.get("hint")
            raise _KINDS.get(str(head.get("kind")), SourceError)(
                str(refused)[:1000], hint=str(hint)[:1000] if hint else None
            )
        return packed

    def end(self) -> None:
        """Kill the process and wait until it is gone; a job under way fails."""
        # Also called by the thread that cancels while the worker's own thread ends it.
        with self._ending:
            process, self._process = self._process, None
            if process is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _begin(self) -> None:
        self._jobs = 0
        memory_mb, without, modules = self._arguments
        self._process = process = subprocess.Popen(  # noqa: S603 - our child
            [sys.executable, "-I", "-c", _RUN, _ROOT, memory_mb, without, modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            env={
                "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1",
                **{name: os.environ[name] for name in ("NUMBA_CACHE_DIR",) if name in os.environ},
            },
            start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        # With pipes that never block every wait is one of ``_wait``, which has a limit.
        os.set_blocking(process.stdin.fileno(), False)
        os.set_blocking(process.stdout.fileno(), False)
        fine = False
        try:
            answer, _ = _answer(process, 0, time.monotonic() + _START_S)
            if "unconfined" in answer:
                raise ConfinementError(str(answer["unconfined"])[:500])
            self._confinement = Confinement.from_json(answer["confined"])
            fine = True
        except (TimeoutError, EOFError, OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError("the reading process did not start") from error
        finally:
            if not fine:
                self.end()

    def _ended_by_limit(self, process: subprocess.Popen[bytes]) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=5) == -signal.SIGXCPU
        return False


class ReadingPool:
    """Some of these processes, which fulfil :class:`cautery.model.ports.Readers`.

    Parameters
    ----------
    workers : int
        Processes at most. The first is started when needed, each other when a job has waited.
    """

    def __init__(
        self,
        modules: Sequence[str],
        *,
        workers: int = 2,
        memory_mb: int = 1024,
        without_seccomp: bool = False,
    ) -> None:
        if workers < 1 or memory_mb < 96:
            raise InputError("a pool of readers needs at least one worker and 96 MB")
        self._every = [
            ReadingProcess(modules, memory_mb=memory_mb, without_seccomp=without_seccomp)
            for _ in range(workers)
        ]
        first, *self._spare = self._every
        self._idle: asyncio.Queue[ReadingProcess] = asyncio.Queue()
        self._idle.put_nowait(first)
        self._closed = False

    async def start(self) -> Confinement:
        """Start one and return how it is closed in; the others will be as this one is.

        Raises
        ------
        ConfinementError
            If it can't be closed in on this machine as it must be.
        SourceError
            If none starts.
        """
        process = await self._idle.get()
        try:
            return await asyncio.to_thread(process.start)
        finally:
            self._idle.put_nowait(process)

    async def read(self, job: str, asked: Any, data: bytes) -> bytes:
        """Do a job; see :class:`cautery.model.ports.Readers`.

        Raises
        ------
        LimitError
            If it took more time or memory than such bytes may.
        SourceError
            If its reader understands nothing, or died of the bytes.
        """
        process = await self._free()
        # After the wait: the pool may have been closed meanwhile, and a child started now would
        # stay.
        if self._closed:
            self._idle.put_nowait(process)
            raise SourceError("the readers are closed")
        work = asyncio.ensure_future(asyncio.to_thread(process.work, job, asked, data))
        # Also when nobody waits any more, a process is idle only when its thread has let go of it.
        work.add_done_callback(lambda _: self._idle.put_nowait(process))
        try:
            # Cancelling the future would not stop the thread, which would go on writing to a
            # child that others have got.
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.to_thread(process.end)
            with contextlib.suppress(Exception):
                await work
            raise

    async def _free(self) -> ReadingProcess:
        """Return a process that is idle, or after some patience one more."""
        if self._spare:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    return await self._idle.get()
        if self._spare:
            return self._spare.pop()
        return await self._idle.get()

    async def aclose(self) -> None:
        """End all of them; jobs under way fail."""
        self._closed = True
        for process in self._every:
            await asyncio.to_thread(process.end)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


def _send(
    process: subprocess.Popen[bytes], head: dict[str, Any], data: bytes, until: float
) -> None:
    head_bytes = json.dumps(head).encode()
    for part in (
        struct.pack("<I", len(head_bytes)) + head_bytes + struct.pack("<Q", len(data)),
        data,
    ):
        left = memoryview(part)
        while left:
            _wait(process.stdin, until, write=True)
            assert process.stdin is not None
            count = os.write(process.stdin.fileno(), left[:_PIECE])
            left = left[count:]


def _answer(
    process: subprocess.Popen[bytes], limit: int, until: float
) -> tuple[dict[str, Any], bytes]:
    (size,) = struct.unpack("<I", _take(process, 4, until))
    if size > _MOST_HEAD_BYTES:
        raise ValueError("head too long")
    head = whole_json(parsed_json(_take(process, size, until)))
    (size,) = struct.unpack("<Q", _take(process, 8, until))
    if not isinstance(head, dict):
        raise ValueError("head is no object")  # noqa: TRY004 - of a child, not of the caller
    if size > limit:
        raise _TooLongError
    return head, _take(process, size, until)


def _take(process: subprocess.Popen[bytes], size: int, until: float) -> bytes:
    parts: list[bytes] = []
    while size:
        _wait(process.stdout, until, write=False)
        assert process.stdout is not None
        part = os.read(process.stdout.fileno(), min(size, _PIECE))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _wait(pipe: Any, until: float, *, write: bool) -> None:
    """Wait until a pipe can be read or written.

    Raises
    ------
    TimeoutError
        If it can't by that moment.
    """
    left = until - time.monotonic()
    poll = select.poll()
    poll.register(pipe, select.POLLOUT if write else select.POLLIN)
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError
