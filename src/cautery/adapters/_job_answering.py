"""A job on its node, from the sealed question to the sealed answer.

Reaches: the database that was named.
Lawful basis, manners: those of :mod:`cautery.adapters.job_queue`.
Format: docs/reference/server-format.md.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cautery.adapters import _job_statements as sql
from cautery.adapters._job_database import JobDatabase
from cautery.adapters._job_sealing import MOST_KEY, NightKey, answered, failed
from cautery.errors import EvidenceError, InputError
from cautery.model.evidence import Json
from cautery.model.ports.jobs import Handler, JobAsked

_NIGHTS = 4
"""Of so many nights the package is kept in memory."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a job says of itself, before anything proves it."""

    case: str
    epoch: int
    kind: str
    key: str
    question: bytes

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Stated:
        """Read it.

        Raises
        ------
        EvidenceError
            If no driver says such a thing.
        """
        with contextlib.suppress(KeyError, TypeError, ValueError, binascii.Error):
            case, epoch, kind, key = (stated[name] for name in ("case", "epoch", "kind", "key"))
            texts = all(isinstance(one, str) and len(one) <= MOST_KEY for one in (case, kind, key))
            if texts and type(epoch) is int and len(stated) == 5:
                question = base64.b64decode(stated["question"], validate=True)
                return cls(case, epoch, kind, key, question)
        raise EvidenceError("a job in the database is none that a driver filed")


class Answering:
    """What a node does with a job.

    Parameters
    ----------
    nodes_key : bytes
        The nodes' key.
    name : str
        Of the node.

    Raises
    ------
    InputError
        If the key is none.
    """

    def __init__(self, nodes_key: bytes, name: str) -> None:
        NightKey(nodes_key, "", 0)
        self._nodes_key, self._name = nodes_key, name
        self._nights: dict[tuple[str, int], tuple[NightKey, Json]] = {}

    def begin(self, database: JobDatabase, handlers: Mapping[str, Handler]) -> None:
        """Do jobs of this database from now on."""
        self._database, self._handlers = database, handlers

    async def answer(self, asked: Stated, run: int, *, lasts: bool) -> None:
        """Do a job and file its answer, unless it is void or answered.

        Parameters
        ----------
        run : int
            How often it was begun before.

        Raises
        ------
        EvidenceError
            If no driver sealed it.
        StorageError
            If the database stays away.
        """
        told = {"case": asked.case, "epoch": asked.epoch, "key": asked.key}
        rows = await self._database.rows("read a night of", sql.NIGHT, told)
        if not rows or (rows[0][1] and not lasts):
            return  # void, or answered before
        key, night = self._night(asked, rows[0][0])
        question = key.open("question", asked.kind, asked.key, asked.question)
        content = await self._content(
            JobAsked(
                case=asked.case,
                epoch=asked.epoch,
                night=night,
                kind=asked.kind,
                key=asked.key,
                question=question,
                run=run,
            )
        )
        try:
            sealed = key.seal("answer", asked.kind, asked.key, content)
        except InputError as error:
            content = failed(self._name, datetime.now(UTC), error)
            sealed = key.seal("answer", asked.kind, asked.key, content)
        filing = sql.FILE_LASTING if lasts else sql.FILE
        told |= {"answer": sealed, "node": self._name}
        await self._database.rows("file an answer in", filing, told)

    async def _content(self, asked: JobAsked) -> Json:
        do = self._handlers.get(asked.kind)
        if do is None:
            error = InputError(f"the node {self._name} does no job of the kind {asked.kind[:50]}")
            return failed(self._name, datetime.now(UTC), error)
        try:
            content = await do(asked)
        except Exception as error:  # noqa: BLE001 - told to who asked
            return failed(self._name, datetime.now(UTC), error)
        return answered(self._name, datetime.now(UTC), content)

    def _night(self, asked: Stated, package: bytes) -> tuple[NightKey, Json]:
        """Return the key and the package of a night; the last few are kept."""
        night = asked.case, asked.epoch
        if night not in self._nights:
            key = NightKey(self._nodes_key, *night)
            while len(self._nights) >= _NIGHTS:
                del self._nights[next(iter(self._nights))]
            self._nights[night] = key, key.open("night", "", "", package)
        return self._nights[night]
