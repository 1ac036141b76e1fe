"""What follows from a proof is recorded once, and again when it changes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from cautery.messages import say
from cautery.model import (
    ActionPlan,
    Decision,
    GuardVerdict,
    Intervention,
    Lever,
    NetworkFact,
    Reason,
)
from cautery.model.message import as_written
from cautery.model.records import ProofFollowed
from cautery.workflows.watch.acting.following import Following

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
URL = "http://192.0.2.7/live/~/1"
VERDICT = GuardVerdict(
    target="192.0.2.7",
    lever=Lever.ADDRESS,
    decision=Decision.NARROW,
    narrow_to=(URL,),
    reasons=(Reason(code="shared-range", text=as_written("it is shared")),),
    valid_until=NOW,
)
ACT = Intervention(target="192.0.2.7", lever=Lever.ADDRESS, streams=(URL,), cost=5, guard=VERDICT)


class Records(list[ProofFollowed]):
    write = list.append


class Facts:
    def network_of(self, address: str) -> NetworkFact:
        return NetworkFact(address=address, asn=64500, organisation="Example Hosting", country="NL")


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


def following(records: Records, standing: dict[str, dict[str, str]]) -> Following:
    mandate: Any = SimpleNamespace(intermediaries=[SimpleNamespace(territory="FR")], orders=())
    mapper: Any = SimpleNamespace(addresses=lambda host: (host,))
    streams: Any = {URL: SimpleNamespace(host="192.0.2.7", key=URL)}
    filing: Any = SimpleNamespace(by_target=lambda: standing)
    judge: Any = SimpleNamespace(facts=Facts)
    journal: Any = records
    return Following(mandate, streams, mapper, filing=filing, judge=judge, journal=journal)


def test_a_proof_that_leads_to_nothing_says_why_once_and_what_can_be_done() -> None:
    records = Records()
    seat = following(records, {})
    seat.record([URL], plan(), (), at=NOW)
    seat.record([URL], plan(), (), at=NOW)
    (record,) = records
    assert record.referrals == ()
    assert [say(why) for why in record.without] == [
        "the only lawful target is the exact URL, which access providers cannot block",
        "a notice to its host can name the exact URL: AS 64500, Example Hosting",
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
