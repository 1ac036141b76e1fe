"""A keeper as a child process of this one, for whoever plants decoys beside something else."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

from cautery.adapters._kernel import hide_memory
from cautery.adapters.decoy_server import Listening, Place
from cautery.errors import CauteryError, SourceError
from cautery.wiring import decoys

_START_S = 60.0
"""Its encoder imports FFmpeg, and own media are read into memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keep:
    """What the child is told: places of files, and nothing of what stands in them."""

    folder: Path
    key: Path
    mandate_file: Path
    listen: tuple[Place, ...]
    gate: Place | None


class KeeperProcess:
    """The keeper of a night; a context manager that ends it.

    Parameters
    ----------
    folder : Path
        Of the planned night.
    key : Path
        File of the planner's key.
    mandate_file : Path
        Of the mandate.
    listen : sequence of (str, int)
        Where streams and lists are served; empty: at the plan's hosts.
    gate : (str, int) or None
        Where the gate asks; port 0 takes one that is free.

    Raises
    ------
    SourceError
        If it does not start, saying why.
    """

    def __init__(
        self,
        folder: Path,
        *,
        key: Path,
        mandate_file: Path,
        listen: Sequence[Place] = (),
        gate: Place | None = ("127.0.0.1", 0),
    ) -> None:
        keep = _Keep(
            folder=folder, key=key, mandate_file=mandate_file, listen=tuple(listen), gate=gate
        )
        context = multiprocessing.get_context("spawn")
        self._line, child_end = context.Pipe()
        self._child: BaseProcess = context.Process(target=_be_keeper, args=(keep, child_end))
        self._child.start()
        child_end.close()
        self.listening = self._heard()

    @property
    def gate_url(self) -> str:
        """Where the gate asks: what a mandate names as its keeper."""
        assert self.listening.gate is not None
        host, port = self.listening.gate
        return f"http://{host}:{port}"

    @property
    def is_alive(self) -> bool:
        """Whether it still serves."""
        return self._child.is_alive()

    def stop(self) -> None:
        """End it; harmless when it has ended."""
        self._line.close()
        self._child.join(5)
        if self._child.is_alive():
            self._child.kill()
            self._child.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _heard(self) -> Listening:
        try:
            answer = self._line.recv() if self._line.poll(_START_S) else "it did not start in time"
        except EOFError:
            answer = "it died while starting"
        if isinstance(answer, Listening):
            return answer
        self.stop()
        raise SourceError(f"the keeper of the decoys could not start: {answer}")


def _be_keeper(keep: _Keep, line: Connection) -> None:
    """Be the child: serve until the parent goes away."""
    hide_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    try:
        asyncio.run(_serve(keep, line))
    except CauteryError as error:
        with suppress(OSError):
            line.send(str(error))


async def _serve(keep: _Keep, line: Connection) -> None:
    serving = asyncio.ensure_future(
        decoys.serve(
            keep.folder,
            key=keep.key,
            mandate_file=keep.mandate_file,
            listen=keep.listen,
            gate=keep.gate,
            say=lambda _: None,
            ready=line.send,
        )
    )
    # The parent never writes: what can be read is the end.
    asyncio.get_running_loop().add_reader(line.fileno(), serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
