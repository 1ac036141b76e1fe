"""A case with a referral, its proof and its exhibits, from which a paper can be filled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import (
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
from cautery.model.message import as_written
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.watch.opening import begin_case

NOW = datetime.now(UTC).replace(microsecond=0)
SPAN = Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=2))
EVENT = Event(id="match", name="Home v Away", kick_off=NOW, legal_basis="rights 2026/27")


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
    return Mandate(
        id="m",
        who="League",
        regime=regime,
        legal_basis="rights",
        window=SPAN,
        territories=(territory, "FR"),
        events=(EVENT,),
        orders=(order,),
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
) -> Path:
    """Make a case; each call on one folder makes the same referral."""
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
        journal.write(referral_of(territory, exhibit, *targets))
    case.leave()
    return case.path
