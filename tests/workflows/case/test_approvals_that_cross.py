"""Two processes that sign at once: each decides on what stands as its record goes in."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import draft, list_subject
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import ApprovalError, InputError
from cautery.evidence.manifest import NOTE
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    ActionPlan,
    Approver,
    Collateral,
    CourtOrder,
    Decision,
    Entry,
    Event,
    ExhibitId,
    GuardVerdict,
    Intervention,
    Lever,
    Mandate,
    Reason,
    Referral,
    Regime,
    Window,
)
from cautery.model.ledger import append
from cautery.model.message import as_written
from cautery.model.records import CaseOpened
from cautery.wiring.cases import adding_to
from cautery.workflows.case.referral import approve_referral, filed_referrals

NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)
KEYS = {name: Ed25519PrivateKey.generate() for name in ("A. Legal", "B. Chief")}


def raw(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


SHOWN = {"http://s/1": (ExhibitId("sha256:" + "0" * 64),)}
EVENT = Event(id="home-away", name="Home v Away", kick_off=NOW, legal_basis="rights")
WINDOW = Window(start=NOW - timedelta(minutes=20), end=NOW + timedelta(hours=2))
ORDER = CourtOrder(
    id="TJ-2026-118",
    authority="Tribunal judiciaire de Paris",
    territory="FR",
    window=WINDOW,
    targets_rule="services not yet identified",
)
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=WINDOW,
    territories=("FR",),
    events=(EVENT,),
    orders=(ORDER,),
    approvers=tuple(
        Approver(name=name, role="approver", public_key=raw(key)) for name, key in KEYS.items()
    ),
)


CASE_KEY = str(
    NoteVerifier(
        "cautery/case-" + "0" * 16, Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    )
)


def signed(ledger: SqlLedger, referral: Referral, name: str) -> None:
    approve_referral(
        ledger, referral.id, shown=list_subject(referral, ORDER), name=name, key=KEYS[name], now=NOW
    )


class Crossed(SqlLedger):
    """A ledger before whose first append something else happens."""

    before: Any = None

    def append(self, *arguments: Any, **named: Any) -> Entry:
        before, self.before = self.before, None
        if before is not None:
            before()
        return super().append(*arguments, **named)


def a_referral() -> Referral:
    verdict = GuardVerdict(
        target="edge.pirate.example",
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        collateral=Collateral(high=0),
        reasons=(Reason(code="own-name", text=as_written("its own name")),),
        valid_until=NOW + timedelta(hours=1),
    )
    chosen = Intervention(
        target=verdict.target, lever=Lever.NAME, streams=("http://s/1",), cost=1.0, guard=verdict
    )
    plan = ActionPlan(
        chosen=(chosen,),
        refused=(),
        served_before=1,
        served_after=0,
        cost=1,
        bound=1,
        seed=0,
        method=as_written("t"),
    )
    return draft(plan, order=ORDER, event=EVENT, window=MANDATE.window, at=NOW, exhibits=SHOWN)


@pytest.fixture
def drafted(tmp_path: Path) -> tuple[Path, Referral]:
    """A ledger with a mandate and one drafted referral, and that one's id."""
    path, referral = tmp_path / "ledger.sqlite", a_referral()
    ledger = SqlLedger.at(path)
    append(ledger, CaseOpened(mandate=MANDATE, version="", lab=False, key=CASE_KEY), at=NOW)
    append(ledger, referral, at=NOW)
    ledger.close()
    return path, referral


def test_a_person_who_signs_twice_at_once_has_signed_once(drafted: tuple[Path, Referral]) -> None:
    path, referral = drafted
    first, second = SqlLedger.at(path), Crossed(path)
    name = "A. Legal"
    second.before = lambda: signed(first, referral, name)
    with pytest.raises(ApprovalError, match=r"has already signed referral"):
        signed(second, referral, name)
    (filed,) = filed_referrals(first)
    assert [one.approver for one in filed.approvals] == [name]
    first.close()
    second.close()


def test_two_people_who_sign_at_once_have_both_signed(drafted: tuple[Path, Referral]) -> None:
    path, referral = drafted
    first, second = SqlLedger.at(path), Crossed(path)
    second.before = lambda: signed(first, referral, "A. Legal")
    signed(second, referral, "B. Chief")
    (filed,) = filed_referrals(first)
    assert [one.approver for one in filed.approvals] == ["A. Legal", "B. Chief"]
    first.close()
    second.close()


def test_nothing_is_added_to_a_closed_case(drafted: tuple[Path, Referral]) -> None:
    path, _ = drafted
    (path.parent / NOTE).write_text("closed")
    with pytest.raises(InputError, match="closed"), adding_to(path.parent):
        raise AssertionError("it was opened")


def test_adding_to_what_is_no_case_makes_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a case"), adding_to(tmp_path):
        raise AssertionError("it was opened")
    assert list(tmp_path.iterdir()) == []
