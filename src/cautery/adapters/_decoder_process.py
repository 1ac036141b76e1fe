"""The child process that decodes: started when needed, spoken to over pipes, ended when it errs."""

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

from cautery.errors import DecodeError

_ROOT = str(Path(__file__).resolve().parents[2])
_RUN = (
    "import sys;sys.path.insert(0,sys.argv[1]);"
    "from cautery.adapters._decoder_child import main;main(int(sys.argv[2]),int(sys.argv[3]))"
)
_START_S = 60.0
"""Importing FFmpeg and numpy takes 0.5 s of CPU, far more in wall time on a busy machine."""
_HEAD_BYTES = 64_000
_JOBS_PER_CHILD = 2000
"""A child is replaced after so many jobs, so that no leak of a codec can grow."""


class Child:
    """One child process, started when needed and after every death.

    Parameters
    ----------
    memory_mb : int
        Resident memory that it may grow to.
    file : int
        The descriptor of the one file that it may read, or -1.
    """

    def __init__(self, memory_mb: int, file: int = -1) -> None:
        self._memory_mb = memory_mb
        self._file = file
        self._process: asyncio.subprocess.Process | None = None
        self._jobs = 0

    async def work(
        self, head: dict[str, Any], data: bytes, *, seconds: float, most: int
    ) -> tuple[dict[str, Any], bytes]:
        """Do one job with one answer; whatever goes wrong ends the child."""
        async with contextlib.aclosing(
            self.stream(head | {"part_s": None}, data, seconds=seconds, most=most)
        ) as answers:
            return await anext(answers)

    async def stream(
        self, head: dict[str, Any], data: bytes, *, seconds: float, most: int
    ) -> AsyncGenerator[tuple[dict[str, Any], bytes], None]:
        """Do one job, yield its answers; what goes wrong ends the child and is a DecodeError.

        ``seconds`` bounds the wait for each answer; what the reader does between them is free.
        """
        fine = False
        try:
            process = await self._started()
            sent = False
            while not fine:
                async with asyncio.timeout(seconds):
                    if not sent:
                        await _send(process, head, data)
                        sent = True
                    said, payload = await _answer(process, most)
                fine = not head["part_s"] or "end" in said or "refused" in said
                if "end" not in said:
                    yield said, payload
        except TimeoutError as error:
            raise DecodeError(
                f"decoding took more than {seconds:g} s; its process was ended"
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError, OSError, ValueError) as error:
            raise DecodeError("the decoder's process died of this capture") from error
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
                os.kill(process.pid, signal.SIGKILL)
        if process.stdin is not None:
            process.stdin.close()
        # What the dead one still had to say keeps the pipe open until it is read.
        if process.stdout is not None:
            with contextlib.suppress(ConnectionError, OSError):
                while await process.stdout.read(1 << 16):
                    pass
        await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        self._jobs = 0
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _RUN, _ROOT, str(self._memory_mb),
            str(self._file),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=() if self._file < 0 else (self._file,),
            cwd="/",
            env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
            limit=1 << 20,
        )  # fmt: skip
        async with asyncio.timeout(_START_S):
            await _answer(self._process, 0)
        return self._process


async def _send(process: asyncio.subprocess.Process, head: dict[str, Any], data: bytes) -> None:
    said = json.dumps(head).encode()
    assert process.stdin is not None
    process.stdin.write(struct.pack("<I", len(said)) + said + struct.pack("<Q", len(data)))
    process.stdin.write(data)
    await process.stdin.drain()


async def _answer(process: asyncio.subprocess.Process, most: int) -> tuple[dict[str, Any], bytes]:
    assert process.stdout is not None
    (size,) = struct.unpack("<I", await process.stdout.readexactly(4))
    if size > _HEAD_BYTES:
        raise ValueError("head too long")
    head = json.loads(await process.stdout.readexactly(size))
    (size,) = struct.unpack("<Q", await process.stdout.readexactly(8))
    if not isinstance(head, dict) or size > most:
        raise ValueError("answer too long")
    return head, await process.stdout.readexactly(size)
