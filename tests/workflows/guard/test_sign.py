"""Overrides are signed by the very people whom they name, each with a key of their own."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import approve_override, digest, terms_digest
from cautery.errors import ApprovalError, CauteryError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    Approval,
    Approver,
    Channel,
    Entry,
    Mandate,
    Override,
    Record,
    Regime,
    SignedFor,
    Window,
    digest_of,
)
from cautery.model.ledger import contents, filed
from cautery.model.records import CaseOpened, OverrideSigned
from cautery.workflows.guard.sign import sign_overrides

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
KEYS = {name: Ed25519PrivateKey.generate() for name in ("A. Legal", "B. Duty", "C. Other")}
OVERRIDE = Override(
    target="192.0.2.77",
    by=("A. Legal", "B. Duty"),
    reason="seen alone in its rack",
    at=NOW - timedelta(hours=1),
    until=NOW + timedelta(hours=1),
    bystanders=2,
)


def approver(name: str) -> Approver:
    raw = KEYS[name].public_key().public_bytes_raw()
    return Approver(name=name, role="legal", public_key=base64.b64encode(raw).decode())


MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOW, end=NOW + timedelta(hours=2)),
    territories=("FR",),
    channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
    approvers=tuple(approver(name) for name in KEYS),
)


CASE = NoteVerifier("cautery/case-1", Ed25519PrivateKey.generate().public_key().public_bytes_raw())
OPENED = CaseOpened(mandate=MANDATE, version="", lab=False, key=str(CASE))
HERE = SignedFor(case=digest_of(CASE.public)[7:23], mandate=terms_digest(MANDATE))


class Ledger:
    def __init__(self) -> None:
        kind, body = filed(OPENED)
        self.records = [Record(kind=kind, at=NOW, body=body)]

    def read(self, *, since: int = 0, kinds: tuple[str, ...] = ()) -> list[Entry]:
        return [
            Entry(index=at, record=one, leaf=b"")
            for at, one in enumerate(self.records)
            if at >= since and (not kinds or one.kind in kinds)
        ]

    def append(self, kind: str, body: Any, *, at: datetime, **_: Any) -> None:
        self.records.append(Record(kind=kind, at=at, body=body))


def signed(*names: str, override: Override = OVERRIDE) -> tuple[Approval, ...]:
    ledger: Any = Ledger()
    for name in names:
        sign_overrides(
            ledger,
            {override.target: override},
            shown=[digest(override)],
            name=name,
            key=KEYS[name],
            now=NOW,
        )
    records = [signed for _, signed in contents(ledger, OverrideSigned)]
    assert all(signed.override == override for signed in records)
    return tuple(signed.approval for signed in records)


def test_two_signatures_of_the_two_who_are_named_put_it_in_force() -> None:
    approvals = signed("A. Legal", "B. Duty")
    assert {one.subject for one in approvals} == {digest(OVERRIDE)}
    approved = approve_override(OVERRIDE, approvals, mandate=MANDATE, signed_for=HERE, now=NOW)
    assert approved.subject == OVERRIDE


@pytest.mark.parametrize("names", [("A. Legal",), ("A. Legal", "A. Legal")])
def test_one_persons_word_is_none(names: tuple[str, ...]) -> None:
    with pytest.raises(ApprovalError, match="1 of 2 people"):
        approve_override(OVERRIDE, signed(*names), mandate=MANDATE, signed_for=HERE, now=NOW)


def test_signatures_of_other_words_are_none() -> None:
    wider = Override(
        target=OVERRIDE.target,
        by=OVERRIDE.by,
        reason=OVERRIDE.reason,
        at=OVERRIDE.at,
        until=OVERRIDE.until,
        bystanders=5_000,
    )
    with pytest.raises(ApprovalError, match="signed another text"):
        approve_override(
            wider, signed("A. Legal", "B. Duty"), mandate=MANDATE, signed_for=HERE, now=NOW
        )


def test_it_does_not_hold_before_or_after_its_time() -> None:
    approvals = signed("A. Legal", "B. Duty")
    with pytest.raises(ApprovalError, match="not at"):
        approve_override(
            OVERRIDE, approvals, mandate=MANDATE, signed_for=HERE, now=NOW + timedelta(hours=1)
        )


@pytest.mark.parametrize(
    ("name", "key", "now"),
    [
        ("C. Other", "C. Other", NOW),
        ("D. Unknown", "C. Other", NOW),
        ("A. Legal", "B. Duty", NOW),
        ("A. Legal", "A. Legal", NOW + timedelta(hours=2)),
    ],
)
def test_who_is_not_named_not_known_or_too_late_signs_nothing(
    name: str, key: str, now: datetime
) -> None:
    ledger: Any = Ledger()
    with pytest.raises(CauteryError):
        sign_overrides(
            ledger,
            {OVERRIDE.target: OVERRIDE},
            shown=[digest(OVERRIDE)],
            name=name,
            key=KEYS[key],
            now=now,
        )
    assert len(ledger.records) == 1


def test_a_number_of_bystanders_is_not_negative() -> None:
    with pytest.raises(InputError, match="not be negative"):
        Override(
            target="x.example",
            by=OVERRIDE.by,
            reason="r",
            at=NOW,
            until=NOW + timedelta(hours=1),
            bystanders=-1,
        )
