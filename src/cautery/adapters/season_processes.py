"""The processes of a season: each is alone at one case, and outlives who started it.

Reaches: the programs that it starts (``cautery watch``, ``cautery close``), and a folder of locks.
Lawful basis: the mandate's; each watch reads it again itself.
Manners: nobody is killed: a process is asked to end as by Ctrl-C, and ends in order.
Format: flock(2). A lock is taken before its process is started and is handed down to it, so it is
held as long as the process lives, whoever else was killed; what is written in it says what it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cautery.adapters._files import make_folders
from cautery.errors import StorageError
from cautery.model.season import Ended, SeasonFixture

_WATCHES, _CLOSES = b"watches", b"closes"
_MOST_LINE = 400
_MOST_LOG = 4 << 20
"""Bytes of what one watch says; a line every five seconds for a week."""
_ENDS_S = 300.0
"""A watch that is asked to end puts away what it has in hand. Judgement."""


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    closing: bool
    begun: float
    wait: asyncio.Task[int]


class LookedAt:
    """The processes of a season as somebody sees them who starts and stops none.

    Parameters
    ----------
    folder : Path
        Of the locks.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def at_work(self, case: str) -> bool | None:
        """Tell whether a process closes a case, or watches it; ``None``: none is there."""
        holder = _holder(self._folder / f"{case}.lock")
        return None if holder is None else holder.startswith(_CLOSES)

    async def watch(self, case: str, fixture: SeasonFixture) -> bool:  # noqa: ARG002
        """Start nothing."""
        return False

    async def close(self, case: str) -> bool:  # noqa: ARG002
        """Close nothing."""
        return False

    def stop(self, case: str) -> None:
        """Stop nothing."""

    def ended(self) -> tuple[Ended, ...]:
        """Return none."""
        return ()

    async def wait(self, seconds: float) -> None:
        """Wait for so long."""
        await asyncio.sleep(seconds)


class ChildProcesses:
    """Children at their cases (port :class:`~cautery.workflows.season.ports.SeasonProcesses`).

    Parameters
    ----------
    folder : Path
        Of the locks.
    watch : callable
        Returns the command that watches a case, by its name and its fixture.
    close : callable
        Returns the command that closes a case, by its name.
    """

    def __init__(
        self,
        folder: Path,
        *,
        watch: Callable[[str, SeasonFixture], Sequence[str]],
        close: Callable[[str], Sequence[str]],
    ) -> None:
        self._folder = folder
        self._watch = watch
        self._close = close
        self._children: dict[str, _Child] = {}
        self._any_ended = asyncio.Event()
        try:
            make_folders(folder)
        except OSError as error:
            raise StorageError(f"{folder}: {error.strerror}") from error

    def at_work(self, case: str) -> bool | None:
        """Tell whether a process closes a case, or watches it; ``None``: none is there."""
        child = self._children.get(case)
        if child is not None:
            return child.closing
        holder = _holder(self._folder / f"{case}.lock")
        return None if holder is None else holder.startswith(_CLOSES)

    async def watch(self, case: str, fixture: SeasonFixture) -> bool:
        """Start a watch; ``False``: another process is at the case."""
        return await self._start(case, self._watch(case, fixture), closing=False)

    async def close(self, case: str) -> bool:
        """Start to close a case; ``False``: another process is at the case."""
        return await self._start(case, self._close(case), closing=True)

    def stop(self, case: str) -> None:
        """Ask the process at a case to end in order."""
        child = self._children.get(case)
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(signal.SIGINT)
            return
        holder = _holder(self._folder / f"{case}.lock")
        if holder is None:
            return
        # Whoever holds the lock wrote its number into it, so the number is still its own.
        number = holder.partition(b" ")[2]
        if number.isdigit():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(number), signal.SIGINT)

    def ended(self) -> tuple[Ended, ...]:
        """Return those that ended since this was asked last."""
        self._any_ended.clear()
        over = [(case, child) for case, child in self._children.items() if child.wait.done()]
        for case, _ in over:
            del self._children[case]
        return tuple(
            Ended(
                case=case,
                closing=child.closing,
                exit_code=code if code >= 0 else None,
                signal=-code if code < 0 else None,
                ran_s=time.monotonic() - child.begun,
                last_line=self._last_line(case),
            )
            for case, child in over
            for code in (child.wait.result(),)
        )

    async def wait(self, seconds: float) -> None:
        """Wait for so long, or until one ends."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._any_ended.wait(), seconds)

    async def end_all(self) -> None:
        """Ask all children to end, and wait for them."""
        for case in self._children:
            self.stop(case)
        waiting = [child.wait for child in self._children.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=_ENDS_S)

    async def _start(self, case: str, command: Sequence[str], *, closing: bool) -> bool:
        if case in self._children:
            return False
        lock = self._lock(case)
        if lock is None:
            return False
        try:
            doing = _CLOSES if closing else _WATCHES
            _write(lock, doing)
            # No signal of the terminal reaches it: who is at the keyboard ends the season, which
            # asks each of its watches.
            # What it says goes into a file: a pipe would end it together with who started it.
            log = _log_at(self._log_of(case))
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=log,
                    pass_fds=(lock,),
                    start_new_session=True,
                )
            finally:
                os.close(log)
            _write(lock, doing + b" %d" % process.pid)
        except (OSError, ValueError) as error:  # an id with a NUL is no argument of a program
            raise StorageError(f"{case}: it cannot be started: {error}") from error
        finally:
            os.close(lock)  # the child has it
        child = _Child(
            process,
            closing,
            time.monotonic(),
            wait=asyncio.ensure_future(process.wait()),
        )
        child.wait.add_done_callback(lambda _: self._any_ended.set())
        self._children[case] = child
        return True

    def _log_of(self, case: str) -> Path:
        return self._folder / f"{case}.log"

    def _last_line(self, case: str) -> str:
        try:
            with self._log_of(case).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _MOST_LINE))
                lines = log.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return lines[-1] if lines else ""

    def _lock(self, case: str) -> int | None:
        """Take the lock of a case; ``None``: another process has it."""
        path = self._folder / f"{case}.lock"
        try:
            lock = _private(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return None
            raise StorageError(f"{path}: {error.strerror}") from error
        return lock


class SeasonLock:
    """The lock of a whole season: a second service on one machine is refused.

    Raises
    ------
    StorageError
        If another process has it.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._handle = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise StorageError(
                f"{path}: another process runs this season",
                hint="One service a season: stop that one first, or let it run.",
            ) from error

    def release(self) -> None:
        """Let go of it."""
        os.close(self._handle)


def runs_at(path: Path) -> bool:
    """Tell whether a process holds the lock of a season."""
    try:
        return _holder(path) is not None
    except StorageError:
        return False


def _holder(path: Path) -> bytes | None:
    """Return what the holder of a case's lock wrote into it; ``None``: nobody holds it."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(lock, 64, 0)
    finally:
        os.close(lock)
    return None


def _private(path: str | Path, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _log_at(path: Path) -> int:
    """Open what a child says; what is too long begins anew."""
    log = _private(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if os.fstat(log).st_size > _MOST_LOG:
        os.ftruncate(log, 0)
    return log


def _write(lock: int, text: bytes) -> None:
    """Say in a lock what its holder does; that a disk is full costs no more than these words."""
    with contextlib.suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, text, 0)
