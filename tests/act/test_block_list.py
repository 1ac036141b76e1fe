"""Block lists: what is signed is what is sent, and nothing else is accepted."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from tests.lists import NOW, ORDER, TRUSTED, WINDOW, CaseKey, approved, entry, referral

from cautery.act import (
    AcceptedList,
    Envelope,
    ListTrust,
    RefusedListError,
    StandingList,
    list_subject,
    read_list,
)
from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.model import (
    BlockEntry,
    Intermediary,
    Lever,
    Referral,
)

ISP = Intermediary(name="isp-fr", territory="FR", list_url="https://isp.example/list")
TRUST = ListTrust(provider="isp-fr", territory="FR", approvers=TRUSTED)


class Case:
    """A case with one list."""

    def __init__(self, seed: bytes = bytes(32)) -> None:
        self.key = CaseKey(seed)
        self.list = StandingList(key=self.key.public, to=ISP)

    def add(self, *entries: BlockEntry) -> Referral:
        subject = referral(*entries)
        self.list.add(approved(subject, self.key), ORDER)
        return subject

    def sent(self, at: datetime = NOW) -> Envelope:
        version = self.list.next_version(at)
        return self.list.signed(version, self.key.sign_list(version.text))


def accepted(
    body: bytes, *, now: datetime = NOW, held: AcceptedList | None = None, trust: ListTrust = TRUST
) -> AcceptedList:
    return read_list(body, trust, now=now, held=held)


def targets(accepted_list: AcceptedList) -> list[str]:
    return [listed.target for listed in accepted_list.entries]


def refused(body: bytes, rule: str, **given: Any) -> None:
    with pytest.raises(RefusedListError) as refusal:
        accepted(body, **given)
    assert refusal.value.rule == rule


def test_a_provider_accepts_what_two_people_signed_and_the_case_sent() -> None:
    case = Case()
    case.add(entry("b.example"), entry("a.example"), entry("192.0.2.7", Lever.ADDRESS))
    taken = accepted(case.sent().body())
    assert targets(taken) == ["192.0.2.7", "a.example", "b.example"]
    assert [listed.max_stale_s for listed in taken.entries] == [120, None, None]
    assert (taken.version, taken.made_at) == (1, NOW)


def test_a_withdrawn_target_leaves_the_next_version_without_a_signature_of_people() -> None:
    case = Case()
    subject = case.add(entry("a.example"), entry("b.example"))
    first = accepted(case.sent().body())
    assert case.list.withdraw(subject.id, "a.example")
    assert not case.list.withdraw(subject.id, "a.example")
    second = case.sent(NOW + timedelta(seconds=1))
    body = second.body(held=first.referrals)
    assert len(body) < len(second.body())
    assert targets(accepted(body, held=first)) == ["b.example"]


def test_what_has_ended_leaves_the_list() -> None:
    case = Case()
    case.add(entry("a.example"))
    assert case.list.next_version(WINDOW.end - timedelta(seconds=1)).targets == {"a.example"}
    assert case.list.next_version(WINDOW.end).referrals == ()


def test_only_an_approved_referral_of_the_territory_comes_on_a_list() -> None:
    case = Case()
    subject = referral(entry("a.example"))
    with pytest.raises(ApprovalError, match="only an approved"):
        case.list.add(subject, ORDER)  # type: ignore[arg-type]
    italian = StandingList(key=case.key.public, to=replace(ISP, territory="IT"))
    with pytest.raises(ApprovalError, match="serves IT"):
        italian.add(approved(subject, case.key), ORDER)


@pytest.mark.parametrize(
    ("target", "lever"),
    [
        ("http://a.example/1", Lever.URL),
        ("*.a.example", Lever.NAME),
        ("A.example", Lever.NAME),
        ("a.example.", Lever.NAME),
        ("example", Lever.NAME),
        (".".join(["a" * 63] * 4), Lever.NAME),
        (".".join(["a" * 49] * 5) + ".aaaa", Lever.NAME),  # 254 bytes
        ("münchen.example", Lever.NAME),
        ("rpz-ip.\n", Lever.NAME),
        ("192.0.2.0/24", Lever.ADDRESS),
        ("2001:DB8::1", Lever.ADDRESS),
        ("192.0.2.007", Lever.ADDRESS),
    ],
)
def test_what_an_access_provider_cannot_block_comes_on_no_list(target: str, lever: Lever) -> None:
    with pytest.raises(InputError):
        list_subject(referral(entry(target, lever)), ORDER)


def resigned(change: Callable[[dict[str, Any]], None], case: Case | None = None) -> bytes:
    """Return a version that the case's key signed although it is not one that Cautery writes."""
    case = case or Case()
    case.add(entry("a.example"))
    body = json.loads(case.sent().body())
    version = json.loads(body["version"])
    change(version)
    text = json.dumps(version, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    private = case.key._private
    signature = base64.b64encode(private.sign(text.encode())).decode()
    body |= {"version": text, "signature": signature}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"provider": "isp-it"}, "list-name"),
        ({"territory": "IT"}, "list-name"),
        ({"version": 0}, "form"),
        ({"version": True}, "form"),
        ({"version": 1.5}, "form"),
        ({"made_at": "2026-11-24T20:53:00Z"}, "time"),
        ({"made_at": "2026-11-24T20:50:00+00:00"}, "form"),
        ({"referrals": ["sha256:" + "0" * 64]}, "referral-missing"),
        ({"withdrawn": [{"referral": "sha256:" + "0" * 64, "target": "a.example"}]},
         "withdrawn-unknown"),
        ({"type": "cautery/block-list/2"}, "form"),
        ({"more": 1}, "form"),
        ({"referrals": ["b", "a"]}, "form"),
    ],
)  # fmt: skip
def test_a_version_that_breaks_a_rule_is_refused_by_its_name(
    change: dict[str, Any], rule: str
) -> None:
    refused(resigned(lambda version: version.update(change)), rule)


def test_an_older_or_a_second_text_of_a_version_is_refused() -> None:
    case = Case()
    subject = case.add(entry("a.example"), entry("b.example"))
    first = case.sent()
    held = accepted(first.body())
    case.list.withdraw(subject.id, "a.example")
    second = accepted(case.sent(NOW + timedelta(seconds=1)).body(), held=held)
    refused(first.body(), "version-old", held=second)
    other = Case()
    other.add(entry("c.example"))
    refused(other.sent().body(), "version-forked", held=held)
    assert accepted(first.body(), held=held) == held


def test_a_list_under_another_key_or_by_one_person_is_refused() -> None:
    case, stranger = Case(), Case(bytes([9]) * 32)
    case.add(entry("a.example"))
    body = json.loads(case.sent().body())
    pinned = replace(TRUST, list_key=stranger.key.public)
    refused(case.sent(NOW).body(), "list-key", trust=pinned)
    # The stranger's case carries the approvals of ours.
    stranger.list.share = case.list.share
    refused(stranger.sent().body(), "two-people")
    for approvals in (
        body["referrals"][0]["approvals"][:1],
        body["referrals"][0]["approvals"][:1] * 2,
    ):
        body["referrals"][0]["approvals"] = approvals
        text = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        refused(text, "two-people")


@cache
def _body() -> bytes:
    case = Case()
    case.add(entry("a.example"), entry("192.0.2.7", Lever.ADDRESS))
    return case.sent().body()


def _mutated(body: bytes, chance: random.Random) -> bytes:
    """Return a body with a byte changed, lost or doubled, or with two values exchanged."""
    place = chance.randrange(len(body))
    match chance.randrange(4):
        case 0:
            changed = bytes([body[place] ^ (1 << chance.randrange(8))])
            return body[:place] + changed + body[place + 1 :]
        case 1:
            return body[:place] + body[place + 1 :]
        case 2:
            return body[: place + 1] + body[place:]
        case _:
            end = place + chance.randrange(1, 40)
            return body[:place] + body[end : end + 40] + body[place:end] + body[end + 40 :]


def test_ten_thousand_mutated_bodies_are_refused() -> None:
    body, chance = _body(), random.Random(20)
    assert targets(accepted(body)) == ["192.0.2.7", "a.example"]
    mutants = (_mutated(body, chance) for _ in range(10_000))
    for mutant in mutants:
        if mutant != body:
            with pytest.raises(RefusedListError):
                accepted(mutant)


def test_the_key_of_a_case_signs_the_next_version_of_its_own_lists_alone() -> None:
    case, stranger = Case(), Case(bytes([9]) * 32)
    case.add(entry("a.example"))
    version = case.list.next_version(NOW)
    case.key.sign_list(version.text)
    with pytest.raises(EvidenceError, match="does not follow"):
        case.key.sign_list(version.text)
    with pytest.raises(EvidenceError, match="names another key"):
        stranger.key.sign_list(version.text)
    for text in (version.text + " ", version.text.replace('"list":"L', '"list":"X'), "[]", "{"):
        with pytest.raises(InputError, match="one spelling"):
            case.key.sign_list(text)
