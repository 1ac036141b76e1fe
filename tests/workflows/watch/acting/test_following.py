"""What follows from a proof is recorded once, and again when it changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from cautery.messages import say
from cautery.model import (
    ActionPlan,
    AddresseeKind,
    Decision,
    Event,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intervention,
    Lever,
    Notice,
    Observation,
    Place,
    Reason,
    RedactedUrl,
    Verdict,
)
from cautery.model.message import as_written
from cautery.workflows.watch.acting.following import Following
from cautery.workflows.watch.acting.noticing import Noticing

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
URL = "http://192.0.2.7/live/~0123456789abcdef/1"
EXACT = "http://192.0.2.7/arena/stream.m3u8"
VERDICT = GuardVerdict(
    target="192.0.2.7",
    lever=Lever.ADDRESS,
    decision=Decision.NARROW,
    narrow_to=(URL,),
    reasons=(Reason(code="shared-range", text=as_written("it is shared")),),
    valid_until=NOW,
)
ACT = Intervention(target="192.0.2.7", lever=Lever.ADDRESS, streams=(URL,), cost=5, guard=VERDICT)


class Records(list[Any]):
    write = list.append
    write_all = list.extend


HOST = "AS 64500, Example Hosting"
PLACE = Place(host="192.0.2.7", addresses=("192.0.2.7",), asn=64500, operator="Example Hosting")
EVENT = Event(id="e", name="Home v Away", kick_off=NOW, legal_basis="rights 2026/27")


def proven(url: str) -> Verdict:
    observation = Observation(at=NOW, exhibits=(ExhibitId("sha256:ab"),))
    return Verdict(
        url=RedactedUrl(url),
        finding=Finding.PROVEN,
        at=NOW,
        event="e",
        log10_lr=5.0,
        observations=(observation,),
    )


def plan(*, chosen: tuple[Intervention, ...] = ()) -> ActionPlan:
    return ActionPlan(
        chosen=chosen,
        refused=() if chosen else (ACT,),
        served_before=1,
        served_after=1,
        cost=0,
        bound=0,
        seed=0,
        method=as_written(""),
    )


def following(
    records: Records,
    standing: dict[str, dict[str, str]],
    *,
    url: str = URL,
    notices: Records | None = None,
    earlier: Iterable[Notice] = (),
    kind: AddresseeKind | None = None,
    territories: tuple[str, ...] = ("FR",),
    open_redirect: bool = False,
) -> Following:
    mandate: Any = SimpleNamespace(
        intermediaries=[SimpleNamespace(territory="FR")],
        territories=territories,
        orders=(),
        events=(EVENT,),
        who="League",
        id="m",
        covers=lambda _territory: True,
        is_lawful=lambda _host: False,
    )
    mapper: Any = SimpleNamespace(
        lawful_at=lambda hosts: {},
        addresses=lambda host: (host,),
        place=lambda host: PLACE,
        addressee_kind=lambda host: kind,
    )
    streams: Any = {
        url: SimpleNamespace(
            host="192.0.2.7", key=url, verdict=proven(url), open_redirect=open_redirect
        )
    }
    filing: Any = SimpleNamespace(by_target=lambda: standing, order_of=lambda *_: None)
    journal: Any = records
    drafts: Any = SimpleNamespace(
        now=lambda: NOW, write=(Records() if notices is None else notices).append
    )
    noticing = Noticing(mandate, streams, mapper, journal=drafts)
    noticing.restore(earlier)
    return Following(mandate, streams, mapper, filing=filing, noticing=noticing, journal=journal)


def test_a_proof_that_leads_to_nothing_says_why_once_and_what_can_be_done() -> None:
    records = Records()
    seat = following(records, {})
    seat.record([URL], plan(), (), at=NOW)
    seat.record([URL], plan(), (), at=NOW)
    (record,) = records
    assert record.referrals == ()
    assert [say(why) for why in record.without] == [
        "the only lawful target is the exact URL, which access providers cannot block",
        f"its URL holds a line's credentials, which a notice must not name; its host: {HOST}",
    ]


def test_an_exact_url_is_drafted_into_a_notice_once_which_the_proof_names() -> None:
    records, notices = Records(), Records()
    seat = following(records, {}, url=EXACT, notices=notices)
    seat.record([EXACT], plan(), (), at=NOW)
    seat.record([EXACT], plan(), (), at=NOW)
    (notice,) = notices
    (record,) = records
    assert record.notices == (notice.id,)
    assert say(record.without[-1]) == (
        f"a notice to the hoster (AS 64500, Example Hosting) is drafted: {notice.id}"
    )
    assert [url.url for url in notice.urls] == [EXACT]
    assert notice.addressee.contact is None
    more = Records()
    again = following(Records(), {}, url=EXACT, notices=more, earlier=[notice])
    again.record([EXACT], plan(), (), at=NOW)
    assert more == []


def test_a_notice_to_a_cdn_is_called_so() -> None:
    records, notices = Records(), Records()
    seat = following(records, {}, url=EXACT, notices=notices, kind=AddresseeKind.CDN)
    seat.record([EXACT], plan(), (), at=NOW)
    assert say(records[0].without[-1]) == (
        f"a notice to the CDN (AS 64500, Example Hosting) is drafted: {notices[0].id}"
    )


def test_who_runs_an_open_redirect_gets_no_notice_and_the_record_says_why() -> None:
    records, notices = Records(), Records()
    seat = following(records, {}, url=EXACT, notices=notices, open_redirect=True)
    seat.record([EXACT], plan(), (), at=NOW)
    assert notices == []
    assert say(records[0].without[-1]) == (
        "no notice names its URL: its host only sends on to the place that the URL names"
    )


def test_what_a_referral_holds_needs_no_notice() -> None:
    notices = Records()
    seat = following(Records(), {"192.0.2.7": {"FR": "R-1"}}, url=EXACT, notices=notices)
    seat.record([EXACT], plan(chosen=(ACT,)), (), at=NOW)
    assert notices == []


def test_a_territory_with_neither_provider_nor_order_is_not_passed_over() -> None:
    records = Records()
    standing = {"192.0.2.7": {"FR": "R-1"}}
    seat = following(records, standing, url=EXACT, territories=("FR", "IT"))
    seat.record([EXACT], plan(chosen=(ACT,)), (), at=NOW)
    assert [say(why) for why in records[0].without] == [
        "the mandate names no order that is in force for IT"
    ]


def test_a_later_referral_is_recorded_and_a_restart_records_nothing_twice() -> None:
    records = Records()
    standing: dict[str, dict[str, str]] = {}
    seat = following(records, standing)
    seat.record([URL], plan(), (), at=NOW)
    standing["192.0.2.7"] = {"FR": "R-1"}
    seat.record([URL], plan(chosen=(ACT,)), (), at=NOW)
    assert [record.referrals for record in records] == [(), ("R-1",)]
    assert records[-1].without == ()
    more = Records()
    again = following(more, standing)
    again.restore(records)
    again.record([URL], plan(chosen=(ACT,)), (), at=NOW)
    assert more == []
