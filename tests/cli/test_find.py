"""``cautery find`` in a terminal: lists in the cache, records from the ledger."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.console.operations import Joint
from tests.nights import NOON, URLS, night

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model.ledger import append
from cautery.wiring.kept import kept_case, sweep
from cautery.workflows.case.open import open_case

from .conftest import Ran
from .notice_case import Watched, facts

Cautery = Callable[..., Ran]


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1)
    opened = open_case(tmp_path / "case", store=store, clock=FixedClock(NOON))
    for content in night():
        append(opened.ledger, content, at=NOON)
    opened.leave()
    return opened.path


def test_streams_and_records_are_found_by_words(cautery: Cautery, case: Path) -> None:
    found = cautery("find", case, "sport", "FHD", "--streams", "--json")
    assert [json.loads(line)["url"] for line in found.out.splitlines()] == [URLS[1]]
    found = cautery("find", case, "--kind", "verdict", "--limit", "2")
    assert [line.split()[0] for line in found.out.splitlines()[1:]] == ["20", "16"]
    assert "2 of 5; the next ones: --before 16" in found.err
    found = cautery("find", case, "--kind", "verdict", "--before", "16", "--rebuild", "--json")
    assert [json.loads(line)["record"] for line in found.out.splitlines()] == [10, 6, 3]


def test_what_is_no_case_or_no_page_gets_a_sentence(cautery: Cautery, tmp_path: Path) -> None:
    assert cautery("find", tmp_path / "none", "x").code == 2
    ran = cautery("find", tmp_path, "x")
    assert (ran.code, "not a case" in ran.err) == (2, True)


def test_a_search_writes_nothing_into_the_case(cautery: Cautery, case: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in case.rglob("*")}
    assert cautery("find", case, "sport").code == 0
    assert {path: path.stat().st_mtime_ns for path in case.rglob("*")} == before


def test_the_lists_of_a_case_that_is_gone_go_as_well(case: Path, tmp_path: Path) -> None:
    kept_case(case).close()
    (lists,) = (tmp_path / "cache/cautery/lists").iterdir()
    assert sweep() == 0
    assert lists.stat().st_mode & 0o077 == 0
    shutil.rmtree(case)
    assert sweep() == 1
    assert not lists.exists()


def test_the_cases_of_a_folder_are_listed_with_the_damaged_ones(
    cautery: Cautery, case: Path
) -> None:
    ran = cautery("cases", case.parent, "--json")  # its first record opens no case
    (line,) = map(json.loads, ran.out.splitlines())
    assert (line["state"], line["path"]) == ("damaged", str(case))
    assert "opens no case" in cautery("cases", case.parent).out
    assert cautery("cases", case.parent, "--state", "open").out.count("\n") <= 1
    assert cautery("cases", case.parent / "none").code == 2


def test_a_folder_without_a_case_says_so_and_what_to_do(
    cautery: Cautery, case: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = cautery("cases", empty)
    assert ran.code == 0
    assert f"no case in {empty}" in ran.err
    assert f"--case {empty}/NAME" in ran.err
    assert "None of the 1 cases is closed" in cautery("cases", case.parent, "--state", "closed").err
    above = cautery("cases", case.parent.parent)
    assert f"{case.parent.name}/{case.name}" in above.out
    assert above.err == ""


def test_a_first_filling_says_how_far_it_is(
    cautery: Cautery, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.cli.find._AT_ONCE", 10)
    ran = cautery("find", case, "--limit", "1", "--rebuild", "--json")
    assert "10 of 23 records" in ran.err
    assert json.loads(ran.out)["record"] == 22


@pytest.fixture
def cases(proven_case: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with a case of two proven streams, and one of an operation under the other law."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    joint = Joint(tmp_path / "police", NOON)
    joint.desk().leave()
    gdpr = tmp_path / "private"
    gdpr.mkdir()
    proven_case.write(replace(facts(64501), host="other-edge.pirate.example"))
    shutil.move(proven_case.path, gdpr / "derby")
    return gdpr


def test_things_of_all_cases_are_found_with_their_cases(cautery: Cautery, cases: Path) -> None:
    ran = cautery("find", "edge", "--cases", cases, "--json")
    things = [json.loads(line) for line in ran.out.splitlines()]
    assert {thing["kind"] for thing in things} >= {"host"}
    assert all("edge" in thing["name"] and thing["in_cases"] == 1 for thing in things)
    assert {row["case"] for thing in things for row in thing["newest"]} == {"derby"}
    assert all(thing["months"] for thing in things)
    table = cautery("find", "edge", "--cases", cases)
    assert f"derby record {things[0]['newest'][0]['named']}" in " ".join(table.out.split())
    hosts = cautery("find", "edge", "--cases", cases, "--kind", "host", "--json")
    assert {json.loads(line)["kind"] for line in hosts.out.splitlines()} == {"host"}
    assert cautery("find", "nothing-like-it", "--cases", cases, "--json").out == ""


def test_the_next_things_are_told_by_the_number_that_leads_to_them(
    cautery: Cautery, cases: Path
) -> None:
    every = cautery("find", "example", "--cases", cases, "--json").out.splitlines()
    assert len(every) > 1
    first = cautery("find", "example", "--cases", cases, "--json", "--limit", "1")
    before = re.search(r"the next ones: --before (\d+)", first.err)
    assert before, first.err
    second = cautery("find", "example", "--cases", cases, "--json", "--before", before[1])
    assert first.out.splitlines() + second.out.splitlines() == every


def test_cases_under_two_laws_are_searched_one_law_at_a_time(
    cautery: Cautery, cases: Path, tmp_path: Path
) -> None:
    shutil.move(tmp_path / "police" / "cases" / "op-rome", cases / "op-rome")
    ran = cautery("find", "edge", "--cases", cases)
    assert (ran.code, ran.out) == (2, "")
    assert "never searched together" in ran.err
    assert "edge" in cautery("find", "edge", "--cases", cases, "--regime", "gdpr", "--json").out
    assert cautery("find", "edge", "--cases", cases, "--regime", "led", "--json").out == ""


def test_a_search_over_cases_that_cannot_be_is_a_sentence(
    cautery: Cautery, cases: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        (("--cases", cases), "say what to search"),
        (("edge", "--cases", tmp_path / "empty"), "there is no case in"),
        (("edge", "--cases", cases, "--kind", "verdict"), "one of title, host, brand and payment"),
        (("edge", "--cases", cases, "--kind", "host", "--kind", "title"), "one of title, host"),
        ((), "say which case, or search all cases"),
    ):
        ran = cautery("find", *arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
        assert said in " ".join(ran.err.split()), arguments
