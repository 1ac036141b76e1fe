"""What Cautery writes, the agent accepts: the two share the format and no line of code."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.lists import NOW, ORDER, RAW, CaseKey, approved, entry, referral

from cautery.act import StandingList
from cautery.model import Intermediary, Lever
from cautery_provider.keys import Trust
from cautery_provider.rules import Refused
from cautery_provider.verifier import verify

KEY = CaseKey()
ISP = Intermediary(name="isp-fr", territory="FR", list_url="https://isp.example/list")
SUBJECT = referral(entry("a.example"), entry("b.example"), entry("192.0.2.7", Lever.ADDRESS))


def trust(standing, key=KEY):
    keys = [Ed25519PublicKey.from_public_bytes(raw) for raw in (key.public, *RAW)]
    return Trust((standing.id, ISP.name, ISP.territory), keys[0], tuple(keys[1:]))


def test_versions_of_a_case_are_accepted_one_after_another():
    key = CaseKey()
    standing = StandingList(key=key.public, to=ISP)
    standing.add(approved(SUBJECT, key), ORDER)

    def sent(at, held=()):
        version = standing.next_version(at)
        return standing.signed(version, key.sign_list(version.text)).body(held=held)

    first = verify(sent(NOW), trust(standing), None, NOW)
    [listed] = first.referrals.values()
    assert [(item.lever, item.target, item.max_stale_s) for item in listed.entries] == [
        ("address", "192.0.2.7", 120),
        ("name", "a.example", None),
        ("name", "b.example", None),
    ]
    standing.withdraw(SUBJECT.id, "a.example")
    body = sent(NOW + timedelta(seconds=30), held=first.referrals)
    assert json.loads(body)["referrals"] == []
    second = verify(body, trust(standing), first, NOW)
    assert [target for _, target in second.version.withdrawn] == ["a.example"]


def test_approvals_for_another_case_are_refused():
    other = CaseKey(bytes([9]) * 32)
    standing = StandingList(key=other.public, to=ISP)
    standing.add(approved(SUBJECT, KEY), ORDER)
    version = standing.next_version(NOW)
    body = standing.signed(version, other.sign_list(version.text)).body()
    with pytest.raises(Refused, match="two-people"):
        verify(body, trust(standing, other), None, NOW)
    pinned = replace(
        trust(standing, other), list_key=Ed25519PublicKey.from_public_bytes(KEY.public)
    )
    with pytest.raises(Refused, match="list-key"):
        verify(body, pinned, None, NOW)
