"""The standing lists of a watch's intermediaries: signed and sent at each change, and when due.

Each version is signed by the list's key, sealed and sent. Without a change a list is still sent
every :data:`RENEWED_S` seconds: only a signed moment shows an access provider that it is current.
All cases of an organisation may have their entries on one list (ADR 0052): then a version holds
what each of them wrote down, and any of them may make the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from cautery.act import Approved, Envelope, Publisher, Share, StandingList
from cautery.act.block_list import RENEWED_S
from cautery.act.ports import ListSigner
from cautery.act.read_answer import AnswerOfAgent
from cautery.errors import CauteryError, SourceError, StorageError
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    CourtOrder,
    Digest,
    Effect,
    ExhibitId,
    Intermediary,
    ListAnswer,
    Referral,
    RefusedEntry,
)
from cautery.model.records import ListAnswered, ListSent
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.acting.organisation import Company, Head, Organisation

AGAIN_S = 10.0
"""An intermediary that did not take a version is asked again after so long."""
PATIENCE_S = 1.0
"""One that does not answer keeps what others are sent waiting for so long."""
_BEAT_S = 10.0
"""A watch gives the other cases a sign of life after so long, and hears what intermediaries say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A version that an intermediary took.

    Parameters
    ----------
    to : Intermediary
        Who took it.
    referrals : frozenset of str
        Ids of the referrals of this case that it names.
    targets : frozenset of str
        What it blocks for this case.
    exhibit : ExhibitId
        The version with its signature and the referrals of this case, as it was sent.
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
    believes: bool = True
    """Whether the date counts of a version that was signed and perhaps not taken: only one of it
    and the clock is right, and failures tell which."""
    changed: bool = False
    """Whether a version is wanted however new the last one is."""
    unsure: bool = False
    """Whether an earlier run may have sent more than stands on it now."""
    company: Company | None = None
    """The cases with which this one has the list of an organisation; ``None``: it has its own."""

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is sent now; nothing is due later than the next renewal.

        A clock that was set back would else let live entries end for want of a fresh version.
        """
        if self.due is None:
            return False
        return self.due <= now or self.due - now > timedelta(seconds=RENEWED_S)

    def made_at(self, now: datetime, signed_at: datetime | None) -> datetime:
        """Return the date of the next version: receivers refuse one that is older than the last.

        Parameters
        ----------
        signed_at : datetime or None
            The date of the last version that was signed; somebody may have taken it.
        """
        last = signed_at if self.believes else None
        return max(moment for moment in (now, self.taken_at, last) if moment is not None)

    def took(self, made_at: datetime) -> None:
        """Note that a version of this date was taken."""
        self.taken_at, self.believes = made_at, True

    def refused(self) -> None:
        """Note that a version was not taken, perhaps for its date."""
        self.believes = not self.believes


@dataclass(frozen=True, slots=True)
class _Made:
    """A version that was made."""

    envelope: Envelope
    at: datetime
    fault: StorageError | None = None
    """Why it is not in the folder of the organisation."""


class Lists:
    """Every list of a watch.

    Parameters
    ----------
    intermediaries : sequence of Intermediary
        Those of the mandate.
    signer : ListSigner
        Of the case.
    organisation : Organisation or None
        On whose lists the case has its entries; ``None``: it has its own.
    """

    def __init__(
        self,
        intermediaries: Sequence[Intermediary],
        *,
        signer: ListSigner,
        publisher: Publisher,
        journal: Journal,
        organisation: Organisation | None = None,
    ) -> None:
        self._signer = signer if organisation is None else organisation.signer
        self._publisher = publisher
        self._journal = journal
        self._organisation = organisation
        self._beat_at: datetime | None = None
        key = self.key
        self._courses: dict[str, _Course] = {}
        for to in intermediaries:
            course = _Course(StandingList(key=key, to=to, of_organisation=organisation is not None))
            self._courses[to.name] = course
            if organisation is None:
                # An earlier run that was killed may have recorded a withdrawal, or sent a version,
                # and no more. A version says all that stands, also that nothing does.
                if self._signer.last_list(course.list.id) is not None:
                    course.due, course.unsure = journal.now(), True
                continue
            course.company = Company(
                organisation, course.list, fail=partial(journal.fail, "list", to.name)
            )
            if course.company.has_us:
                course.due = journal.now() + timedelta(seconds=RENEWED_S)
        self._sending: dict[str, asyncio.Task[Taken | None]] = {}

    @property
    def key(self) -> bytes:
        """The raw public key that signs every version of these lists."""
        return NoteVerifier.parse(self._signer.key).public

    def add(self, approved: Approved[Referral], order: CourtOrder, to: Intermediary) -> None:
        """Put an approved referral on the list of an intermediary, which is sent next.

        Raises
        ------
        ApprovalError
            If it may not be on it.
        """
        course = self._courses[to.name]
        subject = course.list.add(approved, order)
        if course.company is not None:
            course.company.require_fit(approved, subject)
        course.due, course.changed = self._journal.now(), True

    def withdraw(self, referral: str, target: str) -> None:
        """Take a target of a referral off every list on which it is; these are sent next."""
        for course in self._courses.values():
            if course.list.withdraw(referral, target):
                course.withdrawn.add(target)
                course.due, course.changed = self._journal.now(), True

    def drop(self, referral: str, *, but: Collection[str]) -> None:
        """Take a referral off the lists of all intermediaries but some, as if it had been on none.

        Parameters
        ----------
        but : collection of str
            Names of those that took it already.
        """
        for name, course in self._courses.items():
            if name not in but and (targets := course.list.drop(referral)):
                course.withdrawn |= targets
                course.due, course.changed = self._journal.now(), True

    async def hear(self, answer: AnswerOfAgent) -> None:
        """Record what an intermediary that fetches its list says, where that is new.

        It is written on a thread: ten thousand refused entries take seconds to be screened.
        """
        for course in self._courses.values():
            if course.list.id == answer.list_id:
                break
        else:
            return
        answer = replace(answer, refused=_of_case(answer.refused, course))
        news = (answer.version, answer.effect, answer.reason, answer.refused)
        if news[1:] == course.answered[1:] and not self._unacknowledged(course, answer):
            return
        now, course.answered = self._journal.now(), news
        if answer.effect is Effect.REJECTED and answer.reason == "time":  # of a date ahead
            course.taken_at, course.believes, course.due = None, False, now
            course.changed = True
        await asyncio.to_thread(
            self._journal.write,
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
            ),
        )
        list_answer = ListAnswer(
            intermediary=course.list.to.name,
            version=answer.version or 0,
            effect=answer.effect,
            received_at=now,
            applied_at=answer.applied_at,
            reason=answer.reason,
        )
        for referral in sorted(self._unacknowledged(course, answer)):
            self._journal.write(list_answer.about(referral))
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
        await self._keep_company(now)
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
        taken_versions = [task.result() for task in answered.values()]
        return [version for version in taken_versions if version is not None]

    async def _keep_company(self, now: datetime) -> None:
        """Give the other cases of the organisation a sign of life, and hear its intermediaries."""
        last = self._beat_at
        if self._organisation is None or (
            last is not None and last <= now < last + timedelta(seconds=_BEAT_S)
        ):
            return
        self._beat_at = now
        try:
            self._organisation.shares.beat()
            courses_by_id = {
                course.list.id: course for course in self._courses.values() if course.sent_version
            }
            for answer in await asyncio.to_thread(self._organisation.files.new_answers):
                if (course := courses_by_id.get(answer.list_id)) is None:
                    continue
                head = self._signer.last_list(answer.list_id)
                if answer.effect is not Effect.REJECTED and head and answer.digest == head[1]:
                    # Another case may have made it: this one dates none before it either.
                    course.taken_at = max(head[2], course.taken_at or head[2])
                await self.hear(answer)
        except CauteryError as error:
            self._journal.fail("lists", "organisation", error)

    async def _send(self, course: _Course, now: datetime) -> Taken | None:
        to, withdrawn = course.list.to, frozenset(course.withdrawn)
        is_wanted, course.changed = course.changed, False
        # Set now: what comes on or off the list from here on is sent at once.
        course.due = now + timedelta(seconds=RENEWED_S)
        made_or_due: _Made | datetime | None = None
        try:
            share = course.list.share.copy()  # it may change while a thread reads it
            if self._organisation is None:
                made_or_due = self._made(course, now, share)
            else:
                made_or_due = await asyncio.to_thread(
                    self._made_together, course, share, now, self._organisation, is_wanted=is_wanted
                )
            if isinstance(made_or_due, datetime):
                if not course.changed:  # meanwhile
                    course.due = made_or_due
                return None
            version = made_or_due.envelope.version
            if not version.own and not course.changed:
                course.due = None
            answer = await self._publisher.publish(made_or_due.envelope, now=now, held=course.held)
            if made_or_due.fault is not None:
                raise SourceError(
                    f"the folder of the organisation has no version: {made_or_due.fault}"
                )
        except CauteryError as error:
            retry_at = now + timedelta(seconds=AGAIN_S)
            course.due = retry_at if course.due is None else min(course.due, retry_at)
            course.changed = True
            course.refused()
            course.held = ()  # it may have refused what it does not hold any more
            if not isinstance(made_or_due, _Made) or not self._is_superseded(made_or_due.envelope):
                self._journal.fail("publish", to.name, error)
            return None
        answer = replace(answer, refused=_of_case(answer.refused, course))
        referrals, changed = frozenset(version.referrals), course.withdrawn != set()
        course.held = frozenset(version.parts)
        course.took(made_or_due.at)
        course.withdrawn -= withdrawn
        is_news = (referrals, version.targets) != course.sent or changed or course.unsure
        course.unsure = False
        if not is_news and not answer.refused:
            return None
        course.sent, course.sent_version = (referrals, version.targets), version.version
        exhibit = self._journal.seal(
            made_or_due.envelope.body(held=made_or_due.envelope.others),
            what="list",
            media_type="application/json",
            at=now,
        )
        self._journal.write(
            ListSent(
                intermediary=to.name,
                list=version.list_id,
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

    def _made(
        self, course: _Course, now: datetime, own_share: Share, other_shares: Sequence[Share] = ()
    ) -> _Made:
        """Make the next version, signed."""
        standing = course.list
        last = self._signer.last_list(standing.id)
        standing.version, standing.previous, signed_at = last or (0, None, None)
        made_at = course.made_at(now, signed_at)
        # What a false date of an earlier run would have ended stays on the list.
        version = standing.next_version(now, own_share, dated=made_at, others=other_shares)
        if self._organisation is not None:
            self._organisation.shares.note(standing.id, version.text)
        return _Made(standing.signed(version, self._signer.sign_list(version.text)), made_at)

    def _made_together(
        self,
        course: _Course,
        share: Share,
        now: datetime,
        organisation: Organisation,
        *,
        is_wanted: bool,
    ) -> _Made | datetime:
        """Make the next version of all cases, or return when it is due: another case made one.

        What this case has on the list is written down first. So the versions that others make keep
        it, and take off what it withdraws, also if this process is killed at any point.
        """
        shares, list_id = organisation.shares, course.list.id
        with shares.turn(list_id):
            current = share.current(now)
            raw = current.to_bytes() if current.parts else None
            if shares.kept(list_id) != raw:
                shares.keep(list_id, raw)
                is_wanted = True
            last = self._signer.last_list(list_id)
            assert course.company is not None
            head = Head() if last is None else course.company.head(last[1])
            if not is_wanted and last is not None and head.agrees(current):
                due = last[2] + timedelta(seconds=RENEWED_S)
                if last[2] <= now < due and organisation.files.shows(list_id, last[1]):
                    return due
            other_shares = course.company.others(share, now, head=head)
            made_version = self._made(course, now, share, other_shares)
            try:
                organisation.files.write(made_version.envelope)
                shares.forget_notes(list_id, but=made_version.envelope.version.digest)
            except StorageError as error:  # it is handed in all the same
                return replace(made_version, fault=error)
            return made_version

    def _is_superseded(self, envelope: Envelope) -> bool:
        """Tell whether another case has made a later version, which holds all of this one."""
        if self._organisation is None:
            return False
        with suppress(CauteryError):
            last = self._signer.last_list(envelope.version.list_id)
            return last is not None and last[0] > envelope.version.version
        return False


def _of_case(refused: Collection[RefusedEntry], course: _Course) -> tuple[RefusedEntry, ...]:
    """Return the refused entries that this case has on a list."""
    targets = {target for part in course.list.share.parts.values() for target in part.ends}
    return tuple(entry for entry in refused if entry.target in targets)
