"""From each proof something follows, or the case says why nothing does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cautery.act import Host, Room, without_referral
from cautery.messages import say
from cautery.model import Decision, GuardVerdict, Intervention, Lever, Reason
from cautery.model.message import as_written

UNTIL = datetime(2026, 11, 24, 23, tzinfo=UTC)
TARGETS = {"edge.example", "192.0.2.7"}
HOST = "AS 64500, Example Hosting"


def judged(
    target: str = "192.0.2.7",
    decision: Decision = Decision.REFUSE,
    code: str = "shared-range",
    lever: Lever = Lever.ADDRESS,
) -> Intervention:
    verdict = GuardVerdict(
        target=target,
        lever=lever,
        decision=decision,
        reasons=(Reason(code=code, text=as_written(f"{code} speaks against it")),),
        valid_until=UNTIL,
    )
    return Intervention(target=target, lever=lever, streams=("u",), cost=1, guard=verdict)


def said(
    *acts: Intervention,
    targets: set[str] = TARGETS,
    referrals: dict[str, str] | None = None,
    territories: dict[str, bool] | None = None,
    chosen: set[str] | None = None,
    left_out: set[str] | None = None,
    host: Host | None = None,
    outside: tuple[str, ...] = (),
    unserved: tuple[str, ...] = (),
) -> list[str]:
    room = Room(
        territories={"FR": True} if territories is None else territories,
        chosen=chosen or set(),
        left_out=left_out or set(),
        outside=outside,
        unserved=unserved,
    )
    return [
        say(why)
        for why in without_referral(
            targets, acts, referrals or {}, room, host=host or Host(words=HOST)
        )
    ]


NOTICE = f"a notice to its host can name the exact URL: {HOST}"


def test_a_stream_on_a_referral_in_each_territory_needs_no_reason() -> None:
    assert said(referrals={"FR": "R-1"}, chosen={"edge.example"}) == []


def test_a_mandate_without_access_providers_is_named() -> None:
    assert said(territories={}) == ["the mandate names no access provider", NOTICE]


def test_a_provider_outside_the_mandates_territories_is_named() -> None:
    reasons = said(referrals={"FR": "R-1"}, territories={"FR": True, "IT": False}, outside=("IT",))
    assert reasons == ["the mandate does not cover IT"]


def test_a_stream_on_no_referral_at_all_can_still_be_notified_to_its_host() -> None:
    reasons = said(chosen={"edge.example"}, territories={"IT": False})
    assert reasons == ["the mandate names no order that is in force for IT", NOTICE]


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        (Host(words=HOST, notice="N-7"), f"a notice to the hoster ({HOST}) is drafted: N-7"),
        (
            Host(words=HOST, hidden=True),
            f"its URL holds a line's credentials, which a notice must not name; its host: {HOST}",
        ),
    ],
)
def test_the_notice_to_the_host_is_named_or_why_there_is_none(host: Host, sentence: str) -> None:
    assert said(judged(decision=Decision.NARROW), host=host)[-1] == sentence


def test_each_territory_without_an_order_or_a_draft_is_named() -> None:
    assert said(
        referrals={"FR": "R-1"},
        chosen={"edge.example"},
        territories={"FR": True, "IT": False, "ES": True},
    ) == [
        "no referral for ES could be drafted; the failures of the case say why",
        "the mandate names no order that is in force for IT",
    ]


def test_a_territory_of_the_mandate_without_access_provider_is_named() -> None:
    assert said(
        referrals={"FR": "R-1"},
        chosen={"edge.example"},
        territories={"FR": True, "IT": False, "ES": True, "PT": False},
        unserved=("ES", "IT", "PT"),
    ) == [
        "the mandate names no access provider in ES",
        "the mandate names no order that is in force for IT, PT",
    ]
    assert said(territories={"FR": True}, unserved=("FR",))[0] == (
        "the mandate names no access provider"
    )


@pytest.mark.parametrize(
    ("acts", "reason"),
    [
        (
            [judged(decision=Decision.NARROW)],
            "the only lawful target is the exact URL, which access providers cannot block",
        ),
        (
            [judged(), judged("edge.example", lever=Lever.NAME)],
            "the guard refuses 192.0.2.7: shared-range speaks against it",
        ),
        (
            [judged(code="stale-facts"), judged("edge.example", code="stale-facts")],
            "every target is refused because facts are missing: stale-facts speaks against it",
        ),
        ([], "the plan has chosen no target of it yet"),
    ],
)
def test_what_stands_against_every_target_is_told_and_the_host_can_be_notified(
    acts: list[Intervention], reason: str
) -> None:
    reasons = said(*acts)
    assert reasons[0] == reason
    assert reasons[-1] == NOTICE


def test_a_budget_that_is_spent_and_an_unknown_host_are_named() -> None:
    assert said(left_out={"192.0.2.7"}, host=Host(words="")) == [
        "the collateral budget does not allow 192.0.2.7",
        "nobody knows who operates its address, so no host can be notified",
    ]


def test_a_stream_whose_host_is_unknown_has_no_target() -> None:
    assert said(targets=set())[0] == "neither a name nor an address of its host is known"


def test_a_url_that_is_refused_hides_no_reason_of_the_address() -> None:
    url = judged("http://192.0.2.7/1", lever=Lever.URL)
    assert said(url, judged(decision=Decision.NARROW))[0].startswith("the only lawful target")


def test_what_stands_on_a_list_still_is_followed_although_no_plan_chooses_it_again() -> None:
    assert said(referrals={"FR": "R-1"}, territories={"FR": True, "IT": False}) == [
        "the mandate names no order that is in force for IT"
    ]
