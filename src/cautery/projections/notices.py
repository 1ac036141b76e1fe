"""The notices of a case: drafted, approved, sent, answered, and what the watch's probes saw."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery.act.notice import UrlInCase, on_media, place_of
from cautery.formats.open_redirect import only_sends_on
from cautery.messages import message
from cautery.model import (
    MISSHAPEN,
    AddresseeKind,
    Digest,
    Entry,
    ExhibitId,
    Mandate,
    Notice,
    Place,
    Verdict,
    host_of,
    notice_id,
)
from cautery.model.message import Message
from cautery.model.records import (
    ActRefused,
    AnswerKind,
    AssetFacts,
    CaseOpened,
    ExhibitSealed,
    LawfulSeen,
    NoticeAnswered,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
    ProbeDone,
    kind_of_type,
)
from cautery.projections.addressee_kind import addressee_kind_of
from cautery.projections.lawful import LawfulPlaces
from cautery.projections.refusals import counts, mandate_opened, text_signed

REMIND_AFTER = timedelta(hours=24)
"""A notice that shows no effect is due for a reminder after that. Judgement: the law says no more
than *timely*."""
MISSES = 2
"""Probes in a row that get nothing before a URL counts as gone: one may fail by itself."""


HEARD: tuple[type, ...] = (
    ActRefused,
    CaseOpened,
    AssetFacts,
    ExhibitSealed,
    LawfulSeen,
    Notice,
    NoticeAnswered,
    NoticeApproved,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
    ProbeDone,
    Verdict,
)
"""Types of the records that say something of notices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How the notices to one addressee fared: what articles 22 and 23 of the DSA weigh.

    Parameters
    ----------
    sent : int
        Notices that were sent.
    acted, rejected, unfounded : int
        Of these, those of which a person has read that the addressee did so, or found so.
    withdrawn : int
        Of these, those that were withdrawn.
    """

    sent: int
    acted: int
    rejected: int
    unfounded: int
    withdrawn: int


@dataclass(slots=True)
class UrlSeen:
    """What the records say of one URL so far.

    Parameters
    ----------
    misses : list of datetime
        The probes in a row that got nothing since the last that did.
    sends_on : bool
        Whether its host, when it was last reached, only sent on to the place that was named.
    """

    verdict: Verdict | None = None
    decided: set[tuple[datetime, float]] = field(default_factory=set)
    misses: list[datetime] = field(default_factory=list)
    sends_on: bool = False

    def probed(self, at: datetime, *, found: bool) -> None:
        """Take up that a probe got it, or did not."""
        if found:
            self.misses.clear()
        else:
            self.misses.append(at)

    @property
    def gone_at(self) -> datetime | None:
        """When the first of several probes in a row got nothing; ``None``: it is not gone."""
        return self.misses[0] if len(self.misses) >= MISSES else None


@dataclass(slots=True)
class Notices:
    """All notices of a case.

    Parameters
    ----------
    drafts : dict
        By id, the first of that id; one under an id that its content does not have counts nothing.
    approvals : dict
        By the id of a notice; none of them is checked here.
    refused : dict
        By the id of a notice, the first of its refusals that counts.
    sent, answers, withdrawn : dict
        By the id of a notice.
    replaced : set of str
        Ids of drafts that a later draft completes.
    sending : dict
        By the id of a notice, the sending of which nobody knows whether it succeeded: it goes on at
        this moment, or was cut off.
    unknown : list of NoticeAnswered
        Replies that name no notice of this case.
    urls : dict
        By URL, what the records say of it.
    sealed : set of str
        Every exhibit.
    lawful : LawfulPlaces
        Where lawful sites are.
    passed_over : Counter
        By the reason, how many records count for nothing.
    """

    drafts: dict[str, Notice] = field(default_factory=dict)
    approvals: defaultdict[str, list[NoticeApproved]] = field(
        default_factory=lambda: defaultdict(list)
    )
    sent: defaultdict[str, list[NoticeSent]] = field(default_factory=lambda: defaultdict(list))
    sending: dict[str, NoticeSending] = field(default_factory=dict)
    answers: defaultdict[str, list[NoticeAnswered]] = field(
        default_factory=lambda: defaultdict(list)
    )
    withdrawn: dict[str, NoticeWithdrawn] = field(default_factory=dict)
    refused: dict[str, ActRefused] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    unknown: list[NoticeAnswered] = field(default_factory=list)
    urls: defaultdict[str, UrlSeen] = field(default_factory=lambda: defaultdict(UrlSeen))
    sealed: set[ExhibitId] = field(default_factory=set)
    lawful: LawfulPlaces = field(default_factory=LawfulPlaces)
    passed_over: Counter[Message] = field(default_factory=Counter)
    _mandate: Mandate | None = None
    _subjects: dict[str, Digest | None] = field(default_factory=dict)
    _media: dict[str, str] = field(default_factory=dict)
    _places: defaultdict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    _kinds: dict[str, AddresseeKind | None] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case ProbeDone() as probe:
                self._probe(probe)
            case Verdict() as verdict:
                self._judge(verdict)
                if (media := on_media(verdict)) is not None:
                    self._judge(media)
                    self._media[verdict.url.text] = media.url.text
            case AssetFacts() as facts if facts.addresses or facts.host not in self._places:
                self._places[facts.host].append(place_of(facts.host, facts))
                self._kinds[facts.host] = addressee_kind_of(facts)
            case LawfulSeen() as look_up:
                self.lawful.take(look_up)
            case ExhibitSealed() as sealing:
                self.sealed.add(sealing.exhibit.id)
            case Notice() as notice:
                self._draft(notice)
            case NoticeApproved() as approved:
                self.approvals[approved.notice].append(approved)
            case NoticeSending() as sending if sending.notice in self.drafts:
                self.sending[sending.notice] = sending
            case NoticeUnsent() as unsent:
                self._settle(unsent)
            case NoticeSent() as sent if sent.notice in self.drafts:
                self._settle(sent)
                self.sent[sent.notice].append(sent)
            case NoticeAnswered() as answer:
                if answer.notice in self.drafts:
                    self.answers[str(answer.notice)].append(answer)
                else:
                    self.unknown.append(answer)
            case CaseOpened():
                self._mandate = mandate_opened(entry) or self._mandate
            case ActRefused() as refusal if refusal.id in self.drafts:
                self._refuse(refusal)
            case NoticeWithdrawn() as withdrawal if withdrawal.notice in self.drafts:
                self.withdrawn.setdefault(withdrawal.notice, withdrawal)

    def _judge(self, verdict: Verdict) -> None:
        seen = self.urls[verdict.url.text]
        seen.verdict = verdict
        seen.decided.add((verdict.at, verdict.log10_lr))

    def _probe(self, probe: ProbeDone) -> None:
        if probe.hindered is not None:  # it says nothing about the stream
            return
        seen = self.urls[probe.url]
        seen.probed(probe.at, found=probe.failed is None)
        if probe.hosts:
            seen.sends_on = only_sends_on(
                host_of(probe.url), probe.hosts, probe.redirected_to, probe.named
            )
        media = self._media.get(probe.url)
        if media is not None:
            served = None if probe.observation is None else probe.observation.served
            here = served is not None and host_of(served) == host_of(media)
            self.urls[media].probed(probe.at, found=here)

    def _refuse(self, refusal: ActRefused) -> None:
        subject = self._subjects.get(refusal.id)
        if subject is None:
            draft = self.drafts[refusal.id]
            subject = self._subjects[refusal.id] = text_signed(draft, self._mandate)
        if counts(refusal, mandate=self._mandate, subject=subject):
            self.refused.setdefault(refusal.id, refusal)

    def _settle(self, record: NoticeSent | NoticeUnsent) -> None:
        sending = self.sending.get(record.notice)
        if sending is not None and sending.message_id == record.message_id:
            del self.sending[record.notice]

    def _draft(self, notice: Notice) -> None:
        try:
            is_own = notice_id(notice) == notice.id
        except MISSHAPEN:  # a text in it has no canonical JSON, so nothing has its id
            is_own = False
        if is_own:
            self.drafts.setdefault(notice.id, notice)
            if notice.replaces is not None:
                self.replaced.add(notice.replaces)
        else:
            self.passed_over[message("ignored.foreign-id", kind=kind_of_type(Notice))] += 1

    # -- what is known of a URL ----------------------------------------------------------------

    def known(self, url: str) -> UrlInCase:
        """Return what the case says of a URL."""
        host = host_of(url)
        places = tuple(self._places.get(host, ())) or (Place(host=host),)
        url_seen = self.urls.get(url, UrlSeen())
        return UrlInCase(
            url=url,
            verdict=url_seen.verdict,
            place=places[-1],
            decided=frozenset(url_seen.decided),
            places=places,
            kind=self._kinds.get(host),
            sends_on=url_seen.sends_on,
        )

    def proven(self) -> Iterator[UrlInCase]:
        """Yield what the case says of each proven URL the host of which does not only send on."""
        for url in self.urls:
            if (evidence := self.known(url)).proven and not evidence.sends_on:
                yield evidence

    # -- where a notice stands -----------------------------------------------------------------

    @property
    def unsent(self) -> tuple[str, ...]:
        """Ids of drafts not sent, refused or withdrawn, and that no later draft completes."""
        over = {*self.replaced, *self.withdrawn, *self.refused, *self.sent}
        return tuple(number for number in self.drafts if number not in over)

    @property
    def under_way(self) -> tuple[str, ...]:
        """Ids of notices for which a person or the addressee can still do something."""
        over = {*self.replaced, *self.withdrawn}
        return tuple(
            number for number in self.drafts if number not in over and self.gone_at(number) is None
        )

    def first_sent(self, notice: str) -> datetime | None:
        """Return when a notice was first sent; ``None``: it was not."""
        return min((sending.at for sending in self.sent.get(notice, ())), default=None)

    def gone_at(self, notice: str) -> datetime | None:
        """Return when the watch's probes found the last URL of a notice gone; ``None``: never.

        A URL that was gone before the notice was sent does not count as its effect.
        """
        sent_at = self.first_sent(notice)
        moments = [self.urls[url.url].gone_at for url in self.drafts[notice].urls]
        dates = [moment for moment in moments if moment is not None]
        if sent_at is None or not dates or len(dates) < len(moments) or max(dates) < sent_at:
            return None
        return max(dates)

    def takedown_h(self, notice: str) -> float | None:
        """Return the hours from sending a notice until all its URLs were gone; ``None``: not."""
        sent_at, gone_at = self.first_sent(notice), self.gone_at(notice)
        if sent_at is None or gone_at is None:
            return None
        return (gone_at - sent_at).total_seconds() / 3600

    def is_due(self, notice: str, at: datetime) -> bool:
        """Tell whether a notice is due for a reminder: it was sent, and nothing shows an effect.

        A reply changes that only where a person has read in it that the addressee does not act.
        """
        sendings = self.sent.get(notice)
        refused = any(
            answer.by is not None and answer.what in (AnswerKind.REJECTED, AnswerKind.UNFOUNDED)
            for answer in self.answers.get(notice, ())
        )
        if not sendings or refused or notice in self.withdrawn or self.gone_at(notice) is not None:
            return False
        return at - max(sending.at for sending in sendings) >= REMIND_AFTER

    def state(self, notice: str, at: datetime) -> Message:
        """Return in a word where a notice stands."""
        if notice in self.withdrawn:
            return message("notice-state.withdrawn")
        if self.gone_at(notice) is not None:
            return message("notice-state.gone")
        if notice in self.sending:
            return message("notice-state.unclear")
        if notice in self.sent:
            return message("notice-state.due" if self.is_due(notice, at) else "notice-state.sent")
        if notice in self.replaced:
            return message("notice-state.replaced")
        return message("notice-state.drafted")

    def answered(self, notice: str) -> AnswerKind | None:
        """Return what the newest reply says that somebody read, else the newest; ``None``: none."""
        answers = self.answers.get(notice, ())
        read = [answer for answer in answers if answer.by is not None]
        return (read or list(answers))[-1].what if answers else None

    def exposure(self, addressee: str) -> Exposure:
        """Return how the notices to an addressee of this name fared."""
        numbers = [
            number
            for number in self.sent
            if self.drafts[number].addressee.name.casefold() == addressee.casefold()
        ]
        read = Counter(
            answer.what
            for number in numbers
            for answer in {
                answer.what: answer
                for answer in self.answers.get(number, ())
                if answer.by is not None
            }.values()
        )
        return Exposure(
            sent=len(numbers),
            acted=read[AnswerKind.ACTED],
            rejected=read[AnswerKind.REJECTED],
            unfounded=read[AnswerKind.UNFOUNDED],
            withdrawn=sum(number in self.withdrawn for number in numbers),
        )

    def median_takedown_h(self, addressee: str) -> float | None:
        """Return the median hours to takedown of an addressee's notices; ``None``: none yet."""
        hours = [
            taken_h
            for number, notice in self.drafts.items()
            if notice.addressee.name.casefold() == addressee.casefold()
            and (taken_h := self.takedown_h(number)) is not None
        ]
        return statistics.median(hours) if hours else None
