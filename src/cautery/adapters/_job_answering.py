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
from cautery.model.ports.jobs import Handler, JobAsked, JobLeftError


class WrongKeyError(EvidenceError):
    """A node cannot read what it shall do: it is no use here."""


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


@dataclass(frozen=True, slots=True)
class _Night:
    begun_at: str
    key: NightKey
    package: Json


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
        self._nights: dict[tuple[str, int], _Night] = {}

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
        WrongKeyError
            If this node cannot read anything of this night.
        EvidenceError
            If no driver sealed it.
        StorageError
            If the database stays away.
        JobLeftError
            If another node shall do it.
        """
        kept = self._nights.get((asked.case, asked.epoch))
        told = {"case": asked.case, "epoch": asked.epoch, "key": asked.key}
        looked = {**told, "known": "" if kept is None else kept.begun_at}
        rows = await self._database.rows("read a night of", sql.NIGHT, looked)
        if not rows:
            return  # void
        begun_at, package, is_answered = rows[0]
        if is_answered and not lasts:
            return
        if package is not None:
            kept = self._keep(asked, begun_at, package)
        assert kept is not None
        key, night = kept.key, kept.package
        question = key.open("question", asked.kind, asked.key, asked.question)
        job = JobAsked(
            case=asked.case,
            epoch=asked.epoch,
            night=night,
            kind=asked.kind,
            key=asked.key,
            question=question,
            run=run,
        )
        sealed = await content_of(job, self._handlers, self._name, key)
        filing = sql.FILE_LASTING if lasts else sql.FILE
        told |= {"answer": sealed, "node": self._name}
        await self._database.rows("file an answer in", filing, told)

    def _keep(self, asked: Stated, begun_at: str, package: bytes) -> _Night:
        """Return a night; the last few are kept."""
        night = asked.case, asked.epoch
        key = NightKey(self._nodes_key, *night)
        try:
            opened = key.open("night", "", "", package)
        except EvidenceError as error:
            raise WrongKeyError(
                f"the watch of the case {asked.case} was not begun with the nodes' key that"
                f" the node {self._name} has",
                hint="Give all nodes and the driver the same file: --node-key FILE.",
            ) from error
        while len(self._nights) >= _NIGHTS:
            del self._nights[next(iter(self._nights))]
        self._nights[night] = kept = _Night(begun_at, key, opened)
        return kept


async def content_of(
    asked: JobAsked, handlers: Mapping[str, Handler], name: str, key: NightKey
) -> bytes:
    """Do a job; return what the node of a name says of it, sealed.

    Raises
    ------
    JobLeftError
        If another node shall do it.
    """
    said = await _said(asked, handlers, name)
    try:
        return key.seal("answer", asked.kind, asked.key, said)
    except InputError as error:
        said = failed(name, datetime.now(UTC), error)
        return key.seal("answer", asked.kind, asked.key, said)


async def _said(asked: JobAsked, handlers: Mapping[str, Handler], name: str) -> Json:
    do = handlers.get(asked.kind)
    if do is None:
        error = InputError(f"the node {name} does no job of the kind {asked.kind[:50]}")
        return failed(name, datetime.now(UTC), error)
    try:
        content = await do(asked)
    except JobLeftError:
        raise
    except Exception as error:  # noqa: BLE001 - told to who asked
        return failed(name, datetime.now(UTC), error)
    return answered(name, datetime.now(UTC), content)
