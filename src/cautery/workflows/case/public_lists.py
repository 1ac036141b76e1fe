"""Lists go to a public folder, whence providers fetch them, and to those that take them by PUT.

So an unblocking has two paths: one of them may be cut, and the next version still arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

from cautery.act import Envelope
from cautery.act.ports import PublicFiles, Publisher
from cautery.act.read_answer import MOST_BYTES, AnswerOfAgent, read_answer
from cautery.canonical import canonical
from cautery.errors import ApprovalError, InputError, SourceError, StorageError
from cautery.json_text import parsed_json
from cautery.model import MISSHAPEN, Digest, Effect, ListAnswer, digest_of

BYTES_A_SECOND = 10_000
"""Of the acknowledgements of a list, so many bytes a second are taken: each one goes on record."""


class ListFiles:
    """The lists of a public folder, whence providers fetch them.

    Parameters
    ----------
    files : PublicFiles
        The folder.
    own_alone : bool
        It holds the referrals of one case alone, for those who look a target up: the list that
        names them is in the folder of the organisation.
    """

    def __init__(self, files: PublicFiles, *, own_alone: bool = False) -> None:
        self._files = files
        self._own_alone = own_alone
        self._kept: set[Digest] = set()
        self._heard: set[str] | None = None

    def write(self, envelope: Envelope) -> None:
        """Write the referrals, then the version that names them: a reader never misses one.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        version = envelope.version
        for digest, part in version.parts.items():
            if digest not in self._kept and (digest in version.own or not self._own_alone):
                name = f"referrals/{digest.removeprefix('sha256:')}.json"
                self._files.write(name, canonical(part.to_json()), lasting=False)
                self._kept.add(digest)
        if not self._own_alone:
            head = canonical({"signature": envelope.signature, "version": version.text})
            self._files.write(f"lists/{version.list_id}.json", head, lasting=False)

    def shows(self, list_id: str, digest: Digest) -> bool:
        """Tell whether this version of a list is there; who made it may have been killed before."""
        return self.text(list_id, digest) is not None

    def text(self, list_id: str, digest: Digest) -> str | None:
        """Return the text of this version of a list; ``None``: the folder has another, or none."""
        head = self._files.read(f"lists/{list_id}.json")
        if head is None:
            return None
        try:
            text = str(parsed_json(head)["version"])
            return text if digest_of(text.encode()) == digest else None
        except MISSHAPEN:  # who has taken over the public server writes what he likes
            return None

    def new_answers(self) -> list[AnswerOfAgent]:
        """Return the newest acknowledgement of each list that came since this was last called.

        Other cases read them, too. The server of the folder takes away the oldest ones. What was
        there before the first call is about what others have sent.
        """
        there = self._files.names("answers")
        heard = set(there) if self._heard is None else self._heard
        fresh = [name for name in there if name not in heard]
        self._heard = heard.intersection(there).union(fresh)
        answers = []
        for name in {name.partition(".")[0]: name for name in fresh}.values():
            with suppress(InputError, StorageError):
                body = self._files.head(name, MOST_BYTES + 1)
                if body is not None:
                    answers.append(read_answer(body))
        return answers


class PublicLists:
    """Publishes to a public folder and by PUT; fulfils :class:`cautery.act.Publisher`.

    Parameters
    ----------
    files : ListFiles or None
        Of the folder; ``None``: the folder of the organisation has the list already.
    by_put : Publisher
        Hands a version in at those that have a ``list_url``.
    """

    def __init__(self, files: ListFiles | None, *, by_put: Publisher) -> None:
        self._files = files
        self._by_put = by_put

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
            if self._files is not None:
                await asyncio.to_thread(self._files.write, envelope)
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


class AnswersIn:
    """Takes acknowledgements out of a public folder: of each list the newest, at its pace.

    An acknowledgement says all that its provider refuses, so a newer one replaces those before it.

    Parameters
    ----------
    files : PublicFiles
        The folder.
    """

    def __init__(self, files: PublicFiles) -> None:
        self._files = files
        self._rests_until: dict[str, datetime] = {}

    def take(self, now: datetime) -> list[AnswerOfAgent]:
        """Return the newest of each list that does not rest; what is no acknowledgement is dropped.

        One that cannot be read stays there, and those of other lists do not wait for it.

        Raises
        ------
        StorageError
            If one cannot be taken away.
        """
        newest: dict[str, str] = {}
        for name in self._files.names("answers"):  # those of a list stand by time
            list_id = name.partition(".")[0]
            if list_id in newest:
                self._files.remove(newest[list_id])
            newest[list_id] = name
        answers = []
        for list_id, name in newest.items():
            if now < self._rests_until.get(list_id, now):
                continue
            try:
                body = self._files.head(name, MOST_BYTES + 1) or b""
            except StorageError:
                continue
            self._files.remove(name)
            self._rests_until[list_id] = now + timedelta(seconds=len(body) / BYTES_A_SECOND)
            with suppress(InputError):
                answers.append(read_answer(body))
        return answers
