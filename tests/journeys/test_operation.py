"""The replay of an operation, as a person types it, and what its cases are worth afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import ErasedError, EvidenceError
from cautery.model import ExhibitId, LedCategory, StepState
from cautery.model.records import DeconflictionResult
from cautery.operation.schedule import precedence_violations
from cautery.operation.totals import totals
from cautery.wiring import cases, desks, signing
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.day_records import day_of, reports_of
from cautery.workflows.operation.holdings import received_statements
from cautery.workflows.operation.persons import kept_persons
from cautery.workflows.operation.register_book import register_of
from cautery.workflows.operation.sign_manifest import check_manifest

pytestmark = pytest.mark.journey


REPLAY = ("operation", "replay", "kratos")


@dataclass(frozen=True)
class Run:
    """A replay that has ended: its lines, its folder."""

    lines: list[dict[str, Any]]
    case: Path
    keys: Path

    @property
    def end(self) -> dict[str, Any]:
        return self.lines[-1]

    def told(self, chapter: str) -> list[dict[str, Any]]:
        return [one for one in self.lines if one["chapter"] == chapter]


def replayed(folder: Path, like: str, seed: int, scale: float) -> Run:
    case = folder / "case"
    asked = f"operation replay {like} --seed {seed} --scale {scale} --speed 0 --json"
    done = subprocess.run(
        [sys.executable, "-m", "cautery", *asked.split(), "--case", str(case)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env={**os.environ, "CAUTERY_KEYS": str(folder / "elsewhere")},
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return Run(lines, case, folder / "case-keys")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return replayed(tmp_path_factory.mktemp("replay"), "taken-down", 5, 0.02)


def test_every_agency_has_a_case_of_its_own_and_each_one_verifies(run: Run) -> None:
    others = sorted((run.case.parent / "case-agencies").iterdir())
    for case in (run.case, *others):
        key = signing.public_key_of(case, run.keys)
        assert verify_case(case, store=cases.reading_store(), public_key=key).authentic
    assert run.end["cases_verified"] == run.end["agencies"] == 1 + len(others)


def test_the_page_is_one_file_of_the_case_that_asks_for_nothing_and_bears_the_stamp(
    run: Run,
) -> None:
    page = (run.case / "operation.html").read_text(encoding="utf-8")
    assert "LAB" in page
    assert "are never added" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page


def test_the_story_goes_through_all_its_chapters(run: Run) -> None:
    chapters = {one["chapter"] for one in run.lines}
    assert chapters >= {
        "intelligence",
        "table",
        "deconfliction",
        "picture",
        "persons",
        "estimate",
        "money",
        "plan",
        "day",
        "exhibits",
        "regrowth",
        "descendants",
        "closed",
        "end",
    }


def test_two_agencies_found_what_they_share(run: Run) -> None:
    with desks.desk(run.case, read_only=True) as lead:
        hits = [result for _, result in lead.contents(DeconflictionResult) if result.shared]
    assert hits


def test_the_claims_of_the_press_do_not_fit_and_the_truth_does(run: Run) -> None:
    users = run.end["users"]
    assert users["low"] <= run.end["users_truth"] <= users["high"]
    assert run.end["claims_flagged"] == ["0.44e6 users", "5e6 EUR/month"]


def test_the_day_breaks_no_precedence_and_every_failed_step_has_something_in_its_place(
    run: Run,
) -> None:
    with desks.desk(run.case, read_only=True) as lead:
        day, reports = day_of(lead), reports_of(lead)
    failed = {one.step for one in reports if one.state is StepState.FAILED}
    stood = {one.replaces for one in (*day.steps, *day.dropped)}
    explained = {one.step.id for one in day.dropped if one.why}
    assert failed
    assert precedence_violations(day) == ()
    assert failed <= stood | explained


def test_served_capacity_falls_over_the_day_and_comes_back_after_it(run: Run) -> None:
    served = [one["served"] for one in run.told("day")]
    assert served == sorted(served, reverse=True)
    assert run.told("regrowth")[0]["first"] > run.end["served_after"]


def test_the_register_balances_and_equals_its_manifest(run: Run) -> None:
    with desks.desk(run.case, read_only=True) as lead:
        register = register_of(lead)
        counted = totals(register)
        held = check_manifest(lead, (run.case / "exhibits.json").read_bytes())
    assert counted.debits == counted.credits
    assert held == len(register) == run.end["exhibits"]


def test_an_altered_record_of_an_exhibit_is_found(run: Run, tmp_path: Path) -> None:
    copy = tmp_path / "case"
    shutil.copytree(run.case, copy)
    ledger = copy / "ledger.sqlite"
    whole = ledger.read_bytes()
    place = whole.index(b"hardware wallet with")
    ledger.write_bytes(whole[:place] + b"H" + whole[place + 1 :])
    with pytest.raises(EvidenceError):
        verify_case(copy, store=cases.reading_store())


def test_who_is_of_no_use_is_erased_and_every_proof_still_holds(run: Run) -> None:
    store = cases.store(run.keys)
    with desks.desk(run.case, read_only=True) as lead:
        erased = [one for one in kept_persons(lead) if one.erased_at is not None]
    assert erased
    assert {one.person.category for one in erased} == {LedCategory.OTHER}
    vault = store.vault(run.case, store.keys(run.case))
    subject = f"person:{erased[0].person.pseudonym}"
    with pytest.raises(ErasedError):
        vault.open(ExhibitId(erased[0].exhibit), subject=subject)


def test_a_person_may_still_be_erased_after_the_case_was_closed(run: Run, tmp_path: Path) -> None:
    case, keys = tmp_path / "case", tmp_path / "keys"
    shutil.copytree(run.case, case)
    shutil.copytree(run.keys, keys)
    store = cases.store(keys)
    with desks.desk(case, read_only=True) as lead:
        person = next(one for one in kept_persons(lead) if one.erased_at is None)
    subject = f"person:{person.person.pseudonym}"
    vault = store.vault(case, store.keys(case))
    assert vault.open(ExhibitId(person.exhibit), subject=subject)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cautery", "operation", "person", "erase", str(case)),
            *(person.person.pseudonym, "--why", "acquitted"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CAUTERY_KEYS": str(keys)},
    )
    assert done.returncode == 0, done.stderr
    with pytest.raises(ErasedError):
        vault.open(ExhibitId(person.exhibit), subject=subject)
    assert verify_case(
        case, store=cases.reading_store(), public_key=signing.public_key_of(case, keys)
    ).authentic


def test_industry_is_told_of_no_person(run: Run) -> None:
    with desks.desk(run.case.parent / "case-agencies" / "industry", read_only=True) as desk:
        heard = list(received_statements(desk))
    assert heard
    assert all(one.about in {"asset", "link"} for _, one in heard)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "mine.txt").write_text("keep")
    done = subprocess.run(
        [sys.executable, "-m", "cautery", *REPLAY, "--case", str(tmp_path / "case")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "already exists" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["case"]


@pytest.mark.parametrize("like", ["kratos", "flawless"])
def test_other_worlds_are_replayed_too(like: str, tmp_path: Path) -> None:
    run = replayed(tmp_path, like, 2, 0.005)
    assert run.end["cases_verified"] == run.end["agencies"]
    assert run.end["precedence_violations"] == 0
