"""What an act waits for and until when, record by record, as its line on a board has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lists import MANDATE, PEOPLE
from tests.nights import NOON, REFERRAL, SIGNED, at, night
from tests.projections.test_listing import Earlier, entries

from cautery.model import (
    Acknowledgement,
    Addressee,
    AddresseeKind,
    Digest,
    Effect,
    ExhibitId,
    Finding,
    Mandate,
    Notice,
    NoticedUrl,
    Place,
    Referral,
    notice_id,
    referral_id,
)
from cautery.model.records import (
    ActRefused,
    AnswerKind,
    ApprovalGiven,
    CaseOpened,
    ComplaintAnswered,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    EntryExpired,
    ListAnswered,
    ListSent,
    NoticeAnswered,
    NoticeApproved,
    NoticeSent,
    NoticeWithdrawn,
    ReferralPublished,
    SendMeans,
)
from cautery.projections import folded
from cautery.projections.courses import ANSWERED_WITHIN, OF_ACTS
from cautery.projections.lines import ActKind, ActLine, Waits
from cautery.projections.listing import Lines
from cautery.projections.notices import REMIND_AFTER
from cautery.projections.refusals import text_signed

EXHIBIT = ExhibitId("sha256:" + "0" * 64)
LIST, COMPLAINT = "L-" + "0" * 12, "C-" + "0" * 12


def notice(by: str = "watch", replaces: str | None = None) -> Notice:
    url = NoticedUrl(
        url="http://edge.p.example/1.ts",
        finding=Finding.PROVEN,
        log10_lr=6.0,
        decided_at=NOON,
        captured_at=NOON,
        live=True,
        place=Place(host="edge.p.example"),
        exhibits=(EXHIBIT,),
    )
    drafted = Notice(
        id="",
        form="dsa-16/1",
        legal_basis="b",
        addressee=Addressee(kind=AddresseeKind.HOSTING, name="Host"),
        urls=(url,),
        rights="r",
        event=None,
        event_window=None,
        notifier="n",
        notifier_email=None,
        good_faith="g",
        language="en",
        statement="s",
        drafted_by=by,
        drafted_at=NOON,
        replaces=replaces,
    )
    return replace(drafted, id=notice_id(drafted))


NOTICE = notice()
BETTER = notice("carl", NOTICE.id)


def sent(version: int, effect: Effect, minutes: float) -> ListSent:
    return ListSent(
        intermediary="isp",
        list=LIST,
        version=version,
        digest=Digest("sha256:l"),
        referrals=(REFERRAL.id,),
        exhibit=EXHIBIT,
        effect=effect,
        at=at(minutes),
    )


def answered(version: int, effect: Effect) -> ListAnswered:
    return ListAnswered(
        intermediary="isp", list=LIST, version=version, digest=None, effect=effect, at=at(5)
    )


def complaint(rule: str | None = None) -> ComplaintFiled:
    return ComplaintFiled(
        complaint=COMPLAINT,
        means=ComplaintMeans.FORM,
        received_at=NOON,
        target="shop.example",
        rule=rule,
        due_at=None if rule else at(60),
        key="k",
        exhibit=EXHIBIT,
        at=NOON,
    )


def said(minutes: float, what: AnswerKind, by: str | None) -> NoticeAnswered:
    return NoticeAnswered(
        notice=NOTICE.id,
        what=what,
        by=by,
        domain=None,
        names_message=False,
        mail="m",
        exhibit=EXHIBIT,
        at=at(minutes),
    )


def mailed(minutes: float) -> NoticeSent:
    return NoticeSent(
        notice=NOTICE.id,
        means=SendMeans.MAIL,
        to="a@host.example",
        message_id="m",
        by="c",
        exhibit=EXHIBIT,
        at=at(minutes),
    )


def signed(name: str) -> ApprovalGiven:
    return ApprovalGiven.of(REFERRAL.id, replace(SIGNED, approver=name))


def published(to: str, minutes: float) -> ReferralPublished:
    return ReferralPublished(referral=REFERRAL.id, intermediary=to, at=at(minutes))


def applied(by: str, effect: Effect = Effect.APPLIED) -> Acknowledgement:
    return Acknowledgement(referral=REFERRAL.id, intermediary=by, effect=effect, received_at=at(9))


def line_of(*contents: object) -> ActLine:
    *_, line = folded(Lines(), entries(list(contents))).acts.values()
    return line


def state(*contents: object) -> tuple[Waits, object]:
    line = line_of(*contents)
    return line.waits, line.due_at


def test_a_referral_waits_for_two_names_then_for_its_list_its_answers_and_its_end() -> None:
    until = REFERRAL.window.end
    assert state(REFERRAL) == (Waits.APPROVAL, until)
    assert state(REFERRAL, signed("A"), signed("A")) == (Waits.APPROVAL, until)
    both = (REFERRAL, signed("A"), signed("B"))
    assert state(*both) == (Waits.SENDING, until)
    assert line_of(*both, signed("A")).signed == ((2, "B"), (3, "A"))
    out = (*both, published("north", 7), published("south", 8))
    assert state(*out) == (Waits.ANSWER, at(8) + ANSWERED_WITHIN)
    assert state(*out, applied("north"))[0] is Waits.ANSWER
    assert line_of(*out, applied("north")).owing == ("south",)
    assert state(*out, applied("north"), applied("south", Effect.REJECTED))[0] is Waits.ANSWER
    both_apply = (*out, applied("north"), applied("south"))
    assert state(*both_apply) == (Waits.END, until)
    gone = EntryExpired(
        referral=REFERRAL.id, target="edge-1.p.example", intermediary="north", at=until
    )
    assert state(*both_apply, gone) == (Waits.NOTHING, None)


def test_the_clock_of_a_draft_ends_with_the_guards_verdict() -> None:
    (entry,) = REFERRAL.entries
    soon = replace(entry, guard=replace(entry.guard, valid_until=at(30)))
    drafted = replace(REFERRAL, entries=(soon,), id="")
    assert state(replace(drafted, id=referral_id(drafted))) == (Waits.APPROVAL, at(30))


def test_a_notice_waits_for_one_name_and_for_a_reminder() -> None:
    assert state(NOTICE) == (Waits.APPROVAL, NOON + timedelta(hours=24))
    approved = (NOTICE, NoticeApproved.of(NOTICE.id, SIGNED))
    assert state(*approved)[0] is Waits.SENDING
    assert state(*approved, mailed(9)) == (Waits.ANSWER, at(9) + REMIND_AFTER)
    unread = said(20, AnswerKind.ACTED, None)
    assert state(*approved, mailed(9), unread) == (Waits.ANSWER, at(9) + REMIND_AFTER)
    read = said(20, AnswerKind.ACTED, "anna")
    assert state(*approved, mailed(9), read) == (Waits.END, None)


def test_a_draft_that_is_replaced_or_withdrawn_is_over() -> None:
    lines = folded(Lines(), entries([NOTICE, BETTER]))
    before, after = lines.acts[NOTICE.id], lines.acts[BETTER.id]
    assert (before.waits, before.next, after.waits) == (Waits.NOTHING, 1, Waits.APPROVAL)
    away = NoticeWithdrawn(notice=NOTICE.id, by="c", why="w", at=at(3))
    assert state(NOTICE, away) == (Waits.NOTHING, None)
    assert state(NOTICE, away, mailed(4))[0] is Waits.NOTHING


def test_a_list_is_one_act_whose_newest_version_waits_for_an_answer() -> None:
    line = line_of(sent(1, Effect.APPLIED, 1), sent(2, Effect.PENDING, 2))
    assert (line.kind, line.sent, line.version) == (ActKind.LIST, 1, 2)
    assert (line.waits, line.due_at) == (Waits.ANSWER, at(2) + ANSWERED_WITHIN)
    versions = (sent(1, Effect.PENDING, 1), sent(2, Effect.PENDING, 2))
    assert state(*versions, answered(1, Effect.APPLIED))[0] is Waits.ANSWER
    assert state(*versions, answered(2, Effect.APPLIED)) == (Waits.NOTHING, None)


def test_a_complaint_waits_for_its_decision_unless_a_rule_refuses_it() -> None:
    assert state(complaint()) == (Waits.DECISION, at(60))
    assert state(complaint("no-entry")) == (Waits.NOTHING, None)
    decided = ComplaintDecided(complaint=COMPLAINT, granted=False, by="a", why="w", at=at(3))
    assert state(complaint(), decided) == (Waits.NOTHING, None)


def test_a_record_cannot_take_the_place_of_an_act_of_another_kind() -> None:
    forged = (replace(sent(1, Effect.APPLIED, 1), list=REFERRAL.id), REFERRAL)
    assert line_of(*forged).kind is ActKind.REFERRAL
    odd = replace(complaint(), complaint=NOTICE.id)
    assert folded(Lines(), entries([odd])).acts == {}


OPENED = CaseOpened(mandate=MANDATE, version="", lab=True, key="")


def refused(act: Referral | Notice, by: str = "A") -> ActRefused:
    return ActRefused(
        id=act.id, subject=text_signed(act, MANDATE), by=by, why="wrong event", at=at(2)
    )


def test_a_refused_act_waits_for_nothing_and_stays_refused() -> None:
    away = refused(REFERRAL)
    assert state(OPENED, REFERRAL, signed("A"), away) == (Waits.REFUSED, None)
    assert state(OPENED, REFERRAL, away, signed("A"), signed("B"))[0] is Waits.REFUSED
    approved = NoticeApproved.of(NOTICE.id, SIGNED)
    assert state(OPENED, NOTICE, refused(NOTICE), approved)[0] is Waits.REFUSED
    assert state(OPENED, REFERRAL, published("north", 7), away)[0] is Waits.ANSWER  # it has left


@pytest.mark.parametrize("act", [REFERRAL, NOTICE], ids=["referral", "notice"])
def test_a_refusal_by_a_stranger_or_of_another_text_ends_no_act(act: Referral | Notice) -> None:
    stranger = refused(act, by="Nobody")
    other_text = replace(refused(act), subject=SIGNED.subject)
    second = replace(OPENED, mandate=replace(MANDATE, approvers=(replace(PEOPLE[0], name="C"),)))
    for forged in (stranger, other_text, replace(refused(act), by="C")):
        assert state(OPENED, act, second, forged)[0] is Waits.APPROVAL
    assert state(act, refused(act))[0] is Waits.APPROVAL, "nobody knows who may refuse"


def test_a_refusal_counts_in_lists_that_go_on_later() -> None:
    records = entries([OPENED, REFERRAL, refused(REFERRAL, by="Nobody"), refused(REFERRAL)])
    first = folded(Lines(), records[:1])
    second = folded(Lines(recalled=Earlier(first)), records[1:3])
    assert second.acts[REFERRAL.id].waits is Waits.APPROVAL

    class Both(Earlier):
        def mandate(self) -> Mandate | None:
            return first.mandate

    third = folded(Lines(recalled=Both(second)), records[3:])
    assert third.acts[REFERRAL.id].waits is Waits.REFUSED


COURSE = [
    OPENED,
    REFERRAL,
    signed("A"),
    signed("B"),
    published("north", 7),
    applied("north"),
    NOTICE,
    BETTER,
    NoticeApproved.of(NOTICE.id, SIGNED),
    refused(NOTICE),
    refused(NOTICE, by="Nobody"),
    mailed(9),
    said(20, AnswerKind.ACTED, "anna"),
    sent(1, Effect.PENDING, 1),
    answered(1, Effect.APPLIED),
    complaint(),
    ComplaintDecided(complaint=COMPLAINT, granted=False, by="a", why="w", at=at(3)),
    ComplaintAnswered(complaint=COMPLAINT, granted=False, at=at(4)),
    *night(),
]


@given(records=st.lists(st.sampled_from(COURSE), max_size=40).map(entries), cut=st.integers(0, 40))
def test_any_beginning_and_the_rest_are_the_whole(records: list[object], cut: int) -> None:
    whole, first = folded(Lines(), records), folded(Lines(), records[:cut])  # type: ignore[arg-type]
    rest = folded(Lines(recalled=Earlier(first)), records[cut:])  # type: ignore[arg-type]
    assert first.acts | rest.acts == whole.acts
    counts = first.added()
    counts.update(rest.added())
    assert +counts == +whole.added()
    for kind in ActKind:
        acts = [line for line in whole.acts.values() if line.kind is kind]
        counted = sum(whole.added()[f"waits:{kind}:{waits}"] for waits in Waits)
        assert counted == len(acts)


def test_every_type_that_goes_on_is_tried_here_or_elsewhere() -> None:
    tried = {type(content) for content in COURSE}
    assert {shape.__name__ for shape in OF_ACTS} - {shape.__name__ for shape in tried} == {
        "EntryWithdrawn",
        "NoticeSending",
        "NoticeUnsent",
        "NoticeWithdrawn",
    }
