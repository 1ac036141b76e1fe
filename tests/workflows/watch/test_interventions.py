"""Approvals as the watch hears them: two real people suffice, a forger neither helps nor stops."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import Approved, digest, sign
from cautery.errors import SourceError
from cautery.model import (
    Acknowledgement,
    Approver,
    BlockEntry,
    Channel,
    CourtOrder,
    Decision,
    Effect,
    Entry,
    ExhibitId,
    GuardVerdict,
    Intermediary,
    Lever,
    Mandate,
    Reason,
    Record,
    Referral,
    Regime,
    Window,
    to_json,
)
from cautery.workflows.approve_referral import filed_referrals
from cautery.workflows.watch.interventions import Intervener

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
KEYS = {name: Ed25519PrivateKey.generate() for name in ("A. Legal", "B. Duty")}


def approver(name: str) -> Approver:
    raw = KEYS[name].public_key().public_bytes_raw()
    return Approver(name=name, role="legal", public_key=base64.b64encode(raw).decode())


MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOW - timedelta(hours=1), end=END),
    territories=("FR",),
    channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
    orders=(
        CourtOrder(
            id="o",
            authority="Court",
            territory="FR",
            window=Window(start=NOW - timedelta(days=1), end=END),
            targets_rule="services",
        ),
    ),
    approvers=(approver("A. Legal"), approver("B. Duty")),
    intermediaries=(Intermediary(name="isp", territory="FR", list_url="http://isp.example/list"),),
    lab=True,
)
GUARD = GuardVerdict(
    target="edge.pirate.example",
    lever=Lever.NAME,
    decision=Decision.ALLOW,
    reasons=(Reason(code="name", text="a name of its own"),),
    valid_until=END,
)
REFERRAL = Referral(
    id="R-1",
    order="o",
    event=None,
    territory="FR",
    window=Window(start=NOW, end=END),
    entries=(
        BlockEntry(
            target="edge.pirate.example",
            lever=Lever.NAME,
            valid_until=END,
            guard=GUARD,
            exhibits=(ExhibitId("sha256:" + "0" * 64),),
        ),
    ),
    statement="why",
)


class Ledger:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, kind: str, body: Any) -> None:
        record = Record(kind=kind, at=NOW, body=to_json(body))
        self.entries.append(Entry(index=len(self.entries), record=record, leaf=b""))

    def read(self, *, since: int = 0, kinds: tuple[str, ...] = ()) -> list[Entry]:
        return [e for e in self.entries[since:] if not kinds or e.record.kind in kinds]


class Journal:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.failures: list[str] = []

    def now(self) -> datetime:
        return NOW

    def write(self, kind: str, body: Any) -> None:
        self.ledger.add(kind, body)

    def pass_on(self, entry: Entry) -> None:
        pass

    def fail(self, what: str, where: str, error: Exception) -> None:
        self.failures.append(f"{what} {where}: {error}")

    def seal(self, data: bytes, **_: Any) -> str:
        return "sha256:" + "1" * 64


class Publisher:
    def __init__(self, *, deaf: bool = False) -> None:
        self.taken: list[Referral] = []
        self.deaf = deaf

    async def publish(
        self, approved: Approved[Referral], to: Intermediary, *, now: datetime
    ) -> Acknowledgement:
        if self.deaf:
            raise SourceError("isp.example does not answer")
        self.taken.append(approved.subject)
        return Acknowledgement(
            referral=approved.subject.id,
            intermediary=to.name,
            effect=Effect.APPLIED,
            received_at=now,
        )


class Effects:
    def add(self, referral: Referral, to: Intermediary) -> None:
        pass


def seated(publisher: Publisher) -> tuple[Intervener, Ledger, Journal]:
    ledger = Ledger()
    journal = Journal(ledger)
    ledger.add("referral.drafted", REFERRAL)
    intervener = Intervener(
        MANDATE,
        {},
        None,  # type: ignore[arg-type]
        ledger=ledger,  # type: ignore[arg-type]
        facts=None,  # type: ignore[arg-type]
        engine=None,  # type: ignore[arg-type]
        effects=Effects(),  # type: ignore[arg-type]
        publisher=publisher,
        journal=journal,  # type: ignore[arg-type]
    )
    intervener.restore()
    return intervener, ledger, journal


def signed(name: str) -> dict[str, Any]:
    mine = sign(digest(REFERRAL), approver=approver(name), key=KEYS[name], at=NOW)
    return {"referral": REFERRAL.id, **to_json(mine)}


def forged(name: str) -> dict[str, Any]:
    return {**signed(name), "signature": base64.b64encode(bytes(64)).decode()}


BROKEN = [
    {"referral": "R-1"},
    {"referral": "R-1", "subject": 5, "approver": [], "role": None, "at": "soon", "signature": {}},
    {"subject": "x"},
    {"referral": ["R-1"]},
]


async def test_two_approvals_let_the_list_go_once() -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher)
    ledger.add("approval.given", signed("A. Legal"))
    await intervener._hear_approvals()
    assert publisher.taken == []
    ledger.add("approval.given", signed("B. Duty"))
    await intervener._hear_approvals()
    await intervener._hear_approvals()
    assert publisher.taken == [REFERRAL]


@pytest.mark.parametrize("forger", ["first", "last"])
async def test_a_forged_approval_neither_helps_nor_stops_two_real_people(forger: str) -> None:
    publisher = Publisher()
    intervener, ledger, journal = seated(publisher)
    order = [forged("B. Duty"), signed("A. Legal")]
    for body in order if forger == "first" else order[::-1]:
        ledger.add("approval.given", body)
    await intervener._hear_approvals()
    assert publisher.taken == []
    assert len(journal.failures) == 1
    ledger.add("approval.given", signed("B. Duty"))
    await intervener._hear_approvals()
    assert publisher.taken == [REFERRAL]


async def test_one_person_twice_is_one_person() -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher)
    ledger.add("approval.given", signed("A. Legal"))
    ledger.add("approval.given", signed("A. Legal"))
    await intervener._hear_approvals()
    assert publisher.taken == []


@pytest.mark.parametrize("body", BROKEN)
async def test_a_record_that_is_no_approval_ends_nothing(body: dict[str, Any]) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher)
    ledger.add("approval.given", body)
    for name in KEYS:
        ledger.add("approval.given", signed(name))
    await intervener._hear_approvals()
    assert publisher.taken == [REFERRAL]
    assert len(filed_referrals(ledger)[0].approvals) == 2  # type: ignore[arg-type]


async def test_an_intermediary_that_does_not_answer_is_not_held_to_have_the_list() -> None:
    publisher = Publisher(deaf=True)
    intervener, ledger, journal = seated(publisher)
    for name in KEYS:
        ledger.add("approval.given", signed(name))
    await intervener._hear_approvals()
    assert journal.failures
    assert not [e for e in ledger.entries if e.record.kind == "referral.published"]
    filed = intervener._filed[REFERRAL.id]
    assert filed.published == set()
    assert filed.again == NOW + timedelta(seconds=10)
