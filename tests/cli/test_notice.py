"""Notices from the command line: from what a case has proven to what a second person signs."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

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
    Observation,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
)
from cautery.model.message import as_written
from cautery.model.records import AssetFacts, NoticeSent, ProbeDone, SendMeans
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.watch.opening import begin_case

from .conftest import Ran

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


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    mandate = Mandate(
        id="m",
        who="League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=Window(start=NOW - timedelta(hours=2), end=NOW + timedelta(hours=2)),
        territories=("FR",),
        events=(EVENT,),
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


@pytest.fixture
def notice(cautery: Callable[..., Ran], watched: Watched) -> str:
    """Draft a notice of both URLs; return its id."""
    ran = cautery("notice", "draft", watched.path, "--as", "carl", *AT_THE_HOST, *COMPLETE)
    assert ran.code == 0, ran.err
    return str(watched.records("notice.drafted")[0]["id"])


def digest_of_shown(cautery: Callable[..., Ran], watched: Watched, notice: str) -> str:
    return cautery("notice", "show", watched.path, notice).out.split()[-1]


def approve(cautery: Callable[..., Ran], watched: Watched, notice: str, name: str = "anna") -> Ran:
    shown = digest_of_shown(cautery, watched, notice)
    return cautery(
        *("notice", "approve", watched.path, notice, "--as", name),
        *("--key", watched.key(name), "--digest", shown),
    )


def state(cautery: Callable[..., Ran], watched: Watched, notice: str) -> Any:
    lines = cautery("notice", "list", watched.path, "--json").out.splitlines()
    return next(row for row in map(json.loads, lines) if row["id"] == notice)


def test_a_draft_names_what_the_case_has_proven_at_the_host_and_nothing_is_wrong_with_it(
    cautery: Callable[..., Ran], watched: Watched, notice: str
) -> None:
    (drafted,) = watched.records("notice.drafted")
    assert [url["url"] for url in drafted["urls"]] == [URL, OTHER]
    assert [(url["log10_lr"], url["live"]) for url in drafted["urls"]] == [(5.25, True)] * 2
    assert "very strong support for the same content" in drafted["statement"]
    assert "reviewed" not in drafted["statement"].lower()
    assert cautery("notice", "lint", watched.path, notice).code == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--addressee", "Other", "--asn", "64501"), "no URL at Other"),
        ((*AT_THE_HOST, "--url", "http://other.example/1.m3u8"), "has not proven this URL"),
        ((), "needs an addressee"),
        (("--from", "N-000000000000"), "no notice 'N-000000000000'"),
    ],
)
def test_nothing_is_drafted_that_the_case_does_not_bear_out(
    cautery: Callable[..., Ran], watched: Watched, options: tuple[str, ...], why: str
) -> None:
    ran = cautery("notice", "draft", watched.path, "--as", "carl", *options, *COMPLETE)
    assert ran.code == 2
    assert why in ran.err
    assert watched.records("notice.drafted") == []


def test_a_dry_run_records_nothing(cautery: Callable[..., Ran], watched: Watched) -> None:
    ran = cautery("notice", "draft", watched.path, "--as", "carl", *AT_THE_HOST, "--dry-run")
    assert "URLs       2" in ran.out
    assert "no-contact" in ran.out
    assert watched.records("notice.drafted") == []


def test_a_draft_is_completed_by_another_that_replaces_it(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    cautery("notice", "draft", watched.path, "--as", "carl", *AT_THE_HOST)
    (first,) = watched.records("notice.drafted")
    assert cautery("notice", "lint", watched.path, first["id"]).code == 1
    cautery("notice", "draft", watched.path, "--as", "carl", "--from", first["id"], *COMPLETE)
    second = watched.records("notice.drafted")[-1]
    assert second["replaces"] == first["id"]
    assert cautery("notice", "lint", watched.path, second["id"]).code == 0
    assert state(cautery, watched, first["id"])["state"] == "replaced by a later draft"
    assert approve(cautery, watched, first["id"]).code == 1


def test_somebody_else_than_the_drafter_approves(
    cautery: Callable[..., Ran], watched: Watched, notice: str
) -> None:
    assert approve(cautery, watched, notice).code == 0
    assert state(cautery, watched, notice)["approved_by"] == ["anna"]
    again = approve(cautery, watched, notice)
    assert (again.code, "already signed" in again.err) == (1, True)


@pytest.mark.parametrize("name", ["anna", "A n-n.a"])
def test_approval_by_the_drafter_is_refused(
    cautery: Callable[..., Ran], watched: Watched, name: str
) -> None:
    cautery("notice", "draft", watched.path, "--as", name, *AT_THE_HOST, *COMPLETE)
    (drafted,) = watched.records("notice.drafted")
    ran = approve(cautery, watched, drafted["id"])
    assert ran.code == 1
    assert "somebody else must approve it" in ran.err
    assert watched.records("notice.approved") == []


def test_what_has_changed_since_it_was_drafted_is_not_approved(
    cautery: Callable[..., Ran], watched: Watched, notice: str
) -> None:
    exhibit = ExhibitId(watched.records("exhibit.sealed")[0]["exhibit"]["id"])
    licensed = replace(proven(URL, exhibit), finding=Finding.LICENSED, at=NOW)
    watched.write(licensed, facts(64999))
    ran = approve(cautery, watched, notice)
    assert ran.code == 1
    assert "not-proven" in ran.err
    rules = {
        json.loads(line)["rule"]
        for line in cautery("notice", "lint", watched.path, notice, "--json").out.splitlines()
    }
    assert rules == {"not-proven", "not-at-addressee"}


def test_an_approval_that_somebody_appended_without_a_key_counts_for_nothing(
    cautery: Callable[..., Ran], watched: Watched, notice: str
) -> None:
    approve(cautery, watched, notice)
    (given,) = watched.records("notice.approved")
    forged = {**given, "approver": "bert"}
    ledger = FolderStore().ledger(watched.path, read_only=False)
    ledger.append("notice.approved", forged, at=datetime.now(UTC))
    ledger.close()
    assert len(watched.records("notice.approved")) == 2
    assert state(cautery, watched, notice)["approved_by"] == ["anna"]


def sent(notice: str, at: datetime) -> NoticeSent:
    return NoticeSent(
        notice=notice,
        means=SendMeans.MAIL,
        to="abuse@hoster.example",
        message_id="<x@league.example>",
        by="carl",
        exhibit=ExhibitId("sha256:00"),
        at=at,
    )


def dark(url: str, at: datetime) -> ProbeDone:
    return ProbeDone(url=url, observation=None, failed=as_written("no answer"), at=at)


def test_a_notice_is_due_until_our_own_probes_find_its_urls_no_more(
    cautery: Callable[..., Ran], watched: Watched, notice: str
) -> None:
    sent_at = NOW - timedelta(hours=30)
    watched.write(sent(notice, sent_at))
    assert state(cautery, watched, notice)["due"] is True
    gone_at = sent_at + timedelta(hours=6)
    watched.write(
        *(dark(URL, gone_at + timedelta(minutes=minute)) for minute in range(2)),
        dark(OTHER, gone_at - timedelta(minutes=9)),
    )
    assert (
        state(cautery, watched, notice)["state"] == "due for a reminder"
    )  # one miss may be chance
    watched.write(dark(OTHER, gone_at - timedelta(minutes=8)))
    row = state(cautery, watched, notice)
    assert (row["due"], row["takedown_h"]) == (False, 6.0)
    assert row["state"] == "gone: our own probes find it no more"
    table = cautery("notice", "list", watched.path).out
    assert "6.00" in table
    watched.write(
        ProbeDone(url=URL, observation=Observation(at=NOW), failed=None, at=NOW),
    )
    assert state(cautery, watched, notice)["state"] == "due for a reminder"


def test_a_withdrawn_notice_is_neither_approved_nor_due(
    cautery: Callable[..., Ran], watched: Watched, notice: str
) -> None:
    ran = cautery(
        "notice", "withdraw", watched.path, notice, "--as", "carl", "--why", "it is licensed"
    )
    assert ran.code == 0
    assert state(cautery, watched, notice)["state"] == "withdrawn"
    assert approve(cautery, watched, notice).code == 1


def test_exposure_is_shown_for_online_platforms_alone(
    cautery: Callable[..., Ran], watched: Watched, notice: str
) -> None:
    assert "exposure" not in cautery("notice", "show", watched.path, notice).out
    cautery(
        *("notice", "draft", watched.path, "--as", "carl", "--addressee", "Example Video"),
        *("--kind", "online platform", "--domain", "pirate.example", "--url", URL, *COMPLETE),
    )
    platform = watched.records("notice.drafted")[-1]["id"]
    watched.write(sent(platform, NOW))
    shown = cautery("notice", "show", watched.path, platform).out
    assert "DSA articles 22 and 23, in this case: 1 sent, 0 acted on" in shown
