"""Looks at streams on other machines: each look is a job, and what it sealed is recorded here."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any, Protocol

from cautery import errors
from cautery.errors import CauteryError, ErasedError, InputError, StorageError, WorkerError
from cautery.model import ExhibitId, Fault, to_json
from cautery.model.ports.jobs import JobAnswer, Jobs, NodeSeen
from cautery.model.records import ExhibitSealed, LookStep
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.probing.alignments import instant
from cautery.workflows.watch.probing.answered import look_answer, show_answer
from cautery.workflows.watch.probing.bases import MOST_HELD
from cautery.workflows.watch.probing.questions import (
    JudgedError,
    Look,
    LookQuestion,
    Shown,
    UnderWay,
)
from cautery.workflows.watch.probing.wire import (
    Failed,
    KeyMade,
    LookJob,
    LookShown,
    ReferencePiece,
    Sealings,
    ShowAnswer,
    ShowJob,
    Told,
)

MOST_CAPACITY = 1_000
"""Looks side by side, however many nodes there are: one process asks and judges. Judgement."""
REDONE_S = 30.0
"""Time for a node to be found dead and its look to be done by another one."""
SHOWN_WITHIN_S = 20.0
"""A decoding, a comparison and two stills: a verdict waits for them."""
SECOND_FIRST, SHOWN_FIRST = 1, 2
"""What waits for a node: what a verdict waits for goes before all looks, then second looks."""
MOST_STREAMS = 5_000
"""Streams whose last looks are remembered for a later verdict, some 10 kB each."""
MOST_ERASED = 256
MOST_APART_S = 600.0
"""Between a node's clock and ours; it gets no job from 5 s on, and a look itself takes a minute."""


class PieceSealed(Protocol):
    """Bytes of a reference that its home sealed.

    Parameters
    ----------
    start_s : float
        The reference time at which they begin, seconds.
    media_s : float
        The same moment in their own time, seconds.
    """

    @property
    def exhibit(self) -> ExhibitId: ...  # noqa: D102
    @property
    def start_s(self) -> float: ...  # noqa: D102
    @property
    def media_s(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class JobPorts:
    """What looks by jobs need.

    Parameters
    ----------
    adopt_key : callable
        Keeps a key that a node made, by its subject and its id.
    piece : callable
        Has the bytes of a reference around one of its times sealed; ``None``: they are gone.
    knows : callable
        Tells whether there is a reference of an id.
    """

    jobs: Jobs
    adopt_key: Callable[[str, bytes, bytes], None]
    piece: Callable[[str, float], Awaitable[PieceSealed | None]]
    knows: Callable[[str], bool]


@dataclass(slots=True)
class _Held:
    """The newest looks at one stream whose scores' basis their nodes hold."""

    looks: deque[LookShown] = field(default_factory=lambda: deque(maxlen=MOST_HELD))


class LooksByJobs:
    """Fulfils :class:`~cautery.workflows.watch.probing.questions.Looks` by jobs of nodes."""

    grace_s = REDONE_S

    def __init__(self, ports: JobPorts, *, journal: Journal) -> None:
        self._ports = ports
        self._jobs = ports.jobs
        self._journal = journal
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._erased: deque[str] = deque(maxlen=MOST_ERASED)
        self._numbers = count()

    @property
    def capacity(self) -> int:
        """What all nodes that get jobs do side by side."""
        return min(sum(max(node.capacity, 0) for node in self._able()), MOST_CAPACITY)

    @property
    def machines(self) -> int:
        """How many nodes get jobs; each asks a host that much slower."""
        return max(len(self._able()), 1)

    async def look(self, question: LookQuestion, under_way: UnderWay) -> Look:
        """Have a node look; what it sealed is recorded before this returns.

        Raises
        ------
        JudgedError
            If the look failed, or no node did it.
        """
        job = to_json(LookJob(question=question, told=self._told()))
        try:
            with under_way.spends(LookStep.NODE):
                answered = await self._jobs.ask(
                    "look",
                    job,
                    key=question.id,
                    within_s=question.within_s + REDONE_S / 2,
                    priority=SECOND_FIRST if question.second else 0,
                )
        except StorageError:
            raise
        except CauteryError as error:
            raise JudgedError(error, hindered=LookStep.NODE) from error
        try:
            answer, records = look_answer(answered.content, question)
            if answer.look is not None:
                self._require_known(answer.look)
            await self._take_over(answer.sealings, records)
        except StorageError:
            raise
        except CauteryError as error:
            raise JudgedError(self._refused(answered, error), hindered=LookStep.NODE) from error
        under_way.node = answered.node
        under_way.exhibits += [new for new in answer.exhibits if new not in under_way.exhibits]
        under_way.anchor, under_way.anew = answer.anchor, answer.anew
        under_way.pictured = answer.pictured
        for step, seconds in answer.spent.items():
            under_way.took(step, seconds)
            under_way.took(LookStep.NODE, -seconds)  # which was counted as waiting
        if answer.look is None:
            assert answer.failed is not None
            raise JudgedError(error_of(answer.failed), hindered=answer.failed.hindered)
        return replace(answer.look, node=answered.node)

    async def marks(
        self, question: LookQuestion, look: Look, *, window: int, licensee: str
    ) -> tuple[Fault, ...]:
        """Return the mark over a window's pictures of a licensee, sealed, if there is one."""
        shown = LookShown(question=question, look=look, until=window)
        job = ShowJob(looks=(shown,), marks_of=licensee, told=self._told())
        answer = await self._show(job, look.node)
        return () if answer is None else answer.faults

    async def show(
        self, question: LookQuestion, look: Look, *, until: int, shown: Shown | None
    ) -> bool:
        """Have sealed what a verdict rests on, by whichever nodes looked."""
        await self.let_go(question, look, until=until)
        looks_held = self._held.pop(question.key, _Held()).looks
        newest = LookShown(question=question, look=look, until=until)
        for node in dict.fromkeys(look_held.look.node for look_held in looks_held):
            node_looks = tuple(look_held for look_held in looks_held if look_held.look.node == node)
            if node != look.node or shown is None:
                await self._show(ShowJob(looks=node_looks, bases=True, told=self._told()), node)
        if shown is None:
            return False
        own_looks = tuple(look_held for look_held in looks_held if look_held.look.node == look.node)
        if newest not in own_looks:
            own_looks = (*own_looks, newest)
        job = ShowJob(
            looks=own_looks,
            bases=True,
            shown=shown,
            piece=await self._piece(newest, shown),
            told=self._told(),
        )
        answer = await self._show(job, look.node)
        return answer is not None and answer.shown

    async def let_go(self, question: LookQuestion, look: Look, *, until: int) -> None:
        """Remember which node holds what a look's scores rest on."""
        if not any(window.kept for window in look.windows[: until + 1]):
            return
        looks_held = self._held.setdefault(question.key, _Held())
        self._held.move_to_end(question.key)
        if all(look_held.question.id != question.id for look_held in looks_held.looks):
            looks_held.looks.append(LookShown(question=question, look=look, until=until))
        while len(self._held) > MOST_STREAMS:
            self._held.popitem(last=False)

    def _able(self) -> list[NodeSeen]:
        return [node for node in self._jobs.nodes() if not node.refused and not node.draining]

    async def _piece(self, newest: LookShown, shown: Shown) -> ReferencePiece | None:
        window = newest.look.windows[newest.until]
        _, reference_s = instant(
            window.starts_s, window.duration_s, window.media_at_s, shown.witness.delay_s
        )
        try:
            piece = await self._ports.piece(shown.pictures_of, reference_s)
        except StorageError:
            raise
        except CauteryError as error:
            self._journal.fail("reference", shown.pictures_of, error)
            return None
        if piece is None:
            return None
        return ReferencePiece(
            exhibit=piece.exhibit, moment_s=reference_s - piece.start_s + piece.media_s
        )

    async def _show(self, job: ShowJob, node: str) -> ShowAnswer | None:
        """Have something shown by the node that looked, or else by any; ``None``: by none."""
        at_home = [node_seen.name for node_seen in self._able()]
        for shard in dict.fromkeys([f"node:{node}" if node in at_home else "", ""]):
            try:
                return await self._shown(job, shard)
            except StorageError:
                raise
            except CauteryError as error:
                failed = error
        self._journal.fail("node", node, failed)
        return None

    async def _shown(self, job: ShowJob, shard: str) -> ShowAnswer:
        newest = job.looks[-1].question
        answered = await self._jobs.ask(
            "show",
            to_json(job),
            key=f"{newest.id}-{next(self._numbers)}",
            shard=shard,
            within_s=SHOWN_WITHIN_S,
            priority=SHOWN_FIRST,
        )
        try:
            answer, records = show_answer(answered.content, job)
            await self._take_over(answer.sealings, records)
        except InputError as error:
            raise self._refused(answered, error) from error
        if answer.failed is not None:
            raise WorkerError(f"{answer.failed.error}: {answer.failed.text[:500]}")
        return answer

    async def _take_over(self, sealings: Sealings, records: Sequence[Any]) -> None:
        """Keep the keys of what a node sealed, then record that it did."""
        if records:
            await self._journal.aside(self._record, sealings.keys, records)

    def _record(self, keys: Sequence[KeyMade], records: Sequence[Any]) -> None:
        for key_made in keys:
            try:
                self._ports.adopt_key(
                    key_made.subject, bytes.fromhex(key_made.id), bytes.fromhex(key_made.key)
                )
            except ErasedError:
                # What was sealed under it since is as if it had been erased with the rest.
                if key_made.id not in self._erased:
                    self._erased.append(key_made.id)
        self._journal.take_over([self._redacted(record) for record in records])

    def _redacted(self, record: Any) -> Any:
        """Return a record whose URL is redacted here, whatever its node made of it."""
        if not isinstance(record, ExhibitSealed) or record.url is None:
            return record
        return replace(record, url=self._journal.redact(record.url).text)

    def _require_known(self, look: Look) -> None:
        apart = abs(look.fetched.at - self._journal.now())
        if apart > timedelta(seconds=MOST_APART_S):
            raise InputError(f"its time is {apart.total_seconds():,.0f} s from ours")
        for window in look.windows:
            for witness in window.observation.witnesses:
                if not self._ports.knows(witness.reference):
                    raise InputError("it names a reference that there is not")

    def _refused(self, answered: JobAnswer, error: CauteryError) -> CauteryError:
        if not isinstance(error, InputError):  # our own signer is gone, say
            return error
        refused = WorkerError(
            f"what node {answered.node} answered is not valid: {error}",
            hint="Stop that node, and compare its version with this one's.",
        )
        self._journal.fail("node", answered.node, refused)
        return refused

    def _told(self) -> Told:
        return Told(secrets=self._journal.secrets_of_lines, erased=tuple(self._erased))


def error_of(failed: Failed) -> CauteryError:
    """Return an error as a node met it, of our own kinds: what it names counts by its name."""
    kind = getattr(errors, failed.error, None)
    if not (isinstance(kind, type) and issubclass(kind, CauteryError)):
        return CauteryError(f"{failed.error[:60]}: {failed.text[:500]}")
    error = CauteryError.__new__(kind)
    CauteryError.__init__(error, failed.text[:500])
    return error
