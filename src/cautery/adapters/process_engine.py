"""Heavy work on processes of this machine, each of which keeps what its tasks keep.

Reaches: nothing outside this machine.
Lawful basis: none needed, it moves no data.
Manners: as many processes as the machine has cores, no more; all end with their engine.
Format: importable functions of plain values; see docs/adr/0011-shards-and-processes.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from cautery.adapters._engine_child import LENGTH
from cautery.errors import CauteryError, InputError, WorkerError

T = TypeVar("T")
_ROOT = str(Path(__file__).resolve().parents[2])
_RUN = (
    "import sys;sys.path.insert(0,sys.argv[1]);"
    "from cautery.adapters._engine_child import main;main()"
)
_TRIES = 2
"""A task whose worker died gets one fresh one: a second death is the task's own doing."""
_MOST_BYTES = 2 << 30


class ProcessEngine:
    """An :class:`~cautery.model.ports.Engine` whose tasks run in child processes.

    Workers are started when first needed, as fresh interpreters: nothing is forked, so no lock
    or thread of this process is copied. A worker that dies is replaced.

    Parameters
    ----------
    workers : int, optional
        As many as the machine has cores, if not given.
    most_s : float
        Seconds that a task may take; its worker is ended then.
    """

    def __init__(self, workers: int | None = None, *, most_s: float = 300.0) -> None:
        count = workers or os.cpu_count() or 1
        if count < 1 or not most_s > 0:
            raise InputError("an engine needs at least one worker and a positive time limit")
        self._workers = [_Worker(most_s) for _ in range(count)]

    async def run(self, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` in the worker that has the least to do.

        Raises
        ------
        InputError
            If task or arguments can't be sent: only importable functions and plain values can.
        WorkerError
            If the task killed its worker twice, or took too long.
        CauteryError
            If the engine was closed.
        """
        return await self._on(
            min(self._workers, key=lambda worker: worker.waiting), task, arguments
        )

    async def run_at(self, shard: int, task: Callable[..., T], *arguments: object) -> T:
        """Run ``task(*arguments)`` in the process of a shard, which is always the same one.

        Raises
        ------
        InputError, WorkerError, CauteryError
            As for :meth:`run`.
        """
        return await self._on(self._workers[shard % len(self._workers)], task, arguments)

    def close(self) -> None:
        """End all workers; tasks under way fail."""
        for worker in self._workers:
            worker.close()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run now."""
        return tuple(worker.pid for worker in self._workers if worker.pid is not None)

    async def _on(
        self, worker: _Worker, task: Callable[..., T], arguments: tuple[object, ...]
    ) -> T:
        message = _told(task, arguments)
        return cast("T", await asyncio.wrap_future(worker.submit(message)))


class _Worker:
    """One process and the thread that feeds it, one task at a time."""

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine-worker")
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self.waiting = 0
        """Tasks given and not done."""

    @property
    def pid(self) -> int | None:
        """Process id, if it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def submit(self, message: bytes) -> Future[Any]:
        """Queue a task."""
        if self._closed:
            raise CauteryError("the engine is closed")
        future = self._thread.submit(self._ask, message)
        self.waiting += 1
        future.add_done_callback(self._done)
        return future

    def close(self) -> None:
        """End the process; what waits fails."""
        with self._lock:
            # Under the lock: else a worker could start after it was ended, and outlive its
            # engine.
            self._closed = True
            process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._end()

    def _done(self, _: Future[Any]) -> None:
        self.waiting -= 1

    def _ask(self, message: bytes) -> Any:
        for _ in range(_TRIES):
            process = self._started()
            # Tells a death by our timer, which is final, from one by the task, which gets another
            # try.
            late = threading.Event()
            timer = threading.Timer(self._most_s, _ended, (process, late))
            timer.daemon = True
            timer.start()
            try:
                answer = _exchanged(process, message)
            except (OSError, EOFError) as error:
                self._end()
                if late.is_set():
                    raise WorkerError(
                        f"a task took more than {self._most_s:g} s; its process was ended"
                    ) from error
                continue
            finally:
                timer.cancel()
            # By our child, which decodes nothing of the world's.
            fine, value = pickle.loads(answer)  # noqa: S301
            if not fine:
                raise value
            return value
        raise WorkerError(f"a task's process died {_TRIES} times")

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        with self._lock:
            if self._closed:
                raise CauteryError("the engine is closed")
            self._process = process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-I", "-c", _RUN, _ROOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _told(task: Callable[..., object], arguments: tuple[object, ...]) -> bytes:
    try:
        return pickle.dumps((task, arguments), 5)
    except Exception as error:
        name = getattr(task, "__qualname__", repr(task))
        raise InputError(
            f"{name}: it cannot be sent to another process: {error}"[:500],
            hint="Send an importable function and plain values; name large things by their path.",
        ) from error


def _exchanged(process: subprocess.Popen[bytes], message: bytes) -> bytes:
    """Send a task and return the answer."""
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    stdin.write(LENGTH.pack(len(message)))
    stdin.write(message)
    stdin.flush()
    return _read(stdout)


def _read(stdout: IO[bytes]) -> bytes:
    head = stdout.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError("the worker died")
    (size,) = LENGTH.unpack(head)
    if size > _MOST_BYTES:
        raise EOFError("the answer is too long")
    answer = stdout.read(size)
    if len(answer) < size:
        raise EOFError("the worker died")
    return answer


def _ended(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
