"""A case with two proven URLs, as its analyst and a second person work on it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.person_keys import create_approver
from cautery.model import (
    Approver,
    Event,
    ExhibitId,
    Finding,
    KeyedPseudonyms,
    Mandate,
    NetworkPolicy,
    Observation,
    Partner,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
)
from cautery.model.records import AssetFacts
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.watch.opening import begin_case

NOW = datetime.now(UTC).replace(microsecond=0)
EVENT = Event(
    id="match",
    name="Home v Away",
    kick_off=NOW - timedelta(hours=1),
    legal_basis="rights 2026/27",
)
URL = "http://edge.pirate.example/arena/stream.m3u8"
OTHER = "http://edge.pirate.example/tv/arena.ts"
COMPLETE = ("--to", "abuse@hoster.example", "--reply-to", "piracy@league.example")
AT_THE_HOST = ("--addressee", "Example Hosting", "--asn", "64500")


@dataclass(frozen=True, slots=True)
class Watched:
    """A case with two proven URLs, and what a watch or a stranger appends to it."""

    path: Path
    folder: Path

    def write(self, *records: object) -> None:
        case = open_case(
            self.path, store=FolderStore(KeyFolder(self.folder / "keys")), clock=SystemClock()
        )
        journal = Journal(
            case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32)
        )
        for record in records:
            journal.write(record)
        case.leave()

    def records(self, kind: str) -> list[Any]:
        ledger = FolderStore().ledger(self.path, read_only=True)
        bodies = [entry.record.body for entry in ledger.read(kinds=(kind,))]
        ledger.close()
        return bodies

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.pem"


def proven(url: str, exhibit: ExhibitId) -> Verdict:
    at = NOW - timedelta(minutes=2)
    return Verdict(
        url=RedactedUrl(url),
        finding=Finding.PROVEN,
        at=at,
        event="match",
        log10_lr=5.25,
        observations=(Observation(at=at, exhibits=(exhibit,)),),
    )


def facts(asn: int) -> AssetFacts:
    return AssetFacts(
        host="edge.pirate.example",
        addresses=("192.0.2.7",),
        asn=asn,
        organisation="Example Hosting",
        country="NL",
        shared=(),
        certificate=None,
        registration=None,
        at=NOW,
    )


def public(path: Path) -> str:
    raw = create_approver(path).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def made_case(
    tmp_path: Path, *, keep_open: bool = False, partners: tuple[Partner, ...] = ()
) -> Watched:
    """Make a case in which two URLs of one host are proven."""
    mandate = Mandate(
        id="m",
        who="League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=Window(start=NOW - timedelta(hours=2), end=NOW + timedelta(hours=2)),
        territories=("FR",),
        events=(EVENT,),
        partners=partners,
        keep_open=keep_open,
        network=NetworkPolicy(allow=("127.0.0.0/8",)),
        approvers=tuple(
            Approver(name=name, role="legal", public_key=public(tmp_path / f"{name}.pem"))
            for name in ("anna", "bert")
        ),
    )
    case = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock()
    )
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    exhibit = journal.seal(b"segment", what="segment", media_type="video/mp2t", at=NOW)
    for record in (facts(64500), proven(URL, exhibit), proven(OTHER, exhibit)):
        journal.write(record)
    case.leave()
    return Watched(case.path, tmp_path)


def digest_of_shown(cautery: Callable[..., Any], watched: Watched, notice: str) -> str:
    return cautery("notice", "show", watched.path, notice).out.split()[-1]


def approve(cautery: Callable[..., Any], watched: Watched, notice: str, name: str = "anna") -> Any:
    shown = digest_of_shown(cautery, watched, notice)
    return cautery(
        *("notice", "approve", watched.path, notice, "--as", name),
        *("--key", watched.key(name), "--digest", shown),
    )


def state(cautery: Callable[..., Any], watched: Watched, notice: str) -> Any:
    lines = cautery("notice", "list", watched.path, "--json").out.splitlines()
    return next(row for row in map(json.loads, lines) if row["id"] == notice)
