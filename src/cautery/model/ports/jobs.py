"""Jobs that other machines do for a watch: named, with JSON in and out; neither code nor media."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cautery.errors import CauteryError, ConflictError
from cautery.model.evidence import Json


class JobLeftError(CauteryError):
    """A node cannot do a job that another one may do: it goes back to the queue."""


class NameTakenError(ConflictError):
    """Another process has the name of a node.

    Parameters
    ----------
    seen_at : datetime
        When it last said that it is there.
    """

    hint = "Give each node a name of its own: --name."

    def __init__(self, message: str, *, seen_at: datetime) -> None:
        super().__init__(message)
        self.seen_at = seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer:
    """What a job gave, and which node did it."""

    node: str
    at: datetime
    content: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMoment:
    """How a node stood at a moment.

    Parameters
    ----------
    at_s : float
        Epoch second.
    at_work : int
        Jobs under way.
    lag_s : float or None
        As in :class:`NodeSeen`.
    """

    at_s: float
    at_work: int
    lag_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSeen:
    """A node as it last said of itself.

    Parameters
    ----------
    version, recipe : str
        Of Cautery, and of the fingerprints that it makes; a node of others is given no job.
    clock_late_s : float
        How far its clock is behind the database's; negative: ahead.
    free_bytes : int
        On the disk of its references.
    capacity, at_work : int
        Jobs that it does side by side, and those under way.
    shards : tuple of str
        References that are at home there.
    country : str
        Where it stands, ISO 3166-1 alpha-2; empty: it does not say.
    lag_s : float or None
        How late the references are that it compares with; ``None``: it has none.
    done : int
        Jobs that it has done since it began.
    damaged : str
        A file of its references that is not what it should be; empty: none.
    away : str
        Why it cannot reach the store; empty: it can.
    history : tuple of NodeMoment
        How it stood in the last minutes, the oldest first.
    draining : bool
        Whether somebody asked it to take nothing new.
    refused : str
        Why it gets no job, as a sentence; empty: it gets some.
    """

    name: str
    version: str
    recipe: str
    clock_late_s: float
    free_bytes: int
    capacity: int
    at_work: int
    shards: tuple[str, ...]
    seen_at: datetime
    country: str = ""
    lag_s: float | None = None
    done: int = 0
    damaged: str = ""
    away: str = ""
    history: tuple[NodeMoment, ...] = ()
    draining: bool = False
    refused: str = ""


class Jobs(Protocol):
    """What the driver of a watch asks of the nodes."""

    async def ask(
        self,
        kind: str,
        question: Json,
        *,
        key: str,
        shard: str = "",
        within_s: float,
        priority: int = 0,
    ) -> JobAnswer:
        """Have a job done by any node, or by the one at which a shard is at home.

        Parameters
        ----------
        key : str
            The same key is answered once, however often it is asked or done.
        priority : int
            What has a higher one is begun first.

        Raises
        ------
        LimitError
            If nobody answered in time; the job is withdrawn.
        WorkerError
            If nodes died of it more than once.
        CauteryError
            What the job raised.
        """
        ...

    async def keep(self, kind: str, question: Json, *, key: str) -> None:
        """Have a job that lasts done as long as this watch does: a node that dies is replaced."""
        ...

    async def withdraw(self, key: str) -> None:
        """End a job, whether it waits or is under way."""
        ...

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes as they were seen a moment ago."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAsked:
    """A job as a node receives it.

    Parameters
    ----------
    case : str
        Id of the case that it is for.
    epoch : int
        Grows whenever another driver takes the case up; what an earlier one asked is void.
    night : Json
        What the driver told all nodes at its beginning: the mandate and what else every job needs.
    run : int
        How often this job was begun before; what an earlier run of one that lasts publishes is
        void.
    """

    case: str
    epoch: int
    night: Json
    kind: str
    key: str
    question: Json
    run: int = 0


Handler = Callable[[JobAsked], Awaitable[Json]]


class JobServer(Protocol):
    """What a node does jobs through."""

    async def serve(self, handlers: Mapping[str, Handler], *, capacity: int) -> None:
        """Do jobs until :meth:`drain`, or until cancelled."""
        ...

    async def home(self, shard: str, *, here: bool) -> None:
        """Say whether a shard is at home here: jobs for it come here from now on, or no more."""
        ...

    def hold(self, *, held: bool) -> None:
        """Begin neither looks nor what lasts until this is called again; what is begun goes on."""
        ...

    def drain(self) -> None:
        """Take no further job; :meth:`serve` returns when those under way have ended."""
        ...
