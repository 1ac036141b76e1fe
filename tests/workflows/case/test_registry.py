"""The registry lists cases from their first and last records, and names those it cannot read."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.lists import MANDATE
from tests.nights import NOON, appeared, at

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_shelf import cases_below, stamp_of
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import InputError
from cautery.model import Channel, Event, Regime
from cautery.model.ledger import append
from cautery.model.records import CaseOpened
from cautery.wiring.kept import cases_of, registry
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case
from cautery.workflows.case.registry import CaseLine, CaseState, Registry, line_of, title_of

MATCH = replace(
    MANDATE,
    events=(Event(id="e", name="Home v Away", kick_off=NOON, legal_basis="rights"),),
)


def begun(folder: Path, name: str, *, minutes: float = 0, closed: bool = False) -> Path:
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=0.1)
    case = open_case(folder / "cases" / name, store=store, clock=FixedClock(at(minutes)))
    key = str(case.verifier)
    append(
        case.ledger,
        CaseOpened(mandate=MATCH, version="0", lab=True, key=key),
        at=NOON,
    )
    append(case.ledger, appeared("http://p.example/1", "Arena"), at=at(minutes))
    if closed:
        close_case(case, at=at(minutes))
    else:
        case.leave()
    return case.path


def listed(cases: Path) -> tuple[CaseLine, ...]:
    return cases_of(cases, registry())


def test_cases_are_listed_by_their_newest_record(tmp_path: Path) -> None:
    first = begun(tmp_path, "a", minutes=1)
    second = begun(tmp_path, "b", minutes=9)
    third = begun(tmp_path, "c", minutes=5, closed=True)
    lines = listed(tmp_path / "cases")
    assert [(line.path, line.state) for line in lines] == [
        (second, CaseState.OPEN),
        (third, CaseState.CLOSED),
        (first, CaseState.OPEN),
    ]
    assert [(line.records, line.last_at) for line in lines] == [(2, at(9)), (3, at(5)), (2, at(1))]
    assert {(line.title, line.who, line.window, line.lab) for line in lines} == {
        ("Home v Away", "League", MANDATE.window, True)
    }


def no_ledger(case: Path) -> None:
    (case / "ledger.sqlite").unlink()


def garbage(case: Path) -> None:
    (case / "ledger.sqlite").write_bytes(b"x" * 9999)


def no_records(case: Path) -> None:
    with sqlite3.connect(case / "ledger.sqlite") as connection:
        connection.execute("DELETE FROM entries")


def another_opening(case: Path) -> None:
    with sqlite3.connect(case / "ledger.sqlite") as connection:
        connection.execute("DELETE FROM entries WHERE idx = 0")
        connection.execute("UPDATE entries SET idx = 0")


def no_leaf(case: Path) -> None:
    with sqlite3.connect(case / "ledger.sqlite") as connection:
        connection.execute("UPDATE entries SET leaf = 7 WHERE idx = 1")


def a_pipe(case: Path) -> None:
    (case / "ledger.sqlite").unlink()
    os.mkfifo(case / "ledger.sqlite")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (no_ledger, "missing"),
        (garbage, "not a database"),
        (no_records, "no record yet"),
        (another_opening, "opens no case"),
        (no_leaf, "not bytes"),
        (a_pipe, "not a regular file"),
    ],
)
def test_a_damaged_case_is_named_with_a_sentence_and_costs_itself_alone(
    tmp_path: Path, damage: Callable[[Path], None], why: str
) -> None:
    sound, damaged = begun(tmp_path, "a"), begun(tmp_path, "b")
    damage(damaged)
    one, other = listed(tmp_path / "cases")
    assert (one.path, one.state, one.why) == (sound, CaseState.OPEN, None)
    assert (other.path, other.state) == (damaged, CaseState.DAMAGED)
    assert why in (other.why or "")


def test_a_closing_that_was_cut_short_is_told(tmp_path: Path) -> None:
    case = begun(tmp_path, "a", closed=True)
    (case / "manifest.note").unlink()
    assert line_of(case, FolderStore()).state is CaseState.CLOSING


def test_what_is_no_case_is_passed_over_and_links_are_not_followed(tmp_path: Path) -> None:
    case = begun(tmp_path, "a")
    folder = tmp_path / "cases"
    (folder / "empty").mkdir()
    (folder / "file").write_text("")
    (folder / "link").symlink_to(case)
    assert cases_below(folder) == {"a": case}
    assert cases_below(case) == {"a": case}
    with pytest.raises(InputError):
        cases_below(folder / "file")
    with pytest.raises(InputError):
        cases_below(folder / "none")


def test_a_case_one_folder_further_down_is_found_and_none_below_that(tmp_path: Path) -> None:
    begun(tmp_path, "demo/seed-7/case")
    begun(tmp_path, "demo/seed-7/deep/case")
    begun(tmp_path, "demo/.hidden/case")
    demo = tmp_path / "cases/demo"
    assert cases_below(demo) == {"seed-7+case": demo / "seed-7/case"}
    assert cases_below(tmp_path / "cases") == {}


def test_a_folder_with_more_names_than_a_person_keeps_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.adapters.case_shelf._MOST_NAMES", 3)
    (tmp_path / "a").mkdir()
    for name in ("1", "2"):
        (tmp_path / "a" / name).write_text("")
    assert cases_below(tmp_path) == {}
    (tmp_path / "a" / "3").write_text("")
    with pytest.raises(InputError, match="more than 3 names"):
        cases_below(tmp_path)


def test_only_cases_that_changed_are_read_again(tmp_path: Path) -> None:
    cases = [begun(tmp_path, name) for name in "abc"]
    read: list[Path] = []

    def counted(case: Path) -> CaseLine:
        read.append(case)
        return line_of(case, FolderStore())

    known = Registry(counted, stamp=stamp_of)
    cases_of(tmp_path / "cases", known)
    read.clear()
    store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1)
    again = open_case(cases[1], store=store, clock=FixedClock(at(7)))
    append(again.ledger, appeared("http://p.example/2", "Arena"), at=at(7))
    again.leave()
    shutil.rmtree(cases[2])
    lines = cases_of(tmp_path / "cases", known)
    assert read == [cases[1]]
    assert [(line.path, line.last_at) for line in lines] == [(cases[1], at(7)), (cases[0], NOON)]


def test_a_mandate_is_called_by_what_it_is_about() -> None:
    assert title_of(MATCH) == "Home v Away"
    assert title_of(MANDATE) == "C"
    nameless = Channel(id="arena", names=(), legal_basis="rights")
    assert title_of(replace(MANDATE, channels=(nameless,))) == "arena"
    led = replace(MANDATE, regime=Regime.LED, channels=())
    assert title_of(led) == "m"


def test_no_two_cases_have_one_name(tmp_path: Path) -> None:
    """Rights are given by name: a colleague's second folder must not take the place of the first."""
    cases = tmp_path / "cases"
    for name in ("2026/md34", "2026+md34", "b", "b\\xff"):
        begun(tmp_path, name)
    odd = os.fsdecode(b"b\xff")
    (cases / "b").rename(cases / odd)
    assert cases_below(cases) == {
        "2026+md34": cases / "2026/md34",
        "2026\\+md34": cases / "2026+md34",
        "b\\xff": cases / odd,
        "b\\\\xff": cases / "b\\xff",
    }


def test_a_folder_whose_name_is_no_utf_8_costs_nothing(tmp_path: Path) -> None:
    begun(tmp_path, "a")
    begun(tmp_path, "b")
    odd = os.fsdecode(b"b\xff")
    (tmp_path / "cases" / "b").rename(tmp_path / "cases" / odd)
    assert cases_below(tmp_path / "cases") == {
        "a": tmp_path / "cases" / "a",
        "b\\xff": tmp_path / "cases" / odd,
    }
    assert [line.why for line in cases_of(tmp_path / "cases")] == [None, None]
