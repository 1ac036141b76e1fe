"""The child process that decodes: started when needed, spoken to over pipes, ended when it errs.

Whatever the child does or sends, the parent waits for a bounded time and takes a bounded number of
bytes: once it is closed in, it is not to be trusted any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from cautery.adapters._confine import Confinement
from cautery.errors import ConfinementError, DecodeError
from cautery.json_text import parsed_json
from cautery.model.whole_text import whole_json

_ROOT = str(Path(__file__).resolve().parents[2])
_RUN = (
    "import sys,importlib;sys.path.insert(0,sys.argv[1]);"
    "child=importlib.import_module('cautery.adapters.'+sys.argv[5]);"
    "child.main(int(sys.argv[2]),int(sys.argv[3]),without_seccomp=sys.argv[4]=='1')"
)
_START_S = 60.0
"""Importing FFmpeg and numpy takes 0.5 s of CPU, far more in wall time on a busy machine."""
_HEAD_BYTES = 64_000
_DRAIN_S = 5.0
_JOBS_PER_CHILD = 2000
"""A child is replaced after so many jobs, so that no leak of a codec can grow."""

_BROKEN = (asyncio.IncompleteReadError, ConnectionError, OSError, ValueError, RecursionError)
"""What reading a child's answer may raise when the child is dead, or sends anything else."""


class Child:
    """One child process, started when needed and after every death.

    Parameters
    ----------
    memory_mb : int
        Resident memory that it may grow to.
    file : int
        The descriptor of the one file that it may read, or -1.
    without_seccomp : bool
        Start it also where system calls can't be filtered.
    module : str
        The child's program among the adapters: its ``main`` is called.
    """

    def __init__(
        self,
        memory_mb: int,
        file: int = -1,
        *,
        without_seccomp: bool = False,
        module: str = "_decoder_child",
    ) -> None:
        self._memory_mb = memory_mb
        self._module = module
        self._file = file
        self._without_seccomp = without_seccomp
        self._confinement: Confinement | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._jobs = 0

    async def start(self) -> Confinement:
        """Start it if it does not run; return how it is closed in.

        Raises
        ------
        ConfinementError
            If it can't be closed in as it must be.
        DecodeError
            If it does not start.
        """
        if self._process is None or self._process.returncode is not None:
            await self._begin()
        assert self._confinement is not None
        return self._confinement

    async def work(
        self, head: dict[str, Any], data: bytes, *, seconds: float, most: int
    ) -> tuple[dict[str, Any], bytes]:
        """Do one job with one answer; whatever goes wrong ends the child."""
        async with contextlib.aclosing(
            self.stream(head | {"part_s": None}, data, seconds=seconds, most=most, parts=1)
        ) as answers:
            return await anext(answers)

    async def stream(
        self, head: dict[str, Any], data: bytes, *, seconds: float, most: int, parts: int
    ) -> AsyncGenerator[tuple[dict[str, Any], bytes], None]:
        """Do one job, yield its answers; what goes wrong ends the child and is a DecodeError.

        Parameters
        ----------
        seconds : float
            Bounds the wait for each answer; what the reader does between them is free.
        most : int
            Bytes of an answer at most.
        parts : int
            Answers at most.
        """
        fine = False
        try:
            await self.start()
            process = self._process
            assert process is not None
            was_sent = False
            for _ in range(parts + 1):
                async with asyncio.timeout(seconds):
                    if not was_sent:
                        await _send(process, head, data)
                        was_sent = True
                    answer, payload = await _answer(process, most)
                fine = not head["part_s"] or "end" in answer or "refused" in answer
                if "end" not in answer:
                    yield answer, payload
                if fine:
                    return
            raise DecodeError("the decoder's answer is incomplete")
        except TimeoutError as error:
            raise DecodeError(
                f"decoding took more than {seconds:g} s; its process was ended"
            ) from error
        except _BROKEN as error:
            raise DecodeError("this capture crashed the decoder's process") from error
        finally:
            self._jobs += 1
            if not fine or self._jobs >= _JOBS_PER_CHILD:
                await self.end()

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            # Not process.kill(): that polls, and reaps the child behind asyncio's back.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.stdin is not None:
            process.stdin.close()
        # What the dead one still had to say keeps the pipe open until it is read.
        if process.stdout is not None:
            with contextlib.suppress(ConnectionError, OSError, TimeoutError):
                async with asyncio.timeout(_DRAIN_S):
                    while await process.stdout.read(1 << 16):
                        pass
        await process.wait()

    async def _begin(self) -> None:
        self._jobs = 0
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _RUN, _ROOT, str(self._memory_mb),
            str(self._file), str(int(self._without_seccomp)), self._module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=() if self._file < 0 else (self._file,),
            cwd="/",
            # The child may start no thread, and each arena would reserve address space, which is
            # limited.
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
            limit=1 << 20,
        )  # fmt: skip
        fine = False
        try:
            async with asyncio.timeout(_START_S):
                answer, _ = await _answer(process, 0)
            if "unconfined" in answer:
                raise ConfinementError(str(answer["unconfined"])[:500])
            self._confinement = Confinement.from_json(answer["confined"])
            fine = True
        except (TimeoutError, KeyError, TypeError, *_BROKEN) as error:
            raise DecodeError("the decoder's process did not start") from error
        finally:
            if not fine:
                await self.end()


async def _send(process: asyncio.subprocess.Process, head: dict[str, Any], data: bytes) -> None:
    head_bytes = json.dumps(head).encode()
    assert process.stdin is not None
    process.stdin.write(
        struct.pack("<I", len(head_bytes)) + head_bytes + struct.pack("<Q", len(data))
    )
    process.stdin.write(data)
    await process.stdin.drain()


async def _answer(process: asyncio.subprocess.Process, limit: int) -> tuple[dict[str, Any], bytes]:
    assert process.stdout is not None
    (size,) = struct.unpack("<I", await process.stdout.readexactly(4))
    if size > _HEAD_BYTES:
        raise ValueError("head too long")
    head = whole_json(parsed_json(await process.stdout.readexactly(size)))
    (size,) = struct.unpack("<Q", await process.stdout.readexactly(8))
    if not isinstance(head, dict) or size > limit:
        raise ValueError("answer too long")
    return head, await process.stdout.readexactly(size)
