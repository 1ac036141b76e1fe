"""A case with a referral, its proof and its exhibits, from which a paper can be filled."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import rules_for, sign
from cautery.act.rules import confirm_rule, unconfirmed
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import (
    Approver,
    BlockEntry,
    Collateral,
    CourtOrder,
    Decision,
    DecoysPolicy,
    Event,
    ExhibitId,
    Finding,
    GuardVerdict,
    KeyedPseudonyms,
    Lever,
    Mandate,
    Observation,
    Reason,
    RedactedUrl,
    Referral,
    Regime,
    Verdict,
    Window,
    referral_id,
)
from cautery.model.ledger import append
from cautery.model.message import as_written
from cautery.model.ports import Ledger
from cautery.model.records import ApprovalGiven
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import filed_referral
from cautery.workflows.watch.opening import begin_case

NOW = datetime.now(UTC).replace(microsecond=0)
SPAN = Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=2))
EVENT = Event(id="match", name="Home v Away", kick_off=NOW, legal_basis="rights 2026/27")
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number, name in enumerate(("A. Legal", "B. Duty"), start=1)
}
"""Of the people who approve."""


def approver(name: str) -> Approver:
    raw = KEYS[name].public_key().public_bytes_raw()
    return Approver(name=name, role="legal", public_key=base64.b64encode(raw).decode())


def approve_in(
    ledger: Ledger, referral: str, *, people: int = len(KEYS), at: datetime = NOW
) -> None:
    """Let so many people sign a referral."""
    subject, signed_for = filed_referral(ledger, referral).digest, opening_of(ledger).signed_for
    for name in list(KEYS)[:people]:
        approval = sign(
            subject, approver=approver(name), key=KEYS[name], at=at, signed_for=signed_for
        )
        append(ledger, ApprovalGiven.of(referral, approval), at=at)


def mandate_in(
    territory: str,
    particulars: dict[str, str],
    *,
    regime: Regime,
    decoys: DecoysPolicy | None = None,
) -> Mandate:
    order = CourtOrder(
        id="o-1",
        authority="Court",
        territory=territory,
        window=SPAN,
        targets_rule="services",
        particulars=particulars,
    )
    confirmations = tuple(
        confirm_rule(
            rule,
            source="read in the law",
            mandate="m",
            approver=approver("A. Legal"),
            key=KEYS["A. Legal"],
            at=NOW,
        )
        for rule in unconfirmed(rules_for(territory), {})
    )
    return Mandate(
        id="m",
        who="League",
        regime=regime,
        legal_basis="rights",
        window=SPAN,
        territories=(territory, "FR"),
        events=(EVENT,),
        orders=(order,),
        approvers=tuple(map(approver, KEYS)),
        confirmations=confirmations,
        decoys=decoys,
    )


def referral_of(territory: str, exhibit: ExhibitId, *targets: str) -> Referral:
    levers = {target: Lever.ADDRESS if target[0].isdigit() else Lever.NAME for target in targets}
    entries = tuple(
        BlockEntry(
            target=target,
            lever=lever,
            valid_until=SPAN.end,
            guard=GuardVerdict(
                target=target,
                lever=lever,
                decision=Decision.ALLOW,
                collateral=Collateral(low=0, high=0),
                reasons=(Reason(code="own-name", text=as_written("its own")),),
                valid_until=SPAN.end,
            ),
            exhibits=(exhibit,),
        )
        for target, lever in levers.items()
    )
    drafted = Referral(
        id="",
        order="o-1",
        event="match",
        territory=territory,
        window=SPAN,
        entries=entries,
        statement="Why it is referred.",
    )
    return replace(drafted, id=referral_id(drafted))


def made_case(
    folder: Path,
    *targets: str,
    territory: str = "GB",
    particulars: dict[str, str] | None = None,
    regime: Regime = Regime.GDPR,
    proven: bool = True,
    segment: bytes = b"segment",
    decoys: DecoysPolicy | None = None,
    people: int = len(KEYS),
) -> Path:
    """Make a case with a referral that so many people have approved.

    Each call on one folder makes the same referral.
    """
    case = open_case(
        folder / "case", store=FolderStore(KeyFolder(folder / "keys")), clock=SystemClock()
    )
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    mandate = mandate_in(territory, particulars or {}, regime=regime, decoys=decoys)
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    exhibit = journal.seal(segment, what="segment", media_type="video/mp2t", at=NOW)
    if proven:
        journal.write(
            Verdict(
                url=RedactedUrl("http://edge.pirate.example/s.m3u8"),
                finding=Finding.PROVEN,
                at=NOW,
                event="match",
                log10_lr=5.0,
                observations=(Observation(at=NOW, exhibits=(exhibit,)),),
            )
        )
    if targets:
        referral = referral_of(territory, exhibit, *targets)
        journal.write(referral)
        if people:
            approve_in(case.ledger, referral.id, people=people)
    case.leave()
    return case.path
