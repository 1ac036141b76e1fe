"""The standing lists of a watch's intermediaries: signed and sent at each change, and when due.

Each version is signed by the case's key, sealed and sent. Without a change a list is still sent
every :data:`RENEWED_S` seconds: only a signed moment shows an access provider that it is current.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery.act import Approved, Publisher, StandingList
from cautery.act.read_answer import AnswerOfAgent
from cautery.errors import CauteryError
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    CourtOrder,
    Digest,
    Effect,
    ExhibitId,
    Intermediary,
    ListAnswer,
    Referral,
)
from cautery.model.ports import Signer
from cautery.model.records import ListAnswered, ListSent
from cautery.workflows.case.journal import Journal

RENEWED_S = 30.0
"""A version is made after so long without a change."""
AGAIN_S = 10.0
"""An intermediary that did not take a version is asked again after so long."""
PATIENCE_S = 1.0
"""One that does not answer keeps what others are sent waiting for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A version that an intermediary took.

    Parameters
    ----------
    to : Intermediary
        Who took it.
    referrals : frozenset of str
        Ids of the referrals that it names.
    targets : frozenset of str
        What it blocks.
    exhibit : ExhibitId
        The version with its referrals and signatures, as it was sent.
    answer : ListAnswer
        What the intermediary says.
    at : datetime
        When it was sent, in UTC.
    """

    to: Intermediary
    referrals: frozenset[str]
    targets: frozenset[str]
    exhibit: ExhibitId
    answer: ListAnswer
    at: datetime


@dataclass(slots=True)
class _Course:
    """One list, and when it is sent next."""

    list: StandingList
    due: datetime | None = None
    """``None``: nothing was ever on it."""
    withdrawn: set[str] = field(default_factory=set)
    """Targets taken off it since a version was taken."""
    sent: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Referrals and targets of the version that was taken last."""
    sent_version: int = 0
    """Number of that version."""
    held: Collection[Digest] = ()
    """The referrals of that version: they need not be sent again."""
    answered: tuple[object, ...] = ()
    """What the intermediary that fetches it said last."""
    acknowledged: frozenset[str] = frozenset()
    """Referrals of which it was recorded that the intermediary applies them."""
    taken_at: datetime | None = None
    """When that version was made."""
    signed_at: datetime | None = None
    """The date of the last version that an earlier run signed; somebody may have taken it."""
    believes: bool = True
    """Whether that date counts: only one of it and the clock is right, and failures tell which."""

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is sent now; nothing is due later than the next renewal.

        A clock that was set back would else let live entries end for want of a fresh version.
        """
        if self.due is None:
            return False
        return self.due <= now or self.due - now > timedelta(seconds=RENEWED_S)

    def made_at(self, now: datetime) -> datetime:
        """Return the date of the next version: receivers refuse one that is older than the last."""
        signed_at = self.signed_at if self.believes else None
        return max(moment for moment in (now, self.taken_at, signed_at) if moment is not None)

    def took(self, made_at: datetime) -> None:
        """Note that a version of this date was taken."""
        self.taken_at, self.signed_at = made_at, None

    def refused(self) -> None:
        """Note that a version was not taken, perhaps for its date."""
        self.believes = not self.believes


class Lists:
    """Every list of a watch.

    Parameters
    ----------
    intermediaries : sequence of Intermediary
        Those of the mandate.
    signer : Signer
        Of the case.
    """

    def __init__(
        self,
        intermediaries: Sequence[Intermediary],
        *,
        signer: Signer,
        publisher: Publisher,
        journal: Journal,
    ) -> None:
        self._signer = signer
        self._publisher = publisher
        self._journal = journal
        key = NoteVerifier.parse(signer.key).public
        self._courses = {to.name: _Course(StandingList(key=key, to=to)) for to in intermediaries}
        self._sending: dict[str, asyncio.Task[Taken | None]] = {}

    def add(self, approved: Approved[Referral], order: CourtOrder, to: Intermediary) -> None:
        """Put an approved referral on the list of an intermediary, which is sent next.

        Raises
        ------
        ApprovalError
            If it may not be on it.
        """
        course = self._courses[to.name]
        course.list.add(approved, order)
        course.due = self._journal.now()

    def withdraw(self, referral: str, target: str) -> None:
        """Take a target of a referral off every list on which it is; these are sent next."""
        for course in self._courses.values():
            if course.list.withdraw(referral, target):
                course.withdrawn.add(target)
                course.due = self._journal.now()

    def hear(self, answer: AnswerOfAgent) -> None:
        """Record what an intermediary that fetches its list says, where that is new."""
        for course in self._courses.values():
            if course.list.id == answer.list_id:
                break
        else:
            return
        news = (answer.version, answer.effect, answer.reason, answer.refused)
        if news[1:] == course.answered[1:] and not self._unacknowledged(course, answer):
            return
        now, course.answered = self._journal.now(), news
        if answer.effect is Effect.REJECTED and answer.reason == "time":  # of a date ahead
            course.taken_at, course.believes, course.due = None, False, now
        self._journal.write(
            ListAnswered(
                intermediary=course.list.to.name,
                list=answer.list_id,
                version=answer.version,
                digest=answer.digest,
                effect=answer.effect,
                applied_at=answer.applied_at,
                reason=answer.reason,
                refused=answer.refused,
                at=now,
            )
        )
        said = ListAnswer(
            intermediary=course.list.to.name,
            version=answer.version or 0,
            effect=answer.effect,
            received_at=now,
            applied_at=answer.applied_at,
            reason=answer.reason,
        )
        for referral in sorted(self._unacknowledged(course, answer)):
            self._journal.write(said.about(referral))
            course.acknowledged |= {referral}

    @staticmethod
    def _unacknowledged(course: _Course, answer: AnswerOfAgent) -> frozenset[str]:
        """Return the referrals of which an answer says for the first time that they apply."""
        is_newest = answer.version is not None and answer.version >= course.sent_version
        if answer.effect is not Effect.APPLIED or not is_newest:
            return frozenset()
        return course.sent[0] - course.acknowledged

    async def send(self, *, patience_s: float | None = PATIENCE_S) -> list[Taken]:
        """Send every list that is due, and return the versions that were taken.

        Who does not answer soon is heard by a later call: an unblocking at one provider must not
        wait for another one.

        Parameters
        ----------
        patience_s : float or None
            How long to wait for answers to what this call sends; ``None``: for all, to their end.
        """
        now = self._journal.now()
        begun = {}
        for name, course in self._courses.items():
            if name not in self._sending and course.is_due(now):
                begun[name] = asyncio.ensure_future(self._send(course, now))
        self._sending |= begun
        awaited = begun if patience_s is not None else self._sending
        if awaited:
            await asyncio.wait(awaited.values(), timeout=patience_s)
        answered = {name: task for name, task in self._sending.items() if task.done()}
        for name in answered:
            del self._sending[name]
        taken = [task.result() for task in answered.values()]
        return [version for version in taken if version is not None]

    async def _send(self, course: _Course, now: datetime) -> Taken | None:
        standing, to, withdrawn = course.list, course.list.to, frozenset(course.withdrawn)
        try:
            last = self._signer.last_list(standing.id)
            standing.version, standing.previous, signed_at = last or (0, None, None)
            if course.taken_at is None:
                course.signed_at = course.signed_at or signed_at
            made_at = course.made_at(now)
            # What a false date of an earlier run would have ended stays on the list.
            version = standing.next_version(now, dated=made_at)
            envelope = standing.signed(version, self._signer.sign_list(version.text))
            # Set now: what comes on or off the list while the answer is awaited is sent at once.
            course.due = now + timedelta(seconds=RENEWED_S) if version.referrals else None
            answer = await self._publisher.publish(envelope, now=now, held=course.held)
        except CauteryError as error:
            again = now + timedelta(seconds=AGAIN_S)
            course.due = again if course.due is None else min(course.due, again)
            course.refused()
            course.held = ()  # it may have refused what it does not hold any more
            self._journal.fail("publish", to.name, error)
            return None
        referrals, changed = frozenset(version.referrals), course.withdrawn != set()
        course.held = frozenset(envelope.parts)
        course.took(made_at)
        course.withdrawn -= withdrawn
        if (referrals, version.targets) == course.sent and not changed and not answer.refused:
            return None
        course.sent, course.sent_version = (referrals, version.targets), version.version
        exhibit = self._journal.seal(
            envelope.body(), what="list", media_type="application/json", at=now
        )
        self._journal.write(
            ListSent(
                intermediary=to.name,
                list=standing.id,
                version=version.version,
                digest=version.digest,
                referrals=tuple(sorted(referrals)),
                withdrawn=tuple(sorted(withdrawn)),
                exhibit=exhibit,
                effect=answer.effect,
                applied_at=answer.applied_at,
                reason=answer.reason,
                refused=answer.refused,
                at=now,
            )
        )
        return Taken(
            to=to,
            referrals=referrals,
            targets=version.targets,
            exhibit=exhibit,
            answer=answer,
            at=now,
        )
