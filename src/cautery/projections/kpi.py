"""What a case says for the sheet of key figures: facts that several cases can be put together of.

It names no person: addressees are firms, and of complaints only numbers and times are kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from cautery.estimate.kpi.facts import (
    CanaryFact,
    ComplaintFact,
    EventFact,
    EventKey,
    Facts,
    ListFact,
    NoticeFact,
    OrderFact,
    OrderKey,
    StreamFact,
    TargetFact,
)
from cautery.evidence.merkle import leaf_hash
from cautery.model import (
    Acknowledgement,
    ActionPlan,
    DarkProbe,
    Effect,
    Entry,
    Event,
    Finding,
    Mandate,
    Referral,
    host_of,
)
from cautery.model.orders import OrderKind
from cautery.model.records import (
    AnswerKind,
    BlockLifted,
    CanaryProbed,
    EntryExpired,
    EntryWithdrawn,
    ListAnswered,
    ListSent,
    MisshapenRecord,
    NoticeSent,
    ReferralPublished,
)
from cautery.projections.complaints import Complaints
from cautery.projections.folding import heard
from cautery.projections.lists import BY_COMPLAINT, BY_DECOY, Lists
from cautery.projections.looks import Looks
from cautery.projections.mandate import MandateInForce
from cautery.projections.notices import Notices
from cautery.projections.streams import Streams, StreamState

_Target = tuple[str, str, str]
"""A referral, a target, an intermediary."""


@dataclass(slots=True)
class KpiRecords:
    """Hears a case's entries; :meth:`facts` says what they come to.

    Parameters
    ----------
    in_force : MandateInForce
        Its mandate, with the newest fixtures.
    passed_over : int
        Records that do not have the form of their kind.
    """

    in_force: MandateInForce = field(default_factory=MandateInForce)
    streams: Streams = field(default_factory=Streams)
    looks: Looks = field(default_factory=Looks)
    notices: Notices = field(default_factory=Notices)
    complaints: Complaints = field(default_factory=Complaints)
    lists: Lists = field(default_factory=Lists)
    passed_over: int = 0
    _first: str = ""
    _referrals: dict[str, Referral] = field(default_factory=dict)
    _behind: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _referred: dict[str, datetime] = field(default_factory=dict)
    _noticed: dict[str, datetime] = field(default_factory=dict)
    _targets: dict[_Target, TargetFact] = field(default_factory=dict)
    _not_dark: defaultdict[tuple[str, str], list[_Target]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _sent: dict[tuple[str, str, int], ListFact] = field(default_factory=dict)
    _on_lists: set[tuple[str, str]] = field(default_factory=set)
    _alone: dict[tuple[str, str], ListFact] = field(default_factory=dict)
    _canaries: dict[tuple[str, str], CanaryFact] = field(default_factory=dict)
    _unblocked: list[tuple[datetime, float]] = field(default_factory=list)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        if entry.index == 0:
            self._first = leaf_hash(entry.leaf).hex()
        if isinstance(entry.content, MisshapenRecord):
            self.passed_over += 1
            return
        hearers = [
            *(self.in_force.hear, self.streams.hear, self.looks.hear, self.notices.hear),
            *(self.complaints.hear, self.lists.hear, self._hear),
        ]
        if not heard(hearers, entry):
            self.passed_over += 1

    def _hear(self, entry: Entry) -> None:
        match entry.content:
            case Referral() as referral:
                self._referrals.setdefault(referral.id, referral)
            case ActionPlan() as plan:
                self._behind |= {act.target: tuple(act.streams) for act in plan.chosen}
            case ReferralPublished() as published:
                self._publish(published)
            case Acknowledgement() as answer:
                self._acknowledge(answer)
            case ListSent() as sent:
                self._send(sent)
            case ListAnswered() as answered:
                self._answer(answered)
            case DarkProbe(dark=True) as probe:
                self._darken(probe)
            case EntryWithdrawn() as withdrawn:
                self._withdraw(withdrawn)
            case EntryExpired() as expired:
                place = (expired.referral, expired.target, expired.intermediary)
                if place in self._targets and (expired.seen or expired.why):
                    ended = expired.seen is not None
                    self._targets[place] = replace(self._targets[place], ended=ended)
            case NoticeSent() as sent_notice:
                self._notice(sent_notice)
            case CanaryProbed() as canary:
                self._probe(canary)
            case BlockLifted() as lifted if self.lists.unblock_s:
                self._unblocked.append((lifted.at, self.lists.unblock_s[-1]))

    def _publish(self, published: ReferralPublished) -> None:
        referral = self._referrals.get(published.referral)
        if referral is None:
            return
        event = self._event(referral.event)
        for target in published.targets:
            place = (referral.id, target, published.intermediary)
            if place in self._targets:
                continue
            self._not_dark[place[1:]].append(place)
            self._targets[place] = TargetFact(
                order=self._order(referral),
                target=target,
                intermediary=published.intermediary,
                event=None if event is None else self._key(event),
                published_at=published.at,
                decided_at=self.lists.approved_at(referral.id),
                in_event=event is not None and event.kick_off <= published.at <= event.window.end,
            )
            # Those of a plan are taken once: the next intermediary comes later, and adds nothing.
            for url in published.streams.get(target) or self._behind.pop(target, ()):
                self._referred.setdefault(url, published.at)
        pair = (published.intermediary, referral.id)
        if pair not in self._on_lists:
            self._alone.setdefault(
                pair,
                ListFact(
                    key=(published.intermediary, "referral", referral.id),
                    intermediary=published.intermediary,
                    sent_at=published.at,
                ),
            )

    def _notice(self, sent: NoticeSent) -> None:
        if len(self.notices.sent.get(sent.notice, ())) == 1:  # later ones change nothing
            for noticed in self.notices.drafts[sent.notice].urls:
                self._noticed.setdefault(noticed.url, sent.at)

    def _acknowledge(self, answer: Acknowledgement) -> None:
        pair = (answer.intermediary, answer.referral)
        if pair in self._alone:
            self._alone[pair] = replace(
                self._alone[pair],
                answered=answer.effect is not Effect.PENDING,
                applied=answer.effect is Effect.APPLIED,
                applied_at=answer.applied_at,
            )

    def _send(self, list_sent: ListSent) -> None:
        key = (list_sent.intermediary, list_sent.list, list_sent.version)
        self._sent.setdefault(
            key,
            ListFact(
                key=(list_sent.intermediary, list_sent.list, str(list_sent.version)),
                intermediary=list_sent.intermediary,
                sent_at=list_sent.at,
                answered=list_sent.effect is not Effect.PENDING,
                applied=list_sent.effect is Effect.APPLIED,
                applied_at=list_sent.applied_at,
                refused=len(list_sent.refused),
            ),
        )
        for referral in list_sent.referrals:
            self._on_lists.add((list_sent.intermediary, referral))
            self._alone.pop((list_sent.intermediary, referral), None)

    def _answer(self, answered: ListAnswered) -> None:
        if answered.version is None:
            return
        key = (answered.intermediary, answered.list, answered.version)
        if key in self._sent:
            self._sent[key] = replace(
                self._sent[key],
                answered=answered.effect is not Effect.PENDING,
                applied=answered.effect is Effect.APPLIED,
                applied_at=answered.applied_at,
                refused=len(answered.refused),
            )

    def _darken(self, probe: DarkProbe) -> None:
        # A target that is dark already stays so: each place is taken up once.
        for place in self._not_dark.pop((probe.target, probe.intermediary), ()):
            self._targets[place] = replace(self._targets[place], dark_at=probe.at)

    def _withdraw(self, withdrawn: EntryWithdrawn) -> None:
        codes = {reason.code for reason in withdrawn.reasons}
        if BY_DECOY in codes:
            return
        released = BY_COMPLAINT in codes
        for name in withdrawn.published:
            place = (withdrawn.referral, withdrawn.target, name)
            if place in self._targets:
                target = self._targets[place]
                self._targets[place] = replace(
                    target,
                    mistaken=target.mistaken or not released,
                    released=target.released or released,
                )

    def _probe(self, canary: CanaryProbed) -> None:
        place = (canary.canary, canary.intermediary)
        before = self._canaries.get(place)
        self._canaries[place] = CanaryFact(
            canary=canary.canary,
            intermediary=canary.intermediary,
            at=canary.at if before is None else before.at,
            hit=canary.is_hit or (before is not None and before.hit),
        )

    # -- what they come to ------------------------------------------------------------------------

    @property
    def mandate(self) -> Mandate | None:
        """The mandate in force; ``None``: no record has opened the case."""
        return self.in_force.mandate

    def facts(self) -> Facts:
        """Return what the case says so far."""
        mandate = self.mandate
        events = () if mandate is None else mandate.events
        keys = {event.id: self._key(event) for event in events}
        watched = self._watched_events()
        shown_rights = {right for right, _ in self.looks.shows.values()}
        return Facts(
            case=self._first,
            holder="" if mandate is None else mandate.who,
            lab=mandate is not None and mandate.lab,
            events=tuple(
                EventFact(key=keys[event.id], name=event.name, window=event.window)
                for event in events
                if event.id in watched
            ),
            streams=tuple(
                self._stream(stream, keys)
                for stream in self.streams.by_url.values()
                if stream.first_seen is not None or stream.proven_at is not None
            ),
            notices=tuple(self._notices()),
            orders=self._orders(),
            targets=tuple(self._targets.values()),
            lists=(*self._sent.values(), *self._alone.values()),
            complaints=tuple(
                ComplaintFact(
                    key=number,
                    received_at=filed.received_at,
                    decided_at=decided.at
                    if (decided := self.complaints.decided.get(number))
                    else None,
                    granted=bool(decided and decided.granted),
                    due_at=filed.due_at,
                )
                for number, filed in self.complaints.filed.items()
            ),
            canaries=tuple(self._canaries.values()),
            licensed=frozenset(
                (channel.territory or "", channel.id)
                for channel in (() if mandate is None else mandate.channels)
                if channel.territory
            ),
            looks={
                key: self.looks.of(event) for event, key in keys.items() if event in shown_rights
            },
            unblock_s=tuple(self._unblocked),
            passed_over=self.passed_over,
        )

    def _watched_events(self) -> set[str]:
        """Return the events that were proven, or in whose window somebody looked at anything."""
        events = () if self.mandate is None else self.mandate.events
        shown_rights = {event for event, _ in self.looks.shows.values()}
        looks = sorted(
            look.at for looks_at_url in self.looks.by_url.values() for look in looks_at_url
        )
        return {
            event.id
            for event in events
            if event.id in shown_rights
            or bisect_left(looks, event.window.start) < bisect_left(looks, event.window.end)
        }

    def _stream(self, stream: StreamState, keys: dict[str, EventKey]) -> StreamFact:
        verdict = stream.verdict
        proven = verdict is not None and verdict.finding is Finding.PROVEN
        event = verdict.event if proven and verdict is not None else None
        return StreamFact(
            url=stream.url,
            host=stream.host or host_of(stream.url),
            event=None if event is None else keys.get(event),
            looked_at=stream.looked_at,
            proven=proven,
            first_seen=stream.first_seen,
            proven_at=stream.proven_at if proven else None,
            referred_at=self._referred.get(stream.url),
            noticed_at=self._noticed.get(stream.url),
            dark_at=stream.dark_at,
        )

    def _notices(self) -> list[NoticeFact]:
        rows = []
        for number, sendings in self.notices.sent.items():
            notice = self.notices.drafts[number]
            answers = self.notices.answers.get(number, ())
            read = {answer.what for answer in answers if answer.by is not None}
            event = self._event(notice.event)
            rows.append(
                NoticeFact(
                    key=number,
                    kind=notice.addressee.kind.value,
                    addressee=notice.addressee.name,
                    urls=len(notice.urls),
                    sent_at=min(sending.at for sending in sendings),
                    proven_at=min(
                        (self._proven_at(noticed.url) or noticed.decided_at)
                        for noticed in notice.urls
                    ),
                    gone_at=self.notices.gone_at(number),
                    event_end=None if event is None else event.window.end,
                    acted=AnswerKind.ACTED in read,
                    rejected=AnswerKind.REJECTED in read,
                    unfounded=AnswerKind.UNFOUNDED in read,
                    receipt=any(answer.what is AnswerKind.RECEIPT for answer in answers),
                    withdrawn=number in self.notices.withdrawn,
                )
            )
        return rows

    def _proven_at(self, url: str) -> datetime | None:
        stream = self.streams.by_url.get(url)
        return None if stream is None else stream.proven_at

    def _orders(self) -> tuple[OrderFact, ...]:
        kinds = {
            (order.territory, order.id): order.kind
            for order in (() if self.mandate is None else self.mandate.orders)
        }
        used = {target.order for target in self._targets.values()}
        return tuple(
            OrderFact(key=key, live=kinds.get(key[1:]) is OrderKind.LIVE) for key in sorted(used)
        )

    def _order(self, referral: Referral) -> OrderKey:
        holder = "" if self.mandate is None else self.mandate.who
        return holder, referral.territory, referral.order

    def _event(self, id_: str | None) -> Event | None:
        events = () if self.mandate is None else self.mandate.events
        return next((event for event in events if event.id == id_), None)

    def _key(self, event: Event) -> EventKey:
        holder = "" if self.mandate is None else self.mandate.who
        return holder, event.id, event.kick_off.date().isoformat()
