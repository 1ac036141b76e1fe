"""Lists that passkeys approved: what the agent and Cautery's own reader accept, they accept alike."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.lists import NOW, ORDER, CaseKey
from tests.passkeys import CASE, CHIEF, ISP, LEGAL, NO_PASSKEY, REFUSED, A, B, approval, approve

from cautery.act import ListTrust, RefusedListError, StandingList, approver_key, read_list
from cautery.act.signatures import statement_of
from cautery_provider.keys import Trust
from cautery_provider.passkeys import read_passkey
from cautery_provider.rules import Refused
from cautery_provider.verifier import verify


def listed(approvals):
    standing = StandingList(key=CASE.public, to=ISP)
    standing.add(approve(*approvals), ORDER)
    version = standing.next_version(NOW)
    signature = CaseKey().sign_list(version.text)
    return standing.signed(version, signature).body()


def trust(*devices):
    """What a provider believes, as Cautery reads it and as the agent does."""
    keys = [approver_key(replace(A, public_key=device.text)) for device in devices]
    standing = StandingList(key=CASE.public, to=ISP)
    return (
        ListTrust(provider=ISP.name, territory=ISP.territory, approvers=keys),
        Trust(
            (standing.id, ISP.name, ISP.territory),
            Ed25519PublicKey.from_public_bytes(CASE.public),
            tuple(read_passkey(device.text) for device in devices),
        ),
    )


def test_a_provider_accepts_a_list_that_two_passkeys_approved():
    body = listed((approval(A, LEGAL), approval(B, CHIEF)))
    ours, agents = trust(LEGAL, CHIEF)
    assert [each.target for each in read_list(body, ours, now=NOW).entries] == ["a.example"]
    accepted = verify(body, agents, None, NOW)
    [referral_] = accepted.referrals.values()
    envelope = json.loads(body)["referrals"][0]["approvals"]
    assert [each.spelled for each in referral_.approvals] == [
        each["signature"] for each in envelope
    ]


@pytest.mark.parametrize("how", [how for how, _ in REFUSED.values()], ids=REFUSED)
def test_a_provider_refuses_what_is_refused_here(how):
    body = json.loads(listed((approval(A, LEGAL), approval(B, CHIEF))))
    part = body["referrals"][0]["approvals"][0]
    unsigned = replace(approval(A, LEGAL), signature="")
    asked = statement_of(unsigned)
    if how.get("subject"):
        part["signature"] = approval(A, LEGAL, **how).signature
    else:
        part["signature"] = LEGAL.signature(asked, **how)
    raw = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    ours, agents = trust(LEGAL, CHIEF)
    with pytest.raises(RefusedListError, match="two-people"):
        read_list(raw, ours, now=NOW)
    with pytest.raises(Refused, match="two-people"):
        verify(raw, agents, None, NOW)


@pytest.mark.parametrize(("place", "word"), NO_PASSKEY)
def test_a_text_that_names_no_passkey_is_refused(place, word):
    words = LEGAL.text.split(" ")
    with pytest.raises(ValueError, match=r"passkey|base64|[Kk]ey|padding|bytes"):
        read_passkey(" ".join((*words[:place], word, *words[place + 1 :])))
