"""What a case's records say for the key figures: times, targets, notices, and nothing of decoys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.act.planted_notices import good
from tests.lists import MANDATE as OF_LISTS
from tests.lists import NOW as AT
from tests.lists import ORDER, WINDOW, referral
from tests.lists import entry as block

from cautery.estimate.kpi import Facts, sheet_of
from cautery.lab.blind_acts import BlindActs
from cautery.model import (
    Acknowledgement,
    ActionPlan,
    Channel,
    DarkProbe,
    Digest,
    Effect,
    Entry,
    Event,
    ExhibitId,
    Finding,
    Intervention,
    Lever,
    Reason,
    Record,
    RedactedUrl,
    RefusedEntry,
    Verdict,
    referral_id,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.orders import OrderKind
from cautery.model.records import (
    ApprovalGiven,
    BlockLifted,
    CanaryProbed,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    EntryExpired,
    EntryWithdrawn,
    ListAnswered,
    ListSent,
    NoticeSent,
    ProbeDone,
    ReferralPublished,
    SendMeans,
    StreamAppeared,
)
from cautery.projections import MandateInForce, folded
from cautery.projections.kpi import KpiRecords
from cautery.projections.lists import BY_COMPLAINT
from cautery.workflows.kpi.sheet import facts_of

MANDATE = replace(
    OF_LISTS,
    events=(Event(id="match", name="A v B", kick_off=AT, legal_basis="rights"),),
    channels=(
        Channel(id="fr", names=("Sport",), territory="FR", event="match", legal_basis="rights"),
        Channel(id="cinema", names=("Cinema",), legal_basis="rights"),
    ),
)
KEY = (MANDATE.who, "match", AT.date().isoformat())
URL = "http://p.example/1.ts"
DRAFT = replace(referral(block("p.example"), block("q.example")), event="match")
REFERRAL = replace(DRAFT, id=referral_id(replace(DRAFT, id="")))


def at(minutes: float):
    return AT + timedelta(minutes=minutes)


def facts(*records: tuple[object, float] | object) -> Facts:
    """What records come to; a pair is a record and the minute at which it was made."""
    heard = KpiRecords(in_force=MandateInForce(MANDATE))
    entries = []
    for index, made in enumerate(records):
        content, minute = made if isinstance(made, tuple) else (made, 0.0)
        kind, body = filed(content)
        record = Record(kind=kind, at=at(minute), body=body)
        entries.append(Entry(index=index, record=record, leaf=b"leaf"))
    return folded(heard, entries).facts()


def proven(url: str = URL, minute: float = 3, **more: Any) -> Verdict:
    return Verdict(
        url=RedactedUrl(url),
        finding=Finding.PROVEN,
        at=at(minute),
        **{"event": "match", "channels": ("fr",), **more},
    )


def appeared(url: str = URL, minute: float = 1) -> StreamAppeared:
    return StreamAppeared(
        url=url, title="Sport", source="list", host="p.example", at=at(minute), offer=None
    )


def published(minute: float, *targets: str, by: str = "isp") -> ReferralPublished:
    return ReferralPublished(
        referral=REFERRAL.id,
        intermediary=by,
        targets=targets or ("p.example",),
        streams={"p.example": (URL,)},
        at=at(minute),
    )


def approved(name: str) -> ApprovalGiven:
    return ApprovalGiven(
        referral=REFERRAL.id,
        subject=Digest("sha256:x"),
        approver=name,
        role="r",
        at=AT,
        signature="",
    )


def dark(minute: float, target: str = "p.example", *, is_dark: bool = True) -> DarkProbe:
    return DarkProbe(
        url=URL, target=target, intermediary="isp", at=at(minute), dark=is_dark, why=as_written("x")
    )


def test_a_stream_runs_from_sight_to_proof_to_list_to_dark() -> None:
    (stream,) = facts(
        appeared(), proven(), REFERRAL, published(5), dark(8, is_dark=False), dark(9), dark(20)
    ).streams
    assert (stream.event, stream.host, stream.proven, stream.looked_at) == (
        KEY, "p.example", True, True,
    )  # fmt: skip
    times = (stream.first_seen, stream.proven_at, stream.referred_at, stream.dark_at)
    assert times == (at(1), at(3), at(5), at(9))


def test_one_that_a_later_look_does_not_prove_any_more_is_not_proven() -> None:
    licensed = replace(proven(minute=9), finding=Finding.LICENSED)
    (stream,) = facts(appeared(), proven(), licensed).streams
    assert not stream.proven
    assert (stream.proven_at, stream.event) == (None, None)


def test_a_target_has_its_order_event_second_approval_and_first_dark_probe() -> None:
    of = facts(
        REFERRAL,
        (approved("A"), 2),
        (approved("B"), 4),
        published(5),
        published(7, "p.example", "q.example"),
        dark(9),
        dark(11),
    )
    one, two = of.targets
    assert one.order == (MANDATE.who, "FR", "O")
    assert (one.event, one.in_event, one.decided_at, one.published_at, one.dark_at) == (
        KEY, True, at(4), at(5), at(9),
    )  # fmt: skip
    assert (two.target, two.published_at, two.dark_at) == ("q.example", at(7), None)
    assert [order.live for order in of.orders] == [ORDER.kind is OrderKind.LIVE]


def test_what_the_guard_and_what_a_complaint_takes_back_is_kept_apart() -> None:
    def taken(target: str, code: str) -> EntryWithdrawn:
        return EntryWithdrawn(
            referral=REFERRAL.id,
            target=target,
            reasons=(Reason(code=code, text=as_written("x")),),
            published=("isp",),
            at=at(9),
        )

    one, two = facts(
        REFERRAL,
        published(5, "p.example", "q.example"),
        taken("p.example", "shared-range"),
        taken("q.example", BY_COMPLAINT),
    ).targets
    assert (one.mistaken, one.released) == (True, False)
    assert (two.mistaken, two.released) == (False, True)


@pytest.mark.parametrize(
    ("seen", "why", "ended"),
    [(as_written("isp"), None, True), (None, as_written("dark"), False), (None, None, None)],
)
def test_an_end_is_seen_or_not_or_of_an_older_version(seen: Any, why: Any, ended: Any) -> None:
    (target,) = facts(
        REFERRAL,
        published(5),
        EntryExpired(
            referral=REFERRAL.id, target="p.example", intermediary="isp", seen=seen, why=why,
            at=at(60),
        ),
    ).targets  # fmt: skip
    assert target.ended is ended


def sent(version: int, minute: float) -> ListSent:
    return ListSent(
        intermediary="isp",
        list="l",
        version=version,
        digest=Digest("sha256:x"),
        referrals=(REFERRAL.id,),
        exhibit=ExhibitId("sha256:0"),
        effect=Effect.PENDING,
        at=at(minute),
    )


def test_lists_have_versions_and_a_referral_on_none_counts_alone() -> None:
    of = facts(
        REFERRAL,
        published(5),
        published(5, by="two"),
        sent(1, 5),
        sent(2, 9),
        ListAnswered(
            intermediary="isp",
            list="l",
            version=2,
            digest=None,
            effect=Effect.APPLIED,
            applied_at=at(12),
            refused=(RefusedEntry(target="q.example", rule="r", reason="x"),),
            at=at(13),
        ),
        Acknowledgement(
            referral=REFERRAL.id, intermediary="two", effect=Effect.REJECTED, received_at=at(6)
        ),
    )
    by_key = {one.key: one for one in of.lists}
    assert set(by_key) == {
        ("isp", "l", "1"), ("isp", "l", "2"), ("two", "referral", REFERRAL.id),
    }  # fmt: skip
    second, alone = by_key["isp", "l", "2"], by_key["two", "referral", REFERRAL.id]
    assert (second.applied, second.applied_at, second.refused) == (True, at(12), 1)
    assert not by_key["isp", "l", "1"].answered
    assert (alone.answered, alone.applied) == (True, False)


def test_complaints_canaries_and_unblocking_are_taken_up() -> None:
    of = facts(
        REFERRAL,
        published(5),
        dark(6),
        ComplaintFiled(
            complaint="C-0123456789ab", means=ComplaintMeans.FORM, received_at=at(20),
            due_at=at(99), key="~k", exhibit=ExhibitId("sha256:0"), at=at(20),
        ),
        ComplaintDecided(
            complaint="C-0123456789ab", granted=True, by="a", why="x", target="p.example", at=at(30)
        ),
        CanaryProbed(
            canary="c.example", intermediary="isp", targets=(), direct=True, through=True, at=at(7)
        ),
        CanaryProbed(
            canary="c.example", intermediary="isp", targets=(), direct=True, through=False, at=at(8)
        ),
        BlockLifted(
            referral=REFERRAL.id, target="p.example", intermediary="isp", withdrawn_at=at(31),
            seen=as_written("x"), at=at(33),
        ),
    )  # fmt: skip
    (complaint,) = of.complaints
    assert (complaint.granted, complaint.decided_at, complaint.due_at) == (True, at(30), at(99))
    (canary,) = of.canaries
    assert (canary.hit, canary.at) == (True, at(7))
    assert of.unblock_s == ((at(33), 120.0),)


def test_an_event_counts_as_watched_if_somebody_looked_or_proved() -> None:
    look = ProbeDone(url="http://x/1", at=at(5), observation=None, failed=as_written("403"))
    late = ProbeDone(url="http://x/1", at=at(600), observation=None, failed=as_written("403"))
    assert [event.key for event in facts(look).events] == [KEY]
    assert facts(late).events == ()
    assert [event.key for event in facts(proven()).events] == [KEY]
    assert facts(proven()).looks == {KEY: {URL: []}}


def test_licensees_are_those_of_the_mandate_with_a_territory() -> None:
    assert facts().licensed == frozenset({("FR", "fr")})


def test_records_about_nothing_cost_themselves_alone() -> None:
    of = facts(
        published(5),  # of a referral that is not here
        EntryExpired(referral="R-none", target="t", intermediary="isp", at=at(60)),
        ListAnswered(
            intermediary="none", list="l", version=1, digest=None, effect=Effect.APPLIED, at=at(9)
        ),
        appeared(),
    )
    assert (of.targets, of.lists) == ((), ())
    assert len(of.streams) == 1


@pytest.mark.parametrize("body", [{}, {"url": 3}, {"url": "x", "at": "never"}])
def test_a_record_without_the_form_of_its_kind_is_passed_over_and_counted(body: Any) -> None:
    heard = KpiRecords(in_force=MandateInForce(MANDATE))
    entry = Entry(index=0, record=Record(kind="verdict", at=AT, body=body), leaf=b"leaf")
    of = folded(heard, [entry]).facts()
    assert (of.passed_over, of.streams) == (1, ())


def test_decoys_are_in_no_figure_once_they_are_revealed_and_a_secret_case_gives_none() -> None:
    acts = BlindActs(1)
    acts.plan()
    for which in range(len(acts.suspects)):
        acts.prove(which)
    acts.map()
    acts.refer(everything=True, together=True)
    acts.approve(0)
    acts.approve(1)
    assert facts_of(acts.ledger) is None
    acts.reveal(abandoned=False)
    read = facts_of(acts.ledger)
    assert read is not None
    decoys = {suspect.host for suspect in acts.suspects if suspect.decoy is not None}
    pirates = {suspect.host for suspect in acts.suspects if suspect.decoy is None}
    hosts = {stream.host for stream in read[0].streams if stream.proven}
    assert decoys
    assert hosts
    assert hosts <= pirates
    assert not decoys & {target.target for target in read[0].targets}
    assert sheet_of([read[0]]).indicator("hosts-proven").figure.count == len(hosts)
    assert WINDOW.start < WINDOW.end


class Counted(dict[str, Any]):
    """A table that counts how often something was put into it."""

    asked = 0

    def setdefault(self, key: str, default: Any = None) -> Any:
        self.asked += 1
        return super().setdefault(key, default)


def _heard(*contents: object) -> tuple[KpiRecords, Counted, Counted]:
    records = KpiRecords(in_force=MandateInForce(MANDATE))
    records._referred, records._noticed = referred, noticed = Counted(), Counted()
    entries = []
    for index, content in enumerate(contents):
        kind, body = filed(content)
        entries.append(Entry(index=index, record=Record(kind=kind, at=AT, body=body), leaf=b"leaf"))
    return folded(records, entries), referred, noticed


def _plan(*streams: str) -> ActionPlan:
    guard = REFERRAL.entries[0].guard
    act = Intervention(target="p.example", lever=Lever.NAME, streams=streams, cost=1.0, guard=guard)
    return ActionPlan(
        chosen=(act,), refused=(), served_before=1, served_after=0, cost=1.0, bound=1.0, seed=0,
        method=as_written("x"),
    )  # fmt: skip


def test_streams_behind_a_target_are_taken_once_however_many_intermediaries_there_are() -> None:
    streams = [f"http://p.example/{number}.ts" for number in range(50)]
    sent = [replace(published(5 + number, by=f"isp-{number}"), streams={}) for number in range(40)]
    records, referred, _ = _heard(_plan(*streams), REFERRAL, *sent)
    assert dict(referred) == dict.fromkeys(streams, at(5))
    assert referred.asked == len(streams)
    assert len(records.facts().targets) == len(sent)
    later = [_plan(*streams, "http://p.example/new.ts"), replace(sent[0], intermediary="other")]
    _, referred, _ = _heard(_plan(*streams), REFERRAL, *sent, *later)
    assert set(referred) == {*streams, "http://p.example/new.ts"}


def test_urls_of_a_notice_are_taken_once_however_often_it_is_sent() -> None:
    notice = good(1).notice
    sent = NoticeSent(
        notice=notice.id, means=SendMeans.MAIL, to="a@b.example", message_id="m", by="A",
        exhibit=ExhibitId("sha256:" + "0" * 64), at=at(5),
    )  # fmt: skip
    records, _, noticed = _heard(
        notice, sent, *(replace(sent, at=at(6 + number)) for number in range(40))
    )
    assert dict(noticed) == {item.url: at(5) for item in notice.urls}
    assert noticed.asked == len(notice.urls) > 0
    assert len(records.notices.sent[notice.id]) == 41
