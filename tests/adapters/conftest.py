"""A referral that two people have approved."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import approve, digest, sign
from cautery.model import (
    Approver,
    BlockEntry,
    CourtOrder,
    Decision,
    Digest,
    Event,
    ExhibitId,
    GuardVerdict,
    Lever,
    Mandate,
    Reason,
    Referral,
    Regime,
    SignedFor,
    Window,
    referral_id,
)
from cautery.model.message import as_written

NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=20), end=NOW + timedelta(hours=2))
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
PEOPLE = tuple(
    Approver(
        name=name,
        role="legal",
        public_key=base64.b64encode(key.public_key().public_bytes_raw()).decode(),
    )
    for name, key in zip("AB", KEYS, strict=True)
)
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=WINDOW,
    territories=("FR",),
    events=(Event(id="e", name="E", kick_off=NOW, legal_basis="rights"),),
    orders=(CourtOrder(id="O", authority="C", territory="FR", window=WINDOW, targets_rule="r"),),
    approvers=PEOPLE,
)

SIGNED_FOR = SignedFor(case="0" * 16, mandate=Digest("sha256:" + "0" * 64))


def entry(target, minutes):
    until = NOW + timedelta(minutes=minutes)
    guard = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        reasons=(Reason(code="x", text=as_written("x")),),
        valid_until=until,
    )
    return BlockEntry(
        target=target,
        lever=Lever.NAME,
        valid_until=until,
        guard=guard,
        exhibits=(ExhibitId("sha256:0"),),
    )


@pytest.fixture
def approved():
    subject = Referral(
        id="R-1",
        order="O",
        event="e",
        territory="FR",
        window=WINDOW,
        statement="s",
        entries=(entry("a.example", 60), entry("b.example", 10)),
    )
    subject = replace(subject, id=referral_id(subject))
    approvals = [
        sign(digest(subject), approver=one, key=key, at=NOW, signed_for=SIGNED_FOR)
        for one, key in zip(PEOPLE, KEYS, strict=True)
    ]
    return approve(subject, approvals, mandate=MANDATE, now=NOW, signed_for=SIGNED_FOR)
