"""Lists go to a public folder, whence providers fetch them, and to those that take them by PUT.

So an unblocking has two paths: one of them may be cut, and the next version still arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from datetime import datetime

from cautery.act import Envelope
from cautery.act.ports import PublicFiles, Publisher
from cautery.act.read_answer import AnswerOfAgent, read_answer
from cautery.canonical import canonical
from cautery.errors import ApprovalError, InputError, SourceError, StorageError
from cautery.model import Digest, Effect, ListAnswer

MOST_A_ROUND = 100
"""Acknowledgements that are taken at once: the watch looks again in two seconds."""


class PublicLists:
    """Publishes to a public folder and by PUT; fulfils :class:`cautery.act.Publisher`.

    Parameters
    ----------
    files : PublicFiles
        The folder.
    by_put : Publisher
        Hands a version in at those that have a ``list_url``.
    """

    def __init__(self, files: PublicFiles, *, by_put: Publisher) -> None:
        self._files = files
        self._by_put = by_put
        self._kept: set[Digest] = set()

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        """Put a version into the folder and hand it in; each way is tried, whatever the other does.

        Raises
        ------
        ApprovalError
            If it is not an envelope of approved referrals.
        SourceError
            If one of the ways fails.
        """
        if not isinstance(envelope, Envelope):
            raise ApprovalError("only a list of approved referrals can be published")
        fault: StorageError | None = None
        try:
            await asyncio.to_thread(self._keep, envelope)
        except StorageError as error:
            fault = error
        answer = ListAnswer(
            intermediary=envelope.to.name,
            version=envelope.version.version,
            effect=Effect.PENDING,
            received_at=now,
        )
        if envelope.to.list_url is not None:
            answer = await self._by_put.publish(envelope, now=now, held=held)
        if fault is not None:
            raise SourceError(f"the public folder does not have the list: {fault}") from fault
        return answer

    def _keep(self, envelope: Envelope) -> None:
        """Write the referrals, then the version that names them: a reader never misses one."""
        for digest, part in envelope.parts.items():
            if digest not in self._kept:
                name = f"referrals/{digest.removeprefix('sha256:')}.json"
                self._files.write(name, canonical(part), lasting=False)
                self._kept.add(digest)
        head = canonical({"signature": envelope.signature, "version": envelope.version.text})
        self._files.write(f"lists/{envelope.version.list_id}.json", head, lasting=False)


def answers_in(files: PublicFiles) -> Iterator[AnswerOfAgent]:
    """Take acknowledgements out of a public folder, a round of them; what is none is dropped.

    Raises
    ------
    StorageError
        If one cannot be read or taken away.
    """
    for name in files.names("answers")[:MOST_A_ROUND]:
        body = files.read(name)
        files.remove(name)
        try:
            if body is not None:
                yield read_answer(body)
        except InputError:
            continue
