"""A season of three fixtures in the lab: killed watches, a killed service, a fixture added later."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cautery.model import Entry
from cautery.wiring import cases as wired_cases

pytestmark = [pytest.mark.journey, pytest.mark.timeout(560)]

PATIENCE_S = 150.0
LEAST_S, MOST_S, STARTS = 60.0, 300.0, 20
"""A match takes as long as so many starts of a command on this machine, within bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A season from its first approval to its end."""

    said: str
    board: dict[str, Any]
    records: dict[str, list[Entry]]
    verified: dict[str, int]
    refused_unapproved: bool
    went_on: bool
    """Whether the watches outlived the service that was killed."""
    second_service: str
    approved: str


class _Service:
    """``cautery season run`` as a process, and what a person asks beside it."""

    def __init__(self, run: Path) -> None:
        self.run, self.mandate, self.cases = run, run / "season.toml", run / "cases"
        self.keys, self.log = run / "case-keys", run / "service.txt"

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self._ask("run"), "--most", "3", "--lead", "0.05", "--keys", str(self.keys)],
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def _ask(self, verb: str) -> list[str]:
        start = [sys.executable, "-m", "cautery", "season", verb, str(self.mandate)]
        return [*start, "--cases", str(self.cases)]

    def ask(self, verb: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._ask(verb), *more],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def rows(self) -> dict[str, dict[str, Any]]:
        boards = list(self.cases.glob(".seasons/*/season.json"))
        if not boards:
            return {}
        return {row["fixture"]["name"]: row for row in json.loads(boards[0].read_text())["rows"]}

    def until(self, wanted: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, Any]:
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            rows = self.rows()
            with contextlib.suppress(KeyError):
                if wanted(rows):
                    return rows
            time.sleep(0.3)
        raise AssertionError(f"{self.rows()}\n{self.log.read_text()}")

    def pid_at(self, case: str) -> int:
        [lock] = self.cases.glob(f".seasons/*/watches/{case}.lock")
        return int(lock.read_text().split()[1])

    def approve(self, name: str) -> str:
        waiting = self.ask("show").stderr
        digest = re.findall(r"digest to sign\s+(sha256:[0-9a-f]{64})", waiting)[-1]
        key = str(self.run / "legal.pem")
        signed = self.ask("approve", "--as", name, "--key", key, "--digest", digest)
        assert signed.returncode == 0, signed.stderr
        return signed.stderr


def _calendar(lasts_s: float, *rows: tuple[str, str, datetime]) -> str:
    lines = ["BEGIN:VCALENDAR"]
    for id_, name, at in rows:
        lines += ["BEGIN:VEVENT", f"UID:{id_}", f"SUMMARY:{name}"]
        lines += [f"DTSTART:{at:%Y%m%dT%H%M%SZ}"]
        lines += [f"DTEND:{at + timedelta(seconds=lasts_s):%Y%m%dT%H%M%SZ}", "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _season_mandate(run: Path, start: datetime, ends: datetime) -> str:
    """Write a mandate of the lab whose fixtures come from a calendar, and its approver's key."""
    key = Ed25519PrivateKey.generate()
    private = run / "legal.pem"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    return f"""\
[mandate]
id = "lab-season"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights of the lab's season, annex 3"
start = {start:%Y-%m-%dT%H:%M:%SZ}
end = {ends:%Y-%m-%dT%H:%M:%SZ}
territories = ["FR"]
lab = true
[[fixtures]]
path = "league.ics"
before_min = 0
after_min = 0
clean_feed = "http://127.0.0.1:9/clean.m3u8"
[[source]]
url = "http://127.0.0.1:9/all.m3u"
kind = "m3u"
[[approver]]
name = "A. Legal"
role = "legal"
public_key = "{public}"
[network]
allow = ["127.0.0.0/8"]
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    run = tmp_path_factory.mktemp("season")
    service = _Service(run)
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "cautery", "season", "show", "--help"], check=True)
    lasts_s = min(max(STARTS * (time.monotonic() - begun), LEAST_S), MOST_S)
    now = datetime.now(UTC)
    window_s = 1.2 * lasts_s + 20
    service.mandate.write_text(_season_mandate(run, now, now + timedelta(seconds=window_s)))
    kick_off = now + timedelta(seconds=15)
    first = [("md1", "Home v Away", kick_off), ("md2", "North v South", kick_off)]
    (run / "league.ics").write_text(_calendar(lasts_s, *first))
    running = service.start()
    try:
        service.until(lambda rows: rows["Home v Away"]["state"] == "waits for approval")
        approved = service.approve("A. Legal")
        rows = service.until(lambda rows: all(row["begun"] for row in rows.values()))
        home, north = rows["Home v Away"]["case"], rows["North v South"]["case"]
        for case in (home, north):
            _until_watched(service.cases / case)
        os.kill(service.pid_at(home), signal.SIGKILL)
        service.until(lambda rows: rows["Home v Away"]["restarts"] == 1)
        later = ("md3", "East v West", now + timedelta(seconds=0.2 * lasts_s))
        (run / "league.ics").write_text(_calendar(lasts_s, *first, later))
        second = service.ask("run", "--keys", str(service.keys))
        running.send_signal(signal.SIGKILL)
        running.wait(30)
        went_on = Path(f"/proc/{service.pid_at(north)}").exists()
        running = service.start()
        service.until(lambda rows: rows["East v West"]["state"] == "waits for approval")
        unapproved = not (service.cases / service.rows()["East v West"]["case"]).exists()
        service.approve("A. Legal")
        running.wait(PATIENCE_S + window_s)
    finally:
        running.kill()
        for lock in service.cases.glob(".seasons/*/watches/*.lock"):
            with contextlib.suppress(ProcessLookupError, IndexError, ValueError):
                os.kill(int(lock.read_text().split()[1]), signal.SIGKILL)
    [board] = service.cases.glob(".seasons/*/season.json")
    records, verified = {}, {}
    for name, row in service.rows().items():
        with wired_cases.reading(service.cases / row["case"]) as opened:
            records[name] = list(opened.ledger.read())
        ended = subprocess.run(
            [sys.executable, "-m", "cautery", "verify", str(service.cases / row["case"])],
            capture_output=True,
            check=False,
        )
        verified[name] = ended.returncode
    return Played(
        said=service.log.read_text(),
        board=json.loads(board.read_text()),
        records=records,
        verified=verified,
        refused_unapproved=unapproved,
        went_on=went_on,
        second_service=second.stderr,
        approved=approved,
    )


def _until_watched(case: Path) -> None:
    limit = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit:
        if (case / "ledger.sqlite").exists():
            with contextlib.suppress(Exception), wired_cases.reading(case) as opened:
                if any(entry.record.kind == "watch.started" for entry in opened.ledger.read()):
                    return
        time.sleep(0.3)
    raise AssertionError(f"{case}: no watch began")


def kinds(entries: list[Entry]) -> list[str]:
    return [entry.record.kind for entry in entries]


def test_each_fixture_has_a_closed_case_that_verifies(played: Played) -> None:
    states = {row["fixture"]["name"]: row["state"] for row in played.board["rows"]}
    assert states == dict.fromkeys(("Home v Away", "North v South", "East v West"), "closed")
    assert set(played.verified.values()) == {3}, "consistent; nobody gave a public key"


def test_a_killed_watch_is_started_again_and_its_case_says_so(played: Played) -> None:
    home = played.records["Home v Away"]
    [died] = [entry.content for entry in home if entry.record.kind == "watch.died"]
    assert (died.signal, died.exit_code, died.deaths) == (signal.SIGKILL, None, 1)
    assert kinds(home).count("watch.started") == 1
    assert kinds(home).count("watch.resumed") == 1
    assert "its watch died (signal 9" in played.said


def test_a_death_ends_no_other_watch(played: Played) -> None:
    north = kinds(played.records["North v South"])
    assert (north.count("watch.started"), north.count("watch.resumed")) == (1, 0)


def test_watches_outlive_their_service_and_the_next_one_starts_none_twice(played: Played) -> None:
    assert played.went_on
    for entries in played.records.values():
        assert kinds(entries).count("case.opened") == 1
        assert kinds(entries).count("watch.started") == 1


def test_a_second_service_is_refused(played: Played) -> None:
    assert "another process runs this season" in played.second_service


def test_a_fixture_that_was_added_later_is_not_watched_before_it_is_approved(
    played: Played,
) -> None:
    assert played.refused_unapproved
    [watched] = [
        entry.content
        for entry in played.records["East v West"]
        if entry.record.kind == "season.fixture"
    ]
    assert [given.approval.approver for given in watched.approvals] == ["A. Legal"]


def test_each_case_is_of_its_fixture_alone(played: Played) -> None:
    for name, entries in played.records.items():
        watched = [entry.content for entry in entries if entry.record.kind == "season.fixture"]
        assert {each.fixture.name for each in watched} == {name}
        assert entries[-1].record.kind == "case.closed"
