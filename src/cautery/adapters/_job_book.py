"""What the driver of a watch has asked and is not answered yet, in memory.

Reaches: nothing. Lawful basis, manners, format: those of :mod:`cautery.adapters.job_queue`.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cautery.adapters._job_sealing import MOST_KEY, NightKey, answer_of
from cautery.errors import CauteryError, ConflictError, EvidenceError, InputError
from cautery.model.evidence import Json
from cautery.model.ports.jobs import JobAnswer

_MOST_AT_ONCE = 500


@dataclass(slots=True)
class BookedJob:
    """A job of this night that is not over."""

    kind: str
    key: str
    queue: str
    priority: int
    question: str
    lasts: bool
    answer: asyncio.Future[JobAnswer]
    filed_at: float = field(default_factory=time.monotonic)
    askers: int = 0


class JobBook:
    """The jobs of a night that are not over, those to be filed, and those to be ended.

    Parameters
    ----------
    key : NightKey
        Seals questions, opens answers.
    told : callable
        Told the key of a job that lasts, and why a node ended it.
    """

    def __init__(self, key: NightKey, told: Callable[[str, CauteryError], None]) -> None:
        self._key, self._told = key, told
        self._asked: dict[str, BookedJob] = {}
        self._kept: dict[str, BookedJob] = {}
        self._to_file: dict[str, BookedJob] = {}
        self._to_end: list[str] = []
        self.wake = asyncio.Event()
        """Set when there is something to file or to end."""
        self.over: CauteryError | None = None
        """Why nothing is asked any more."""
        self.done = 0
        """How many jobs were answered."""

    def ask(self, kind: str, question: Json, key: str, queue: str, priority: int) -> BookedJob:
        """Return the job of a key, which is filed if it is a new one.

        Raises
        ------
        CauteryError
            If nothing is asked any more.
        InputError
            If key or question are none.
        """
        if key not in self._asked:
            self._asked[key] = self._filed(kind, question, key, queue, priority, lasts=False)
        return self._asked[key]

    def keep(self, kind: str, question: Json, key: str, queue: str) -> None:
        """Book a job that lasts, as :meth:`ask`."""
        if key not in self._kept:
            self._kept[key] = self._filed(kind, question, key, queue, 0, lasts=True)

    def withdraw(self, key: str) -> None:
        """End a job."""
        kept, asked = self._kept.pop(key, None), self._asked.pop(key, None)
        if asked is not None:
            _refuse(asked, ConflictError(f"the job {key} was withdrawn"))
        if kept is not None or asked is not None:
            self._to_file.pop(key, None)
            self._to_end.append(key)
            self.wake.set()

    def give_up(self, key: str, error: CauteryError) -> None:
        """Answer a job by an error."""
        asked = self._asked.pop(key, None)
        if asked is not None:
            _refuse(asked, error)

    def end(self, error: CauteryError) -> None:
        """Ask nothing any more, and let nobody wait."""
        self.over = self.over or error
        for key in list(self._asked):
            self.give_up(key, self.over)

    def keys(self) -> list[str]:
        """Return the keys of the jobs that are not over."""
        return [*self._asked, *self._kept]

    def take(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Give sealed answers to who asked."""
        for key, sealed in rows:
            job = self._asked.get(key) or self._kept.get(key)
            if job is None:
                continue
            self.done += 1
            said: JobAnswer | CauteryError
            try:
                said = answer_of(self._key.open("answer", job.kind, key, sealed))
            except EvidenceError as error:
                said = error
            if job.lasts:
                if isinstance(said, CauteryError):
                    self._told(key, said)
            elif isinstance(said, CauteryError):
                self.give_up(key, said)
            else:
                del self._asked[key]
                if not job.answer.done():
                    job.answer.set_result(said)

    def batch(self) -> tuple[list[str], list[BookedJob]]:
        """Return keys that are to be ended, and jobs that are to be filed; both are off the book.

        What is to be filed may be too much for once: until both are empty, there is more.
        """
        ended, self._to_end = self._to_end, []
        return ended, [self._to_file.pop(key) for key in list(self._to_file)[:_MOST_AT_ONCE]]

    def unanswered(self, *, for_s: float) -> list[BookedJob]:
        """Return what was filed so long ago and is not over."""
        limit = time.monotonic() - for_s
        return [
            job
            for jobs in (self._asked, self._kept)
            for job in jobs.values()
            if job.filed_at < limit and job.key not in self._to_file
        ]

    def file_again(self, keys: Iterable[str]) -> None:
        """File once more what the database lost."""
        for key in keys:
            job = self._asked.get(key) or self._kept.get(key)
            if job is not None:
                self._to_file[key] = job
                self.wake.set()

    def _filed(
        self, kind: str, question: Json, key: str, queue: str, priority: int, *, lasts: bool
    ) -> BookedJob:
        if self.over is not None:
            raise self.over
        if not 0 < len(key) <= MOST_KEY or "\0" in key + kind:
            raise InputError(f"{key[:50]!r} cannot be the key of a job")
        sealed = base64.b64encode(self._key.seal("question", kind, key, question)).decode()
        answer: asyncio.Future[JobAnswer] = asyncio.get_running_loop().create_future()
        job = BookedJob(kind, key, queue, priority, sealed, lasts, answer)
        self._to_file[key] = job
        self.wake.set()
        return job


def _refuse(job: BookedJob, error: CauteryError) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)
        job.answer.exception()  # whoever asked may be gone
