"""A node with all that it reaches through."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from cautery import __version__, kernels, wiring
from cautery.adapters._key_files import private_folder
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.engine import ThreadEngine
from cautery.adapters.job_queue import JobWorker
from cautery.adapters.objects import Objects
from cautery.adapters.reading import ReadingPool
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.model.ports import Handler
from cautery.wiring import nodes
from cautery.wiring.node_nights import Nights, shelf_of
from cautery.wiring.server import required_server
from cautery.workflows.nodes.hearing import hear_handlers
from cautery.workflows.nodes.looking import look_handlers
from cautery.workflows.nodes.loop import LoopLateness
from cautery.workflows.nodes.reach import StoreReach
from cautery.workflows.nodes.serving import Node, NodeEvent, NodePorts, NodeTurn
from cautery.workflows.watch.sources.jobs import MODULES

Listen = Callable[[NodeEvent], None]
LINGER_S = 5.0
"""A node that has left is gone after so long, whatever its threads wait for."""


class Homes:
    """A server of jobs that knows what is at home here; a node is the home of its own name.

    Parameters
    ----------
    node : str
        Its name: whoever wants this very node asks for the shard ``node:NAME``.
    """

    def __init__(self, worker: JobWorker, node: str) -> None:
        self._worker = worker
        self._own_shard = f"node:{node}"
        self.homes: set[str] = set()

    async def serve(self, handlers: Mapping[str, Handler], *, capacity: int) -> None:
        """Do jobs."""
        await self._worker.home(self._own_shard, here=True)
        await self._worker.serve(handlers, capacity=capacity)

    async def home(self, shard: str, *, here: bool) -> None:
        """Say whether a shard is at home here."""
        (self.homes.add if here else self.homes.discard)(shard)
        await self._worker.home(shard, here=here)

    def hold(self, *, held: bool) -> None:
        """Begin nothing for a while."""
        self._worker.hold(held=held)

    def drain(self) -> None:
        """Take no further job."""
        self._worker.drain()


def default_capacity() -> int:
    """Return how many jobs a node does side by side if nobody says: most wait for the network."""
    return 2 * len(os.sched_getaffinity(0))


def default_cache() -> Path:
    """Return where a node keeps references if nobody says."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return home / "cautery" / "nodes"


def run_node(
    name: str,
    *,
    capacity: int,
    country: str,
    key_file: Path | None,
    cache: Path | None,
    listen: Listen,
) -> None:
    """Do jobs until a signal; at the second one, end at once.

    Raises
    ------
    CauteryError
        If the server or the key is not named or cannot be used, or another node has this name.
    """
    place, key = required_server(), nodes.node_key(key_file)
    folder = (default_cache() if cache is None else cache) / name
    private_folder(folder)
    kernels.load()
    # A thread that waits for a server that hangs can be ended in no other way.
    exiting = threading.Timer(LINGER_S, os._exit, (0,))
    exiting.daemon = True
    try:
        asyncio.run(
            _run(
                name,
                place_key=key,
                capacity=capacity,
                country=country,
                folder=folder,
                listen=listen,
                vault=place.vault,
                left=exiting.start,
            )
        )
    finally:
        exiting.cancel()


async def _run(
    name: str,
    *,
    place_key: bytes,
    capacity: int,
    country: str,
    folder: Path,
    listen: Listen,
    vault: str,
    left: Callable[[], None],
) -> None:
    lateness, clock = LoopLateness(), wiring.clock()
    async with AsyncExitStack() as stack:
        cores = len(os.sched_getaffinity(0))
        decoder = await stack.enter_async_context(
            ChildDecoder(workers=cores, without_seccomp=wiring.without_seccomp())
        )
        await decoder.start()
        readers = await stack.enter_async_context(
            ReadingPool(MODULES, workers=2, without_seccomp=wiring.without_seccomp())
        )
        engine = ThreadEngine()
        stack.callback(engine.close)
        worker = JobWorker(required_server(), key=place_key, name=name, fit=nodes.fit_word())
        homes = Homes(worker, name)

        def tell(words: str) -> None:
            listen(NodeEvent(turn=NodeTurn.TOLD, at=clock.now(), why=words))

        shelf = shelf_of(Objects(vault))
        # Whether a thing of this name is there is of no matter.
        reach = StoreReach(lambda: shelf.version(name))
        nights = Nights(
            node=name,
            cache=folder,
            vault=vault,
            key=place_key,
            decoder=decoder,
            readers=readers,
            engine=engine,
            server=homes,
            was_late=lateness.was_late,
            reach=reach,
            tell=tell,
        )
        stack.push_async_callback(nights.close)

        def hear(event: NodeEvent) -> None:
            if event.turn is NodeTurn.JOINED:  # no other process has this name, so nor its folder
                nights.clear()
            listen(event)

        register = stack.enter_context(nodes.register())
        node = Node(
            NodePorts(
                register=register,
                server=homes,
                handlers={**look_handlers(nights.looks), **hear_handlers(nights.hear_ports)},
                references=lambda: nights.references(tuple(sorted(homes.homes))),
                free_bytes=lambda: free_bytes(folder),
                now=clock.now,
                listen=hear,
                reach=reach,
                share=nights.share,
            ),
            name=name,
            version=__version__,
            recipe=DEFAULT_RECIPE.name,
            country=country,
            holder=secrets.token_hex(16),
            capacity=capacity,
        )
        for work in (lateness.work(), nights.tidy(), reach.work()):
            await stack.enter_async_context(_beside(asyncio.ensure_future(work)))
        await _until_signalled(node, left)


@asynccontextmanager
async def _beside(task: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def free_bytes(folder: Path) -> int:
    """Return how much a node's folder can still take; one that was removed takes nothing."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


async def _until_signalled(node: Node, left: Callable[[], None]) -> None:
    """Run a node; the first signal drains it, the second ends it; say that it has left."""
    loop, running = asyncio.get_running_loop(), asyncio.ensure_future(node.run())
    signals = 0

    def signalled() -> None:
        nonlocal signals
        signals += 1
        if signals == 1:
            node.end()
        else:
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signalled)
    try:
        await running
    except asyncio.CancelledError:
        if signals < 2:
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        if signals:
            left()
