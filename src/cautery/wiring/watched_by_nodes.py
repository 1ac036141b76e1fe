"""What a watch needs whose looks and hearing nodes do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cautery.adapters._files import read_whole
from cautery.adapters.job_queue import JobQueue
from cautery.adapters.keys_file import FileCaseKeys
from cautery.adapters.objects import Objects
from cautery.adapters.reference_shelf import S3Shelf
from cautery.adapters.server_place import Server
from cautery.errors import CauteryError, InputError, StorageError
from cautery.evidence.case_names import is_on_server
from cautery.model import Json, Mandate
from cautery.model.ports import JobAnswer, Jobs, NodeSeen
from cautery.projections.presence import Fit, refusal
from cautery.wiring import nodes
from cautery.wiring.node_nights import shelf_of
from cautery.wiring.server import required_server
from cautery.workflows.case.open import Case
from cautery.workflows.media.forgotten import forget_all, forget_later
from cautery.workflows.media.sharing_out import Shared
from cautery.workflows.nodes.attending import Attending
from cautery.workflows.nodes.night import MOST_FILE, night_json

__all__ = ["ByNodes", "by_nodes", "forget_references", "require_nodes"]


@dataclass(frozen=True, kw_only=True)
class ByNodes:
    """What stands in place of the watch's own looks and hearing.

    Parameters
    ----------
    jobs : Jobs
        What nodes are asked.
    """

    jobs: Jobs
    shared: Shared
    keys: FileCaseKeys
    attending: Attending

    def ports(self) -> dict[str, Any]:
        """Return the ports of a watch that these are."""
        return {
            "jobs": self.jobs,
            "adopt_key": self.keys.subjects.adopt,
            "shared": self.shared,
            "attending": self.attending.beside,
        }


class _Fitting:
    """Jobs, whose nodes are those that may do them: others count for nothing."""

    def __init__(self, jobs: JobQueue, fit: Fit) -> None:
        self._jobs, self._fit = jobs, fit

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
        """Have a job done."""
        return await self._jobs.ask(
            kind, question, key=key, shard=shard, within_s=within_s, priority=priority
        )

    async def keep(self, kind: str, question: Json, *, key: str) -> None:
        """Have a job that lasts done."""
        await self._jobs.keep(kind, question, key=key)

    async def withdraw(self, key: str) -> None:
        """End a job."""
        await self._jobs.withdraw(key)

    def nodes(self) -> tuple[NodeSeen, ...]:
        """Return the nodes; those that do not fit say that they are refused."""
        return tuple(
            replace(node, refused="-") if refusal(node, self._fit) is not None else node
            for node in self._jobs.nodes()
        )


def require_nodes(case: Path, key_file: Path | None) -> bytes:
    """Return the nodes' key of a watch that nodes work for.

    Raises
    ------
    InputError
        If its case is not on the organisation's server, or there is no key.
    """
    if not is_on_server(case):
        raise InputError(
            f"--nodes: the case {case} lies in a folder of this machine, where no node reaches it",
            hint="Name a case on the organisation's server: --case server:NAME.",
        )
    required_server()
    return nodes.node_key(key_file)


@asynccontextmanager
async def by_nodes(case: Case, mandate: Mandate, key: bytes) -> AsyncIterator[ByNodes]:
    """Begin a night: nodes do the looks and the hearing of a case until the end of it.

    Raises
    ------
    CauteryError
        If the server cannot be reached, or a file of the mandate cannot be read.
    """
    assert case.lease is not None  # it is driven
    assert isinstance(case.keys, FileCaseKeys)  # they come from a folder of keys
    place, fit = required_server(), nodes.fit()
    night = await asyncio.to_thread(
        night_json,
        mandate,
        case.keys.redaction_key(),
        read=lambda path: read_whole(path, limit=MOST_FILE),
    )
    with nodes.register() as register:
        attending = Attending(register.seen, fit)
        async with JobQueue(
            place,
            key=key,
            case=case.id,
            epoch=case.lease.epoch,
            driver=case.lease.driver,
            fit=nodes.fit_word(),
            night=night,
            refused=attending.ended,
        ) as jobs:
            shared = Shared(shelf=_shelf(place), case=case.id, epoch=case.lease.epoch, key=key)
            with contextlib.suppress(StorageError):  # a shelf that is away is waited for later
                await asyncio.to_thread(forget_later, shared)
            yield ByNodes(
                jobs=_Fitting(jobs, fit),
                shared=shared,
                keys=case.keys,
                attending=attending,
            )


def forget_references(case: str) -> None:
    """Take away what nodes shared for a case that is closed; a store that is away keeps it."""
    with contextlib.suppress(CauteryError):
        forget_all(_shelf(required_server()), case)


def _shelf(place: Server) -> S3Shelf:
    return shelf_of(Objects(place.vault))
