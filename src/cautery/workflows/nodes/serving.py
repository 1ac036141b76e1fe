"""A node from its first word to its last: there, at work, drained, and gone.

It says every two seconds how it stands. It does jobs while nothing is wrong with it and nobody asks
it to drain. A database that does not answer for a while costs it nothing but the while.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, StrEnum, auto
from functools import partial
from typing import Protocol

from cautery.errors import CauteryError, ConflictError, StorageError
from cautery.messages import say
from cautery.model.evidence import Json
from cautery.model.ports import Handler, JobAsked, JobServer, NodeMoment, NodeSeen
from cautery.model.ports.jobs import JobLeftError, NameTakenError
from cautery.projections.presence import GONE_S, ill
from cautery.workflows.nodes.reach import StoreReach

SAID_S = 2.0
HISTORY_S = 5.0
KEPT_MOMENTS = 60
"""Five minutes, one each five seconds."""
AGAIN_S = 2.0
"""Between two tries to reach a database that does not answer."""
ANSWER_S = 6.0
"""A database takes milliseconds; one that hangs keeps its connection open all the same."""
END_S = 8.0
"""A node that shall end waits so long for a database that is away: nobody hears its answers."""
HOMES_S = 15.0
"""A home that cannot publish for so long hands its references over, if another node is well."""


class NodeTurn(StrEnum):
    """What happens to a node, or by it."""

    JOINED = "joined"
    BEGAN = "began"
    DONE = "done"
    FAILED = "failed"
    DRAINING = "draining"
    RESUMED = "resumed"
    REFUSED = "refused"
    CUT_OFF = "cut off"
    TOLD = "told"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEvent:
    """One thing that happened to a node, or by it.

    Parameters
    ----------
    kind, key, case : str
        Of the job; empty: it is about none.
    took_s : float
        How long the job took.
    why : str
        What failed, or why it gets no job; empty: nothing did.
    """

    turn: NodeTurn
    at: datetime
    kind: str = ""
    key: str = ""
    case: str = ""
    took_s: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """How the references of a node stand.

    Parameters
    ----------
    lag_s : float or None
        How late they are; ``None``: there are none.
    shards : tuple of str
        Those that are at home here.
    damaged : str
        A file that is not what it should be; empty: none.
    """

    lag_s: float | None = None
    shards: tuple[str, ...] = ()
    damaged: str = ""


class Heard(Protocol):
    """What a node hears when it says that it is there."""

    @property
    def draining(self) -> bool:
        """Whether somebody wants it to take nothing new."""
        ...

    @property
    def clock_late_s(self) -> float:
        """How far its clock is behind the database's."""
        ...

    @property
    def among(self) -> int:
        """How many nodes there are, with this one."""
        ...

    @property
    def well(self) -> int:
        """How many others of its kind are at work, and nothing is wrong with them."""
        ...


class Register(Protocol):
    """Where nodes say that they are there."""

    def say(self, node: NodeSeen, *, holder: str) -> Heard:
        """Write what a node says of itself."""
        ...

    def leave(self, name: str, *, holder: str) -> None:
        """Take the row of a node away."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePorts:
    """The world as a node meets it.

    ``listen`` is told each thing that happens, and ``share`` among how many nodes the rate at which
    a host may be asked is to be shared. ``reach`` knows whether the store can be reached.
    """

    register: Register
    server: JobServer
    handlers: Mapping[str, Handler]
    references: Callable[[], References]
    free_bytes: Callable[[], int]
    now: Callable[[], datetime]
    listen: Callable[[NodeEvent], None]
    reach: StoreReach
    share: Callable[[int], None] = lambda _: None


@dataclass(slots=True)
class _Work:
    """What a node has done, and does."""

    at_work: int = 0
    done: int = 0
    failed: int = 0
    history: deque[NodeMoment] = field(default_factory=lambda: deque(maxlen=KEPT_MOMENTS))


class _Wish(Enum):
    """What a node is to do with jobs."""

    WORK = auto()
    HOLD = auto()
    DRAIN = auto()


class Node:
    """One node.

    Parameters
    ----------
    name, version, recipe, country : str
        As :class:`~cautery.model.ports.NodeSeen` has them.
    holder : str
        Of this process, and of no other.
    capacity : int
        Jobs side by side.
    """

    def __init__(
        self,
        ports: NodePorts,
        *,
        name: str,
        version: str,
        recipe: str,
        country: str,
        holder: str,
        capacity: int,
    ) -> None:
        self._ports = ports
        self._holder = holder
        self._work = _Work()
        self._ending = asyncio.Event()
        self._ending_at = 0.0
        self._serving: asyncio.Task[None] | None = None
        self._saying: asyncio.Future[Heard] | None = None
        self._drained = False
        self._moment_s = float("-inf")
        self._cut_off = False
        self._begun = False
        self._others_well = 0
        self.standing = NodeSeen(
            name=name,
            version=version,
            recipe=recipe,
            country=country,
            clock_late_s=0.0,
            free_bytes=ports.free_bytes(),
            capacity=capacity,
            at_work=0,
            shards=(),
            seen_at=ports.now(),
        )
        """How the node stands."""

    def end(self) -> None:
        """Take nothing new, end what is under way, and leave."""
        self._ending_at = time.monotonic()
        self._ending.set()

    async def run(self) -> None:
        """Do jobs until :meth:`end`, or until cancelled.

        Raises
        ------
        CauteryError
            If another process has its name and is there, or its first word finds no database.
        """
        try:
            await self._join()
            while True:
                await self._serve(self._wish())
                if self._ending.is_set() and (self._serving is None or self._waited_enough()):
                    return
                await self._wait()
                await self._say()
        finally:
            await self._leave()

    async def _join(self) -> None:
        """Say the first word; the name of a process that was killed is free when it was silent."""
        seen_at: datetime | None = None
        while not self._begun and not self._ending.is_set():
            try:
                await self._say()
            except NameTakenError as error:
                if seen_at is not None and error.seen_at > seen_at:
                    raise
                if seen_at is None:
                    why = f"{error}; this one begins when that has been silent for {GONE_S:.0f} s"
                    self._tell(NodeTurn.TOLD, why=why)
                seen_at = error.seen_at
                await self._pause(SAID_S)

    def _waited_enough(self) -> bool:
        """Tell whether what is under way ends with this node, as the database stays away."""
        return self._cut_off and time.monotonic() - self._ending_at > END_S

    def _wanted(self) -> bool:
        return not (self.standing.draining or self.standing.refused)

    def _wish(self) -> _Wish:
        """Return what is to be done with jobs now."""
        ended = self._ending.is_set() or self.standing.draining
        if ended or ill(replace(self.standing, away="")) is not None:
            return _Wish.DRAIN
        if not self.standing.away:
            return _Wish.WORK
        # What is heard here waits for the store, unless another node reaches it and would publish.
        alone = self._others_well and self._ports.reach.away_s > HOMES_S
        return _Wish.DRAIN if alone else _Wish.HOLD

    async def _say(self) -> None:
        """Say how it stands, and hear what is wished."""
        before = self.standing
        references = self._ports.references()
        self.standing = replace(
            before,
            free_bytes=self._ports.free_bytes(),
            at_work=self._work.at_work,
            done=self._work.done,
            shards=references.shards,
            lag_s=references.lag_s,
            damaged=references.damaged,
            away=self._ports.reach.why,
            history=self._history(references),
            seen_at=self._ports.now(),
        )
        try:
            register_answer = await self._answer_of_register()
        except ConflictError:
            raise
        except StorageError as error:
            if not self._begun:
                raise
            if not self._cut_off:
                self._tell(NodeTurn.CUT_OFF, why=str(error))
            self._cut_off = True
            return
        self._cut_off = False
        self._ports.share(register_answer.among)
        self._others_well = register_answer.well
        measured = replace(
            self.standing,
            draining=register_answer.draining,
            clock_late_s=register_answer.clock_late_s,
        )
        why = ill(measured)
        self.standing = replace(measured, refused="" if why is None else say(why))
        self._tell_turn(before)

    async def _answer_of_register(self) -> Heard:
        """Say how it stands; one word at a time, as a database that hangs keeps each in a thread.

        Raises
        ------
        StorageError
            If no answer comes in time.
        """
        if self._saying is None:
            say_so = partial(self._ports.register.say, self.standing, holder=self._holder)
            self._saying = asyncio.ensure_future(asyncio.to_thread(say_so))
        await asyncio.wait([self._saying], timeout=ANSWER_S)
        if not self._saying.done():
            raise StorageError(f"the database has not answered for {ANSWER_S:.0f} s")
        said, self._saying = self._saying, None
        return said.result()

    def _tell_turn(self, before: NodeSeen) -> None:
        now = self.standing
        if not self._begun:
            self._begun = True
            self._tell(NodeTurn.JOINED)
        if bool(now.refused) != bool(before.refused) and now.refused:
            self._tell(NodeTurn.REFUSED, why=now.refused)
        elif now.draining and not before.draining:
            self._tell(NodeTurn.DRAINING)
        elif (before.refused or before.draining) and self._wanted():
            self._tell(NodeTurn.RESUMED)

    def _history(self, references: References) -> tuple[NodeMoment, ...]:
        now_s = self._ports.now().timestamp()
        if not self._moment_s <= now_s < self._moment_s + HISTORY_S:
            self._moment_s = now_s
            self._work.history.append(
                NodeMoment(
                    at_s=round(now_s, 1),
                    at_work=self._work.at_work,
                    lag_s=None if references.lag_s is None else round(references.lag_s, 1),
                )
            )
        return tuple(self._work.history)

    async def _serve(self, wish: _Wish) -> None:
        """Begin to do jobs, hold, or drain, as is wanted."""
        if self._serving is not None and self._serving.done():
            ended, self._serving, self._drained = self._serving, None, False
            error = ended.exception()
            if isinstance(error, StorageError):
                self._tell(NodeTurn.CUT_OFF, why=str(error))
                await self._pause(AGAIN_S)
            elif error is not None:
                raise error
        self._ports.server.hold(held=bool(self._ports.reach.why))
        if wish is _Wish.WORK and self._serving is None:
            handlers = {kind: self._told(handler) for kind, handler in self._ports.handlers.items()}
            self._serving = asyncio.ensure_future(
                self._ports.server.serve(handlers, capacity=self.standing.capacity)
            )
        elif wish is _Wish.DRAIN and self._serving is not None and not self._drained:
            self._drained = True
            self._ports.server.drain()

    async def _wait(self) -> None:
        """Wait until it is time to say something again, or until all is done."""
        waiting: set[asyncio.Future[object]] = set()
        if self._serving is not None:
            waiting.add(self._serving)  # type: ignore[arg-type]
        ending = None
        if not self._ending.is_set():
            ending = asyncio.ensure_future(self._ending.wait())
            waiting.add(ending)  # type: ignore[arg-type]
        try:
            if waiting:
                await asyncio.wait(waiting, timeout=SAID_S, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(SAID_S)
        finally:
            if ending is not None:
                ending.cancel()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    async def _leave(self) -> None:
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        if not self._begun:
            return
        if not self._cut_off:
            with contextlib.suppress(CauteryError):
                await asyncio.to_thread(
                    self._ports.register.leave, self.standing.name, holder=self._holder
                )
        self._tell(NodeTurn.LEFT)

    def _told(self, handler: Handler) -> Handler:
        """Return a handler whose jobs are counted and told."""

        async def counted(job: JobAsked) -> Json:
            self._work.at_work += 1
            begun_s = time.monotonic()
            self._tell(NodeTurn.BEGAN, job)
            try:
                answer = await handler(job)
            except JobLeftError as error:
                self._ports.server.hold(held=True)  # at once, else it has the next one of the same
                self._tell(NodeTurn.FAILED, job, begun_s=begun_s, why=_named(error))
                raise
            except Exception as error:
                self._work.failed += 1
                self._tell(NodeTurn.FAILED, job, begun_s=begun_s, why=_named(error))
                raise
            finally:
                self._work.at_work -= 1
            self._work.done += 1
            self._tell(NodeTurn.DONE, job, begun_s=begun_s)
            return answer

        return counted

    def _tell(
        self,
        turn: NodeTurn,
        job: JobAsked | None = None,
        *,
        begun_s: float | None = None,
        why: str = "",
    ) -> None:
        self._ports.listen(
            NodeEvent(
                turn=turn,
                at=self._ports.now(),
                kind="" if job is None else job.kind,
                key="" if job is None else job.key,
                case="" if job is None else job.case,
                took_s=0.0 if begun_s is None else time.monotonic() - begun_s,
                why=why,
            )
        )


def _named(error: Exception) -> str:
    """Return what failed; the words of an error that is not ours may quote a stranger's bytes."""
    return (
        f"{type(error).__name__}: {error}"[:300]
        if isinstance(error, CauteryError)
        else type(error).__name__
    )
